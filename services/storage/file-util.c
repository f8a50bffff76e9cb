/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <sys/fsuid.h>
#include <sys/syscall.h>

#include "file-util.h"
#include "io-util.h"

#define DIRECT_ALIGNMENT 4096U
/* Zeroes are written in pieces of this size where fallocate() is not there. */
#define ZERO_BYTES (1 * MIB)

/* ---- identity ---- */

/* Scopes nest: only the outermost changes anything. */
static __thread unsigned identity_depth;

/* setfsuid() and setfsgid() are per thread; away from uid 0 the kernel also takes the file capabilities. */
void identity_enter(void) {
        if (identity_depth++ > 0 || geteuid() != 0)
                return;
        (void) setfsgid(STORAGE_GID);
        (void) setfsuid(STORAGE_UID);
}

void identity_leave(int *unused) {
        if (--identity_depth > 0 || geteuid() != 0)
                return;
        (void) setfsuid(0);
        (void) setfsgid(0);
}

/* ---- opening ---- */

static int open_how(int directory_fd, const char *path, int flags, mode_t mode, uint64_t resolve) {
        struct open_how how = {
                        .flags = (uint64_t)(unsigned)(flags | O_CLOEXEC),
                        .mode = flags & O_CREAT ? mode : 0,
                        .resolve = resolve | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
        };
        long fd;

        /* EAGAIN: a rename raced with the walk. */
        for (unsigned tries = 0; tries < 16; tries++) {
                fd = syscall(SYS_openat2, directory_fd, path, &how, sizeof(how));
                if (fd >= 0)
                        return (int)fd;
                if (errno != EAGAIN && errno != EINTR)
                        break;
        }
        return -errno;
}

int directory_open(const char *path) {
        return open_how(AT_FDCWD, path, O_RDONLY | O_DIRECTORY, 0, 0);
}

int file_open_beneath(int directory_fd, const char *path, int flags, mode_t mode) {
        return open_how(directory_fd, path, flags, mode, RESOLVE_BENEATH);
}

int directory_make(int directory_fd, const char *name, mode_t mode) {
        _cleanup_close_ int fd = -EBADF;

        if (mkdirat(directory_fd, name, mode) < 0)
                return errno == EEXIST ? 0 : -errno;
        fd = file_open_beneath(directory_fd, name, O_RDONLY | O_DIRECTORY, 0);
        if (fd < 0)
                return fd;
        return fchmod(fd, mode) < 0 ? -errno : 0;
}

int directory_sync(int directory_fd) {
        return fsync(directory_fd) < 0 ? -errno : 0;
}

/* ---- small files ---- */

static int read_all(int fd, char *buffer, size_t size) {
        size_t done = 0;

        while (done < size) {
                ssize_t n = pread(fd, buffer + done, size - done, (off_t)done);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return -errno;
                if (n == 0)
                        break;
                done += (size_t)n;
                if (done % DIRECT_ALIGNMENT != 0)
                        break; /* a short direct read is the end of the file */
        }
        return (int)done;
}

int file_read_direct(int directory_fd, const char *path, size_t max_bytes, char **ret, size_t *ret_size) {
        size_t size = (max_bytes / DIRECT_ALIGNMENT + 1) * DIRECT_ALIGNMENT;
        _cleanup_close_ int fd = -EBADF;
        _cleanup_free_ void *buffer = NULL;
        struct stat st;
        int r;

        fd = file_open_beneath(directory_fd, path, O_RDONLY | O_NONBLOCK | O_DIRECT, 0);
        if (fd == -EINVAL)
                fd = file_open_beneath(directory_fd, path, O_RDONLY | O_NONBLOCK, 0);
        if (fd < 0)
                return fd;
        if (fstat(fd, &st) < 0)
                return -errno;
        if (!S_ISREG(st.st_mode))
                return -EISDIR;
        if ((uint64_t)st.st_size > max_bytes)
                return -EFBIG;

        r = -posix_memalign(&buffer, DIRECT_ALIGNMENT, size + DIRECT_ALIGNMENT);
        if (r < 0)
                return r;
        r = read_all(fd, buffer, size);
        if (r < 0)
                return r;
        if ((size_t)r > max_bytes)
                return -EFBIG;
        ((char *)buffer)[r] = '\0';
        *ret_size = (size_t)r;
        *ret = TAKE_PTR(buffer);
        return 0;
}

