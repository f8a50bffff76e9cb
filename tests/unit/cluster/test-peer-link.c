/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "fixture.h"
#include "peer-link.h"

#define LOW "00000000-0000-4000-8000-000000000001"
#define HIGH "00000000-0000-4000-8000-000000000002"
#define T0 (1000 * USEC_PER_SEC)
#define S USEC_PER_SEC

static PeerLink dialled(void) {
        PeerLink link;

        peer_link_init(&link, true, LOW, HIGH, T0);
        assert_int_equal(peer_link_tick(&link, T0, 0, true), PEER_LINK_DO_DIAL | PEER_LINK_DO_TELL);
        assert_int_equal(link.state, PEER_LINK_DIALLING);
        return link;
}

static PeerLink up(void) {
        PeerLink link = dialled();

        assert_int_equal(peer_link_hello(&link, T0 + S), PEER_LINK_DO_TELL);
        assert_int_equal(link.state, PEER_LINK_UP);
        assert_string_equal(link.reason, "");
        return link;
}

static void test_who_does_not_dial_waits(void **state) {
        PeerLink link;

        peer_link_init(&link, false, LOW, HIGH, T0);
        assert_int_equal(peer_link_next(&link), USEC_INFINITY);
        assert_int_equal(peer_link_tick(&link, T0 + 1000 * S, 0, true), 0);
        assert_int_equal(peer_link_incoming(&link, T0 + 1001 * S), PEER_LINK_DO_ADOPT | PEER_LINK_DO_TELL);
        assert_int_equal(link.state, PEER_LINK_UP);
        assert_int_equal(peer_link_closed(&link, T0 + 1002 * S, "gone"), PEER_LINK_DO_TELL);
        assert_int_equal(peer_link_next(&link), USEC_INFINITY);
}

static void test_not_too_many_dial(void **state) {
        PeerLink link;

        peer_link_init(&link, true, LOW, HIGH, T0);
        assert_int_equal(peer_link_tick(&link, T0, 0, false), 0);
        assert_int_equal(link.state, PEER_LINK_DOWN);
        assert_int_equal(peer_link_tick(&link, T0 + 1, 0, true), PEER_LINK_DO_DIAL | PEER_LINK_DO_TELL);
}

static void test_a_try_ends(void **state) {
        PeerLink link = dialled();

        assert_int_equal(peer_link_next(&link), T0 + PEER_LINK_HELLO_USEC);
        assert_int_equal(peer_link_tick(&link, T0 + PEER_LINK_HELLO_USEC - 1, 0, true), 0);
        assert_int_equal(peer_link_tick(&link, T0 + PEER_LINK_HELLO_USEC, 0, true), PEER_LINK_DO_CLOSE | PEER_LINK_DO_TELL);
        assert_int_equal(link.state, PEER_LINK_DOWN);
        assert_false(link.dropped);
        assert_true(strlen(link.reason) > 0);
        assert_in_range(peer_link_next(&link), T0 + PEER_LINK_HELLO_USEC + PEER_LINK_PAUSE_MIN_USEC,
                        T0 + PEER_LINK_HELLO_USEC + PEER_LINK_PAUSE_MIN_USEC * 5 / 4);
        /* a late Hello of the try that was given up */
        assert_int_equal(peer_link_hello(&link, T0 + 16 * S), 0);
}

static void test_the_reason_stays(void **state) {
        PeerLink link = dialled();

        assert_int_equal(peer_link_closed(&link, T0 + S, "no route"), PEER_LINK_DO_TELL);
        assert_int_equal(peer_link_closed(&link, T0 + S, "again"), 0);
        assert_int_equal(peer_link_tick(&link, link.dial_at, 0, true), PEER_LINK_DO_DIAL | PEER_LINK_DO_TELL);
        assert_int_equal(link.state, PEER_LINK_DIALLING);
        assert_string_equal(link.reason, "no route");
}

