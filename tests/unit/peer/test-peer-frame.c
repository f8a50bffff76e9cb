/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "bus-error.h"
#include "fixture.h"
#include "peer-fixture.h"
#include "peer-frame.h"

#define TICKET "00112233445566778899aabbccddeeff"

static void test_commands(void **state) {
        static const struct {
                const char *command;
                PeerVerb verb;
                const char *argument;
        } cases[] = {
                { "bus", PEER_VERB_BUS, "" },
                { "join", PEER_VERB_JOIN, "" },
                { "stream " TICKET, PEER_VERB_STREAM, TICKET },
                { "attach " TICKET, PEER_VERB_ATTACH, TICKET },
                { "restart", PEER_VERB_RESTART, "cluster" },
                { "restart compute", PEER_VERB_RESTART, "compute" },
        };
        static const char *const refused[] = {
                "", " ", "bus ", " bus", "bus x", "BUS", "bus\n", "bus;id", "stream", "stream ", "stream ../../etc/passwd", "attach", "attach x", "attach " TICKET "\n", "stream 0011",
                "stream " TICKET " ", "stream " TICKET TICKET TICKET, "stream " TICKET "\n", "restart ", "restart ssh", "restart ssh.service",
                "restart rhv-cluster.service", "restart cluster compute", "restart cluster\n", "restart *", "sh", "scp -t /", "internal-sftp",
                "id", "$(id)", "restart\tcluster", "join x",
        };
        char argument[PEER_TICKET_STRING_MAX];

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                assert_int_equal(peer_command_parse(cases[i].command, argument), cases[i].verb);
                assert_string_equal(argument, cases[i].argument);
        }
        for (size_t i = 0; i < ELEMENTSOF(refused); i++)
                assert_true(peer_command_parse(refused[i], argument) < 0);
}

static void test_units(void **state) {
        assert_string_equal(peer_restart_unit("cluster"), "rhv-cluster.service");
        assert_null(peer_restart_unit("ssh"));
        assert_null(peer_restart_unit(""));
}

static void test_frames(void **state) {
        PeerFrame frames[] = {
                { .verb = PEER_VERB_BUS, .host_id = HOST1 },
                { .verb = PEER_VERB_STREAM, .host_id = HOST2, .ticket = TICKET },
                { .verb = PEER_VERB_JOIN, .address = "10.0.0.7" },
                { .verb = PEER_VERB_JOIN, .address = "fe80::1" },
        };

        for (size_t i = 0; i < ELEMENTSOF(frames); i++) {
                char line[PEER_FRAME_BYTES_MAX];
                PeerFrame again;

                assert_ok(peer_frame_format(frames + i, line));
                assert_int_equal(line[strlen(line) - 1], '\n');
                line[strlen(line) - 1] = 0;
                assert_ok(peer_frame_parse(line, &again));
                assert_memory_equal(frames + i, &again, sizeof again);
        }
}

static void test_bad_frames(void **state) {
        static const char *const bad[] = {
                "", "bus", "bus ", "bus x", "bus " HOST1 " ", "bus " HOST1 "x", "bus " HOST1 "\nbus " HOST2, "BUS " HOST1,
                "bus 11111111-1111-4111-8111-11111111111", "stream " HOST1, "stream " HOST1 " 00", "stream " HOST1 " " TICKET "g",
                "join", "join ", "join -oProxyCommand=x", "join a b", "restart cluster", "\xff\xfe",
        };
        PeerFrame frame;

        for (size_t i = 0; i < ELEMENTSOF(bad); i++)
                assert_int_equal(peer_frame_parse(bad[i], &frame), -EBADMSG);
        frame = (PeerFrame){ .verb = PEER_VERB_RESTART };
        assert_int_equal(peer_frame_format(&frame, (char[PEER_FRAME_BYTES_MAX]){ 0 }), -EINVAL);
}

static void test_answers(void **state) {
        char line[PEER_FRAME_BYTES_MAX], name[128], text[PEER_FRAME_BYTES_MAX], *long_text;

        peer_answer_format(NULL, NULL, line);
        assert_string_equal(line, "ok\n");
        assert_ok(peer_answer_parse("ok", name, text));
        peer_answer_format(RHV_ERROR_BUSY, "two\nlines", line);
        assert_string_equal(line, "refused " RHV_ERROR_BUSY " two lines\n");
        line[strlen(line) - 1] = 0;
        assert_int_equal(peer_answer_parse(line, name, text), -EREMOTEIO);
        assert_string_equal(name, RHV_ERROR_BUSY);
        assert_string_equal(text, "two lines");

        long_text = test_malloc(10000);
        memset(long_text, 'x', 9999);
        long_text[9999] = 0;
        peer_answer_format(RHV_ERROR_BUSY, long_text, line);
        assert_true(strlen(line) < PEER_FRAME_BYTES_MAX && line[strlen(line) - 1] == '\n');
        test_free(long_text);

        assert_int_equal(peer_answer_parse("refused com.example.Evil text", name, text), -EBADMSG);
        assert_int_equal(peer_answer_parse("refused", name, text), -EBADMSG);
        assert_int_equal(peer_answer_parse("okay", name, text), -EBADMSG);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_commands), cmocka_unit_test(test_units),   cmocka_unit_test(test_frames),
                cmocka_unit_test(test_bad_frames), cmocka_unit_test(test_answers),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
