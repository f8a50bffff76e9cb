# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# Everything away, also what a crashed or interrupted run left.

cg_lab_empty() { grep -qx 'populated 0' "$CG2/$CGLAB/cgroup.events"; }

# Loop devices that tests noted in the shared directory, the last first. One that is another's by now shows another part of another file.
shared_loops() {
        local notes=$STATE/shared/.loops loop backing offset
        [ -e "$notes" ] || return 0
        while read -r loop backing offset; do
                loop=${loop#/dev/}
                [ "$(cat "/sys/block/$loop/loop/offset" 2>/dev/null)" = "$offset" ] || continue
                [ "$(basename "$(cat "/sys/block/$loop/loop/backing_file")")" != "$backing" ] || losetup -d "/dev/$loop"
        done < <(tac "$notes")
}

lab_down() {
        local c host
        for host in $(hosts); do host_rm "$host"; done
        shared_loops
        if [ -e "$CG2/$CGLAB/cgroup.kill" ]; then
                echo 1 > "$CG2/$CGLAB/cgroup.kill"
                until_true "$START_SECONDS" cg_lab_empty || die "processes of lab $RHV_LAB do not die"
        fi
        for c in "${CGROUPS[@]}"; do
                [ ! -d "$c/$CGLAB" ] || find "$c/$CGLAB" -depth -type d -exec rmdir {} + 2>/dev/null || true
                # the parent belongs to the last lab
                rmdir "$c/rhv-lab" 2>/dev/null || true
        done
        rm -rf "$STATE"
        rmdir "$RHV_LAB_DIR" 2>/dev/null || true
}
