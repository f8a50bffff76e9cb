# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2034,SC2016,SC2153,SC2154
#
# Names, places, messages.

# Labs of different names live side by side: state, sockets and the hub's port are of the name.
RHV_LAB=${RHV_LAB:-rhv}
[[ $RHV_LAB =~ ^[a-z][a-z0-9-]{0,15}$ ]] || { echo "machine: RHV_LAB must be [a-z][a-z0-9-]*, at most 16 long" >&2; exit 2; }
export RHV_LAB

STATE=${RHV_LAB_DIR:-/var/tmp/rhv-lab}/$RHV_LAB.machines
CACHE=${RHV_CACHE:-/var/cache/rhv-lab}
TESTS=$(readlink -f "$MACHINES/..")

# Timeline of a machine under software emulation beside another one: 600 s for the first boot (70 s alone), 180 s from a snapshot to the first command
# (5 s alone), 90 s for a command to be connected.
BOOT_SECONDS=600 RESTORE_SECONDS=180 CONNECT_SECONDS=90
# One CPU for each: on few real ones two would wait for each other's locks.
MEMORY=1536 CPU=Nehalem

die() { echo "machine: $*" >&2; exit 1; }

check_host() { [[ $1 =~ ^host[1-9]$ ]] || die "no such machine name: $1 (host1 to host9)"; }

# until SECONDS COMMAND...: try until it succeeds
until_true() {
        local end=$((SECONDS + $1))
        shift
        until "$@"; do
                [ $SECONDS -lt $end ] || return 1
                sleep 0.2
        done
}

# a number below 1000 of this lab's own, for what cannot be named
lab_number() { printf '%d' "0x$(printf '%s' "$RHV_LAB" | sha256sum | cut -c1-6)" | awk '{ print $1 % 1000 }'; }
