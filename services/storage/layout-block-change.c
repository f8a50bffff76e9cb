/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The tags of a group that are its domain's metadata are replaced in one command. */

#include <stdio.h>

#include "bus-error.h"
#include "layout-block.h"

int block_change_metadata(const DomainPlace *place, domain_change_t change, void *userdata, sd_bus_error *error) {
        _cleanup_(lvm_groups_clear) LvmGroups groups = {};
        _cleanup_(key_value_clear) KeyValueList list = {};
        _cleanup_free_ char *text = NULL;
        int r;

        r = lvm_groups(place->path, place->id, &groups, error);
        if (r < 0)
                return r;
        r = groups.n == 1 ? lvm_tags_to_metadata(groups.rows[0].tags, &text) : -ENODEV;
        if (r >= 0)
                r = domain_metadata_parse(text, strlen(text), "the metadata of the domain", &list, NULL, error);
        if (r >= 0)
                r = change(&list, userdata, error);
        if (r <= 0)
                return r;
        r = block_metadata_replace(place, text, &list, error);
        return r < 0 ? r : 1;
}
