# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# Images, cached outside the checkout by the hash of what makes them. A missing cache only costs minutes.

image_hash() {
        local files
        case $1 in
        host) files=(build-host host shim.c) ;;
        guest) files=(build-guest guest) ;;
        *) die "no such image: $1" ;;
        esac
        {
                case $1 in host) "$TESTS/lib/packages" run host ;; guest) "$TESTS/lib/packages" guest ;; esac
                cd "$LAB/image" || exit
                find "${files[@]}" \( -type f -o -type l \) -printf '%M %l ' -print | sort
                find "${files[@]}" -type f | sort | xargs cat
        } | sha256sum | cut -c1-16
}

# image_path KIND: where it is, or fail
image_path() {
        local path
        path=$CACHE/$1-$(image_hash "$1")
        [ -e "$path" ] || die "no $1 image yet: run \"lab image\""
        echo "$path"
}

# image_build KIND: make it unless it is there. Two builders at once: the second waits and finds it.
image_build() {
        local kind=$1 path new lock
        path=$CACHE/$kind-$(image_hash "$kind")
        [ ! -e "$path" ] || return 0
        mkdir -p "$CACHE"
        exec {lock}>"$CACHE/$kind.lock"
        flock "$lock"
        if [ ! -e "$path" ]; then
                rm -rf --one-file-system "$CACHE/$kind".new.*
                new=$CACHE/$kind.new.$$
                echo "building the $kind image (some minutes, once); log: $CACHE/$kind.log"
                # its mounts end with it, however it ends
                unshare --mount --propagation private "$LAB/image/build-$kind" "$new" >"$CACHE/$kind.log" 2>&1 {lock}>&- ||
                        { tail -20 "$CACHE/$kind.log" >&2; rm -rf "$new"; die "the $kind image could not be built"; }
                mv -T "$new" "$path"
        fi
        exec {lock}>&-
}

# images of other hashes, when no lab is up
image_prune() {
        local lock kind keep path
        mkdir -p "$CACHE"
        exec {lock}>"$CACHE/in-use"
        flock --nonblock "$lock" || die "a lab is up: its image is in use"
        for kind in host guest; do
                keep=$CACHE/$kind-$(image_hash "$kind")
                for path in "$CACHE/$kind"-*; do [ "$path" = "$keep" ] || rm -rf "$path"; done
        done
}
