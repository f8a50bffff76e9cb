# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2154
#
# In a lab machine (bonds and VLANs need a kernel of their own, so all of it is emulated and some ten times as slow as in life: ratios count, and seconds say little): networks over bonds
# and VLANs beside nmcli, many of them in both layouts, what the service costs while nothing happens, and how long the management network is silent.
# shellcheck source=tests/bench/report.sh
. "$here/report.sh"

export RHV_LAB=${RHV_LAB:-bench} RHV_TOP=$PWD RHV_BUILD=$build
machine() { tests/machines/machine "$@"; }
networks=${BENCH_NETWORKS:-190}
classic=${BENCH_CLASSIC:-$networks}
read -ra parts <<< "${BENCH_NETWORK_PARTS:-ten gap aware classic nmcli}"
results=$build/bench-network.out

trap 'machine down' EXIT
machine down
machine image >/dev/null
machine layer "$build"
machine up host1
machine put host1 "$here/network-side" /usr/local/bin/network-side
# what is known by then is told even when the rest fails
machine x host1 /usr/local/bin/network-side "$networks" "$classic" "${parts[@]}" | tee "$results" >&2 || echo "part-network: not finished" >&2

# of a part that was named several times: the median
value() {
        local -a all
        mapfile -t all < <(awk -v key="$1" '$1 == key { print $2 }' "$results")
        median "${all[@]}"
}
line "ten networks over bond, VLAN and bridge, s" "$(value ten-ours)" "nmcli" "$(value ten-nmcli)" "$(ratio "$(value ten-ours)" "$(value ten-nmcli)")" "<= 1.0"
line "$classic networks, classic, s" "$(value classic-ours)" "nmcli" "$(value classic-nmcli)" "$(ratio "$(value classic-ours)" "$(value classic-nmcli)")" "<= 10 s in life"
line "$networks networks, vlan-aware, s" "$(value aware-ours)" "$classic classic ones" "$(value classic-ours)" "$(ratio "$(value aware-ours)" "$(value classic-ours)")" "<= 2 s in life"
line "$classic networks removed, classic, s" "$(value classic-remove)" - - - -
line "CPU of this service for them, s" "$(value classic-cpu-rhv-network)" "NetworkManager" "$(value classic-cpu-NetworkManager)" "$(ratio "$(value classic-cpu-rhv-network)" "$(value classic-cpu-NetworkManager)")" "-"
line "CPU of the service with $networks vlan-aware networks, idle, %" "$(value aware-idle)" "$classic classic ones" "$(value classic-idle)" - "-"
line "silence of the gateway: management network made, ms" "$(value gap-bring-up)" "nothing done" "$(value gap-idle)" - "-"
line "silence of the gateway: its MTU changed, ms" "$(value gap-change)" "nothing done" "$(value gap-idle)" - "-"
