/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "qcow2-table.h"

#include "bus-error.h"
#include "qcow2-header.h"

#define OFFSET_MASK UINT64_C(0x00fffffffffffe00)
#define ENTRY_COPIED (UINT64_C(1) << 63) /* one reference, so it may be changed where it is */
#define ENTRY_COMPRESSED (UINT64_C(1) << 62)
#define ENTRY_ZERO UINT64_C(1)
#define INCOMPATIBLE_EXTENDED_L2 (UINT64_C(1) << 4)

static uint64_t read_be(const uint8_t *p, unsigned n) {
        uint64_t value = 0;

        for (unsigned i = 0; i < n; i++)
                value = value << 8 | p[i];
        return value;
}

static int refuse(sd_bus_error *error, const char *why) {
        sd_bus_error_set(error, RHV_ERROR_NOT_SUPPORTED, why);
        return -EOPNOTSUPP;
}

static int bad(sd_bus_error *error, const char *why) {
        sd_bus_error_set(error, RHV_ERROR_BAD_FORMAT, why);
        return -EBADMSG;
}

uint64_t qcow2_table_clusters(const Qcow2Table *table) {
        return (UINT64_C(1) << table->cluster_bits) / QCOW2_ENTRY_BYTES;
}

int qcow2_table_read(const void *bytes, size_t size, Qcow2Table *ret, sd_bus_error *error) {
        const uint8_t *p = bytes;
        uint64_t covered, needed;
        Qcow2Table table = {};
        Qcow2Facts facts;
        int r;

        r = qcow2_header_read(bytes, size, &facts, error);
        if (r < 0)
                return r;
        if (facts.version < 3)
                return refuse(error, "A qcow2 image of version 2 has no word for zeroes; a copy of the disk leaves them out");
        if (read_be(p + 72, 8) & INCOMPATIBLE_EXTENDED_L2)
                return refuse(error, "The clusters of the qcow2 image have several parts; a copy of the disk leaves zeroes out");
        table.cluster_bits = (unsigned)read_be(p + 20, 4);
        table.virtual_bytes = facts.virtual_bytes;
        table.l1_offset_bytes = read_be(p + 40, 8);
        covered = qcow2_table_clusters(&table) << table.cluster_bits;
        needed = facts.virtual_bytes / covered + (facts.virtual_bytes % covered != 0);
        if (needed > QCOW2_L1_BYTES_MAX / QCOW2_ENTRY_BYTES || needed > read_be(p + 36, 4))
                return bad(error, "The table of the qcow2 image does not fit its disk");
        if (table.l1_offset_bytes & ~OFFSET_MASK || table.l1_offset_bytes == 0)
                return bad(error, "The table of the qcow2 image is nowhere");
        table.l1_entries = (uint32_t)needed;
        *ret = table;
        return 0;
}

uint64_t qcow2_l1_offset(const uint8_t *entry) {
        return read_be(entry, QCOW2_ENTRY_BYTES) & OFFSET_MASK;
}

Qcow2Cluster qcow2_l2_cluster(const uint8_t *entry, uint64_t *ret_offset) {
        const uint64_t value = read_be(entry, QCOW2_ENTRY_BYTES);

        if (value & ENTRY_COMPRESSED || !(value & ENTRY_COPIED) || (value & OFFSET_MASK) == 0)
                return QCOW2_CLUSTER_NONE;
        *ret_offset = value & OFFSET_MASK;
        return value & ENTRY_ZERO ? QCOW2_CLUSTER_ZEROES : QCOW2_CLUSTER_DATA;
}
