/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <stdio.h>

#include "bus-error.h"
#include "fixture.h"
#include "lease-health.h"

/* As sanlock 3.8.5 prints them. */
static const char good[] = "timestamp=1000 read_ms=13 write_ms=8 next_timeouts=0 next_errors=0\n"
                           "timestamp=1020 read_ms=22 write_ms=16 next_timeouts=0 next_errors=0\n"
                           "timestamp=1041 read_ms=19 write_ms=13 next_timeouts=0 next_errors=0\n";

static json_t *look(const char *text, const IoQueue *queue, uint64_t now, LeaseHealth *ret) {
        const LeaseTimes times = lease_times(10);
        json_t *warnings;

        assert_int_equal(lease_health_parse(text, &times, ret, NULL), 0);
        warnings = lease_health_warnings(ret, &times, queue, now);
        assert_non_null(warnings);
        return warnings;
}

static void test_good(void **state) {
        const IoQueue queue = {.request_usec = 20 * USEC_PER_SEC};
        LeaseHealth health;
        _cleanup_json_ json_t *warnings = look(good, &queue, 1055, &health);

        assert_int_equal(health.renewals, 3);
        assert_int_equal(health.last_sec, 1041);
        assert_int_equal(health.median_usec, 32000);
        assert_int_equal(health.longest_usec, 38000);
        assert_int_equal(health.longest_gap_usec, 21 * USEC_PER_SEC);
        assert_int_equal(health.margin_used_percent, 1);
        assert_int_equal(json_array_size(warnings), 0);
}

static void test_nothing_yet(void **state) {
        LeaseHealth health;
        _cleanup_json_ json_t *warnings = look("", NULL, 1055, &health);

        assert_int_equal(health.renewals, 0);
        assert_int_equal(json_array_size(warnings), 0);
}

static bool warns(const json_t *warnings, const char *word) {
        const json_t *one;
        size_t i;

        json_array_foreach(warnings, i, one)
                if (strstr(json_string_value(one), word))
                        return true;
        return false;
}

/* 2 T + 3 T is half of the margin; a second less is not. */
static void test_margin(void **state) {
        char text[512];
        LeaseHealth health;
        json_t *warnings;

        (void) snprintf(text, sizeof(text), "%stimestamp=1091 read_ms=1 write_ms=1 next_timeouts=0 next_errors=0\n", good);
        warnings = look(text, NULL, 1092, &health);
        assert_int_equal(health.margin_used_percent, 50);
        assert_int_equal(json_array_size(warnings), 1);
        assert_true(warns(warnings, "50 %"));
        json_decref(warnings);

        (void) snprintf(text, sizeof(text), "%stimestamp=1090 read_ms=1 write_ms=1 next_timeouts=0 next_errors=0\n", good);
        warnings = look(text, NULL, 1092, &health);
        assert_int_equal(json_array_size(warnings), 0);
        json_decref(warnings);
}

static void test_silence(void **state) {
        LeaseHealth health;
        _cleanup_json_ json_t *still = look(good, NULL, 1100, &health), *silent = look(good, NULL, 1101, &health);

        assert_int_equal(json_array_size(still), 0);
        assert_true(warns(silent, "60 s ago"));
}

static void test_failed_tries(void **state) {
        static const char text[] = "timestamp=1000 read_ms=9000 write_ms=8 next_timeouts=2 next_errors=1\n"
                                   "timestamp=1045 read_ms=1 write_ms=8 next_timeouts=0 next_errors=0\n";
        LeaseHealth health;
        _cleanup_json_ json_t *warnings = look(text, NULL, 1050, &health);

        assert_int_equal(health.timeouts, 2);
        assert_int_equal(health.errors, 1);
        assert_true(warns(warnings, "2 tries to renew took longer"));
        assert_true(warns(warnings, "1 tries to renew failed"));
}

static void test_queue(void **state) {
        const IoQueue hard = {.endless = true}, slow = {.connection_usec = 60 * USEC_PER_SEC, .request_usec = 20 * USEC_PER_SEC},
                      long_one = {.connection_usec = 110 * USEC_PER_SEC, .request_usec = 15 * USEC_PER_SEC};
        LeaseHealth health;
        _cleanup_json_ json_t *endless = look(good, &hard, 1050, &health), *late = look(good, &slow, 1050, &health),
                              *outlives = look(good, &long_one, 1050, &health);

        assert_true(warns(endless, "for ever"));
        assert_true(warns(late, "for 80 s"));
        assert_true(warns(outlives, "145 s after the last renewal"));
}

/* time does not run backwards */
#define BACKWARDS                                                            \
        "timestamp=5 read_ms=1 write_ms=1 next_timeouts=0 next_errors=0\n" \
        "timestamp=4 read_ms=1 write_ms=1 next_timeouts=0 next_errors=0\n"

static void test_garbage(void **state) {
        static const char *const texts[] = {
                        "nonsense\n",
                        "timestamp= read_ms=1 write_ms=1 next_timeouts=0 next_errors=0\n",
                        "timestamp=99999999999999999999999 read_ms=1 write_ms=1 next_timeouts=0 next_errors=0\n",
                        BACKWARDS,
                        "timestamp=5 read_ms=1\nwrite_ms=1 next_timeouts=0 next_errors=0\n",
                        "timestamp=5 read_ms=1 write_ms=99999999999 next_timeouts=0 next_errors=0\n",
        };
        const LeaseTimes times = lease_times(10);

        for (size_t i = 0; i < ELEMENTSOF(texts); i++) {
                _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
                LeaseHealth health;

                assert_int_equal(lease_health_parse(texts[i], &times, &health, &error), -EBADMSG);
                assert_string_equal(error.name, RHV_ERROR_BACKEND_FAILED);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                        cmocka_unit_test(test_good),    cmocka_unit_test(test_nothing_yet),  cmocka_unit_test(test_margin),
                        cmocka_unit_test(test_silence), cmocka_unit_test(test_failed_tries), cmocka_unit_test(test_queue),
                        cmocka_unit_test(test_garbage),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
