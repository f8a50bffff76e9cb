/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <math.h>

#include "fixture.h"
#include "progress.h"
#include "text.h"

static void test_bar(void **state) {
        Progress p = { .what = "Uploading disk 'web1'", .state = "running", .valid = true, .fraction = 0.5,
                       .done = GIB, .total = 2 * GIB, .elapsed_usec = 10 * USEC_PER_SEC };
        _cleanup_free_ char *wide = progress_bar(&p, 100), *narrow = progress_bar(&p, 40);

        assert_string_equal(wide, "Uploading disk 'web1' [####################--------------------]  50% 1 GiB of 2 GiB, 10s left");
        assert_true(text_width(wide) <= 100);
        assert_true(text_width(narrow) <= 40);
}

static void test_steps(void **state) {
        Progress p = { .what = "Setting up", .state = "running", .valid = true, .fraction = 0.25, .done = 1, .total = 4 };
        _cleanup_free_ char *bar = progress_bar(&p, 80), *line = progress_line(&p);

        assert_null(strstr(bar, " of ")); /* four steps are not four bytes */
        assert_string_equal(line, "Setting up: 25%");
}

static void test_unknown(void **state) {
        Progress p = { .what = "Starting VM 'web1'", .state = "running", .elapsed_usec = 3 * USEC_PER_SEC, .turn = 1 };
        _cleanup_free_ char *bar = progress_bar(&p, 80), *line = progress_line(&p);

        assert_string_equal(bar, "Starting VM 'web1' / running, 3s");
        assert_string_equal(line, "Starting VM 'web1': running");
        assert_int_equal(progress_percent(&p), -1);
}

static void test_percent(void **state) {
        static const struct {
                double fraction;
                int percent;
        } cases[] = { { 0, 0 }, { 0.999, 99 }, { 1, 100 }, { 7, 100 }, { -1, -1 }, { NAN, -1 }, { INFINITY, 100 } };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                Progress p = { .what = "x", .state = "running", .valid = true, .fraction = cases[i].fraction,
                               .elapsed_usec = 10 * USEC_PER_SEC };
                _cleanup_free_ char *bar = progress_bar(&p, 80);

                assert_int_equal(progress_percent(&p), cases[i].percent);
                assert_non_null(bar);
        }
}

int main(void) {
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_bar),
                cmocka_unit_test(test_steps),
                cmocka_unit_test(test_unknown),
                cmocka_unit_test(test_percent),
        };

        text_init();
        return cmocka_run_group_tests(tests, NULL, NULL);
}
