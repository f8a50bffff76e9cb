# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# One host: power, state, a way in. Its tree is an overlay of image, layer and its own upper directory, which keeps
# what it wrote over power cycles.

hosts() { [ ! -d "$STATE/hosts" ] || ls "$STATE/hosts"; }

# PID 1 of a host, as seen from here
leader() { cg_init "$1/payload/init.scope" || cg_init "$1/payload"; }

alive() { leader "$1" >/dev/null; }

# what differs from host to host
host_seed() {
        local host=$1 etc=$2/etc nm=$2/etc/NetworkManager/system-connections
        mkdir -p "$nm"
        tr -d - < /proc/sys/kernel/random/uuid > "$etc/machine-id"
        echo "$host" > "$etc/hostname"
        printf '[connection]\nid=eth0\ntype=ethernet\ninterface-name=eth0\n[ipv4]\nmethod=manual\naddress1=10.77.0.1%s/24\n[ipv6]\nmethod=disabled\n' \
                "${host#host}" > "$nm/eth0.nmconnection"
        chmod 600 "$nm/eth0.nmconnection"
}

# The host's tree, with the newest layer. What a package's installation would have done at once is done here: presets,
# and Debian's trigger for the message catalog; users and directories are made at boot, because /usr is newer than /etc.
host_mount() {
        local dir=$STATE/hosts/$1 lower layer="" units=()
        lower=$(image_path host)
        if [ -e "$STATE/layer" ]; then
                layer=$(readlink -f "$STATE/layer")
                lower=$layer:$lower
        fi
        if in_lab mountpoint -q "$dir/root"; then
                [ "$(cat "$dir/lower")" != "$lower" ] || return 0
                host_loops "$1"
                in_lab umount "$dir/root"
        fi
        in_lab mount -t overlay "lab-$1" -o "lowerdir=$lower,upperdir=$dir/upper,workdir=$dir/work" "$dir/root"
        [ "$(cat "$dir/lower" 2>/dev/null)" != "$lower" ] || return 0
        [ -z "$layer" ] || mapfile -t units < <(layer_units "$layer")
        [ ${#units[@]} = 0 ] || in_lab systemctl --quiet --root="$dir/root" preset "${units[@]}"
        [ ! -d "$layer/usr/lib/systemd/catalog" ] || in_lab journalctl --quiet --root="$dir/root" --update-catalog
        echo "$lower" > "$dir/lower"
}

host_started() { alive "$1" || cg_empty "$1"; }

host_up() {
        local host=$1 dir=$STATE/hosts/$1 lock
        alive "$host" && return 0
        mkdir -p "$dir/upper" "$dir/work" "$dir/root" "$STATE/shared"
        exec {lock}>"$dir/lock"
        flock "$lock"
        if ! alive "$host"; then
                cg_kill "$host"
                [ -e "$dir/upper/etc/machine-id" ] || host_seed "$host" "$dir/upper"
                host_mount "$host"
                (
                        cg_enter "$host"
                        in_lab setsid --fork "$LAB/lib/host-power" "$RHV_LAB" "$host" "$dir" "$STATE/shared"
                ) </dev/null >>"$dir/console.log" 2>&1 {lock}>&-
                { until_true "$START_SECONDS" host_started "$host" && alive "$host"; } ||
                        { tail -20 "$dir/console.log" >&2; die "$host did not start"; }
        fi
        exec {lock}>&-
}

# x HOST COMMAND...: a process inside, as root, without a login session. It joins the host's cgroup first: freeze and
# power cut reach it too.
host_x() {
        local host=$1 pid
        shift
        pid=$(leader "$host") || die "$host is not up"
        (
                cg_enter "$host/x"
                exec nsenter -t "$pid" -m -u -i -n -p -C -- env -i HOME=/root USER=root LANG=C.UTF-8 TERM="${TERM:-dumb}" \
                        PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$@"
        )
}

bus_address() { echo "unix:path=/proc/$(leader "$1")/root/run/dbus/system_bus_socket"; }

host_booted() {
        alive "$1" || die "$1 is off: see \"lab console $1\""
        case $(host_x "$1" systemctl is-system-running --wait 2>/dev/null) in
        running) return 0 ;;
        degraded)
                # usable, so not an error here; a test that minds asks itself
                echo "lab: $1 has failed units:" >&2
                host_x "$1" systemctl list-units --failed --plain --no-legend >&2
                ;;
        *) return 1 ;;
        esac
}

host_wait() { until_true "$BOOT_SECONDS" host_booted "$1" || die "$1 did not come up: see \"lab logs $1\""; }

# power cut. The cables go first: a killed process group would still say goodbye to its peers.
host_kill() {
        local n
        for n in 0 1 2; do in_net "$LAB/lib/cable" "$1" $n cut 2>/dev/null || true; done
        cg_kill "$1"
}

# clean power-off, as by the power button
host_stop() {
        local pid
        pid=$(leader "$1") || return 0
        kill -RTMIN+4 "$pid"
        until_true "$STOP_SECONDS" cg_empty "$1" || die "$1 does not power off"
}

host_rebooted() { local now; now=$(leader "$1") && [ "$now" != "$2" ]; }

host_reboot() {
        local pid
        pid=$(leader "$1") || die "$1 is not up"
        kill -RTMIN+5 "$pid"
        until_true "$STOP_SECONDS" host_rebooted "$1" "$pid" || die "$1 does not reboot"
}

# loop devices are not namespaced either: those on files of the host's tree would keep it busy for ever
host_loops() {
        local dir=$STATE/hosts/$1 dev loop backing
        dev=$(in_lab stat -c '%Hd:%Ld' "$dir/root" 2>/dev/null) || return 0
        while read -r loop backing; do
                [ "$backing" != "$dev" ] || losetup -d "$loop"
        done < <(losetup --list --noheadings --output NAME,BACK-MAJ:MIN 2>/dev/null)
}

host_rm() {
        local dir=$STATE/hosts/$1
        if keeper >/dev/null; then
                host_kill "$1"
                host_loops "$1"
                in_lab umount "$dir/root" 2>/dev/null || true
        fi
        cg_remove "$1"
        rm -rf "$dir"
}
