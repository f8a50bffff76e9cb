/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "bus-error.h"
#include "fixture.h"
#include "peer-dial-request.h"
#include "peer-fixture.h"

static void test_round_trip(void **state) {
        PeerDialRequest request = { .id = HOST1, .address = "fe80::1", .port = 22, .host_key = KEY1, .command = "restart compute" }, again;
        char text[PEER_DIAL_BYTES_MAX], said[PEER_DIAL_BYTES_MAX];
        int status;

        assert_ok(peer_dial_request_format(&request, text));
        assert_ok(peer_dial_request_parse(text, &again));
        assert_memory_equal(&request, &again, sizeof again);

        assert_ok(peer_dial_result_format(255, "ssh: \x1b[2J\xff", text));
        assert_ok(peer_dial_result_parse(text, &status, said));
        assert_int_equal(status, 255);
        assert_string_equal(said, "ssh: ?[2J?");
}

static void test_refused(void **state) {
        const PeerDialRequest good = { .id = HOST1, .address = "a", .port = 22, .host_key = KEY1, .command = "bus" };
        PeerDialRequest bad[] = { good, good, good, good, good }, again;
        char text[PEER_DIAL_BYTES_MAX], said[PEER_DIAL_BYTES_MAX];
        int status;

        (void) strcpy(bad[0].id, "x");
        (void) strcpy(bad[1].address, "-oProxyCommand=x");
        bad[2].port = 0;
        (void) strcpy(bad[3].host_key, "ssh-rsa AAAA");
        (void) strcpy(bad[4].command, "sh");
        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                assert_ok(peer_dial_request_format(bad + i, text));
                assert_int_equal(peer_dial_request_parse(text, &again), -EBADMSG);
        }
        assert_int_equal(peer_dial_request_parse("", &again), -EBADMSG);
        assert_int_equal(peer_dial_request_parse("[]", &again), -EBADMSG);
        assert_int_equal(peer_dial_result_parse("{}", &status, said), -EBADMSG);
}

static void test_reasons(void **state) {
        static const struct {
                int status;
                const char *said, *name;
        } cases[] = {
                { 1, "refused org.rhv.Error.Busy not now", RHV_ERROR_BUSY },
                { 255, "Host key verification failed.", RHV_ERROR_ACCESS_DENIED },
                { 255, "rhv-peer@h: Permission denied (publickey).", RHV_ERROR_ACCESS_DENIED },
                { 255, "ssh: connect to host 10.0.0.1 port 22: Connection refused", RHV_ERROR_BACKEND_UNAVAILABLE },
                { 255, "", RHV_ERROR_BACKEND_UNAVAILABLE },
                { 0, "", RHV_ERROR_BACKEND_UNAVAILABLE },
                { -1, "", RHV_ERROR_BACKEND_UNAVAILABLE },
        };

        assert_true(sd_bus_error_add_map(rhv_bus_errors) >= 0);
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;

                assert_true(peer_dial_error(cases[i].status, cases[i].said, &error) < 0);
                assert_string_equal(error.name, cases[i].name);
                assert_true(strlen(error.message) > 5);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = { cmocka_unit_test(test_round_trip), cmocka_unit_test(test_refused), cmocka_unit_test(test_reasons) };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
