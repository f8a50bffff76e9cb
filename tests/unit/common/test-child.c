/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "bus-error.h"
#include "bus-pair.h"
#include "child.h"

#include <signal.h>
#include <sys/wait.h>

typedef struct Outcome {
        bool done;
        int r, exit_status, term_signal;
        char out[65536], err[CHILD_STDERR_MAX + 1];
        size_t out_size;
        char error_name[64], error_message[512];
        unsigned lines;
} Outcome;

static sd_event *event;

static int setup(void **state) {
        sigset_t mask;

        (void) sigemptyset(&mask);
        (void) sigaddset(&mask, SIGCHLD);
        (void) sigprocmask(SIG_BLOCK, &mask, NULL);
        return sd_event_new(&event) < 0 || sd_bus_error_add_map(rhv_bus_errors) < 0;
}

static int teardown(void **state) {
        event = sd_event_unref(event);
        return 0;
}

static void on_done(Child *child, const ChildResult *result, void *userdata) {
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        Outcome *o = userdata;

        assert_false(o->done);
        o->done = true;
        o->r = result->r;
        o->exit_status = result->exit_status;
        o->term_signal = result->term_signal;
        o->out_size = result->out_size;
        (void) snprintf(o->out, sizeof o->out, "%s", result->out);
        (void) snprintf(o->err, sizeof o->err, "%s", result->err);
        if (child_result_error(result, "the tool", &error) < 0) {
                (void) snprintf(o->error_name, sizeof o->error_name, "%s", error.name);
                (void) snprintf(o->error_message, sizeof o->error_message, "%s", error.message);
        }
}

static void on_line(Child *child, const char *line, void *userdata) {
        Outcome *o = userdata;

        o->lines++;
        (void) snprintf(o->out, sizeof o->out, "%s", line);
}

static void run_shell(const char *script, ChildSpec spec, Outcome *o) {
        const char *const argv[] = { "/bin/sh", "-c", script, NULL };

        *o = (Outcome){ .done = false };
        spec.argv = argv;
        spec.done = on_done;
        spec.userdata = o;
        assert_ok(child_start(event, &spec, NULL));
        assert_false(o->done); /* never from inside */
        loop_until(event, &o->done);
}

static void test_success(void **state) {
        Outcome o;

        run_shell("cat; echo err >&2", (ChildSpec){ .input = "in\n", .input_size = 3 }, &o);
        assert_int_equal(o.r, 0);
        assert_int_equal(o.exit_status, 0);
        assert_string_equal(o.out, "in\n");
        assert_string_equal(o.err, "err\n");
        assert_string_equal(o.error_name, "");
}

static void test_failure(void **state) {
        Outcome o;

        run_shell("echo first >&2; echo 'the reason' >&2; exit 3", (ChildSpec){ 0 }, &o);
        assert_int_equal(o.exit_status, 3);
        assert_string_equal(o.error_name, RHV_ERROR_BACKEND_FAILED);
        assert_string_equal(o.error_message, "the tool failed: the reason");
}

static void test_signal(void **state) {
        Outcome o;

        run_shell("kill -SEGV $$", (ChildSpec){ 0 }, &o);
        assert_int_equal(o.term_signal, SIGSEGV);
        assert_string_equal(o.error_name, RHV_ERROR_BACKEND_FAILED);
}

static void test_missing(void **state) {
        const char *const argv[] = { "/no/such/program", NULL };
        Outcome o = { .done = false };
        const ChildSpec spec = { .argv = argv, .done = on_done, .userdata = &o };

        assert_ok(child_start(event, &spec, NULL));
        loop_until(event, &o.done);
        assert_int_equal(o.exit_status, 127);
        assert_non_null(strstr(o.error_message, "/no/such/program"));
}

/* Nothing of ours leaks: no other fd, no variable, no blocked or ignored signal. */
static void test_clean(void **state) {
        _cleanup_close_ int leak = dup(2);
        Outcome o;

        assert_true(leak > 2);
        assert_int_equal(setenv("RHV_LEAK", "1", 1), 0);
        (void) signal(SIGUSR1, SIG_IGN);
        run_shell("env | sort; grep -E 'Sig(Blk|Ign)' /proc/self/status; ls /proc/$$/fd | tr '\\n' ' '",
                  (ChildSpec){ .environment = (const char *const[]){ "GIVEN=yes", NULL } }, &o);
        assert_non_null(strstr(o.out, "GIVEN=yes\n"));
        assert_non_null(strstr(o.out, "LC_ALL=C.UTF-8\n"));
        assert_null(strstr(o.out, "RHV_LEAK"));
        assert_non_null(strstr(o.out, "SigBlk:\t0000000000000000"));
        assert_non_null(strstr(o.out, "SigIgn:\t0000000000000000"));
        assert_non_null(strstr(o.out, "0 1 2 "));
        assert_null(strstr(o.out, "0 1 2 3 4"));
}

