# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# An iSCSI target out here, in user space, for machines: target $ISCSI_TARGET with one LUN, at each of the portals in the array ISCSI_PORTALS. Each portal is a tgtd of
# its own, as the controllers of an array are: one that is killed takes no other with it. They say the same of the LUN, so a machine takes it for one. All end
# with the test. Needs lib/assert.

# iscsi_up SIZE [PORTALS]
iscsi_up() {
        local i port
        mkdir -p "$(machine path)/iscsi" /var/run/tgtd
        truncate -s "$1" "$(machine path)/iscsi/lun"
        ISCSI_TARGET=iqn.2026-01.lab:$RHV_LAB ISCSI_PORTALS=() iscsi_pids=()
        for ((i = 0; i < ${2:-1}; i++)); do
                port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
                ISCSI_PORTALS+=("10.0.2.2:$port")
                iscsi_start "$i"
        done
}
# of the portal with that number
iscsi_control() { echo $((${ISCSI_PORTALS[$1]##*:} % 32768)); }
# iscsi_start NUMBER: the portal comes back with the LUN, without what iscsi_tell has said to it
iscsi_start() {
        local dir control
        dir=$(machine path)/iscsi control=$(iscsi_control "$1")
        tgtd -f -C "$control" --iscsi "portal=127.0.0.1:${ISCSI_PORTALS[$1]##*:}" </dev/null >>"$dir/log" 2>&1 &
        iscsi_pids[$1]=$!
        wait_until 30 iscsi_ask "$control" --op show --mode sys
        iscsi_ask "$control" --op new --mode target --tid 1 -T "$ISCSI_TARGET"
        iscsi_ask "$control" --op new --mode logicalunit --tid 1 --lun 1 -b "$dir/lun"
        iscsi_ask "$control" --op bind --mode target --tid 1 -I ALL
}
# iscsi_kill NUMBER: connections over that portal are gone, and nobody listens there
iscsi_kill() {
        local control
        control=$(iscsi_control "$1")
        kill -KILL "${iscsi_pids[$1]}" 2>/dev/null || true
        wait "${iscsi_pids[$1]}" 2>/dev/null || true
        rm -f "/var/run/tgtd/socket.$control" "/var/run/tgtd/socket.$control.lock"
}
iscsi_ask() { tgtadm -C "$1" --lld iscsi "${@:2}"; }
# to all of them
iscsi_tell() { local i; for i in "${!ISCSI_PORTALS[@]}"; do iscsi_ask "$(iscsi_control "$i")" "$@"; done; }
# it is silent | answers again
iscsi_freeze() { kill -STOP "${iscsi_pids[@]}"; }
iscsi_thaw() { kill -CONT "${iscsi_pids[@]}"; }
iscsi_down() { local i; for i in "${!ISCSI_PORTALS[@]}"; do iscsi_kill "$i"; done; }
