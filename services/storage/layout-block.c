/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Domains that are volume groups: opened, looked at, measured, removed. */

#include <inttypes.h>

#include "bus-error.h"
#include "device-list.h"
#include "layout-block.h"
#include "xleases.h"

_Static_assert(GROUP_UUID_MAX == LVM_NAME_BYTES, "an id of LVM fits");

const BlockSpecial block_specials[] = {
                {"metadata", 128, 3, true}, {"ids", 8, 3, true},       {"inbox", 16, 3, true},   {"outbox", 16, 3, true},
                {"leases", 2048, 3, true},  {"xleases", 1024, 4, true}, {"master", 1024, 3, false}, {},
};

/* ---- finding ---- */

static int no_domain(const DomainPlace *place, sd_bus_error *error) {
        if (place->id[0])
                sd_bus_error_setf(error, RHV_ERROR_NOT_FOUND, "%s does not hold the storage domain %s", place->path, place->id);
        else
                sd_bus_error_setf(error, RHV_ERROR_NOT_FOUND, "%s holds no storage domain", place->path);
        return -ENOENT;
}

/* The domain's group among those on the devices. ret_several: others are there too; may be NULL. */
static int find_group(const DomainPlace *place, LvmGroup *ret, bool *ret_several, sd_bus_error *error) {
        _cleanup_(lvm_groups_clear) LvmGroups groups = {};
        LvmGroup *found = NULL;
        unsigned n = 0;
        int r;

        r = lvm_groups(place->path, NULL, &groups, error);
        if (r < 0)
                return r;
        for (size_t i = 0; i < groups.n; i++) {
                LvmGroup *group = &groups.rows[i];

                if (!uuid_is_valid(group->name) || !lvm_tags_have(group->tags, LVM_TAG_DOMAIN) ||
                    (place->id[0] && !streq(place->id, group->name)))
                        continue;
                if (n++ == 0)
                        found = group;
                else if (streq(group->name, found->name)) {
                        sd_bus_error_setf(error, RHV_ERROR_BAD_FORMAT, "%s hold two volume groups %s, of LVM's ids %s and %s: one of them is a copy",
                                          place->path, group->name, found->uuid, group->uuid);
                        return -EBADMSG;
                }
        }
        if (ret_several)
                *ret_several = n > 1;
        if (!found)
                return no_domain(place, error);
        *ret = *found;
        found->tags = NULL; /* ret's now */
        return 0;
}

static void group_clear(LvmGroup *group) {
        free(group->tags);
}

static int check_devices(const DomainPlace *place, const LvmGroup *group, sd_bus_error *error) {
        if (group->missing == 0)
                return 0;
        sd_bus_error_setf(error, RHV_ERROR_NOT_FOUND, "%u devices of domain %s are not among those named (%s)", group->missing, group->name,
                          place->path);
        return -ENODEV;
}

/* A LUN that was made smaller, or copied in part: what lies behind its end is gone, and nothing of the domain may be used as if it were not. */
static int check_sizes(const LvmGroup *group, const LvmDevices *devices, sd_bus_error *error) {
        for (size_t i = 0; i < devices->n; i++) {
                const LvmDevice *device = &devices->rows[i];

                if (!streq(device->group_uuid, group->uuid) || lvm_device_is_whole(device, group->extent_bytes))
                        continue;
                sd_bus_error_setf(error, RHV_ERROR_BAD_FORMAT, "%s has %" PRIu64 " bytes, and %" PRIu64 " extents of domain %s should be on it: it is cut off", device->path,
                                  device->size_bytes, device->extents, group->name);
                return -EBADMSG;
        }
        return 0;
}

/* One that is known by LVM's id of its group and by the names of its LUNs is opened again whatever else comes to this host. */
static int check_luns(const DomainPlace *place, const LvmGroup *group, sd_bus_error *error) {
        _cleanup_(lvm_devices_clear) LvmDevices devices = {};
        int r;

        r = lvm_devices_all(place->path, &devices, error);
        if (r >= 0)
                r = check_sizes(group, &devices, error);
        return r < 0 || place->group[0] ? r : device_check_copies(&devices, group->uuid, error);
}

