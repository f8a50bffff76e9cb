# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# Helpers for tests of the link between hosts. Source it after "assert".

CLUSTER=(org.rhv.Cluster /org/rhv/Cluster org.rhv.Cluster)

# string REPLY: the first string or path in what busctl prints
string() { sed -n 's/^[^"]*"\([^"]*\)".*/\1/p' <<<"$1"; }

# token HOST [SIGNATURED OPTIONS...]: a token for joining, e.g. "token host1 1 lifetime t 5000000"
token() {
        local host=$1 reply
        shift
        [ $# -gt 0 ] || set -- 0
        reply=$(bus "$host" call "${CLUSTER[@]}" CreateJoinToken 'a{sv}' "$@") || return
        string "$reply"
}

# join HOST TOKEN [OPTIONS...]: the peer's path over there
join() {
        local host=$1 token=$2 reply
        shift 2
        [ $# -gt 0 ] || set -- 0
        reply=$(bus "$host" --timeout=30 call "${CLUSTER[@]}" Join 'sa{sv}' "$token" "$@") || return
        string "$reply"
}

host_id() { string "$(bus "$1" get-property "${CLUSTER[@]}" LocalHost)"; }
peers() { bus "$1" --list tree org.rhv.Cluster | grep '^/org/rhv/Cluster/peer/' || true; }

# peer HOST OTHER: the object of OTHER on HOST
peer() {
        local object
        for object in $(peers "$1"); do
                [ "$(string "$(bus "$1" get-property org.rhv.Cluster "$object" org.rhv.Cluster.Peer Name)")" != "$2" ] || echo "$object"
        done
}

# peer_get HOST OTHER PROPERTY
peer_get() {
        local value
        value=$(bus "$1" get-property org.rhv.Cluster "$(peer "$1" "$2")" org.rhv.Cluster.Peer "$3") || return
        case $value in
        's "'*) string "$value" ;;
        *) echo "${value#* }" ;;
        esac
}
peer_is() { [ "$(peer_get "$1" "$2" State)" = "$3" ]; }
# peer_says HOST OTHER TEXT: the reason is like this
peer_says() { peer_get "$1" "$2" StateReason | sees -F -- "$3"; }

# peer_do HOST OTHER METHOD SIGNATURE VALUES...
peer_do() {
        local host=$1 object
        object=$(peer "$1" "$2")
        shift 2
        bus "$host" --timeout=120 call org.rhv.Cluster "$object" org.rhv.Cluster.Peer "$@"
}
ping_peer() { peer_do "$1" "$2" Ping 'a{sv}' 0; }

# peers_up HOST OTHER...: OTHERs join HOST, and are connected
peers_up() {
        local host=$1 other
        shift
        hosts_up "$host" "$@"
        for other; do
                wait_until 30 ping_cluster "$host"
                join "$other" "$(token "$host")" >/dev/null
                wait_until 30 peer_is "$host" "$other" up
                wait_until 30 peer_is "$other" "$host" up
        done
}
ping_cluster() { bus "$1" call org.rhv.Cluster /org/rhv/Cluster org.freedesktop.DBus.Peer Ping; }

# events HOST: codes, oldest first
events() { bus "$1" -j call "${CLUSTER[@]}" ListEvents 'a{sv}' 1 limit u 1000 | python3 -c '
import json, sys
for event in json.load(sys.stdin)["data"][0]:
    print(event["code"]["data"])'; }
told() { events "$1" | sees -x "$2"; }

# as_peer HOST TARGET COMMAND...: what root on HOST can do with the host's key: ssh to TARGET as a peer
as_peer() {
        local host=$1 target=$2
        shift 2
        case $target in *@*) ;; *) target=rhv-peer@$target ;; esac
        on "$host" timeout 60 ssh -F /usr/share/rhv/peer-ssh.conf -o GlobalKnownHostsFile=/etc/ssh/ssh_known_hosts -i /var/lib/rhv/cluster/peer/key "$target" "$@"
}
