# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# The builds under test. Each counts as a test; what needs a build that failed cannot run.
#
#     gcc    warnings are errors; what the lab and the simulator use
#     clang  warnings are errors; nothing more than that it compiles
#     asan   address and undefined-behaviour sanitizers; unit, bus and fuzz tests
#     page   the Cockpit page's type check, unit tests and bundle, which gcc's "meson install" takes along
BUILDS=$TOP/build-run

builds() {
        [ -z "$list" ] || { build_quiet gcc; return; }
        if wants lab || wants check; then build_page; fi
        if wants sim || wants lab || wants machines || wants check; then build gcc env CC=gcc; fi
        if wants check; then build clang env CC=clang; fi
        if wants unit || wants bus || wants fuzz; then
                build asan env CC=gcc -- -Db_sanitize=address,undefined -Dbuildtype=debug
        fi
}

# build NAME ENVIRONMENT... [-- MESON-OPTIONS]
build() {
        local name=$1 with=() log=$RHV_LOGS/build-$1.log start=$EPOCHREALTIME dir=$BUILDS/$1
        shift
        while [ $# -gt 0 ] && [ "$1" != -- ]; do with+=("$1"); shift; done
        shift || true
        if build_setup "$dir" "${with[@]}" "$@" >"$log" 2>&1 && ninja -k 0 -C "$dir" >>"$log" 2>&1; then
                : > "$dir/built"
                report pass "build/$name" "$(since "$start")" "$log"
        else
                rm -f "$dir/built"
                report fail "build/$name" "$(since "$start")" "$log"
        fi
}

build_page() {
        local log=$RHV_LOGS/build-page.log start=$EPOCHREALTIME
        if "$TOP/cockpit-plugin/make-dist" --check >"$log" 2>&1; then
                report pass build/page "$(since "$start")" "$log"
        else
                report fail build/page "$(since "$start")" "$log"
        fi
}

build_setup() {
        local dir=$1
        shift
        local with=()
        while [ $# -gt 0 ] && [[ $1 != -D* ]]; do with+=("$1"); shift; done
        [ ! -e "$dir/build.ninja" ] || return 0
        rm -rf "$dir"
        "${with[@]}" meson setup "$dir" "$TOP" --werror "$@"
}

# for --list only: configure, to know the tests
build_quiet() { build_setup "$BUILDS/$1" env CC=gcc >/dev/null 2>&1; }

built() { [ -e "$BUILDS/$1/built" ]; }
