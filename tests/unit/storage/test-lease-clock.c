/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "fixture.h"
#include "lease-clock.h"

#define SEC USEC_PER_SEC

/* sanlock's own numbers, for its default and for a fast domain (sanlock, src/timeouts.h). */
static const struct {
        unsigned t;
        LeaseTimes times;
} known[] = {
                {10,
                 {10 * SEC, 20 * SEC, 60 * SEC, 80 * SEC, 120 * SEC, 140 * SEC, 30 * SEC, 50 * SEC, 200 * SEC, 60 * SEC, 210 * SEC, 60 * SEC}},
                {2, {2 * SEC, 4 * SEC, 12 * SEC, 16 * SEC, 56 * SEC, 76 * SEC, 6 * SEC, 10 * SEC, 88 * SEC, 12 * SEC, 90 * SEC, 12 * SEC}},
};

static void test_times(void **state) {
        for (size_t i = 0; i < ELEMENTSOF(known); i++) {
                const LeaseTimes times = lease_times(known[i].t);

                assert_memory_equal(&times, &known[i].times, sizeof(times));
        }
}

/* The order of the timeline holds for every io_timeout there may be. */
static void test_order(void **state) {
        for (unsigned t = LEASE_IO_TIMEOUT_MIN_SEC; t <= LEASE_IO_TIMEOUT_MAX_SEC; t++) {
                const LeaseTimes times = lease_times(t);

                assert_true(times.io_timeout_usec < times.renewal_usec);
                assert_true(times.renewal_usec < times.warning_usec);
                assert_true(times.warning_usec < times.expiry_usec);
                assert_true(times.expiry_usec < times.kill_usec);
                /* the watchdog after the last chance of SIGKILL, the others after the watchdog */
                assert_true(times.kill_usec < times.dead_usec);
                assert_true(times.dead_usec <= times.acquire_failed_usec);
                /* what is left just before a renewal is more than wdmd wants to see */
                assert_true(times.expiry_usec - times.renewal_usec > LEASE_WDMD_TEST_SEC * SEC);
        }
}

static void test_json(void **state) {
        const LeaseTimes times = lease_times(10);
        _cleanup_json_ json_t *object = lease_times_to_json(&times);

        assert_int_equal(json_object_size(object), sizeof(LeaseTimes) / sizeof(uint64_t));
        assert_int_equal(json_integer_value(json_object_get(object, "expiry")), 80 * SEC);
        assert_int_equal(json_integer_value(json_object_get(object, "dead")), 140 * SEC);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                        cmocka_unit_test(test_times), cmocka_unit_test(test_order),  cmocka_unit_test(test_json),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
