# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# For tests of leases on shared domains: sanlock on a host, with its true clock or one that runs RHV_LEASE_SPEED times as fast, and calls of
# org.rhv.Storage.Lockspace. Needs lib/assert and lib/storage.sh.

LOCKSPACE=org.rhv.Storage.Lockspace

# sanlock_start HOST [SPEED]: armed, as our packaging has it, and running; sanlock_ready HOST [SPEED]: not started. All hosts of a test have the same
# speed. A lockspace keeps times of the host's clock, so the speed of a host is not changed while it is in one.
sanlock_start() {
        sanlock_ready "$@"
        on "$1" systemctl start wdmd.service sanlock.service
}
sanlock_ready() {
        local host=$1 speed=${2:-10}
        if [ "$speed" != 1 ]; then
                on "$host" sh -c "mkdir -p /run/systemd/system/sanlock.service.d && cat > /run/systemd/system/sanlock.service.d/speed.conf" <<-END
			[Service]
			Environment="LD_PRELOAD=/usr/local/lib/lab-shim.so /usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1" "FAKETIME=+0 x$speed"
		END
                on "$host" systemctl daemon-reload
        fi
}

# lockspace_call HOST DOMAIN METHOD SIGNATURE ARGUMENT...
lockspace_call() {
        local host=$1 domain=$2
        shift 2
        bus "$host" call org.rhv.Storage "$(storage_path "$domain")" $LOCKSPACE "$@"
}

# lockspace_json HOST DOMAIN METHOD SIGNATURE ARGUMENT...: the answer as JSON
lockspace_json() {
        local host=$1 domain=$2
        shift 2
        bus "$host" --json=short call org.rhv.Storage "$(storage_path "$domain")" $LOCKSPACE "$@"
}

# lockspace_get HOST DOMAIN PROPERTY
lockspace_get() { bus "$1" --json=short get-property org.rhv.Storage "$(storage_path "$2")" $LOCKSPACE "$3" | jq -r .data; }

# lockspace_job HOST DOMAIN METHOD SIGNATURE ARGUMENT...: waits for the job; prints how it ended
lockspace_job() { job_wait "$1" "$(job_of "$(lockspace_call "$@")")"; }

# domain_share HOST DOMAIN PATH: makes a shared domain in a directory of /shared
domain_share() {
        on "$1" sh -c "mkdir -p $3 && chown 36:36 $3"
        storage_call "$1" CreateDomain 'sa{sv}a{sv}' "$2" 3 type s posix path s "$3" name s shared 0
}

# domain_find HOST PATH: opens it
domain_find() { storage_call "$1" OpenDomain 'a{sv}a{sv}' 2 type s posix path s "$2" 0; }

lockspace_join() { lockspace_job "$1" "$2" Join 'ua{sv}' "$3" 0; }
lease_acquire() { lockspace_job "$1" "$2" AcquireLease 'a{sv}' 0; }
lease_release() { lockspace_job "$1" "$2" ReleaseLease 'a{sv}' 0; }

# lease_is HOST DOMAIN STATE
lease_is() { [ "$(lockspace_get "$1" "$2" LeaseState)" = "$3" ]; }
# lockspace_is HOST DOMAIN STATE
lockspace_is() { [ "$(lockspace_get "$1" "$2" State)" = "$3" ]; }
# host_seen HOST DOMAIN ID STATE: how HOST sees the host with that id
host_seen() {
        [ "$(lockspace_json "$1" "$2" GetHosts 'a{sv}' 0 | jq -r ".data[0][] | select(.host_id.data == $3).state.data")" = "$4" ]
}

lease_unit() { echo "rhv-lease-$1.service"; }
lease_pid() { on "$1" systemctl show -P MainPID "$(lease_unit "$2")"; }

# volume_make HOST DOMAIN IMAGE VOLUME VERSION: under that lease; prints how the job ended
volume_make() {
        job_wait "$1" "$(job_of "$(domain_call "$1" "$2" CreateVolume 'ssa{sv}a{sv}' "$3" "$4" 2 format s raw capacity t 65536 1 lease t "$5")")"
}

# ---- writers and what they wrote ----

# log_writes DIRECTORY FILE: of all hosts, in the background
log_writes() { "$SUITE_LAB/lib/write-log" "$RHV_LAB" "$1" > "$2" 2>&1 & }

# writer_start HOST DOMAIN VERSION [ALLOCATION]: makes and removes volumes without end, under that lease; images of host N begin with N
writer_start() {
        lab put "$1" "$SUITE_LAB/lib/lease-writer" /usr/local/bin/lease-writer
        on "$1" systemctl reset-failed writer.service 2>/dev/null || true
        on "$1" systemd-run --quiet --collect --unit=writer /usr/local/bin/lease-writer "${1#host}" "$3" "$(storage_path "$2")" "${4:-sparse}"
}
writer_stop() { on "$1" systemctl stop writer.service 2>/dev/null || true; }

# writes HOST LOG: how many changes were its
writes() { grep -c "^[0-9.]* $1 " "$2" || true; }
# more_writes HOST LOG THAN
more_writes() { [ "$(writes "$1" "$2")" -gt "$3" ]; }
# keeps_writing HOST LOG: it does now
keeps_writing() { wait_until 30 more_writes "$1" "$2" $(($(writes "$1" "$2") + 20)); }

# quiet_since HOST LOG SECONDS: not one change of that host reached the storage after that time
quiet_since() {
        local late
        late=$(awk -v t="$3" -v h="$1" '$1 > t && $2 == h' "$2" | head -n3)
        [ -z "$late" ] || fail "$1 wrote after $3: $late"
}

# take_over HOST DOMAIN: acquires as soon as it may, which is refused while the other counts as live; prints when it had it
take_over() {
        wait_until "${TAKE_OVER_SECONDS:-60}" take_over_once "$1" "$2"
        date +%s.%N
}
take_over_once() { [ "$(lease_acquire "$1" "$2" 2>/dev/null)" = "done" ]; }

# stuck HOST PATTERN: the process of that command line, which even SIGKILL does not end any more: as one that waits in the kernel for
# storage. Version 1 of the freezer does that, from outside.
stuck_possible() { [ -e /sys/fs/cgroup/freezer/cgroup.procs ]; }
stuck() {
        local group=/sys/fs/cgroup/freezer/rhv-lab/$RHV_LAB/$1/stuck pid
        pid=$(outer_pid "$1" "$2")
        mkdir -p "$group"
        echo "$pid" > "$group/cgroup.procs"
        echo FROZEN > "$group/freezer.state"
        echo "$pid"
}
unstuck() { echo THAWED > "/sys/fs/cgroup/freezer/rhv-lab/$RHV_LAB/$1/stuck/freezer.state"; }
# outer_pid HOST PATTERN: of a process of that host, as it is called out here
outer_pid() {
        local pid namespace leader
        leader=$(lab bus "$1")
        leader=${leader#*/proc/}
        namespace=$(readlink "/proc/${leader%%/*}/ns/pid")
        for pid in $(pgrep -f "$2"); do
                [ "$(readlink "/proc/$pid/ns/pid")" != "$namespace" ] || { echo "$pid"; return; }
        done
        return 1
}
