# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2154,SC2086
#
# For tests with one guest on a shared domain, under its lease: calls of org.rhv.Compute. The test sets D (domain), VM, IMAGE and VOLUME.
# Needs lib/assert, lib/storage.sh and lib/leases.sh.

COMPUTE=org.rhv.Compute

vm_path() { echo "/org/rhv/Compute/vm/$(sed 's/-/_2d/g; s/^\([0-9]\)/_3\1/' <<<"$VM")"; }
vm_state() { bus "$1" --json=short get-property $COMPUTE "$(vm_path)" $COMPUTE.Vm State | jq -r .data; }
vm_is() { [ "$(vm_state "$1")" = "$2" ]; }
compute_job_over() { case "$(bus "$1" --json=short get-property $COMPUTE "$2" org.rhv.Job State | jq -r .data)" in done | failed | aborted) ;; *) return 1 ;; esac; }
# vm_start HOST [KEY TYPE VALUE...]: with one more key of its description; "done", or the error's name
vm_start() {
        local host=$1 job keys=4
        shift
        [ $# -eq 0 ] || keys=5
        job=$(bus "$host" call $COMPUTE /org/rhv/Compute $COMPUTE CreateVm 'sa{sv}a{sv}' $VM $keys name s shared1 cpus u 1 memory t 134217728 \
                disks 'aa{sv}' 1 3 id s $IMAGE domain s $D volume s $VOLUME "$@" 0 | sed 's/.*"\(\/[^"]*\)"$/\1/')
        wait_until 60 compute_job_over "$host" "$job"
        bus "$host" --json=short get-property $COMPUTE "$job" org.rhv.Job ErrorMessage | jq -r .data >&2
        bus "$host" --json=short call $COMPUTE "$job" org.freedesktop.DBus.Properties GetAll s org.rhv.Job |
                jq -r '.data[0] | if .State.data == "done" then "done" else .ErrorName.data end'
}
vm_off() { bus "$1" call $COMPUTE "$(vm_path)" $COMPUTE.Vm PowerOff 'a{sv}' 0 >/dev/null; wait_until 30 vm_is "$1" down; }
vm_owner() { lockspace_json "$1" "$D" GetLeaseOwner 'sa{sv}' "$VM" 0 | jq -r '.data[0] | "\(.host_id.data) \(.held.data)"'; }

# libvirt_leases HOST: libvirt there keeps leases of guests
libvirt_leases() {
        on "$1" sh -c 'echo "lock_manager = \"sanlock\"" >> /etc/libvirt/qemu.conf; printf "auto_disk_leases = 0\nrequire_lease_for_disks = 0\n" > /etc/libvirt/qemu-sanlock.conf'
}
compute_ready() { bus "$1" get-property $COMPUTE /org/rhv/Compute $COMPUTE Backends | sees '"ready"'; }
agent_up() { [ "$(bus "$1" --json=short get-property $COMPUTE "$(vm_path)" $COMPUTE.Vm AgentState | jq -r .data)" = up ]; }
