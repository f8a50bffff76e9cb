# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# The keeper: one process that holds a lab's PID, mount and network namespaces. When it dies, the kernel kills every
# process of the lab, undoes every mount and removes every interface: nothing can be left behind.

keeper() { cg_init keeper; }

# in_lab COMMAND...: in the keeper's namespaces (processes, mounts, network)
in_lab() {
        local k
        k=$(keeper) || die "lab $RHV_LAB is not up"
        nsenter -t "$k" -m -n -p -- "$@"
}

# in_net COMMAND...: only in its network
in_net() {
        local k
        k=$(keeper) || die "lab $RHV_LAB is not up"
        nsenter -t "$k" -n -- "$@"
}

keeper_ready() { [ -e "$STATE/ready" ]; }

keeper_up() {
        [ -e "$CG2/cgroup.procs" ] || die "no unified cgroup hierarchy at /sys/fs/cgroup or /sys/fs/cgroup/unified"
        mkdir -p "$STATE"
        local lock
        exec {lock}>"$STATE/lock"
        flock "$lock"
        if ! keeper >/dev/null; then
                rm -f "$STATE/ready"
                (
                        cg_enter keeper
                        exec setsid --fork unshare --mount --net --pid --fork --kill-child --mount-proc \
                                "$LAB/lib/keeper" "$RHV_LAB" "$STATE" "$CACHE/in-use"
                ) </dev/null >"$STATE/keeper.log" 2>&1 {lock}>&-
                until_true "$START_SECONDS" keeper_ready || { cat "$STATE/keeper.log" >&2; die "the keeper did not start"; }
        fi
        exec {lock}>&-
}
