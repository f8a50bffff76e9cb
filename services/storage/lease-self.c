/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "lease-self.h"

#include <fcntl.h>
#include <inttypes.h>
#include <sanlock.h>
#include <stdio.h>

#include "bus-error.h"
#include "file-util.h"
#include "heir.h"
#include "storage-identity.h"

int lease_format_self(const Lease *lease, sd_bus_error *error) {
        const char *argv[STORAGE_IDENTITY_ARGUMENTS + 10];
        _cleanup_free_ char *resource = NULL;
        char path[SANLK_PATH_LEN], sector[16], align[16];
        size_t n;

        /* Colons end a field there. */
        if (sanlock_path_export(path, lease->path, sizeof(path)) == 0) {
                sd_bus_error_setf(error, RHV_ERROR_INVALID_ARGUMENT, "The path %.64s… is too long for sanlock", lease->path);
                return -ENAMETOOLONG;
        }
        if (asprintf(&resource, "%s:%s:%s:%" PRIu64, lease->lockspace, lease->name, path, lease->offset_bytes) < 0) {
                resource = NULL;
                return -ENOMEM;
        }
        (void) snprintf(sector, sizeof(sector), "%u", lease->block_size_bytes);
        (void) snprintf(align, sizeof(align), "%uM", (unsigned)(lease->alignment_bytes / MIB));
        n = storage_identity_argv(argv, geteuid() == 0);
        argv[n++] = "sanlock";
        argv[n++] = "direct";
        argv[n++] = "init";
        argv[n++] = "-r";
        argv[n++] = resource;
        argv[n++] = "-Z";
        argv[n++] = sector;
        argv[n++] = "-A";
        argv[n++] = align;
        argv[n] = NULL;
        return heir_run(argv, "sanlock direct init", error);
}

int lease_clear_self(const Lease *lease, sd_bus_error *error) {
        _cleanup_free_ void *zeroes = NULL;
        _cleanup_close_ int fd = -EBADF;
        ssize_t n;

        if (posix_memalign(&zeroes, 4096, lease->block_size_bytes) != 0)
                return -ENOMEM;
        memset(zeroes, 0, lease->block_size_bytes);
        IDENTITY_SCOPE();
        /* A link below /dev is udev's, one on a domain is a stranger's. */
        fd = open(lease->path, O_WRONLY | O_DIRECT | O_DSYNC | O_CLOEXEC | (startswith(lease->path, "/dev/") ? 0 : O_NOFOLLOW));
        if (fd < 0)
                return bus_error_errno(error, -errno, "Cannot open %s", lease->path);
        n = pwrite(fd, zeroes, lease->block_size_bytes, (off_t)lease->offset_bytes);
        if (n != (ssize_t)lease->block_size_bytes)
                return bus_error_errno(error, n < 0 ? -errno : -EIO, "Cannot clear the lease %s", lease->name);
        return 0;
}
