/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A password asked for on a real (pseudo) terminal: not shown, handed on, and the terminal as it was afterwards, also after Ctrl-C. */

#include "fixture.h"
#include "secret.h"

#include <poll.h>
#include <pty.h>
#include <sys/wait.h>

static Settings settings;

/* On a terminal of its own. Exits with 0 when the descriptor holds what is wanted. */
static pid_t ask(int *ret_master, const char *wanted) {
        pid_t pid = forkpty(ret_master, NULL, NULL, NULL);
        Client client;
        char text[64];
        ssize_t n;
        int fd;

        assert_true(pid >= 0);
        if (pid > 0)
                return pid;
        client_init(&client, &settings);
        fd = secret_open(&client, NULL, "Password");
        n = fd < 0 ? -1 : read(fd, text, sizeof text);
        _exit(n == (ssize_t)strlen(wanted) && memcmp(text, wanted, (size_t)n) == 0 ? 0 : 1);
}

static void await_text(int master, const char *wanted) {
        struct pollfd p = { .fd = master, .events = POLLIN };
        char text[256] = "";
        size_t have = 0;

        while (!strstr(text, wanted)) {
                ssize_t n;

                assert_int_equal(poll(&p, 1, 10000), 1);
                n = read(master, text + have, sizeof text - 1 - have);
                assert_true(n > 0);
                have += (size_t)n;
                text[have] = 0;
                assert_null(strstr(text, "s3cret"));
        }
}

static bool echoes(int master) {
        struct termios now;

        assert_return_code(tcgetattr(master, &now), errno);
        return now.c_lflag & ECHO;
}

static void test_asked(void **state) {
        int master, status;
        pid_t pid = ask(&master, "password=s3cret\n");

        await_text(master, "Password: ");
        assert_false(echoes(master));
        assert_int_equal(write(master, "s3cret\n", 7), 7);
        await_text(master, "\n");
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_int_equal(status, 0);
        safe_close(master);
}

static void test_interrupted(void **state) {
        int master, status;
        pid_t pid = ask(&master, "");

        await_text(master, "Password: ");
        assert_int_equal(write(master, "s3cr\3", 5), 5);
        await_text(master, "\n");
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGINT);
        assert_true(echoes(master));
        safe_close(master);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_asked),
                cmocka_unit_test(test_interrupted),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
