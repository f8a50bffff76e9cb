/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "state-file.h"

#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <sys/stat.h>

#include "io-util.h"

static int sync_parent(const char *path) {
        _cleanup_free_ char *copy = strdup(path);
        _cleanup_close_ int fd = -EBADF;

        if (!copy)
                return -ENOMEM;
        fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0)
                return -errno;

        return fsync(fd) < 0 ? -errno : 0;
}

static int save(const char *path, json_t *object, int version, mode_t mode) {
        _cleanup_free_ char *temporary = NULL, *text = NULL;
        _cleanup_close_ int fd = -EBADF;
        int r;

        if (json_object_set_new(object, "version", json_integer(version)) < 0)
                return -ENOMEM;
        text = json_dumps(object, JSON_INDENT(1) | JSON_SORT_KEYS);
        if (!text)
                return -ENOMEM;
        if (asprintf(&temporary, "%s.tmp", path) < 0) {
                temporary = NULL;
                return -ENOMEM;
        }

        fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (fd < 0)
                return -errno;

        r = write_all(fd, text, strlen(text));
        if (r >= 0 && fchmod(fd, mode) < 0) /* whatever the umask is */
                r = -errno;
        if (r >= 0 && fsync(fd) < 0)
                r = -errno;
        if (r >= 0 && rename(temporary, path) < 0)
                r = -errno;
        if (r < 0) {
                (void) unlink(temporary);
                return r;
        }

        return sync_parent(path);
}

int state_file_save(const char *path, json_t *object, int version) {
        return save(path, object, version, 0600);
}

int state_file_save_public(const char *path, json_t *object, int version) {
        return save(path, object, version, 0644);
}

static int read_all(const char *path, char **ret, size_t *ret_size) {
        _cleanup_close_ int fd = -EBADF;
        _cleanup_free_ char *data = NULL;
        struct stat st;
        size_t size = 0;

        fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
        if (fd < 0)
                return -errno;
        if (fstat(fd, &st) < 0)
                return -errno;
        if (!S_ISREG(st.st_mode) || (uint64_t)st.st_size > STATE_FILE_BYTES_MAX)
                return -EBADMSG;

        data = malloc((size_t)st.st_size + 1);
        if (!data)
                return -ENOMEM;
        while (size < (size_t)st.st_size) {
                ssize_t n = read(fd, data + size, (size_t)st.st_size - size);

                if (n < 0) {
                        if (errno == EINTR)
                                continue;
                        return -errno;
                }
                if (n == 0)
                        break;
                size += (size_t)n;
        }
        data[size] = 0;

        *ret = TAKE_PTR(data);
        *ret_size = size;
        return 0;
}

int state_file_load(const char *path, int version, json_t **ret) {
        _cleanup_json_ json_t *object = NULL;
        _cleanup_free_ char *data = NULL;
        const json_t *found;
        size_t size = 0;
        int r;

        r = read_all(path, &data, &size);
        if (r < 0)
                return r == -ELOOP ? -EBADMSG : r;

        object = json_loadb(data, size, JSON_REJECT_DUPLICATES, NULL);
        found = json_object_get(object, "version");
        if (!json_is_integer(found) || json_integer_value(found) < 1)
                return -EBADMSG;
        if (json_integer_value(found) > version)
                return -EPROTO;

        *ret = TAKE_PTR(object);
        return 0;
}

int state_file_remove(const char *path) {
        if (unlink(path) < 0)
                return errno == ENOENT ? 0 : -errno;

        return sync_parent(path);
}

int make_directory(const char *path, mode_t mode) {
        _cleanup_free_ char *copy = strdup(path);

        if (!copy)
                return -ENOMEM;

        for (char *p = copy + 1; *p; p++) {
                if (*p != '/')
                        continue;
                *p = 0;
                if (mkdir(copy, 0755) < 0 && errno != EEXIST)
                        return -errno;
                *p = '/';
        }
        if (mkdir(copy, mode) < 0 && errno != EEXIST)
                return -errno;

        return 0;
}
