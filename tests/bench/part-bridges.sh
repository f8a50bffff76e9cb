# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2154
#
# In a lab host, so in the machine's own time: many networks, each a bridge over a NIC of its own, beside nmcli. A container has no VLANs; what part-network.sh measures of them is emulated.
# shellcheck source=tests/bench/report.sh
. "$here/report.sh"
# shellcheck source=tests/bench/lab.sh
. "$here/lab.sh"

classic=${BENCH_CLASSIC:-190}
results=$build/bench-bridges.out

trap 'lab down' EXIT
lab down
lab image host >/dev/null
lab layer "$build"
lab up host1
lab wait host1
# its own bring-up is over
wait_until 60 sh -c "'$SUITE_LAB/lab' x host1 rhvctl host list --no-legend | grep -q 'host1 *up '"
lab put host1 "$here/network-side" /usr/local/bin/network-side
read -ra parts <<< "${BENCH_BRIDGES_PARTS:-bounded bridges}"
on host1 /usr/local/bin/network-side "$classic" "$classic" "${parts[@]}" | tee "$results" >&2 || echo "part-bridges: not finished" >&2

# of a part that was named several times: the median
value() {
        local -a all
        mapfile -t all < <(awk -v key="$1" '$1 == key { print $2 }' "$results")
        median "${all[@]}"
}
line "$classic networks within 5 s: not made, back as before after, s" "$(value bounded-undone)" "left over" "$(value bounded-left)" "-" "<= 25 s"
line "$classic networks, each over a NIC of its own, s" "$(value bridges-ours)" "nmcli" "$(value bridges-nmcli)" "$(ratio "$(value bridges-ours)" "$(value bridges-nmcli)")" "<= 10 s"
line "the same removed, s" "$(value bridges-remove)" "-" "-" "-" "-"
line "CPU of the service with $classic of them, idle, %" "$(value bridges-idle)" "-" "-" "-" "-"
line "$classic networks, nothing else, s" "$(value made-ours)" "CPU s of the service" "$(value made-cpu)" "-" "<= 10 s"
