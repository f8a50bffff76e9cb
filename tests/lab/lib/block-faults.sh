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
L=cccccccc-0000-4000-8000-00000000000
FAULT=/run/rhv-fault
GATE=/run/lab-gate
# A run takes a sample: of each group of operations one walk of FAULT_STRIDE, and of that one step. RHV_FAULT_PART=N, 0 and up, takes another one, the same each time.
# RHV_FAULT_PARTS=N takes every Nth step of all walks, RHV_FAULT_PARTS=1 all of them; RHV_FAULT_GROUPS="..." names groups. The points of a group that was walked whole
# are kept in the logs: when all groups were, in one run or in several, every point there is must be among them.
groups=(volumes wipes data merges domains leases definitions upgrades cleaning)
FAULT_STRIDE=3 FAULT_STEPS=7
FAULT_PARTS=${RHV_FAULT_PARTS:-sample}
FAULT_PART=${RHV_FAULT_PART:-0}
FAULT_GROUPS=${RHV_FAULT_GROUPS:-${groups[*]}}

# ---- the domain ----

data_job() { job_wait host1 "$(job_of "$(domain_call host1 $D "$@" 1 lease t "$LEASE")")"; }
# new IMAGE VOLUME FORMAT [KEY SIGNATURE VALUE]...
new() { job_wait host1 "$(job_of "$(domain_call host1 $D CreateVolume 'ssa{sv}a{sv}' "$1" "$2" $((1 + ($# - 3) / 3)) format s "$3" "${@:4}" 1 lease t "$LEASE")")"; }
active() { [ "$(domain_get host1 $D State)" = active ]; }
acquired() { lease_is host1 $D held || [ "$(lease_acquire host1 $D 2>/dev/null)" = "done" ]; }

# reports COMMAND COLUMN [WHAT]: as LVM has it
reports() { on host1 "/usr/sbin/$1" --driverloaded n --devices "$devices" --noheadings -o "$2" "${@:3}" 2>/dev/null | tr -d ' '; }
below() { on host1 block-below "$devices" $D "$@"; }
# io "VOLUME..." FORMAT COMMAND...: qemu-io on the first of these, which are its chain, past our services
io() {
        below io "$2" "$1" "${@:3}" >"$RHV_LOGS/io" 2>&1 || fail "$(cat "$RHV_LOGS/io")"
        ! grep -q 'verification failed' "$RHV_LOGS/io" || fail "volume ${1%% *} holds something else: $(cat "$RHV_LOGS/io")"
}

# save VOLUME...: the domain as it is now, and the beginning of these volumes; restore: all of it again, but for the leases of volumes
save() { below save /var/tmp/saved "$@"; }
restore() {
        below restore /var/tmp/saved
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
        for program in block-look block-below; do
                lab put "$1" "$SUITE_LAB/lib/$program" /usr/local/bin/$program
                on "$1" chmod 755 /usr/local/bin/$program
        done
        on "$1" install -m 666 /dev/null $FAULT
        on "$1" systemctl restart rhv-storage.service
}
fault_names() { local program; for program in storaged structural data; do RHV_FAULT_LIST=1 "$RHV_BUILD/services/storage/rhv-$program-faults"; done | sort -u; }

at_rest() { on host1 block-look "$devices" $D >"$RHV_LOGS/look" 2>&1 && ! sees ^problem <"$RHV_LOGS/look"; }

# expect WHAT STATE...: the domain is at rest in one of these states, a state being the lines of block-look with "|" between, or a pattern of them. What is to be
# wiped may be in work.
expect() {
        local what=$1 state end=$((SECONDS + 30 * ${RHV_PATIENCE:-2}))
        shift
        while :; do
                if at_rest; then
                        NOW=$(sed '/^$/d' "$RHV_LOGS/look" | paste -sd'|')
                        # shellcheck disable=SC2053 # a pattern
                        for state in "$@"; do [[ "$NOW" != $state ]] || return 0; done
                        [[ "$NOW" == *'to be wiped'* ]] || break
                fi
                [ $SECONDS -lt $end ] || break
                sleep 0.1
        done
        fail "$what: the domain is \"$(sed '/^$/d' "$RHV_LOGS/look" | paste -sd'|')\", and should be one of: $(printf '"%s" ' "$@")"
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

# cut_off WORK COMMAND STEP BEFORE AFTER [BETWEEN]...: a command killed at that step of that work, and all that comes of it. POINT is empty where it ended without
# having come so far.
cut_off() {
        local work=$1 command=$2 step=$3 after=$5
        shift 3
        armed $work $step $command
        if [ -z "$POINT" ]; then
                assert_eq "done" "$RESULT" "$command: $(cat "$RHV_LOGS/said")"
                expect "$command" "$after"
                check_$command
                return
        fi
        echo "$command, step $step of $work: $POINT"
        echo "$POINT" >>"$RHV_LOGS/points"
        assert_match "^(failed org.rhv.Error.Interrupted|done)" "$RESULT" "$command: $(cat "$RHV_LOGS/said")"
        walked=$((walked + 1))
        restart
        expect "$command, killed at step $step of $work, $POINT" "$@"
        [ "$RESULT" != "done" ] || expect "$command, acknowledged" "$after"
        [[ "$NOW" == *ILLEGAL* ]] || check_$command
        complete $command "$after"
}
# complete COMMAND AFTER: once more, after it was cut off
complete() {
        RESULT=$($1 2>"$RHV_LOGS/said")
        assert_match "^(done|failed org.rhv.Error.(AlreadyExists|NotFound))" "$RESULT" "$1 once more: $(cat "$RHV_LOGS/said")"
        expect "$1 once more" "$2"
        check_$1
}

# walk WORK COMMAND BEFORE AFTER [BETWEEN]...: this run's part of the steps of that work of a command, which leads from the state before to the one after, with
# check_COMMAND for the data, at any moment at which nothing of the chain is illegal.
walk() {
        local work=$1 command=$2 before=$3 after=$4 step=0
        walks=$((walks + 1))
        if [ "$FAULT_PARTS" = sample ]; then
                walk_sample "$@"
                return
        fi
        expect "before $command" "$before"
        while step=$((step + 1)); do
                [ $(((walked_steps + step) % FAULT_PARTS)) = $((FAULT_PART % FAULT_PARTS)) ] || continue
                cut_off $work $command $step "${@:3}"
                restore
                [ -n "$POINT" ] || break
        done
        walked_steps=$((walked_steps + step))
        expect "after $command" "$before"
}
# Of a group's walks the one whose turn it is, and of its steps too, or where there are less of them one before.
walk_sample() {
        local step=$((1 + (FAULT_PART / FAULT_STRIDE + walks * 3) % FAULT_STEPS))
        if [ $sampled = 1 ] || [ $((walks % FAULT_STRIDE)) != $((FAULT_PART % FAULT_STRIDE)) ]; then return; fi
        sampled=1
        expect "before $2" "$3"
        while :; do
                cut_off $1 $2 $step "${@:3}"
                restore
                [ -z "$POINT" ] || break
                step=$((step / 2))
                [ $step != 0 ] || fail "$2 comes to no step of $1"
        done
        expect "after $2" "$3"
}
# Is there nothing left to be done in this group?
enough() { [ $sampled = 1 ]; }
walked=0 walked_steps=0 walks=0 sampled=0 also_restore=
mkdir -p "$RHV_LOGS"

# held_up COMMAND PROGRAM: the command, whose next LVM command of that name waits at its beginning until the service has been killed
held_up() {
        on host1 sh -c "echo $2 > $GATE"
        $1 >"$RHV_LOGS/answer" 2>&1 &
        local pid=$!
        wait_until 60 on host1 grep -q held $GATE
        on host1 systemctl kill --signal=KILL --kill-whom=main rhv-storage.service
        on host1 sh -c ": > $GATE"
        wait $pid || true
        wait_until 60 active
        wait_until 60 acquired
        LEASE=$(lockspace_get host1 $D LeaseVersion)
}
# survive COMMAND PROGRAM BEFORE AFTER [BETWEEN]...: the service is killed in the middle of it, by no point of ours; what it had begun ends or goes on without it
survive() {
        local command=$1 program=$2
        shift 2
        expect "before $command" "$1"
        held_up $command $program
        expect "$command, the service killed at $program" "$@"
        check_$command
        complete $command "$2"
        restore
        expect "after $command" "$1"
}

faults_install host1
on host1 install -m 666 /dev/null $GATE
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
read_layer() { io "${V}3 ${V}2" qcow2 'read -P 2 0 1M' 'read -P 4 2M 1M' 'read -P 3 128M 2M'; }
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
        if enough; then return; fi

        title "a layer is put on it and taken off"
        check_layer() { read_disk; }
        walk make-volume layer "$DISK" "$LAYERED"
        if enough; then return; fi

        make_layer
        save ${V}2 ${V}3
        drop() { data_job DeleteVolume 'ssa{sv}' ${I}2 ${V}3; }
        check_drop() { if [[ "$NOW" == *3\<2* ]]; then io "${V}3 ${V}2" qcow2 'read -P 4 2M 1M'; else read_disk; fi; }
        walk delete-volume drop "$LAYERED" "$DISK"
}

# removal METHOD SIGNATURE ARGUMENT... -- KEY...: with these options. The service may be at work on what was cut off already.
removal() {
        local words=() options=() job
        while [ "$1" != -- ]; do
                words+=("$1")
                shift
        done
        for key in "${@:2}"; do options+=("$key" b true); done
        if job=$(domain_call host1 $D "${words[@]}" $# lease t "$LEASE" "${options[@]}" 2>"$RHV_LOGS/refused"); then
                job_wait host1 "$(job_of "$job")"
        else
                grep -q 'is busy with job' "$RHV_LOGS/refused" || fail "$(cat "$RHV_LOGS/refused")"
                echo "done"
        fi
}
# empty WHERE: from there all are zeroes
empty() { on host1 cmp -s -n "$3" -i "$2:0" "$1" /dev/zero; }

faults_wipes() {
        title "a disk is wiped before its room is given back, and the top of a chain; or its room is discarded"
        make_disk
        make_layer
        save ${V}2 ${V}3
        local of_disk of_layer
        of_disk=$(below where ${V}2)
        of_layer=$(below where ${V}3)
        erase() { removal DeleteImage 'sa{sv}' ${I}2 -- wipe; }
        check_erase() {
                io ${V}1 raw 'read -P 1 0 1M'
                [[ "$NOW" == *'|2: '* || "$NOW" == *'to be wiped'* ]] || { empty $of_disk && empty $of_layer; } || fail "room was given back with data in it"
        }
        WIPING="$KEPT|to be wiped: 2 3"
        walk delete-image erase "$LAYERED" "$KEPT" "$WIPING"
        walk wipe-image erase "$LAYERED" "$KEPT" "$WIPING"
        walk finish-wipe erase "$LAYERED" "$KEPT" "$WIPING"
        if enough; then return; fi

        erase_top() { removal DeleteVolume 'ssa{sv}' ${I}2 ${V}3 -- wipe; }
        check_erase_top() {
                [[ "$NOW" == *'3<2'* ]] || read_disk
                [[ "$NOW" == *'3<2'* || "$NOW" == *'to be wiped'* ]] || empty $of_layer || fail "room was given back with data in it"
        }
        walk delete-volume erase_top "$LAYERED" "$DISK" "$DISK|to be wiped: 3"
        walk finish-wipe erase_top "$LAYERED" "$DISK" "$DISK|to be wiped: 3"

        discard() { removal DeleteImage 'sa{sv}' ${I}2 -- discard; }
        check_discard() { io ${V}1 raw 'read -P 1 0 1M'; }
        walk delete-image discard "$LAYERED" "$KEPT"
        discard_top() { removal DeleteVolume 'ssa{sv}' ${I}2 ${V}3 -- discard; }
        check_discard_top() { [[ "$NOW" == *'3<2'* ]] || read_disk; }
        walk delete-volume discard_top "$LAYERED" "$DISK"
}

faults_data() {
        title "it is copied, as a chain"
        make_disk
        make_layer
        save ${V}2 ${V}3
        copy() { job_wait host1 "$(job_of "$(domain_call host1 $D CopyVolume 'ssa{sv}a{sv}' ${I}2 ${V}3 3 image s ${I}3 volume s ${V}4 format s qcow2 1 lease t "$LEASE")")"; }
        check_copy() { [[ "$NOW" != *3:* ]] || io ${V}4 qcow2 'read -P 2 0 1M' 'read -P 0 1M 1M' 'read -P 4 2M 1M' 'read -P 3 128M 2M'; }
        COPIED="$LAYERED|3: 4<0 qcow2 128 256 LEGAL LEAF"
        UNFINISHED="$LAYERED|3: 4<0 qcow2 128 256 ILLEGAL LEAF"
        walk make-volume copy "$LAYERED" "$COPIED" "$UNFINISHED"
        walk copy-volume copy "$LAYERED" "$COPIED" "$UNFINISHED"

        title "a copy that fails is undone: the source is no vmdk"
        # to have been undone is its end; that there is something of it yet is its being cut off
        undo() {
                local said
                said=$(job_wait host1 "$(job_of "$(domain_call host1 $D CopyVolume 'ssa{sv}a{sv}' ${I}1 ${V}1 5 image s ${I}3 volume s ${V}4 format s raw allocation s preallocated \
                        capacity t 134217728 3 source_format s vmdk source_size t 134217728 lease t "$LEASE")")")
                [[ $said == "failed org.rhv.Error."@(BadFormat|BackendFailed) ]] || { echo "$said"; return; }
                if [ -n "$(reports lvs lv_name $D/${V}4)" ]; then echo "failed org.rhv.Error.Interrupted"; else echo "done"; fi
        }
        check_undo() { io ${V}1 raw 'read -P 1 0 128M'; }
        walk undo-copy undo "$LAYERED" "$LAYERED" "$LAYERED|3: 4<0 raw 128 128 ILLEGAL LEAF"

        title "a thin disk grows"
        grow_thin() { data_job ExtendVolume 'ssta{sv}' ${I}2 ${V}3 536870912; }
        check_grow_thin() { read_layer; }
        GROWN="$KEPT|2: 2<0 qcow2 256 256 LEGAL INTERNAL, 3<2 qcow2 512 512 LEGAL LEAF"
        BETWEEN="$KEPT|2: 2<0 qcow2 256 256 LEGAL INTERNAL, 3<2 qcow2 512 256 LEGAL LEAF"
        walk grow-volume grow_thin "$LAYERED" "$GROWN" "$BETWEEN"
        walk extend-volume grow_thin "$LAYERED" "$GROWN" "$BETWEEN"

        title "room that it does not need is given back"
        reduce() { data_job ReduceVolume 'ssa{sv}' ${I}2 ${V}2; }
        check_reduce() { read_layer; }
        REDUCED="$KEPT|2: 2<0 qcow2 128 256 LEGAL INTERNAL, 3<2 qcow2 256 256 LEGAL LEAF"
        walk reduce-volume reduce "$LAYERED" "$REDUCED"

        title "zeroes leave its layer, and a raw disk"
        io "${V}3 ${V}2" qcow2 'write -P 0 0 512k' 'write -P 0 4M 8M'
        save ${V}2 ${V}3
        sparsify_thin() { job_wait host1 "$(job_of "$(domain_call host1 $D SparsifyVolume 'ssa{sv}' ${I}2 ${V}3 0)")"; }
        check_sparsify_thin() { io "${V}3 ${V}2" qcow2 'read -P 0 0 512k' 'read -P 2 512k 512k' 'read -P 4 2M 1M' 'read -P 0 4M 8M' 'read -P 3 128M 2M'; }
        walk sparsify-volume sparsify_thin "$LAYERED" "$LAYERED"
        if enough; then return; fi
        assert_eq "done" "$(new ${I}3 ${V}4 raw allocation s preallocated capacity t 134217728)"
        io ${V}4 raw 'write -P 5 0 1M' 'write -P 0 1M 7M'
        save ${V}2 ${V}3 ${V}4
        sparsify_raw() { job_wait host1 "$(job_of "$(domain_call host1 $D SparsifyVolume 'ssa{sv}' ${I}3 ${V}4 0)")"; }
        check_sparsify_raw() { io ${V}4 raw 'read -P 5 0 1M' 'read -P 0 1M 7M'; }
        RAW_TOO="$LAYERED|3: 4<0 raw 128 128 LEGAL LEAF"
        walk sparsify-volume sparsify_raw "$RAW_TOO" "$RAW_TOO"
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
        if enough; then return; fi

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
        restore_base

        title "and of thin disks, whose room is made smaller at the end"
        make_disk
        make_layer
        assert_eq "done" "$(new ${I}2 ${V}5 qcow2 parent s ${V}3)"
        save ${V}2 ${V}3 ${V}5
        THIN="$KEPT|2: 2<0 qcow2 256 256 LEGAL INTERNAL, 3<2 qcow2 256 256 LEGAL INTERNAL, 5<3 qcow2 256 256 LEGAL LEAF"
        MERGED="$KEPT|2: 2<0 qcow2 128 256 LEGAL INTERNAL, 5<2 qcow2 256 256 LEGAL LEAF"
        BETWEEN="$KEPT|2: 2<0 qcow2 @(128|256) 256 LEGAL INTERNAL, @(3<2 qcow2 256 256 *LEGAL INTERNAL, |)5<@(2|3) qcow2 256 256 LEGAL LEAF"
        merge_thin() { data_job MergeVolume 'ssa{sv}' ${I}2 ${V}3; }
        check_merge_thin() {
                local chain="${V}5 ${V}3 ${V}2"
                [[ "$NOW" == *3\<2* ]] || chain="${V}5 ${V}2"
                io "$chain" qcow2 'read -P 2 0 1M' 'read -P 4 2M 1M' 'read -P 3 128M 2M'
        }
        walk finish-merge merge_thin "$THIN" "$MERGED" "$BETWEEN"
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
        local two="${KEPT/1 1/2 2}" one_told="${KEPT/1 1/2 1}"
        walk add-devices add "$KEPT" "$two" "$one_told"
        if [ "$FAULT_PARTS" = 1 ]; then
                survive add vgextend "$KEPT" "$two" "$one_told"
                survive add vgchange "$KEPT" "$two" "$one_told"
        fi
        if enough; then
                restore_base
                devices=${devices%%,*}
                return
        fi

        title "that device has grown"
        assert_eq "done" "$(add)"
        also_restore=
        save
        lun_grow "$more" more 7G
        grow_device() { add; }
        extents_of() { reports pvs pv_pe_count "$more"; }
        extents_told() { group_tags | sed -n 's/^MDT_PV1=.*pecount:\([0-9]*\)&.*/\1/p'; }
        small=$(extents_of)
        check_grow_device() {
                io ${V}1 raw 'read -P 1 0 1M'
                assert_match "^($small|$((small + 16))) ($small|$((small + 16)))$" "$(extents_of) $(extents_told)"
                [ "$RESULT" != "done" ] || assert_eq "$((small + 16)) $((small + 16))" "$(extents_of) $(extents_told)"
        }
        walk add-devices grow_device "$two" "$two"
        also_restore=blank
        restore_base
        devices=${devices%%,*}
        if enough; then return; fi

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
                # one that is complete, and of which nobody was told, is found by the same call again
                *) [ "$RESULT" != "done" ] || assert_eq "shared active" "$(domain_get host1 $E Name) $(domain_get host1 $E State)" ;;
                esac
        }
        # what was killed may leave a command of LVM that runs on
        unmake() {
                domain_call host1 $E Close 'a{sv}' 0 >/dev/null 2>&1 || true
                wait_until 30 group_gone
                wait_until 30 lvm_on host1 "$second" pvremove -qqff "$second"
                wait_until 60 active
        }
        group_gone() { lvm_on host1 "$second" vgremove -qqf $E || ! lvm_on host1 "$second" vgs $E; }
        also_restore=unmake
        walk create-domain make_other "$KEPT" "$KEPT"
}

faults_leases() {
        title "a VM's lease is made and removed; the index of leases is rebuilt"
        lease_job() { lockspace_job host1 $D "$@" 1 lease t "$LEASE"; }
        assert_eq "done" "$(lease_job CreateLease 'sa{sv}' ${L}1)"
        save
        local one="$KEPT|leases: 1" both="$KEPT|leases: 1 2"
        take() { lease_job CreateLease 'sa{sv}' ${L}2; }
        check_take() { :; }
        walk create-lease take "$one" "$both"

        assert_eq "done" "$(take)"
        save
        give() { lease_job DeleteLease 'sa{sv}' ${L}2; }
        check_give() { :; }
        walk delete-lease give "$both" "$one"
        if enough; then return; fi

        on host1 sh -c "printf u | dd of=/dev/$D/xleases bs=1 seek=$((1048576 + 70)) conv=notrunc,fsync status=none"
        save
        rebuild() { lease_job RebuildLeases 'a{sv}'; }
        check_rebuild() { :; }
        walk rebuild-leases rebuild "$KEPT|leases: half written" "$both"
}

faults_definitions() {
        title "definitions of VMs are written into stores that are not there yet, and over what is there: one whole store is there from the first one on"
        walks=$((FAULT_PART % FAULT_STRIDE - 1 + FAULT_STRIDE)) # two, of which a sample takes the first or the second
        [ $((FAULT_PART / FAULT_STRIDE % 2)) = 0 ] || walks=$((walks + FAULT_STRIDE - 1))
        define() {
                local said
                if said=$(domain_call host1 $D WriteOvfStore 'a{sv}asa{sv}' 1 ${L}9 'a{sv}' 4 name s "$1" cpus u 1 memory t 67108864 \
                        disks 'aa{sv}' 1 2 image s ${I}1 volume s ${V}1 0 1 lease t "$LEASE" 2>&1); then
                        echo "done"
                elif [[ $said == *'was cut off'* ]]; then
                        echo "failed org.rhv.Error.Interrupted"
                else
                        echo "$said"
                fi
        }
        define_one() { define one; }
        check_define_one() { io ${V}1 raw 'read -P 1 0 1M'; }
        walk write-ovf define_one "$KEPT" "$KEPT|stores: one one" "$KEPT|stores: @(unwritten|unwritten unwritten|one unwritten)"
        if enough; then return; fi

        assert_eq "done" "$(define_one)"
        # shellcheck disable=SC2046 # words
        save $(reports lvs lv_name $D | grep -- '-.*-' | grep -v "^${V}1")
        define_two() { define two; }
        check_define_two() { io ${V}1 raw 'read -P 1 0 1M'; }
        walk write-ovf define_two "$KEPT|stores: one one" "$KEPT|stores: two two" "$KEPT|stores: @(one unwritten|two unwritten|one two)"
}

group_tags() { reports vgs vg_tags $D | tr ',' '\n'; }
# A domain of version 3, as it was before it became one of version 5: no volume for VMs' leases, and slots elsewhere with other words.
make_old() {
        local slot at
        slot=$(reports lvs lv_tags $D/${V}1 | tr ',' '\n' | sed -n 's/.*MD_//p')
        at=$((2048 + slot * 16))
        on host1 sh -c "dd if=/dev/$D/metadata bs=512 skip=$at count=1 iflag=direct status=none | tr -d '\\0' | sed 's/^CAP=.*/MTIME=0/; s/^SEQ=.*/SIZE=262144/' |
                dd bs=512 conv=sync status=none | dd of=/dev/$D/metadata bs=512 seek=$slot conv=notrunc oflag=direct status=none
                dd if=/dev/zero of=/dev/$D/metadata bs=512 seek=$at count=1 conv=notrunc oflag=direct status=none"
        lvm_on host1 "$devices" lvremove -qq -y $D/xleases 2>/dev/null
        lvm_on host1 "$devices" vgchange -qq --deltag MDT_VERSION=5 --addtag MDT_VERSION=3 --deltag MDT_BLOCK_SIZE=512 --deltag MDT_ALIGNMENT=1048576 \
                --addtag MDT_LOGBLKSIZE=512 --addtag MDT_PHYBLKSIZE=512 --deltag "$(group_tags | grep SHA_CKSUM)" $D 2>/dev/null
        lvm_on host1 "$devices" vgchange -qq --addtag "MDT__SHA_CKSUM=$(group_tags | sed -n 's/&44&/,/g; s/&38&/\&/g; s/^MDT_//p' | LC_ALL=C sort | tr -d '\n' | sha1sum | cut -d' ' -f1)" $D 2>/dev/null
}
# Any host sees that sooner or later; at once where its service begins anew.
version_again() {
        on host1 systemctl kill --signal=KILL rhv-storage.service
        wait_until 60 is_version "$1"
}
old_again() {
        on host1 lvchange --devices "$devices" --activate n $D/xleases
        version_again 3
}
new_again() { version_again 5; }
is_version() { [ "$(domain_get host1 $D FormatVersion) $(domain_get host1 $D State)" = "$1 active" ]; }

faults_upgrades() {
        title "a domain of version 3 becomes one of version 5"
        make_old
        save
        also_restore=old_again
        old_again
        local three="${KEPT/1 1/1 1 version 3}" four="${KEPT/1 1/1 1 version 4}"
        climb() { job_wait host1 "$(job_of "$(domain_call host1 $D Upgrade 'ua{sv}' 5 1 lease t "$LEASE")")"; }
        check_climb() { io ${V}1 raw 'read -P 1 0 1M'; }
        walks=$((FAULT_PART % FAULT_STRIDE - 1 + FAULT_STRIDE)) # the only one
        walk upgrade climb "$three" "$KEPT" "$four"
        if [ "$FAULT_PARTS" = 1 ]; then
                survive climb lvcreate "$three" "$KEPT" "$four"
                survive climb vgchange "$three" "$KEPT" "$four"
        fi
        also_restore=new_again
}

# What work that was cut off leaves of all kinds: one half-made, one half-removed, a parent and a child that do not know each other, a volume on its way out of its chain.
left_overs() {
        make_disk
        make_layer
        assert_eq "done" "$(new ${I}3 ${V}4 raw allocation s preallocated capacity t 134217728)"
        assert_eq "done" "$(new ${I}4 ${V}6 qcow2 capacity t 134217728)"
        assert_eq "done" "$(new ${I}4 ${V}7 qcow2 parent s ${V}6)"
        below slot ${V}2 VOLTYPE=LEAF
        below slot ${V}7 LEGALITY=ILLEGAL PUUID=00000000-0000-0000-0000-000000000000
        lvm_on host1 "$devices" lvcreate -qq -an -Zn -Wn -L 128m --addtag OVIRT_VOL_INITIALIZING -n ${V}8 $D >/dev/null 2>&1
        lvm_on host1 "$devices" lvchange -qq --deltag IU_${I}3 --addtag IU__remove_me_${I}3 $D/${V}4 >/dev/null 2>&1
}

faults_cleaning() {
        title "what was left is cleared away by who gets the lease, and who does so is killed too"
        left_overs
        save ${V}2 ${V}3 ${V}6 ${V}7
        local after="$LAYERED|4: 6<0 qcow2 128 128 LEGAL LEAF" step=0
        check_clear() { read_layer; }
        while step=$((step + 1)); do
                if [ "$FAULT_PARTS" = sample ]; then
                        step=$((1 + FAULT_PART % FAULT_STEPS))
                elif [ $((step % FAULT_PARTS)) != $((FAULT_PART % FAULT_PARTS)) ]; then
                        continue
                fi
                assert_eq "done" "$(lease_release host1 $D)"
                restore
                on host1 sh -c "echo 'clean $step' > $FAULT"
                assert_eq "done" "$(lease_acquire host1 $D)"
                wait_until 60 cleared_or_killed
                POINT=$(on host1 sed -n 's/^hit //p' $FAULT)
                on host1 sh -c ": > $FAULT"
                if [ -n "$POINT" ]; then
                        echo "clear, step $step of clean: $POINT"
                        echo "$POINT" >>"$RHV_LOGS/points"
                        walked=$((walked + 1))
                        restart
                fi
                expect "cleared, killed at step $step, $POINT" "$after"
                check_clear
                if [ -z "$POINT" ] || [ "$FAULT_PARTS" = sample ]; then break; fi
        done
        wait_until 60 acquired
        LEASE=$(lockspace_get host1 $D LeaseVersion)
}
cleared_or_killed() { on host1 grep -q ^hit $FAULT || at_rest; }

# The domain as it was at the beginning, which is also what is restored from now on.
restore_base() {
        on host1 sh -c 'rm -rf /var/tmp/saved && cp -a /var/tmp/base /var/tmp/saved'
        restore
        also_restore=
}

on host1 cp -a /var/tmp/saved /var/tmp/base
for group in $FAULT_GROUPS; do
        sampled=0
        : >"$RHV_LOGS/points"
        faults_$group
        restore_base
        expect "after $group" "$KEPT"
        [ "$FAULT_PARTS" != 1 ] || sort -u "$RHV_LOGS/points" >"$RHV_LOGS/points-$group"
done

if [ "$FAULT_PARTS" = 1 ] && (cd "$RHV_LOGS" && ls "${groups[@]/#/points-}") >/dev/null 2>&1; then
        title "every point there is was walked, but those of files"
        assert_eq "$(fault_names | grep -v ^file-)" "$(cat "$RHV_LOGS"/points-* | sort -u)"
fi
