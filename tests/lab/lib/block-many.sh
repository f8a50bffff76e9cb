# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# A block domain with hundreds of volumes, without hundreds of commands of LVM: its group's metadata are written once. Needs lib/assert (or what bench/lab.sh gives) and lib/block.sh.

# block_fill HOST DOMAIN DEVICE COUNT: images aaaaaaaa-0000-4000-8000-00000000NNNN with a raw volume of one extent each, behind what is there
block_fill() {
        on "$1" python3 - "$2" "$3" "$4" <<-'END'
		import os, re, subprocess, sys
		domain, device, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
		lvm = ['--driverloaded', 'n', '--devices', device]
		subprocess.run(['/usr/sbin/vgcfgbackup', *lvm, '-f', '/tmp/group', domain], check=True, capture_output=True)
		text = open('/tmp/group', encoding='utf-8').read()
		first = max(int(start) + int(extents) for extents, start in re.findall(r'extent_count = (\d+).*?"pv0", (\d+)', text, re.S))
		letters = '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ'
		volumes = ''
		with open(f'/dev/{domain}/metadata', 'r+b', buffering=0) as slots:
		    for i in range(1, count + 1):
		        image, volume, blank = f'aaaaaaaa-0000-4000-8000-{i:012d}', f'bbbbbbbb-0000-4000-8000-{i:012d}', '00000000-0000-0000-0000-000000000000'
		        uuid = f'rhvtst-0000-0000-0000-0000-0000-0{letters[i // 3844]}{letters[i // 62 % 62]}{letters[i % 62]}00'
		        volumes += f'''
		{volume} {{
		id = "{uuid}"
		status = ["READ", "WRITE", "VISIBLE"]
		flags = []
		tags = ["IU_{image}", "MD_{i}", "PU_{blank}"]
		creation_time = 1663000000
		creation_host = "lab"
		segment_count = 1
		segment1 {{
		start_extent = 0
		extent_count = 1
		type = "striped"
		stripe_count = 1
		stripes = ["pv0", {first + i - 1}]
		}}
		}}
		'''
		        slot = '\n'.join(['CAP=134217728', 'CTIME=1663000000', 'DESCRIPTION=', 'DISKTYPE=DATA', f'DOMAIN={domain}', 'FORMAT=RAW', 'GEN=0', f'IMAGE={image}',
		                          'LEGALITY=LEGAL', f'PUUID={blank}', 'SEQ=1', 'TYPE=PREALLOCATED', 'VOLTYPE=LEAF', 'EOF', ''])
		        os.pwrite(slots.fileno(), slot.encode().ljust(512, b'\0'), (1 << 20) + i * 8192)
		    os.fsync(slots.fileno())
		head, mark, tail = text.partition('logical_volumes {')
		with open('/tmp/group', 'w', encoding='utf-8') as f:
		    f.write(head + mark + volumes + tail)
		out = subprocess.run(['/usr/sbin/vgcfgrestore', *lvm, '--force', '-f', '/tmp/group', domain], capture_output=True, text=True)
		sys.exit(out.stdout + out.stderr if out.returncode else 0)
	END
}

# images_count HOST DOMAIN: of those whose metadata are whole
images_count() {
        bus "$1" --json=short call org.rhv.Storage "$(storage_path "$2")" org.rhv.Storage.Domain ListImages 'a{sv}' 0 |
                jq '[.data[0][] | select(.legality.data == "legal")] | length'
}
