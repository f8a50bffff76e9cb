/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The data center that is written on a domain. */

#include "bus-error.h"
#include "domain-attach.h"
#include "fixture.h"

#define OURS "5a1d0c2e-7c0f-4a52-9b1e-0c6f3f0d1e11"
#define THEIRS "6b1d0c2e-7c0f-4a52-9b1e-0c6f3f0d1e22"
#define BLANK "00000000-0000-0000-0000-000000000000"

static void assert_data_centers(const char *value, const char *want) {
        _cleanup_free_ char *got = domain_data_centers(value);

        if (want)
                assert_string_equal(got, want);
        else
                assert_null(got);
}

static void test_list(void **state) {
        assert_data_centers("", "");
        assert_data_centers(BLANK, "");
        assert_data_centers(OURS, OURS);
        assert_data_centers(OURS ",", OURS);
        assert_data_centers(BLANK "," OURS "," THEIRS "," OURS, OURS "," THEIRS);
        assert_data_centers("5a1d0c2e", NULL);
        assert_data_centers("," OURS, NULL);
        assert_data_centers(OURS THEIRS, NULL);
        assert_data_centers(OURS "," "x", NULL);
        assert_data_centers("5a1d0c2e-7c0f-4a52-9b1e-0c6f3f0d1e1g", NULL);
}

typedef struct Case {
        const char *before, *role;
        DomainAttach attach;
        int r;
        const char *after, *role_after;
} Case;

static void test_changes(void **state) {
        static const Case cases[] = {
                        /* attached */
                        { "", "Regular", { .data_center = OURS }, 1, OURS, "Regular" },
                        { BLANK, "Regular", { .data_center = OURS }, 1, OURS, "Regular" },
                        { "", "Master", { .data_center = OURS }, 1, OURS, "Regular" },
                        { OURS, "Master", { .data_center = OURS }, 0, OURS, "Master" },
                        { OURS, "Regular", { .data_center = OURS, .take_over = true }, 0, OURS, "Regular" },
                        { THEIRS, "Master", { .data_center = OURS }, -EBUSY, THEIRS, "Master" },
                        { THEIRS, "Master", { .data_center = OURS, .take_over = true }, 1, OURS, "Regular" },
                        { THEIRS, "Regular", { .data_center = OURS, .several = true }, 1, THEIRS "," OURS, "Regular" },
                        { THEIRS, "Regular", { .data_center = OURS, .several = true, .take_over = true }, 1, THEIRS "," OURS, "Regular" },
                        { "rubbish", "Regular", { .data_center = OURS, .take_over = true }, -EBADMSG, "rubbish", "Regular" },
                        /* detached */
                        { OURS, "Master", { .data_center = OURS, .detach = true }, 1, "", "Regular" },
                        { THEIRS, "Master", { .data_center = OURS, .detach = true }, 0, THEIRS, "Master" },
                        { "", "Regular", { .data_center = OURS, .detach = true }, 0, "", "Regular" },
                        { THEIRS "," OURS, "Regular", { .data_center = OURS, .detach = true }, 1, THEIRS, "Regular" },
                        { OURS "," THEIRS, "Regular", { .data_center = OURS, .detach = true }, 1, THEIRS, "Regular" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                const Case *c = &cases[i];
                _cleanup_(key_value_clear) KeyValueList list = {};
                _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;

                assert_ok(key_value_set(&list, "POOL_UUID", c->before));
                assert_ok(key_value_set(&list, "ROLE", c->role));
                assert_ok(key_value_set(&list, "MASTER_VERSION", "7"));
                assert_int_equal(domain_attach_change(&list, &c->attach, &error), c->r);
                assert_string_equal(key_value_get(&list, "POOL_UUID"), c->after);
                assert_string_equal(key_value_get(&list, "ROLE"), c->role_after);
                assert_string_equal(key_value_get(&list, "MASTER_VERSION"), "7");
                if (c->r == -EBUSY) {
                        assert_string_equal(error.name, RHV_ERROR_IN_USE);
                        assert_non_null(strstr(error.message, THEIRS));
                } else if (c->r < 0)
                        assert_string_equal(error.name, RHV_ERROR_BAD_FORMAT);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_list),
                cmocka_unit_test(test_changes),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
