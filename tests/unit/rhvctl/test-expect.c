/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "expect.h"
#include "fixture.h"

static bool fed(const char *text, const char *data, size_t piece) {
        Expect expect;
        size_t size = strlen(data);
        bool seen = false;

        assert_ok(expect_init(&expect, text));
        for (size_t i = 0; i < size; i += piece)
                seen = expect_feed(&expect, data + i, size - i < piece ? size - i : piece);
        return seen;
}

static void test_expect(void **state) {
        static const struct {
                const char *text, *data;
                bool seen;
        } cases[] = {
                { "login:", "Debian 12\r\n\r\nguest login: ", true },
                { "login:", "guest logi n:", false },
                { "aab", "aaab", true },         /* a beginning inside a mismatch */
                { "abcabd", "abcabcabd", true },
                { "# ", "root@guest:~# ", true },
                { "x", "", false },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++)
                for (size_t piece = 1; piece < 5; piece++) /* wherever the bytes are split */
                        assert_int_equal(fed(cases[i].text, cases[i].data, piece), cases[i].seen);
}

static void test_bounds(void **state) {
        char longest[EXPECT_BYTES_MAX + 2];
        Expect expect;

        memset(longest, 'a', sizeof longest);
        longest[sizeof longest - 1] = 0;
        assert_int_equal(expect_init(&expect, ""), -EINVAL);
        assert_int_equal(expect_init(&expect, longest), -EINVAL);
        longest[EXPECT_BYTES_MAX] = 0;
        assert_ok(expect_init(&expect, longest));
        assert_true(expect_feed(&expect, longest, EXPECT_BYTES_MAX));
        assert_true(expect_feed(&expect, "b", 1)); /* seen stays seen */
}

int main(void) {
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_expect),
                cmocka_unit_test(test_bounds),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
