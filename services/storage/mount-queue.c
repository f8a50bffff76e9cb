/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "mount-queue.h"

#include <libmount/libmount.h>

#define MOUNTS "/proc/self/mountinfo"

static void table_unref(struct libmnt_table **table) {
        mnt_unref_table(*table);
}

int mount_queue(const char *path, IoQueue *ret) {
        _cleanup_(table_unref) struct libmnt_table *table = mnt_new_table_from_file(MOUNTS);
        struct libmnt_fs *fs;

        if (!table)
                return -EIO;
        /* No cache: paths are compared as they are, nothing is looked up on a server that may be silent. */
        fs = mnt_table_find_mountpoint(table, path, MNT_ITER_BACKWARD);
        if (!fs || !mnt_fs_get_fstype(fs))
                return -ENOENT;
        *ret = io_queue_of_mount(mnt_fs_get_fstype(fs), mnt_fs_get_fs_options(fs) ?: "");
        return 0;
}
