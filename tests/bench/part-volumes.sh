# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2154
#
# Listing many volumes, from the call to the answer: 350 on a block domain beside one bare lvs, 2,000 in files beside one pass over the directories that reads the same
# metadata; and making and removing one, from the call to the end of the job, beside the bare commands that lead to the same. A lab host; LVM's commands stand behind
# lib/lvm-shim for both.
# shellcheck source=tests/bench/report.sh
. "$here/report.sh"

# shellcheck source=tests/bench/lab.sh
. "$here/lab.sh"
# shellcheck source=tests/lab/lib/storage.sh
. "$SUITE_LAB/lib/storage.sh"
# shellcheck source=tests/lab/lib/leases.sh
. "$SUITE_LAB/lib/leases.sh"
# shellcheck source=tests/lab/lib/block.sh
. "$SUITE_LAB/lib/block.sh"
# shellcheck source=tests/lab/lib/block-many.sh
. "$SUITE_LAB/lib/block-many.sh"
# shellcheck source=tests/lab/lib/lvm-loop.sh
. "$SUITE_LAB/lib/lvm-loop.sh"

trap 'lab down' EXIT
tests/lib/need lab
lab down
lab image >/dev/null
lab layer "$build"
rounds=${BENCH_ROUNDS:-9}
block=11111111-2222-4333-8444-00000000000d
files=11111111-2222-4333-8444-00000000000e
now() { date +%s.%N; }
since() { awk -v a="$1" -v b="$(now)" 'BEGIN { printf "%.3f", b - a }'; }
list() { bus host1 call org.rhv.Storage "$(storage_path "$1")" org.rhv.Storage.Domain ListImages 'a{sv}' 0 >/dev/null; }

lab up host1
lab wait host1
lvm_ready host1
sanlock_start host1
lun=$(lun_make many 60G)
block_share host1 $block "$lun" >/dev/null
measure_block() { # WHAT BAR
        local ours=() bare=() start i
        for ((i = 0; i < rounds; i++)); do
                start=$(now)
                list $block
                ours+=("$(since "$start")")
                start=$(now)
                on host1 lvs --devices "$lun" --reportformat json -o lv_name,lv_size,lv_active,lv_tags $block >/dev/null 2>&1
                bare+=("$(since "$start")")
        done
        line "$1 on devices listed, s (median of $rounds)" "$(median "${ours[@]}")" "lvs" "$(median "${bare[@]}")" \
                "$(ratio "$(median "${ours[@]}")" "$(median "${bare[@]}")")" "$2"
}
measure_block "no volumes" -
block_fill host1 $block "$lun" 350
[ "$(images_count host1 $block)" = 350 ] || fail "the block domain has not 350 images"

measure_block "350 volumes" "<= 1.5"

# ---- one volume is made and removed ----

image=cccccccc-0000-4000-8000-000000000001
volume=cccccccc-0000-4000-8000-000000000002
size=$((8 << 30))
# timed DOMAIN METHOD SIGNATURE ARGUMENT...: how long the job takes, from before the call
timed() {
        local domain=$1 method=$2 signature=$3 start
        shift 3
        start=$(now)
        job_seconds "$start" host1 "$(job_of "$(domain_call host1 "$domain" "$method" "$signature" "$@")")"
}
# measure_one KIND DOMAIN [KEY SIGNATURE VALUE]: of the domain's lease. bare_make and bare_remove are the peers.
measure_one() {
        local kind=$1 domain=$2 made=() bare_made=() removed=() bare_removed=() start i
        shift 2
        for ((i = 0; i < rounds; i++)); do
                made+=("$(timed "$domain" CreateVolume 'ssa{sv}a{sv}' $image $volume 2 format s qcow2 capacity t $size $(($# / 3)) "$@")")
                removed+=("$(timed "$domain" DeleteImage 'sa{sv}' $image $(($# / 3)) "$@")")
                start=$(now)
                bare_make
                bare_made+=("$(since "$start")")
                start=$(now)
                bare_remove
                bare_removed+=("$(since "$start")")
        done
        line "a qcow2 volume made $kind, s (median of $rounds)" "$(median "${made[@]}")" "bare commands" "$(median "${bare_made[@]}")" \
                "$(ratio "$(median "${made[@]}")" "$(median "${bare_made[@]}")")" "<= 1.3"
        line "and removed, s" "$(median "${removed[@]}")" "bare commands" "$(median "${bare_removed[@]}")" \
                "$(ratio "$(median "${removed[@]}")" "$(median "${bare_removed[@]}")")" "<= 1.3"
}

