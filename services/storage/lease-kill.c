/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* All processes of a cgroup and of those below it, killed by the kernel in one step, so that none can start another meanwhile. */

#include <fcntl.h>
#include <stdio.h>

#include "lease-holder.h"
#include "log.h"

#define CGROUP_ROOT "/sys/fs/cgroup"

int lease_kill(const char *cgroup) {
        _cleanup_free_ char *path = NULL;
        _cleanup_close_ int fd = -EBADF;

        /* Never a cgroup that is not of a lease, whatever was handed in. */
        if (!lease_cgroup_is_ours(cgroup)) {
                log_error("%s is no cgroup of a lease", cgroup);
                return 2;
        }
        if (asprintf(&path, CGROUP_ROOT "%s/cgroup.kill", cgroup) < 0)
                return EXIT_FAILURE;
        fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
        if (fd < 0 && errno == ENOENT)
                return EXIT_SUCCESS; /* all gone */
        if (fd < 0 || write(fd, "1", 1) != 1) {
                log_error_errno(-errno, "Cannot kill the processes of %s", cgroup);
                return EXIT_FAILURE;
        }
        log_warning("The lease is lost: all processes of %s were killed", cgroup);
        return EXIT_SUCCESS;
}
