# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# Helpers for tests of org.rhv.Cluster by busctl. Source it after "assert".

CLUSTER=(org.rhv.Cluster /org/rhv/Cluster org.rhv.Cluster)

# cluster HOST METHOD SIGNATURE VALUES...: the reply
cluster() {
        local host=$1
        shift
        bus "$host" call "${CLUSTER[@]}" "$@"
}

# paths "o \"/a\" ..." : the object paths of a reply, one a line
paths() { grep -o '"/[^"]*"' | tr -d '"'; }

# of HOST PATH INTERFACE METHOD SIGNATURE VALUES...: a method of an object
of() {
        local host=$1 path=$2 interface=$3
        shift 3
        bus "$host" call org.rhv.Cluster "$path" "org.rhv.Cluster.$interface" "$@"
}

# get HOST PATH INTERFACE PROPERTY: a string bare, anything else as busctl shows it without its type
get() {
        local value
        value=$(bus "$1" get-property org.rhv.Cluster "$2" "$3" "$4") || return
        case $value in
        's "'*) value=${value#s \"}; echo "${value%\"}" ;;
        *) echo "${value#* }" ;;
        esac
}
vm() { get "$1" "$2" org.rhv.Cluster.Vm "$3"; }
disk() { get "$1" "$2" org.rhv.Cluster.Disk "$3"; }
domain() { get "$1" "$2" org.rhv.Cluster.StorageDomain "$3"; }
job() { get "$1" "$2" org.rhv.Job "$3"; }
host_object() { bus "$1" --list tree org.rhv.Cluster | grep '/host/'; }
objects() { bus "$1" --list tree org.rhv.Cluster | grep "^/org/rhv/Cluster/$2/" || true; }
# named HOST KIND INTERFACE NAME: the object of that name
named() {
        local object
        for object in $(objects "$1" "$2"); do
                [ "$(get "$1" "$object" "org.rhv.Cluster.$3" Name)" != "$4" ] || echo "$object"
        done
}
the_host() { get "$1" "$(host_object "$1")" org.rhv.Cluster.Host "$2"; }
host_is() { [ "$(the_host "$1" State)" = "$2" ]; }
vm_is() { [ "$(vm "$1" "$2" State)" = "$3" ]; }
domain_is() { [ "$(domain "$1" "$2" State)" = "$3" ]; }
address_of() { vm "$1" "$2" GuestAddresses | grep -o '10\.88\.0\.[0-9]*'; }
# has_address HOST VM ADDRESS: to be waited for; a restarted Compute has to ask the guest's agent again
has_address() { [ "$(address_of "$1" "$2")" = "$3" ]; }

job_ended() { [[ $(job "$1" "$2" State) =~ ^(done|failed|aborted)$ ]]; }

# job_wait HOST PATH [SECONDS]: until it has ended; prints "done", or "failed <error name>: <message>"
job_wait() {
        local state
        wait_until "${3:-90}" job_ended "$1" "$2"
        state=$(job "$1" "$2" State)
        [ "$state" = "done" ] && echo "$state" || echo "$state $(job "$1" "$2" ErrorName): $(job "$1" "$2" ErrorMessage)"
}

# job_done HOST PATH [SECONDS]: it must end well
job_done() { assert_eq 'done' "$(job_wait "$@")"; }

# vm_do HOST PATH METHOD: Start, Shutdown, PowerOff or Reboot, to its end
vm_do() {
        local reply
        reply=$(of "$1" "$2" Vm "$3" 'a{sv}' 0)
        job_done "$1" "$(paths <<<"$reply")" 180
}

# events HOST: codes, oldest first
events() { bus "$1" -j call "${CLUSTER[@]}" ListEvents 'a{sv}' 1 limit u 1000 | python3 -c '
import json, sys
for event in json.load(sys.stdin)["data"][0]:
    print(event["code"]["data"])'; }

# domain_make HOST PATH: a local domain of that name; prints its object
domain_make() {
        local reply
        on "$1" mkdir -p "$2" >&2
        on "$1" chown 36:36 "$2" >&2
        reply=$(cluster "$1" CreateStorageDomain 'a{sv}a{sv}' 3 name s local type s local path s "$2" 0)
        job_done "$1" "$(paths <<<"$reply" | tail -1)" >&2
        paths <<<"$reply" | head -1
}

# disk_make HOST NAME BYTES FORMAT: prints its object
disk_make() {
        local reply
        reply=$(cluster "$1" CreateDisk 'a{sv}a{sv}' 4 name s "$2" storage_domain s local capacity t "$3" format s "$4" 0)
        job_done "$1" "$(paths <<<"$reply" | tail -1)" >&2
        paths <<<"$reply" | head -1
}

# guest_disk HOST NAME: a disk with the guest image in it
guest_disk() {
        local image size object job
        image=$(guest_image)/guest.qcow2
        size=$(qemu-img info --output=json "$image" | python3 -c 'import json, sys; print(json.load(sys.stdin)["virtual-size"])')
        lab put "$1" "$image" /root/guest.qcow2 >&2
        lab put "$1" "$SUITE_LAB/lib/cluster-fd" /usr/local/bin/cluster-fd >&2
        object=$(disk_make "$1" "$2" "$size" qcow2)
        job=$(on "$1" cluster-fd Upload "$object" /root/guest.qcow2)
        job_done "$1" "$job" >&2
        echo "$object"
}

# guest_network HOST: the network "guests" over eth1, where the lab's DHCP answers
guest_network() {
        local reply
        cluster "$1" CreateNetwork 'a{sv}a{sv}' 1 name s guests 0 >&2
        reply=$(of "$1" "$(host_object "$1")" Host AttachNetwork 'sa{sv}' guests 2 nic s eth1 ipv4 'a{sv}' 2 \
                method s static addresses as 1 "10.88.0.1${1#host}/24")
        job_done "$1" "$(paths <<<"$reply")"
}
