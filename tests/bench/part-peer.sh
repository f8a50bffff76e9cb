# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2154
#
# Two lab hosts with the link between them: a call over it beside the same call on the local bus and beside "ssh host busctl call"; a stream beside scp; a live
# migration beside "virsh migrate --p2p --tunnelled" over ssh. In turns; medians.
# shellcheck source=tests/bench/report.sh
. "$here/report.sh"

# shellcheck source=tests/bench/lab.sh
. "$here/lab.sh"
# shellcheck source=tests/lab/lib/storage.sh
. "$SUITE_LAB/lib/storage.sh"
# shellcheck source=tests/lab/lib/leases.sh
. "$SUITE_LAB/lib/leases.sh"
# shellcheck source=tests/lab/lib/leased-vm.sh
. "$SUITE_LAB/lib/leased-vm.sh"
# shellcheck source=tests/lab/lib/peer.sh
. "$SUITE_LAB/lib/peer.sh"

trap 'lab down' EXIT
tests/lib/need lab
lab down
lab image >/dev/null
lab layer "$build"
sees() { grep "$@" >/dev/null; }
hosts_up() { lab up "$@"; lab wait "$@"; }
assert_eq() { [ "$1" = "$2" ] || fail "wanted \"$1\", got \"$2\""; }
rounds=${BENCH_ROUNDS:-5}
mib=${BENCH_STREAM_MIB:-256}
D=11111111-2222-4333-8444-00000000000a
VM=cccccccc-0000-4000-8000-000000000001
IMAGE=aaaaaaaa-0000-4000-8000-000000000001
VOLUME=bbbbbbbb-0000-4000-8000-000000000001
guest=$(lab path guest)/guest.qcow2
now() { date +%s.%N; }
since() { awk -v a="$1" -v b="$(now)" 'BEGIN { printf "%.3f", b - a }'; }

peers_up host1 host2
for host in host1 host2; do
        lab put $host "$SUITE_LAB/lib/stream-end" /usr/local/bin/stream-end
        libvirt_leases $host
        sanlock_start $host
        on $host mkdir -p /mnt/nas
done
mkdir -p "$(lab path shared)/below"
for host in host1 host2; do
        on $host bindfs -o subtype=glusterfs,fsname=nas:/vol /shared/below /mnt/nas
        on $host systemctl restart libvirtd.service
        on $host sh -c 'mkdir -p -m 700 /root/.ssh; [ -e /root/.ssh/id_ed25519 ] || ssh-keygen -q -t ed25519 -N "" -f /root/.ssh/id_ed25519; printf "Host *\nStrictHostKeyChecking no\nUserKnownHostsFile /dev/null\nLogLevel ERROR\n" > /root/.ssh/config'
done
for host in host1 host2; do
        other=host1
        [ $host != host1 ] || other=host2
        on $host cat /root/.ssh/id_ed25519.pub | on $other sh -c 'cat >> /root/.ssh/authorized_keys; chmod 600 /root/.ssh/authorized_keys'
done

# ---- calls ----

calls=$(on host1 python3 - "$(peer host1 host2)" <<'END'
import statistics, subprocess, sys, time
import gi
gi.require_version("Gio", "2.0")
from gi.repository import Gio, GLib
peer = sys.argv[1]
bus = Gio.bus_get_sync(Gio.BusType.SYSTEM)


def timed(count, work):
    times = []
    for _ in range(count):
        begun = time.perf_counter()
        work()
        times.append((time.perf_counter() - begun) * 1e6)
    return statistics.median(times)


def link():
    bus.call_sync("org.rhv.Cluster", peer, "org.rhv.Cluster.Peer", "Ping", GLib.Variant("(a{sv})", ({},)), None, Gio.DBusCallFlags.NONE, 10000, None)


def local():
    bus.call_sync("org.rhv.Cluster", peer, "org.freedesktop.DBus.Peer", "Ping", None, None, Gio.DBusCallFlags.NONE, 10000, None)


def ssh():
    subprocess.run(["ssh", "host2", "busctl", "call", "org.rhv.Cluster", "/org/rhv/Cluster", "org.freedesktop.DBus.Peer", "Ping"], check=True)


link(), local(), ssh()
print(round(timed(300, link)), round(timed(300, local)), round(timed(10, ssh)))
END
)
read -r over local ssh <<<"$calls"
line "a call that goes over the link and back, µs" "$over" "the same on the local bus" "$local" "$(ratio "$over" "$local")" "-"
line "the same" "$over" "ssh host busctl call" "$ssh" "$(ratio "$over" "$ssh")" "-"

