/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "fixture.h"

#include "mac.h"
#include "parse-util.h"

static bool table_in_use(const char *mac, void *userdata) {
        const char *const *used = userdata;

        for (; *used; used++)
                if (streq(*used, mac))
                        return true;
        return false;
}

static bool all_in_use(const char *mac, void *userdata) {
        return true;
}

static bool all_but_one(const char *mac, void *userdata) {
        return !streq(mac, "56:6f:12:34:00:07");
}

static void test_cycle(void **state) {
        const char *used[] = { "56:6f:12:34:00:02", NULL };
        char prefix[MAC_STRING_MAX], mac[MAC_STRING_MAX];
        uint16_t cursor = 0;

        mac_prefix(0x1234, prefix);
        assert_string_equal(prefix, "56:6f:12:34");
        assert_ok(mac_allocate(prefix, table_in_use, used, &cursor, mac));
        assert_string_equal(mac, "56:6f:12:34:00:01");
        assert_true(mac_is_valid(mac));
        assert_ok(mac_allocate(prefix, table_in_use, used, &cursor, mac));
        assert_string_equal(mac, "56:6f:12:34:00:03"); /* 02 is in use, 01 was given last time */
        cursor = 0xffff;
        assert_ok(mac_allocate(prefix, table_in_use, used, &cursor, mac));
        assert_string_equal(mac, "56:6f:12:34:00:00");
        assert_ok(mac_allocate(prefix, all_but_one, NULL, &cursor, mac));
        assert_string_equal(mac, "56:6f:12:34:00:07");
        assert_int_equal(mac_allocate(prefix, all_in_use, NULL, &cursor, mac), -ENOSPC);
}

int main(void) {
        const struct CMUnitTest tests[] = { cmocka_unit_test(test_cycle) };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
