# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2154
#
# In a lab host with real systemd: cold activation of each service beside an empty one, and a VM start beside `virsh create` of the same XML.
# shellcheck source=tests/bench/report.sh
. "$here/report.sh"

export RHV_LAB=${RHV_LAB:-bench}
lab=tests/lab/lab
trap '$lab down' EXIT
tests/lib/need lab
$lab down
$lab image
$lab layer "$build"
$lab up host1
$lab wait host1

$lab put host1 "$build/tests/bench/bench-null" /usr/local/bin/bench-null
$lab put host1 "$here/host-side" /usr/local/bin/bench-host
$lab put host1 "$($lab path guest)/guest.qcow2" /root/guest.qcow2
$lab x host1 /usr/local/bin/bench-host > "$build/bench-host.out"

value() { awk -v key="$1" '$1 == key { print $2 }' "$build/bench-host.out"; }
for service in Compute Storage Network Fence Cluster; do
        beyond=$(awk -v a="$(value "activate-$service")" -v b="$(value activate-null)" 'BEGIN { printf "%.0f", a - b }')
        line "cold activation of $service to its first answer, ms" "$(value "activate-$service")" "an empty bus service" \
                "$(value activate-null)" "+$beyond" "<= +50 ms"
done
line "VM start by Cluster, job done, ms" "$(value start-cluster)" "virsh create, same XML" "$(value start-virsh)" \
        "$(ratio "$(value start-cluster)" "$(value start-virsh)")" "<= 1.15"
