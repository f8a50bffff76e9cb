# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2154,SC2086
#
# Block domains between host1 and host2, in either lab: sourced by a test that has both up, with LVM and sanlock ready. Sets D; needs IO_TIMEOUT, seconds.

D=11111111-2222-4333-8444-00000000000b
IMAGE=aaaaaaaa-0000-4000-8000-00000000000
VOLUME=bbbbbbbb-0000-4000-8000-00000000000
VM=cccccccc-0000-4000-8000-000000000001

small=$(lun_make small 1G)
lun=$(lun_make lun 20G)

title "each host tells what its disks are used for"
wait_until 30 device_is host1 "$lun" free
# shellcheck disable=SC2016 # the variables are jq's
assert_eq "21474836480 512 true" "$(device_list host1 'select(.device == $d or .name == $d) | "\(.size) \(.logical_block_size) \(.usable)"' --arg d "$lun")"
assert_refused 'nonsense' bus host1 call org.rhv.Storage /org/rhv/Storage org.rhv.Storage ListDevices 'a{sv}' 1 nonsense b true
assert_match " free " "$(on host1 rhvctl storage devices --loops)"

title "disks have the names udisks2 gives them; without it the list is there all the same"
# shellcheck disable=SC2016 # the variables are jq's
udisks_of() { device_list "$1" 'select(.device == $d or .name == $d) | .udisks' --arg d "$lun"; }
udisks_knows() { udisks_of "$1" | sees '^/org/freedesktop/UDisks2/block_devices/.'; }
wait_until 30 udisks_knows host1
assert_eq "$(on host1 readlink -f "$lun")" "$(bus host1 --json=short get-property org.freedesktop.UDisks2 "$(udisks_of host1)" org.freedesktop.UDisks2.Block Device | jq -r '.data[:-1] | implode')"
wait_until 30 udisks_knows host2
on host2 systemctl kill --signal=STOP udisks2.service
assert_eq "" "$(udisks_of host2)" "it hangs"
assert_match "udisks2 does not tell about disks" "$(on host2 journalctl -o cat -u rhv-storage.service)"
device_is host2 "$lun" free
on host2 systemctl kill --signal=CONT udisks2.service

title "a domain is made from empty devices that are large enough, and from nothing else"
create() { storage_call host1 CreateDomain 'sa{sv}a{sv}' "$D" "$@" 0; }
assert_refused 'in place of' create 3 type s fcp path s /srv/x name s shared
assert_refused 'in place of' create 3 type s posix devices as 1 "$lun" name s shared
assert_refused 'below /dev' create 3 type s fcp devices as 1 /srv/lun name s shared
assert_refused 'without commas' create 3 type s fcp devices as 1 "$lun,$small" name s shared
assert_refused 'Cannot open /dev/nothing' create 3 type s fcp devices as 1 /dev/nothing name s shared
assert_refused 'bytes at least' create 3 type s fcp devices as 1 "$small" name s shared
on host1 mkfs.ext4 -q "$lun" 64M
wait_until 30 device_is host1 "$lun" used '"ext4"'
assert_refused 'signature of "ext4"' create 3 type s fcp devices as 1 "$lun" name s shared
on host1 wipefs -qa "$lun"

title "its group, volumes and tags are oVirt's"
block_share host1 $D "$lun" >/dev/null
# another host, whose udev has seen nothing of it, asks LVM
for host in host1 host2; do wait_until 30 device_is $host "$lun" domain "$D"; done
assert_eq "shared fcp 5 active" "$(domain_get host1 $D Name) $(domain_get host1 $D Type) $(domain_get host1 $D FormatVersion) $(domain_get host1 $D State)"
report() { lvm_on "$1" "$lun" "$2" --noheadings "${@:3}" 2>/dev/null | sed 's/^ *//; s/ *$//'; }
assert_eq "ids 128.00 inbox 128.00 leases 2048.00 master 1024.00 metadata 128.00 outbox 128.00 xleases 1024.00" \
        "$(report host1 lvs --units m --nosuffix --separator ' ' -o lv_name,lv_size "$D" | paste -sd' ')"
