# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2034,SC2016,SC2153,SC2154
#
# Machines as tests see them: up from the snapshot, with the build under test, NICs and LUNs.
#
#     nic1, nic2    cables between host1 and host2, host3 and host4
#     nic3, nic4    one hub for all

hosts() { [ ! -d "$STATE" ] || find "$STATE" -mindepth 1 -maxdepth 1 -name 'host[1-9]' -printf '%f\n' | sort; }

# layer_make BUILD: what "meson install" makes of it, as a disk
layer_make() {
        umask 022
        local dir
        mkdir -p "$STATE"
        dir=$(mktemp -d "$STATE/layer.XXXXXX")
        chmod 755 "$dir"
        if [ -e "$1/build.ninja" ]; then
                DESTDIR=$dir meson install -C "$1" --no-rebuild --quiet >"$STATE/layer.log" 2>&1 || { tail -20 "$STATE/layer.log" >&2; die "meson install failed"; }
        else
                cp -a "$1/." "$dir"
        fi
        tar -C "$dir" --owner=0 --group=0 -cf "$STATE/layer.tar" .
        truncate -s %1M "$STATE/layer.tar"
        rm -rf "$dir"
}

# ---- parts ----

nic_backend() {
        local host=$1 i=$2 n peer
        n=$(number_of "$host")
        peer=$((n % 2 ? n + 1 : n - 1))
        case $i in
        1 | 2)
                rm -f "$STATE/cable.$n.$i"
                echo "dgram,id=net$i,local.type=unix,local.path=$STATE/cable.$n.$i,remote.type=unix,remote.path=$STATE/cable.$peer.$i"
                ;;
        *) echo "socket,id=net$i,mcast=230.0.$i.1:$((23000 + $(lab_number))),localaddr=127.0.0.1" ;;
        esac
}

# a link of full duplex: without that no LACP
nics_plug() {
        local host=$1 n i
        n=$(number_of "$host")
        for i in 1 2 3 4; do
                qemu_monitor "$host" device_add "virtio-net-pci,bus=rp$i,id=nic$i,netdev=net$i,mac=52:54:00:0$n:00:0$i,speed=10000,duplex=full,romfile="
        done
}

# The machine at the other end of a cable sees it pulled as well: with one end dark only, its LACP would go on sending there for 90 s.
link_set() {
        local host=$1 nic=$2 n other
        qemu_monitor "$host" set_link "nic$nic" "$3"
        n=$(number_of "$host")
        other=host$((n % 2 ? n + 1 : n - 1))
        if [ "$nic" -le 2 ] && qemu_alive "$other"; then qemu_monitor "$other" set_link "nic$nic" "$3"; fi
}

lun_number() { local i=1; while read -r name; do [ "$name" != "$1" ] || { echo $i; return; }; i=$((i + 1)); done < "$STATE/luns"; return 1; }

# lun_make NAME SIZE: a disk that machines may share
lun_make() {
        mkdir -p "$STATE"
        truncate -s "$2" "$STATE/$1.lun"
        echo "$1" >> "$STATE/luns"
}
# its name on every machine that has it
lun_device() { echo "/dev/disk/by-id/wwn-0x5000c500000000$(printf '%02x' "$(lun_number "$1")")"; }

# lun_plug HOST NAME [LOG]: LOG gets every write of that host, as QEMU's blklogwrites has it
lun_plug() {
        local host=$1 n node
        n=$(lun_number "$2")
        node='{"node-name": "lun'$n'", "driver": "raw", "file": {"driver": "file", "filename": "'$STATE/$2.lun'", "locking": "off", "cache": {"direct": true}}}'
        if [ -n "${3:-}" ]; then
                : > "$3"
                node='{"node-name": "lun'$n'", "driver": "blklogwrites", "file": '${node/lun$n/lun$n-data}', "log": {"driver": "file", "filename": "'$3'"}}'
        fi
        qemu_monitor "$host" --json blockdev-add "$node" >/dev/null
        qemu_monitor "$host" device_add "scsi-hd,werror=report,rerror=report,bus=scsi0.0,lun=$n,id=scsi-lun$n,drive=lun$n,share-rw=on,wwn=0x5000c500000000$(printf '%02x' "$n"),serial=$2,vendor=LAB,product=SHARED"
        until_true 60 machine_x "$host" test -b "$(lun_device "$2")" || die "$host does not see LUN $2"
}
# at once, whatever it is used for
lun_unplug() {
        local n
        n=$(lun_number "$2")
        qemu_monitor "$1" device_del "scsi-lun$n"
        until_true 20 qemu_monitor "$1" --json blockdev-del '{"node-name": "lun'"$n"'"}' >/dev/null
}

