/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <stdio.h>

#include "bus-error.h"
#include "fixture.h"
#include "lease-index.h"

#define SPACE "11111111-2222-4333-8444-00000000000a"
#define ONE "99999999-2222-4333-8444-000000000001"
#define TWO "99999999-2222-4333-8444-000000000002"
#define ALIGNMENT ((uint32_t)MIB)

static char index_bytes[LEASE_INDEX_BYTES];

static int setup(void **state) {
        lease_index_format(index_bytes, SPACE, 1795716375, false);
        return 0;
}

/* The bytes that VDSM's xlease.py writes (format of header and records). */
static void test_bytes(void **state) {
        char header[LEASE_INDEX_HEADER_BYTES] = {};
        char record[LEASE_RECORD_BYTES] = {};

        memcpy(header, "\x12\x15\x20\x16\0" "0001\0" SPACE, 10 + strlen(SPACE));
        memcpy(header + 59, "1795716375\0-", 12);
        header[511] = '\n';
        assert_memory_equal(index_bytes, header, sizeof(header));

        memcpy(record + 49, "00000000000\0--\n", 15);
        assert_memory_equal(index_bytes + 512 + 64 * 7, record, sizeof(record));

        lease_index_set(index_bytes, 7, ONE, ALIGNMENT);
        memcpy(record, ONE, strlen(ONE));
        memcpy(record + 49, "00010485760\0--\n", 15);
        assert_memory_equal(index_bytes + 512 + 64 * 7, record, sizeof(record));
        assert_int_equal(lease_index_offset(7, ALIGNMENT), 10 * MIB);
}

static void test_find(void **state) {
        assert_int_equal(lease_index_find(index_bytes, ONE), -ENOENT);
        assert_int_equal(lease_index_find_free(index_bytes, LEASE_RECORDS_MAX), 0);
        lease_index_set(index_bytes, 0, ONE, ALIGNMENT);
        lease_index_set(index_bytes, LEASE_RECORDS_MAX - 1, TWO, ALIGNMENT);
        assert_int_equal(lease_index_find(index_bytes, ONE), 0);
        assert_int_equal(lease_index_find(index_bytes, TWO), LEASE_RECORDS_MAX - 1);
        assert_int_equal(lease_index_find_free(index_bytes, LEASE_RECORDS_MAX), 1);
        assert_int_equal(lease_index_find_free(index_bytes, 1), -ENOSPC);
        /* left by an old writer: missing, and free */
        index_bytes[512 + 61] = 'u';
        assert_int_equal(lease_index_find(index_bytes, ONE), -ENOENT);
        assert_int_equal(lease_index_find_free(index_bytes, LEASE_RECORDS_MAX), 0);
        lease_index_set(index_bytes, 0, NULL, 0);
        assert_int_equal(lease_index_find_free(index_bytes, LEASE_RECORDS_MAX), 0);
}

static void test_blocks(void **state) {
        assert_int_equal(lease_index_block(0, 512), 512);
        assert_int_equal(lease_index_block(7, 512), 512);
        assert_int_equal(lease_index_block(8, 512), 1024);
        assert_int_equal(lease_index_block(0, 4096), 0);
        assert_int_equal(lease_index_block(56, 4096), 4096);
        assert_true(lease_index_block(LEASE_RECORDS_MAX - 1, 4096) + 4096 <= LEASE_INDEX_BYTES);
}

static void assert_refused(const char *lockspace, const char *name) {
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;

        assert_true(lease_index_check(index_bytes, lockspace, "the index", &error) < 0);
        assert_string_equal(error.name, name);
        assert_non_null(strstr(error.message, "the index"));
}

static void test_check(void **state) {
        assert_int_equal(lease_index_check(index_bytes, SPACE, "the index", NULL), 0);
        assert_refused(ONE, RHV_ERROR_BAD_FORMAT);
        index_bytes[70] = 'u';
        assert_refused(SPACE, RHV_ERROR_INVALID_STATE);
        index_bytes[70] = '-';
        index_bytes[8] = '2';
        assert_refused(SPACE, RHV_ERROR_NEWER_VERSION);
        index_bytes[0] = 0;
        assert_refused(SPACE, RHV_ERROR_BAD_FORMAT);
        memset(index_bytes, 0, sizeof(index_bytes));
        assert_refused(SPACE, RHV_ERROR_BAD_FORMAT);
}

static void test_rebuild(void **state) {
        static char found[4][LEASE_ID_MAX + 1] = {ONE, TWO, ONE, ""};
        const char(*areas)[LEASE_ID_MAX + 1] = (const char(*)[LEASE_ID_MAX + 1]) found;

        /* nothing is wrong: what lies in the areas is left over, the index wins */
        assert_int_equal(lease_index_rebuild(index_bytes, true, areas, 4, ALIGNMENT), 0);
        assert_int_equal(lease_index_find(index_bytes, ONE), -ENOENT);

        /* a bad record comes back from its area, unless its id is listed elsewhere */
        lease_index_set(index_bytes, 0, ONE, ALIGNMENT);
        memset(index_bytes + 512 + 64, 0xff, 64);
        memset(index_bytes + 512 + 128, 0xff, 64);
        assert_int_equal(lease_index_rebuild(index_bytes, true, areas, 4, ALIGNMENT), 2);
        assert_int_equal(lease_index_find(index_bytes, ONE), 0);
        assert_int_equal(lease_index_find(index_bytes, TWO), 1);
        assert_int_equal(lease_index_find_free(index_bytes, LEASE_RECORDS_MAX), 2);

        /* an index that cannot be used is made from the areas alone */
        memset(index_bytes, 0xee, sizeof(index_bytes));
        assert_int_equal(lease_index_rebuild(index_bytes, false, areas, 4, ALIGNMENT), LEASE_RECORDS_MAX);
        assert_int_equal(lease_index_find(index_bytes, ONE), 0);
        assert_int_equal(lease_index_find(index_bytes, TWO), 1);
        assert_int_equal(lease_index_find_free(index_bytes, LEASE_RECORDS_MAX), 2);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                        cmocka_unit_test_setup(test_bytes, setup),  cmocka_unit_test_setup(test_find, setup),
                        cmocka_unit_test_setup(test_blocks, setup), cmocka_unit_test_setup(test_check, setup),
                        cmocka_unit_test_setup(test_rebuild, setup),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
