/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Two ends of a socketpair in one loop, as two hosts have them over ssh. */

#include "bus-error.h"
#include "bus-pair.h"
#include "dict.h"
#include "peer-session.h"

#include <sys/socket.h>

#define HOST1 "11111111-1111-4111-8111-111111111111"
#define HOST2 "22222222-2222-4222-8222-222222222222"

typedef struct End {
        PeerSession *session;
        const char *id;
        int protocol;
        const char *refuse; /* says so to any Hello */
        char heard_of[64];  /* the id in the Hello of the other */
        char reason[256];
        bool said_hello, pong, closed;
        unsigned heard;
} End;

static sd_event *event;

static json_t *self(void *userdata) {
        const End *end = userdata;

        return json_pack("{s:i, s:s, s:s, s:s, s:s, s:[s], s:s}", "protocol", end->protocol, "version", "0.1", "id", end->id, "name", "host",
                         "boot_id", "0123456789abcdef0123456789abcdef", "features", "restart", "later", "a key of a later version");
}

static int on_hello(PeerSession *session, const json_t *facts, void *userdata, sd_bus_error *error) {
        End *end = userdata;

        if (end->refuse)
                return sd_bus_error_set(error, RHV_ERROR_ACCESS_DENIED, end->refuse);
        assert_null(json_object_get(facts, "later"));
        (void) snprintf(end->heard_of, sizeof end->heard_of, "%s", dict_string(facts, "id", ""));
        end->said_hello = true;
        return 0;
}

static void on_heard(PeerSession *session, void *userdata) {
        ((End *)userdata)->heard++;
}

static void on_pong(PeerSession *session, void *userdata) {
        ((End *)userdata)->pong = true;
}

static void on_closed(PeerSession *session, const char *reason, void *userdata) {
        End *end = userdata;

        assert_false(end->closed); /* once */
        end->closed = true;
        (void) snprintf(end->reason, sizeof end->reason, "%s", reason);
        end->session = peer_session_free(end->session);
}

static const PeerSessionEvents events = { self, on_hello, on_heard, on_pong, on_closed };

static int setup(void **state) {
        (void) sd_bus_error_add_map(rhv_bus_errors);
        return sd_event_new(&event);
}

static int teardown(void **state) {
        event = sd_event_unref(event);
        return 0;
}

static void connect_ends(End *client, End *server) {
        int fds[2];

        assert_return_code(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), errno);
        assert_ok(peer_session_new(event, fds[1], true, &events, server, &server->session));
        assert_ok(peer_session_new(event, fds[0], false, &events, client, &client->session));
}

static void test_both_ways(void **state) {
        End client = { .id = HOST1, .protocol = PEER_PROTOCOL }, server = { .id = HOST2, .protocol = PEER_PROTOCOL };

        connect_ends(&client, &server);
        loop_until(event, &server.said_hello);
        loop_until(event, &client.said_hello);
        assert_string_equal(client.heard_of, HOST2);
        assert_string_equal(server.heard_of, HOST1);
        assert_ok(peer_session_ping(server.session));
        loop_until(event, &server.pong);
        assert_ok(peer_session_ping(client.session));
        loop_until(event, &client.pong);
        assert_true(client.heard > 0 && server.heard > 0);

        client.session = peer_session_free(client.session);
        loop_until(event, &server.closed);
        assert_false(client.closed); /* who closes is not told */
}

static void test_refused(void **state) {
        End client = { .id = HOST1, .protocol = PEER_PROTOCOL }, server = { .id = HOST2, .protocol = PEER_PROTOCOL, .refuse = "not you" };

        connect_ends(&client, &server);
        loop_until(event, &client.closed);
        assert_string_equal(client.reason, "not you");
        loop_until(event, &server.closed);
}

static void test_not_whom_was_dialled(void **state) {
        End client = { .id = HOST1, .protocol = PEER_PROTOCOL, .refuse = "somebody else" }, server = { .id = HOST2, .protocol = PEER_PROTOCOL };

        connect_ends(&client, &server);
        loop_until(event, &client.closed);
        assert_string_equal(client.reason, "somebody else");
        loop_until(event, &server.closed);
}

