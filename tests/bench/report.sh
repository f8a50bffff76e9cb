# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# One line a measurement: what, ours, the peer's, the ratio, the bar it is held against.

# ratio OURS PEER
ratio() { awk -v a="$1" -v b="$2" 'BEGIN { if (b > 0) printf "%.2f", a / b; else print "-" }'; }

# line WHAT OURS PEER-NAME PEER RATIO BAR
line() { printf '%-58s %14s   %-26s %14s   ratio %-6s bar %s\n' "$1" "$2" "$3" "$4" "$5" "$6"; }

# median NUMBER...
median() { printf '%s\n' "$@" | sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }
