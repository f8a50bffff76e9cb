/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "bus-error.h"
#include "fixture.h"
#include "peer-stream.h"

#include <sys/socket.h>

#define HOST1 "11111111-1111-4111-8111-111111111111"
#define HOST2 "22222222-2222-4222-8222-222222222222"

static sd_event *event;
static PeerTickets *tickets;

static int setup(void **state) {
        (void) sd_bus_error_add_map(rhv_bus_errors);
        return sd_event_new(&event) < 0 || peer_tickets_new(event, &tickets) < 0 ? -1 : 0;
}

static int teardown(void **state) {
        tickets = peer_tickets_free(tickets);
        event = sd_event_unref(event);
        return 0;
}

/* ret_other: what hears when the offered end is closed. */
static int offer(const char *host_id, int *ret_other, char ret[static PEER_TICKET_STRING_MAX]) {
        int fds[2];

        assert_return_code(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds), errno);
        assert_ok(peer_tickets_offer(tickets, host_id, fds[0], ret, NULL));
        *ret_other = fds[1];
        return fds[0];
}

static bool is_closed(int other) {
        char byte;

        return recv(other, &byte, 1, MSG_DONTWAIT) == 0;
}

static void test_once_and_for_one(void **state) {
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        char ticket[PEER_TICKET_STRING_MAX];
        _cleanup_close_ int other = -EBADF;
        int fd = offer(HOST1, &other, ticket);

        assert_true(peer_ticket_is_valid(ticket));
        assert_true(peer_tickets_take(tickets, HOST2, ticket, &error) < 0);
        assert_string_equal(error.name, RHV_ERROR_ACCESS_DENIED);
        assert_false(is_closed(other));
        assert_int_equal(peer_tickets_take(tickets, HOST1, ticket, NULL), fd);
        assert_true(peer_tickets_take(tickets, HOST1, ticket, NULL) < 0);
        safe_close(fd);
        assert_true(is_closed(other));
}

static void test_dropped_with_its_host(void **state) {
        char ticket1[PEER_TICKET_STRING_MAX], ticket2[PEER_TICKET_STRING_MAX];
        _cleanup_close_ int other1 = -EBADF, other2 = -EBADF;

        (void) offer(HOST1, &other1, ticket1);
        (void) offer(HOST2, &other2, ticket2);
        assert_string_not_equal(ticket1, ticket2);
        peer_tickets_drop(tickets, HOST1);
        assert_true(is_closed(other1));
        assert_false(is_closed(other2));
        assert_true(peer_tickets_take(tickets, HOST1, ticket1, NULL) < 0);
}

static void test_limit(void **state) {
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        char ticket[PEER_TICKET_STRING_MAX];
        int others[PEER_TICKETS_MAX];

        for (size_t i = 0; i < ELEMENTSOF(others); i++)
                (void) offer(HOST1, &others[i], ticket);
        assert_true(peer_tickets_offer(tickets, HOST1, -EBADF, ticket, &error) < 0);
        assert_string_equal(error.name, RHV_ERROR_LIMIT_EXCEEDED);
        for (size_t i = 0; i < ELEMENTSOF(others); i++)
                safe_close(others[i]);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_once_and_for_one, setup, teardown),
                cmocka_unit_test_setup_teardown(test_dropped_with_its_host, setup, teardown),
                cmocka_unit_test_setup_teardown(test_limit, setup, teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
