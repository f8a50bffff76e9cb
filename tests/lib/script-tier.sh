# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2154
#
# Tiers that are directories of programs: static checks, lab tests. Exit status 0 is passed, 77 skipped (the last line
# says why), anything else failed. A line "# timeout: SECONDS" in the program changes its time limit,
# which is for a machine that does nothing else: a busy one gets RHV_PATIENCE times as long.
readonly SCRIPT_SECONDS=600

script_running=

# script_tier TIER DIRECTORY GLOB [--no-skip]
script_tier() {
        local tier=$1 dir=$2 glob=$3 file name limit log start status
        for file in "$dir"/$glob; do
                if [ ! -f "$file" ] || [ ! -x "$file" ]; then continue; fi
                name=$(basename "$file" .test)
                chosen "$tier/$name" || continue
                [ -z "$list" ] || { echo "$tier/$name"; continue; }

                limit=$(sed -n 's/^# timeout: *\([0-9]\+\).*/\1/p' "$file" | head -n1)
                limit=$((${limit:-$SCRIPT_SECONDS} * ${RHV_PATIENCE:-2}))
                log=$RHV_LOGS/$tier-$name.log
                start=$EPOCHREALTIME status=0
                RHV_BUILD=$BUILDS/gcc RHV_LOGS=$RHV_LOGS/$tier-$name \
                        timeout --kill-after=30 "$limit" "$file" </dev/null >"$log" 2>&1 {run_lock}>&- &
                script_running=$!
                wait $script_running || status=$?
                script_running=
                case $status in
                0) report pass "$tier/$name" "$(since "$start")" "$log" ;;
                77)
                        # on the machine that decides, a lab that does not run is no pass
                        if [ "${CI:-}" = true ] && [ "${4:-}" = --no-skip ]; then
                                echo "skipped, and CI=true does not allow that" >> "$log"
                                report fail "$tier/$name" "$(since "$start")" "$log"
                        else
                                report skip "$tier/$name" "$(since "$start")" "$log"
                        fi
                        ;;
                *)
                        if [ $status = 124 ] || [ $status = 137 ]; then echo "over its time limit of $limit s" >> "$log"; fi
                        report fail "$tier/$name" "$(since "$start")" "$log"
                        ;;
                esac
        done
}

# the program that runs gets the time to clean up
script_tier_interrupted() {
        [ -z "$script_running" ] || { kill "$script_running"; wait "$script_running"; } 2>/dev/null
        [ -z "${RHV_LAB:-}" ] || { tests/lab/lab down; tests/machines/machine down; }
}

# One lab name for all tests of this run, swept after each: a test that was killed leaves nothing either.
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
        export RHV_LAB=run$$
        for file in tests/lab/suite/*.test; do
                script_tier lab tests/lab/suite "$(basename "$file")" --no-skip
                [ -n "$list" ] || [ -n "${RHV_KEEP:-}" ] || tests/lab/lab down
        done
}

# sweep PROGRAM [SUFFIX]: labs of runs that were killed; their state is in run<pid><suffix>
sweep() {
        local program=$1 suffix=${2:-} lab
        for lab in "${RHV_LAB_DIR:-/var/tmp/rhv-lab}"/run*"$suffix"; do
                lab=${lab##*/run}
                lab=${lab%"$suffix"}
                [[ $lab =~ ^[0-9]+$ ]] || continue
                [ -e "/proc/$lab" ] || RHV_LAB=run$lab "$program" down
        done
}