assert_eq "128.00 2 256.00" "$(report host1 vgs --units m --nosuffix --separator ' ' -o vg_extent_size,vg_mda_count,vg_mda_size $D | sed 's/\.[0-9]*$/.00/; s/12[78]\.00$/256.00/')"
assert_match "metadata.*\(0\)" "$(report host1 lvs -o lv_name,devices "$D/metadata")"
tags() { report "$1" vgs -o vg_tags "$D" | tr ',' '\n' | LC_ALL=C sort; }
guid=$(basename "$(report host1 pvs -o pv_name "$lun")")
pv=$(report host1 pvs -o pv_uuid "$lun")
assert_eq "$(cat <<-END
	MDT_ALIGNMENT=1048576
	MDT_BLOCK_SIZE=512
	MDT_CLASS=Data
	MDT_DESCRIPTION=shared
	MDT_IOOPTIMEOUTSEC=10
	MDT_LEASERETRIES=3
	MDT_LEASETIMESEC=60
	MDT_LOCKPOLICY=
	MDT_LOCKRENEWALINTERVALSEC=5
	MDT_POOL_UUID=
	MDT_PV0=pv:$guid&44&uuid:$pv&44&pestart:0&44&pecount:157&44&mapoffset:0
	MDT_ROLE=Regular
	MDT_SDUUID=$D
	MDT_TYPE=FCP
	MDT_VERSION=5
	MDT_VGUUID=$(report host1 vgs -o vg_uuid $D)
	RHAT_storage_domain
END
)" "$(tags host1 | grep -v '^MDT__SHA_CKSUM=[0-9a-f]\{40\}$')"
# sanlock's Python binding, which VDSM uses, reads what is there
read_leases() {
        on "$1" python3 - "/dev/$D" <<-'END'
		import sanlock, sys
		base = sys.argv[1]
		ls = sanlock.read_lockspace(base + '/ids', 0)
		print(ls['lockspace'].decode(), ls['iotimeout'])
		r = sanlock.read_resource(base + '/leases', 1 << 20)
		print(r['lockspace'].decode(), r['resource'].decode(), r['version'])
	END
}
assert_eq "$D $IO_TIMEOUT $D SDM 0" "$(read_leases host1 | paste -sd' ')"

title "looked at by a host that has not opened it: what it is, not a byte written, nothing left usable"
look() { bus host2 --json=short call org.rhv.Storage /org/rhv/Storage org.rhv.Storage InspectForeign 'a{sv}a{sv}' 1 devices as 1 "$1" 0; }
before="$(report host2 vgs -o vg_seqno $D) $(on host1 sh -c "head -c 200M $lun | sha1sum")"
assert_eq "$D shared fcp 5 true 0" "$(look "$lun" | jq -r '.data[0] | "\(.id.data) \(.name.data) \(.type.data) \(.version.data) \(.usable.data) \(.images.data | length)"')"
assert_eq "$before" "$(report host2 vgs -o vg_seqno $D) $(on host1 sh -c "head -c 200M $lun | sha1sum")"
assert_match "name: +shared" "$(on host2 rhvctl domain inspect "$lun")"
assert_refused 'holds no storage domain' look "$small"
assert_refused 'below /dev' look /srv/lun
assert_refused 'names a directory' bus host2 call org.rhv.Storage /org/rhv/Storage org.rhv.Storage InspectForeign 'a{sv}a{sv}' 0 0

title "a second host finds it; each takes a host id of its own"
assert_refused 'already' storage_call host2 CreateDomain 'sa{sv}a{sv}' $D 3 type s fcp devices as 1 "$lun" name s other 0
assert_refused 'holds the volume group' storage_call host2 CreateDomain 'sa{sv}a{sv}' ${D%b}c 3 type s fcp devices as 1 "$lun" name s other 0
assert_refused 'not iscsi' storage_call host2 OpenDomain 'a{sv}a{sv}' 2 type s iscsi devices as 1 "$lun" 0
assert_refused 'holds no storage domain' storage_call host2 OpenDomain 'a{sv}a{sv}' 2 type s fcp devices as 1 "$small" 0
block_find host2 "$lun" >/dev/null
assert_eq "shared active" "$(domain_get host2 $D Name) $(domain_get host2 $D State)"
assert_eq "done" "$(lockspace_join host1 $D 1)"
assert_eq "done" "$(lockspace_join host2 $D 2)"
wait_until 60 host_seen host1 $D 2 live

