/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "fixture.h"
#include "text.h"

static void check_escape(const char *raw, const char *expected) {
        _cleanup_free_ char *s = text_escape(raw);

        assert_string_equal(s, expected);
}

static void check_cut(const char *raw, size_t width, const char *expected) {
        _cleanup_free_ char *s = text_ellipsize(raw, width);

        assert_string_equal(s, expected);
        assert_true(text_width(s) <= width);
}

static void test_width(void **state) {
        assert_int_equal(text_width(""), 0);
        assert_int_equal(text_width("abc"), 3);
        assert_int_equal(text_width("Büro"), 4);
        assert_int_equal(text_width("日本"), 4);
        assert_int_equal(text_width("e\xcc\x81"), 1); /* a combining accent takes no cell */
        assert_int_equal(text_width("\xff\xfe"), 2);
}

static void test_escape(void **state) {
        check_escape("plain", "plain");
        check_escape("Büro 日本", "Büro 日本");
        check_escape("a\nb\tc", "a\\nb\\tc");
        check_escape("\033[31mred", "\\x1b[31mred");
        check_escape("c1 \xc2\x9b 31m", "c1 \\xc2\\x9b 31m"); /* the other way to write ESC [ */
        check_escape("bad \xff.", "bad \\xff.");
        check_escape("", "");
}

static void test_cut(void **state) {
        check_cut("abcdef", 6, "abcdef");
        check_cut("abcdef", 5, "abcd…");
        check_cut("abcdef", 1, "…");
        check_cut("abcdef", 0, "");
        check_cut("日本語", 4, "日…"); /* a wide character is not halved */
}

static void test_buffer(void **state) {
        TextBuffer buffer = { 0 };
        _cleanup_free_ char *empty = text_buffer_take(&buffer), *s = NULL;

        assert_string_equal(empty, "");
        text_append(&buffer, "a");
        text_append_spaces(&buffer, 2);
        text_appendf(&buffer, "%d", 42);
        s = text_buffer_take(&buffer);
        assert_string_equal(s, "a  42");
        assert_null(buffer.text);
}

int main(void) {
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_width),
                cmocka_unit_test(test_escape),
                cmocka_unit_test(test_cut),
                cmocka_unit_test(test_buffer),
        };

        text_init();
        return cmocka_run_group_tests(tests, NULL, NULL);
}
