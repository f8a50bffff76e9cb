# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# world_up: host1 with one object of each kind in each state that a change may need: for tests of who may do what.
#
#     VMs        web1 running, idle1 paused, db1 down; a guest of Compute alone that is down
#     template   model, of kept1
#     snapshots  kept of kept1, and seen of kept2, which is previewed
#     disks      used (web1's), old (db1's), spare    domains   local1, local2 (empty)
#     networks   ovirtmgmt and red on the host, blue not, alone isolated     others    data center dc2 with cluster2, dc4 empty, MAC pool spare
#     isos1, an ISO domain, and exports1, an export domain, that only Storage knows
#     shared1, a shared domain that only Storage knows, in whose lockspace host1 is not
#     peers      away, which is not connected and not dialled
#     jobs       one of root that has ended, and world_job: one that runs for some ten seconds
world_shared=5a1d0c2e-7c0f-4a52-9b1e-0c6f3f0d1e01
world_isos=5a1d0c2e-7c0f-4a52-9b1e-0c6f3f0d1e02
world_exports=5a1d0c2e-7c0f-4a52-9b1e-0c6f3f0d1e03
world_guest=5a1d0c2e-7c0f-4a52-9b1e-0c6f3f0d1eff

world_quiet() { on host1 rhvctl "$@" >/dev/null </dev/null; }

world_up() {
        hosts_up host1
        world_peer
        world_quiet status --wait --timeout 60s
        wait_until 30 sh -c "'$SUITE_LAB/lab' x host1 rhvctl host list --no-legend | grep -q 'host1 *up '"
        on host1 mkdir -p /srv/one /srv/two
        world_quiet domain create local1 /srv/one
        world_quiet domain create local2 /srv/two
        world_quiet disk create used --domain local1 --size 8M
        world_quiet disk create old --domain local1 --size 8M
        world_quiet disk create spare --domain local1 --size 8M
        world_quiet network create red
        world_quiet network attach red host1 --nic eth1
        world_quiet network create blue
        world_quiet vm create web1 --memory 64M --cpus 1 --disk used
        world_quiet vm create idle1 --memory 64M --cpus 1 --nic red --cdrom-drive on
        world_quiet vm create db1 --memory 64M --cpus 1 --disk old --nic red
        world_quiet vm create kept1 --memory 64M --cpus 1
        world_quiet snapshot create kept1 kept
        world_quiet template create kept1 model
        world_quiet vm create kept2 --memory 64M --cpus 1
        world_quiet snapshot create kept2 seen
        world_quiet snapshot preview seen
        bus host1 call org.rhv.Cluster /org/rhv/Cluster org.rhv.Cluster CreateDataCenter 'a{sv}a{sv}' 1 name s dc2 0 >/dev/null
        bus host1 call org.rhv.Cluster /org/rhv/Cluster org.rhv.Cluster CreateDataCenter 'a{sv}a{sv}' 1 name s dc4 0 >/dev/null
        bus host1 call org.rhv.Cluster /org/rhv/Cluster org.rhv.Cluster CreateCluster 'a{sv}a{sv}' 2 name s cluster2 data_center s dc2 0 >/dev/null
        bus host1 call org.rhv.Cluster /org/rhv/Cluster org.rhv.Cluster CreateMacPool 'a{sv}a{sv}' 2 name s spare ranges as 1 56:71:00:00:00:00-56:71:00:00:00:ff 0 >/dev/null
        world_quiet vm start web1
        world_quiet vm start idle1
        world_quiet vm pause idle1
        world_down_guest
        bus host1 call org.rhv.Compute /org/rhv/Compute org.rhv.Compute SetupNetwork 'sa{sv}a{sv}' alone 1 mode s isolated 0 >/dev/null
        on host1 systemctl start wdmd.service sanlock.service
        on host1 sh -c 'mkdir -p /shared/world && chown 36:36 /shared/world'
        bus host1 call org.rhv.Storage /org/rhv/Storage org.rhv.Storage CreateDomain 'sa{sv}a{sv}' $world_isos 4 type s local path s /srv/isos name s isos1 class s Iso 0 >/dev/null
        bus host1 call org.rhv.Storage /org/rhv/Storage org.rhv.Storage CreateDomain 'sa{sv}a{sv}' $world_exports 4 type s local path s /srv/exports name s exports1 class s Backup 0 >/dev/null
        bus host1 call org.rhv.Storage /org/rhv/Storage org.rhv.Storage CreateDomain 'sa{sv}a{sv}' $world_shared 3 type s posix path s /shared/world name s shared1 0 >/dev/null
}

