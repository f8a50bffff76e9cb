# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# For the tests of org.rhv.Compute: calls on host1's bus, with busctl from outside. Needs lib/assert.

COMPUTE=org.rhv.Compute
COMPUTE_DOMAIN=11111111-2222-4333-8444-0000000000d0

compute_path() { echo "/org/rhv/Compute/vm/$(sed 's/-/_2d/g; s/^\([0-9]\)/_3\1/' <<<"$1")"; }
compute_storage_path() { echo "/org/rhv/Storage/domain/$(sed 's/-/_2d/g; s/^\([0-9]\)/_3\1/' <<<"$1")"; }

# vm_call VM METHOD [SIGNATURE ARGUMENT...]
vm_call() { local vm=$1; shift; bus host1 call $COMPUTE "$(compute_path "$vm")" $COMPUTE.Vm "$@"; }

# vm_get VM PROPERTY: as jq prints it
vm_get() { bus host1 --json=short get-property $COMPUTE "$(compute_path "$1")" $COMPUTE.Vm "$2" | jq -rc .data; }

vm_is() { [ "$(vm_get "$1" "$2")" = "$3" ]; }
vm_wait() { wait_until "${4:-60}" vm_is "$1" "$2" "$3"; }
vm_gone() { ! vm_get "$1" State; }

# path_of 'o "/path" …': the last path in an answer
path_of() { sed 's/.*"\(\/[^"]*\)"$/\1/' <<<"$1"; }

# job_read SERVICE JOB PROPERTY
job_read() { bus host1 --json=short get-property "$1" "$2" org.rhv.Job "$3" | jq -rc .data; }
job_is_over() { case "$(job_read "$1" "$2" State)" in done | failed | aborted) ;; *) return 1 ;; esac; }

# job_end ANSWER [SERVICE [SECONDS]]: "done", or the state and the error's name
job_end() {
        [ -n "$1" ] || fail "no answer to wait for"
        local job service=${2:-$COMPUTE} state
        job=$(path_of "$1")
        wait_until "${3:-120}" job_is_over "$service" "$job"
        state=$(job_read "$service" "$job" State)
        if [ "$state" = "done" ]; then echo "done"; else echo "$state $(job_read "$service" "$job" ErrorName)"; fi
}

# vm_job VM METHOD [SIGNATURE ARGUMENT...]: how it ended
vm_job() { job_end "$(vm_call "$@")"; }

# vm_create VM KEYS DESCRIPTION...: the answer; DESCRIPTION as busctl wants an a{sv}, KEYS of them
vm_create() {
        local vm=$1 keys=$2
        shift 2
        bus host1 call $COMPUTE /org/rhv/Compute $COMPUTE CreateVm 'sa{sv}a{sv}' "$vm" "$keys" "$@" 0
}

# vm_start VM NAME IMAGE...: a small guest with these disks and a NIC on the bridge "guests"
vm_start() {
        local vm=$1 name=$2 image disks=()
        shift 2
        for image in "$@"; do disks+=(3 id s "$image" domain s "$COMPUTE_DOMAIN" volume s "$image"); done
        vm_create "$vm" 5 name s "$name" cpus u 1 memory t 134217728 \
                disks 'aa{sv}' $# "${disks[@]}" \
                nics 'aa{sv}' 1 3 id s "${vm%??}ee" network s guests mac s "56:6f:00:00:00:${vm: -2}"
}

# guests_bridge: eth1 of host1 becomes a port of the bridge "guests"
guests_bridge() {
        on host1 nmcli -t connection add type bridge ifname guests con-name guests bridge.stp no \
                ipv4.method manual ipv4.addresses 10.88.0.11/24 ipv6.method disabled
        on host1 nmcli -t connection add type ethernet ifname eth1 con-name guests-eth1 master guests slave-type bridge
        on host1 nmcli -t connection up guests-eth1
}

# disk_make IMAGE: a raw disk with the guest's system on the domain COMPUTE_DOMAIN, which is made where it is missing
disk_make() {
        local image=$1 path user=99999999-2222-4333-8444-000000000000
        if ! on host1 test -d /srv/data/$COMPUTE_DOMAIN; then
                on host1 mkdir -p /srv
                bus host1 call org.rhv.Storage /org/rhv/Storage org.rhv.Storage CreateDomain 'sa{sv}a{sv}' $COMPUTE_DOMAIN 3 \
                        type s local path s /srv/data name s data 0
                lab put host1 "$(guest_image)/guest.qcow2" /root/guest.qcow2
        fi
        assert_eq "done" "$(job_end "$(storage_domain CreateVolume 'ssa{sv}a{sv}' "$image" "$image" 2 format s raw capacity t 67108864 0)" org.rhv.Storage)"
        path=$(bus host1 --json=short call org.rhv.Storage "$(compute_storage_path $COMPUTE_DOMAIN)" org.rhv.Storage.Domain PrepareImage \
                'ssa{sv}' "$image" "$image" 1 user s $user | jq -r '.data[0].path.data')
        on host1 qemu-img convert -n -O raw /root/guest.qcow2 "$path"
        storage_domain TeardownImage 'sa{sv}' "$image" 1 user s $user
}

storage_domain() { bus host1 call org.rhv.Storage "$(compute_storage_path $COMPUTE_DOMAIN)" org.rhv.Storage.Domain "$@"; }

# disk_users IMAGE: who uses it, as Storage says
disk_users() {
        bus host1 --json=short call org.rhv.Storage "$(compute_storage_path $COMPUTE_DOMAIN)" org.rhv.Storage.Domain GetVolumes s "$1" |
                jq -rc '.data[0][0].users.data'
}

vm_address() { vm_get "$1" GuestAddresses | grep -o '10\.88\.0\.[0-9]*'; }
agent_up() { vm_is "$1" AgentState up && vm_address "$1"; }

# backend: what Compute says of libvirt
backend() { bus host1 --json=short get-property $COMPUTE /org/rhv/Compute $COMPUTE Backends | jq -rc '.data[0][1]'; }
backend_is() { [ "$(backend)" = "$1" ]; }
