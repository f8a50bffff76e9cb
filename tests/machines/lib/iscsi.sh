# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# An iSCSI target out here, in user space (tgtd), for machines: target $ISCSI_TARGET with one LUN, at each of the portals in the array ISCSI_PORTALS. It ends
# with the test. Needs lib/assert.

# iscsi_up SIZE [PORTALS]
iscsi_up() {
        local dir portals=() i port
        dir=$(machine path)/iscsi
        mkdir -p "$dir" /var/run/tgtd
        truncate -s "$1" "$dir/lun"
        ISCSI_TARGET=iqn.2026-01.lab:$RHV_LAB ISCSI_PORTALS=()
        for ((i = 0; i < ${2:-1}; i++)); do
                port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
                portals+=("portal=127.0.0.1:$port")
                ISCSI_PORTALS+=("10.0.2.2:$port")
        done
        iscsi_control=$((port % 32768))
        tgtd -f -C "$iscsi_control" --iscsi "$(IFS=,; echo "${portals[*]}")" </dev/null >"$dir/log" 2>&1 &
        iscsi_pid=$!
        wait_until 30 iscsi_tell --op show --mode sys
        iscsi_tell --op new --mode target --tid 1 -T "$ISCSI_TARGET"
        iscsi_tell --op new --mode logicalunit --tid 1 --lun 1 -b "$dir/lun"
        iscsi_tell --op bind --mode target --tid 1 -I ALL
}
iscsi_tell() { tgtadm -C "$iscsi_control" --lld iscsi "$@"; }
# it is silent | answers again
iscsi_freeze() { kill -STOP "$iscsi_pid"; }
iscsi_thaw() { kill -CONT "$iscsi_pid"; }
iscsi_down() {
        [ -n "${iscsi_pid:-}" ] || return 0
        kill -KILL "$iscsi_pid" 2>/dev/null || true
        wait "$iscsi_pid" 2>/dev/null || true
        rm -f "/var/run/tgtd/socket.$iscsi_control" "/var/run/tgtd/socket.$iscsi_control.lock"
}
