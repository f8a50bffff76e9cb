# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# An NFS server out here, in user space (nfs-ganesha), for machines: what they mount is "$NFS_REMOTE" with "$NFS_OPTIONS"; its files are in "$NFS_ROOT".
# It ends with the test. Needs lib/assert.
# NFS_LEASE_SECONDS: its lease time; a client gives a silent connection up after so long.

nfs_up() {
        local dir port
        dir=$(machine path)/nfs
        port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
        mkdir -p "$dir/export" /var/run/ganesha /var/lib/nfs/ganesha
        chown 36:36 "$dir/export"
        cat > "$dir/ganesha.conf" <<-END
		NFS_CORE_PARAM { Bind_addr = 127.0.0.1; NFS_Port = $port; Protocols = 4; Enable_NLM = false; Enable_RQUOTA = false; Enable_UDP = false; }
		NFSV4 { Graceless = true; Minor_Versions = 0, 1, 2; Only_Numeric_Owners = true; Lease_Lifetime = ${NFS_LEASE_SECONDS:-60}; }
		EXPORT { Export_Id = 1; Path = $dir/export; Pseudo = /nfs; Access_Type = RW; Squash = No_Root_Squash; Protocols = 4; Transports = TCP; SecType = sys; FSAL { Name = VFS; } }
	END
        ganesha.nfsd -F -f "$dir/ganesha.conf" -L "$dir/log" -p "$dir/pid" </dev/null >/dev/null 2>&1 &
        wait_until 30 nfs_listens "$port"
        # shellcheck disable=SC2034
        NFS_ROOT=$dir/export NFS_REMOTE=10.0.2.2:/nfs NFS_OPTIONS=port=$port
}
nfs_listens() { python3 -c 'import socket, sys; socket.create_connection(("127.0.0.1", int(sys.argv[1])), 1)' "$1"; }
nfs_pid() { cat "$(machine path)/nfs/pid"; }
# the server is silent | answers again
nfs_freeze() { kill -STOP "$(nfs_pid)"; }
nfs_thaw() { kill -CONT "$(nfs_pid)"; }
nfs_down() {
        local pid
        pid=$(nfs_pid 2>/dev/null) || return 0
        kill -KILL "$pid" 2>/dev/null || true
        wait "$pid" 2>/dev/null || true
}
