/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Files of a storage domain, touched only from worker threads: every function here may block for as long as the file
 * system does.
 *
 * Nothing follows a symbolic link and nothing leaves the directory it was given: what lies on a domain was written by
 * others. What is ours is written as 36:36 (VDSM's user and group), by taking that identity for the one thread.
 */

#include <sys/stat.h>
#include <sys/types.h>

#include "macro.h"

/* vdsm and kvm on every oVirt host: what matters on the storage is the number. */
#define STORAGE_UID ((uid_t)36)
#define STORAGE_GID ((gid_t)36)

/* Modes of VDSM's files and directories under its umask of 0022. */
#define STORAGE_DIRECTORY_MODE 0755
#define STORAGE_DATA_MODE 0660
#define STORAGE_TEXT_MODE 0644

/* This thread's file accesses are done as 36:36 until identity_leave(); without privilege both do nothing. */
void identity_enter(void);
void identity_leave(int *unused);
/* For the rest of the scope. */
#define IDENTITY_SCOPE()                                                                                              \
        identity_enter();                                                                                             \
        _cleanup_(identity_leave) _unused_ int _identity_scope = 0

/* The directory itself, which no component of path may reach through a symbolic link. Return: a file descriptor or a
 * negative errno. */
int directory_open(const char *path);
/* A path below directory_fd that crosses no symbolic link. Return: as above. */
int file_open_beneath(int directory_fd, const char *path, int flags, mode_t mode);
/* mkdir; 0 as well where the directory is there. The mode holds whatever the umask says. */
int directory_make(int directory_fd, const char *name, mode_t mode);
int directory_sync(int directory_fd);

/* Reads a small file past the page cache where the file system can do that. ret: NUL-terminated, new. Return: 0,
 * -EFBIG above max. */
int file_read_direct(int directory_fd, const char *path, size_t max_bytes, char **ret, size_t *ret_size);
/* Writes `<name>.new`, syncs it, renames it over name and syncs the directory. name is in directory_fd itself. */
int file_replace(int directory_fd, const char *name, const char *text, size_t size, mode_t mode);
/* Renames within a directory to a name that is not taken; -EEXIST where it is. */
int file_rename_new(int directory_fd, const char *from, const char *to);
/* A new file of size bytes, sparse. -EEXIST where it is there. */
int file_make(int directory_fd, const char *name, uint64_t size_bytes, mode_t mode);
/* Gives [offset, end) of the file real blocks; writes zeroes where the file system knows no other way. */
int file_allocate(int fd, uint64_t offset_bytes, uint64_t end_bytes);

/* What direct I/O on this directory's file system needs: 512 or 4096; 1: anything goes. -EOPNOTSUPP: there is no
 * direct I/O. */
int directory_probe_block_size(int directory_fd, const char *probe_name, uint32_t *ret_bytes);

/* Names in a directory, "." and ".." left out, at most max (then -E2BIG). Sorted. */
typedef struct NameList {
        char **names;
        size_t n;
} NameList;
void name_list_clear(NameList *list);
int directory_list(int directory_fd, const char *path, size_t max, NameList *ret);

/* Removes a directory with everything in it, at most depth levels; other file systems mounted inside are not entered.
 */
int directory_remove(int directory_fd, const char *name, unsigned depth);
