/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What kind of disk image a file is, from its first bytes. Pure, but for image_file_probe(). */

#include "macro.h"

typedef struct ImageFile {
        const char *format;      /* "raw" or "qcow2" */
        uint64_t capacity_bytes; /* what a guest sees */
        uint64_t size_bytes;     /* of the file */
} ImageFile;

/* The part of a qcow2 header that is looked at (QEMU's docs/interop/qcow2.txt: magic, version, backing file offset, virtual size). */
#define IMAGE_HEADER_BYTES 32U

/* header: the first bytes, size of them. size_bytes: of the whole file. A file without the magic is raw.
 * Return: 0; -EBADMSG: begins as qcow2 but is not (truncated, unknown version, absurd size); -ELOOP: needs a backing file. */
int image_header_parse(const uint8_t *header, size_t header_size, uint64_t size_bytes, ImageFile *ret);

/* Of an open file or block device; the position is left at the beginning. Return: 0, as above, or a negative errno;
 * -ESPIPE for a pipe. */
int image_file_probe(int fd, ImageFile *ret);
