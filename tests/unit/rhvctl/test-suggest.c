/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "fixture.h"
#include "suggest.h"

static void test_distance(void **state) {
        assert_int_equal(word_distance("start", "start"), 0);
        assert_int_equal(word_distance("strat", "start"), 1); /* a swap is one slip */
        assert_int_equal(word_distance("", "abc"), 3);
        assert_int_equal(word_distance("kitten", "sitting"), 3);
        assert_int_equal(word_distance("shutdwon", "shutdown"), 1);
        assert_int_equal(word_distance("0123456789012345678901234567890123456789x", "x"), SUGGEST_WORD_MAX);
}

static void test_suggest(void **state) {
        static const char *const verbs[] = { "list", "show", "start", "shutdown", "poweroff", NULL };

        assert_string_equal(suggest_word("strat", verbs), "start");
        assert_string_equal(suggest_word("shut", verbs), "shutdown");
        assert_string_equal(suggest_word("power-off", verbs), "poweroff");
        assert_string_equal(suggest_word("lst", verbs), "list");
        assert_null(suggest_word("migrate", verbs));
        assert_null(suggest_word("x", verbs));
        assert_null(suggest_word("", verbs));
}

int main(void) {
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_distance),
                cmocka_unit_test(test_suggest),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
