/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Where on its devices each byte of a group's volumes lies, so that a volume can be read that is active nowhere: who only looks at a domain activates nothing.
 * Pure; the source is LVM's report of segments. Only volumes that are put together of whole pieces (linear) are told: VDSM makes no others.
 */

#include "lvm-report.h"

/* In bytes. */
typedef struct BlockExtent {
        char volume[LVM_NAME_BYTES];
        uint64_t from, size; /* in the volume */
        uint64_t at;         /* on the device */
        size_t device;       /* its number in devices */
        bool linear;
} BlockExtent;

typedef struct BlockExtents {
        BlockExtent *extents; /* by volume and from */
        size_t n;
        char **devices; /* paths, each once; NULL at the end */
        size_t n_devices;
} BlockExtents;

void block_extents_clear(BlockExtents *extents);
/* Return: 0 or -ENOMEM. */
int block_extents_make(const LvmSegments *segments, const char *group, BlockExtents *ret);

/* A run of bytes in one piece. */
typedef struct BlockPiece {
        size_t device;
        uint64_t at, size;
} BlockPiece;

/* From offset in the volume on, as far as it goes. Return: 0; -ENOENT no such volume; -ENXIO it has no such place, or two; -ENODEV that device is not there; -EOPNOTSUPP it is not
 * linear there. */
int block_extents_find(const BlockExtents *extents, const char *volume, uint64_t offset, BlockPiece *ret);
/* Of what find returns, in words. */
const char *block_extents_reason(int r) _const_;
