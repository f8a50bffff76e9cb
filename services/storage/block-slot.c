/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "block-slot.h"

#include <stdlib.h>

#define SLOT_BYTES_V5 8192U

uint64_t block_slot_offset(unsigned version, uint32_t slot) {
        return version >= 5 ? MIB + (uint64_t)slot * SLOT_BYTES_V5 : (uint64_t)slot * BLOCK_SLOT_BYTES;
}

uint64_t block_lease_offset(uint32_t slot, uint32_t alignment_bytes) {
        return ((uint64_t)BLOCK_LEASE_RESERVED + slot) * alignment_bytes;
}

uint32_t block_slot_first(unsigned version) {
        return version >= 5 ? 1 : 4;
}

static int compare(const void *a, const void *b) {
        const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

        return x < y ? -1 : x > y;
}

void block_slot_sort(uint32_t *slots, size_t n) {
        if (n > 0)
                qsort(slots, n, sizeof(*slots), compare);
}

int block_slot_find(uint32_t *used, size_t n, unsigned version, uint32_t *ret) {
        uint32_t slot = block_slot_first(version);

        block_slot_sort(used, n);
        for (size_t i = 0; i < n && used[i] <= slot; i++)
                if (used[i] == slot)
                        slot++;
        if (slot > BLOCK_SLOT_MAX)
                return -ENOSPC;
        *ret = slot;
        return 0;
}

uint64_t block_volume_bytes(bool preallocated, uint64_t capacity_bytes, uint64_t initial_bytes) {
        if (!preallocated && initial_bytes > 0)
                return initial_bytes + initial_bytes / 10;
        return preallocated || capacity_bytes < BLOCK_CHUNK_BYTES ? capacity_bytes : BLOCK_CHUNK_BYTES;
}

static uint64_t whole_extents(uint64_t bytes) {
        return (bytes + BLOCK_EXTENT_BYTES - 1) / BLOCK_EXTENT_BYTES * BLOCK_EXTENT_BYTES;
}

uint64_t block_optimal_bytes(uint64_t end_bytes, uint64_t most_bytes, bool leaf) {
        const uint64_t wanted = whole_extents(leaf ? end_bytes + BLOCK_CHUNK_BYTES : end_bytes), most = whole_extents(most_bytes);

        /* An image that is larger than it should ever be is not cut. */
        if (wanted > most && end_bytes <= most)
                return most;
        return wanted > 0 ? wanted : BLOCK_EXTENT_BYTES;
}
