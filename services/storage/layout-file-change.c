/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* dom_md/metadata of a domain of files is replaced as a whole. */

#include <fcntl.h>

#include "bus-error.h"
#include "layout-file.h"

static int replace(const DomainPlace *place, int dom_md, const KeyValueList *list, sd_bus_error *error) {
        _cleanup_free_ char *fresh = domain_metadata_format(list);
        int r;

        if (!fresh)
                return -ENOMEM;
        r = file_replace(dom_md, "metadata", fresh, strlen(fresh), STORAGE_TEXT_MODE);
        return r < 0 ? bus_error_errno(error, r, "Cannot write %s/%s/dom_md/metadata", place->path, place->id) : 1;
}

int file_change_metadata(const DomainPlace *place, domain_change_t change, void *userdata, sd_bus_error *error) {
        _cleanup_(key_value_clear) KeyValueList list = {};
        _cleanup_free_ char *text = NULL;
        _cleanup_close_ int domain = -EBADF, dom_md = -EBADF;
        size_t size;
        int r;

        IDENTITY_SCOPE();
        domain = file_domain_open(place, error);
        if (domain < 0)
                return domain;
        dom_md = file_open_beneath(domain, "dom_md", O_RDONLY | O_DIRECTORY, 0);
        if (dom_md < 0)
                return bus_error_errno(error, dom_md, "Cannot open %s/%s/dom_md", place->path, place->id);
        r = file_read_direct(dom_md, "metadata", DOMAIN_METADATA_BYTES_MAX, &text, &size);
        if (r < 0)
                return bus_error_errno(error, r, "Cannot read %s/%s/dom_md/metadata", place->path, place->id);
        r = domain_metadata_parse(text, size, "dom_md/metadata", &list, NULL, error);
        if (r >= 0)
                r = change(&list, userdata, error);
        return r <= 0 ? r : replace(place, dom_md, &list, error);
}
