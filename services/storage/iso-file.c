/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "iso-file.h"

#include <stdio.h>
#include <strings.h>

/* vdsm and kvm on every oVirt host, and QEMU's group on ours. */
#define READER_GID 36U
#define UPLOAD_PREFIX ".rhv-upload-"
#define HOST_DIGITS 32U

static bool ends_in(const char *name, const char *end) {
        const size_t n = strlen(name), e = strlen(end);

        return n > e && strcasecmp(name + n - e, end) == 0;
}

static bool is_component(const char *text, size_t length) {
        char component[ISO_NAME_MAX + 1];

        if (length == 0 || length > ISO_NAME_MAX || text[0] == '.')
                return false;
        memcpy(component, text, length);
        component[length] = '\0';
        return label_is_valid(component, ISO_NAME_MAX);
}

/* Of at most depth_max components. */
static bool is_path(const char *path, unsigned depth_max) {
        if (strlen(path) > ISO_NAME_MAX)
                return false;
        for (unsigned depth = 1;; depth++) {
                const size_t length = strcspn(path, "/");

                if (depth > depth_max || !is_component(path, length))
                        return false;
                path += length;
                if (!*path)
                        return true;
                path++;
        }
}

bool iso_name_is_valid(const char *name) {
        const char *slash = strrchr(name, '/'), *last = slash ? slash + 1 : name;

        return is_path(name, ISO_DEPTH_MAX) && (ends_in(last, ".iso") || ends_in(last, ".vfd"));
}

bool iso_directory_is_valid(const char *path) {
        return is_path(path, ISO_DEPTH_MAX - 1);
}

const char *iso_name_kind(const char *name) {
        return ends_in(name, ".vfd") ? "floppy" : "cdrom";
}

const char *iso_file_problem(const struct stat *st) {
        if (!S_ISREG(st->st_mode))
                return "it is no regular file";
        if (!((st->st_gid == READER_GID && (st->st_mode & S_IRGRP)) || (st->st_mode & S_IROTH)))
                return "guests cannot read it: give it to group 36, readable";
        return st->st_size == 0 ? "it is empty" : NULL;
}

char *iso_upload_name(const char *host, const char *job) {
        char *name;

        return asprintf(&name, UPLOAD_PREFIX "%s-%s", host, job) < 0 ? NULL : name;
}

bool iso_upload_job(const char *name, const char *host, char ret_job[static UUID_STRING_MAX]) {
        const char *rest = startswith(name, UPLOAD_PREFIX);

        if (!rest || strncmp(rest, host, HOST_DIGITS) != 0 || rest[HOST_DIGITS] != '-' || !uuid_is_valid(rest + HOST_DIGITS + 1))
                return false;
        memcpy(ret_job, rest + HOST_DIGITS + 1, UUID_STRING_MAX);
        return true;
}