# Nothing of that disk moves any more, and nothing fails: a path that hangs; or it moves again.
lun_stall() { qemu_monitor "$1" --json block_set_io_throttle '{"id": "scsi-lun'"$(lun_number "$2")"'", "bps": 1, "bps_rd": 0, "bps_wr": 0, "iops": 0, "iops_rd": 0, "iops_wr": 0}' >/dev/null; }
lun_unstall() { qemu_monitor "$1" --json block_set_io_throttle '{"id": "scsi-lun'"$(lun_number "$2")"'", "bps": 0, "bps_rd": 0, "bps_wr": 0, "iops": 0, "iops_rd": 0, "iops_wr": 0}' >/dev/null; }

# ---- power ----

# the build under test: unpacked from a disk of its own, then as a package's installation would leave it
layer_put() {
        local host=$1
        [ -e "$STATE/layer.tar" ] || return 0
        qemu_monitor "$host" drive_add 0 "if=none,id=layer,file=$STATE/layer.tar,format=raw,readonly=on,file.locking=off" >/dev/null
        qemu_monitor "$host" device_add "scsi-hd,bus=scsi0.0,lun=200,id=scsi-layer,drive=layer,serial=layer"
        machine_x "$host" sh -c 'disk=/dev/disk/by-id/scsi-0QEMU_QEMU_HARDDISK_layer
                until [ -b $disk ]; do sleep 0.1; done
                tar -xf $disk --keep-directory-symlink -C / && systemd-sysusers && systemd-tmpfiles --create --prefix=/var/lib/rhv --prefix=/run/rhv
                systemctl daemon-reload && systemctl reload dbus.service && udevadm control --reload; systemctl try-restart polkit.service' </dev/null 2>"$STATE/$host/layer.log" ||
                { cat "$STATE/$host/layer.log" >&2; die "the build could not be put on $host"; }
        qemu_monitor "$host" device_del scsi-layer
}

machine_up() {
        local host=$1 dir=$STATE/$1 args=() i
        ! qemu_alive "$host" || return 0
        mkdir -p "$dir"
        cp --sparse=always "$IMAGE/golden.qcow2" "$dir/root.qcow2"
        for i in 1 2 3 4; do args+=(-netdev "$(nic_backend "$host" $i)"); done
        qemu_start "$host" "${args[@]}" -loadvm booted
        until_true "$RESTORE_SECONDS" machine_x "$host" true || { cat "$dir/qemu.log" >&2; die "$host does not come up"; }
        # the snapshot's clock, names and random state are those of the machine it was taken of
        head -c 256 /dev/urandom | machine_x "$host" python3 -c 'import fcntl, sys
with open("/dev/urandom", "wb") as f:
    f.write(sys.stdin.buffer.read())
    f.flush()
    fcntl.ioctl(f, 0x5207)  # RNDRESEEDCRNG'
        machine_x "$host" sh -c "date -s @$(date +%s.%N) >/dev/null; hostnamectl set-hostname $host; echo $(tr -d - < /proc/sys/kernel/random/uuid) > /etc/machine-id; echo InitiatorName=iqn.2026-01.lab:$host > /etc/iscsi/initiatorname.iscsi" </dev/null
        nics_plug "$host"
        layer_put "$host"
}

# after it ended or was reset: from its own disk, which is a boot
machine_boot() {
        local host=$1 args=() i
        ! qemu_alive "$host" || return 0
        for i in 1 2 3 4; do args+=(-netdev "$(nic_backend "$host" $i)"); done
        qemu_start "$host" "${args[@]}"
        until_true "$BOOT_SECONDS" machine_x "$host" true || die "$host does not boot"
        nics_plug "$host"
}

machine_rm() {
        qemu_kill "$1"
        rm -rf "${STATE:?}/$1"
}

machine_down() {
        local host
        for host in $(hosts) golden; do [ ! -d "$STATE/$host" ] || machine_rm "$host"; done
        rm -rf "$STATE"
}

machine_put() {
        local host=$1 options
        shift
        mapfile -t options < <(ssh_options "$host" | sed 's/^-p$/-P/')
        scp "${options[@]}" -r "${@:1:$#-1}" "root@127.0.0.1:${*: -1}"
}

# the machine's system bus as a socket out here
machine_bus() {
        local host=$1 options socket=$STATE/$1/bus.sock
        if ! [ -S "$socket" ]; then
                mapfile -t options < <(ssh_options "$host")
                ssh "${options[@]}" -O forward -L "$socket:/run/dbus/system_bus_socket" root@127.0.0.1
        fi
        echo "unix:path=$socket"
}

machine_save() {
        local host
        mkdir -p "$1"
        for host in $(hosts); do
                cp "$STATE/$host/console.log" "$1/$host.console" 2>/dev/null || true
                ! qemu_alive "$host" || machine_x "$host" journalctl --no-pager -o short-precise > "$1/$host.journal" 2>/dev/null || true
        done
}
