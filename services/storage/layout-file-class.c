/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What ISO and export domains have that data domains have not. */

#include <fcntl.h>
#include <stdio.h>

#include "bus-error.h"
#include "layout-file.h"
#include "ovf-summary.h"

#define LEASES "dom_md/leases"
#define DEFINITIONS "master/vms"
/* A lease nobody holds, as safelease knows it: an owner of 16 characters and a time in hex, in a block of 512 bytes. Source: safelease, src/safelease.c. */
#define FREE_LEASE "------FREE------0000000000000000"
#define LEASE_BLOCK_BYTES 512U

static int make_below(int fd, const char *const *names) {
        for (; *names; names++) {
                int r;

                r = directory_make(fd, *names, STORAGE_DIRECTORY_MODE);
                if (r < 0)
                        return r;
        }
        return 0;
}

/* Domains of that version have the lease of their SPM in this file; oVirt takes it when it attaches one. */
static int make_lease(int domain_fd) {
        char block[LEASE_BLOCK_BYTES] = FREE_LEASE;
        _cleanup_close_ int fd = file_open_beneath(domain_fd, LEASES, O_WRONLY | O_NONBLOCK, 0);

        if (fd < 0)
                return fd;
        if (pwrite(fd, block, sizeof(block), 0) != (ssize_t)sizeof(block) || fsync(fd) < 0)
                return errno > 0 ? -errno : -EIO;
        return 0;
}

int file_class_fill(int domain_fd, const DomainPlace *place) {
        static const char *const iso[] = {"images/" ISO_IMAGE, NULL}, *const export[] = {"master", "master/vms", "master/tasks", NULL};
        int r;

        r = make_below(domain_fd, place->class == DOMAIN_ISO ? iso : export);
        return r >= 0 && place->type->shared ? make_lease(domain_fd) : r;
}

bool file_class_is_bare(int images_fd, const DomainPlace *place, const char *name) {
        _cleanup_(name_list_clear) NameList list = {};

        return place->class == DOMAIN_ISO && streq(name, ISO_IMAGE) && directory_list(images_fd, name, DIRECTORY_ENTRIES_MAX, &list) >= 0 && list.n == 0;
}

/* ---- definitions on an export domain ---- */

int file_list_definitions(const DomainPlace *place, NameList *ret, sd_bus_error *error) {
        _cleanup_(name_list_clear) NameList list = {};
        _cleanup_close_ int domain = -EBADF, fd = -EBADF;
        size_t n = 0;
        int r;

        IDENTITY_SCOPE();
        domain = file_domain_open(place, error);
        if (domain < 0)
                return domain;
        fd = file_open_beneath(domain, DEFINITIONS, O_RDONLY | O_DIRECTORY, 0);
        r = fd < 0 ? fd : directory_list(fd, ".", DIRECTORY_ENTRIES_MAX, &list);
        /* oVirt makes the directory when it activates the domain */
        if (r < 0 && r != -ENOENT)
                return bus_error_errno(error, r, "Cannot list %s/%s/" DEFINITIONS, place->path, place->id);
        for (size_t i = 0; i < list.n; i++) {
                if (uuid_is_valid(list.names[i]))
                        list.names[n++] = list.names[i];
                else
                        free(list.names[i]);
        }
        list.n = n;
        *ret = list;
        list = (NameList){};
        return 0;
}

int file_check_no_definition(const DomainPlace *place, sd_bus_error *error) {
        _cleanup_(name_list_clear) NameList list = {};
        int r;

        r = file_list_definitions(place, &list, error);
        if (r < 0 || list.n == 0)
                return r;
        sd_bus_error_setf(error, RHV_ERROR_INVALID_STATE, "Domain %s is not empty: it holds the definition of %s", place->id, list.names[0]);
        return -EBUSY;
}

int file_read_definition(const DomainPlace *place, const char *id, char **ret, size_t *ret_size, sd_bus_error *error) {
        _cleanup_free_ char *name = NULL;
        _cleanup_close_ int domain = -EBADF;
        int r;

        if (asprintf(&name, DEFINITIONS "/%s/%s.ovf", id, id) < 0) {
                name = NULL;
                return -ENOMEM;
        }
        IDENTITY_SCOPE();
        domain = file_domain_open(place, error);
        if (domain < 0)
                return domain;
        r = file_read_direct(domain, name, OVF_BYTES_MAX, ret, ret_size);
        if (r == -EFBIG || r == -EISDIR || r == -ELOOP || r == -EXDEV || r == -ENXIO) {
                sd_bus_error_setf(error, RHV_ERROR_BAD_FORMAT, "%s: no file with a definition", name);
                return -EBADMSG;
        }
        return r < 0 ? bus_error_errno(error, r, "Cannot read %s", name) : 0;
}
