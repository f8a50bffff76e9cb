# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2154
#
# A lab host with a local domain: copying a disk, merging a layer and extending, from the call to the end of the job, beside bare qemu-img with the same
# options on the same file system. Caches are dropped before each round; both write with direct I/O.
# shellcheck source=tests/bench/report.sh
. "$here/report.sh"

# shellcheck source=tests/bench/lab.sh
. "$here/lab.sh"
# shellcheck source=tests/lab/lib/storage.sh
. "$SUITE_LAB/lib/storage.sh"

trap 'lab down' EXIT
tests/lib/need lab
lab down
lab image >/dev/null
lab layer "$build"
rounds=${BENCH_ROUNDS:-5}
mib=${BENCH_DISK_MIB:-512}
domain=11111111-2222-4333-8444-00000000000a
image=aaaaaaaa-0000-4000-8000-000000000001
copy=aaaaaaaa-0000-4000-8000-000000000002
base=bbbbbbbb-0000-4000-8000-000000000001
top=bbbbbbbb-0000-4000-8000-000000000002
now() { date +%s.%N; }
since() { awk -v a="$1" -v b="$(now)" 'BEGIN { printf "%.3f", b - a }'; }
drop() { sync; echo 3 > /proc/sys/vm/drop_caches 2>/dev/null || true; }
# timed METHOD SIGNATURE ARGUMENT...: how long the job takes, from before the call
timed() {
        local method=$1 signature=$2 start
        shift 2
        start=$(now)
        job_seconds "$start" host1 "$(job_of "$(domain_call host1 $domain "$method" "$signature" "$@")")"
}
well() { local outcome; outcome=$("$@"); [ "$outcome" = "done" ] || fail "$*: $outcome"; }

lab up host1
lab wait host1
on host1 mkdir -p /data
storage_call host1 CreateDomain 'sa{sv}a{sv}' $domain 3 type s local path s /data/dom name s dom 0 >/dev/null
dir=/data/dom/$domain/images
# fill FILE BYTE: all of the disk, in pieces qemu-io takes
fill() {
        local at piece writes=()
        for ((at = 0; at < mib; at += piece)); do
                piece=$((mib - at < 1024 ? mib - at : 1024))
                writes+=(-c "write -P $2 ${at}M ${piece}M")
        done
        on host1 qemu-io -t none -f qcow2 "${writes[@]}" "$1" >/dev/null
        on host1 chown 36:36 "$1"
}
well volume_create host1 $domain $image $base qcow2 $((mib << 20))
fill $dir/$image/$base 1

ours=() bare=()
for ((i = 0; i < rounds; i++)); do
        drop
        ours+=("$(timed CopyVolume 'ssa{sv}a{sv}' $image $base 3 image s $copy volume s $base format s raw 0)")
        well image_delete host1 $domain $copy
        drop
        start=$(now)
        on host1 sh -c "qemu-img create -q -f raw /data/bare ${mib}M && qemu-img convert -n --target-is-zero -t none -T none -f qcow2 -O raw $dir/$image/$base /data/bare"
        bare+=("$(since "$start")")
        on host1 rm /data/bare
done
line "copy of $mib MiB of qcow2 to raw, s (median of $rounds)" "$(median "${ours[@]}")" "qemu-img convert" "$(median "${bare[@]}")" \
        "$(ratio "$(median "${ours[@]}")" "$(median "${bare[@]}")")" "<= 1.1"

ours=() bare=()
for ((i = 0; i < rounds; i++)); do
        timed CreateVolume 'ssa{sv}a{sv}' $image $top 2 format s qcow2 parent s $base 0 >/dev/null
        fill $dir/$image/$top 2
        drop
        ours+=("$(timed MergeVolume 'ssa{sv}' $image $top 0)")
        on host1 qemu-img create -q -f qcow2 -b $dir/$image/$base -F qcow2 /data/top
        fill /data/top 3
        drop
        start=$(now)
        on host1 sh -c 'qemu-img commit -q -d -t none -f qcow2 /data/top && rm /data/top'
        bare+=("$(since "$start")")
done
line "cold merge of $mib MiB into its parent, s (median of $rounds)" "$(median "${ours[@]}")" "qemu-img commit, rm" "$(median "${bare[@]}")" \
        "$(ratio "$(median "${ours[@]}")" "$(median "${bare[@]}")")" "<= 1.1"

ours=()
for ((i = 1; i <= rounds; i++)); do
        ours+=("$(timed ExtendVolume 'ssta{sv}' $image $base $(((mib + i) << 20)) 0)")
done
line "a disk extended, from the call to the end of the job, s" "$(median "${ours[@]}")" "-" "-" "-" "<= 1"
