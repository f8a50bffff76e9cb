/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "fixture.h"

#include <uthash.h>

#include "mac-pool.h"
#include "parse-util.h"

#define ALLOCATIONS 100000U

typedef struct Given {
        char mac[MAC_STRING_MAX];
        UT_hash_handle hh;
} Given;

static Given *find(Given **table, const char *mac) {
        Given *given;

        HASH_FIND_STR(*table, mac, given);
        return given;
}

static bool is_given(const char *mac, void *userdata) {
        return find(userdata, mac) != NULL;
}

static void add(Given **table, const char *mac) {
        Given *given = calloc(1, sizeof *given);

        assert_non_null(given);
        (void) snprintf(given->mac, sizeof given->mac, "%s", mac);
        HASH_ADD_STR(*table, mac, given);
}

static void take_back(Given **table, const char *mac) {
        Given *given = find(table, mac);

        assert_non_null(given);
        HASH_DEL(*table, given);
        free(given);
}

static void forget(Given **table) {
        Given *given, *next;

        HASH_ITER(hh, *table, given, next) {
                HASH_DEL(*table, given);
                free(given);
        }
}

static MacRange range_of(const char *text) {
        MacRange range;

        assert_ok(mac_range_parse(text, &range));
        return mac_range_usable(range);
}

/* VM-26: none twice, each one a NIC may have and locally administered; what was deleted comes back, and not at once. */
static void test_many(void **state) {
        /* the second one is cut by a group address: 56:ff:… is followed by 57:… */
        const MacRange ranges[] = { range_of("56:6f:12:34:00:00-56:6f:12:34:ff:ff"), range_of("56:ff:ff:fe:ff:ff-57:00:00:01:00:00") };
        MacCursors cursors = {};
        Given *given = NULL;
        char mac[MAC_STRING_MAX], freed[MAC_STRING_MAX] = "56:6f:12:34:00:07";
        uint64_t total = mac_range_count(ranges[0]) + mac_range_count(ranges[1]), left;

        assert_int_equal(total, 65536 + 65537);
        for (unsigned i = 0; i < ALLOCATIONS; i++) {
                assert_ok(mac_allocate(ranges, 2, &cursors, is_given, &given, mac));
                assert_true(mac_is_valid(mac));
                assert_true(mac[0] == '5' && mac[1] == '6'); /* the second lowest bit of the first octet: locally administered */
                assert_null(find(&given, mac));
                add(&given, mac);
        }

        forget(&given);
        mac_cursors_done(&cursors);
        /* in one range: all but one given, one taken back, so two are free: the one that was never given comes first */
        left = mac_range_count(ranges[0]) - 1;
        while (left-- > 0) {
                assert_ok(mac_allocate(ranges, 1, &cursors, is_given, &given, mac));
                add(&given, mac);
        }
        take_back(&given, freed);
        assert_ok(mac_allocate(ranges, 1, &cursors, is_given, &given, mac));
        assert_string_equal(mac, "56:6f:12:34:ff:ff");
        add(&given, mac);
        assert_ok(mac_allocate(ranges, 1, &cursors, is_given, &given, mac));
        assert_string_equal(mac, freed);
        add(&given, mac);
        assert_int_equal(mac_allocate(ranges, 1, &cursors, is_given, &given, mac), -ENOSPC);
        forget(&given);
        mac_cursors_done(&cursors);
}

static void test_cycle(void **state) {
        MacRange range = range_of("56:6f:12:34:00:00-56:6f:12:34:00:03");
        MacCursors cursors = {};
        Given *given = NULL;
        char mac[MAC_STRING_MAX];

        add(&given, "56:6f:12:34:00:01");
        assert_ok(mac_allocate(&range, 1, &cursors, is_given, &given, mac));
        assert_string_equal(mac, "56:6f:12:34:00:00");
        assert_ok(mac_allocate(&range, 1, &cursors, is_given, &given, mac));
        assert_string_equal(mac, "56:6f:12:34:00:02"); /* 01 is in use, 00 was given last time though nobody kept it */
        /* a range that became shorter than its cursor begins again */
        range.last = range.first + 1;
        assert_ok(mac_allocate(&range, 1, &cursors, is_given, &given, mac));
        assert_string_equal(mac, "56:6f:12:34:00:00");
        assert_int_equal(mac_allocate(&range, 0, &cursors, is_given, &given, mac), -ENOSPC);
        forget(&given);
        mac_cursors_done(&cursors);
}

static void test_ranges(void **state) {
        char text[MAC_RANGE_STRING_MAX], prefix[MAC_STRING_MAX];
        MacRange range;

        mac_default_prefix(0x1234, prefix);
        mac_default_range(prefix, text);
        assert_string_equal(text, "56:6f:12:34:00:00-56:6f:12:34:ff:ff");
        assert_int_equal(mac_range_count(range_of(text)), 65536);
        assert_true(mac_range_contains(range_of(text), "56:6f:12:34:00:00"));
        assert_false(mac_range_contains(range_of(text), "56:6f:12:35:00:00"));

        assert_int_equal(mac_range_parse("56:6f:12:34:00:01-56:6f:12:34:00:00", &range), -EINVAL);
        assert_int_equal(mac_range_parse("56:6f:12:34:00:00 56:6f:12:34:ff:ff", &range), -EINVAL);
        assert_int_equal(mac_range_parse("56:6f:12:34:00:00-56:6f:12:34:ff:f", &range), -EINVAL);
        assert_int_equal(mac_range_parse("56:6F:12:34:00:00-56:6f:12:34:ff:ff", &range), -EINVAL);
        assert_int_equal(mac_range_parse("", &range), -EINVAL);
        /* nothing in it for a NIC */
        assert_int_equal(mac_range_parse("01:00:5e:00:00:00-01:00:5e:ff:ff:ff", &range), -EINVAL);
        assert_int_equal(mac_range_parse("00:00:00:00:00:00-00:00:00:00:00:00", &range), -EINVAL);
        assert_int_equal(mac_range_parse("fe:00:00:00:00:00-fe:00:00:00:00:ff", &range), -EINVAL);
        /* 2147483647 and one more */
        assert_ok(mac_range_parse("56:00:00:00:00:00-56:00:7f:ff:ff:fe", &range));
        assert_int_equal(mac_range_parse("56:00:00:00:00:00-56:00:7f:ff:ff:ff", &range), -ERANGE);
        /* group addresses are cut off, at either end */
        assert_int_equal(mac_range_count(range_of("56:ff:ff:ff:ff:f0-57:00:00:00:00:0f")), 16);
        assert_int_equal(mac_range_count(range_of("57:ff:ff:ff:ff:f0-58:00:00:00:00:0f")), 16);

        assert_true(mac_ranges_overlap((MacRange){ 1, 5 }, (MacRange){ 5, 9 }));
        assert_true(mac_ranges_overlap((MacRange){ 3, 4 }, (MacRange){ 1, 9 }));
        assert_false(mac_ranges_overlap((MacRange){ 1, 4 }, (MacRange){ 5, 9 }));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_many),
                cmocka_unit_test(test_cycle),
                cmocka_unit_test(test_ranges),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
