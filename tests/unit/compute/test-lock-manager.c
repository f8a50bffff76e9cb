/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "fixture.h"
#include "lock-manager.h"

static const struct {
        const char *text, *name; /* NULL: cannot be read */
} cases[] = {
                {"", "nop"},
                {"#lock_manager = \"lockd\"\n", "nop"},
                {"user = \"root\"\nlock_manager = \"sanlock\"\n", "sanlock"},
                {"lock_manager=\"sanlock\"", "sanlock"},
                {"  lock_manager\t=  'sanlock'  # why\n", "sanlock"},
                {"lock_manager = \"sanlock\"\nlock_manager = \"lockd\"\n", "lockd"},
                {"lock_manager_other = \"sanlock\"\n", "nop"},
                {"xlock_manager = \"sanlock\"\n", "nop"},
                {"lock_manager\n", NULL},
                {"lock_manager = sanlock\n", NULL},
                {"lock_manager = \"sanlock\n", NULL},
                {"lock_manager = \"sanlock'\n", NULL},
                {"lock_manager = \"0123456789012345678901234567890123456789012345678901234567890123456789\"\n", NULL},
};

static void test_parse(void **state) {
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                char name[LOCK_MANAGER_NAME_MAX];

                assert_int_equal(lock_manager_parse(cases[i].text, name), cases[i].name ? 0 : -EBADMSG);
                if (cases[i].name)
                        assert_string_equal(name, cases[i].name);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {cmocka_unit_test(test_parse)};

        return cmocka_run_group_tests(tests, NULL, NULL);
}
