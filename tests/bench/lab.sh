# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2154
#
# For parts that need hosts of the container lab: what tests/lab/lib/assert is for tests.
export RHV_LAB=${RHV_LAB:-bench} RHV_TOP=$PWD SUITE_LAB=$PWD/tests/lab RHV_BUILD=$build
lab() { "$SUITE_LAB/lab" "$@"; }
on() { lab x "$@"; }
bus() { local host=$1; shift; busctl --address="$(lab bus "$host")" "$@"; }
fail() { echo "bench: $*" >&2; exit 1; }
wait_until() {
        local end=$((SECONDS + $1))
        shift
        until "$@" >/dev/null 2>&1; do
                [ $SECONDS -lt $end ] || fail "waited in vain for: $*"
                sleep 0.02
        done
}

# job_seconds START HOST JOB: from START to the end of the job as the service has noted it, which does not depend on how often it is asked. Needs lib/storage.sh.
job_seconds() {
        local outcome
        outcome=$(job_wait "$2" "$3")
        [ "$outcome" = "done" ] || fail "$3: $outcome"
        awk -v a="$1" -v b="$(job_get "$2" "$3" EndedAt)" 'BEGIN { printf "%.3f", b / 1000000 - a }'
}
