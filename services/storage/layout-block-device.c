/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Devices come to a block domain, when it is made or later, or have grown. Every step leaves a group that opens, and the same again completes what was cut off. Source of the
 * options: VDSM, lib/vdsm/storage/lvm.py, blockSD.py.
 */

#include <blkid/blkid.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>

#include "block-map.h"
#include "bus-error.h"
#include "layout-block.h"
#include "lvm-room.h"

void block_devices_clear(BlockDevices *list) {
        free(list->text);
}

int block_devices_split(const char *devices, BlockDevices *ret, sd_bus_error *error) {
        char *next, *each;

        *ret = (BlockDevices){.text = strdup(devices)};
        if (!ret->text)
                return -ENOMEM;
        for (each = strtok_r(ret->text, ",", &next); each; each = strtok_r(NULL, ",", &next)) {
                if (ret->n >= DOMAIN_DEVICES_MAX) {
                        sd_bus_error_setf(error, RHV_ERROR_LIMIT_EXCEEDED, "A domain is made from %u devices at most", DOMAIN_DEVICES_MAX);
                        return -E2BIG;
                }
                ret->paths[ret->n++] = each;
        }
        return 0;
}

static void probe_free(blkid_probe *probe) {
        blkid_free_probe(*probe);
}

/* Nothing is on it that anybody could miss. LVM's own mark is looked at by who calls. */
int block_device_check_blank(const char *path, uint64_t *total, sd_bus_error *error) {
        _cleanup_(probe_free) blkid_probe probe = NULL;
        _cleanup_close_ int fd = lvm_open(path, NULL, false, error);
        const char *type = NULL;
        int r;

        if (fd < 0)
                return fd;
        r = lvm_buffered(fd);
        probe = blkid_new_probe();
        if (r < 0 || !probe || blkid_probe_set_device(probe, fd, 0, 0) < 0)
                return bus_error_errno(error, r < 0 ? r : -ENOMEM, "Cannot look at %s", path);
        *total += (uint64_t)blkid_probe_get_size(probe);
        if (blkid_probe_get_sectorsize(probe) != 512) {
                sd_bus_error_setf(error, RHV_ERROR_NOT_SUPPORTED, "%s has sectors of %u bytes; a block domain needs 512", path,
                                  blkid_probe_get_sectorsize(probe));
                return -EOPNOTSUPP;
        }
        (void) blkid_probe_enable_superblocks(probe, 1);
        (void) blkid_probe_enable_partitions(probe, 1);
        r = blkid_do_safeprobe(probe);
        if (r == 1)
                return 0;
        if (r == 0 && (blkid_probe_lookup_value(probe, "TYPE", &type, NULL) == 0 || blkid_probe_lookup_value(probe, "PTTYPE", &type, NULL) == 0) &&
            streq_ptr(type, "LVM2_member"))
                return 0;
        sd_bus_error_setf(error, RHV_ERROR_IN_USE, "%s is not empty: there is a signature of \"%.32s\" on it; wipe it first", path,
                          type ?: "several kinds");
        return -EBUSY;
}

/* words, then the devices. */
int block_devices_command(const DomainPlace *place, const char *const *words, const BlockDevices *devices, sd_bus_error *error) {
        const char *arguments[DOMAIN_DEVICES_MAX + 32];
        size_t n = 0;

        for (; words[n]; n++)
                arguments[n] = words[n];
        for (size_t i = 0; i <= devices->n; i++)
                arguments[n++] = devices->paths[i];
        return lvm_command(place->path, arguments, error);
}

/* ---- a domain gets more ---- */

/* Two names of one device. */
static bool is_same(const char *a, const char *b) {
        struct stat one, other;

        return streq(a, b) || (stat(a, &one) >= 0 && stat(b, &other) >= 0 && S_ISBLK(one.st_mode) && S_ISBLK(other.st_mode) && one.st_rdev == other.st_rdev);
}

static const LvmDevice *find_device(const LvmDevices *devices, const char *path) {
        for (size_t i = 0; i < devices->n; i++)
                if (is_same(devices->rows[i].path, path))
                        return &devices->rows[i];
        return NULL;
}

