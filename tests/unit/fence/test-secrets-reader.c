/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "fence-fixture.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "bus-error.h"
#include "bus-pair.h"
#include "secrets-reader.h"

typedef struct Heard {
        bool done;
        int r;
        char value[64], error[128];
} Heard;

static void on_read(Secrets *taken, int r, const sd_bus_error *error, void *userdata) {
        _cleanup_(secrets_freep) Secrets *secrets = taken;
        Heard *heard = userdata;

        assert_false(heard->done);
        heard->done = true;
        heard->r = r;
        if (secrets && secrets->n > 0)
                (void) snprintf(heard->value, sizeof heard->value, "%s", secrets->items[0].value);
        if (r < 0)
                (void) snprintf(heard->error, sizeof heard->error, "%s", error->name);
}

static int memory_fd(const char *text) {
        int fd = memfd_create("secrets", MFD_CLOEXEC);

        assert_true(fd >= 0);
        assert_int_equal(write(fd, text, strlen(text)), strlen(text));
        return fd;
}

/* Reads fd to the end; closes it right after the start, as the end of a message does. */
static Heard hear(sd_event *event, int fd) {
        Heard heard = { 0 };
        SecretsReader *reader = NULL;

        assert_ok(secrets_reader_start(event, fd, on_read, &heard, &reader, NULL));
        assert_false(heard.done);
        safe_close(fd);
        loop_until(event, &heard.done);
        return heard;
}

static void test_memfd(void **state) {
        Heard heard = hear(*state, memory_fd("password=hunter2\n"));

        assert_ok(heard.r);
        assert_string_equal(heard.value, "hunter2");
}

static void test_pipe(void **state) {
        SecretsReader *reader = NULL;
        Heard heard = { 0 };
        int fds[2];

        assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
        assert_ok(secrets_reader_start(*state, fds[0], on_read, &heard, &reader, NULL));
        assert_int_equal(write(fds[1], "pass", 4), 4);
        assert_ok(sd_event_run(*state, 100000));
        assert_false(heard.done);
        /* nothing there: the loop turns, nobody waits in read() */
        assert_ok(sd_event_run(*state, 1000));
        assert_int_equal(write(fds[1], "word=hunter2", 12), 12);
        close(fds[1]);
        loop_until(*state, &heard.done);
        assert_ok(heard.r);
        assert_string_equal(heard.value, "hunter2");
        /* the caller's end is as blocking as it was */
        assert_false(fcntl(fds[0], F_GETFL) & O_NONBLOCK);
        close(fds[0]);
}

static void test_null(void **state) {
        Heard heard = hear(*state, open("/dev/null", O_RDONLY | O_CLOEXEC));

        assert_ok(heard.r);
        assert_string_equal(heard.value, "");
}

static void test_too_much(void **state) {
        _cleanup_free_ char *large = malloc(SECRETS_BYTES_MAX + 2);
        Heard heard;

        memset(large, 'a', SECRETS_BYTES_MAX + 1);
        large[SECRETS_BYTES_MAX + 1] = 0;
        heard = hear(*state, memory_fd(large));
        assert_true(heard.r < 0);
        assert_string_equal(heard.error, RHV_ERROR_INVALID_ARGUMENT);
}

static void test_never_ends(void **state) {
        SecretsReader *reader = NULL;
        Heard heard = { 0 };
        int fds[2];

        assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
        assert_ok(secrets_reader_start(*state, fds[0], on_read, &heard, &reader, NULL));
        loop_until(*state, &heard.done);
        assert_string_equal(heard.error, RHV_ERROR_TIMEOUT);
        close(fds[0]);
        close(fds[1]);
}

static void test_other_kinds(void **state) {
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        char name[] = "/var/tmp/rhv-secrets-XXXXXX";
        int kinds[5], fds[2], pipe_fds[2];

        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
        assert_int_equal(pipe2(pipe_fds, O_CLOEXEC), 0);
        kinds[0] = fds[0];
        kinds[1] = open("/", O_RDONLY | O_DIRECTORY);
        kinds[2] = mkstemp(name);
        assert_true(kinds[2] >= 0);
        kinds[3] = pipe_fds[1];
        kinds[4] = open("/dev/null", O_PATH | O_CLOEXEC);
        for (size_t i = 0; i < ELEMENTSOF(kinds); i++) {
                SecretsReader *reader = NULL;

                /* a file system in memory looks like a memfd, and is as harmless */
                if (i == 2 && fcntl(kinds[i], F_GET_SEALS) >= 0)
                        continue;
                assert_true(secrets_reader_start(*state, kinds[i], on_read, NULL, &reader, &error) < 0);
                assert_null(reader);
                assert_true(sd_bus_error_has_name(&error, RHV_ERROR_INVALID_ARGUMENT));
                sd_bus_error_free(&error);
        }
        (void) unlink(name);
        for (size_t i = 0; i < ELEMENTSOF(kinds); i++)
                close(kinds[i]);
        close(fds[1]);
        close(pipe_fds[0]);
}

static void test_given_up(void **state) {
        SecretsReader *reader = NULL;
        Heard heard = { 0 };
        int fd = memory_fd("password=x");

        assert_ok(secrets_reader_start(*state, fd, on_read, &heard, &reader, NULL));
        secrets_reader_free(reader);
        close(fd);
        assert_ok(sd_event_run(*state, 10000));
        assert_false(heard.done);
}

static int set_up(void **state) {
        return sd_event_new((sd_event **)state);
}

static int tear_down(void **state) {
        sd_event_unref(*state);
        return 0;
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_memfd, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_pipe, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_null, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_too_much, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_never_ends, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_other_kinds, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_given_up, set_up, tear_down),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