int file_replace(int directory_fd, const char *name, const char *text, size_t size, mode_t mode) {
        _cleanup_free_ char *temporary = NULL;
        _cleanup_close_ int fd = -EBADF;
        int r;

        if (asprintf(&temporary, "%s.new", name) < 0) {
                temporary = NULL;
                return -ENOMEM;
        }
        fd = file_open_beneath(directory_fd, temporary, O_WRONLY | O_CREAT | O_TRUNC, mode);
        if (fd < 0)
                return fd;
        r = fchmod(fd, mode) < 0 ? -errno : write_all(fd, text, size);
        if (r >= 0 && fsync(fd) < 0)
                r = -errno;
        if (r >= 0 && renameat(directory_fd, temporary, directory_fd, name) < 0)
                r = -errno;
        if (r < 0) {
                (void) unlinkat(directory_fd, temporary, 0);
                return r;
        }
        return directory_sync(directory_fd);
}

int file_rename_new(int directory_fd, const char *from, const char *to) {
        if (renameat2(directory_fd, from, directory_fd, to, RENAME_NOREPLACE) >= 0)
                return 0;
        /* FUSE and NFS cannot do that in one step. */
        if (errno != EINVAL && errno != ENOSYS && errno != EOPNOTSUPP)
                return -errno;
        if (faccessat(directory_fd, to, F_OK, AT_SYMLINK_NOFOLLOW) >= 0)
                return -EEXIST;
        return renameat(directory_fd, from, directory_fd, to) < 0 ? -errno : 0;
}

int file_make(int directory_fd, const char *name, uint64_t size_bytes, mode_t mode) {
        _cleanup_close_ int fd = -EBADF;

        fd = file_open_beneath(directory_fd, name, O_RDWR | O_CREAT | O_EXCL, mode);
        if (fd < 0)
                return fd;
        if (fchmod(fd, mode) < 0 || (size_bytes > 0 && ftruncate(fd, (off_t)size_bytes) < 0) || fsync(fd) < 0)
                return -errno;
        return 0;
}

/* ---- allocation ---- */

static int write_zeroes(int fd, uint64_t offset, uint64_t end) {
        _cleanup_free_ void *zeroes = NULL;
        int r;

        r = -posix_memalign(&zeroes, DIRECT_ALIGNMENT, ZERO_BYTES);
        if (r < 0)
                return r;
        memset(zeroes, 0, ZERO_BYTES);
        while (offset < end) {
                size_t n = end - offset < ZERO_BYTES ? (size_t)(end - offset) : ZERO_BYTES;
                ssize_t written = pwrite(fd, zeroes, n, (off_t)offset);

                if (written < 0 && errno == EINTR)
                        continue;
                if (written < 0)
                        return -errno;
                offset += (uint64_t)written;
        }
        return fsync(fd) < 0 ? -errno : 0;
}

int file_allocate(int fd, uint64_t offset_bytes, uint64_t end_bytes) {
        if (offset_bytes >= end_bytes)
                return 0;
        while (fallocate(fd, 0, (off_t)offset_bytes, (off_t)(end_bytes - offset_bytes)) < 0) {
                if (errno == EINTR)
                        continue;
                if (errno == EOPNOTSUPP)
                        return write_zeroes(fd, offset_bytes, end_bytes);
                return -errno;
        }
        return fsync(fd) < 0 ? -errno : 0;
}

/* ---- block size ---- */