static bool has_path(const BlockDevices *devices, const char *path) {
        for (size_t i = 0; i < devices->n; i++)
                if (is_same(devices->paths[i], path))
                        return true;
        return false;
}

static int check_free(const LvmDevice *device, const char *path, sd_bus_error *error) {
        if (!device || (!device->group[0] && !device->in_use))
                return 0;
        if (device->group[0])
                sd_bus_error_setf(error, RHV_ERROR_IN_USE, "%s holds the volume group %s", path, device->group);
        else
                sd_bus_error_setf(error, RHV_ERROR_IN_USE, "%s is part of a volume group that is not whole on this host", path);
        return -EBUSY;
}

/* Sorts what was asked for into devices the group has already and those it is to get, which must be empty. */
static int sort_devices(const DomainPlace *place, const LvmDevices *present, const BlockDevices *asked, BlockDevices *ret_old, BlockDevices *ret_new,
                        sd_bus_error *error) {
        size_t n = 0;
        int r = 0;

        for (size_t i = 0; i < present->n; i++)
                n += streq(present->rows[i].group, place->id);
        for (size_t i = 0; r >= 0 && i < asked->n; i++) {
                const char *path = asked->paths[i];
                const LvmDevice *device = find_device(present, path);
                BlockDevices *to = device && streq(device->group, place->id) ? ret_old : ret_new;
                uint64_t size_bytes = 0;

                if (has_path(to, path))
                        continue;
                to->paths[to->n++] = path;
                if (to == ret_old)
                        continue;
                r = check_free(device, path, error);
                if (r >= 0)
                        r = block_device_check_blank(path, &size_bytes, error);
        }
        if (r < 0 || n + ret_new->n <= DOMAIN_DEVICES_MAX)
                return r;
        sd_bus_error_setf(error, RHV_ERROR_LIMIT_EXCEEDED, "Domain %s would have %zu devices; it may have %u", place->id, n + ret_new->n, DOMAIN_DEVICES_MAX);
        return -E2BIG;
}

/* With metadata areas as large as the group's, which stay unused: one device has the metadata of all. */
static int add_to_group(const DomainPlace *place, const LvmGroup *group, const BlockDevices *devices, sd_bus_error *error) {
        const char *extend[DOMAIN_DEVICES_MAX + 8] = {"vgextend", "--autobackup", "n", place->id};
        char size[24];
        const char *const mark[] = {"pvcreate",          "--yes", "--force",          "--force", "--metadatasize", size,
                                    "--metadatacopies", "2",     "--metadataignore", "y",       NULL};
        int r;

        if (devices->n == 0)
                return 0;
        (void) snprintf(size, sizeof(size), "%" PRIu64 "m", (group->mda_size_bytes + MIB - 1) / MIB);
        for (size_t i = 0; i <= devices->n; i++)
                extend[4 + i] = devices->paths[i];
        r = block_devices_command(place, mark, devices, error);
        return r < 0 ? r : lvm_command(place->path, extend, error);
}

/* The volume's room follows its device's, and never shrinks: there is one more extent at least besides both metadata areas. */
static int grow_device(const DomainPlace *place, const LvmGroup *group, const LvmDevice *device, const char *path, sd_bus_error *error) {
        const char *const words[] = {"pvresize", path, NULL};
        _cleanup_close_ int fd = lvm_open(path, NULL, false, error);
        const off_t size = fd < 0 ? -1 : lseek(fd, 0, SEEK_END);

        if (fd < 0)
                return fd;
        if (size < 0)
                return bus_error_errno(error, -errno, "Cannot tell the size of %s", path);
        if (!device || (uint64_t)size < (device->extents + 1) * group->extent_bytes + 2 * (group->mda_size_bytes + MIB))
                return 0;
        return lvm_command(place->path, words, error);
}

