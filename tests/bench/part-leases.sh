# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2154
#
# Two lab hosts with shared storage: how long until another host has the lease of one whose power was cut, and how long a planned hand-over takes, beside
# a bare sanlock client that does nothing else. sanlock's clock runs ten times as fast on both, so what is ours counts ten times as much
# as in life. Each power cut comes right after a renewal: else the phase of the renewals is all that is measured.
# shellcheck source=tests/bench/report.sh
. "$here/report.sh"

# shellcheck source=tests/bench/lab.sh
. "$here/lab.sh"
# shellcheck source=tests/lab/lib/storage.sh
. "$SUITE_LAB/lib/storage.sh"
# shellcheck source=tests/lab/lib/leases.sh
. "$SUITE_LAB/lib/leases.sh"

trap 'lab down' EXIT
tests/lib/need lab
lab down
lab image >/dev/null
lab layer "$build"
rounds=${BENCH_ROUNDS:-5}
domain=11111111-2222-4333-8444-00000000000a
now() { date +%s.%N; }
since() { awk -v a="$1" -v b="$(now)" 'BEGIN { printf "%.3f", b - a }'; }

ready() {
        lab up "$1"
        lab wait "$1"
        sanlock_start "$1"
}
joined() { lockspace_is "$1" $domain held; }

ready host1
ready host2
domain_share host1 $domain /shared/d1 >/dev/null
domain_find host2 /shared/d1 >/dev/null
lockspace_join host1 $domain 1 >/dev/null
lockspace_join host2 $domain 2 >/dev/null
wait_until 60 host_seen host2 $domain 1 live
renewals() { on host1 sanlock client renewal -s $domain | tail -n1; }
# right after the next renewal
cut_power() {
        local before
        before=$(renewals)
        while [ "$(renewals)" = "$before" ]; do sleep 0.02; done
        lab kill host1
}
again() {
        ready host1
        bus host1 call org.rhv.Storage /org/rhv/Storage org.freedesktop.DBus.Peer Ping >/dev/null
        wait_until 60 joined host1
        wait_until 60 host_seen host2 $domain 1 live
}
# bare HOST SECONDS: acquires in a loop, then holds for so long
bare() {
        on "$1" python3 - "$domain" "/shared/d1/$domain/dom_md/leases" "$2" <<-'END'
		import sanlock, sys, time
		space, path, hold = sys.argv[1].encode(), sys.argv[2], float(sys.argv[3])
		fd = sanlock.register()
		while True:
		    try:
		        sanlock.acquire(space, b'SDM', [(path, 1 << 20)], slkfd=fd)
		        break
		    except sanlock.SanlockException:
		        time.sleep(0.05)
		print('held', flush=True)
		time.sleep(hold)
	END
}
ours_try() { [ "$(lease_acquire host2 $domain 2>/dev/null)" = "done" ]; }
until_done() { until "$@"; do sleep 0.05; done; }

alone=() ours=()
for ((i = 0; i < rounds; i++)); do
        bare host1 1000 >/dev/null 2>&1 &
        wait_until 30 sh -c "'$SUITE_LAB/lab' x host1 sanlock client status | grep -q '^r .*:SDM:'"
        cut_power
        start=$(now)
        bare host2 0 >/dev/null
        alone+=("$(since "$start")")
        again

        lease_acquire host1 $domain >/dev/null
        cut_power
        start=$(now)
        until_done ours_try
        ours+=("$(since "$start")")
        lease_release host2 $domain >/dev/null
        again
done
line "take-over of the lease after a power cut, s (median of $rounds)" "$(median "${ours[@]}")" "a bare sanlock client" "$(median "${alone[@]}")" \
        "$(ratio "$(median "${ours[@]}")" "$(median "${alone[@]}")")" "<= 1.05"

times=()
lease_acquire host1 $domain >/dev/null
from=host1 to=host2
for ((i = 0; i < rounds; i++)); do
        start=$(now)
        lease_release $from $domain >/dev/null
        lease_acquire $to $domain >/dev/null
        times+=("$(since "$start")")
        spare=$from from=$to to=$spare
done
line "planned hand-over of the lease, s (median of $rounds)" "$(median "${times[@]}")" "-" "-" "-" "<= 1"
