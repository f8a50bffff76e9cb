/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "volume-lease.h"

#include <fcntl.h>
#include <stdio.h>
#include <systemd/sd-login.h>

#include "bus-error.h"
#include "config.h"

int volume_lease_take(const DomainPlace *place, const char *image, const char *volume, sd_bus_error *error) {
        _cleanup_free_ char *cgroup = NULL, *arguments = NULL;
        _cleanup_close_ int fd = -EBADF;
        uint64_t version;
        Lease lease;
        int r;

        r = sd_pid_get_cgroup(0, &cgroup);
        if (r < 0)
                return bus_error_errno(error, r, "Cannot tell the own cgroup");
        if (asprintf(&arguments, "kill %s", cgroup) < 0)
                return -ENOMEM;
        r = place->type->layout->volume_lease(place, image, volume, &lease, error);
        if (r < 0)
                return r;
        r = fd = lease_register(RHV_LIBEXEC_DIR "/rhv-lease", arguments, error);
        if (r >= 0) {
                (void) fcntl(fd, F_SETFD, FD_CLOEXEC);
                r = lease_acquire(fd, &lease, false, &version, error);
        }
        free((char *)lease.path);
        return r < 0 ? r : TAKE_FD(fd);
}
