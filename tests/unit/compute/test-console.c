/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <sys/socket.h>
#include <sys/un.h>

#include "console.h"
#include "fixture.h"

typedef struct Guest {
        sd_event *event;
        char path[64];
        int listener, fd, client;
        Console *console;
        unsigned closed;
} Guest;

static void on_closed(Console *console, void *userdata) {
        Guest *guest = userdata;

        guest->closed++;
        guest->console = console_free(guest->console);
}

static void turn(Guest *guest) {
        for (unsigned i = 0; i < 20; i++)
                assert_ok(sd_event_run(guest->event, 1000));
}

static int setup(void **state) {
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        Guest *guest = calloc(1, sizeof(Guest));

        assert_non_null(guest);
        assert_ok(sd_event_new(&guest->event));
        (void) snprintf(guest->path, sizeof(guest->path), "/tmp/rhv-console-%d.sock", (int)getpid());
        (void) unlink(guest->path);
        (void) snprintf(address.sun_path, sizeof(address.sun_path), "%s", guest->path);
        guest->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        assert_return_code(bind(guest->listener, (struct sockaddr *)&address, sizeof(address)), errno);
        assert_return_code(listen(guest->listener, 1), errno);
        assert_ok(console_open(guest->event, guest->path, on_closed, guest, &guest->console, &guest->client));
        guest->fd = accept4(guest->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        assert_return_code(guest->fd, errno);
        *state = guest;
        return 0;
}

static int teardown(void **state) {
        Guest *guest = *state;

        console_free(guest->console);
        safe_close(guest->fd);
        safe_close(guest->client);
        safe_close(guest->listener);
        (void) unlink(guest->path);
        sd_event_unref(guest->event);
        free(guest);
        return 0;
}

static void test_both_ways(void **state) {
        Guest *guest = *state;
        char buffer[16] = "";

        assert_int_equal(write(guest->fd, "login: ", 7), 7);
        turn(guest);
        assert_int_equal(read(guest->client, buffer, sizeof(buffer)), 7);
        assert_memory_equal(buffer, "login: ", 7);
        assert_int_equal(write(guest->client, "root\n", 5), 5);
        turn(guest);
        assert_int_equal(read(guest->fd, buffer, sizeof(buffer)), 5);
        assert_int_equal(guest->closed, 0);
}

static void test_client_leaves(void **state) {
        Guest *guest = *state;
        char byte;

        guest->client = safe_close(guest->client);
        turn(guest);
        assert_int_equal(guest->closed, 1);
        assert_int_equal(read(guest->fd, &byte, 1), 0);
}

/* The guest's last words arrive although it hung up before they were read. */
static void test_guest_ends(void **state) {
        Guest *guest = *state;
        char buffer[64];

        assert_int_equal(write(guest->fd, "Power down.", 11), 11);
        guest->fd = safe_close(guest->fd);
        turn(guest);
        assert_int_equal(guest->closed, 1);
        assert_int_equal(read(guest->client, buffer, sizeof(buffer)), 11);
        assert_int_equal(read(guest->client, buffer, sizeof(buffer)), 0);
}

/* A client that does not read holds the guest back, and loses nothing. */
static void test_slow_client(void **state) {
        static char block[4096];
        Guest *guest = *state;
        size_t sent = 0, got = 0;

        for (unsigned i = 0; i < 2000; i++) {
                ssize_t n = write(guest->fd, block, sizeof(block));

                if (n > 0)
                        sent += (size_t)n;
                assert_ok(sd_event_run(guest->event, 0));
        }
        assert_true(sent < 2000 * sizeof(block)); /* it was held back */
        while (got < sent) {
                ssize_t n = recv(guest->client, block, sizeof(block), MSG_DONTWAIT);

                if (n > 0)
                        got += (size_t)n;
                assert_ok(sd_event_run(guest->event, 1000));
        }
        assert_int_equal(got, sent);
        assert_int_equal(guest->closed, 0);
}

static void test_no_guest(void **state) {
        Guest *guest = *state;
        Console *console;
        int fd;

        assert_int_equal(console_open(guest->event, "/tmp/rhv-no-such-console.sock", on_closed, guest, &console, &fd), -ENOENT);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(test_both_ways), TEST(test_client_leaves), TEST(test_guest_ends), TEST(test_slow_client), TEST(test_no_guest),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
