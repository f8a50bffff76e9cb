/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The first bytes of a qcow2 image, read by ourselves before any tool opens it: an image that names a backing file or
 * an external data file would make whoever opens it read a file of the host. Pure. Source of the format: QEMU,
 * docs/interop/qcow2.txt.
 */

#include "macro.h"

#define QCOW2_MAGIC UINT32_C(0x514649fb) /* "QFI\xfb" */
#define QCOW2_HEADER_BYTES 104U          /* of version 3; version 2 has 72 */

/* Of an image that is only looked at so much is read: a header with the name of its backing file, which QEMU puts behind it. */
#define QCOW2_LOOK_BYTES (64 * KIB)

/* Does it look like qcow2 at all? size: bytes there are. */
bool qcow2_has_magic(const void *bytes, size_t size) _pure_;

/* A backing file's name: as long as QEMU takes one. */
#define QCOW2_BACKING_BYTES_MAX 1023U

/* What a header says, without judging it. */
typedef struct Qcow2Facts {
        uint32_t version;
        uint64_t virtual_bytes;
        bool has_backing;                          /* it names a backing file */
        char backing[QCOW2_BACKING_BYTES_MAX + 1]; /* the name; empty where it lies beyond the bytes there are */
        bool encrypted, data_file, corrupt, dirty, unknown_features;
} Qcow2Facts;

/* Return: 0, or -EBADMSG with BadFormat set where it is no header of version 2 or 3. */
int qcow2_header_read(const void *bytes, size_t size, Qcow2Facts *ret, sd_bus_error *error);

/* Checks a whole image's first bytes (at least QCOW2_HEADER_BYTES where the image has them) for use as a volume
 * without parent of at most capacity_bytes. ret_virtual_bytes may be NULL. Return: 0, or -EBADMSG with BadFormat set.
 */
int qcow2_header_check(const void *bytes, size_t size, uint64_t capacity_bytes, uint64_t *ret_virtual_bytes,
                       sd_bus_error *error);