static void test_deadline(void **state) {
        Outcome o;

        run_shell("exec sleep 60", (ChildSpec){ .deadline_usec = 50 * USEC_PER_MSEC }, &o);
        assert_int_equal(o.r, -ETIMEDOUT);
        assert_int_equal(o.term_signal, SIGTERM);
        assert_string_equal(o.error_name, RHV_ERROR_TIMEOUT);
}

/* A child that ignores SIGTERM gets SIGKILL after the grace, its own children too. */
static void cancel_on_line(Child *child, const char *line, void *userdata) {
        child_cancel(child);
}

static void test_stubborn(void **state) {
        Outcome o;

        run_shell("trap '' TERM; echo ready; sleep 60 & while :; do sleep 1; done",
                  (ChildSpec){ .line = cancel_on_line }, &o);
        assert_int_equal(o.r, -ECANCELED);
        assert_int_equal(o.term_signal, SIGKILL);
}

static void test_too_much(void **state) {
        Outcome o;

        run_shell("exec cat /dev/zero", (ChildSpec){ .output_max = 4096 }, &o);
        assert_int_equal(o.r, -EMSGSIZE);
        assert_true(o.out_size <= 4096);
}

static void test_much_stderr(void **state) {
        Outcome o;

        run_shell("i=0; while [ $i -lt 2000 ]; do echo line $i >&2; i=$((i+1)); done; exit 1", (ChildSpec){ 0 }, &o);
        assert_string_equal(o.error_message, "the tool failed: line 1999");
        assert_int_equal(strlen(o.err), CHILD_STDERR_MAX);
}

static void test_lines(void **state) {
        Outcome o;

        run_shell("printf '(10/100%%)\\r(20/100%%)\\r'; printf 'half'; sleep 0.05; printf ' line\\n\\n'; printf 'no end'",
                  (ChildSpec){ .line = on_line }, &o);
        assert_int_equal(o.lines, 3);
}

/* A grandchild that leaves the group and keeps the pipe open does not hold the result for ever. */
static void test_held_pipe(void **state) {
        Outcome o;

        run_shell("setsid sleep 30 & echo out", (ChildSpec){ 0 }, &o);
        assert_int_equal(o.r, 0);
        assert_string_equal(o.out, "out\n");
}

static void test_cancel(void **state) {
        const char *const argv[] = { "/bin/sleep", "60", NULL };
        Outcome o = { .done = false };
        const ChildSpec spec = { .argv = argv, .done = on_done, .userdata = &o };
        Child *child;

        assert_ok(child_start(event, &spec, &child));
        child_cancel(child);
        loop_until(event, &o.done);
        assert_int_equal(o.r, -ECANCELED);
        assert_string_equal(o.error_name, RHV_ERROR_ABORTED);
}

static void test_free_kills(void **state) {
        const char *const argv[] = { "/bin/sleep", "60", NULL };
        Outcome o = { .done = false };
        const ChildSpec spec = { .argv = argv, .done = on_done, .userdata = &o };
        Child *child;

        assert_ok(child_start(event, &spec, &child));
        child_free(child);
        assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); /* reaped */
        assert_false(o.done);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_success),   cmocka_unit_test(test_failure),     cmocka_unit_test(test_signal),
                cmocka_unit_test(test_missing),   cmocka_unit_test(test_clean),       cmocka_unit_test(test_deadline),
                cmocka_unit_test(test_stubborn),  cmocka_unit_test(test_too_much),    cmocka_unit_test(test_much_stderr),
                cmocka_unit_test(test_lines),     cmocka_unit_test(test_held_pipe),   cmocka_unit_test(test_cancel),
                cmocka_unit_test(test_free_kills),
        };

        return cmocka_run_group_tests(tests, setup, teardown);
}
