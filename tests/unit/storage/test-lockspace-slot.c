/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "bus-error.h"
#include "lockspace-slot.h"
#include "test-data.h"

/* sanlock-slot: the first slot of a lockspace that sanlock 3.8.5 formatted and joined. */
static void test_sanlock_wrote(void **state) {
        _cleanup_free_ char *data = NULL;
        LockspaceSlot slot;
        size_t size;

        data = test_data_read("sanlock-slot", &size);
        assert_int_equal(size, LOCKSPACE_SLOT_BYTES);
        assert_int_equal(lockspace_slot_parse(data, "the slot", &slot, NULL), 0);
        assert_string_equal(slot.lockspace, "11111111-2222-4333-8444-00000000000a");
        assert_string_equal(slot.owner, "host1");
        assert_int_equal(slot.owner_id, 1);
        assert_int_equal(slot.generation, 1);
        assert_int_equal(slot.sector_bytes, 512);
        assert_int_equal(slot.alignment_bytes, MIB);
        assert_int_equal(slot.io_timeout_sec, 10);
        assert_true(slot.timestamp_sec > 0);
}

/* Every bit of the summed part counts. */
static void test_bit_flips(void **state) {
        _cleanup_free_ char *data = NULL;
        size_t size;

        data = test_data_read("sanlock-slot", &size);
        for (size_t bit = 0; bit < (size_t)172 * 8; bit++) {
                _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
                LockspaceSlot slot;

                data[bit / 8] = (char)(data[bit / 8] ^ 1 << bit % 8);
                assert_int_equal(lockspace_slot_parse(data, "the slot", &slot, &error), -EBADMSG);
                assert_string_equal(error.name, RHV_ERROR_BAD_FORMAT);
                data[bit / 8] = (char)(data[bit / 8] ^ 1 << bit % 8);
        }
}

/* Only a slot that did not move is silent; whatever else changed, somebody is there. */
static void test_compare(void **state) {
        const LockspaceSlot first = { .lockspace = "a", .owner = "host1", .owner_id = 1, .generation = 4, .timestamp_sec = 100 };
        LockspaceSlot later = first;

        assert_int_equal(lockspace_slot_compare(&first, &later), SLOT_SILENT);
        later.timestamp_sec = 120;
        assert_int_equal(lockspace_slot_compare(&first, &later), SLOT_ALIVE);
        later.timestamp_sec = 3; /* it has booted */
        assert_int_equal(lockspace_slot_compare(&first, &later), SLOT_ALIVE);
        later = first;
        later.generation = 5;
        assert_int_equal(lockspace_slot_compare(&first, &later), SLOT_ALIVE);
        later = first;
        memcpy(later.owner, "host2", 6);
        assert_int_equal(lockspace_slot_compare(&first, &later), SLOT_ALIVE);
        later = first;
        later.timestamp_sec = 0;
        assert_int_equal(lockspace_slot_compare(&first, &later), SLOT_FREE);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                        cmocka_unit_test(test_sanlock_wrote),
                        cmocka_unit_test(test_bit_flips),
                        cmocka_unit_test(test_compare),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