# a peer as it is written when a host joined
world_peer() {
        local key
        key=$(on host1 cut -d' ' -f1,2 /etc/ssh/ssh_host_ed25519_key.pub)
        on host1 sh -c 'cat > /var/lib/rhv/peer/hosts.json' <<P
{"version": 1, "joining_until": 0, "hosts": {"5a1d0c2e-7c0f-4a52-9b1e-0c6f3f0d1efe":
 {"name": "away", "address": "10.77.0.99", "port": 22, "key": "$key", "host_key": "$key", "dial": false}}}
P
        on host1 systemctl restart rhv-cluster.service
}

world_down_guest() {
        local vm=/org/rhv/Compute/vm/${world_guest//-/_2d}
        bus host1 call org.rhv.Compute /org/rhv/Compute org.rhv.Compute CreateVm 'sa{sv}a{sv}' $world_guest 3 name s gone1 cpus u 1 memory t 67108864 0 >/dev/null
        # an id may begin with a digit, which a path element escapes
        vm=$(bus host1 tree --list org.rhv.Compute | grep "${world_guest:1:7}.*${world_guest: -4}$" | grep /vm/)
        wait_until 30 sh -c "'$SUITE_LAB/lab' x host1 busctl get-property org.rhv.Compute $vm org.rhv.Compute.Vm State | grep -q running"
        bus host1 call org.rhv.Compute "$vm" org.rhv.Compute.Vm PowerOff 'a{sv}' 0 >/dev/null
        wait_until 30 sh -c "'$SUITE_LAB/lab' x host1 busctl get-property org.rhv.Compute $vm org.rhv.Compute.Vm State | grep -q down"
}

# a job of root that runs until a device that is not there has not answered
world_job() { on host1 sh -c 'rhvctl fence status fence_ipmilan 10.77.0.99 --no-password --option lanplus=yes --option cipher=3 --username x --no-wait'; }

# stranger USER ARGUMENT...: lib/stranger.py on host1 as that user
stranger() {
        local user=$1 file
        shift
        for file in "$SUITE_LAB/lib/stranger.py" "$SUITE_LAB/../lib/contract.py"; do
                lab put host1 "$file" "/var/tmp/$(basename "$file")"
                on host1 chmod 644 "/var/tmp/$(basename "$file")"
        done
        lab as host1 "$user" python3 /var/tmp/stranger.py "$@"
}

# the process of each service, a line each: the same lines before and after say that none died (the services that leave when idle stay for the test)
world_processes() {
        for service in cluster compute fence network storage; do
                echo "$service $(on host1 systemctl show -P MainPID rhv-$service.service) $(on host1 systemctl show -P NRestarts rhv-$service.service)"
        done
}

# the services that leave when idle stay
world_stay() {
        for service in compute fence network storage; do
                on host1 sh -c "u=rhv-$service.service; d=/run/systemd/system/\$u.d; mkdir -p \$d; x=\$(systemctl cat \$u | sed -n 's/^ExecStart=//p' | tail -n1); printf '[Service]\nExecStart=\nExecStart=%s --idle-seconds=0\n' \"\$x\" > \$d/stay.conf"
        done
        on host1 systemctl daemon-reload
        on host1 systemctl try-restart rhv-compute.service rhv-fence.service rhv-network.service rhv-storage.service
}