title "volumes are made under the domain's lease only"
make() { domain_call "$1" $D CreateVolume 'ssa{sv}a{sv}' "$2" "$3" "${@:4}"; }
made() { job_wait "$1" "$(job_of "$(make "$@")")"; }
raw() { made host1 "$1" "$2" 3 format s raw allocation s preallocated capacity t 200000000 1 lease t "$3"; }
thin() { made host1 "$1" "$2" 2 format s qcow2 capacity t 5368709120 1 lease t "$3"; }
assert_refused 'name the version' make host1 ${IMAGE}1 ${VOLUME}1 3 format s raw allocation s preallocated capacity t 200000000 0
assert_eq "done" "$(lease_acquire host1 $D)"
assert_eq "/rhv.slice/rhv-spm.slice/rhv-blocklease-$D.service" \
        "$(on host1 cat "/proc/$(on host1 systemctl show -P MainPID rhv-blocklease-$D.service)/cgroup" | sed -n 's/^0:://p')"
assert_eq "failed org.rhv.Error.InvalidArgument" "$(made host1 ${IMAGE}1 ${VOLUME}1 2 format s raw capacity t 200000000 1 lease t 1 2>/dev/null)"
assert_eq "done" "$(raw ${IMAGE}1 ${VOLUME}1 1)"
assert_eq "done" "$(thin ${IMAGE}2 ${VOLUME}2 1)"
assert_eq "done" "$(made host1 ${IMAGE}2 ${VOLUME}3 2 format s qcow2 parent s ${VOLUME}2 1 lease t 1)"
assert_eq "failed org.rhv.Error.AlreadyExists" "$(raw ${IMAGE}1 ${VOLUME}1 1 2>/dev/null)"

title "sizes, tags, slots and leases are oVirt's"
assert_eq "$(cat <<-END
	${VOLUME}1 256.00 IU_${IMAGE}1,MD_1,PU_00000000-0000-0000-0000-000000000000
	${VOLUME}2 2560.00 IU_${IMAGE}2,MD_2,PU_00000000-0000-0000-0000-000000000000
	${VOLUME}3 2560.00 IU_${IMAGE}2,MD_3,PU_${VOLUME}2
END
)" "$(report host2 lvs --units m --nosuffix --separator ' ' -o lv_name,lv_size,lv_tags $D | grep ^bbbb)"
slot() { on host1 dd if="/dev/$D/metadata" bs=512 skip=$((2048 + $1 * 16)) count=1 status=none | tr -d '\0'; }
assert_match "^CAP=268435456
CTIME=[0-9]*
DESCRIPTION=
DISKTYPE=DATA
DOMAIN=$D
FORMAT=RAW
GEN=0
IMAGE=${IMAGE}1
LEGALITY=LEGAL
PUUID=00000000-0000-0000-0000-000000000000
SEQ=1
TYPE=PREALLOCATED
VOLTYPE=LEAF
EOF\$" "$(slot 1)"
assert_match "VOLTYPE=INTERNAL" "$(slot 2)"
assert_match "PUUID=${VOLUME}2" "$(slot 3)"
lease_name() {
        on host1 python3 -c 'import sanlock, sys; r = sanlock.read_resource(sys.argv[1], int(sys.argv[2])); print(r["resource"].decode())' \
                "/dev/$D/leases" $(((100 + $1) << 20))
}
assert_eq "${VOLUME}1 ${VOLUME}2 ${VOLUME}3" "$(lease_name 1) $(lease_name 2) $(lease_name 3)"
# a volume is active only where it is used
assert_eq "" "$(on host1 ls "/dev/$D" | grep ^bbbb || true)"