if [ "$(lockspace_join host1 $block 1)" != "done" ] || [ "$(lease_acquire host1 $block)" != "done" ]; then fail "no lease"; fi
lvm="l() { local c=\$1; shift; \$c --devices $lun \"\$@\" >/dev/null 2>&1 || echo \$c failed >&2; }"
# A slot is chosen; the LV made, active; its header, its metadata, its tags; not active. Tags that say it goes; gone.
bare_make() {
        on host1 bash -c "$lvm
                l lvs --reportformat json -o lv_name,lv_tags $block
                l lvcreate --autobackup n --contiguous n --activate y --zero n --wipesignatures n --size 2560m --addtag OVIRT_VOL_INITIALIZING --name $volume $block
                qemu-img create -q -f qcow2 -o compat=1.1 /dev/$block/$volume $size
                dd if=/dev/zero of=/dev/$block/metadata bs=512 count=1 seek=30000 oflag=direct conv=notrunc status=none
                l lvchange --autobackup n --deltag OVIRT_VOL_INITIALIZING --addtag MD_1900 --addtag IU_$image --addtag PU_00000000-0000-0000-0000-000000000000 $block/$volume
                l lvchange --autobackup n --activate n $block/$volume"
}
bare_remove() {
        on host1 bash -c "$lvm
                l lvs --reportformat json -o lv_name,lv_tags $block
                l lvchange --autobackup n --deltag IU_$image --addtag IU__remove_me_$image $block/$volume
                l lvremove --autobackup n --force $block/$volume"
}
measure_one "on devices" $block lease t 1

on host1 mkdir -p /data
storage_call host1 CreateDomain 'sa{sv}a{sv}' $files 3 type s local path s /data/files name s files 0 >/dev/null
bare_make() {
        on host1 sh -c "cd /data/files/$files/images && mkdir $image && qemu-img create -q -f qcow2 -o compat=1.1 $image/$volume $size && chown 36:36 $image $image/$volume &&
                printf 'CAP=$size\\nEOF\\n' > $image/$volume.meta && chown 36:36 $image/$volume.meta && sync $image/$volume.meta $image"
}
bare_remove() { on host1 sh -c "cd /data/files/$files/images && mv $image _remove_me_$image && sync . && rm -r _remove_me_$image"; }
measure_one "in files" $files

on host1 python3 - /data/files/$files/images $files <<-'END'
	import os, sys
	images, domain = sys.argv[1:]
	for i in range(1, 2001):
	    image, volume = f'aaaaaaaa-0000-4000-8000-{i:012d}', f'bbbbbbbb-0000-4000-8000-{i:012d}'
	    os.mkdir(f'{images}/{image}')
	    text = '\n'.join(['CAP=1048576', 'CTIME=1663000000', 'DESCRIPTION=', 'DISKTYPE=DATA', f'DOMAIN={domain}', 'FORMAT=RAW', 'GEN=0', f'IMAGE={image}', 'LEGALITY=LEGAL',
	                      'PUUID=00000000-0000-0000-0000-000000000000', 'SEQ=1', 'TYPE=SPARSE', 'VOLTYPE=LEAF', 'EOF', ''])
	    with open(f'{images}/{image}/{volume}.meta', 'w') as f:
	        f.write(text)
	    with open(f'{images}/{image}/{volume}', 'w') as f:
	        f.truncate(1048576)
	    for name in (image, f'{image}/{volume}', f'{image}/{volume}.meta'):
	        os.chown(f'{images}/{name}', 36, 36)
END
[ "$(images_count host1 $files)" = 2000 ] || fail "the domain of files has not 2,000 images"

ours=() bare=()
for ((i = 0; i < rounds; i++)); do
        start=$(now)
        list $files
        ours+=("$(since "$start")")
        start=$(now)
        on host1 sh -c "find /data/files/$files/images -type f -printf '%s %b %p\n' >/dev/null; find /data/files/$files/images -name '*.meta' -exec cat {} + >/dev/null"
        bare+=("$(since "$start")")
done
line "2,000 volumes in files listed, s (median of $rounds)" "$(median "${ours[@]}")" "find, cat" "$(median "${bare[@]}")" \
        "$(ratio "$(median "${ours[@]}")" "$(median "${bare[@]}")")" "<= 1.5"
