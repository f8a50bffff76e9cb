/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "block-map.h"
#include "fixture.h"

#define GROUP "11111111-2222-4333-8444-00000000000b"

static LvmDevice rows[] = {
                {.path = (char *)"/dev/mapper/36000b", .uuid = "bbbbbb-1", .group = GROUP, .extents = 20},
                {.path = (char *)"/dev/sdz", .uuid = "zzzzzz-1", .group = "vg0", .extents = 7, .metadata_areas = 2},
                {.path = (char *)"/dev/mapper/36000a", .uuid = "aaaaaa-1", .group = GROUP, .extents = 157, .metadata_areas = 2},
                {.path = (char *)"/dev/mapper/36000c", .uuid = "cccccc-1", .group = GROUP, .extents = 30},
};
static const LvmDevices devices = {rows, ELEMENTSOF(rows)};

static void test_new(void **state) {
        _cleanup_(key_value_clear) KeyValueList list = {};

        assert_int_equal(block_map_refresh(&list, &devices, GROUP), 0);
        assert_int_equal(list.n, 3);
        assert_string_equal(key_value_get(&list, "PV0"), "pv:36000a,uuid:aaaaaa-1,pestart:0,pecount:157,mapoffset:0");
        assert_string_equal(key_value_get(&list, "PV1"), "pv:36000b,uuid:bbbbbb-1,pestart:0,pecount:20,mapoffset:157");
        assert_string_equal(key_value_get(&list, "PV2"), "pv:36000c,uuid:cccccc-1,pestart:0,pecount:30,mapoffset:177");
}

/* One under another name, which has grown; one that left; one that is new. Nothing else is touched. */
static void test_refresh(void **state) {
        _cleanup_(key_value_clear) KeyValueList list = {};

        assert_int_equal(key_value_set(&list, "CLASS", "Data"), 0);
        assert_int_equal(key_value_set(&list, "PVX", "mine"), 0);
        assert_int_equal(key_value_set(&list, "PV0", "pv:sda,uuid:aaaaaa-1,pestart:0,pecount:157,mapoffset:0"), 0);
        assert_int_equal(key_value_set(&list, "PV1", "pv:sdc,uuid:cccccc-1,pestart:0,pecount:10,mapoffset:157"), 0);
        assert_int_equal(key_value_set(&list, "PV2", "pv:sdd,uuid:dddddd-1,pestart:0,pecount:5,mapoffset:167"), 0);
        assert_int_equal(key_value_set(&list, "PV3", "nonsense"), 0);
        assert_int_equal(block_map_refresh(&list, &devices, GROUP), 0);
        assert_string_equal(key_value_get(&list, "PV0"), "pv:36000a,uuid:aaaaaa-1,pestart:0,pecount:157,mapoffset:0");
        assert_string_equal(key_value_get(&list, "PV1"), "pv:36000c,uuid:cccccc-1,pestart:0,pecount:30,mapoffset:157");
        assert_string_equal(key_value_get(&list, "PV2"), "pv:36000b,uuid:bbbbbb-1,pestart:0,pecount:20,mapoffset:187");
        assert_null(key_value_get(&list, "PV3"));
        assert_string_equal(key_value_get(&list, "CLASS"), "Data");
        assert_string_equal(key_value_get(&list, "PVX"), "mine");
        assert_int_equal(list.n, 5);
}

static void test_join(void **state) {
        static const struct {
                const char *devices, *more, *joined;
        } cases[] = {
                        {"/dev/a", "/dev/b", "/dev/a,/dev/b"},
                        {"/dev/a", "/dev/a", "/dev/a"},
                        {"/dev/a,/dev/bc", "/dev/b,/dev/bc,/dev/b", "/dev/a,/dev/bc,/dev/b"},
                        {"", "/dev/b", "/dev/b"},
                        {"/dev/a", "", "/dev/a"},
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_free_ char *joined = block_devices_join(cases[i].devices, cases[i].more);

                assert_string_equal(joined, cases[i].joined);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                        cmocka_unit_test(test_new),
                        cmocka_unit_test(test_refresh),
                        cmocka_unit_test(test_join),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
