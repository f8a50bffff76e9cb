/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Snapshots of a VM that lies on a domain of others. */

#include <stdio.h>

#include "dict.h"
#include "disk-alias.h"
#include "parse-util.h"
#include "plan-snapshot.h"
#include "register.h"
#include "spec.h"

/* ---- chains ---- */

static const json_t *image_of(const json_t *report, const char *image) {
        return json_object_get(json_object_get(report, "images"), image);
}

/* 0: the top; -1: it is not in the image's chain. */
static int place_of(const json_t *report, const char *image, const char *volume) {
        const json_t *one;
        size_t i;

        json_array_foreach(json_object_get(image_of(report, image), "chain"), i, one)
                if (streq(json_string_value(one) ?: "", volume))
                        return (int)i;
        return -1;
}

static const char *volume_of(const json_t *snapshot, const char *image) {
        const json_t *disk;
        size_t i;

        json_array_foreach(json_object_get(snapshot, "disks"), i, disk)
                if (streq(dict_string(disk, "image", ""), image))
                        return dict_string(disk, "volume", "");
        return NULL;
}

/* Which was made first: that of the lower volume where both hold one of a disk, else by the clock. */
static bool is_before(const json_t *report, const json_t *a, const json_t *b) {
        const json_t *disk;
        size_t i;

        json_array_foreach(json_object_get(a, "disks"), i, disk) {
                const char *image = dict_string(disk, "image", ""), *other = volume_of(b, image);

                if (other)
                        return place_of(report, image, dict_string(disk, "volume", "")) > place_of(report, image, other);
        }
        return dict_integer(a, "created", 0) < dict_integer(b, "created", 0);
}

/* ret: new; the oldest first. */
static json_t *in_order(const json_t *report, const json_t *found) {
        json_t *sorted = json_array(), *snapshot;
        size_t i;

        json_array_foreach(found, i, snapshot) {
                size_t at = json_array_size(sorted);

                while (at > 0 && is_before(report, snapshot, json_array_get(sorted, at - 1)))
                        at--;
                if (!sorted || json_array_insert(sorted, at, snapshot) < 0) {
                        json_decref(sorted);
                        return NULL;
                }
        }
        return sorted;
}

/* From the oldest snapshot of the disk to the newest, each holds the next volume, and the last one the volume below the top. */
static bool chain_bears_out(const json_t *report, const json_t *sorted, const char *image) {
        const json_t *snapshot;
        int last = -1;
        size_t i;

        json_array_foreach(sorted, i, snapshot) {
                const char *volume = volume_of(snapshot, image);
                const int place = volume ? place_of(report, image, volume) : last;

                if (volume && (place < 1 || (last >= 0 && place != last - 1)))
                        return false;
                last = place;
        }
        return last < 0 || last == 1;
}

static bool all_bear_out(const json_t *report, const json_t *sorted, const json_t *disks) {
        const json_t *snapshot, *held, *disk;
        size_t i, k;

        json_array_foreach(disks, i, disk)
                if (!chain_bears_out(report, sorted, dict_string(disk, "disk", "")))
                        return false;
        /* of disks that the VM has not nothing is known */
        json_array_foreach(sorted, i, snapshot)
                json_array_foreach(json_object_get(snapshot, "disks"), k, held) {
                        bool known = false;
                        size_t n;

                        json_array_foreach(disks, n, disk)
                                known |= streq(dict_string(disk, "disk", ""), dict_string(held, "image", "-"));
                        if (!known)
                                return false;
                }
        return true;
}

/* ---- one snapshot ---- */

static json_t *held_disks(const json_t *report, const json_t *snapshot) {
        json_t *disks = json_array();
        const json_t *disk;
        size_t i;

        json_array_foreach(json_object_get(snapshot, "disks"), i, disk) {
                const char *image = dict_string(disk, "image", ""), *volume = dict_string(disk, "volume", "");
                const json_t *facts = json_array_get(json_object_get(image_of(report, image), "volumes"), (size_t)place_of(report, image, volume));

                if (json_array_append_new(disks, json_pack("{s:s, s:s, s:s, s:I}", "disk", image, "volume", volume, "format", dict_string(facts, "format", "raw"), "capacity",
                                                           (json_int_t)dict_integer(facts, "capacity", 0))) < 0) {
                        json_decref(disks);
                        return NULL;
                }
        }
        return disks;
}

static int name_disks(const json_t *report, json_t *description) {
        json_t *disk;
        size_t i;

        json_array_foreach(json_object_get(description, "disks"), i, disk) {
                const char *image = dict_string(disk, "disk", "");
                _cleanup_free_ char *name = disk_alias_read(dict_string(image_of(report, image), "description", ""), image);

                if (!name || json_object_set_new(disk, "name", json_string(name)) < 0)
                        return -ENOMEM;
        }
        return 0;
}

/* What the text says the VM was then; where it does not say that, or what is none here, what it is now. */
static json_t *vm_of(const json_t *report, const json_t *snapshot, const char *vm, const json_t *now) {
        const json_t *found = json_object_get(snapshot, "configuration");
        _cleanup_json_ json_t *then = json_object(), *probe = NULL;

        if (!then)
                return NULL;
        if (found && json_object_set_new(then, "name", json_string(dict_string(found, "name", dict_string(now, "name", "")))) == 0 && register_hardware(found, then) == 0 &&
            register_add_disks(found, then) == 0 && register_add_nics(found, vm, then, NULL) >= 0) {
                probe = spec_strip(then);
                if (probe && vm_spec_complete(probe, NULL) >= 0)
                        return name_disks(report, then) < 0 ? NULL : TAKE_PTR(then);
        }
        json_decref(then);
        then = json_deep_copy(now);
        return then && name_disks(report, then) == 0 ? TAKE_PTR(then) : NULL;
}

/* A text that is no name here is its description instead. */
static json_t *snapshot_of(const json_t *report, const json_t *found, const char *vm, const json_t *now) {
        const char *id = dict_string(found, "id", ""), *text = dict_string(found, "name", ""), *description = dict_string(found, "description", "");
        const int64_t created_usec = dict_integer(found, "created", 0) * (int64_t)USEC_PER_SEC;
        char name[NAME_BYTES_MAX + 1];

        if (label_is_valid(text, NAME_BYTES_MAX))
                (void) snprintf(name, sizeof name, "%s", text);
        else {
                (void) snprintf(name, sizeof name, "snapshot-%.8s", id);
                description = *description ? description : text;
        }
        return json_pack("{s:s, s:s, s:s, s:I, s:o, s:o}", "id", id, "name", name, "description", label_is_valid(description, DESCRIPTION_BYTES_MAX) ? description : "", "created",
                         (json_int_t)created_usec, "disks", held_disks(report, found), "vm", vm_of(report, found, vm, now));
}

json_t *register_snapshots(const json_t *report, const char *vm, const json_t *description) {
        const json_t *found = json_object_get(json_object_get(json_object_get(report, "vms"), vm), "snapshots"), *snapshot;
        _cleanup_json_ json_t *sorted = in_order(report, found), *list = json_array();
        size_t i;

        if (!sorted || !list)
                return NULL;
        if (json_array_size(sorted) > VM_SNAPSHOTS_MAX || !all_bear_out(report, sorted, json_object_get(description, "disks")))
                return TAKE_PTR(list);
        json_array_foreach(sorted, i, snapshot)
                if (json_array_append_new(list, snapshot_of(report, snapshot, vm, description)) < 0)
                        return NULL;
        return TAKE_PTR(list);
}