title "both hosts list them"
assert_eq "${IMAGE}1 ${IMAGE}2 [\"${VOLUME}3\",\"${VOLUME}2\"] 5368709120 true" \
        "$(look "$lun" | jq -r --arg i ${IMAGE}2 '(.data[0].images.data | keys | join(" ")) + " " + (.data[0].images.data[$i].data | "\(.chain.data) \(.capacity.data) \(.usable.data)")')"
images() { bus "$1" --json=short call org.rhv.Storage "$(storage_path $D)" org.rhv.Storage.Domain ListImages 'a{sv}' 0 | jq -r '[.data[0][] | "\(.id.data[-1:]):\(.format.data):\(.capacity.data)"] | sort | join(" ")'; }
assert_eq "1:raw:268435456 2:qcow2:5368709120" "$(images host1)"
assert_eq "1:raw:268435456 2:qcow2:5368709120" "$(images host2)"

title "a VM has a lease, and its disk's chain becomes active where it is prepared"
assert_eq "done" "$(lockspace_job host1 $D CreateLease 'sa{sv}' $VM 1 lease t 1)"
prepare() { domain_call "$1" $D PrepareImage 'ssa{sv}' ${IMAGE}2 ${VOLUME}3 1 user s $VM; }
assert_match "\"/dev/$D/${VOLUME}3\".*\"backing\" as 1 \"/dev/$D/${VOLUME}2\"" "$(prepare host2)"
assert_eq "${VOLUME}2 ${VOLUME}3" "$(on host2 ls "/dev/$D" | grep ^bbbb | paste -sd' ')"
assert_eq "qcow2 ${VOLUME}2 qcow2" "$(on host2 qemu-img info --output=json "/dev/$D/${VOLUME}3" | jq -r '"\(.format) \(."backing-filename") \(."backing-filename-format")"')"
domain_call host2 $D TeardownImage 'sa{sv}' ${IMAGE}2 1 user s $VM >/dev/null
inactive() { ! on "$1" ls "/dev/$D" | sees ^bbbb; }
wait_until 30 inactive host2

title "a volume with children stays, the top goes, an image goes with all"
work() { lab_work=$1; shift; job_wait host1 "$(job_of "$(domain_call host1 $D "$lab_work" "$@")")"; }
assert_eq "failed org.rhv.Error.InvalidState" "$(work DeleteVolume 'ssa{sv}' ${IMAGE}2 ${VOLUME}2 1 lease t 1 2>/dev/null)"
assert_eq "done" "$(work DeleteVolume 'ssa{sv}' ${IMAGE}2 ${VOLUME}3 1 lease t 1)"
assert_match "VOLTYPE=LEAF" "$(slot 2)"
assert_eq "done" "$(work DeleteImage 'sa{sv}' ${IMAGE}2 1 lease t 1)"
assert_eq "${VOLUME}1" "$(report host2 lvs -o lv_name $D | grep ^bbbb)"
# the slot that came free is the next one's
assert_eq "done" "$(thin ${IMAGE}4 ${VOLUME}4 1)"
assert_match "MD_2" "$(report host2 lvs -o lv_tags $D/${VOLUME}4)"

