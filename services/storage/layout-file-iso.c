/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Files of an ISO domain: listed, made, removed. Several hosts may be at work in the directory without a lease: what is being made has a hidden name that tells
 * whose it is, and a name it is given must be free.
 */

#include <fcntl.h>
#include <stdio.h>
#include <systemd/sd-id128.h>

#include "bus-error.h"
#include "iso-file.h"
#include "layout-file.h"

/* What tells this host's uploads from others': made from machine-id for this purpose alone. */
static const sd_id128_t iso_application_id = {.bytes = {0x6f, 0x1b, 0x27, 0xc4, 0x0d, 0x5e, 0x4a, 0x3b, 0x9c, 0x8f, 0x52, 0xe0, 0x7d, 0xa1, 0x33, 0x96}};

static int iso_open(const DomainPlace *place, sd_bus_error *error) {
        return file_image_open(place, ISO_IMAGE, error);
}

static int host_mark(char ret[static SD_ID128_STRING_MAX]) {
        sd_id128_t id;
        int r;

        r = sd_id128_get_machine_app_specific(iso_application_id, &id);
        if (r >= 0)
                (void) sd_id128_to_string(id, ret);
        return r;
}

static int upload_name(const char *job, char **ret, sd_bus_error *error) {
        char host[SD_ID128_STRING_MAX];
        int r;

        r = host_mark(host);
        if (r < 0)
                return bus_error_errno(error, r, "This host has no machine-id");
        *ret = iso_upload_name(host, job);
        return *ret ? 0 : -ENOMEM;
}

/* ---- list ---- */

static json_t *describe(const char *name, const struct stat *st) {
        const char *problem = iso_file_problem(st);

        return json_pack("{s:s, s:s, s:I, s:I, s:b, s:s}", "name", name, "kind", iso_name_kind(name), "size", S_ISREG(st->st_mode) ? (json_int_t)st->st_size : (json_int_t)0,
                         "modified", (json_int_t)st->st_mtim.tv_sec * (json_int_t)USEC_PER_SEC, "usable", !problem, "problem", problem ?: "");
}

typedef struct Listing {
        int fd; /* of the directory that has them all */
        json_t *files;
        size_t n_max; /* names that may come yet */
} Listing;

static int list_directory(Listing *listing, const char *path);

/* A directory that cannot be looked into costs its own files. */
static int enter(Listing *listing, const char *path, const struct stat *st) {
        int r = list_directory(listing, path);

        if (r >= 0 || r == -ENOMEM || r == -E2BIG)
                return r;
        return json_array_append_new(listing->files, json_pack("{s:s, s:s, s:i, s:I, s:b, s:o}", "name", path, "kind", "directory", "size", 0, "modified",
                                                               (json_int_t)st->st_mtim.tv_sec * (json_int_t)USEC_PER_SEC, "usable", 0, "problem",
                                                               json_sprintf("it cannot be looked into: %s", strerror(-r)))) < 0
                               ? -ENOMEM
                               : 0;
}