# ---- streams ----

on host1 sh -c "head -c ${mib}M /dev/urandom > /root/data"
on host2 touch /root/nothing
ours=() scp=()
for ((i = 0; i < rounds; i++)); do
        on host1 stream-end offer "$(peer host1 host2)" /root/ticket-$i /root/data /root/back >/dev/null &
        offerer=$!
        wait_until 20 on host1 test -e /root/ticket-$i
        start=$(now)
        on host2 stream-end open "$(peer host2 host1)" "$(on host1 cat /root/ticket-$i)" /root/nothing /root/there >/dev/null
        ours+=("$(since "$start")")
        wait "$offerer"
        start=$(now)
        on host1 scp -q /root/data host2:/root/there
        scp+=("$(since "$start")")
done
line "$mib MiB through a stream, s (median of $rounds)" "$(median "${ours[@]}")" "scp" "$(median "${scp[@]}")" "$(ratio "$(median "${ours[@]}")" "$(median "${scp[@]}")")" "-"

# ---- migrations ----

domain_share host1 $D /mnt/nas/d1 >/dev/null
domain_find host2 /mnt/nas/d1 >/dev/null
assert_eq "done" "$(lockspace_join host1 $D 1)"
assert_eq "done" "$(lockspace_join host2 $D 2)"
wait_until 60 host_seen host1 $D 2 live
assert_eq "done" "$(lease_acquire host1 $D)"
capacity=$(qemu-img info --output=json "$guest" | jq '.["virtual-size"]')
assert_eq "done" "$(job_wait host1 "$(job_of "$(domain_call host1 $D CreateVolume 'ssa{sv}a{sv}' $IMAGE $VOLUME 2 format s qcow2 capacity t "$capacity" 1 lease t 1)")")"
assert_eq "done" "$(job_wait host1 "$(upload host1 $D $IMAGE $VOLUME < "$guest")")"
assert_eq "done" "$(lockspace_job host1 $D CreateLease 'sa{sv}' $VM 1 lease t 1)"
for host in host1 host2; do wait_until 30 compute_ready $host; done
assert_eq "done" "$(vm_start host1)"
wait_until 120 agent_up host1
job_over() { case "$(bus "$1" --json=short get-property org.rhv.Cluster "$2" org.rhv.Job State | jq -r .data)" in "done") ;; failed | aborted) fail "the migration failed" ;; *) return 1 ;; esac; }
gone_from() { ! vm_state "$1" 2>/dev/null; }
# migrated by us | by virsh, which starts from what libvirt here has
go_ours() {
        local job
        job=$(string "$(peer_do "$1" "$2" MigrateVm 'sa{sv}' $VM 0)")
        wait_until 60 job_over "$1" "$job"
}
go_virsh() { on "$1" virsh -q migrate --live --p2p --tunnelled $VM "qemu+ssh://root@$2/system"; }
ours=() virsh=()
from=host1 to=host2
for ((i = 0; i < 2 * rounds; i++)); do
        start=$(now)
        if ((i % 2)); then go_virsh $from $to; virsh+=("$(since "$start")"); else go_ours $from $to; ours+=("$(since "$start")"); fi
        wait_until 60 vm_is $to running
        # one that left by virsh is told as down here, and is given up before it may come back
        [ "$(vm_state $from 2>/dev/null)" != down ] || bus $from call org.rhv.Compute "$(vm_path)" org.rhv.Compute.Vm Forget 'a{sv}' 0
        wait_until 60 gone_from $from
        spare=$from from=$to to=$spare
done
line "a live migration through the stream, s (median of $rounds)" "$(median "${ours[@]}")" "virsh migrate --tunnelled" "$(median "${virsh[@]}")" \
        "$(ratio "$(median "${ours[@]}")" "$(median "${virsh[@]}")")" "<= 1.1"
