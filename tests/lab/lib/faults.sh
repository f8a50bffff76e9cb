# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# Helpers for tests of faults. Source it after "assert" and "cluster.sh"; one host, host1.

FIVE="cluster compute storage network fence"

witness() { on host1 witness "$@"; }

uuid() { cat /proc/sys/kernel/random/uuid; }

service_of() { echo "${1^}"; }

pid_of() { on host1 systemctl show -P MainPID "rhv-$1.service"; }

# kill9 DAEMON: as the kernel's out-of-memory killer would. systemd counts starts, and stops starting a service that dies too often;
# this is not what is tested here.
kill9() {
        on host1 systemctl kill --signal=KILL --kill-whom=main "rhv-$1.service"
        on host1 systemctl reset-failed "rhv-$1.service" 2>/dev/null || true
}

# ready DAEMON: it answers, and has all its backends
ready() {
        local backends
        backends=$(bus host1 --timeout=5 get-property "org.rhv.${1^}" "/org/rhv/${1^}" "org.rhv.${1^}" Backends) || return 1
        [[ $backends != *'"connecting"'* && $backends != *'"failed"'* ]]
}

# agree: all services and what is below them tell the same, in the end
agree() {
        local end=$((SECONDS + 30)) said=
        until said=$(witness agree 2>&1); do
                [ $SECONDS -lt $end ] || fail "they do not agree: $said"
                sleep 0.2
        done
}

# fault_host: a host that is up, with the tools in it
fault_host() {
        hosts_up host1
        lab put host1 "$SUITE_LAB/lib/witness" "$SUITE_LAB/lib/cluster-fd" /usr/local/bin/
        wait_until 60 host_is host1 up
        for daemon in $FIVE; do wait_until 30 ready "$daemon"; done
}

# named METHOD-OUTCOME: "done", or a failure that has one of our names
named() {
        [[ $1 =~ ^(done$|failed\ org\.rhv\.Error\.[A-Z][A-Za-z]+:\ .) ]] || fail "an outcome without a name: $1"
}

# insist COMMAND...: a call that is made again, word for word, until there is an answer: its caller cannot know whether the service
# that died had heard it. What is there already, or is under way, is said as "Busy" or "not there yet" by name, and asked again.
insist() {
        local end=$((SECONDS + 40)) reply
        until reply=$("$@" 2>&1); do
                [ $SECONDS -lt $end ] || fail "no answer but \"$reply\" to: $*"
                sleep 0.2
        done
        echo "$reply"
}

# strike DAEMON MOMENT PATH: kills the daemon at that moment of the job: a delay in seconds after its beginning
strike() {
        sleep "$2"
        kill9 "$1"
}

# through DAEMON MOMENT COMMAND...: the command starts a job, with the id in $job_id; the daemon is killed at that moment after the call has
# returned ("at once": while it is made). The job has a named outcome, the retry of the call hears of the same job, and when
# it failed because of the kill it can be made again. Prints every object path of the last reply.
through() {
        local daemon=$1 moment=$2 reply job again outcome striker=
        shift 2
        job_id=$(uuid)
        if [ "$moment" = "at once" ]; then
                kill9 "$daemon" &
                striker=$!
                reply=$(insist "$@" "$job_id")
        else
                reply=$(insist "$@" "$job_id")
                strike "$daemon" "$moment"
        fi
        [ -z "$striker" ] || wait "$striker"
        job=$(paths <<<"$reply" | tail -1)
        again=$(insist "$@" "$job_id")
        assert_eq "$reply" "$again" "the retry"
        outcome=$(job_wait host1 "$job" 60)
        named "$outcome"
        echo "    $daemon killed ($moment): $outcome" >&2
        if [ "$outcome" != "done" ]; then
                agree
                # what a person does about what is left, where the test says so
                if [ "$(type -t settle)" = function ]; then settle >&2; fi
                job_id=$(uuid)
                reply=$(insist "$@" "$job_id")
                job_done host1 "$(paths <<<"$reply" | tail -1)" 60
        fi
        agree
        paths <<<"$reply"
}

# stay_up: the services do not leave when they are idle, so that the process can be compared
stay_up() {
        for daemon in $FIVE; do
                on host1 sh -c "d=/run/systemd/system/rhv-$daemon.service.d; mkdir -p \$d
                        start=\$(systemctl cat rhv-$daemon.service | sed -n 's/^ExecStart=//p')
                        printf '[Service]\nExecStart=\nExecStart=%s --idle-seconds=0\n' \"\$start\" > \$d/stay-up.conf"
        done
        on host1 systemctl daemon-reload
        for daemon in $FIVE; do on host1 systemctl restart "rhv-$daemon.service"; done
        for daemon in $FIVE; do wait_until 30 ready "$daemon"; done
}