static void test_pauses_grow(void **state) {
        PeerLink link = dialled();
        uint64_t now = T0, last = 0;

        for (int i = 0; i < 40; i++) {
                uint64_t pause;

                assert_int_equal(peer_link_closed(&link, now, "no"), PEER_LINK_DO_TELL);
                pause = peer_link_next(&link) - now;
                assert_in_range(pause, PEER_LINK_PAUSE_MIN_USEC, PEER_LINK_PAUSE_MAX_USEC * 5 / 4);
                if (i > 0 && i < 6)
                        assert_true(pause > last);
                last = pause;
                now = peer_link_next(&link);
                assert_int_equal(peer_link_tick(&link, now, 0, true), PEER_LINK_DO_DIAL | PEER_LINK_DO_TELL);
        }
        assert_true(last >= PEER_LINK_PAUSE_MAX_USEC);
        assert_true(peer_link_pause(3, 1) != peer_link_pause(3, 2));
        assert_true(peer_link_pause(UINT32_MAX, UINT32_MAX) <= PEER_LINK_PAUSE_MAX_USEC * 5 / 4);
}

static void test_flapping_keeps_its_pause(void **state) {
        PeerLink link = up();

        link.failures = 6;
        (void) peer_link_closed(&link, T0 + 2 * S, "gone");
        assert_int_equal(link.failures, 7);

        link = up();
        link.failures = 6;
        (void) peer_link_closed(&link, T0 + S + PEER_LINK_STEADY_USEC, "gone");
        assert_int_equal(link.failures, 1);
}

static void test_ping(void **state) {
        PeerLink link = up();
        uint64_t now = T0 + S;

        for (int i = 0; i < 3; i++) {
                assert_int_equal(peer_link_next(&link), now);
                assert_int_equal(peer_link_tick(&link, now, 0, true), PEER_LINK_DO_PING);
                assert_int_equal(peer_link_tick(&link, now, 0, true), 0);
                assert_int_equal(peer_link_next(&link), now + PEER_LINK_SILENCE_USEC);
                peer_link_pong(&link, now + 300);
                assert_int_equal(link.round_trip, 300);
                assert_int_equal(link.last_seen, now + 300);
                now += PEER_LINK_PING_USEC;
        }
        peer_link_pong(&link, now + 5); /* nobody asked */
        assert_int_equal(link.round_trip, 300);
}

static void test_frozen(void **state) {
        PeerLink link = up();

        (void) peer_link_tick(&link, T0 + S, 0, true);
        peer_link_heard(&link, T0 + 5 * S); /* words are no answer */
        assert_int_equal(peer_link_tick(&link, T0 + S + PEER_LINK_SILENCE_USEC - 1, 0, true), 0);
        assert_int_equal(peer_link_tick(&link, T0 + S + PEER_LINK_SILENCE_USEC, 0, true), PEER_LINK_DO_CLOSE | PEER_LINK_DO_TELL);
        assert_int_equal(link.state, PEER_LINK_DOWN);
        assert_true(link.dropped);
        assert_int_equal(link.last_seen, T0 + 5 * S);
}

static void test_never_reads(void **state) {
        PeerLink link = up();

        assert_int_equal(peer_link_tick(&link, T0 + S, PEER_LINK_QUEUE_MAX, true), PEER_LINK_DO_PING);
        assert_int_equal(peer_link_tick(&link, T0 + S, PEER_LINK_QUEUE_MAX + 1, true), PEER_LINK_DO_CLOSE | PEER_LINK_DO_TELL);
        assert_non_null(strstr(link.reason, "does not read"));
        assert_true(link.dropped);
}

/* Two that dial each other at once end with one connection: the one that the lower id dialled. */
static void test_both_dial(void **state) {
        PeerLink low = dialled(), high;

        peer_link_init(&high, true, HIGH, LOW, T0);
        (void) peer_link_tick(&high, T0, 0, true);
        assert_int_equal(peer_link_incoming(&low, T0 + S), PEER_LINK_DO_REFUSE);
        assert_int_equal(low.state, PEER_LINK_DIALLING);
        assert_int_equal(peer_link_incoming(&high, T0 + S), PEER_LINK_DO_CLOSE | PEER_LINK_DO_ADOPT | PEER_LINK_DO_TELL);
        assert_int_equal(high.state, PEER_LINK_UP);
        assert_int_equal(peer_link_hello(&low, T0 + S), PEER_LINK_DO_TELL);
}

