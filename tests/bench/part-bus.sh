# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2154
#
# On a private dbus-daemon with Compute over libvirt's test driver, beside Debian's libvirt-dbus over the same driver with as many
# guests, and an empty service as the limit. All three on one bus, in one run.
# shellcheck source=tests/bench/report.sh
. "$here/report.sh"

dir=$(mktemp -d)
pids=()
end() { kill "${pids[@]}" 2>/dev/null || true; wait 2>/dev/null || true; rm -rf "$dir"; }
trap end EXIT

cat > "$dir/config" <<C
<busconfig><type>system</type><listen>unix:path=$dir/bus</listen>
<policy context="default"><allow send_destination="*"/><allow receive_sender="*"/><allow own="*"/><allow user="*"/></policy></busconfig>
C
export DBUS_SYSTEM_BUS_ADDRESS=unix:path=$dir/bus
dbus-daemon --config-file="$dir/config" --nofork --nopidfile 2>/dev/null &
pids+=($!)

call() { "$build/tests/bench/bench-call" "$@"; }
owned() { busctl --system call org.freedesktop.DBus /org/freedesktop/DBus org.freedesktop.DBus NameHasOwner s "$1" 2>/dev/null | grep -q true; }
wait_name() { for _ in $(seq 200); do ! owned "$1" || return 0; sleep 0.05; done; echo "no $1 on the bus" >&2; return 1; }
pss() { awk '/^Pss:/ { s += $2 } END { printf "%.1f", s / 1024 }' "/proc/$1/smaps_rollup"; }

for _ in $(seq 100); do [ ! -S "$dir/bus" ] || break; sleep 0.05; done
"$build/tests/bench/bench-null" & pids+=($!)
/usr/sbin/libvirt-dbus --system >/dev/null 2>&1 & peer=$!; pids+=("$peer")
wait_name org.rhv.Bench
wait_name org.libvirt

# A libvirtd of our own, so that guests are asked for over its socket, as those of QEMU are. The same guests for both: the test driver's
# from a file for us and for the C client, defined one by one for libvirt-dbus, whose test driver is in its own process.
printf 'unix_sock_dir = "%s"\nauth_unix_rw = "none"\nunix_sock_rw_perms = "0700"\n' "$dir" > "$dir/libvirtd.conf"
python3 "$here/test-guests.py" "$guests" > "$dir/test.xml"
libvirtd --config "$dir/libvirtd.conf" --pid-file "$dir/libvirtd.pid" >"$dir/libvirtd.log" 2>&1 & pids+=("$!")
for _ in $(seq 200); do [ ! -S "$dir/libvirt-sock" ] || break; sleep 0.05; done
uri="test+unix://$dir/test.xml?socket=$dir/libvirt-sock"
mkdir "$dir/run" "$dir/state"
RUNTIME_DIRECTORY=$dir/run STATE_DIRECTORY=$dir/state "$build/services/compute/rhv-computed" --idle-seconds=0 \
        --libvirt-uri="$uri" 2>"$dir/computed.log" & ours=$!; pids+=("$ours")
wait_name org.rhv.Compute
python3 "$here/test-guests.py" "$guests" each | while IFS= read -r xml; do
        busctl --system call org.libvirt /org/libvirt/Test org.libvirt.Connect DomainDefineXML s "$xml" >/dev/null
done

props=org.freedesktop.DBus.Properties
known() { busctl --system call org.rhv.Compute /org/rhv/Compute org.freedesktop.DBus.ObjectManager GetManagedObjects --json=short 2>/dev/null | grep -o '/org/rhv/Compute/vm/[^"]*' | sort -u; }
for _ in $(seq 200); do [ "$(known | wc -l)" -lt "$guests" ] || break; sleep 0.1; done
known > "$dir/known"
read -r vm < "$dir/known"
echo "guests in our model: $(wc -l < "$dir/known"), in libvirt-dbus: $(busctl --system call org.libvirt /org/libvirt/Test org.libvirt.Connect ListDomains u 0 | wc -w)"
domain=$(busctl --system call org.libvirt /org/libvirt/Test org.libvirt.Connect ListDomains u 0 | tr -d '"' | awk '{ print $3 }')

