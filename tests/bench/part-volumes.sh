# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2154
#
# Listing many volumes, from the call to the answer: 350 on a block domain beside one bare lvs, 2,000 in files beside one pass over the directories that reads the same
# metadata. A lab host; LVM's commands stand behind lib/lvm-shim for both.
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

[ -n "${BENCH_KEEP:-}" ] || trap 'lab down' EXIT
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

on host1 mkdir -p /data
storage_call host1 CreateDomain 'sa{sv}a{sv}' $files 3 type s local path s /data/files name s files 0 >/dev/null
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