static int read_facts(const DomainPlace *place, const LvmGroup *group, DomainFacts *ret, bool *ret_sealed, sd_bus_error *error) {
        _cleanup_(key_value_clear) KeyValueList list = {};
        _cleanup_free_ char *text = NULL, *what = NULL;
        int r;

        if (asprintf(&what, "tags of volume group %s", group->name) < 0) {
                what = NULL;
                return -ENOMEM;
        }
        r = lvm_tags_to_metadata(group->tags, &text);
        if (r == -ENOMEM)
                return r;
        if (r < 0) {
                sd_bus_error_setf(error, RHV_ERROR_BAD_FORMAT, "%s: %s", what, r == -ENOTUNIQ ? "a key is there twice" : "no metadata of a domain");
                return -EBADMSG;
        }
        r = domain_metadata_parse(text, strlen(text), what, &list, ret_sealed, error);
        if (r >= 0)
                r = domain_metadata_facts(&list, what, ret, error);
        return r;
}

static int check_facts(const DomainPlace *place, const LvmGroup *group, const DomainFacts *facts, sd_bus_error *error) {
        const DomainType *type = domain_type_find_word(facts->type_word);
        const char *why = NULL;

        if (!streq(facts->id, group->name))
                why = "its metadata carries the id of another domain";
        else if (!streq(facts->class_word, "Data"))
                why = "it is not a data domain";
        else if (facts->block_size_bytes != 512)
                why = "a block domain has blocks of 512 bytes";
        if (why) {
                sd_bus_error_setf(error, RHV_ERROR_BAD_FORMAT, "volume group %s: %s", group->name, why);
                return -EBADMSG;
        }
        if (type == place->type)
                return 0;
        sd_bus_error_setf(error, RHV_ERROR_NOT_SUPPORTED, "volume group %s is a domain of type %s, not %s", group->name,
                          type ? type->name : facts->type_word, place->type->name);
        return -EOPNOTSUPP;
}

/* ---- open ---- */

static int activate_specials(const DomainPlace *place, sd_bus_error *error) {
        const char *names[16];
        size_t n = 0;

        for (const BlockSpecial *special = block_specials; special->name; special++)
                if (special->used && place->version >= special->version)
                        names[n++] = special->name;
        names[n] = NULL;
        return lvm_activate(place->path, place->id, names, error);
}

static unsigned lockspace_io_timeout(const DomainPlace *place) {
        _cleanup_close_ int fd = -EBADF;

        return block_special_open(place, "ids", false, &fd, NULL) < 0 ? 0 : lockspace_read_io_timeout(fd, place->id);
}

static int find_whole_group(const DomainPlace *place, LvmGroup *ret, sd_bus_error *error) {
        LvmGroup group = {};
        int r;

        r = find_group(place, &group, NULL, error);
        if (r >= 0)
                r = check_devices(place, &group, error);
        if (r < 0) {
                group_clear(&group);
                return r;
        }
        *ret = group;
        return 0;
}

/* A domain that is known by its id is found on whatever its devices are called now, and on those another host has given it. ret_path: new, where they are others; error is kept where
 * nothing better is found. */
static int find_elsewhere(const DomainPlace *given, LvmGroup *ret, char **ret_path, int otherwise, sd_bus_error *error) {
        _cleanup_error_ sd_bus_error found = SD_BUS_ERROR_NULL;
        _cleanup_free_ char *path = NULL;
        DomainPlace place = *given;
        int r;

        r = device_search(given->id, given->group, &path, &found);
        if (r == -ENOTUNIQ && sd_bus_error_is_set(&found)) {
                sd_bus_error_free(error);
                (void) sd_bus_error_move(error, &found);
        }
        if (r < 0)
                return otherwise;
        place.path = path;
        r = find_whole_group(&place, ret, NULL);
        if (r < 0)
                return otherwise;
        *ret_path = TAKE_PTR(path);
        return 0;
}

static int block_open(const DomainPlace *given, DomainOpened *ret, sd_bus_error *error) {
        _cleanup_(domain_opened_clear) DomainOpened opened = {.lock_fd = -EBADF};
        _cleanup_(group_clear) LvmGroup group = {};
        DomainPlace place = *given; /* path stays borrowed, or is opened's */
        int r;

        r = find_whole_group(given, &group, error);
        if ((r == -ENOENT || r == -ENODEV) && given->id[0]) {
                r = find_elsewhere(given, &group, &opened.path, r, error);
                if (r >= 0) {
                        sd_bus_error_free(error);
                        place.path = opened.path;
                }
        }
        if (r >= 0)
                r = read_facts(&place, &group, &opened.facts, &opened.sealed, error);
        if (r >= 0)
                r = check_facts(&place, &group, &opened.facts, error);
        if (r >= 0)
                r = check_luns(&place, &group, error);
        if (r < 0)
                return r;
        memcpy(place.id, opened.facts.id, UUID_STRING_MAX);
        place.version = opened.facts.version;
        r = activate_specials(&place, error);
        if (r < 0)
                return r;
        memcpy(opened.group, group.uuid, sizeof(opened.group));
        opened.facts.io_timeout_sec = lockspace_io_timeout(&place);
        *ret = opened;
        opened = (DomainOpened){.lock_fd = -EBADF};
        return 0;
}

