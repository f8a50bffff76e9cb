# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# Looking at hosts: sessions, files, journals.

# A shell that also works when the network does not. It gets a terminal of the host's own: ours has no name inside.
look_shell() {
        if [ -t 0 ]; then
                host_x "$1" script --quiet --return --command 'bash --login' /dev/null
        else
                host_x "$1" bash --login
        fi
}

# look_ssh [USER@]HOST [COMMAND...]: a real login session, with a terminal if there is one
look_ssh() {
        local to=$1 user=root key
        shift
        case $to in *@*) user=${to%%@*} to=${to#*@} ;; esac
        check_host "$to"
        key=$(image_path host)
        in_net ssh -q -i "$key/root/.ssh/id_ed25519" -o IdentitiesOnly=yes -o ConnectTimeout=10 \
                -o UserKnownHostsFile="$key/etc/ssh/ssh_known_hosts" -o StrictHostKeyChecking=yes -o UpdateHostKeys=no \
                -F none "$user@10.77.0.1${to#host}" "$@"
}

# look_put HOST FILE... DEST: into a directory if DEST is one or ends in "/", else one file to that name
look_put() {
        local host=$1 dest=${*: -1} sources=("${@:2:$#-2}") s mode
        [ ${#sources[@]} -gt 0 ] || die "put HOST FILE... DEST"
        if [ "${dest%/}" != "$dest" ]; then host_x "$host" mkdir -p "$dest"; fi
        if host_x "$host" test -d "$dest"; then
                for s in "${sources[@]}"; do
                        s=$(readlink -f "$s")
                        tar -C "$(dirname "$s")" -cf - "$(basename "$s")" | host_x "$host" tar -C "$dest" --no-same-owner -xf -
                done
        else
                [ ${#sources[@]} = 1 ] || die "put: $dest is no directory"
                mode=$(stat -L -c %a "${sources[0]}")
                # shellcheck disable=SC2016 # expanded inside
                host_x "$host" sh -c 'cat > "$1" && chmod "$2" "$1"' put "$dest" "$mode" < "${sources[0]}"
        fi
}

# The journal is read from the host's directory, so a dead host has one too
# shellcheck disable=SC2153 # STATE is env.sh's
look_logs() {
        local host=$1
        shift
        journalctl --no-pager --quiet --directory="$STATE/hosts/$host/upper/var/log/journal" "$@"
}

look_save() {
        local host dir=$1
        mkdir -p "$dir"
        for host in $(hosts); do
                cp "$STATE/hosts/$host/console.log" "$dir/$host.console.log" 2>/dev/null || true
                look_logs "$host" --output=short-precise > "$dir/$host.journal.log" 2>/dev/null || true
        done
        for host in keeper bmc; do
                cp "$STATE/$host.log" "$dir/" 2>/dev/null || true
        done
}

look_list() {
        local host state
        for host in $(hosts); do
                state=off
                ! alive "$host" || state="on, $(host_x "$host" timeout 5 systemctl is-system-running 2>/dev/null || true)"
                echo "$host $state"
        done
}