title "what an ended process left is cleared by who holds the lease next"
lvm_on host1 "$lun" lvcreate -qq -an -Zn -Wn -L 128m --addtag OVIRT_VOL_INITIALIZING -n ${VOLUME}8 $D >/dev/null 2>&1
lvm_on host1 "$lun" lvchange -qq --deltag IU_${IMAGE}4 --addtag IU__remove_me_${IMAGE}4 $D/${VOLUME}4 >/dev/null 2>&1
assert_eq "1:raw:268435456" "$(images host2)"
# layers 5 - 6 - 7, of which VDSM has merged the second: it changes the slots then, and leaves the tag of the third for who deletes the second
layer() { made "$1" ${IMAGE}5 "$2" 3 format s qcow2 capacity t 134217728 parent s "$3" 1 lease t "$4"; }
assert_eq "done" "$(made host1 ${IMAGE}5 ${VOLUME}5 2 format s qcow2 capacity t 134217728 1 lease t 1)"
assert_eq "done" "$(layer host1 ${VOLUME}6 ${VOLUME}5 1)"
assert_eq "done" "$(layer host1 ${VOLUME}7 ${VOLUME}6 1)"
slot_edit() { # VOLUME SED-COMMAND: past the services
        local at
        at=$((2048 + $(report host1 lvs -o lv_tags "$D/$1" | tr ',' '\n' | sed -n 's/^MD_//p') * 16))
        on host1 sh -c "dd if=/dev/$D/metadata bs=512 skip=$at count=1 iflag=direct status=none | tr -d '\\0' | sed '$2' |
                dd bs=512 conv=sync status=none | dd of=/dev/$D/metadata bs=512 seek=$at conv=notrunc oflag=direct status=none"
}
slot_edit ${VOLUME}6 s/^LEGALITY=LEGAL/LEGALITY=ILLEGAL/
slot_edit ${VOLUME}7 s/^PUUID=.*/PUUID=${VOLUME}5/
parent_tag() { report host1 lvs -o lv_tags "$D/$1" | tr ',' '\n' | sed -n 's/^PU_//p'; }
assert_eq "${VOLUME}6" "$(parent_tag ${VOLUME}7)"
assert_eq "done" "$(lease_release host1 $D)"
assert_eq "done" "$(lease_acquire host2 $D)"
merged_gone() { ! report host1 lvs -o lv_name $D | sees "^${VOLUME}6"; }
wait_until 60 merged_gone
assert_eq "${VOLUME}5" "$(parent_tag ${VOLUME}7)" "the tag of its child follows, as with VDSM"
# one that is merged and legal, as after a merge under a running guest, is deleted by a call
there() { job_wait host2 "$(job_of "$(domain_call host2 $D "$@" 1 lease t 2)")"; }
assert_eq "done" "$(layer host2 ${VOLUME}8 ${VOLUME}7 2)"
slot_edit ${VOLUME}8 s/^PUUID=.*/PUUID=${VOLUME}5/
assert_eq "done" "$(there DeleteVolume 'ssa{sv}' ${IMAGE}5 ${VOLUME}7)"
assert_eq "${VOLUME}5" "$(parent_tag ${VOLUME}8)"
# its header, which a merge changes and this test does not, is told
assert_eq "[\"${VOLUME}8\",\"${VOLUME}5\"] volume ${VOLUME}8: its backing file is \"${VOLUME}7\", its parent ${VOLUME}5" \
        "$(look "$lun" | jq -r --arg i ${IMAGE}5 '.data[0].images.data[$i].data | "\(.chain.data) \(.problems.data | join(" "))"')"
assert_eq "done" "$(there DeleteImage 'sa{sv}' ${IMAGE}5)"
cleared() { [ "$(report host1 lvs -o lv_name $D | grep -c ^bbbb)" = 1 ]; }
wait_until 60 cleared
assert_eq "2" "$(lockspace_get host2 $D LeaseVersion)"

