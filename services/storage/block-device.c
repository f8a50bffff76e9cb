/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "block-device.h"

#include <dirent.h>
#include <stdio.h>

#include "sysfs.h"

static void enumerator_unref(sd_device_enumerator **enumerator) {
        (void) sd_device_enumerator_unref(*enumerator);
}

int device_each(const char *subsystem, int (*each)(sd_device *device, void *userdata), void *userdata) {
        _cleanup_(enumerator_unref) sd_device_enumerator *enumerator = NULL;
        int r;

        r = sd_device_enumerator_new(&enumerator);
        if (r >= 0)
                r = sd_device_enumerator_add_match_subsystem(enumerator, subsystem, 1);
        if (r < 0)
                return r;
        for (sd_device *device = sd_device_enumerator_get_device_first(enumerator); device;
             device = sd_device_enumerator_get_device_next(enumerator)) {
                r = each(device, userdata);
                if (r != 0)
                        return r;
        }
        return 0;
}

/* ---- by name ---- */

typedef struct Search {
        const char *const *paths;
        size_t n, left; /* of them; those that are not found yet */
        sd_device **found;
} Search;

bool block_device_is_called(sd_device *device, const char *path) {
        const char *name;

        if (sd_device_get_devname(device, &name) >= 0 && streq(name, path))
                return true;
        for (name = sd_device_get_devlink_first(device); name; name = sd_device_get_devlink_next(device))
                if (streq(name, path))
                        return true;
        return false;
}

/* A path has the names of the disk's number too, and comes first; below /dev they lead to the multipath device, whose links have the higher priority. */
static sd_device *named(sd_device *device, const char *path) {
        _cleanup_device_ sd_device *multipath = NULL;

        if (block_device_multipath_of(device, &multipath) && block_device_is_called(multipath, path))
                return TAKE_PTR(multipath);
        return sd_device_ref(device);
}

static int has_name(sd_device *device, void *userdata) {
        Search *search = userdata;

        for (size_t i = 0; i < search->n; i++)
                if (!search->found[i] && block_device_is_called(device, search->paths[i])) {
                        search->found[i] = named(device, search->paths[i]);
                        search->left--;
                }
        return search->left == 0;
}

int block_devices_find(const char *const *paths, size_t n, sd_device **ret) {
        Search search = {.paths = paths, .n = n, .left = n, .found = ret};
        int r;

        r = n > 0 ? device_each("block", has_name, &search) : 0;
        return r < 0 ? r : 0;
}

int block_device_find(const char *path, sd_device **ret) {
        sd_device *found = NULL;
        int r;

        r = block_devices_find(&path, 1, &found);
        if (r < 0 || !found) {
                (void) sd_device_unref(found);
                return r < 0 ? r : -ENODEV;
        }
        *ret = found;
        return 0;
}

const char *block_device_name(sd_device *device) {
        const char *name, *best = NULL;

        for (name = sd_device_get_devlink_first(device); name; name = sd_device_get_devlink_next(device))
                if (startswith(name, "/dev/disk/by-id/wwn-") || (!best && startswith(name, "/dev/mapper/")))
                        best = name;
        for (name = best ? NULL : sd_device_get_devlink_first(device); name && !best; name = sd_device_get_devlink_next(device))
                if (startswith(name, "/dev/disk/by-id/") && !startswith(name, "/dev/disk/by-id/lvm-pv-uuid-")) /* that goes with its contents */
                        best = name;
        if (best || sd_device_get_devname(device, &name) < 0)
                return best;
        return name;
}

/* ---- what it is made of ---- */

bool block_device_is_multipath(sd_device *device) {
        const char *uuid;

        return sd_device_get_sysattr_value(device, "dm/uuid", &uuid) >= 0 && startswith(uuid, "mpath-");
}

bool block_device_multipath_of(sd_device *path, sd_device **ret) {
        _cleanup_device_ sd_device *holder = NULL;
        char holders[PATH_MAX], first[PATH_MAX];
        const char *syspath;

        if (sd_device_get_syspath(path, &syspath) < 0 || snprintf(holders, sizeof(holders), "%s/holders", syspath) >= (int)sizeof(holders) ||
            !sysfs_find(holders, "dm-", first) || sd_device_new_from_subsystem_sysname(&holder, "block", strrchr(first, '/') + 1) < 0 ||
            !block_device_is_multipath(holder))
                return false;
        *ret = TAKE_PTR(holder);
        return true;
}

int block_device_paths(sd_device *device, int (*each)(sd_device *path, void *userdata), void *userdata) {
        const struct dirent *entry;
        char slaves[PATH_MAX];
        const char *syspath;
        DIR *dir;
        int r = 0;

        if (!block_device_is_multipath(device))
                return each(device, userdata);
        r = sd_device_get_syspath(device, &syspath);
        if (r < 0)
                return r;
        if (snprintf(slaves, sizeof(slaves), "%s/slaves", syspath) >= (int)sizeof(slaves))
                return -ENAMETOOLONG;
        dir = opendir(slaves);
        if (!dir)
                return -errno;
        while (r == 0 && (entry = readdir(dir))) {
                _cleanup_device_ sd_device *path = NULL;

                if (*entry->d_name != '.' && sd_device_new_from_subsystem_sysname(&path, "block", entry->d_name) >= 0)
                        r = each(path, userdata);
        }
        (void) closedir(dir);
        return r;
}

bool block_device_above(sd_device *device, const char *prefix, char path[static PATH_MAX]) {
        const char *syspath, *name;

        for (sd_device *parent = device; parent && sd_device_get_sysname(parent, &name) >= 0;
             parent = sd_device_get_parent(parent, &parent) >= 0 ? parent : NULL)
                if (startswith(name, prefix) && sd_device_get_syspath(parent, &syspath) >= 0)
                        return snprintf(path, PATH_MAX, "%s", syspath) < PATH_MAX;
        return false;
}
