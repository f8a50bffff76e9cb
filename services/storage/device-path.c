/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "device-path.h"

static const char *word(const json_t *object, const char *key) {
        return json_string_value(json_object_get(object, key)) ?: "";
}

static const json_t *find_named(const json_t *array, const char *key, const char *name) {
        const json_t *entry;
        size_t i;

        json_array_foreach((json_t *)array, i, entry) {
                if (streq(word(entry, key), name))
                        return entry;
        }
        return NULL;
}

bool multipath_path_find(const json_t *maps, const char *map, const char *path, MultipathPath *ret) {
        const json_t *groups, *group, *found = NULL;
        size_t i;

        *ret = (MultipathPath){"", "", ""};
        groups = json_object_get(find_named(json_object_get(maps, "maps"), "sysfs", map), "path_groups");
        json_array_foreach((json_t *)groups, i, group) {
                found = find_named(json_object_get(group, "paths"), "dev", path);
                if (found)
                        break;
        }
        if (!found)
                return false;
        *ret = (MultipathPath){
                        .dm_state = word(found, "dm_st"),
                        .checker = word(found, "checker"),
                        .checker_state = word(found, "chk_st"),
        };
        return true;
}

bool device_path_is_usable(const char *kernel_state, const MultipathPath *known) {
        return (isempty(kernel_state) || streq(kernel_state, "running") || streq(kernel_state, "live")) && !streq(known->dm_state, "failed");
}
