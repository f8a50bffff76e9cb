/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What a service says where there is no journal: the level first, then who, then what. The journal's fields are looked at by lab tests. */

#include "fixture.h"
#include "log-control.h"
#include "log.h"

#include <fcntl.h>
#include <syslog.h>

static int saved = -1, ends[2] = { -1, -1 };

static int setup(void **state) {
        saved = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
        assert_return_code(pipe2(ends, O_CLOEXEC | O_NONBLOCK), errno);
        assert_return_code(dup2(ends[1], STDERR_FILENO), errno);
        assert_int_equal(setenv("JOURNAL_STREAM", "1:1", 1), 0); /* not this stream */
        log_open("tester");
        log_set_level(LOG_INFO);
        return 0;
}

static int teardown(void **state) {
        assert_return_code(dup2(saved, STDERR_FILENO), errno);
        safe_close(saved);
        safe_close(ends[0]);
        safe_close(ends[1]);
        return 0;
}

static void assert_said(const char *wanted) {
        char text[1024];
        ssize_t n = read(ends[0], text, sizeof text - 1);

        text[n > 0 ? n : 0] = 0;
        assert_string_equal(text, wanted);
}

static void test_lines(void **state) {
        assert_string_equal(log_get_target(), "console");
        log_info("Seen %d of %s", 2, "three");
        assert_said("<6>tester: Seen 2 of three\n");
        log_full(LOG_NOTICE, "9a440ada88174c909f0548ff2e2a8896", LOG_FIELDS("RHV_VM", "x", "RHV_HOST", NULL), "VM %s", "x");
        assert_said("<5>tester: VM x\n");
}

/* The errno comes back, said or not, so that it can be returned at once. */
static void test_errno(void **state) {
        assert_int_equal(log_error_errno(-ENOENT, "Cannot open %s", "/x"), -ENOENT);
        assert_said("<3>tester: Cannot open /x: No such file or directory\n");
        assert_int_equal(log_debug_errno(-EIO, "Cannot read"), -EIO);
        assert_said("");
}

static void test_level(void **state) {
        log_debug("not said");
        assert_said("");
        log_set_level(LOG_DEBUG);
        log_debug("said");
        assert_said("<7>tester: said\n");
        log_set_level(LOG_ERR);
        log_warning("not said");
        assert_said("");
}

static void test_level_words(void **state) {
        for (int level = LOG_EMERG; level <= LOG_DEBUG; level++)
                assert_int_equal(log_level_from_string(log_level_to_string(level)), level);
        assert_null(log_level_to_string(LOG_DEBUG + 1));
        assert_null(log_level_to_string(-1));
        assert_true(log_level_from_string("loud") < 0);
        assert_true(log_level_from_string("") < 0);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_lines, setup, teardown),
                cmocka_unit_test_setup_teardown(test_errno, setup, teardown),
                cmocka_unit_test_setup_teardown(test_level, setup, teardown),
                cmocka_unit_test(test_level_words),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
