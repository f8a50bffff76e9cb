# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2034,SC2016,SC2153,SC2154
#
# The image: a disk, and a snapshot of a machine that has booted from it. Cached outside the checkout by the hash of what makes it; the build under
# test is not in it, but comes on a disk of its own (layer.sh), so that a change of ours costs no boot.

image_hash() {
        {
                "$TESTS/lib/packages" run host machine
                qemu-system-x86_64 --version
                cd "$MACHINES" || exit
                find image lib/qemu.sh lib/env.sh -type f -printf '%M ' -print | sort
                find image lib/qemu.sh lib/env.sh -type f | sort | xargs cat
        } | sha256sum | cut -c1-16
}

image_path() {
        local path
        path=$CACHE/machine-$(image_hash)
        [ -e "$path" ] || die "no image yet: run \"machine image\""
        echo "$path"
}

lab_image() {
        mkdir -p "$STATE"
        [ -e "$STATE/image" ] || image_path > "$STATE/image"
        cat "$STATE/image"
}

golden_settled() {
        local state
        state=$(machine_x golden systemctl is-system-running 2>/dev/null || true)
        [ "$state" = running ] || [ "$state" = degraded ]
}

# boots once, and keeps the booted machine as the snapshot "booted"
image_golden() {
        local new=$1
        qemu-img create -q -f qcow2 -b base.img -F raw "$new/golden.qcow2"
        STATE=$new/state
        IMAGE=$new
        mkdir -p "$STATE/golden"
        cp "$new/golden.qcow2" "$STATE/golden/root.qcow2"
        # the disk's backing file is named relative to the image
        qemu-img rebase -q -u -b "$new/base.img" -F raw "$STATE/golden/root.qcow2"
        qemu_start golden
        until_true "$BOOT_SECONDS" machine_x golden true || { tail -20 "$STATE/golden/console.log" >&2; return 1; }
        until_true "$BOOT_SECONDS" golden_settled || return 1
        machine_x golden systemctl --failed --no-legend
        # what a first use would load is loaded once for all
        machine_x golden sh -c 'for m in bonding 8021q bridge dm_mod iscsi_tcp nfsv4 i6300esb act_mirred cls_matchall sch_ingress; do modprobe $m; done; systemctl start libvirtd.service; virsh capabilities >/dev/null; systemctl stop libvirtd.service libvirtd.socket libvirtd-ro.socket libvirtd-admin.socket; sync'
        qemu_monitor golden savevm booted
        qemu_kill golden
        mv "$STATE/golden/root.qcow2" "$new/golden.qcow2"
        rm -rf "$STATE"
}

image_build() {
        local path new lock
        path=$CACHE/machine-$(image_hash)
        [ ! -e "$path" ] || return 0
        mkdir -p "$CACHE"
        exec {lock}>"$CACHE/machine.lock"
        flock "$lock"
        if [ ! -e "$path" ]; then
                rm -rf --one-file-system "$CACHE"/machine.new.*
                new=$CACHE/machine.new.$$
                echo "building the image of machines (some minutes, once); log: $CACHE/machine.log"
                (
                        set -e
                        trap 'qemu_kill golden 2>/dev/null || true' EXIT
                        # its mounts end with it, however it ends
                        unshare --mount --propagation private "$MACHINES/image/build" "$new"
                        image_golden "$new"
                ) >"$CACHE/machine.log" 2>&1 {lock}>&- || { tail -20 "$CACHE/machine.log" >&2; rm -rf "$new"; die "the image could not be built"; }
                mv -T "$new" "$path"
                # a moved backing file is named anew
                qemu-img rebase -q -u -b "$path/base.img" -F raw "$path/golden.qcow2"
        fi
        exec {lock}>&-
}