static int list_name(Listing *listing, int directory, const char *name, const char *path) {
        struct stat st;

        if (!iso_directory_is_valid(path) && !iso_name_is_valid(path))
                return 0;
        if (fstatat(directory, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
                return errno == ENOENT ? 0 : -errno;
        if (S_ISDIR(st.st_mode))
                return iso_directory_is_valid(path) ? enter(listing, path, &st) : 0;
        if (!iso_name_is_valid(path))
                return 0;
        return json_array_append_new(listing->files, describe(path, &st)) < 0 ? -ENOMEM : 0;
}

/* path: below the directory that has them all; empty: that. Depth is bounded by iso_directory_is_valid(). */
static int list_directory(Listing *listing, const char *path) {
        _cleanup_(name_list_clear) NameList list = {};
        _cleanup_close_ int fd = -EBADF;
        int r;

        fd = file_open_beneath(listing->fd, *path ? path : ".", O_RDONLY | O_DIRECTORY, 0);
        r = fd < 0 ? fd : directory_list(fd, ".", listing->n_max, &list);
        if (r < 0)
                return r;
        listing->n_max -= list.n;
        for (size_t i = 0; r >= 0 && i < list.n; i++) {
                _cleanup_free_ char *name = NULL;

                if (asprintf(&name, "%s%s%s", path, *path ? "/" : "", list.names[i]) < 0) {
                        name = NULL;
                        return -ENOMEM;
                }
                r = list_name(listing, fd, list.names[i], name);
        }
        return r;
}

int file_iso_list(const DomainPlace *place, json_t **ret, sd_bus_error *error) {
        _cleanup_json_ json_t *files = json_array();
        _cleanup_close_ int fd = -EBADF;
        int r;

        if (!files)
                return -ENOMEM;
        IDENTITY_SCOPE();
        fd = iso_open(place, error);
        if (fd < 0)
                return fd;
        r = list_directory(&(Listing){.fd = fd, .files = files, .n_max = ISO_FILES_MAX}, "");
        if (r < 0)
                return r == -ENOMEM ? r : bus_error_errno(error, r, "Cannot list the files of domain %s", place->id);
        *ret = TAKE_PTR(files);
        return 0;
}

/* ---- make ---- */

static int taken(const char *name, const DomainPlace *place, sd_bus_error *error) {
        sd_bus_error_setf(error, RHV_ERROR_ALREADY_EXISTS, "Domain %s has a file %s already", place->id, name);
        return -EEXIST;
}

/* The directory, and the hidden name that an upload has in it until it is complete. ret_hidden: new string. Return: a file descriptor, or negative with error set. */
static int upload_open(const DomainPlace *place, const char *job, char **ret_hidden, sd_bus_error *error) {
        int r;

        r = upload_name(job, ret_hidden, error);
        if (r < 0)
                return r;
        IDENTITY_SCOPE();
        return iso_open(place, error);
}

int file_iso_begin(const DomainPlace *place, const char *name, const char *job, int *ret_fd, sd_bus_error *error) {
        _cleanup_close_ int directory = -EBADF, fd = -EBADF;
        _cleanup_free_ char *hidden = NULL;

        directory = upload_open(place, job, &hidden, error);
        if (directory < 0)
                return directory;
        IDENTITY_SCOPE();
        if (faccessat(directory, name, F_OK, AT_SYMLINK_NOFOLLOW) >= 0)
                return taken(name, place, error);
        fd = file_open_beneath(directory, hidden, O_RDWR | O_CREAT | O_TRUNC | O_NONBLOCK, STORAGE_TEXT_MODE);
        if (fd < 0 || fchmod(fd, STORAGE_TEXT_MODE) < 0)
                return bus_error_errno(error, fd < 0 ? fd : -errno, "Cannot make a file in domain %s", place->id);
        *ret_fd = TAKE_FD(fd);
        return 0;
}

/* The rename is what makes it appear; done again, it finds it done. */
int file_iso_commit(const DomainPlace *place, const char *name, const char *job, uint64_t size_bytes, sd_bus_error *error) {
        _cleanup_close_ int directory = -EBADF;
        _cleanup_free_ char *hidden = NULL;
        struct stat st;
        int r;

        directory = upload_open(place, job, &hidden, error);
        if (directory < 0)
                return directory;
        IDENTITY_SCOPE();
        r = file_rename_new(directory, hidden, name);
        if (r == -ENOENT && fstatat(directory, name, &st, AT_SYMLINK_NOFOLLOW) >= 0 && S_ISREG(st.st_mode) && (uint64_t)st.st_size == size_bytes)
                r = 0;
        if (r < 0)
                (void) unlinkat(directory, hidden, 0);
        if (r == -EEXIST)
                return taken(name, place, error);
        if (r >= 0)
                r = directory_sync(directory);
        return r < 0 ? bus_error_errno(error, r, "Cannot give the file %s its name", name) : 0;
}

int file_iso_abandon(const DomainPlace *place, const char *job, sd_bus_error *error) {
        _cleanup_close_ int directory = -EBADF;
        _cleanup_free_ char *hidden = NULL;

        directory = upload_open(place, job, &hidden, error);
        if (directory < 0)
                return directory;
        IDENTITY_SCOPE();
        if (unlinkat(directory, hidden, 0) < 0 && errno != ENOENT)
                return bus_error_errno(error, -errno, "What was uploaded to domain %s is not removed", place->id);
        return 0;
}

int file_iso_clean(const DomainPlace *place, const char *jobs, unsigned *ret_n, sd_bus_error *error) {
        _cleanup_(name_list_clear) NameList list = {};
        char host[SD_ID128_STRING_MAX];
        _cleanup_close_ int directory = -EBADF;
        unsigned n = 0;
        int r;

        r = host_mark(host);
        if (r < 0)
                return bus_error_errno(error, r, "This host has no machine-id");
        IDENTITY_SCOPE();
        directory = iso_open(place, error);
        if (directory < 0)
                return directory;
        r = directory_list(directory, ".", ISO_FILES_MAX, &list);
        if (r < 0)
                return bus_error_errno(error, r, "Cannot list the files of domain %s", place->id);
        for (size_t i = 0; i < list.n; i++) {
                char job[UUID_STRING_MAX];

                if (iso_upload_job(list.names[i], host, job) && !strstr(jobs, job) && unlinkat(directory, list.names[i], 0) >= 0)
                        n++;
        }
        *ret_n = n;
        return 0;
}

/* ---- use and remove ---- */

static int no_file(const DomainPlace *place, const char *name, sd_bus_error *error) {
        sd_bus_error_setf(error, RHV_ERROR_NOT_FOUND, "Domain %s has no file %s", place->id, name);
        return -ENOENT;
}

/* The directory a file is in, which no symbolic link leads to. ret_base: its name there; borrowed from name. Return: a file descriptor, or negative with error set. */
static int open_parent(const DomainPlace *place, const char *name, const char **ret_base, sd_bus_error *error) {
        const char *slash = strrchr(name, '/');
        _cleanup_free_ char *path = slash ? strndup(name, (size_t)(slash - name)) : NULL;
        _cleanup_close_ int directory = -EBADF;
        int fd;

        if (slash && !path)
                return -ENOMEM;
        directory = iso_open(place, error);
        *ret_base = slash ? slash + 1 : name;
        if (directory < 0 || !slash)
                return TAKE_FD(directory);
        fd = file_open_beneath(directory, path, O_RDONLY | O_DIRECTORY, 0);
        if (fd == -ENOENT || fd == -ENOTDIR || fd == -ELOOP || fd == -EXDEV)
                return no_file(place, name, error);
        return fd < 0 ? bus_error_errno(error, fd, "Cannot look into %s", path) : fd;
}

static int look(int directory, const DomainPlace *place, const char *name, const char *base, struct stat *ret, sd_bus_error *error) {
        if (fstatat(directory, base, ret, AT_SYMLINK_NOFOLLOW) >= 0)
                return 0;
        return errno == ENOENT ? no_file(place, name, error) : bus_error_errno(error, -errno, "Cannot look at %s", name);
}

int file_iso_check(const DomainPlace *place, const char *name, sd_bus_error *error) {
        _cleanup_close_ int directory = -EBADF;
        const char *problem, *base;
        struct stat st;
        int r;

        IDENTITY_SCOPE();
        directory = open_parent(place, name, &base, error);
        if (directory < 0)
                return directory;
        r = look(directory, place, name, base, &st, error);
        problem = r >= 0 ? iso_file_problem(&st) : NULL;
        if (!problem)
                return r;
        sd_bus_error_setf(error, RHV_ERROR_INVALID_STATE, "The file %s of domain %s cannot be used: %s", name, place->id, problem);
        return -EINVAL;
}

int file_iso_remove(const DomainPlace *place, const char *name, sd_bus_error *error) {
        _cleanup_close_ int directory = -EBADF;
        const char *base;
        struct stat st;
        int r;

        IDENTITY_SCOPE();
        directory = open_parent(place, name, &base, error);
        if (directory < 0)
                return directory;
        r = look(directory, place, name, base, &st, error);
        if (r < 0)
                return r;
        if (!S_ISREG(st.st_mode)) {
                sd_bus_error_setf(error, RHV_ERROR_INVALID_STATE, "%s is no regular file, and is left where it is", name);
                return -EINVAL;
        }
        if (unlinkat(directory, base, 0) < 0)
                return bus_error_errno(error, -errno, "Cannot remove %s", name);
        return directory_sync(directory);
}
