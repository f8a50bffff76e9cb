# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# Cgroups: what belongs to a host, so that power cut and freeze reach every process of it, and nothing is left over.
#
#     rhv-lab/NAME/keeper             the namespaces' keeper, DHCP, BMCs
#     rhv-lab/NAME/hostN              the host's nspawn loop
#     rhv-lab/NAME/hostN/payload      what runs inside (nspawn makes it)
#     rhv-lab/NAME/hostN/x            what "lab x" put inside

# The unified hierarchy is /sys/fs/cgroup itself or, on a hybrid machine, /sys/fs/cgroup/unified. There the version 1
# hierarchies count too: nspawn takes the caller's place in them, and two hosts in one place would fight.
if [ -e /sys/fs/cgroup/cgroup.procs ]; then
        CG2=/sys/fs/cgroup
        CGROUPS=("$CG2")
else
        CG2=/sys/fs/cgroup/unified
        CGROUPS=()
        for c in unified systemd freezer memory pids cpu cpuacct; do
                [ ! -e /sys/fs/cgroup/$c/cgroup.procs ] || CGROUPS+=("/sys/fs/cgroup/$c")
        done
fi
CGLAB=rhv-lab/$RHV_LAB

# run as a member: cg_enter GROUP, in a subshell
cg_enter() {
        local c
        for c in "${CGROUPS[@]}"; do
                mkdir -p "$c/$CGLAB/$1"
                echo 0 > "$c/$CGLAB/$1/cgroup.procs"
        done
}

cg_empty() {
        [ ! -e "$CG2/$CGLAB/$1/cgroup.events" ] || grep -qx 'populated 0' "$CG2/$CGLAB/$1/cgroup.events"
}

# kill every member, also frozen ones; the freezer state would survive the members
cg_kill() {
        [ -e "$CG2/$CGLAB/$1/cgroup.kill" ] || return 0
        echo 1 > "$CG2/$CGLAB/$1/cgroup.kill"
        # what a test made unkillable (leases.sh)
        [ ! -e "/sys/fs/cgroup/freezer/$CGLAB/$1/stuck" ] || echo THAWED > "/sys/fs/cgroup/freezer/$CGLAB/$1/stuck/freezer.state"
        until_true "$START_SECONDS" cg_empty "$1" || die "processes of $1 do not die"
        cg_freeze "$1" 0
}

cg_freeze() { echo "$2" > "$CG2/$CGLAB/$1/cgroup.freeze"; }

cg_remove() {
        local c
        for c in "${CGROUPS[@]}"; do
                [ ! -d "$c/$CGLAB/$1" ] || find "$c/$CGLAB/$1" -depth -type d -exec rmdir {} + 2>/dev/null || true
        done
}

# the process of a cgroup that is PID 1 of its own PID namespace
cg_init() {
        local p
        while read -r p; do
                grep -qs '^NSpid:.*[[:space:]]1$' "/proc/$p/status" && { echo "$p"; return 0; }
        done 2>/dev/null < "$CG2/$CGLAB/$1/cgroup.procs"
        return 1
}
