# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2154
#
# The tier of QEMU machines. One lab name for all tests of this run, swept after each.

machine_tier() {
        local log=$RHV_LOGS/machines-image.log start=$EPOCHREALTIME file
        if [ -z "$list" ]; then
                built gcc || return 0
                [ "$(id -u)" = 0 ] || { echo "the machines tier needs root"; return 0; }
                sweep tests/machines/machine .machines
                if tests/machines/machine image >"$log" 2>&1; then
                        report pass machines/image "$(since "$start")" "$log"
                else
                        report fail machines/image "$(since "$start")" "$log"
                        return 0
                fi
        fi
        export RHV_LAB=run${$}0
        unset RHV_LAYER
        for file in tests/machines/suite/*.test; do
                script_tier machines tests/machines/suite "$(basename "$file")" --no-skip
                [ -n "$list" ] || [ -n "${RHV_KEEP:-}" ] || tests/machines/machine down
        done
}
