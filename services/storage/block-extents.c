/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "block-extents.h"

void block_extents_clear(BlockExtents *extents) {
        for (size_t i = 0; i < extents->n_devices; i++)
                free(extents->devices[i]);
        free(extents->devices);
        free(extents->extents);
        *extents = (BlockExtents){};
}

/* Devices are few; segments of one lie beside one another in LVM's report. Return: its number, or -ENOMEM. */
static ssize_t find_device(BlockExtents *extents, const char *path) {
        for (size_t i = extents->n_devices; i > 0; i--)
                if (streq(extents->devices[i - 1], path))
                        return (ssize_t)(i - 1);
        char **devices = reallocarray(extents->devices, extents->n_devices + 2, sizeof(*devices));

        if (!devices)
                return -ENOMEM;
        extents->devices = devices;
        devices[extents->n_devices] = strdup(path);
        devices[extents->n_devices + 1] = NULL;
        return devices[extents->n_devices] ? (ssize_t)extents->n_devices++ : -ENOMEM;
}

static int compare(const void *a, const void *b) {
        const BlockExtent *x = a, *y = b;
        int r = strcmp(x->volume, y->volume);

        return r ? r : x->from < y->from ? -1 : x->from > y->from;
}

int block_extents_make(const LvmSegments *segments, const char *group, BlockExtents *ret) {
        _cleanup_(block_extents_clear) BlockExtents extents = {.extents = calloc(segments->n + 1, sizeof(*extents.extents))};

        if (!extents.extents)
                return -ENOMEM;
        for (size_t i = 0; i < segments->n; i++) {
                const LvmSegment *segment = &segments->rows[i];
                BlockExtent *extent = &extents.extents[extents.n];
                ssize_t device;

                if (!segment->name[0] || segment->size_bytes == 0 || !streq(segment->group, group))
                        continue;
                device = find_device(&extents, segment->path);
                if (device < 0)
                        return (int)device;
                memcpy(extent->volume, segment->name, sizeof(extent->volume));
                extent->from = segment->from_bytes;
                extent->size = segment->size_bytes;
                extent->at = segment->at_bytes;
                extent->device = (size_t)device;
                extent->linear = segment->linear;
                extents.n++;
        }
        qsort(extents.extents, extents.n, sizeof(*extents.extents), compare);
        *ret = extents;
        extents = (BlockExtents){};
        return 0;
}

static bool is_of(const BlockExtents *extents, size_t i, const char *volume) {
        return i < extents->n && streq(extents->extents[i].volume, volume);
}

/* The first that does not begin before offset in the volume, or belongs to one behind it. */
static size_t lower_bound(const BlockExtents *extents, const char *volume, uint64_t offset) {
        size_t from = 0, to = extents->n;

        while (from < to) {
                const size_t middle = from + (to - from) / 2;
                const BlockExtent *extent = &extents->extents[middle];
                const int r = strcmp(extent->volume, volume);

                if (r < 0 || (r == 0 && extent->from < offset))
                        from = middle + 1;
                else
                        to = middle;
        }
        return from;
}

int block_extents_find(const BlockExtents *extents, const char *volume, uint64_t offset, BlockPiece *ret) {
        size_t i = lower_bound(extents, volume, offset);
        const BlockExtent *extent;
        uint64_t end;

        /* what begins at offset, or what begins before it and reaches it */
        if (!is_of(extents, i, volume) || extents->extents[i].from > offset) {
                if (i == 0 || !is_of(extents, i - 1, volume))
                        return is_of(extents, i, volume) ? -ENXIO : -ENOENT;
                i--;
        }
        extent = &extents->extents[i];
        end = extent->from + extent->size;
        if (offset >= end)
                return -ENXIO;
        if (!extent->linear)
                return -EOPNOTSUPP;
        if (is_of(extents, i + 1, volume) && extents->extents[i + 1].from < end)
                return -ENXIO;
        if (extents->devices[extent->device][0] != '/')
                return -ENODEV;
        *ret = (BlockPiece){.device = extent->device, .at = extent->at + (offset - extent->from), .size = end - offset};
        return 0;
}

const char *block_extents_reason(int r) {
        switch (r) {
        case -ENOENT:
                return "the volume group has no such volume";
        case -ENXIO:
                return "no device has that part of it";
        case -ENODEV:
                return "the device of that part is not there";
        case -EOPNOTSUPP:
                return "it is mirrored or striped, which is not read while it is not active";
        default:
                return "its place cannot be told";
        }
}