static void test_protocols(void **state) {
        End client = { .id = HOST1, .protocol = 99 }, server = { .id = HOST2, .protocol = PEER_PROTOCOL };

        connect_ends(&client, &server);
        loop_until(event, &client.closed);
        assert_non_null(strstr(client.reason, "different protocols"));
        assert_false(server.said_hello);
        loop_until(event, &server.closed);
}

/* Bytes that are no D-Bus, before and after the handshake. */
static void test_garbage(void **state) {
        static const char *const openings[] = { "", "\0AUTH EXTERNAL\r\nDATA\r\nBEGIN\r\n" };
        static const size_t sizes[] = { 0, 30 };

        for (size_t i = 0; i < ELEMENTSOF(openings); i++) {
                End server = { .id = HOST2, .protocol = PEER_PROTOCOL };
                char noise[4096];
                int fds[2];

                for (size_t k = 0; k < sizeof noise; k++)
                        noise[k] = (char)(k * 7 + 1);
                assert_return_code(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), errno);
                assert_ok(peer_session_new(event, fds[1], true, &events, &server, &server.session));
                assert_int_equal(send(fds[0], openings[i], sizes[i], MSG_NOSIGNAL), sizes[i]);
                assert_int_equal(send(fds[0], noise, sizeof noise, MSG_NOSIGNAL), sizeof noise);
                loop_until(event, &server.closed);
                safe_close(fds[0]);
        }
}

/* ---- the contract ---- */

/* The interface, without comments, annotations and white space. */
static char *bare(char *text) {
        char *begin = strstr(text, "<interface name=\"" PEER_INTERFACE "\">"), *end = begin ? strstr(begin, "</interface>") : NULL, *out = text;

        assert_non_null(end);
        for (const char *p = begin; p < end; p++) {
                const char *skip_to = startswith(p, "<!--") ? strstr(p, "-->") : startswith(p, "<annotation") ? strstr(p, ">") : NULL;

                if (skip_to)
                        p = skip_to + (*skip_to == '-' ? 2 : 0);
                else if (!strchr(" \t\n", *p))
                        *out++ = *p;
        }
        *out = 0;
        return text;
}

typedef struct Text {
        char *text;
        bool here;
} Text;

static int on_text(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        Text *answer = userdata;
        const char *text;

        assert_ok(sd_bus_message_read(message, "s", &text));
        answer->text = strdup(text);
        answer->here = true;
        return 0;
}

static void test_contract(void **state) {
        End client = { .id = HOST1, .protocol = PEER_PROTOCOL }, server = { .id = HOST2, .protocol = PEER_PROTOCOL };
        _cleanup_free_ char *wanted = NULL;
        Text got = { NULL };
        size_t size = 0;
        FILE *file = fopen(PEER_XML, "r");

        assert_non_null(file);
        assert_true(getdelim(&wanted, &size, 0, file) > 0);
        assert_int_equal(fclose(file), 0);
        connect_ends(&client, &server);
        assert_ok(sd_bus_call_method_async(peer_session_bus(client.session), NULL, NULL, PEER_OBJECT, "org.freedesktop.DBus.Introspectable",
                                           "Introspect", on_text, &got, ""));
        loop_until(event, &got.here);
        assert_string_equal(bare(got.text), bare(wanted));
        free(got.text);
        client.session = peer_session_free(client.session);
        server.session = peer_session_free(server.session);
}

/* One that takes nothing: what waits is counted, so that it can be dropped. */
static void test_queue(void **state) {
        End client = { .id = HOST1, .protocol = PEER_PROTOCOL };
        int fds[2];

        assert_return_code(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), errno);
        assert_ok(peer_session_new(event, fds[0], false, &events, &client, &client.session));
        for (unsigned i = 0; i < 1000; i++)
                assert_ok(peer_session_ping(client.session));
        assert_true(peer_session_queued(client.session) >= 1000);
        client.session = peer_session_free(client.session); /* does not wait for anybody */
        safe_close(fds[1]);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_both_ways, setup, teardown),
                cmocka_unit_test_setup_teardown(test_refused, setup, teardown),
                cmocka_unit_test_setup_teardown(test_not_whom_was_dialled, setup, teardown),
                cmocka_unit_test_setup_teardown(test_protocols, setup, teardown),
                cmocka_unit_test_setup_teardown(test_garbage, setup, teardown),
                cmocka_unit_test_setup_teardown(test_queue, setup, teardown),
                cmocka_unit_test_setup_teardown(test_contract, setup, teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
