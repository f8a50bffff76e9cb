/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Any bytes as the first of an upload: what is accepted names no other file. And as those of a volume that is looked at: a reason, or what the header says; of its tables too, whose entries
 * follow. */

#include "fuzz.h"

#include "qcow2-header.h"
#include "qcow2-table.h"

static void look(const uint8_t *data, size_t size) {
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        Qcow2Facts facts;

        if (qcow2_header_read(data, size, &facts, &error) < 0) {
                if (!error.message)
                        abort();
                return;
        }
        if (!memchr(facts.backing, 0, sizeof(facts.backing)) || (facts.backing[0] && !facts.has_backing) || (facts.version != 2 && facts.version != 3))
                abort();
}

static void look_at_tables(const uint8_t *data, size_t size) {
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        uint64_t offset_bytes = 1;
        Qcow2Table table;

        if (qcow2_table_read(data, size, &table, &error) < 0) {
                if (!error.message)
                        abort();
                return;
        }
        if (table.l1_entries > QCOW2_L1_BYTES_MAX / QCOW2_ENTRY_BYTES || table.l1_offset_bytes % 512 != 0 ||
            (table.virtual_bytes >> table.cluster_bits) / qcow2_table_clusters(&table) > table.l1_entries)
                abort();
        for (size_t i = 0; i + QCOW2_ENTRY_BYTES <= size; i += QCOW2_ENTRY_BYTES)
                if (qcow2_l1_offset(data + i) % 512 != 0 || (qcow2_l2_cluster(data + i, &offset_bytes) != QCOW2_CLUSTER_NONE && (offset_bytes == 0 || offset_bytes % 512 != 0)))
                        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        uint64_t bytes = 0;

        look(data, size);
        look_at_tables(data, size);
        if (qcow2_header_check(data, size, UINT64_C(1) << 40, &bytes, &error) < 0) {
                if (!error.message)
                        abort();
                return 0;
        }
        if (bytes == 0 || bytes > UINT64_C(1) << 40 || data[19] != 0 || (data[7] == 3 && data[79] & 4))
                abort();
        return 0;
}
