/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A child commits without a pause and tells each acknowledged one through a pipe; it is killed at random moments. What it told must be
 * there, what is there must be whole, and the next child goes on from it. */

#include "store-fixture.h"

#include <signal.h>
#include <sys/wait.h>
#include <time.h>

#define ROUNDS 40U

static _Noreturn void writer(const char *path, int fd, unsigned from) {
        Store *store;

        if (store_open(path, &store) < 0 || store_state(store) != STORE_READY)
                _exit(1);
        for (unsigned i = from;; i++) {
                char id[UUID_STRING_MAX], request[UUID_STRING_MAX], name[16];
                Change *change;

                (void) snprintf(id, sizeof id, "%08x-0000-4000-8000-000000000000", i);
                (void) snprintf(request, sizeof request, "%08x-1111-4000-8000-000000000000", i);
                (void) snprintf(name, sizeof name, "dc%u", i);
                change = change_of_data_center(id, name);
                if (store_commit(store, request, name, change, NULL, NULL) < 0)
                        _exit(2);
                change_free(change);
                if (write(fd, &i, sizeof i) != sizeof i)
                        _exit(3);
        }
}

static void test_killed_writers_lose_nothing(void **state) {
        StoreFixture fixture;
        unsigned acknowledged = 0;
        struct timespec now;

        (void) clock_gettime(CLOCK_REALTIME, &now);
        srandom((unsigned)now.tv_nsec);
        print_message("seed %u\n", (unsigned)now.tv_nsec);
        store_fixture_init(&fixture);

        for (unsigned round = 0; round < ROUNDS; round++) {
                unsigned there = count_rows(fixture.store, "data_center"), last = acknowledged, i;
                int fds[2], status;
                pid_t pid;

                fixture.store = store_close(fixture.store);
                assert_int_equal(pipe(fds), 0);
                pid = fork();
                assert_true(pid >= 0);
                if (pid == 0) {
                        close(fds[0]);
                        writer(fixture.path, fds[1], there + 1);
                }
                close(fds[1]);
                /* at least one, so that every round does something; then a moment nobody can foresee */
                assert_int_equal(read(fds[0], &last, sizeof last), sizeof last);
                usleep((useconds_t)(random() % 30000));
                assert_int_equal(kill(pid, SIGKILL), 0);
                while (read(fds[0], &i, sizeof i) == sizeof i)
                        last = i;
                close(fds[0]);
                assert_int_equal(waitpid(pid, &status, 0), pid);
                assert_true(WIFSIGNALED(status));
                acknowledged = last;

                assert_ok(store_open(fixture.path, &fixture.store));
                assert_int_equal(store_state(fixture.store), STORE_READY);
                there = count_rows(fixture.store, "data_center");
                assert_in_range(there, acknowledged, acknowledged + 1); /* one may be done and not told */
                assert_int_equal(count_rows(fixture.store, "request"), there);
                assert_int_equal(count_rows(fixture.store, "event"), there);
                assert_int_equal(store_sequence(fixture.store), there);
        }

        print_message("%u commits acknowledged over %u kills\n", acknowledged, ROUNDS);
        store_fixture_done(&fixture);
}

int main(void) {
        const struct CMUnitTest tests[] = { cmocka_unit_test(test_killed_writers_lose_nothing) };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
