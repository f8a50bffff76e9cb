/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What comes before and after zeroes are written over volumes that are to be removed (layout-block-remove.c). */

#include "bus-error.h"
#include "data-work.h"
#include "fault-point.h"
#include "io.h"

static const StorageLayout *layout(const Io *io) {
        return io->place.type->layout;
}

int io_wipe_plan(Io *io) {
        WipeVolume volumes[VOLUME_CHAIN_MAX];
        uint64_t bytes = 0;
        size_t n = 0;
        int r = 0;

        if (layout(io)->wipe_list)
                r = layout(io)->wipe_list(&io->place, io->image, volumes, ELEMENTSOF(volumes), &n, &io->error);
        if (r < 0)
                return r;
        for (size_t i = 0; i < n; i++) {
                DataNode *node = &io->data->chain[i];

                memcpy(node->image, volumes[i].image, UUID_STRING_MAX);
                memcpy(node->volume, volumes[i].volume, UUID_STRING_MAX);
                node->format = VOLUME_FORMAT_RAW;
                bytes += volumes[i].size_bytes;
        }
        io->data->n_chain = n;
        io->data->format = VOLUME_FORMAT_RAW;
        io->data->allocation = VOLUME_ALLOCATION_PREALLOCATED;
        /* Only for the progress. */
        io->data->capacity_bytes = bytes < VOLUME_CAPACITY_MAX ? bytes : VOLUME_CAPACITY_MAX;
        return 0;
}

int io_wipe_finish(Io *io) {
        const char *volumes[VOLUME_CHAIN_MAX + 1];
        int r;

        for (size_t i = 0; i < io->data->n_chain; i++)
                volumes[i] = io->data->chain[i].volume;
        volumes[io->data->n_chain] = NULL;
        r = layout(io)->wipe_finish(&io->place, io->image, volumes, &io->error);
        FAULT_POINT("block-wipe-finished");
        return r < 0 ? r : layout(io)->image_purge(&io->place, io->image, io->discard, &io->error);
}
