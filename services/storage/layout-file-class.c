/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What ISO and export domains have that data domains have not. */

#include <fcntl.h>
#include <stdio.h>

#include "bus-error.h"
#include "layout-file.h"
#include "ovf-summary.h"

#define LEASES "dom_md/leases"
#define DEFINITIONS "master/vms"
/* VDSM and we list what is named by an id: these are nothing yet, and nothing any more. */
#define NEW_PREFIX ".new-"
#define OLD_PREFIX ".old-"
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

/* Domains of that version have the lease of their SPM in this file, local ones too; oVirt takes it when it attaches one. */
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
        return r >= 0 ? make_lease(domain_fd) : r;
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

/* ---- written and removed ---- */

static int open_definitions(const DomainPlace *place, sd_bus_error *error) {
        _cleanup_close_ int domain = file_domain_open(place, error), master = -EBADF;
        int fd, r;

        if (domain < 0)
                return TAKE_FD(domain);
        r = directory_make(domain, "master", STORAGE_DIRECTORY_MODE);
        master = r < 0 ? r : file_open_beneath(domain, "master", O_RDONLY | O_DIRECTORY, 0);
        r = master < 0 ? master : directory_make(master, "vms", STORAGE_DIRECTORY_MODE);
        fd = r < 0 ? r : file_open_beneath(domain, DEFINITIONS, O_RDONLY | O_DIRECTORY, 0);
        return fd < 0 ? bus_error_errno(error, fd, "Cannot open %s/%s/" DEFINITIONS, place->path, place->id) : fd;
}

/* Is the definition that is there one of a disk in that image? image empty: of any. Return: 1; 0; -ENOENT where there is none; another errno. */
static int is_of(int fd, const char *id, const char *image) {
        _cleanup_free_ char *text = NULL;
        char name[2 * UUID_STRING_MAX + 8], href[UUID_STRING_MAX + 2];
        size_t size;
        int r;

        (void) snprintf(name, sizeof(name), "%s/%s.ovf", id, id);
        (void) snprintf(href, sizeof(href), "\"%s/", image);
        if (!*image)
                return faccessat(fd, id, F_OK, AT_SYMLINK_NOFOLLOW) < 0 ? -errno : 1;
        r = file_read_direct(fd, name, OVF_BYTES_MAX, &text, &size);
        return r < 0 ? r : strstr(text, href) != NULL;
}

/* A directory with the file, complete and on disk, under a name that nobody lists. */
static int make_aside(int fd, const char *aside, const char *file, const char *text) {
        _cleanup_close_ int directory = -EBADF;
        int r;

        (void) directory_remove(fd, aside, 1);
        r = directory_make(fd, aside, STORAGE_DIRECTORY_MODE);
        directory = r < 0 ? r : file_open_beneath(fd, aside, O_RDONLY | O_DIRECTORY, 0);
        return directory < 0 ? directory : file_replace(directory, file, text, strlen(text), STORAGE_TEXT_MODE);
}

static int put_definition(int fd, const char *id, bool replace, const char *text) {
        char aside[UUID_STRING_MAX + sizeof(NEW_PREFIX)], file[UUID_STRING_MAX + 8];
        _cleanup_close_ int directory = -EBADF;
        int r;

        (void) snprintf(aside, sizeof(aside), NEW_PREFIX "%s", id);
        (void) snprintf(file, sizeof(file), "%s.ovf", id);
        if (replace) {
                directory = file_open_beneath(fd, id, O_RDONLY | O_DIRECTORY, 0);
                return directory < 0 ? directory : file_replace(directory, file, text, strlen(text), STORAGE_TEXT_MODE);
        }
        r = make_aside(fd, aside, file, text);
        if (r >= 0)
                r = file_rename_new(fd, aside, id);
        if (r < 0) {
                (void) directory_remove(fd, aside, 1);
                return r;
        }
        return directory_sync(fd);
}

int file_write_definition(const DomainPlace *place, const char *id, const char *image, const char *text, sd_bus_error *error) {
        _cleanup_close_ int fd = -EBADF;
        int r;

        IDENTITY_SCOPE();
        fd = open_definitions(place, error);
        if (fd < 0)
                return fd;
        r = is_of(fd, id, *image ? image : "-");
        /* a directory without a file is what an engine's removal left */
        if (r == -ENOENT && faccessat(fd, id, F_OK, AT_SYMLINK_NOFOLLOW) >= 0)
                r = 1;
        if (r == 0) {
                sd_bus_error_setf(error, RHV_ERROR_ALREADY_EXISTS, "The export domain %s has a definition of %s already", place->id, id);
                return -EEXIST;
        }
        if (r == -ENOENT || r > 0)
                r = put_definition(fd, id, r > 0, text);
        return r < 0 ? bus_error_errno(error, r, "Cannot write the definition of %s", id) : 0;
}

int file_delete_definition(const DomainPlace *place, const char *id, const char *image, sd_bus_error *error) {
        char aside[UUID_STRING_MAX + sizeof(OLD_PREFIX)];
        _cleanup_close_ int fd = -EBADF;
        int r;

        IDENTITY_SCOPE();
        fd = open_definitions(place, error);
        if (fd < 0)
                return fd;
        (void) snprintf(aside, sizeof(aside), OLD_PREFIX "%s", id);
        (void) directory_remove(fd, aside, 1);
        r = is_of(fd, id, image);
        if (r > 0)
                r = renameat(fd, id, fd, aside) < 0 ? -errno : 1;
        if (r == 0 || r == -ENOENT) {
                sd_bus_error_setf(error, RHV_ERROR_NOT_FOUND, *image ? "The export domain %s has no definition of %s that was asked for" : "The export domain %s has no definition of %s",
                                  place->id, id);
                return -ENOENT;
        }
        if (r >= 0)
                r = directory_sync(fd);
        if (r >= 0)
                (void) directory_remove(fd, aside, 1);
        return r < 0 ? bus_error_errno(error, r, "Cannot delete the definition of %s", id) : 0;
}
