# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# Tiers that are meson suites: every test counts by itself.

# meson_names BUILD SUITE: the tests of a suite that the patterns choose
meson_names() {
        local name
        meson introspect --tests "$BUILDS/$1" 2>/dev/null |
                jq -r --arg suite "$2" '.[] | select(.suite | any(split(":") | last == $suite)) | .name' |
                while read -r name; do if chosen "$2/$name"; then echo "$name"; fi; done
}

# meson_tier SUITE BUILD
meson_tier() {
        local suite=$1 build=$2 names name result duration log json
        [ -z "$list" ] || { meson_names gcc "$suite" | sed "s|^|$suite/|"; return; }
        built "$build" || return 0
        mapfile -t names < <(meson_names "$build" "$suite")
        [ ${#names[@]} -gt 0 ] || return 0

        json=$BUILDS/$build/meson-logs/testlog-$suite.json
        rm -f "$json"
        UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1 ASAN_OPTIONS=detect_stack_use_after_return=1 \
                meson test -C "$BUILDS/$build" --no-rebuild --suite "$suite" --logbase "testlog-$suite" "${names[@]}" \
                >"$RHV_LOGS/meson-$suite.log" 2>&1
        while IFS=$'\t' read -r name result duration; do
                name=${name##* }
                name=${name#*:}
                log=$RHV_LOGS/$suite-${name//\//_}.log
                jq -r --arg n "$name" 'select(.name | endswith($n)) | (.stdout // ""), (.stderr // "")' \
                        "$json" > "$log"
                case $result in
                OK | EXPECTEDFAIL) report pass "$suite/$name" "$duration" "$log" ;;
                SKIP) report skip "$suite/$name" "$duration" "$log" ;;
                *) report fail "$suite/$name" "$duration" "$log" ;;
                esac
        done < <(jq -r '[.name, .result, .duration] | @tsv' "$json" 2>/dev/null)
        [ -e "$json" ] ||
                report fail "$suite/meson" 0 "$RHV_LOGS/meson-$suite.log"
}