static int block_look(const DomainPlace *place, DomainLook *ret, sd_bus_error *error) {
        _cleanup_(domain_look_clear) DomainLook look = {};
        _cleanup_error_ sd_bus_error refusal = SD_BUS_ERROR_NULL;
        _cleanup_(group_clear) LvmGroup group = {};
        int r;

        r = find_group(place, &group, &look.several, error);
        if (r >= 0)
                r = read_facts(place, &group, &look.facts, &look.sealed, error);
        if (r < 0)
                return r;
        r = check_devices(place, &group, &refusal);
        if (r >= 0)
                r = check_facts(place, &group, &look.facts, &refusal);
        if (r >= 0)
                r = check_luns(place, &group, &refusal);
        if (r < 0) {
                look.refusal = strdup(refusal.message ?: "it cannot be opened");
                if (!look.refusal)
                        return -ENOMEM;
        }
        *ret = look;
        look = (DomainLook){};
        return 0;
}

static int block_measure(const DomainPlace *place, DomainSpace *ret, sd_bus_error *error) {
        _cleanup_(domain_facts_clear) DomainFacts facts = {};
        _cleanup_(group_clear) LvmGroup group = {};
        int r;

        r = find_group(place, &group, NULL, error);
        if (r >= 0)
                r = check_devices(place, &group, error);
        if (r >= 0)
                r = read_facts(place, &group, &facts, NULL, error);
        if (r >= 0)
                r = domain_check_version(place, &facts, error);
        if (r < 0)
                return r;
        *ret = (DomainSpace){.total_bytes = group.size_bytes, .free_bytes = group.free_bytes};
        return 0;
}

/* ---- leave, remove ---- */

static int block_close(const DomainPlace *place, sd_bus_error *error) {
        const char *const words[] = {"vgchange", "--autobackup", "n", "--activate", "n", place->id, NULL};

        return lvm_command(place->path, words, error);
}

static int block_destroy(const DomainPlace *place, sd_bus_error *error) {
        const char *const words[] = {"vgremove", "--force", place->id, NULL};
        _cleanup_(block_scan_clear) BlockScan scan = {};
        int r;

        r = block_scan(place, &scan, error);
        if (r < 0)
                return r;
        if (scan.n > 0) {
                sd_bus_error_setf(error, RHV_ERROR_INVALID_STATE, "Domain %s is not empty: it holds %zu volumes", place->id, scan.n);
                return -EBUSY;
        }
        r = block_close(place, error);
        return r < 0 ? r : lvm_command(place->path, words, error);
}

const StorageLayout layout_block = {
                .create = block_create,
                .open = block_open,
                .look = block_look,
                .clean = block_clean,
                .upgrade = block_upgrade,
                .change_metadata = block_change_metadata,
                .measure = block_measure,
                .destroy = block_destroy,
                .list_images = block_list_images,
                .list_active = block_list_active,
                .list_volumes = block_list_volumes,
                .list_all = block_list_all,
                .volume_begin = block_volume_begin,
                .volume_fill = block_volume_fill,
                .volume_commit = block_volume_commit,
                .volume_abandon = block_volume_abandon,
                .image_hide = block_image_hide,
                .image_purge = block_image_purge,
                .image_delete = block_image_delete,
                .image_mark = block_image_mark,
                .volume_mark = block_volume_mark,
                .wipe_finish = block_wipe_finish,
                .wipe_list = block_wipe_list,
                .wipe_open = block_wipe_open,
                .wipe_close = block_wipe_close,
                .volume_delete = block_volume_delete,
                .volume_open = block_volume_open,
                .volume_update = block_volume_update,
                .volume_reparent = block_volume_reparent,
                .volume_grow = block_volume_grow,
                .volume_reduce = block_volume_reduce,
                .volume_lease = block_volume_lease,
                .special_path = block_special_path,
                .special_open = block_special_open,
                .volume_path = block_volume_path,
                .prepare = block_prepare,
                .prepared_open = block_prepared_open,
                .teardown = block_teardown,
                .devices_add = block_devices_add,
                .close = block_close,
};