# Measured in turns, five times each, and the median taken: what else the machine does then hits all alike.
ROUNDS=5
null_all=() mine_all=() theirs_all=() tree_all=() paths_all=() each_all=() ours_stats_all=() c_stats_all=() number=
for ((round = 0; round < ROUNDS; round++)); do
        read -r _ value < <(call "$calls" org.rhv.Bench /bench org.rhv.Bench Empty); null_all+=("$value")
        read -r _ value < <(call "$calls" org.rhv.Compute "$vm" $props Get s=org.rhv.Compute.Vm s=State); mine_all+=("$value")
        read -r _ value < <(call "$calls" org.libvirt "$domain" $props Get s=org.libvirt.Domain s=Name); theirs_all+=("$value")
        read -r value _ < <(call 20 org.rhv.Compute /org/rhv/Compute org.freedesktop.DBus.ObjectManager GetManagedObjects); tree_all+=("$value")
        read -r value _ < <(call 20 org.libvirt /org/libvirt/Test org.libvirt.Connect ListDomains u=0); paths_all+=("$value")
        read -r value _ < <(call "$calls" org.libvirt "$domain" $props GetAll s=org.libvirt.Domain); each_all+=("$value")
        read -r value _ < <(call 20 org.rhv.Compute /org/rhv/Compute org.rhv.Compute GetStats as=); ours_stats_all+=("$value")
        read -r value number < <("$build/tests/bench/bench-stats" "$uri" 20); c_stats_all+=("$value")
done
null=$(median "${null_all[@]}") mine=$(median "${mine_all[@]}") theirs=$(median "${theirs_all[@]}")
line "one property, calls/s" "$mine" "empty sd-bus method" "$null" "$(ratio "$mine" "$null")" ">= 0.9"
line "one property, calls/s" "$mine" "libvirt-dbus" "$theirs" "$(ratio "$mine" "$theirs")" ">= 1.5"

tree=$(median "${tree_all[@]}") paths=$(median "${paths_all[@]}") each=$(median "${each_all[@]}")
every=$(awk -v list="$paths" -v each="$each" -v n="$guests" 'BEGIN { printf "%.1f", list + n * each }')
line "whole list of $guests guests with every property, us" "$tree" "libvirt-dbus, the same" "$every" "$(ratio "$tree" "$every")" "<= 1.0"
line "whole list of $guests guests with every property, us" "$tree" "libvirt-dbus, only paths" "$paths" "$(ratio "$tree" "$paths")" ""

mine=$(median "${ours_stats_all[@]}") theirs=$(median "${c_stats_all[@]}")
line "statistics of $number guests in one call, us" "$mine" "libvirt bulk call in C" "$theirs" "$(ratio "$mine" "$theirs")" "<= 2"

for service in storage network fence cluster; do
        [ -x "$build/services/$service/rhv-${service}d" ] || continue
        mkdir -p "$dir/run-$service" "$dir/state-$service"
        RUNTIME_DIRECTORY=$dir/run-$service STATE_DIRECTORY=$dir/state-$service \
                "$build/services/$service/rhv-${service}d" --idle-seconds=0 2>/dev/null & pids+=($!)
        wait_name "org.rhv.${service^}"
        mine=$(pss $!)
        all=$(awk -v a="${all:-0}" -v b="$mine" 'BEGIN { print a + b }')
        line "PSS of $service, idle, MiB" "$mine" "" "" "" ""
done
for ((i = 0; i < guests; i++)); do
        busctl --system call org.rhv.Cluster /org/rhv/Cluster org.rhv.Cluster CreateVm "a{sv}a{sv}" \
                4 name s "guest$i" cluster s Default memory t 536870912 cpus u 2 0 >/dev/null
done
line "PSS of cluster with $guests VMs in its model, MiB" "$(pss $!)" "" "" "" ""
read -r value _ < <(call 20 org.rhv.Cluster /org/rhv/Cluster org.freedesktop.DBus.ObjectManager GetManagedObjects)
line "whole tree of $guests VMs of Cluster, us" "$value" "" "" "" "<= 50000 (100 ms for 2,000)"
mine=$(pss $ours)
line "PSS of compute with $guests guests, MiB" "$mine" "libvirt-dbus with the same" "$(pss $peer)" "$(ratio "$mine" "$(pss $peer)")" ""
kill $ours; wait $ours 2>/dev/null || true
RUNTIME_DIRECTORY=$dir/run STATE_DIRECTORY=$dir/state "$build/services/compute/rhv-computed" --idle-seconds=0 \
        --libvirt-uri=test:///default 2>/dev/null & pids+=($!)
wait_name org.rhv.Compute
mine=$(pss $!)
line "PSS of compute, idle, MiB" "$mine" "" "" "" ""
line "PSS of all five, idle, MiB" "$(awk -v a="$all" -v b="$mine" 'BEGIN { printf "%.1f", a + b }')" "" "" "" "<= 40"
