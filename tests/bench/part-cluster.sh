# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2154
#
# What Cluster decides and writes, without a bus: one decision of the scheduler, one commit of the store beside a bare SQLite transaction.
# shellcheck source=tests/bench/report.sh
. "$here/report.sh"

# on a disk, not in memory: fsync is what a commit costs
dir=$(mktemp -d -p /var/tmp)
trap 'rm -rf "$dir"' EXIT

line "schedule one VM among 200 hosts and 10,000 VMs, us" \
        "$("$build/tests/bench/bench-cluster" schedule 200 10000 2000)" "" "" "" "<= 1000"
read -r ours bare < <("$build/tests/bench/bench-cluster" commit "$dir" 500)
line "commit of one object with event, request and log, us" "$ours" "one row in bare SQLite" "$bare" "$(ratio "$ours" "$bare")" ""
