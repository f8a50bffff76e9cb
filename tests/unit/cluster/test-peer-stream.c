/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "bus-error.h"
#include "fixture.h"
#include "peer-stream.h"
#include "remove-tree.h"

#include <sys/socket.h>
#include <sys/un.h>

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

/* ---- the side that dials ---- */

typedef struct Opened {
        bool called;
        int fd;
        char *error;
} Opened;

static void on_opened(int fd, const sd_bus_error *error, void *userdata) {
        Opened *opened = userdata;

        *opened = (Opened){ .called = true, .fd = fd, .error = error ? strdup(error->name) : NULL };
}

/* Plays rhv-peer-dial: what the other host writes, and how it ended, are there before anything of it is looked at. */
static void dial(const char *written, const char *result, Opened *ret) {
        char directory[] = "/tmp/rhv-test-XXXXXX", text[PEER_DIAL_BYTES_MAX], path[64];
        _cleanup_close_ int listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0), own = -EBADF;
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        union {
                struct cmsghdr header;
                char room[CMSG_SPACE(sizeof(int))];
        } control = { 0 };
        struct iovec part = { text, sizeof text };
        struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control };
        PeerHost host = { .id = HOST1, .address = (char *)"192.0.2.1", .port = 22 };
        Peer peer = { .host = &host };
        PeerStream *stream;
        int theirs;

        assert_non_null(mkdtemp(directory));
        (void) snprintf(path, sizeof path, "%s/dial", directory);
        (void) snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
        assert_return_code(bind(listener, (struct sockaddr *)&address, sizeof address), errno);
        assert_return_code(listen(listener, 1), errno);
        *ret = (Opened){ .fd = -EBADF };
        assert_ok(peer_stream_open(event, path, &peer, "0123", on_opened, ret, &stream));
        own = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
        assert_return_code(recvmsg(own, &message, MSG_CMSG_CLOEXEC), errno);
        assert_non_null(CMSG_FIRSTHDR(&message));
        memcpy(&theirs, CMSG_DATA(&control.header), sizeof theirs);
        assert_int_equal(send(theirs, written, strlen(written), 0), strlen(written));
        safe_close(theirs);
        assert_return_code(send(own, result, strlen(result), 0), errno);
        for (unsigned i = 0; i < 100 && !ret->called; i++)
                assert_ok(sd_event_run(event, 10 * USEC_PER_MSEC));
        assert_true(ret->called);
        assert_int_equal(remove_tree(directory), 0);
}

/* It is over before a byte of it was read. */
static void test_short(void **state) {
        Opened opened;
        char data[8] = "";

        dial("ok\ndata", "{\"status\":0,\"error\":\"\"}", &opened);
        assert_null(opened.error);
        assert_int_equal(recv(opened.fd, data, sizeof data - 1, 0), 4);
        assert_string_equal(data, "data");
        assert_int_equal(recv(opened.fd, data, sizeof data - 1, 0), 0);
        safe_close(opened.fd);
}

static void test_not_opened(void **state) {
        static const struct {
                const char *written, *result, *error;
        } all[] = {
                { "", "{\"status\":0,\"error\":\"\"}", RHV_ERROR_BACKEND_UNAVAILABLE },
                { "ok", "{\"status\":0,\"error\":\"\"}", RHV_ERROR_BACKEND_UNAVAILABLE },
                { "no\n", "{\"status\":0,\"error\":\"\"}", RHV_ERROR_BACKEND_FAILED },
                { "", "{\"status\":255,\"error\":\"Permission denied\"}", RHV_ERROR_ACCESS_DENIED },
        };

        for (size_t i = 0; i < ELEMENTSOF(all); i++) {
                Opened opened;

                dial(all[i].written, all[i].result, &opened);
                assert_string_equal(opened.error, all[i].error);
                assert_true(opened.fd < 0);
                free(opened.error);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_once_and_for_one, setup, teardown),
                cmocka_unit_test_setup_teardown(test_dropped_with_its_host, setup, teardown),
                cmocka_unit_test_setup_teardown(test_limit, setup, teardown),
                cmocka_unit_test_setup_teardown(test_short, setup, teardown),
                cmocka_unit_test_setup_teardown(test_not_opened, setup, teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
