# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# The layer: the build under test, over the image and under every host's own directory.

# layer_make SOURCE...: a meson build directory (its "install"), or a tree to be copied
layer_make() {
        local new link source
        mkdir -p "$STATE/layers"
        new=$(mktemp -d "$STATE/layers/XXXXXX")
        chmod 755 "$new"
        umask 022
        for source; do
                if [ -e "$source/build.ninja" ]; then
                        DESTDIR=$new meson install -C "$source" --no-rebuild --quiet >"$STATE/layer.log" 2>&1 ||
                                { tail -20 "$STATE/layer.log" >&2; die "meson install failed"; }
                elif [ -d "$source" ]; then
                        cp -a "$source/." "$new"
                else
                        die "$source is no directory"
                fi
        done
        layer_merge_usr "$new"
        link=$STATE/layers/.new.$$
        ln -s "$new" "$link"
        mv -T "$link" "$STATE/layer"
}

# Debian's /lib, /bin and /sbin are links into /usr: a directory of that name in the layer would hide the whole system
layer_merge_usr() {
        local d
        for d in bin sbin lib lib64; do
                if [ ! -d "$1/$d" ] || [ -L "$1/$d" ]; then continue; fi
                mkdir -p "$1/usr/$d"
                cp -a "$1/$d/." "$1/usr/$d"
                rm -rf "${1:?}/$d"
        done
        # the sign for systemd that /usr is newer than /etc: sysusers, catalog and so on run at the next boot
        [ ! -d "$1/usr" ] || touch "$1/usr"
}

# units that can be enabled, for presets
layer_units() {
        local dir=$1/usr/lib/systemd/system
        [ ! -d "$dir" ] || grep -ls '^\[Install\]' "$dir"/*.* | xargs -r -n1 basename
}
