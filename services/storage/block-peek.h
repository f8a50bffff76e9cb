/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Volumes of a group read from its devices, past the device mapper: nothing is made active, and nothing can be written, since the devices are open for reading only.
 * rhv-lvm opens them. With direct I/O, so that what another host wrote is seen. Blocks: belongs in a worker thread; several threads may read at once.
 */

#include "block-extents.h"
#include "layout.h"

typedef struct BlockPeek {
        BlockExtents extents;
        int *fds; /* of each of its devices; -EBADF: it is not open, and reasons says why */
        char **reasons;
} BlockPeek;

void block_peek_close(BlockPeek *peek);
/* A device that cannot be opened is told by what is read from it. Return: 0, or negative with error set. */
int block_peek_open(const DomainPlace *place, BlockPeek *ret, sd_bus_error *error);
/* All of it or nothing. Return: 0; -ENOMEM; another errno with error set, which says why and where. */
int block_peek_read(const BlockPeek *peek, const char *volume, uint64_t offset, void *buffer, size_t size, sd_bus_error *error);
