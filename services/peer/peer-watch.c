/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "peer-watch.h"

#include <sys/inotify.h>

#include "peer-hosts.h"

int peer_watch_new(const char *directory) {
        _cleanup_close_ int fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);

        if (fd < 0 || inotify_add_watch(fd, directory, IN_MOVED_TO | IN_DELETE | IN_CLOSE_WRITE | IN_DELETE_SELF) < 0)
                return -errno;
        return TAKE_FD(fd);
}

bool peer_watch_is_gone(int fd, const char *hosts_path, const char *host_id) {
        _cleanup_peer_hosts_ PeerHosts hosts = { NULL };
        char events[4096];

        while (read(fd, events, sizeof events) > 0)
                ;
        return peer_hosts_load(hosts_path, &hosts) < 0 || !peer_hosts_find(&hosts, host_id);
}
