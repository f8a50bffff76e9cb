# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# For tests of block domains, in either lab. Needs lib/assert, lib/storage.sh and lib/leases.sh.

# lvm_on HOST DEVICES COMMAND ARGUMENT...
lvm_on() {
        local host=$1 devices=$2 command=$3
        shift 3
        on "$host" "$command" --devices "$devices" "$@"
}

# block_share HOST DOMAIN DEVICE...: makes a block domain, which on a busy machine takes longer than busctl waits by itself
block_share() {
        local host=$1 domain=$2
        shift 2
        bus "$host" --timeout=120 call org.rhv.Storage "$STORAGE" org.rhv.Storage CreateDomain 'sa{sv}a{sv}' "$domain" 4 type s fcp devices as $# "$@" name s shared io_timeout t $((${IO_TIMEOUT:-10} * 1000000)) 0
}

# device_list HOST JQ [ARGUMENT...]: what jq makes of each disk as ListDevices tells it, without the types
device_list() {
        local host=$1 program=$2
        shift 2
        bus "$host" --json=short call org.rhv.Storage /org/rhv/Storage org.rhv.Storage ListDevices 'a{sv}' 1 loops b true |
                jq -r "$@" ".data[0][] | map_values(.data) | $program"
}
# shellcheck disable=SC2016 # the variables are jq's
# device_is HOST DEVICE STATE [WORDS]: that disk's state, and what is said of it
device_is() { device_list "$1" 'select(.device == $d or .name == $d) | "\(.state) \(.reason)"' --arg d "$2" | sees "^$3 .*${4:-}"; }

# block_find HOST DEVICE...: opens it
block_find() {
        local host=$1
        shift
        storage_call "$host" OpenDomain 'a{sv}a{sv}' 2 type s fcp devices as $# "$@" 0
}
