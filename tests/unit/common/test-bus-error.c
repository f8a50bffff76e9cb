/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "bus-error.h"
#include "fixture.h"

static void test_forward(void **state) {
        static const struct {
                const char *from, *to;
        } cases[] = {
                { "org.rhv.Error.NoSpace", "org.rhv.Error.NoSpace" },
                { "org.freedesktop.DBus.Error.ServiceUnknown", "org.rhv.Error.BackendUnavailable" },
                { "org.freedesktop.DBus.Error.NoReply", "org.rhv.Error.BackendUnavailable" },
                { "org.freedesktop.DBus.Error.Spawn.ChildExited", "org.rhv.Error.BackendUnavailable" },
                { "org.freedesktop.DBus.Error.InvalidArgs", "org.rhv.Error.BackendFailed" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
                const sd_bus_error cause = SD_BUS_ERROR_MAKE_CONST(cases[i].from, "the cause");

                assert_true(bus_error_forward(&error, &cause, "Cannot do %s", "it") < 0);
                assert_string_equal(error.name, cases[i].to);
                assert_string_equal(error.message, "Cannot do it: the cause");
        }
}

static void test_errno(void **state) {
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;

        assert_int_equal(bus_error_errno(&error, -ENOSPC, "Cannot write %s", "x"), -ENOSPC);
        assert_string_equal(error.name, RHV_ERROR_NO_SPACE);
        assert_string_equal(error.message, "Cannot write x: No space left on device");
}

/* Every name of the header has an errno, so that sd_bus_error_get_errno() of a reply says more than EIO. */
static void test_map(void **state) {
        assert_true(sd_bus_error_add_map(rhv_bus_errors) >= 0);
        for (const sd_bus_error_map *map = rhv_bus_errors; map->code != -1 && map->name; map++) {
                const sd_bus_error error = SD_BUS_ERROR_MAKE_CONST(map->name, "");

                assert_non_null(startswith(map->name, RHV_ERROR_PREFIX));
                assert_int_equal(sd_bus_error_get_errno(&error), map->code);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_forward),
                cmocka_unit_test(test_errno),
                cmocka_unit_test(test_map),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
