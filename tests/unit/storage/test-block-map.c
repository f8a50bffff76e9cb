/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "block-map.h"
#include "bus-error.h"
#include "domain-metadata.h"
#include "fixture.h"
#include "layout-block.h"
#include "lvm-tag.h"

#include <stdio.h>

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

/* As many as a domain may have, with the longest names that multipath gives: through the tags of the group and back. */
static void test_many(void **state) {
        static char paths[DOMAIN_DEVICES_MAX][64];
        static LvmDevice all[DOMAIN_DEVICES_MAX];
        const LvmDevices many = {all, ELEMENTSOF(all)};
        _cleanup_(key_value_clear) KeyValueList list = {}, again = {};
        _cleanup_free_ char *text = NULL, *joined = NULL, *back = NULL;
        bool sealed = false;
        char **tags = NULL;
        size_t size, n = 0;
        FILE *f;

        for (size_t i = 0; i < ELEMENTSOF(all); i++) {
                (void) snprintf(paths[i], sizeof(paths[i]), "/dev/mapper/3600a098038303053453f463045727a%02zx", i);
                all[i] = (LvmDevice){.path = paths[i], .group = GROUP, .extents = 800, .metadata_areas = i == 0 ? 2 : 0};
                (void) snprintf(all[i].uuid, sizeof(all[i].uuid), "MBIPm4-eXnT-mUmR-RJfH-xJOp-JYXx-Fi%04zu", i);
        }
        assert_int_equal(key_value_set(&list, "CLASS", "Data"), 0);
        assert_int_equal(block_map_refresh(&list, &many, GROUP), 0);
        assert_int_equal(list.n, 301);
        text = domain_metadata_format(&list);
        assert_non_null(text);
        assert_int_equal(lvm_tags_of_metadata(text, &tags), 0);
        f = open_memstream(&joined, &size);
        assert_non_null(f);
        for (; tags[n]; n++)
                (void) fprintf(f, "%s%s", n > 0 ? "," : "", tags[n]);
        assert_int_equal(fclose(f), 0);
        assert_int_equal(n, 302); /* and the seal */
        lvm_tags_free(tags);
        assert_int_equal(lvm_tags_to_metadata(joined, &back), 0);
        assert_int_equal(domain_metadata_parse(back, strlen(back), "it", &again, &sealed, NULL), 0);
        assert_true(sealed);
        assert_string_equal(key_value_get(&again, "PV299"),
                            "pv:3600a098038303053453f463045727a12b,uuid:MBIPm4-eXnT-mUmR-RJfH-xJOp-JYXx-Fi0299,pestart:0,pecount:800,mapoffset:239200");
}

static void test_too_many(void **state) {
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        char names[8 * (DOMAIN_DEVICES_MAX + 2)] = "/dev/a";
        BlockDevices split;

        for (size_t i = 1; i < DOMAIN_DEVICES_MAX; i++)
                (void) strcat(names, ",/dev/a");
        assert_int_equal(block_devices_split(names, &split, &error), 0);
        assert_int_equal(split.n, DOMAIN_DEVICES_MAX);
        block_devices_clear(&split);
        (void) strcat(names, ",/dev/a");
        assert_int_equal(block_devices_split(names, &split, &error), -E2BIG);
        assert_string_equal(error.name, RHV_ERROR_LIMIT_EXCEEDED);
        block_devices_clear(&split);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                        cmocka_unit_test(test_new),
                        cmocka_unit_test(test_refresh),
                        cmocka_unit_test(test_join),
                        cmocka_unit_test(test_many),
                        cmocka_unit_test(test_too_many),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
