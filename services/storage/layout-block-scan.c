/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The volumes of a block domain's group: what one look at LVM says of them, in an order in which they are found again however many there are. */

#include <stdio.h>

#include "block-slot.h"
#include "bus-error.h"
#include "layout-block.h"

void block_scan_clear(BlockScan *scan) {
        for (size_t i = 0; i < scan->n; i++)
                free(scan->volumes[i].all_tags);
        free(scan->volumes);
        free(scan->by_image);
        *scan = (BlockScan){};
}

/* ---- order ---- */

static int compare_id(const void *a, const void *b) {
        return strcmp(((const BlockVolume *)a)->id, ((const BlockVolume *)b)->id);
}

static int compare_image(const void *a, const void *b) {
        const BlockVolume *const *x = a, *const *y = b;
        int r = strcmp((*x)->tags.image, (*y)->tags.image);

        return r ? r : strcmp((*x)->id, (*y)->id);
}

/* Of every slot: which volume claims it first (its number from 1), and whether others do. Slots that cannot be are looked for one by one. */
typedef struct Claim {
        uint32_t first;
        bool several;
} Claim;

static void find_contested(BlockScan *scan, Claim claims[static BLOCK_SLOT_MAX + 1]) {
        for (uint32_t i = 0; i < scan->n; i++) {
                const char *rest = scan->volumes[i].all_tags;
                uint32_t slot;

                while (lvm_volume_tags_next_slot(&rest, &slot)) {
                        if (slot > BLOCK_SLOT_MAX)
                                continue;
                        if (claims[slot].first == 0)
                                claims[slot].first = i + 1;
                        else if (claims[slot].first != i + 1)
                                claims[slot].several = true;
                }
        }
        for (size_t i = 0; i < scan->n; i++) {
                const uint32_t slot = scan->volumes[i].tags.slot;

                scan->volumes[i].contested = slot != LVM_SLOT_NONE && (slot > BLOCK_SLOT_MAX || claims[slot].several);
        }
}

/* As a file's hard links count: itself, and each other image that is based on it. */
static void count_links(BlockScan *scan) {
        for (size_t i = 0; i < scan->n; i++)
                scan->volumes[i].links = 1;
        for (size_t i = 0; i < scan->n; i++) {
                const BlockVolume *volume = &scan->volumes[i];
                BlockVolume *parent;

                if (!volume->tags.parent[0] || !block_volume_is_whole(volume))
                        continue;
                parent = block_scan_find(scan, volume->tags.parent);
                if (parent && !streq(parent->tags.image, volume->tags.image))
                        parent->links++;
        }
}

int block_scan_order(BlockScan *scan) {
        _cleanup_free_ Claim *claims = calloc(BLOCK_SLOT_MAX + 1, sizeof(*claims));
        BlockVolume **by_image = calloc(scan->n + 1, sizeof(BlockVolume *));

        if (!claims || !by_image) {
                free(by_image);
                return -ENOMEM;
        }
        if (scan->n > 0)
                qsort(scan->volumes, scan->n, sizeof(*scan->volumes), compare_id);
        for (size_t i = 0; i < scan->n; i++)
                by_image[i] = &scan->volumes[i];
        if (scan->n > 0)
                qsort(by_image, scan->n, sizeof(BlockVolume *), compare_image);
        free(scan->by_image);
        scan->by_image = by_image;
        find_contested(scan, claims);
        count_links(scan);
        return 0;
}

/* ---- one look ---- */

static bool is_special(const char *name) {
        for (const BlockSpecial *special = block_specials; special->name; special++)
                if (streq(name, special->name))
                        return true;
        return false;
}

