/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "fixture.h"
#include "parse-util.h"

static void test_numbers(void **state) {
        uint64_t value = 7;
        uint32_t small = 7;

        assert_int_equal(parse_u64("18446744073709551615", &value), 0);
        assert_true(value == UINT64_MAX);
        assert_int_equal(parse_u64("18446744073709551616", &value), -ERANGE);
        assert_true(value == UINT64_MAX); /* untouched on failure */
        assert_int_equal(parse_u64("", &value), -EINVAL);
        assert_int_equal(parse_u64(NULL, &value), -EINVAL);
        assert_int_equal(parse_u64("-1", &value), -EINVAL);
        assert_int_equal(parse_u64("+1", &value), -EINVAL);
        assert_int_equal(parse_u64(" 1", &value), -EINVAL);
        assert_int_equal(parse_u64("1 ", &value), -EINVAL);
        assert_int_equal(parse_u64("0x10", &value), -EINVAL);
        assert_int_equal(parse_u32("4294967295", &small), 0);
        assert_int_equal(parse_u32("4294967296", &small), -ERANGE);
}

static void test_uuid(void **state) {
        char a[UUID_STRING_MAX], b[UUID_STRING_MAX];

        assert_true(uuid_is_valid("5a1d0c2e-7c0f-4a52-9b1e-0c6f3f0d1e11"));
        assert_false(uuid_is_valid("5A1D0C2E-7c0f-4a52-9b1e-0c6f3f0d1e11"));
        assert_false(uuid_is_valid("5a1d0c2e-7c0f-4a52-9b1e-0c6f3f0d1e1"));
        assert_false(uuid_is_valid("5a1d0c2e-7c0f-4a52-9b1e-0c6f3f0d1e111"));
        assert_false(uuid_is_valid("5a1d0c2e07c0f-4a52-9b1e-0c6f3f0d1e11"));
        assert_false(uuid_is_valid("../../../../../etc/passwd-0000000000"));
        assert_false(uuid_is_valid(""));
        assert_false(uuid_is_valid(NULL));
        assert_ok(uuid_generate(a));
        assert_ok(uuid_generate(b));
        assert_true(uuid_is_valid(a));
        assert_string_not_equal(a, b);
}

static void test_names(void **state) {
        assert_true(name_is_valid("web1.example-2_x", 64));
        assert_false(name_is_valid("web 1", 64));
        assert_false(name_is_valid("-web", 64));
        assert_false(name_is_valid(".web", 64));
        assert_false(name_is_valid("web/1", 64));
        assert_false(name_is_valid("web\n1", 64));
        assert_false(name_is_valid("", 64));
        assert_false(name_is_valid("abcd", 3));
        assert_true(label_is_valid("Büro München", 64));
        assert_false(label_is_valid(" lead", 64));
        assert_false(label_is_valid("trail ", 64));
        assert_false(label_is_valid("new\nline", 64));
        assert_false(label_is_valid("c1 \xc2\x85 control", 64));
        assert_false(label_is_valid("bad \xff byte", 64));
}

static void test_utf8(void **state) {
        static const struct {
                const char *bytes;
                bool valid;
        } cases[] = {
                { "plain", true },         { "\xc3\xa4", true },         { "\xe2\x82\xac", true }, { "\xf0\x9f\x98\x80", true },
                { "\xc0\xaf", false },     { "\xe0\x80\xaf", false },    { "\xed\xa0\x80", false }, /* surrogate */
                { "\xf4\x90\x80\x80", false }, { "\xe2\x82", false },    { "\x80", false },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++)
                assert_int_equal(utf8_is_valid(cases[i].bytes, strlen(cases[i].bytes)), cases[i].valid);
}

static void test_mac(void **state) {
        assert_true(mac_is_valid("56:6f:00:00:00:01"));
        assert_false(mac_is_valid("57:6f:00:00:00:01")); /* group */
        assert_false(mac_is_valid("56:6F:00:00:00:01"));
        assert_false(mac_is_valid("56-6f-00-00-00-01"));
        assert_false(mac_is_valid("56:6f:00:00:00"));
        assert_false(mac_is_valid("00:00:00:00:00:00"));
}

static void test_path(void **state) {
        assert_true(path_is_normal("/srv/images"));
        assert_false(path_is_normal("/"));
        assert_false(path_is_normal("srv"));
        assert_false(path_is_normal("/srv/../etc"));
        assert_false(path_is_normal("/srv/./x"));
        assert_false(path_is_normal("/srv//x"));
        assert_false(path_is_normal("/srv/"));
        assert_false(path_is_normal("/srv/\n"));
        assert_true(path_is_normal("/srv/..x/...")); /* these are names */
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_numbers), cmocka_unit_test(test_uuid), cmocka_unit_test(test_names),
                cmocka_unit_test(test_utf8),    cmocka_unit_test(test_mac),  cmocka_unit_test(test_path),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