/* Half open: the other side lost the connection and comes again before we noticed. */
static void test_comes_again(void **state) {
        PeerLink link = up();

        assert_int_equal(peer_link_incoming(&link, T0 + 3 * S), PEER_LINK_DO_CLOSE | PEER_LINK_DO_ADOPT | PEER_LINK_DO_TELL);
        assert_int_equal(link.state, PEER_LINK_UP);
        assert_int_equal(link.since, T0 + 3 * S);
        assert_int_equal(peer_link_tick(&link, T0 + 3 * S, 0, true), PEER_LINK_DO_PING);
}

static void test_retry(void **state) {
        PeerLink link = dialled();

        for (int i = 0; i < 10; i++) {
                (void) peer_link_closed(&link, T0, "no");
                (void) peer_link_tick(&link, link.dial_at, 0, true);
        }
        (void) peer_link_closed(&link, T0, "no");
        peer_link_retry(&link, T0 + S);
        assert_int_equal(peer_link_next(&link), T0 + S);
        assert_int_equal(link.failures, 0);
}

static void test_words(void **state) {
        for (PeerLinkState s = 0; s < _PEER_LINK_STATE_MAX; s++)
                assert_int_equal(peer_link_state_from_string(peer_link_state_to_string(s)), s);
        assert_true(peer_link_state_from_string("elsewhere") < 0);
}

/* Whatever happens in whatever order: there is always a next step for who dials, and never a connection more than one. */
static void test_any_order(void **state) {
        srandom(3);
        for (int round = 0; round < 2000; round++) {
                bool dials = random() % 2;
                int connections = 0;
                uint64_t now = T0;
                PeerLink link;

                peer_link_init(&link, dials, random() % 2 ? LOW : HIGH, "00000000-0000-4000-8000-000000000001a", now);
                for (int step = 0; step < 60; step++) {
                        unsigned what = 0;
                        bool incoming = false;

                        now += (uint64_t)random() % (8 * S);
                        switch (random() % 7) {
                        case 0:
                        case 1:
                                what = peer_link_tick(&link, now, (uint64_t)random() % 600, random() % 4 > 0);
                                break;
                        case 2:
                                what = peer_link_hello(&link, now);
                                break;
                        case 3:
                                incoming = true;
                                what = peer_link_incoming(&link, now);
                                break;
                        case 4:
                                if (connections > 0) {
                                        connections--;
                                        what = peer_link_closed(&link, now, "x");
                                }
                                break;
                        case 5:
                                peer_link_pong(&link, now);
                                break;
                        default:
                                peer_link_heard(&link, now);
                        }
                        if (what & PEER_LINK_DO_CLOSE)
                                connections--;
                        if (what & (PEER_LINK_DO_DIAL | PEER_LINK_DO_ADOPT))
                                connections++;
                        if (incoming)
                                assert_int_equal(!(what & PEER_LINK_DO_ADOPT), !!(what & PEER_LINK_DO_REFUSE));
                        assert_int_equal(connections, link.state == PEER_LINK_DOWN ? 0 : 1);
                        if (what & PEER_LINK_DO_PING)
                                assert_int_equal(link.state, PEER_LINK_UP);
                        if (dials || link.state != PEER_LINK_DOWN)
                                assert_true(peer_link_next(&link) != USEC_INFINITY && peer_link_next(&link) > 0);
                        assert_true(link.state == PEER_LINK_UP || link.reason[0]);
                }
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_who_does_not_dial_waits),
                cmocka_unit_test(test_not_too_many_dial),
                cmocka_unit_test(test_a_try_ends),
                cmocka_unit_test(test_the_reason_stays),
                cmocka_unit_test(test_pauses_grow),
                cmocka_unit_test(test_flapping_keeps_its_pause),
                cmocka_unit_test(test_ping),
                cmocka_unit_test(test_frozen),
                cmocka_unit_test(test_never_reads),
                cmocka_unit_test(test_both_dial),
                cmocka_unit_test(test_comes_again),
                cmocka_unit_test(test_retry),
                cmocka_unit_test(test_words),
                cmocka_unit_test(test_any_order),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
