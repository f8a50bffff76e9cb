/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the data of a block domain's qcow2 volumes begin with, a few read at a time: they lie far from one another, so each is a read of its own. Blocks. */

#include "block-peek.h"
#include "image-report.h"

/* More at once help no storage, and hurt some. */
#define BLOCK_HEADER_THREADS 8U

typedef struct BlockHeader {
        const char *volume; /* borrowed */
        VolumeLook look;    /* trouble is owned */
} BlockHeader;

/* What cannot be read, or is no header, is the trouble of that one. Return: 0 or -ENOMEM. */
int block_headers_read(const BlockPeek *peek, BlockHeader *headers, size_t n);
