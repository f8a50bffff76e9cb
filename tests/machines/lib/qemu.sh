# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2153,SC2154
#
# One machine's QEMU: software emulation, one disk, a way in over a port of the loopback, a watchdog. NICs and LUNs are plugged in later: a snapshot is
# restored only into a machine of the same devices.

number_of() { case $1 in golden) echo 9 ;; *) echo "${1#host}" ;; esac; }

qemu_pid() { cat "$STATE/$1/pid" 2>/dev/null; }
qemu_alive() {
        local pid
        pid=$(qemu_pid "$1") && kill -0 "$pid" 2>/dev/null && [ "$(tr '\0' '\n' < "/proc/$pid/cmdline" | sed -n '/^-name$/{n;p}')" = "$RHV_LAB-$1" ]
}

free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }

# qemu_start HOST [ARGUMENT...]
qemu_start() {
        local host=$1 dir=$STATE/$1 port
        shift
        port=$(free_port)
        echo "$port" > "$dir/port"
        rm -f "$dir"/*.sock "$dir/ssh"
        local ports=() i
        for i in 1 2 3 4; do ports+=(-device "pcie-root-port,id=rp$i,chassis=$i,slot=$i"); done
        setsid --fork qemu-system-x86_64 -name "$RHV_LAB-$host" -machine q35 -accel tcg,thread=multi,tb-size=256 -cpu "$CPU" -smp 1 -m "$MEMORY" \
                -display none -nodefaults -no-reboot -pidfile "$dir/pid" -serial "file:$dir/console.log" \
                -qmp "unix:$dir/monitor.sock,server=on,wait=off" \
                -kernel "$IMAGE/vmlinuz" -initrd "$IMAGE/initrd" \
                -append "console=ttyS0 quiet mitigations=off apparmor=0 audit=0 nowatchdog no_timer_check net.ifnames=0 systemd.show_status=0" \
                -drive "file=$dir/root.qcow2,if=virtio,format=qcow2,cache=unsafe" \
                -netdev "user,id=ctl,hostfwd=tcp:127.0.0.1:$port-:22" -device virtio-net-pci,netdev=ctl,mac=52:54:00:00:00:00,romfile= \
                -device virtio-rng-pci "${ports[@]}" -device virtio-scsi-pci,id=scsi0 -device i6300esb -action watchdog=reset \
                "$@" </dev/null >"$dir/qemu.log" 2>&1
        until_true 20 [ -S "$dir/monitor.sock" ] || { cat "$dir/qemu.log" >&2; die "QEMU of $host did not start"; }
}

# qemu_monitor HOST COMMAND...: fails where QEMU complains
qemu_monitor() {
        local host=$1
        shift
        "$MACHINES/lib/monitor" "$STATE/$host/monitor.sock" "$@"
}

qemu_gone() { ! qemu_alive "$1"; }
qemu_kill() {
        local pid
        pid=$(qemu_pid "$1") || return 0
        ! qemu_alive "$1" || kill -9 "$pid"
        until_true 20 qemu_gone "$1" || die "QEMU of $1 does not die"
}

# ---- into it ----

ssh_options() {
        local dir=$STATE/$1
        printf '%s\n' -q -F none -i "$IMAGE/key" -p "$(cat "$dir/port")" -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null \
                -o ControlMaster=auto -o "ControlPath=$dir/ssh" -o ControlPersist=600 -o "ConnectTimeout=$CONNECT_SECONDS" -o ServerAliveInterval=60
}

# machine_x HOST COMMAND...: as root; words are words there, too
machine_x() {
        local host=$1 options
        shift
        mapfile -t options < <(ssh_options "$host")
        # shellcheck disable=SC2029
        ssh "${options[@]}" root@127.0.0.1 "$(printf '%q ' "$@")"
}