int block_scan(const DomainPlace *place, BlockScan *ret, sd_bus_error *error) {
        _cleanup_(lvm_volumes_clear) LvmVolumes volumes = {};
        _cleanup_(block_scan_clear) BlockScan scan = {};
        int r;

        r = lvm_volumes(place->path, place->id, &volumes, error);
        if (r < 0)
                return r;
        scan.volumes = calloc(volumes.n + 1, sizeof(*scan.volumes));
        if (!scan.volumes)
                return -ENOMEM;
        if (volumes.n > 0) { /* a domain has its special ones */
                scan.free_bytes = volumes.rows[0].group_free_bytes;
                scan.mda_free_bytes = volumes.rows[0].group_mda_free_bytes;
        }
        for (size_t i = 0; i < volumes.n; i++) {
                LvmVolume *row = &volumes.rows[i];
                BlockVolume *volume = &scan.volumes[scan.n];

                if (!uuid_is_valid(row->name) || is_special(row->name))
                        continue;
                lvm_volume_tags_parse(row->tags, &volume->tags);
                volume->all_tags = TAKE_PTR(row->tags);
                memcpy(volume->id, row->name, UUID_STRING_MAX);
                volume->size_bytes = row->size_bytes;
                volume->active = row->active;
                scan.n++;
        }
        r = block_scan_order(&scan);
        if (r < 0)
                return r;
        *ret = scan;
        scan = (BlockScan){};
        return 0;
}

/* ---- what is there ---- */

static int compare_key(const void *key, const void *volume) {
        return strcmp(key, ((const BlockVolume *)volume)->id);
}

BlockVolume *block_scan_find(const BlockScan *scan, const char *id) {
        return scan->n > 0 ? bsearch(id, scan->volumes, scan->n, sizeof(*scan->volumes), compare_key) : NULL;
}

size_t block_scan_image(const BlockScan *scan, const char *image, BlockVolume *const **ret) {
        size_t from = 0, to = scan->n, n = 0;

        while (from < to) {
                const size_t middle = from + (to - from) / 2;

                if (strcmp(scan->by_image[middle]->tags.image, image) < 0)
                        from = middle + 1;
                else
                        to = middle;
        }
        while (from + n < scan->n && streq(scan->by_image[from + n]->tags.image, image))
                n++;
        *ret = scan->by_image + from;
        return n;
}

bool block_volume_is_whole(const BlockVolume *volume) {
        return volume->tags.image[0] && !volume->tags.initializing && !volume->tags.removed;
}

static bool claims(const BlockVolume *volume, uint32_t slot) {
        const char *rest = volume->all_tags;
        uint32_t claimed;

        while (lvm_volume_tags_next_slot(&rest, &claimed))
                if (claimed == slot)
                        return true;
        return false;
}

bool block_scan_trouble(const BlockScan *scan, const BlockVolume *volume, char ret[static BLOCK_TROUBLE_BYTES]) {
        *ret = '\0';
        if (volume->tags.bad)
                (void) snprintf(ret, BLOCK_TROUBLE_BYTES, "the tags of volume %s contradict each other, or cannot be read: %.128s", volume->id,
                                volume->all_tags);
        for (size_t i = 0; !*ret && volume->contested && i < scan->n; i++)
                if (&scan->volumes[i] != volume && claims(&scan->volumes[i], volume->tags.slot))
                        (void) snprintf(ret, BLOCK_TROUBLE_BYTES, "slot %u is that of volume %s and of volume %s", (unsigned)volume->tags.slot,
                                        volume->id, scan->volumes[i].id);
        return *ret;
}

BlockVolume *block_scan_get(const BlockScan *scan, const char *volume, sd_bus_error *error) {
        BlockVolume *found = block_scan_find(scan, volume);
        char trouble[BLOCK_TROUBLE_BYTES];

        if (found && block_volume_is_whole(found)) {
                if (!block_scan_trouble(scan, found, trouble))
                        return found;
                sd_bus_error_set(error, RHV_ERROR_BAD_FORMAT, trouble);
                return NULL;
        }
        sd_bus_error_setf(error, RHV_ERROR_NOT_FOUND, "The domain has no volume %s", volume);
        return NULL;
}