static int probe_sizes(int fd, uint32_t *ret_bytes) {
        static const uint32_t sizes[] = {1, 512, 4096};
        _cleanup_free_ void *buffer = NULL;
        int r;

        r = -posix_memalign(&buffer, DIRECT_ALIGNMENT, DIRECT_ALIGNMENT);
        if (r < 0)
                return r;
        memset(buffer, 0, DIRECT_ALIGNMENT);
        for (size_t i = 0; i < ELEMENTSOF(sizes); i++) {
                if (pwrite(fd, buffer, sizes[i], 0) == (ssize_t)sizes[i]) {
                        *ret_bytes = sizes[i];
                        return 0;
                }
                if (errno != EINVAL)
                        return -errno;
        }
        return -EOPNOTSUPP;
}

/* Source of the steps: ioprocess, probe_block_size. */
int directory_probe_block_size(int directory_fd, const char *probe_name, uint32_t *ret_bytes) {
        _cleanup_close_ int fd = -EBADF;
        int r;

        fd = file_open_beneath(directory_fd, probe_name, O_WRONLY | O_CREAT | O_EXCL | O_DIRECT | O_DSYNC, 0600);
        if (fd == -EINVAL) {
                /* The file was made before the open failed. */
                (void) unlinkat(directory_fd, probe_name, 0);
                return -EOPNOTSUPP;
        }
        if (fd < 0)
                return fd;
        r = probe_sizes(fd, ret_bytes);
        (void) unlinkat(directory_fd, probe_name, 0);
        return r;
}

/* ---- directories ---- */

void name_list_clear(NameList *list) {
        for (size_t i = 0; i < list->n; i++)
                free(list->names[i]);
        free(list->names);
        *list = (NameList){};
}

static int name_compare(const void *a, const void *b) {
        return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void closedirp(DIR **directory) {
        if (*directory)
                (void) closedir(*directory);
}

int directory_list(int directory_fd, const char *path, size_t max, NameList *ret) {
        _cleanup_(name_list_clear) NameList list = {};
        _cleanup_(closedirp) DIR *directory = NULL;
        const struct dirent *entry;
        int fd;

        fd = file_open_beneath(directory_fd, path, O_RDONLY | O_DIRECTORY, 0);
        if (fd < 0)
                return fd;
        directory = fdopendir(fd);
        if (!directory) {
                int r = -errno;

                safe_close(fd);
                return r;
        }
        for (errno = 0; (entry = readdir(directory)); errno = 0) {
                char **names;

                if (streq(entry->d_name, ".") || streq(entry->d_name, ".."))
                        continue;
                if (list.n >= max)
                        return -E2BIG;
                names = reallocarray(list.names, list.n + 1, sizeof(*names));
                if (!names)
                        return -ENOMEM;
                list.names = names;
                names[list.n] = strdup(entry->d_name);
                if (!names[list.n])
                        return -ENOMEM;
                list.n++;
        }
        if (errno != 0)
                return -errno;
        if (list.n > 0)
                qsort(list.names, list.n, sizeof(*list.names), name_compare);
        *ret = list;
        list = (NameList){};
        return 0;
}

/* Entries of one directory that is being removed. */
#define REMOVE_ENTRIES_MAX (1024U * 1024U)

int directory_remove(int directory_fd, const char *name, unsigned depth) {
        _cleanup_(name_list_clear) NameList list = {};
        _cleanup_close_ int fd = -EBADF;
        struct stat st;
        int r;

        fd = file_open_beneath(directory_fd, name, O_RDONLY | O_DIRECTORY, 0);
        if (fd < 0)
                return fd;
        r = directory_list(fd, ".", REMOVE_ENTRIES_MAX, &list);
        if (r < 0)
                return r;
        for (size_t i = 0; i < list.n; i++) {
                if (fstatat(fd, list.names[i], &st, AT_SYMLINK_NOFOLLOW) < 0) {
                        if (errno == ENOENT)
                                continue;
                        return -errno;
                }
                if (!S_ISDIR(st.st_mode)) {
                        if (unlinkat(fd, list.names[i], 0) < 0 && errno != ENOENT)
                                return -errno;
                        continue;
                }
                if (depth == 0)
                        return -ENOTEMPTY;
                r = directory_remove(fd, list.names[i], depth - 1);
                if (r < 0)
                        return r;
        }
        return unlinkat(directory_fd, name, AT_REMOVEDIR) < 0 ? -errno : 0;
}