title "a domain gets one more LUN, under its lease, and every host finds it; what does not fit is refused and changes nothing"
more=$(lun_make more 5G)
add() { job_wait "$1" "$(job_of "$(domain_call "$1" $D AddDevices 'asa{sv}' 1 "$2" 1 lease t "$3")")"; }
before=$(tags host2)
assert_refused 'below /dev' domain_call host2 $D AddDevices 'asa{sv}' 1 /srv/lun 1 lease t 2
assert_refused 'No device' domain_call host2 $D AddDevices 'asa{sv}' 0 1 lease t 2
assert_refused 'lease' domain_call host1 $D AddDevices 'asa{sv}' 1 "$more" 1 lease t 1
on host1 mkfs.ext4 -q "$more" 64M
assert_eq "failed org.rhv.Error.InUse" "$(add host2 "$more" 2 2>/dev/null)" "a file system is on it"
on host1 wipefs -qa "$more"
lvm_on host1 "$more" vgcreate -qq strange "$more" >/dev/null 2>&1
assert_eq "failed org.rhv.Error.InUse" "$(add host2 "$more" 2 2>/dev/null)" "another group has it"
lvm_on host1 "$more" vgremove -qq strange >/dev/null 2>&1
assert_eq "failed org.rhv.Error.NotFound" "$(add host2 /dev/nothing 2 2>/dev/null)"
assert_eq "$before" "$(tags host2)"
total=$(domain_get host1 $D TotalBytes)
assert_eq "done" "$(add host2 "$more" 2)"
both="$lun,$more"
map() { lvm_on "$1" "$both" vgs --noheadings -o vg_tags $D 2>/dev/null | tr -d ' ' | tr ',' '\n' | sed -n 's/^MDT_PV\([0-9]\)/\1/p' | LC_ALL=C sort; }
extents() { lvm_on host1 "$both" pvs --noheadings -o pv_pe_count "$1" 2>/dev/null | tr -d ' '; }
mdas() { lvm_on host1 "$both" pvs --noheadings --separator ' ' -o pv_mda_count,pv_mda_used_count "$1" 2>/dev/null | sed 's/^ *//'; }
assert_eq "2 2" "$(mdas "$lun")"
assert_eq "2 0" "$(mdas "$more")"
assert_eq "0=pv:$guid&44&uuid:$pv&44&pestart:0&44&pecount:$(extents "$lun")&44&mapoffset:0
1=pv:$(basename "$(lvm_on host1 "$both" pvs --noheadings -o pv_name "$more" 2>/dev/null | tr -d ' ')")&44&uuid:$(lvm_on host1 "$both" pvs --noheadings -o pv_uuid "$more" 2>/dev/null | tr -d ' ')&44&pestart:0&44&pecount:$(extents "$more")&44&mapoffset:$(extents "$lun")" "$(map host1)"
is_total() { [ "$(domain_get host2 $D TotalBytes)" = "$((total + $(extents "$more") * 134217728))" ]; }
wait_until 30 is_total
found() { [ "$(domain_get "$1" $D State)" = active ] && domain_get "$1" $D Path | sees ,; }
for host in host1 host2; do wait_until 40 found $host; done
grown() { [ "$(domain_get host1 $D TotalBytes)" = "$((total + $(extents "$more") * 134217728))" ]; }
wait_until 30 grown
assert_match larger "$(on host2 rhvctl storage extend "$D" "$more")" "the same again"
assert_eq "2 2,2 0" "$(mdas "$lun"),$(mdas "$more")"
# a LUN of the machine lab cannot grow
if declare -F lun_grow >/dev/null; then
        lun_grow "$more" more 7G
        small_extents=$(extents "$more")
        assert_eq "done" "$(add host2 "$more" 2)"
        assert_eq "$((small_extents + 16)) 2 0" "$(extents "$more") $(mdas "$more")"
        assert_match "pecount:$((small_extents + 16))&44&mapoffset:$(extents "$lun")" "$(map host1)"
        wait_until 30 grown
fi

title "its seal is right: it opens, and is found by its id alone when its devices are called otherwise"
on host1 systemctl stop rhv-storage.service
on host1 sed -i 's#"path": *"[^"]*"#"path": "/dev/gone1,/dev/gone2"#' "/var/lib/rhv/storage/domains/$D.json"
assert_match '/dev/gone1' "$(on host1 cat "/var/lib/rhv/storage/domains/$D.json")"
wait_until 60 found host1
assert_eq "shared active" "$(domain_get host1 $D Name) $(domain_get host1 $D State)"
assert_eq "$(tr ',' '\n' <<<"$both" | sort)" "$(domain_get host1 $D Path | tr ',' '\n' | sort)"
on host1 cat "/var/lib/rhv/storage/domains/$D.json" | sees gone1 && fail "the new names are not remembered"
assert_eq "1:raw:268435456" "$(images host1)"

title "the data center it belongs to is a tag, changed with the seal in one command"
belong() { job_wait host2 "$(job_of "$(domain_call host2 $D "$1" 'sa{sv}' "$D" 1 lease t 2)")"; }
sealed=$(tags host2)
assert_eq "done" "$(belong Attach)"
assert_match "MDT_POOL_UUID=$D" "$(tags host2)"
assert_eq "$D" "$(domain_get host2 $D DataCenters | jq -r 'join(",")')"
assert_eq "done" "$(belong Detach)"
assert_eq "$sealed" "$(tags host2)"

