# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2154,SC2086
#
# Data jobs on a block domain of host1, which host2 has open too, in either lab: sourced by a test that has both up, with LVM and sanlock ready.
# Needs IO_TIMEOUT, seconds; and stored, what the storage of the LUN takes in MiB, where that can be told.

D=11111111-2222-4333-8444-00000000000b
RAW=aaaaaaaa-0000-4000-8000-000000000001
E=11111111-2222-4333-8444-00000000000e
FILE=aaaaaaaa-0000-4000-8000-000000000003
COPY=aaaaaaaa-0000-4000-8000-000000000004
STALE=aaaaaaaa-0000-4000-8000-000000000005
OTHER=aaaaaaaa-0000-4000-8000-000000000006
BASE=aaaaaaaa-0000-4000-8000-000000000007
CLONE=aaaaaaaa-0000-4000-8000-000000000008
THIN=aaaaaaaa-0000-4000-8000-000000000002
VM=cccccccc-0000-4000-8000-000000000001
A=bbbbbbbb-0000-4000-8000-00000000000
lun=$(lun_make lun 20G)

block_share host1 $D "$lun" >/dev/null
block_find host2 "$lun" >/dev/null
assert_eq "done" "$(lockspace_join host1 $D 1)"
assert_eq "done" "$(lockspace_join host2 $D 2)"
wait_until 60 host_seen host1 $D 2 live
assert_eq "done" "$(lease_acquire host1 $D)"
assert_eq "done" "$(lockspace_job host1 $D CreateLease 'sa{sv}' $VM 1 lease t 1)"

