# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# A BMC per host: OpenIPMI's simulator, out of the host image, whose chassis control switches the real power of the
# container. Without a cipher given, fence_ipmilan first waits 10 s for suites the simulator does not list: use
# --cipher=3.

bmc_port() { echo $((6230 + ${1#host})); }

bmc_start() {
        local host=$1 image dir=$STATE/bmc
        image=$(image_path host)
        mkdir -p "$dir/state"
        cat > "$dir/$host.conf" <<C
name "$host"
set_working_mc 0x20
  startlan 1
    addr 10.77.0.1 $(bmc_port "$host")
    priv_limit admin
    allowed_auths_callback none md2 md5 straight
    allowed_auths_user none md2 md5 straight
    allowed_auths_operator none md2 md5 straight
    allowed_auths_admin none md2 md5 straight
    guid a123456789abcdefa123456789abcde${host#host}
  endlan
  chassis_control "$LAB/lib/bmc-chassis $host"
  user 1 true ""      "test" user  10 none md2 md5 straight
  user 2 true "admin" "pw"   admin 10 none md2 md5 straight
C
        printf '%s\n' 'mc_setbmc 0x20' 'mc_add 0x20 0 no-device-sdrs 0x23 9 8 0x9f 0x1291 0xf02 persist_sdr' \
                'sel_enable 0x20 1000 0x0a' 'mc_enable 0x20' > "$dir/sim.emu"
        if ! bmc_listens "$host"; then
                (
                        cg_enter keeper
                        in_lab setsid --fork env LD_LIBRARY_PATH="$image/usr/lib/x86_64-linux-gnu" \
                                RHV_LAB="$RHV_LAB" RHV_LAB_DIR="$RHV_LAB_DIR" RHV_CACHE="$RHV_CACHE" \
                                "$image/usr/bin/ipmi_sim" -n -c "$dir/$host.conf" -f "$dir/sim.emu" -s "$dir/state"
                ) </dev/null >>"$STATE/bmc.log" 2>&1
        fi
        until_true 10 bmc_listens "$host" || { tail -5 "$STATE/bmc.log" >&2; die "the BMC of $host did not start"; }
}

bmc_listens() { [ -n "$(in_net ss -Huln "sport = :$(bmc_port "$1")")" ]; }
