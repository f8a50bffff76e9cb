/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Any bytes as an index of leases: looked at and rebuilt, and then it can be used. */

#include "fuzz.h"

#include <stdio.h>

#include "lease-index.h"

#define SPACE "11111111-2222-4333-8444-00000000000a"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        static char index_bytes[LEASE_INDEX_BYTES], found[64][LEASE_ID_MAX + 1];
        bool usable;

        lease_index_format(index_bytes, SPACE, 0, false);
        /* input: header first, then as many records as there are bytes for */
        memcpy(index_bytes, data, size < sizeof(index_bytes) ? size : sizeof(index_bytes));
        usable = lease_index_check(index_bytes, SPACE, "fuzz", NULL) >= 0;
        for (unsigned i = 0; i < 64; i++)
                if (i % 3 != 0)
                        (void) snprintf(found[i], sizeof(found[i]), "99999999-2222-4333-8444-0000000000%02u", i);
        (void) lease_index_rebuild(index_bytes, usable, (const char(*)[LEASE_ID_MAX + 1]) found, 64, 1048576);
        for (unsigned n = 0; n < LEASE_RECORDS_MAX; n++) {
                LeaseRecord record;

                lease_index_get(index_bytes, n, &record);
                if (record.state == LEASE_RECORD_BAD || strlen(record.id) > LEASE_ID_MAX)
                        abort();
        }
        return 0;
}
