/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * A domain of files gets the next version. Source of the order: VDSM, lib/vdsm/storage/formatconverter.py.
 *
 *   3 -> 4  the index of external leases, which local domains do not have; VERSION
 *   4 -> 5  each <volume>.meta as version 4 wants it and as version 5 does; VERSION; each <volume>.meta as version 5 wants it
 *
 * Each file is replaced whole, so either version reads all of them at any moment.
 */

#include <fcntl.h>
#include <stdio.h>

#include "bus-error.h"
#include "fault-point.h"
#include "layout-file.h"

#define XLEASES "xleases"

static int make_index(const DomainPlace *place, sd_bus_error *error) {
        _cleanup_close_ int domain = -EBADF, dom_md = -EBADF;
        int r;

        if (!place->type->shared)
                return 0;
        {
                IDENTITY_SCOPE();
                domain = file_domain_open(place, error);
                if (domain < 0)
                        return domain;
                dom_md = file_open_beneath(domain, "dom_md", O_RDONLY | O_DIRECTORY, 0);
                r = dom_md < 0 ? dom_md : file_make(dom_md, XLEASES, 0, STORAGE_DATA_MODE);
                if (r < 0 && r != -EEXIST)
                        return bus_error_errno(error, r, "Cannot make %s/%s/dom_md/" XLEASES, place->path, place->id);
        }
        return file_index_make(place, place->id, error);
}

/* ---- the volumes' ---- */

/* A template's volume is in the images based on it as a hard link, and so is what is written of it. */
static int link_shared(const DomainPlace *place, int image_fd, const VolumeRecord *record, sd_bus_error *error) {
        const char *name = FILE_NAME(record->id, META_SUFFIX), *fresh = FILE_NAME(record->id, META_SUFFIX NEW_SUFFIX);
        _cleanup_close_ int own = file_image_open(place, record->metadata.image, error);

        if (own < 0)
                return own;
        (void) unlinkat(image_fd, fresh, 0);
        if (linkat(own, name, image_fd, fresh, 0) < 0 || renameat(image_fd, fresh, image_fd, name) < 0)
                return bus_error_errno(error, -errno, "Cannot share %s of image %s", name, record->metadata.image);
        return directory_sync(image_fd);
}

/* shared: what is in its own image, or what is linked from another. */
static int write_image(const DomainPlace *place, const char *image, bool shared, unsigned *n_skipped, sd_bus_error *error) {
        _cleanup_(volume_list_clear) VolumeList list = {};
        _cleanup_close_ int fd = -EBADF;
        int r;

        IDENTITY_SCOPE();
        fd = file_image_open(place, image, error);
        if (fd < 0)
                return fd;
        r = file_read_volumes(place, fd, image, &list, error);
        for (size_t i = 0; r >= 0 && i < list.n; i++) {
                const VolumeRecord *record = &list.records[i];

                if (record->problem)
                        *n_skipped += !shared;
                else if (shared != streq(record->metadata.image, image))
                        r = shared ? link_shared(place, fd, record, error) : file_metadata_write(place, fd, record->id, &record->metadata, error);
        }
        return r;
}

/* place->version: how they are written. */
static int write_volumes(const DomainPlace *place, unsigned *ret_skipped, sd_bus_error *error) {
        _cleanup_free_ char(*images)[UUID_STRING_MAX] = NULL;
        size_t n = 0;
        int r;

        *ret_skipped = 0;
        r = file_list_images(place, &images, &n, error);
        for (unsigned pass = 0; pass < 2; pass++)
                for (size_t i = 0; r >= 0 && i < n; i++)
                        r = write_image(place, images[i], pass > 0, ret_skipped, error);
        return r;
}

int file_upgrade(const DomainPlace *given, int asker_fd, unsigned *ret_skipped, sd_bus_error *error) {
        DomainPlace place = *given; /* path stays borrowed */
        int r = 0;

        *ret_skipped = 0;
        if (place.version == 3) {
                r = make_index(&place, error);
                if (r >= 0)
                        r = domain_check_asker(asker_fd, error);
                FAULT_POINT("file-upgrade-indexed");
                return r < 0 ? r : domain_tell_next_version(&place, error);
        }
        if (place.version == 4) {
                place.version = VOLUME_METADATA_4_AND_5;
                r = write_volumes(&place, ret_skipped, error);
                FAULT_POINT("file-upgrade-both");
                place.version = 4;
                if (r >= 0)
                        r = domain_check_asker(asker_fd, error);
                if (r >= 0)
                        r = domain_tell_next_version(&place, error);
                FAULT_POINT("file-upgrade-told");
                place.version = 5;
        }
        return r < 0 ? r : write_volumes(&place, ret_skipped, error);
}
