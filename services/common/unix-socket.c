/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "unix-socket.h"

#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

static int open_socket(const char *path, int type, struct sockaddr_un *ret) {
        int fd;

        *ret = (struct sockaddr_un){ .sun_family = AF_UNIX };
        if (strlen(path) >= sizeof(ret->sun_path))
                return -ENAMETOOLONG;
        (void) snprintf(ret->sun_path, sizeof(ret->sun_path), "%s", path);
        fd = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        return fd < 0 ? -errno : fd;
}

int unix_connect(const char *path, int type) {
        struct sockaddr_un address;
        _cleanup_close_ int fd = open_socket(path, type, &address);

        if (fd < 0)
                return fd;
        if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
                return -errno;
        return TAKE_FD(fd);
}

int unix_listen(const char *path, int type, int backlog) {
        struct sockaddr_un address;
        _cleanup_close_ int fd = open_socket(path, type, &address);

        if (fd < 0)
                return fd;
        if (unlink(path) < 0 && errno != ENOENT)
                return -errno;
        if (bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0 || chmod(path, 0600) < 0 || listen(fd, backlog) < 0)
                return -errno;
        return TAKE_FD(fd);
}