title "a higher version is for who is alone in the domain"
upgrade() { job_wait host2 "$(job_of "$(domain_call host2 $D Upgrade 'ua{sv}' "$1" 1 lease t 2)")"; }
assert_eq "failed org.rhv.Error.InUse" "$(upgrade 5 2>/dev/null)" "host1 has it open"
assert_refused 'version 3 to 5' domain_call host2 $D Upgrade 'ua{sv}' 6 1 lease t 2
assert_refused 'no way back' domain_call host2 $D Upgrade 'ua{sv}' 4 1 lease t 2
assert_refused 'does not hold the lease' domain_call host2 $D Upgrade 'ua{sv}' 5 1 lease t 77

title "a domain is closed when the host has left it: nothing of it is active here then"
assert_refused 'leave it first' domain_call host1 $D Close 'a{sv}' 0
assert_eq "done" "$(lockspace_job host1 $D Leave 'a{sv}' 0)"
domain_call host1 $D Close 'a{sv}' 0 >/dev/null
assert_eq "" "$(on host1 ls "/dev/$D" 2>/dev/null || true)"
assert_eq "shared active" "$(domain_get host2 $D Name) $(domain_get host2 $D State)"

title "version 3 becomes version 5: the volume of external leases, the slots, the tags; a service that had it open in another sees that"
left=$(report host2 lvs -o lv_name $D | grep ^bbbb)
at=$(report host2 lvs -o lv_tags "$D/$left" | tr ',' '\n' | sed -n 's/^MD_//p')
now() { on host2 dd if="/dev/$D/metadata" bs=512 skip=$((2048 + at * 16)) count=1 iflag=direct status=none | tr -d '\0'; }
was=$(now) tagged=$(tags host2)
on host2 sh -c "dd if=/dev/$D/metadata bs=512 skip=$((2048 + at * 16)) count=1 iflag=direct status=none | tr -d '\\0' | sed 's/^CAP=.*/MTIME=0/; s/^SEQ=.*/SIZE=524288/' |
        dd bs=512 conv=sync status=none | dd of=/dev/$D/metadata bs=512 seek=$at conv=notrunc oflag=direct status=none
        dd if=/dev/zero of=/dev/$D/metadata bs=512 seek=$((2048 + at * 16)) count=1 conv=notrunc oflag=direct status=none"
lvm_on host2 "$both" lvchange -qq -an $D/xleases
lvm_on host2 "$both" lvremove -qq -y $D/xleases
lvm_on host2 "$both" vgchange -qq --deltag MDT_VERSION=5 --addtag MDT_VERSION=3 --deltag MDT_BLOCK_SIZE=512 --deltag MDT_ALIGNMENT=1048576 --addtag MDT_LOGBLKSIZE=512 \
        --addtag MDT_PHYBLKSIZE=512 --deltag "$(grep SHA_CKSUM <<<"$tagged")" $D
has_version() { [ "$(domain_get host2 $D FormatVersion) $(domain_get host2 $D State)" = "$1 active" ]; }
wait_until 40 has_version 3
assert_eq "1:raw:268435456" "$(images host2)"
assert_eq "done" "$(upgrade 4)"
wait_until 20 has_version 4
assert_match "^xleases 1024.00$" "$(report host2 lvs --units m --nosuffix --separator ' ' -o lv_name,lv_size "$D/xleases")"
assert_match "storage domain $D has version 5" "$(on host2 rhvctl storage upgrade $D)"
wait_until 20 has_version 5
assert_eq "${was/SEQ=1/SEQ=0}" "$(now)" # the order of snapshots is new in version 5
assert_eq "$tagged" "$(tags host2)"
assert_eq "0" "$(on host2 dd if="/dev/$D/metadata" bs=1M count=1 iflag=direct status=none | tr -d '\0' | wc -c)" "slots of version 4"
assert_eq "1:raw:268435456" "$(images host2)"
assert_eq "done" "$(job_wait host2 "$(job_of "$(bus host2 call org.rhv.Storage "$(storage_path $D)" org.rhv.Storage.Lockspace CreateLease 'sa{sv}' $VM 1 lease t 2)")")"
