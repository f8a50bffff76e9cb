/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "fixture.h"
#include "units.h"

static void check_size(const char *s, uint64_t bytes) {
        uint64_t value = 0;

        assert_ok(parse_size(s, &value));
        assert_true(value == bytes);
}

static void test_sizes(void **state) {
        static const char *const bad[] = { "", "G", "-1", "+1", " 1", "1 ", "1 G", "1X", "1GG", "1.5", "1.G", ".5G", "1.0001G", "0x10", "1e3", "10GIB" };
        uint64_t value = 7;

        check_size("0", 0);
        check_size("4096", 4096);
        check_size("17B", 17);
        check_size("512M", 512 * MIB);
        check_size("10G", 10 * GIB);
        check_size("10GiB", 10 * GIB);
        check_size("10GB", 10 * GIB);
        check_size("1k", KIB);
        check_size("1.5G", GIB + GIB / 2);
        check_size("0.25K", 256);
        check_size("2T", 2 * TIB);
        check_size("8388607T", UINT64_C(8388607) * TIB);
        check_size("9223372036854775807", INT64_MAX);

        for (size_t i = 0; i < ELEMENTSOF(bad); i++)
                assert_int_equal(parse_size(bad[i], &value), -EINVAL);
        assert_int_equal(parse_size("9223372036854775808", &value), -ERANGE);
        assert_int_equal(parse_size("8388608T", &value), -ERANGE);
        assert_int_equal(parse_size("99999999999999999999", &value), -ERANGE);
        assert_int_equal(parse_size("18446744073709551615P", &value), -ERANGE);
        assert_true(value == 7); /* untouched on failure */
}

static void check_duration(const char *s, uint64_t usec) {
        uint64_t value = 0;

        assert_ok(parse_duration(s, &value));
        assert_true(value == usec);
}

static void test_durations(void **state) {
        uint64_t value = 7;

        check_duration("90", 90 * USEC_PER_SEC);
        check_duration("500ms", 500 * USEC_PER_MSEC);
        check_duration("30s", 30 * USEC_PER_SEC);
        check_duration("5min", 300 * USEC_PER_SEC);
        check_duration("5m", 300 * USEC_PER_SEC);
        check_duration("1h30min", 5400 * USEC_PER_SEC);
        check_duration("1d 2h", 93600 * USEC_PER_SEC);
        check_duration("0", 0);

        assert_int_equal(parse_duration("", &value), -EINVAL);
        assert_int_equal(parse_duration("s", &value), -EINVAL);
        assert_int_equal(parse_duration("-1s", &value), -EINVAL);
        assert_int_equal(parse_duration("1y", &value), -EINVAL);
        assert_int_equal(parse_duration("1s ", &value), -EINVAL);
        assert_int_equal(parse_duration("999999999999999999d", &value), -ERANGE);
        assert_true(value == 7);
}

static void test_format(void **state) {
        char s[UNITS_TEXT_MAX];

        assert_string_equal(format_size(0, s), "0 B");
        assert_string_equal(format_size(1023, s), "1023 B");
        assert_string_equal(format_size(1024, s), "1 KiB");
        assert_string_equal(format_size(GIB + GIB / 2, s), "1.5 GiB");
        assert_string_equal(format_size(2 * GIB - 1, s), "1.9 GiB"); /* never more than there is */
        assert_string_equal(format_size(10 * GIB, s), "10 GiB");
        assert_string_equal(format_size(UINT64_MAX, s), "16383.9 PiB");

        assert_string_equal(format_duration(0, s), "0s");
        assert_string_equal(format_duration(350 * USEC_PER_MSEC, s), "350ms");
        assert_string_equal(format_duration(5 * USEC_PER_SEC + 1, s), "5s");
        assert_string_equal(format_duration(125 * USEC_PER_SEC, s), "2min 5s");
        assert_string_equal(format_duration((3 * 86400 + 4 * 3600 + 59) * USEC_PER_SEC, s), "3d 4h");

        setenv("TZ", "UTC", 1);
        assert_string_equal(format_time(0, s), "-");
        assert_string_equal(format_time(UINT64_C(1769860800) * USEC_PER_SEC, s), "2026-01-31 12:00:00");
}

int main(void) {
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_sizes),
                cmocka_unit_test(test_durations),
                cmocka_unit_test(test_format),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
