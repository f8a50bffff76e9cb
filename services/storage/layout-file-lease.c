/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Leases of shared domains in files: made with the domain and with each volume. */

#include <fcntl.h>
#include <stdio.h>

#include "bus-error.h"
#include "layout-file.h"
#include "lease-clock.h"
#include "lease-self.h"
#include "sanlock-call.h"
#include "xleases.h"

#define XLEASES "dom_md/xleases"

int file_special_open(const DomainPlace *place, const char *name, bool writable, int *ret_fd, sd_bus_error *error) {
        _cleanup_close_ int domain = -EBADF, fd = -EBADF;

        IDENTITY_SCOPE();
        domain = file_domain_open(place, error);
        if (domain < 0)
                return domain;
        fd = file_open_beneath(domain, FILE_NAME("dom_md/", name), (writable ? O_RDWR | O_DSYNC : O_RDONLY) | O_DIRECT | O_NONBLOCK, 0);
        if (fd < 0)
                return bus_error_errno(error, fd, "Cannot open %s/%s/dom_md/%s", place->path, place->id, name);
        *ret_fd = TAKE_FD(fd);
        return 0;
}

char *file_special_path(const DomainPlace *place, const char *name) {
        char *path;

        return asprintf(&path, "%s/%s/dom_md/%s", place->path, place->id, name) < 0 ? NULL : path;
}

/* ---- with the domain and its volumes ---- */

unsigned file_lockspace_io_timeout(int domain_fd, const DomainPlace *place) {
        _cleanup_close_ int fd = file_open_beneath(domain_fd, "dom_md/ids", O_RDONLY | O_DIRECT | O_NONBLOCK, 0);

        return fd < 0 ? 0 : lockspace_read_io_timeout(fd, place->id);
}

int file_index_make(const DomainPlace *made, const char *directory, sd_bus_error *error) {
        _cleanup_close_ int base = -EBADF, fd = -EBADF;

        IDENTITY_SCOPE();
        base = directory_open(made->path);
        if (base < 0)
                return bus_error_errno(error, base, "Cannot open %s", made->path);
        fd = file_open_beneath(base, FILE_NAME(directory, "/" XLEASES), O_RDWR | O_DIRECT | O_DSYNC, 0);
        if (fd < 0)
                return bus_error_errno(error, fd, "Cannot open %s/%s/" XLEASES, made->path, directory);
        return xleases_format(fd, made, error);
}

int file_leases_format(const DomainPlace *place, const char *directory, const DomainFacts *facts, sd_bus_error *error) {
        _cleanup_free_ char *ids = NULL, *leases = NULL;
        Lockspace lockspace = {.alignment_bytes = facts->alignment_bytes, .block_size_bytes = facts->block_size_bytes};
        Lease lease = {
                        .name = DOMAIN_LEASE_NAME,
                        .offset_bytes = facts->alignment_bytes,
                        .alignment_bytes = facts->alignment_bytes,
                        .block_size_bytes = facts->block_size_bytes,
        };
        DomainPlace made = *place; /* path stays borrowed */
        int r;

        if (asprintf(&ids, "%s/%s/dom_md/ids", place->path, directory) < 0 ||
            asprintf(&leases, "%s/%s/dom_md/leases", place->path, directory) < 0)
                return -ENOMEM;
        lockspace.path = ids;
        lease.path = leases;
        memcpy(lockspace.name, place->id, UUID_STRING_MAX);
        memcpy(lease.lockspace, place->id, UUID_STRING_MAX);
        r = lockspace_format(&lockspace, facts->io_timeout_sec, error);
        if (r >= 0)
                r = lease_format(&lease, error);
        if (r < 0)
                return r;
        made.alignment_bytes = facts->alignment_bytes;
        made.block_size_bytes = facts->block_size_bytes;
        return file_index_make(&made, directory, error);
}

int file_volume_lease(const DomainPlace *place, const char *image, const char *volume, Lease *ret, sd_bus_error *error) {
        char *path = file_volume_path(place, image, FILE_NAME(volume, LEASE_SUFFIX));

        if (!path)
                return -ENOMEM;
        *ret = (Lease){
                        .path = path,
                        .alignment_bytes = place->alignment_bytes,
                        .block_size_bytes = place->block_size_bytes,
        };
        memcpy(ret->lockspace, place->id, UUID_STRING_MAX);
        memcpy(ret->name, volume, UUID_STRING_MAX);
        return 0;
}

int file_volume_lease_make(const DomainPlace *place, const char *directory, const char *volume, sd_bus_error *error) {
        _cleanup_free_ char *path = NULL;
        _cleanup_close_ int image = -EBADF;
        Lease lease;
        int r;

        r = file_volume_lease(place, directory, volume, &lease, error);
        if (r < 0)
                return r;
        path = (char *)lease.path;
        {
                IDENTITY_SCOPE();
                image = file_image_open(place, directory, error);
                if (image < 0)
                        return image;
                r = file_make(image, FILE_NAME(volume, LEASE_SUFFIX), 0, STORAGE_DATA_MODE);
        }
        if (r < 0 && r != -EEXIST)
                return bus_error_errno(error, r, "Cannot make the lease of volume %s", volume);
        return lease_format_self(&lease, error);
}
