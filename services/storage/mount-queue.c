/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "mount-queue.h"

#include <libmount/libmount.h>

#include "proc-text.h"

#define MOUNTS "/proc/self/mountinfo"
#define MOUNT_STATS "/proc/self/mountstats"

static void table_unref(struct libmnt_table **table) {
        mnt_unref_table(*table);
}

int mount_queue(const char *path, IoQueue *ret) {
        _cleanup_(table_unref) struct libmnt_table *table = mnt_new_table_from_file(MOUNTS);
        _cleanup_free_ char *stats = NULL;
        struct libmnt_fs *fs;

        if (!table)
                return -EIO;
        /* No cache: paths are compared as they are, nothing is looked up on a server that may be silent. */
        fs = mnt_table_find_mountpoint(table, path, MNT_ITER_BACKWARD);
        if (!fs || !mnt_fs_get_fstype(fs))
                return -ENOENT;
        stats = proc_read(MOUNT_STATS);
        *ret = io_queue_of_mount(mnt_fs_get_fstype(fs), mnt_fs_get_fs_options(fs) ?: "", stats ? nfs_lease_sec(stats, path) : 0);
        return 0;
}
