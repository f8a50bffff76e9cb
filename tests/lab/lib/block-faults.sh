# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2154,SC2086,SC2317,SC2046,SC2016
#
# Every operation on a block domain of host1, killed at every step of it: sourced by a test that has host1 up, with LVM and sanlock ready. Needs IO_TIMEOUT, seconds.
#
# A walk: the nth point since a piece of work began (FAULT_WORK) is the last thing its process does. Every second time the holder of the
# domain's lease and the service go down with it. After the restart the domain is read past our services (block-look): what was there is
# there, nothing is half-made or in use, and the operation has happened or has not. Then the same call again brings it to its end. n grows until
# the operation ends without having come to its nth point, so nobody keeps a list of steps.

D=11111111-2222-4333-8444-00000000000b
I=aaaaaaaa-0000-4000-8000-00000000000
V=bbbbbbbb-0000-4000-8000-00000000000
FAULT=/run/rhv-fault
# A run takes the first group of operations, and of FAULT_PARTS parts of their steps number FAULT_PART, the same each time. RHV_FAULT_PARTS=1 takes all steps of all
# groups, RHV_FAULT_GROUPS="..." names them.
groups=(volumes data merges domains)
FAULT_PARTS=${RHV_FAULT_PARTS:-6}
FAULT_PART=${RHV_FAULT_PART:-0}
FAULT_GROUPS=${RHV_FAULT_GROUPS:-${groups[0]}}
[ "$FAULT_PARTS" != 1 ] || FAULT_GROUPS=${RHV_FAULT_GROUPS:-${groups[*]}}

# ---- the domain ----

