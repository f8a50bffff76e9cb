# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2154
#
# Tiers that are directories of programs: static checks, lab tests. Exit status 0 is passed, 77 skipped (the last line
# says why), anything else failed. A line "# timeout: SECONDS" in the program changes its time limit,
# which is for a machine that does nothing else: a busy one gets RHV_PATIENCE times as long.
readonly SCRIPT_SECONDS=600

declare -A script_running=() # pid: what it is

# script_begin TIER FILE: starts it
script_begin() {
        local tier=$1 file=$2 name limit log
        name=$(basename "$file" .test)
        limit=$(sed -n 's/^# timeout: *\([0-9]\+\).*/\1/p' "$file" | head -n1)
        limit=$((${limit:-$SCRIPT_SECONDS} * ${RHV_PATIENCE:-2}))
        log=$RHV_LOGS/$tier-$name.log
        RHV_BUILD=$BUILDS/gcc RHV_LOGS=$RHV_LOGS/$tier-$name \
                timeout --kill-after=30 "$limit" "$file" </dev/null >"$log" 2>&1 {run_lock}>&- &
        script_running[$!]="$tier/$name $limit $EPOCHREALTIME $log"
}

# script_end [--no-skip]: waits for one of those that run, and tells how it ended. script_ended: its pid
script_end() {
        local status=0 test limit start log
        wait -n -p script_ended "${!script_running[@]}" || status=$?
        read -r test limit start log <<<"${script_running[$script_ended]}"
        unset "script_running[$script_ended]"
        case $status in
        0) report pass "$test" "$(since "$start")" "$log" ;;
        77)
                # on the machine that decides, a lab that does not run is no pass
                if [ "${CI:-}" = true ] && [ "${1:-}" = --no-skip ]; then
                        echo "skipped, and CI=true does not allow that" >> "$log"
                        report fail "$test" "$(since "$start")" "$log"
                else
                        report skip "$test" "$(since "$start")" "$log"
                fi
                ;;
        *)
                if [ $status = 124 ] || [ $status = 137 ]; then echo "over its time limit of $limit s" >> "$log"; fi
                report fail "$test" "$(since "$start")" "$log"
                ;;
        esac
}

# script_wanted TIER FILE: is it to be run? With --list it is only named.
script_wanted() {
        if [ ! -f "$2" ] || [ ! -x "$2" ]; then return 1; fi
        chosen "$1/$(basename "$2" .test)" || return 1
        [ -z "$list" ] || { echo "$1/$(basename "$2" .test)"; return 1; }
}

# script_tier TIER DIRECTORY GLOB [--no-skip]: one after the other
script_tier() {
        local tier=$1 dir=$2 glob=$3 file
        for file in "$dir"/$glob; do
                script_wanted "$tier" "$file" || continue
                script_begin "$tier" "$file"
                script_end "${4:-}"
        done
}

# the programs that run get the time to clean up
script_tier_interrupted() {
        local lane
        [ ${#script_running[@]} = 0 ] || { kill "${!script_running[@]}"; wait "${!script_running[@]}"; } 2>/dev/null
        for lane in 0 1; do
                [ -z "${RHV_LAB:-}" ] || { RHV_LAB=run$$$lane tests/lab/lab down; RHV_LAB=run$$$lane tests/machines/machine down; }
        done
}

# The name of a lab is run, our pid, and the number of the lane: a test that was killed leaves nothing either.
lab_tier() {
        local log=$RHV_LOGS/lab-image.log start=$EPOCHREALTIME file
        if [ -z "$list" ]; then
                built gcc || return 0
                [ "$(id -u)" = 0 ] || { echo "the lab tier needs root"; return 0; }
                sweep tests/lab/lab
                if tests/lab/lab image >"$log" 2>&1; then
                        report pass lab/images "$(since "$start")" "$log"
                else
                        report fail lab/images "$(since "$start")" "$log"
                        return 0
                fi
                # installed once, copied into each lab
                export RHV_LAYER=$BUILDS/layer
                rm -rf "$RHV_LAYER"
                DESTDIR=$RHV_LAYER meson install -C "$BUILDS/gcc" --no-rebuild --quiet >"$log" 2>&1 ||
                        { report fail lab/install 0 "$log"; return 0; }
        fi
        lab_pairs
        # what wants the machine for itself, each with the reason in its header
        export RHV_LAB=run${$}0
        for file in $(lab_tests --alone); do
                script_tier lab tests/lab/suite "$(basename "$file")" --no-skip
                lab_down
        done
}

# lab_tests [--alone]: those that run beside another one, or those that do not
lab_tests() {
        local file
        for file in tests/lab/suite/*.test; do
                if grep -q '^# alone: ' "$file"; then [ -n "${1:-}" ]; else [ -z "${1:-}" ]; fi && echo "$file"
        done
}

lab_down() { [ -n "$list" ] || [ -n "${RHV_KEEP:-}" ] || tests/lab/lab down; }

# Two at a time, for most of a test is waiting. Each lane has a lab's name of its own, swept after each test.
lab_pairs() {
        local file lane
        local -A lane_of=()
        local -a free=(0 1)
        for file in $(lab_tests); do
                script_wanted lab "$file" || continue
                [ ${#free[@]} -gt 0 ] || lab_lane_end
                lane=${free[0]}
                free=("${free[@]:1}")
                RHV_LAB=run$$$lane script_begin lab "$file"
                lane_of[$!]=$lane
        done
        while [ ${#script_running[@]} -gt 0 ]; do lab_lane_end; done
}

lab_lane_end() {
        script_end --no-skip
        lane=${lane_of[$script_ended]}
        RHV_LAB=run$$$lane lab_down
        free+=("$lane")
}

# sweep PROGRAM [SUFFIX]: labs of runs that were killed; their state is in run<pid><lane><suffix>
sweep() {
        local program=$1 suffix=${2:-} lab
        for lab in "${RHV_LAB_DIR:-/var/tmp/rhv-lab}"/run*"$suffix"; do
                lab=${lab##*/run}
                lab=${lab%"$suffix"}
                [[ $lab =~ ^[0-9]+$ ]] || continue
                [ -e "/proc/${lab%?}" ] || RHV_LAB=run$lab "$program" down
        done
}
