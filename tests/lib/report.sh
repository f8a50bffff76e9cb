# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2154
#
# Counting and telling: one line per test, the tail of a failed one's log, the last line.

passed=0 failed=0 skipped=0
failures=()

# chosen TIER/NAME: do the patterns of the command line want it?
chosen() {
        local p
        [ ${#patterns[@]} -gt 0 ] || return 0
        for p in "${patterns[@]}"; do
                # shellcheck disable=SC2053 # a pattern it shall be
                if [[ $1 == *"$p"* || $1 == $p || ${1#*/} == $p ]]; then return 0; fi
        done
        return 1
}

# report pass|fail|skip TIER/NAME SECONDS LOG
report() {
        local said
        case $1 in
        pass)
                passed=$((passed + 1))
                printf 'ok    %-52s %8.2fs\n' "$2" "$3"
                ;;
        skip)
                skipped=$((skipped + 1))
                said=$(tail -n1 "$4" 2>/dev/null)
                printf 'skip  %-52s %8.2fs  %s\n' "$2" "$3" "$said"
                ;;
        fail)
                failed=$((failed + 1))
                failures+=("$2")
                printf 'FAIL  %-52s %8.2fs\n' "$2" "$3"
                tail -n 40 "$4" 2>/dev/null | sed 's/^/      | /'
                echo "      log: $4"
                ;;
        esac
}

# seconds since the value of EPOCHREALTIME given
since() { awk -v a="$1" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.2f", b - a }'; }

report_end() {
        local f
        [ -z "$list" ] || exit 0
        echo
        for f in "${failures[@]}"; do echo "failed: $f"; done
        [ $((passed + failed)) -gt 0 ] || echo "no test ran"
        echo "$passed passed, $failed failed, $skipped skipped"
        [ $failed = 0 ] && [ $passed -gt 0 ]
}
