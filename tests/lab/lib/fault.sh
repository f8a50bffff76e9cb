# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# Faults: cables, frozen hosts, a watchdog that bites.

# cable HOST [NIC] STATE: remembered, because a power cycle does not mend a cable
fault_cable() {
        local host=$1 nic=$2
        [[ $nic =~ ^[012]$ ]] || die "no such NIC: $nic (0 to 2)"
        echo "$3" > "$STATE/hosts/$host/cable$nic"
        ! alive "$host" || in_net "$LAB/lib/cable" "$host" "$nic" "$3"
}

# A frozen host runs nothing, but its kernel still answers ping and TCP connects.
fault_freeze() { cg_freeze "$1" 1; }
fault_thaw() { cg_freeze "$1" 0; }

# The watchdog of a host is a file (image/shim.c). This loop is its hardware: it cuts the power of a host whose
# watchdog is armed and was not kept alive for RHV_LAB_WATCHDOG seconds.
fault_watchdog() {
        local host file
        while sleep 0.5; do
                for host in $(hosts); do
                        file=/proc/$(leader "$host")/root/dev/watchdog0 2>/dev/null || continue
                        [ "$(head -c1 "$file" 2>/dev/null)" = A ] || continue
                        [ $(($(date +%s) - $(stat -c %Y "$file"))) -ge "${RHV_LAB_WATCHDOG:-60}" ] || continue
                        echo "$(date -u +%FT%TZ) the watchdog of $host fires"
                        host_kill "$host"
                done
        done
}
