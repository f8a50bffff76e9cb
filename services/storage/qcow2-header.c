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

static int check_features(uint64_t incompatible, sd_bus_error *error) {
        if (incompatible & INCOMPATIBLE_DATA_FILE)
                return bad(error, "The qcow2 image keeps its data in another file");
        if (incompatible & INCOMPATIBLE_CORRUPT)
                return bad(error, "The qcow2 image is marked corrupt; run qemu-img check on the source");
        if (incompatible & INCOMPATIBLE_DIRTY)
                return bad(error, "The qcow2 image was not closed cleanly; run qemu-img check on the source");
        if (incompatible & ~INCOMPATIBLE_KNOWN)
                return bad(error, "The qcow2 image uses features this service does not know");
        return 0;
}

int qcow2_header_check(const void *bytes, size_t size, uint64_t capacity_bytes, uint64_t *ret_virtual_bytes,
                       sd_bus_error *error) {
        const uint8_t *p = bytes;
        uint32_t version, cluster_bits;
        uint64_t virtual_bytes;
        int r;

        if (!qcow2_has_magic(bytes, size))
                return bad(error, "The data is not a qcow2 image");
        if (size < VERSION_2_BYTES)
                return bad(error, "The qcow2 image ends within its header");
        version = read_be32(p + 4);
        if (version != 2 && version != 3)
                return bad(error, "The qcow2 image is of a version this service does not know");
        if (version == 3 && size < QCOW2_HEADER_BYTES)
                return bad(error, "The qcow2 image ends within its header");
        if (read_be64(p + 8) != 0 || read_be32(p + 16) != 0)
                return bad(error, "The qcow2 image names a backing file; flatten it first (qemu-img convert)");
        cluster_bits = read_be32(p + 20);
        if (cluster_bits < 9 || cluster_bits > 21)
                return bad(error, "The qcow2 image has an impossible cluster size");
        if (read_be32(p + 32) != 0)
                return bad(error, "The qcow2 image is encrypted");
        if (version == 3) {
                r = check_features(read_be64(p + 72), error);
                if (r < 0)
                        return r;
        }
        virtual_bytes = read_be64(p + 24);
        if (virtual_bytes == 0 || virtual_bytes > capacity_bytes) {
                sd_bus_error_setf(error, RHV_ERROR_BAD_FORMAT,
                                  "The qcow2 image holds a disk of %" PRIu64
                                  " bytes; the volume has a capacity of %" PRIu64,
                                  virtual_bytes, capacity_bytes);
                return -EBADMSG;
        }
        if (ret_virtual_bytes)
                *ret_virtual_bytes = virtual_bytes;
        return 0;
}
