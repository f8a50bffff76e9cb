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

/* Does it look like qcow2 at all? size: bytes there are. */
bool qcow2_has_magic(const void *bytes, size_t size) _pure_;

/* Checks a whole image's first bytes (at least QCOW2_HEADER_BYTES where the image has them) for use as a volume
 * without parent of at most capacity_bytes. ret_virtual_bytes may be NULL. Return: 0, or -EBADMSG with BadFormat set.
 */
int qcow2_header_check(const void *bytes, size_t size, uint64_t capacity_bytes, uint64_t *ret_virtual_bytes,
                       sd_bus_error *error);
