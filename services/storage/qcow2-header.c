/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <inttypes.h>

#include "bus-error.h"
#include "qcow2-header.h"

#define VERSION_2_BYTES 72U
#define INCOMPATIBLE_DIRTY (UINT64_C(1) << 0)
#define INCOMPATIBLE_CORRUPT (UINT64_C(1) << 1)
#define INCOMPATIBLE_DATA_FILE (UINT64_C(1) << 2)
#define INCOMPATIBLE_COMPRESSION (UINT64_C(1) << 3)
#define INCOMPATIBLE_EXTENDED_L2 (UINT64_C(1) << 4)
#define INCOMPATIBLE_KNOWN (INCOMPATIBLE_COMPRESSION | INCOMPATIBLE_EXTENDED_L2)

static uint32_t read_be32(const uint8_t *p) {
        return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static uint64_t read_be64(const uint8_t *p) {
        return (uint64_t)read_be32(p) << 32 | read_be32(p + 4);
}

bool qcow2_has_magic(const void *bytes, size_t size) {
        return size >= 4 && read_be32(bytes) == QCOW2_MAGIC;
}

static int bad(sd_bus_error *error, const char *why) {
        sd_bus_error_setf(error, RHV_ERROR_BAD_FORMAT, "%s", why);
        return -EBADMSG;
}

static void read_backing(const uint8_t *p, size_t size, Qcow2Facts *facts) {
        uint64_t offset = read_be64(p + 8);
        uint32_t length = read_be32(p + 16);

        facts->has_backing = offset != 0 || length != 0;
        if (!facts->has_backing || length > QCOW2_BACKING_BYTES_MAX || offset > size || length > size - offset ||
            memchr(p + offset, 0, length))
                return;
        memcpy(facts->backing, p + offset, length);
        facts->backing[length] = '\0';
}

int qcow2_header_read(const void *bytes, size_t size, Qcow2Facts *ret, sd_bus_error *error) {
        Qcow2Facts facts = {};
        const uint8_t *p = bytes;
        uint32_t cluster_bits;

        if (!qcow2_has_magic(bytes, size))
                return bad(error, "The data is not a qcow2 image");
        if (size < VERSION_2_BYTES)
                return bad(error, "The qcow2 image ends within its header");
        facts.version = read_be32(p + 4);
        if (facts.version != 2 && facts.version != 3)
                return bad(error, "The qcow2 image is of a version this service does not know");
        if (facts.version == 3 && size < QCOW2_HEADER_BYTES)
                return bad(error, "The qcow2 image ends within its header");
        cluster_bits = read_be32(p + 20);
        if (cluster_bits < 9 || cluster_bits > 21)
                return bad(error, "The qcow2 image has an impossible cluster size");
        facts.virtual_bytes = read_be64(p + 24);
        facts.encrypted = read_be32(p + 32) != 0;
        if (facts.version == 3) {
                uint64_t incompatible = read_be64(p + 72);

                facts.data_file = incompatible & INCOMPATIBLE_DATA_FILE;
                facts.corrupt = incompatible & INCOMPATIBLE_CORRUPT;
                facts.dirty = incompatible & INCOMPATIBLE_DIRTY;
                facts.unknown_features = incompatible & ~(INCOMPATIBLE_KNOWN | INCOMPATIBLE_DATA_FILE |
                                                          INCOMPATIBLE_CORRUPT | INCOMPATIBLE_DIRTY);
        }
        read_backing(p, size, &facts);
        *ret = facts;
        return 0;
}

int qcow2_header_check(const void *bytes, size_t size, uint64_t capacity_bytes, uint64_t *ret_virtual_bytes,
                       sd_bus_error *error) {
        Qcow2Facts facts;
        int r;

        r = qcow2_header_read(bytes, size, &facts, error);
        if (r < 0)
                return r;
        if (facts.has_backing)
                return bad(error, "The qcow2 image names a backing file; flatten it first (qemu-img convert)");
        if (facts.encrypted)
                return bad(error, "The qcow2 image is encrypted");
        if (facts.data_file)
                return bad(error, "The qcow2 image keeps its data in another file");
        if (facts.corrupt)
                return bad(error, "The qcow2 image is marked corrupt; run qemu-img check on the source");
        if (facts.dirty)
                return bad(error, "The qcow2 image was not closed cleanly; run qemu-img check on the source");
        if (facts.unknown_features)
                return bad(error, "The qcow2 image uses features this service does not know");
        if (facts.virtual_bytes == 0 || facts.virtual_bytes > capacity_bytes) {
                sd_bus_error_setf(error, RHV_ERROR_BAD_FORMAT,
                                  "The qcow2 image holds a disk of %" PRIu64
                                  " bytes; the volume has a capacity of %" PRIu64,
                                  facts.virtual_bytes, capacity_bytes);
                return -EBADMSG;
        }
        if (ret_virtual_bytes)
                *ret_virtual_bytes = facts.virtual_bytes;
        return 0;
}