static int change_tags(const DomainPlace *place, char *const *before, char *const *after, sd_bus_error *error) {
        const char *arguments[4 * KEY_VALUE_MAX + 8] = {"vgchange", "--autobackup", "n"};
        size_t n = 3;

        for (unsigned pass = 0; pass < 2; pass++) {
                char *const *from = pass == 0 ? before : after, *const *other = pass == 0 ? after : before;

                for (size_t i = 0; from[i] && n < ELEMENTSOF(arguments) - 4; i++) {
                        bool stays = false;

                        for (size_t k = 0; other[k] && !stays; k++)
                                stays = streq(from[i], other[k]);
                        if (stays)
                                continue;
                        arguments[n++] = pass == 0 ? "--deltag" : "--addtag";
                        arguments[n++] = from[i];
                }
        }
        if (n == 3)
                return 0;
        arguments[n] = place->id;
        return lvm_command(place->path, arguments, error);
}

int block_metadata_replace(const DomainPlace *place, const char *text, const KeyValueList *list, sd_bus_error *error) {
        _cleanup_free_ char *fresh = domain_metadata_format(list);
        char **before = NULL, **after = NULL;
        int r;

        if (!fresh)
                return -ENOMEM;
        r = lvm_tags_of_metadata(text, &before);
        if (r >= 0)
                r = lvm_tags_of_metadata(fresh, &after);
        if (r >= 0)
                r = change_tags(place, before, after, error);
        lvm_tags_free(before);
        lvm_tags_free(after);
        return r;
}

/* The domain's metadata tell its devices: in one change, with the seal. */
static int write_map(const DomainPlace *place, const LvmGroup *group, const LvmDevices *devices, sd_bus_error *error) {
        _cleanup_(key_value_clear) KeyValueList list = {};
        _cleanup_free_ char *text = NULL;
        bool sealed;
        int r;

        r = lvm_tags_to_metadata(group->tags, &text);
        if (r >= 0)
                r = domain_metadata_parse(text, strlen(text), "the metadata of the domain", &list, &sealed, error);
        if (r >= 0)
                r = block_map_refresh(&list, devices, place->id);
        return r < 0 ? r : block_metadata_replace(place, text, &list, error);
}

static int one_group(const DomainPlace *place, LvmGroups *ret, sd_bus_error *error) {
        int r;

        r = lvm_groups(place->path, place->id, ret, error);
        if (r < 0)
                return r;
        if (ret->n == 1 && ret->rows[0].missing == 0)
                return 0;
        sd_bus_error_setf(error, RHV_ERROR_NOT_FOUND, "The volume group %s is not whole on this host", place->id);
        return -ENODEV;
}

int block_devices_add(const DomainPlace *given, const char *devices, sd_bus_error *error) {
        _cleanup_(lvm_groups_clear) LvmGroups groups = {}, changed = {};
        _cleanup_(lvm_devices_clear) LvmDevices present = {}, after = {};
        _cleanup_(block_devices_clear) BlockDevices asked = {};
        _cleanup_free_ char *all = block_devices_join(given->path, devices);
        BlockDevices old = {}, new = {}; /* paths are asked's */
        DomainPlace place = *given;
        int r;

        if (!all)
                return -ENOMEM;
        place.path = all;
        r = block_devices_split(devices, &asked, error);
        if (r >= 0)
                r = one_group(&place, &groups, error);
        if (r >= 0)
                r = lvm_devices(place.path, &present, error);
        if (r >= 0)
                r = sort_devices(&place, &present, &asked, &old, &new, error);
        if (r >= 0)
                r = lvm_room_check(place.id, groups.rows[0].mda_free_bytes, error);
        if (r >= 0)
                r = add_to_group(&place, &groups.rows[0], &new, error);
        for (size_t i = 0; r >= 0 && i < old.n; i++)
                r = grow_device(&place, &groups.rows[0], find_device(&present, old.paths[i]), old.paths[i], error);
        if (r >= 0)
                r = one_group(&place, &changed, error);
        if (r >= 0)
                r = lvm_devices(place.path, &after, error);
        return r < 0 ? r : write_map(&place, &changed.rows[0], &after, error);
}
