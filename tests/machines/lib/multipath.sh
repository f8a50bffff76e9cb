# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2016
#
# multipathd on a machine, which takes the LUNs of iSCSI and leaves the machine's own disks alone. Needs lib/assert.

# multipath_configure HOST NO_PATH_RETRY
multipath_configure() {
        on "$1" sh -c 'printf "defaults {\n\tfind_multipaths no\n\tuser_friendly_names no\n\tpolling_interval 1\n\tno_path_retry %s\n}\nblacklist {\n\tdevnode \"^vd\"\n\twwid \"35000c5.*\"\n}\n" $1 > /etc/multipath.conf' - "$2"
}
# multipath_start HOST NO_PATH_RETRY
multipath_start() {
        multipath_configure "$1" "$2"
        on "$1" sh -c 'modprobe dm_multipath && systemctl unmask multipathd.service multipathd.socket iscsid.service 2>/dev/null; systemctl start multipathd.service iscsid.service'
}
# multipath_paths HOST: the kernel's names of the paths of its only multipath device
multipath_paths() { on "$1" sh -c 'ls /sys/block/$(basename $(readlink -f /dev/mapper/36*))/slaves'; }
# multipath_has HOST NUMBER: it has so many
multipath_has() { [ "$(multipath_paths "$1" | wc -l)" = "$2" ]; }
# its name
multipath_device() { on "$1" sh -c 'ls /dev/mapper/36*'; }