data_job() { job_wait host1 "$(job_of "$(domain_call host1 $D "$@" 1 lease t "$LEASE")")"; }
# new IMAGE VOLUME FORMAT [KEY SIGNATURE VALUE]...
new() { job_wait host1 "$(job_of "$(domain_call host1 $D CreateVolume 'ssa{sv}a{sv}' "$1" "$2" $((1 + ($# - 3) / 3)) format s "$3" "${@:4}" 1 lease t "$LEASE")")"; }
active() { [ "$(domain_get host1 $D State)" = active ]; }
acquired() { lease_is host1 $D held || [ "$(lease_acquire host1 $D 2>/dev/null)" = "done" ]; }

# io "VOLUME..." FORMAT COMMAND...: qemu-io on the first of these, which are its chain, past our services
io() {
        local volumes=$1 format=$2 each words=()
        shift 2
        for each in "$@"; do words+=(-c "$each"); done
        on host1 lvchange --devices "$devices" --activate y $(printf " $D/%s" $volumes)
        on host1 qemu-io -f "$format" "${words[@]}" "/dev/$D/${volumes%% *}" >"$RHV_LOGS/io" 2>&1 || fail "$(cat "$RHV_LOGS/io")"
        # udev looks at what was written
        wait_until 30 on host1 lvchange --devices "$devices" --activate n $(printf " $D/%s" $volumes)
        ! grep -q 'verification failed' "$RHV_LOGS/io" || fail "volume ${volumes%% *} holds something else: $(cat "$RHV_LOGS/io")"
}

# save VOLUME...: the domain as it is now, and the beginning of these volumes; restore: all of it again, but for leases
save() {
        on host1 sh -c 'd=$1 g=$2 && shift 2 && rm -rf /var/tmp/saved && mkdir /var/tmp/saved && vgcfgbackup --devices "$d" -f /var/tmp/saved/group "$g" >&2 &&
                dd if=/dev/$g/metadata of=/var/tmp/saved/metadata bs=1M count=2 status=none &&
                for v; do lvchange --devices "$d" --activate y $g/$v && dd if=/dev/$g/$v of=/var/tmp/saved/$v bs=1M count=16 status=none && until lvchange --devices "$d" --activate n $g/$v; do sleep 0.1; done; done' \
                sh "$devices" $D "$@" 2>"$RHV_LOGS/saved"
}
restore() {
        on host1 sh -c 'd=$1 g=$2 && shift 2 && vgcfgrestore --devices "$d" -f /var/tmp/saved/group "$g" >&2 && cd /var/tmp/saved &&
                dd if=metadata of=/dev/$g/metadata bs=1M conv=fsync status=none &&
                for v in *-*; do [ -e "$v" ] || continue; lvchange --devices "$d" --activate y $g/$v && dd if=$v of=/dev/$g/$v bs=1M conv=fsync,notrunc status=none && until lvchange --devices "$d" --activate n $g/$v; do sleep 0.1; done; done' \
                sh "$devices" $D 2>"$RHV_LOGS/restored" || fail "$(cat "$RHV_LOGS/restored")"
        $also_restore
}

# ---- walks ----

# faults_install HOST: the programs with fault points, in place of ours
faults_install() {
        local program
        for program in storaged structural data; do
                lab put "$1" "$RHV_BUILD/services/storage/rhv-$program-faults" /usr/libexec/rhv/rhv-$program.new
                on "$1" sh -c "chmod 755 /usr/libexec/rhv/rhv-$program.new && mv /usr/libexec/rhv/rhv-$program.new /usr/libexec/rhv/rhv-$program"
        done
        lab put "$1" "$SUITE_LAB/lib/block-look" /usr/local/bin/block-look
        on "$1" sh -c "chmod 755 /usr/local/bin/block-look && install -m 666 /dev/null $FAULT"
        on "$1" systemctl restart rhv-storage.service
}
fault_names() { local program; for program in storaged structural data; do RHV_FAULT_LIST=1 "$RHV_BUILD/services/storage/rhv-$program-faults"; done | sort -u; }

at_rest() { on host1 block-look "$devices" $D >"$RHV_LOGS/look" 2>&1 && ! sees ^problem <"$RHV_LOGS/look"; }

# expect WHAT STATE...: the domain is at rest in one of these states, a state being the lines of block-look with "|" between, or a pattern of them
expect() {
        local what=$1 state end=$((SECONDS + 30 * ${RHV_PATIENCE:-2}))
        shift
        until at_rest; do
                [ $SECONDS -lt $end ] || fail "$what: $(cat "$RHV_LOGS/look")"
                sleep 0.1
        done
        NOW=$(sed '/^$/d' "$RHV_LOGS/look" | paste -sd'|')
        # shellcheck disable=SC2053 # a pattern
        for state in "$@"; do [[ "$NOW" != $state ]] || return 0; done
        fail "$what: the domain is \"$NOW\", and should be one of: $(printf '"%s" ' "$@")"
}

restart() {
        if [ $((walked % 2)) = 0 ]; then
                on host1 systemctl kill --signal=KILL rhv-blocklease-$D.service rhv-storage.service 2>/dev/null || true
                wait_until 60 active
                wait_until 60 acquired
                LEASE=$(lockspace_get host1 $D LeaseVersion)
        fi
}

# armed WORK STEP COMMAND: runs it with that point; RESULT is what it printed, POINT the name of the point or nothing
armed() {
        on host1 sh -c "echo '$1 $2' > $FAULT"
        RESULT=$("$3" 2>"$RHV_LOGS/said")
        POINT=$(on host1 sed -n 's/^hit //p' $FAULT)
        on host1 sh -c ": > $FAULT"
}

# walk WORK COMMAND BEFORE AFTER [BETWEEN]: this run's part of the steps of that work of a command, which leads from the state before to the one after, with
# check_COMMAND for the data, at any moment at which nothing of the chain is illegal.
walk() {
        local work=$1 command=$2 before=$3 after=$4 step=0
        shift 4
        expect "before $command" "$before"
        while step=$((step + 1)); do
                [ $(((walked_steps + step) % FAULT_PARTS)) = "$FAULT_PART" ] || continue
                armed $work $step $command
                if [ -z "$POINT" ]; then
                        assert_eq "done" "$RESULT" "$command: $(cat "$RHV_LOGS/said")"
                        expect "$command" "$after"
                        check_$command
                        restore
                        break
                fi
                echo "$command, step $step of $work: $POINT"
                echo "$POINT" >>"$RHV_LOGS/points"
                assert_match "^(failed org.rhv.Error.Interrupted|done)" "$RESULT" "$command: $(cat "$RHV_LOGS/said")"
                walked=$((walked + 1))
                restart
                expect "$command, killed at step $step of $work, $POINT" "$before" "$after" "$@"
                [ "$RESULT" != "done" ] || expect "$command, acknowledged" "$after"
                [[ "$NOW" == *ILLEGAL* ]] || check_$command
                RESULT=$($command 2>"$RHV_LOGS/said")
                assert_match "^(done|failed org.rhv.Error.(AlreadyExists|NotFound))" "$RESULT" "$command once more: $(cat "$RHV_LOGS/said")"
                expect "$command once more" "$after"
                check_$command
                restore
        done
        walked_steps=$((walked_steps + step))
        expect "after $command" "$before"
}
walked=0 walked_steps=0 also_restore=
mkdir -p "$RHV_LOGS"
: >"$RHV_LOGS/points"

faults_install host1
title "a domain with one disk that nothing is done to; then $FAULT_GROUPS, part $FAULT_PART of $FAULT_PARTS of their steps"
devices=$(lun_make lun 20G)
block_share host1 $D "$devices" >/dev/null
assert_eq "done" "$(lockspace_join host1 $D 1)"
wait_until 60 acquired
LEASE=$(lockspace_get host1 $D LeaseVersion)
assert_eq "done" "$(new ${I}1 ${V}1 raw allocation s preallocated capacity t 134217728)"
io ${V}1 raw 'write -P 1 0 128M'
ONE="1: 1<0 raw 128 128 LEGAL LEAF"
KEPT="devices: 1 1|$ONE"
save

# A thin disk, and a layer on it.
create() { new ${I}2 ${V}2 qcow2 capacity t 268435456; }
layer() { new ${I}2 ${V}3 qcow2 parent s ${V}2; }
make_disk() { assert_eq "done" "$(create)"; io ${V}2 qcow2 'write -P 2 0 1M' 'write -P 3 128M 2M'; }
make_layer() { assert_eq "done" "$(layer)"; io "${V}3 ${V}2" qcow2 'write -P 4 2M 1M'; }
read_disk() { io ${V}2 qcow2 'read -P 2 0 1M' 'read -P 0 1M 1M' 'read -P 3 128M 2M'; }
DISK="$KEPT|2: 2<0 qcow2 256 256 LEGAL LEAF"
LAYERED="$KEPT|2: 2<0 qcow2 256 256 LEGAL INTERNAL, 3<2 qcow2 256 256 LEGAL LEAF"
remove() { assert_eq "done" "$(data_job DeleteImage 'sa{sv}' ${I}2)"; }

faults_volumes() {
        title "a disk is made and deleted"
        check_create() { io ${V}1 raw 'read -P 1 0 1M'; }
        walk make-volume create "$KEPT" "$DISK"

        make_disk
        save ${V}2
        delete() { data_job DeleteImage 'sa{sv}' ${I}2; }
        check_delete() { io ${V}1 raw 'read -P 1 0 1M'; }
        walk delete-image delete "$DISK" "$KEPT"

        title "a layer is put on it and taken off"
        check_layer() { read_disk; }
        walk make-volume layer "$DISK" "$LAYERED"

        make_layer
        save ${V}2 ${V}3
        drop() { data_job DeleteVolume 'ssa{sv}' ${I}2 ${V}3; }
        check_drop() { if [[ "$NOW" == *3\<2* ]]; then io "${V}3 ${V}2" qcow2 'read -P 4 2M 1M'; else read_disk; fi; }
        walk delete-volume drop "$LAYERED" "$DISK"

        remove
}

faults_data() {
        title "it is copied, as a chain"
        make_disk
        make_layer
        save ${V}2 ${V}3
        copy() { job_wait host1 "$(job_of "$(domain_call host1 $D CopyVolume 'ssa{sv}a{sv}' ${I}2 ${V}3 3 image s ${I}3 volume s ${V}4 format s qcow2 1 lease t "$LEASE")")"; }
        check_copy() { [[ "$NOW" != *3:* ]] || io ${V}4 qcow2 'read -P 2 0 1M' 'read -P 0 1M 1M' 'read -P 4 2M 1M' 'read -P 3 128M 2M'; }
        COPIED="$LAYERED|3: 4<0 qcow2 128 256 LEGAL LEAF"
        walk make-volume copy "$LAYERED" "$COPIED"
        walk copy-volume copy "$LAYERED" "$COPIED"

        title "a thin disk grows"
        grow_thin() { data_job ExtendVolume 'ssta{sv}' ${I}2 ${V}3 536870912; }
        check_grow_thin() { io "${V}3 ${V}2" qcow2 'read -P 2 0 1M' 'read -P 4 2M 1M' 'read -P 3 128M 2M'; }
        GROWN="$KEPT|2: 2<0 qcow2 256 256 LEGAL INTERNAL, 3<2 qcow2 512 512 LEGAL LEAF"
        BETWEEN="$KEPT|2: 2<0 qcow2 256 256 LEGAL INTERNAL, 3<2 qcow2 512 256 LEGAL LEAF"
        walk grow-volume grow_thin "$LAYERED" "$GROWN" "$BETWEEN"
        walk extend-volume grow_thin "$LAYERED" "$GROWN" "$BETWEEN"
        remove
}

faults_merges() {
        title "a layer is merged into the raw disk below it, which gets longer, below another one; then the top into it"
        # old ROOM: what lies behind the disk is not zeroes
        old() { lvm_on host1 "$devices" lvcreate -qq -an -Zn -Wn -l 1 -n old $D >/dev/null 2>&1; io old raw 'write -P 238 0 128M'; lvm_on host1 "$devices" lvremove -qqf $D/old >/dev/null 2>&1; }
        assert_eq "done" "$(new ${I}2 ${V}2 raw allocation s preallocated capacity t 134217728)"
        assert_eq "done" "$(new ${I}3 ${V}4 raw allocation s preallocated capacity t 134217728)"
        assert_eq "done" "$(new ${I}2 ${V}3 qcow2 parent s ${V}2)"
        assert_eq "done" "$(data_job ExtendVolume 'ssta{sv}' ${I}2 ${V}3 268435456)"
        assert_eq "done" "$(new ${I}2 ${V}5 qcow2 parent s ${V}3)"
        assert_eq "done" "$(data_job DeleteImage 'sa{sv}' ${I}3)"
        io ${V}2 raw 'write -P 11 0 4M' 'write -P 15 127M 1M'
        io "${V}3 ${V}2" qcow2 'write -P 12 1M 1M' 'write -P 13 200M 1M'
        io "${V}5 ${V}3 ${V}2" qcow2 'write -P 14 2M 1M'
        save ${V}2 ${V}3 ${V}5
        also_restore=old
        old
        CHAIN="$KEPT|2: 2<0 raw 128 128 LEGAL INTERNAL, 3<2 qcow2 256 256 LEGAL INTERNAL, 5<3 qcow2 256 256 LEGAL LEAF"
        MERGED="$KEPT|2: 2<0 raw 256 256 LEGAL INTERNAL, 5<2 qcow2 256 256 LEGAL LEAF"
        BETWEEN="$KEPT|2: 2<0 raw @(128|256) @(128|256) LEGAL INTERNAL, 3<2 qcow2 256 256 *LEGAL INTERNAL, 5<3 qcow2 256 256 LEGAL LEAF"
        merge() { data_job MergeVolume 'ssa{sv}' ${I}2 ${V}3; }
        check_merge() {
                local chain="${V}5 ${V}3 ${V}2"
                [[ "$NOW" == *3\<2* ]] || chain="${V}5 ${V}2"
                io "$chain" qcow2 'read -P 11 0 1M' 'read -P 12 1M 1M' 'read -P 14 2M 1M' 'read -P 11 3M 1M' 'read -P 15 127M 1M' 'read -P 0 128M 72M' 'read -P 13 200M 1M' 'read -P 0 201M 55M'
        }
        walk grow-volume merge "$CHAIN" "$MERGED" "$BETWEEN"
        walk merge-volume merge "$CHAIN" "$MERGED" "$BETWEEN"
        walk finish-merge merge "$CHAIN" "$MERGED" "$BETWEEN"

        assert_eq "done" "$(merge)"
        also_restore=
        save ${V}2 ${V}5
        TOP="$KEPT|2: 2<0 raw 256 256 LEGAL LEAF"
        BETWEEN="$KEPT|2: 2<0 raw 256 256 LEGAL INTERNAL, 5<2 qcow2 256 256 *LEGAL LEAF"
        merge_top() { data_job MergeVolume 'ssa{sv}' ${I}2 ${V}5; }
        check_merge_top() {
                if [[ "$NOW" == *5\<2* ]]; then
                        check_merge
                else
                        io ${V}2 raw 'read -P 11 0 1M' 'read -P 12 1M 1M' 'read -P 14 2M 1M' 'read -P 11 3M 1M' 'read -P 15 127M 1M' 'read -P 0 128M 72M' 'read -P 13 200M 1M'
                fi
        }
        walk merge-volume merge_top "$MERGED" "$TOP" "$BETWEEN"
        walk finish-merge merge_top "$MERGED" "$TOP" "$BETWEEN"

        also_restore=
        remove
}

faults_domains() {
        title "the domain gets one more device"
        more=$(lun_make more 5G)
        devices=$devices,$more
        save
        also_restore=blank
        blank() { on host1 wipefs -qa "$more"; }
        add() { job_wait host1 "$(job_of "$(domain_call host1 $D AddDevices 'asa{sv}' 1 "$more" 1 lease t "$LEASE")")"; }
        check_add() { io ${V}1 raw 'read -P 1 0 1M'; }
        walk add-devices add "$KEPT" "${KEPT/1 1/2 2}" "${KEPT/1 1/2 1}"

        title "another domain is made"
        E=11111111-2222-4333-8444-00000000000e
        second=$(lun_make second 12G)
        make_other() { if block_share host1 $E "$second" >/dev/null; then echo "done"; else echo "failed org.rhv.Error.Interrupted"; fi; }
        check_make_other() {
                local tags
                tags=$(lvm_on host1 "$second" vgs --noheadings -o vg_tags $E 2>/dev/null | tr -d ' ') || return 0
                case $tags in
                RHAT_storage_domain_UNREADY) ;;
                *RHAT_storage_domain_UNREADY*) fail "half a domain: $tags" ;;
                *) assert_eq "shared active" "$(domain_get host1 $E Name) $(domain_get host1 $E State)" ;;
                esac
        }
        unmake() {
                domain_call host1 $E Close 'a{sv}' 0 >/dev/null 2>&1 || true
                lvm_on host1 "$second" vgremove -qqf $E >/dev/null 2>&1
                lvm_on host1 "$second" pvremove -qqff "$second" >/dev/null 2>&1
                wait_until 60 active
        }
        also_restore=unmake
        walk create-domain make_other "$KEPT" "$KEPT"
}

for group in $FAULT_GROUPS; do faults_$group; done

if [ "$FAULT_PARTS" = 1 ] && [ "$FAULT_GROUPS" = "${groups[*]}" ]; then
        title "every point there is was walked, but those of files"
        assert_eq "$(fault_names | grep -v ^file-)" "$(sort -u "$RHV_LOGS/points")"
fi
