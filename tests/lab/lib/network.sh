# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# Helpers for tests of org.rhv.Network, by busctl alone.

NETWORK=(org.rhv.Network /org/rhv/Network org.rhv.Network)

# setup HOST SIGNATURE-VALUES...: "1 ovirtmgmt 1 management b true 0 0": prints the job's path, or fails with the error on stderr
setup() {
        local host=$1 reply
        shift
        # shellcheck disable=SC2068
        reply=$(bus "$host" call "${NETWORK[@]}" SetupNetworks 'a{sa{sv}}a{sa{sv}}a{sv}' $@) || return
        reply=${reply#o \"}
        echo "${reply%\"}"
}

# property HOST PATH INTERFACE NAME: a string bare, anything else as busctl shows it without its type
property() {
        local value
        value=$(bus "$1" get-property org.rhv.Network "$2" "$3" "$4") || return
        case $value in
        's "'*) value=${value#s \"}; echo "${value%\"}" ;;
        *) echo "${value#* }" ;;
        esac
}
job() { property "$1" "$2" org.rhv.Job "$3"; }
network() { property "$1" "/org/rhv/Network/network/$2" org.rhv.Network.Network "$3"; }
network_is() { [ "$(network "$1" "$2" "$3")" = "$4" ]; }
nic() { property "$1" "/org/rhv/Network/nic/$2" org.rhv.Network.Nic "$3"; }

job_ended() { [[ $(job "$1" "$2" State) =~ ^(done|failed|aborted)$ ]]; }

# job_wait HOST PATH [SECONDS]: until it has ended; prints "done", or "failed <error name>: <message>"
job_wait() {
        local state
        wait_until "${3:-90}" job_ended "$1" "$2"
        state=$(job "$1" "$2" State)
        [ "$state" = "done" ] && echo "$state" || echo "$state $(job "$1" "$2" ErrorName): $(job "$1" "$2" ErrorMessage)"
}

# setup_ok HOST VALUES...: done, or the test fails
setup_ok() {
        local host=$1 path
        shift
        path=$(setup "$host" "$@")
        assert_eq "done" "$(job_wait "$host" "$path")" "SetupNetworks $*"
}

# what the kernel says of addresses and ports: "eth0 UP 10.77.0.11/24" lines, and bridge ports
addresses() { on "$1" ip -4 -brief address show dev "$2" 2>/dev/null | awk '{$1=$2=""; print $0}' | xargs; }
master() { on "$1" sh -c "basename \$(readlink /sys/class/net/$2/master) 2>/dev/null || true"; }

# everything a failed set-up must leave as it was: profiles, on disk and in memory, links, addresses, routes (the loopback's profile is made
# anew by each start of NetworkManager)
snapshot() {
        on "$1" sh -c '
                nmcli -t -f NAME,UUID,TYPE,DEVICE,AUTOCONNECT connection show | grep -v ^lo: | sort
                sha256sum /etc/NetworkManager/system-connections/* 2>/dev/null
                ls /run/NetworkManager/system-connections 2>/dev/null
                ip -brief link | sed "s/@[^ ]*//; s/<.*//" | sort
                ip -brief address | sed "s/@[^ ]*//" | sort
                ip route | sort'
}
same_as() { [ "$(snapshot "$1")" = "$2" ]; }

# no checkpoint left in NetworkManager, no journal of ours
nothing_open() {
        [[ $(bus "$1" get-property org.freedesktop.NetworkManager /org/freedesktop/NetworkManager org.freedesktop.NetworkManager Checkpoints) == "ao 0" ]] &&
                ! on "$1" test -e /var/lib/rhv/network/setup.json
}

backend_is() { bus "$1" get-property "${NETWORK[@]}" Backends | sees -F "\"NetworkManager\" \"$2\""; }

# alone HOST: the cluster service makes the management network of its host by itself; these tests do that step by step
alone() {
        on "$1" systemctl mask --now rhv-cluster.service
        wait_until 90 nothing_open "$1"
        if on "$1" test -e /sys/class/net/ovirtmgmt; then
                on "$1" nmcli connection delete rhv-ovirtmgmt rhv-eth0
                on "$1" nmcli connection up eth0
        fi
        on "$1" systemctl restart rhv-network.service
}
