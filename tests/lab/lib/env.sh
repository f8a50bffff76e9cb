# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# What everything else stands on: names, places, messages.

# Several labs live side by side; the name separates their state, cgroups, namespaces and MAC addresses.
RHV_LAB=${RHV_LAB:-rhv}
[[ $RHV_LAB =~ ^[a-z][a-z0-9-]{0,15}$ ]] || { echo "lab: RHV_LAB must be [a-z][a-z0-9-]*, at most 16 long" >&2; exit 2; }
export RHV_LAB

export STATE=${RHV_LAB_DIR:-/var/tmp/rhv-lab}/$RHV_LAB
CACHE=${RHV_CACHE:-/var/cache/rhv-lab}
TESTS=$(readlink -f "$LAB/..")
export TESTS
export RHV_LAB_DIR=${RHV_LAB_DIR:-/var/tmp/rhv-lab} RHV_CACHE=$CACHE

# Timeline of a host that does not do as told: 20 s for its PID 1 to appear (0.2 s seen), 120 s to boot (1 s seen, 20 s
# on a loaded machine), 90 s for a clean power-off (0.4 s seen; systemd's own stop time-out of a unit is 90 s).
export START_SECONDS=20 BOOT_SECONDS=120 STOP_SECONDS=90

die() { echo "lab: $*" >&2; exit 1; }

check_host() { [[ $1 =~ ^host[1-9]$ ]] || die "no such host name: $1 (host1 to host9)"; }

# until SECONDS COMMAND...: try until it succeeds
until_true() {
        local end=$((SECONDS + $1))
        shift
        until "$@"; do
                [ $SECONDS -lt $end ] || return 1
                sleep 0.05
        done
}