report() { lvm_on "$1" "$lun" "$2" --noheadings "${@:3}" 2>/dev/null | sed 's/^ *//; s/ *$//'; }
data_job() { job_wait host1 "$(job_of "$(domain_call host1 $D "$@")")"; }
make() { data_job CreateVolume 'ssa{sv}a{sv}' "$1" "$2" $(($# / 3)) "${@:3}" 1 lease t 1; }
extend() { data_job ExtendVolume 'ssta{sv}' "$1" "$2" "$3" 1 lease t 1; }
# copy DOMAIN IMAGE VOLUME TARGET-IMAGE TARGET-VOLUME [KEY SIGNATURE VALUE]... of the target
copy() {
        local domain=$1 image=$2 volume=$3 lease=(1 lease t 1)
        shift 3
        # files are on a local domain, which has no lease
        [[ " $* " != *" $E "* ]] || lease=(0)
        job_wait host1 "$(job_of "$(domain_call host1 "$domain" CopyVolume 'ssa{sv}a{sv}' "$image" "$volume" $((2 + ($# - 2) / 3)) image s "$1" volume s "$2" "${@:3}" "${lease[@]}")")"
}
# of a volume: its LV in MiB; a key of its metadata, read past the service
mib() { report host2 lvs --units m --nosuffix -o lv_size "$D/$1" | cut -d. -f1; }
slot_of() { report host2 lvs -o lv_tags "$D/$1" | tr ',' '\n' | sed -n 's/^MD_//p'; }
meta() { on host1 dd if="/dev/$D/metadata" bs=512 skip=$((2048 + $(slot_of "$1") * 16)) count=1 iflag=direct status=none | tr -d '\0' | sed -n "s/^$2=//p"; }
# A job gives its volumes back.
inactive() { ! on host1 ls "/dev/$D" | sees ^bbbb; }
prepared() { # IMAGE VOLUME COMMAND...: while that volume is usable on host1
        local image=$1 volume=$2 status=0
        shift 2
        domain_call host1 $D PrepareImage 'ssa{sv}' "$image" "$volume" 1 user s $VM >/dev/null
        on host1 "$@" || status=$?
        domain_call host1 $D TeardownImage 'sa{sv}' "$image" 1 user s $VM >/dev/null
        return $status
}
# io IMAGE VOLUME FORMAT COMMAND...: qemu-io on what a guest sees; fails where a pattern is another one
io() {
        local image=$1 volume=$2 format=$3 each words=()
        shift 3
        for each in "$@"; do words+=(-c "$each"); done
        prepared "$image" "$volume" qemu-io -f "$format" "${words[@]}" "/dev/$D/$volume" >"$RHV_LOGS/io" 2>&1 || fail "$(cat "$RHV_LOGS/io")"
        ! grep -q 'verification failed' "$RHV_LOGS/io" || fail "volume $volume holds something else"
}
virtual() { prepared "$1" "$2" qemu-img info --output=json "/dev/$D/$2" | jq '.["virtual-size"]'; }
mkdir -p "$RHV_LOGS"

title "a raw disk grows: its device by whole extents, then its capacity, in one write of its slot"
assert_eq "done" "$(make $RAW ${A}1 format s raw allocation s preallocated capacity t 200000000)"
io $RAW ${A}1 raw 'write -P 7 0 1M' 'write -P 8 255M 1M'
assert_eq "256 268435456 0" "$(mib ${A}1) $(meta ${A}1 CAP) $(meta ${A}1 GEN)"
assert_eq "done" "$(extend $RAW ${A}1 300000256)"
assert_eq "384 402653184 1 LEGAL" "$(mib ${A}1) $(meta ${A}1 CAP) $(meta ${A}1 GEN) $(meta ${A}1 LEGALITY)"
wait_until 30 inactive
assert_eq "402653184" "$(virtual $RAW ${A}1)"
io $RAW ${A}1 raw 'read -P 7 0 1M' 'read -P 8 255M 1M' 'write -P 9 383M 1M' 'read -P 9 383M 1M'

title "one that has the room already, as after an end in the middle, only gets the capacity; the same again changes nothing"
lvm_on host1 "$lun" lvextend -qq --size 512m $D/${A}1 >/dev/null 2>&1
assert_eq "done" "$(extend $RAW ${A}1 500000256)"
assert_eq "512 536870912 2" "$(mib ${A}1) $(meta ${A}1 CAP) $(meta ${A}1 GEN)"
assert_eq "done" "$(extend $RAW ${A}1 536870912)"
assert_eq "512 536870912 3" "$(mib ${A}1) $(meta ${A}1 CAP) $(meta ${A}1 GEN)"

title "a thin disk grows in its header, and has at least the room a new one of that capacity would have"
assert_eq "done" "$(make $THIN ${A}2 format s qcow2 capacity t 134217728)"
assert_eq "128" "$(mib ${A}2)"
io $THIN ${A}2 qcow2 'write -P 3 0 1M'
assert_eq "done" "$(extend $THIN ${A}2 5368709120)"
assert_eq "2560 5368709120 1 LEGAL" "$(mib ${A}2) $(meta ${A}2 CAP) $(meta ${A}2 GEN) $(meta ${A}2 LEGALITY)"
assert_eq "5368709120" "$(virtual $THIN ${A}2)"
assert_eq "done" "$(extend $THIN ${A}2 8589934592)"
assert_eq "2560 8589934592" "$(mib ${A}2) $(meta ${A}2 CAP)"
io $THIN ${A}2 qcow2 'read -P 3 0 1M' 'read -P 0 1M 1M' 'write -P 4 8191M 1M' 'read -P 4 8191M 1M'
wait_until 30 inactive

title "and what cannot be meant changes nothing"
before="$(report host2 vgs -o vg_seqno $D) $(meta ${A}1 GEN) $(meta ${A}2 GEN)"
assert_refused 'name the version' domain_call host1 $D ExtendVolume 'ssta{sv}' $RAW ${A}1 1073741824 0
assert_refused 'lease' domain_call host2 $D ExtendVolume 'ssta{sv}' $RAW ${A}1 1073741824 1 lease t 1
assert_eq "failed org.rhv.Error.InvalidArgument" "$(extend $RAW ${A}1 268435456 2>/dev/null)"
assert_eq "failed org.rhv.Error.NotFound" "$(extend $RAW ${A}9 1073741824 2>/dev/null)"
assert_eq "failed org.rhv.Error.NoSpace" "$(extend $RAW ${A}1 109951162777600 2>/dev/null)"
assert_eq "failed org.rhv.Error.InvalidState" "$(data_job ExtendVolume 'ssta{sv}' $RAW ${A}1 1073741824 2 lease t 1 generation t 9 2>/dev/null)"
domain_call host1 $D PrepareImage 'ssa{sv}' $RAW ${A}1 1 user s $VM >/dev/null
assert_refused 'in use' domain_call host1 $D ExtendVolume 'ssta{sv}' $RAW ${A}1 1073741824 1 lease t 1
domain_call host1 $D TeardownImage 'sa{sv}' $RAW 1 user s $VM >/dev/null
assert_eq "$before" "$(report host2 vgs -o vg_seqno $D) $(meta ${A}1 GEN) $(meta ${A}2 GEN)"

title "a copy from files into a thin volume has the measured room; its bytes arrive"
on host1 mkdir -p /data
storage_call host1 CreateDomain 'sa{sv}a{sv}' $E 3 type s local path s /data/files name s files 0 >/dev/null
assert_eq "done" "$(volume_create host1 $E $FILE ${A}1 qcow2 335544320)"
file=/data/files/$E/images/$FILE/${A}1
on host1 setpriv --reuid 36 --regid 36 --clear-groups qemu-io -f qcow2 -c 'write -P 5 0 200M' -c 'write -P 6 319M 1M' $file >/dev/null
assert_eq "done" "$(copy $E $FILE ${A}1 $COPY ${A}5 format s qcow2 domain s $D)"
assert_eq "256 335544320 1 LEGAL LEAF" "$(mib ${A}5) $(meta ${A}5 CAP) $(meta ${A}5 GEN) $(meta ${A}5 LEGALITY) $(meta ${A}5 VOLTYPE)"
io $COPY ${A}5 qcow2 'read -P 5 0 200M' 'read -P 0 200M 119M' 'read -P 6 319M 1M'

title "from devices into a raw device: what was on it before is not seen, behind the disk neither"
assert_eq "done" "$(make $STALE ${A}6 format s raw allocation s preallocated capacity t 402653184)"
io $STALE ${A}6 raw 'write -P 238 0 384M'
where=$(report host2 lvs -o devices "$D/${A}6")
assert_eq "done" "$(data_job DeleteImage 'sa{sv}' $STALE 1 lease t 1)"
assert_eq "done" "$(copy $D $COPY ${A}5 $STALE ${A}6 format s raw allocation s preallocated)"
assert_eq "$where 384 402653184 1" "$(report host2 lvs -o devices "$D/${A}6") $(mib ${A}6) $(meta ${A}6 CAP) $(meta ${A}6 GEN)"
io $STALE ${A}6 raw 'read -P 5 0 200M' 'read -P 0 200M 119M' 'read -P 6 319M 1M' 'read -P 0 320M 64M'
wait_until 30 inactive

title "and back into files: a chain as one disk"
assert_eq "done" "$(make $COPY ${A}7 format s qcow2 parent s ${A}5)"
io $COPY ${A}7 qcow2 'write -P 9 1M 1M'
assert_eq "done" "$(copy $D $COPY ${A}7 $STALE ${A}8 format s raw domain s $E)"
on host1 qemu-io -r -f raw -c 'read -P 5 0 1M' -c 'read -P 9 1M 1M' -c 'read -P 5 2M 198M' -c 'read -P 6 319M 1M' /data/files/$E/images/$STALE/${A}8 |
        sees 'verification failed' && fail "the copy holds something else"
assert_eq "335544320" "$(on host1 stat -c %s /data/files/$E/images/$STALE/${A}8)"
assert_eq "done" "$(copy $D $STALE ${A}6 $OTHER ${A}8 format s qcow2 domain s $E)" "of a raw device"
wait_until 30 inactive

title "measured as the same disk in files is, and downloaded up to the end of its image"
measure() { domain_call host1 "$1" MeasureVolume 'ssa{sv}' "$2" "$3" 1 format s "$4"; }
assert_eq "$(measure $E $FILE ${A}1 qcow2)" "$(measure $D $COPY ${A}5 qcow2)"
assert_eq 'a{sv} 3 "required" t 335544320 "fully_allocated" t 335544320 "bitmaps" t 0' "$(measure $D $COPY ${A}7 raw)"
assert_refused 'has no volume' measure $D $COPY ${A}9 raw
wait_until 30 inactive
storage_fd host1 $D Download $COPY ${A}5 >"$RHV_LOGS/back.qcow2" 2>"$RHV_LOGS/job"
assert_eq "done" "$(job_wait host1 "$(cat "$RHV_LOGS/job")")"
qemu-io -r -f qcow2 -c 'read -P 5 0 200M' -c 'read -P 0 200M 119M' -c 'read -P 6 319M 1M' "$RHV_LOGS/back.qcow2" >"$RHV_LOGS/io"
! grep -q 'verification failed' "$RHV_LOGS/io" || fail "the download holds something else"
[ "$(stat -c %s "$RHV_LOGS/back.qcow2")" -lt $((220 << 20)) ] || fail "the download is as long as the device"
rm "$RHV_LOGS/back.qcow2"
assert_eq "failed org.rhv.Error.NotSupported" "$(job_wait host1 "$(storage_fd host1 $D Download $COPY ${A}7 2>&1 >"$RHV_LOGS/none")" 2>/dev/null)" "one with a parent"
wait_until 30 inactive

title "a copy that is killed leaves nothing"
job=$(job_of "$(domain_call host1 $D CopyVolume 'ssa{sv}a{sv}' $COPY ${A}7 4 image s $OTHER volume s ${A}9 format s raw allocation s preallocated 2 lease t 1 bandwidth t 1048576)")
at_work() { on host1 pgrep -x qemu-img >/dev/null; }
wait_until 60 at_work
assert_eq "ILLEGAL" "$(meta ${A}9 LEGALITY)"
on host1 systemctl kill -s KILL 'rhv-data-block-*'
assert_eq "failed org.rhv.Error.Interrupted" "$(job_wait host1 "$job" 2>/dev/null)"
assert_eq "" "$(report host2 lvs -o lv_name $D | grep ${A}9 || true)"
assert_eq "failed org.rhv.Error.NoSpace" "$(copy $D $COPY ${A}7 $OTHER ${A}9 format s raw allocation s preallocated capacity t 109951162777600 2>/dev/null)"
assert_eq "failed org.rhv.Error.InvalidArgument" "$(copy $D $COPY ${A}7 $OTHER ${A}9 format s raw 2>/dev/null)" "a raw device takes all its room at once"
assert_eq "" "$(report host2 lvs -o lv_name $D | grep ${A}9 || true)"
wait_until 30 inactive

title "a template, and a disk on it: the template stays until the last of them is gone"
assert_eq "done" "$(copy $D $COPY ${A}7 $BASE ${A}9 format s qcow2 template b true)"
assert_eq "SHARED" "$(meta ${A}9 VOLTYPE)"
assert_eq "failed org.rhv.Error.InvalidState" "$(make $CLONE ${A}a format s qcow2 parent s ${A}5 parent_image s $COPY 2>/dev/null)" "no template"
assert_eq "failed org.rhv.Error.AlreadyExists" "$(make $COPY ${A}a format s qcow2 parent s ${A}9 parent_image s $BASE 2>/dev/null)"
assert_eq "done" "$(make $CLONE ${A}a format s qcow2 parent s ${A}9 parent_image s $BASE)"
assert_eq "SHARED ${A}9 IU_$CLONE,MD_$(slot_of ${A}a),PU_${A}9" "$(meta ${A}9 VOLTYPE) $(meta ${A}a PUUID) $(report host2 lvs -o lv_tags $D/${A}a)"
io $CLONE ${A}a qcow2 'read -P 5 0 1M' 'read -P 9 1M 1M' 'write -P 10 2M 1M' 'read -P 10 2M 1M'
assert_eq "failed org.rhv.Error.InUse" "$(data_job DeleteImage 'sa{sv}' $BASE 1 lease t 1 2>/dev/null)"
assert_eq "done" "$(data_job DeleteImage 'sa{sv}' $CLONE 1 lease t 1)"
assert_eq "done" "$(data_job DeleteImage 'sa{sv}' $BASE 1 lease t 1)"

title "a layer is merged into the thin disk below it, which gets the measured room; the merged one goes"
merge() { data_job MergeVolume 'ssa{sv}' "$1" "$2" 1 lease t 1; }
assert_eq "done" "$(make $BASE ${A}b format s qcow2 capacity t 134217728)"
io $BASE ${A}b qcow2 'write -P 11 0 4M'
# room behind a base, which grows in one piece here
assert_eq "done" "$(make $OTHER ${A}e format s raw allocation s preallocated capacity t 536870912)"
assert_eq "done" "$(make $BASE ${A}c format s qcow2 parent s ${A}b)"
assert_eq "done" "$(extend $BASE ${A}c 671088640)"
io $BASE ${A}c qcow2 'write -P 12 1M 200M' 'write -P 13 500M 1M'
assert_eq "done" "$(make $BASE ${A}d format s qcow2 parent s ${A}c)"
io $BASE ${A}d qcow2 'write -P 14 2M 1M'
assert_eq "done" "$(data_job DeleteImage 'sa{sv}' $OTHER 1 lease t 1)"
assert_eq "128 640" "$(mib ${A}b) $(mib ${A}c)"
assert_eq "done" "$(merge $BASE ${A}c)" "the one in the middle"
assert_eq "256 671088640 1 LEGAL INTERNAL" "$(mib ${A}b) $(meta ${A}b CAP) $(meta ${A}b GEN) $(meta ${A}b LEGALITY) $(meta ${A}b VOLTYPE)"
assert_eq "${A}b IU_$BASE,MD_$(slot_of ${A}d),PU_${A}b" "$(meta ${A}d PUUID) $(report host2 lvs -o lv_tags $D/${A}d)"
assert_eq "${A}b" "$(prepared $BASE ${A}d qemu-img info -U --output=json /dev/$D/${A}d | jq -r '.["backing-filename"]')"
io $BASE ${A}d qcow2 'read -P 11 0 1M' 'read -P 12 1M 1M' 'read -P 14 2M 1M' 'read -P 12 3M 198M' 'read -P 0 201M 299M' 'read -P 13 500M 1M' 'read -P 0 501M 139M'
assert_eq "done" "$(merge $BASE ${A}d)" "and the top"
assert_eq "671088640 2 LEGAL LEAF" "$(meta ${A}b CAP) $(meta ${A}b GEN) $(meta ${A}b LEGALITY) $(meta ${A}b VOLTYPE)"
io $BASE ${A}b qcow2 'read -P 11 0 1M' 'read -P 12 1M 1M' 'read -P 14 2M 1M' 'read -P 12 3M 198M' 'read -P 0 201M 299M' 'read -P 13 500M 1M' 'read -P 0 501M 139M'
wait_until 30 inactive
assert_eq "done" "$(data_job DeleteImage 'sa{sv}' $BASE 1 lease t 1)"

title "room that no data need is given back: below a layer to the end of the data, of a top with a chunk more"
reduce() { data_job ReduceVolume 'ssa{sv}' "$1" "$2" 1 lease t 1; }
assert_eq "done" "$(make $BASE ${A}b format s qcow2 capacity t 8589934592)"
io $BASE ${A}b qcow2 'write -P 11 0 4M' 'write -P 12 4G 1M'
lvm_on host1 "$lun" lvextend -qq --size 3g $D/${A}b >/dev/null 2>&1
assert_eq "done" "$(reduce $BASE ${A}b)"
assert_eq "2688 1 LEGAL" "$(mib ${A}b) $(meta ${A}b GEN) $(meta ${A}b LEGALITY)"
wait_until 30 inactive
assert_eq "done" "$(reduce $BASE ${A}b)" "there is nothing left to give back"
assert_eq "2688 1" "$(mib ${A}b) $(meta ${A}b GEN)"
assert_eq "done" "$(make $BASE ${A}c format s qcow2 parent s ${A}b)"
assert_eq "done" "$(reduce $BASE ${A}b)"
assert_eq "128" "$(mib ${A}b)"
io $BASE ${A}c qcow2 'read -P 11 0 4M' 'read -P 12 4G 1M' 'read -P 0 4M 100M'
domain_call host1 $D PrepareImage 'ssa{sv}' $BASE ${A}c 1 user s $VM >/dev/null
assert_refused 'in use' domain_call host1 $D ReduceVolume 'ssa{sv}' $BASE ${A}b 1 lease t 1
domain_call host1 $D TeardownImage 'sa{sv}' $BASE 1 user s $VM >/dev/null
assert_eq "failed org.rhv.Error.InvalidArgument" "$(reduce $RAW ${A}1 2>/dev/null)"
assert_refused 'name the version' domain_call host1 $D ReduceVolume 'ssa{sv}' $BASE ${A}b 0
wait_until 30 inactive
assert_eq "done" "$(data_job DeleteImage 'sa{sv}' $BASE 1 lease t 1)"

title "zeroes leave a thin layer, what is below it stays hidden, and their room can be given back; a raw disk's go back to the storage"
sparsify() { data_job SparsifyVolume 'ssa{sv}' "$1" "$2" 0; }
assert_eq "done" "$(make $BASE ${A}b format s qcow2 capacity t 536870912)"
io $BASE ${A}b qcow2 'write -P 11 0 8M' 'write -P 12 300M 1M'
assert_eq "done" "$(make $BASE ${A}c format s qcow2 parent s ${A}b)"
io $BASE ${A}c qcow2 'write -P 13 8M 1M' 'write -P 0 0 4M' 'write -P 0 100M 140M'
assert_eq "512 failed org.rhv.Error.InvalidState" "$(mib ${A}c) $(sparsify $BASE ${A}b 2>/dev/null)" "only the top"
used() { prepared "$1" "$2" qemu-img check --output=json -f qcow2 "/dev/$D/$2" | jq '.["image-end-offset"] / 1048576 | floor'; } # MiB of the device
[ "$(used $BASE ${A}c)" -ge 145 ] || fail "the zeroes have no room of their own"
assert_eq "done" "$(sparsify $BASE ${A}c)"
assert_eq "1 LEGAL 512" "$(meta ${A}c GEN) $(meta ${A}c LEGALITY) $(mib ${A}c)"
[ "$(used $BASE ${A}c)" -le 3 ] || fail "the zeroes have their room yet"
layered() { io $BASE ${A}c qcow2 'read -P 0 0 4M' 'read -P 11 4M 4M' 'read -P 13 8M 1M' 'read -P 0 9M 291M' 'read -P 12 300M 1M'; }
layered
domain_call host1 $D PrepareImage 'ssa{sv}' $BASE ${A}c 1 user s $VM >/dev/null
assert_refused 'in use' domain_call host1 $D SparsifyVolume 'ssa{sv}' $BASE ${A}c 0
domain_call host1 $D TeardownImage 'sa{sv}' $BASE 1 user s $VM >/dev/null
assert_eq "done" "$(data_job DeleteImage 'sa{sv}' $BASE 1 lease t 1)"
assert_eq "done" "$(make $BASE ${A}b format s raw allocation s preallocated capacity t 134217728)"
io $BASE ${A}b raw 'write -P 11 0 8M' 'write -P 0 8M 100M' 'write -P 12 108M 1M' 'write -P 0 109M 19M'
before=
if declare -F stored >/dev/null; then before=$(stored); fi
assert_eq "done" "$(sparsify $BASE ${A}b)"
assert_eq "1 LEGAL 128" "$(meta ${A}b GEN) $(meta ${A}b LEGALITY) $(mib ${A}b)"
io $BASE ${A}b raw 'read -P 11 0 8M' 'read -P 0 8M 100M' 'read -P 12 108M 1M' 'read -P 0 109M 19M'
[ -z "$before" ] || [ $((before - $(stored))) -ge 110 ] || fail "the storage has the zeroes yet"
wait_until 30 inactive
assert_eq "done" "$(data_job DeleteImage 'sa{sv}' $BASE 1 lease t 1)"

title "an ISO image is a volume that is only read, by as many as like: never larger, never below another one"
assert_eq "done" "$(make $BASE ${A}b format s raw allocation s preallocated capacity t 2097152 disk_type s ISOF)"
head -c 1500000 /dev/urandom >"$RHV_LOGS/iso"
assert_eq "done" "$(job_wait host1 "$(upload host1 $D $BASE ${A}b <"$RHV_LOGS/iso")")"
assert_eq "ISOF RAW" "$(meta ${A}b DISKTYPE) $(meta ${A}b FORMAT)"
assert_refused 'can only be read' domain_call host1 $D PrepareImage 'ssa{sv}' $BASE ${A}b 1 user s $VM
for user in $VM $RAW; do domain_call host1 $D PrepareImage 'ssa{sv}' $BASE ${A}b 2 user s $user read_only b true >/dev/null; done
assert_eq "$(sha256sum <"$RHV_LOGS/iso")" "$(on host1 head -c 1500000 "/dev/$D/${A}b" | sha256sum)"
assert_eq 0 "$(on host1 sh -c "tail -c +1500001 /dev/$D/${A}b | tr -d '\\0' | head -c 1 | wc -c")"
assert_refused 'in use' domain_call host1 $D DeleteImage 'sa{sv}' $BASE 1 lease t 1
domain_call host1 $D TeardownImage 'sa{sv}' $BASE 1 user s $VM >/dev/null
assert_refused 'in use' domain_call host1 $D DeleteImage 'sa{sv}' $BASE 1 lease t 1
domain_call host1 $D TeardownImage 'sa{sv}' $BASE 1 user s $RAW >/dev/null
assert_eq "failed org.rhv.Error.InvalidState" "$(extend $BASE ${A}b 536870912 2>/dev/null)"
assert_eq "failed org.rhv.Error.InvalidState" "$(make $BASE ${A}c format s qcow2 parent s ${A}b 2>/dev/null)"
assert_eq "failed org.rhv.Error.InvalidArgument" "$(copy $D $BASE ${A}b $OTHER ${A}c format s qcow2 2>/dev/null)"
assert_eq "done" "$(copy $D $BASE ${A}b $OTHER ${A}c format s raw allocation s preallocated)"
assert_eq "ISOF LEGAL" "$(meta ${A}c DISKTYPE) $(meta ${A}c LEGALITY)"
wait_until 30 inactive
for image in $BASE $OTHER; do assert_eq "done" "$(data_job DeleteImage 'sa{sv}' $image 1 lease t 1)"; done

title "and into a raw one, which gets longer: what lay there before is not seen"
assert_eq "done" "$(make $OTHER ${A}c format s raw allocation s preallocated capacity t 671088640)"
io $OTHER ${A}c raw 'write -P 238 0 640M'
assert_eq "done" "$(data_job DeleteImage 'sa{sv}' $OTHER 1 lease t 1)"
assert_eq "done" "$(make $BASE ${A}b format s raw allocation s preallocated capacity t 134217728)"
io $BASE ${A}b raw 'write -P 11 0 4M' 'write -P 15 127M 1M'
assert_eq "done" "$(make $OTHER ${A}e format s raw allocation s preallocated capacity t 268435456)"
assert_eq "done" "$(make $BASE ${A}c format s qcow2 parent s ${A}b)"
assert_eq "done" "$(extend $BASE ${A}c 300000256)"
io $BASE ${A}c qcow2 'write -P 12 1M 1M' 'write -P 13 200M 1M'
assert_eq "done" "$(data_job DeleteImage 'sa{sv}' $OTHER 1 lease t 1)"
assert_eq "failed org.rhv.Error.NotFound" "$(merge $BASE ${A}9 2>/dev/null)"
assert_eq "failed org.rhv.Error.InvalidState" "$(merge $BASE ${A}b 2>/dev/null)"
# as after an end in the middle: longer, closed, not cleared
slot=$(slot_of ${A}c)
set_legality() { on host1 sh -c "dd if=/dev/$D/metadata bs=512 skip=$((2048 + slot * 16)) count=1 iflag=direct status=none | tr -d '\\0' |
        sed 's/^LEGALITY=.*/LEGALITY=$1/' | dd bs=512 conv=sync status=none | dd of=/dev/$D/metadata bs=512 seek=$((2048 + slot * 16)) conv=notrunc oflag=direct status=none"; }
set_legality ILLEGAL
lvm_on host1 "$lun" lvextend -qq --size 384m $D/${A}b >/dev/null 2>&1
assert_refused 'illegal' domain_call host1 $D PrepareImage 'ssa{sv}' $BASE ${A}c 1 user s $VM
assert_eq "done" "$(merge $BASE ${A}c)"
assert_eq "384 402653184 1 LEGAL LEAF" "$(mib ${A}b) $(meta ${A}b CAP) $(meta ${A}b GEN) $(meta ${A}b LEGALITY) $(meta ${A}b VOLTYPE)"
io $BASE ${A}b raw 'read -P 11 0 1M' 'read -P 12 1M 1M' 'read -P 11 2M 2M' 'read -P 15 127M 1M' 'read -P 0 128M 72M' 'read -P 13 200M 1M' 'read -P 0 201M 183M'
wait_until 30 inactive
assert_eq "done" "$(data_job DeleteImage 'sa{sv}' $BASE 1 lease t 1)"

title "a disk that asks for it is wiped: its room is given back full of zeroes; killed in the middle it is not given back"
# of a volume: where on the LUN it lies, in MiB; and whether as many MiB there are all zeroes
place_of() { echo $((129 + 128 * $(report host2 lvs -o devices "$D/$1" | sed 's/.*(\(.*\))/\1/'))); }
is_zero() { [ "$(on host1 sh -c "dd if=$lun bs=1M skip=$1 count=$2 iflag=direct status=none | tr -d '\\0' | head -c 1 | wc -c")" = 0 ]; }
tag_of() { report host2 lvs -o lv_tags "$D/$1" | tr ',' '\n' | grep ^IU_; }
wiping() { on host1 systemctl list-units --no-legend 'rhv-data-block-*' | sees running; }
listed() { report host2 lvs -o lv_name $D | sees "$1"; }
assert_eq "done" "$(make $OTHER ${A}c format s raw allocation s preallocated capacity t 134217728)"
io $OTHER ${A}c raw 'write -P 99 0 4M' 'write -P 99 124M 4M'
place=$(place_of ${A}c)
! is_zero "$place" 4 || fail "the pattern did not arrive"
job=$(job_of "$(domain_call host1 $D DeleteImage 'sa{sv}' $OTHER 3 lease t 1 wipe b true bandwidth t 8388608)")
wait_until 30 wiping
assert_eq "IU__remove_me_ZERO_$OTHER" "$(tag_of ${A}c)"
assert_refused 'no image' domain_call host1 $D GetVolumes s $OTHER
on host1 systemctl kill -s KILL 'rhv-data-block-*'
assert_eq "failed org.rhv.Error.Interrupted" "$(job_wait host1 "$job" 2>/dev/null)"
assert_eq "IU__remove_me_ZERO_$OTHER" "$(tag_of ${A}c)"
wait_until 30 inactive
# the same call goes on; or the service has begun by itself meanwhile
if again=$(domain_call host1 $D DeleteImage 'sa{sv}' $OTHER 2 lease t 1 wipe b true 2>/dev/null); then job_wait host1 "$(job_of "$again")" >/dev/null 2>&1; fi
gone() { ! listed "$1"; }
wait_until 60 gone ${A}c
is_zero "$place" 128 || fail "the room was given back with data in it"

title "the service is killed meanwhile: the wipe goes on, and its room is given back"
assert_eq "done" "$(make $OTHER ${A}c format s raw allocation s preallocated capacity t 134217728)"
io $OTHER ${A}c raw 'write -P 99 0 4M' 'write -P 99 124M 4M'
place=$(place_of ${A}c)
job=$(job_of "$(domain_call host1 $D DeleteImage 'sa{sv}' $OTHER 4 lease t 1 wipe b true discard b true bandwidth t 33554432)")
wait_until 30 wiping
on host1 systemctl kill -s KILL rhv-storage.service
assert_eq "done" "$(job_wait host1 "$job")"
! listed ${A}c || fail "the wiped volume is there yet"
is_zero "$place" 128 || fail "the room was given back with data in it"

title "the top of a chain too, and a merged layer; a discarded disk only tells the storage"
assert_eq "done" "$(make $OTHER ${A}c format s qcow2 capacity t 134217728)"
io $OTHER ${A}c qcow2 'write -P 98 0 1M'
assert_eq "done" "$(make $OTHER ${A}d format s qcow2 parent s ${A}c)"
io $OTHER ${A}d qcow2 'write -P 99 0 4M'
place=$(place_of ${A}d)
assert_eq "done" "$(data_job DeleteVolume 'ssa{sv}' $OTHER ${A}d 2 lease t 1 wipe b true)"
! listed ${A}d || fail "the wiped volume is there yet"
is_zero "$place" 128 || fail "the room was given back with data in it"
assert_eq "LEAF" "$(meta ${A}c VOLTYPE)"
assert_eq "done" "$(make $OTHER ${A}d format s qcow2 parent s ${A}c)"
io $OTHER ${A}d qcow2 'write -P 99 0 4M'
assert_eq "done" "$(data_job MergeVolume 'ssa{sv}' $OTHER ${A}d 2 lease t 1 wipe b true)"
wait_until 60 gone ${A}d
# the image is busy until the job that wiped its old layer has ended
usable() { prepared $OTHER ${A}c true; }
wait_until 30 usable
io $OTHER ${A}c qcow2 'read -P 99 0 4M'
is_zero "$place" 128 || fail "the room of the merged layer was given back with data in it"
assert_eq "done" "$(data_job DeleteImage 'sa{sv}' $OTHER 2 lease t 1 discard b true)"
! listed ${A}c || fail "the discarded volume is there yet"
wait_until 30 inactive

title "no layer is put on a volume that another host works on"
assert_eq "done" "$(make $THIN ${A}3 format s qcow2 parent s ${A}2)"
on host2 sh -c "systemd-run -q --unit=lab-holder sanlock client command -r $D:${A}3:/dev/$D/leases:$(((100 + $(slot_of ${A}3)) << 20)) -c /bin/sleep infinity"
held() { on host2 sanlock client status | sees ":${A}3:"; }
wait_until 30 held
before=$(report host2 vgs -o vg_seqno $D)
assert_eq "failed org.rhv.Error.InUse" "$(make $THIN ${A}4 format s qcow2 parent s ${A}3 2>/dev/null)"
assert_eq "failed org.rhv.Error.InUse" "$(extend $THIN ${A}3 10737418240 2>/dev/null)"
assert_eq "$before LEAF" "$(report host2 vgs -o vg_seqno $D) $(meta ${A}3 VOLTYPE)"
on host2 systemctl stop lab-holder
free() { ! held; }
wait_until 30 free

title "a deletion that was cut off is completed by who holds the domain's lease next: what the volume was built on is the top again; a wipe too"
slot=$(slot_of ${A}3)
on host1 sh -c "dd if=/dev/$D/metadata bs=512 skip=$((2048 + slot * 16)) count=1 iflag=direct status=none | tr -d '\\0' |
        sed 's/^LEGALITY=.*/LEGALITY=ILLEGAL/; s/^PUUID=.*/PUUID=00000000-0000-0000-0000-000000000000/' | dd bs=512 conv=sync status=none |
        dd of=/dev/$D/metadata bs=512 seek=$((2048 + slot * 16)) conv=notrunc oflag=direct status=none"
assert_eq "INTERNAL ILLEGAL" "$(meta ${A}2 VOLTYPE) $(meta ${A}3 LEGALITY)"
assert_eq "done" "$(make $OTHER ${A}c format s raw allocation s preallocated capacity t 134217728)"
io $OTHER ${A}c raw 'write -P 99 0 4M' 'write -P 99 124M 4M'
place=$(place_of ${A}c)
job=$(job_of "$(domain_call host1 $D DeleteImage 'sa{sv}' $OTHER 3 lease t 1 wipe b true bandwidth t 8388608)")
wait_until 30 wiping
on host1 systemctl kill -s KILL 'rhv-data-block-*'
assert_eq "failed org.rhv.Error.Interrupted" "$(job_wait host1 "$job" 2>/dev/null)"
assert_eq "done" "$(lease_release host1 $D)"
assert_eq "done" "$(lease_acquire host2 $D)"
cleared() { ! report host1 lvs -o lv_name $D | sees ${A}3 && [ "$(meta ${A}2 VOLTYPE)" = LEAF ]; }
wait_until 60 cleared
assert_eq "8589934592 LEGAL" "$(volume_get host2 $D $THIN capacity) $(meta ${A}2 LEGALITY)"
wait_until 60 gone ${A}c
is_zero "$place" 128 || fail "the room was given back with data in it"
