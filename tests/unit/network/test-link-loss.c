/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* When a network counts as lost: grace, hold, flapping, NetworkManager away; and that no order of states and times breaks the rules. */

#include "view-fixture.h"

#include "dict.h"
#include "link-loss.h"
#include "macro.h"

#define SECOND USEC_PER_SEC

static uint64_t next;
static LossMoment moment;

/* One step with one network; the event as "+", "-" or "". */
static const char *step(json_t *known, const char *state, uint64_t now) {
        _cleanup_json_ json_t *networks = json_pack("{s:{s:s, s:s}}", "red", "State", state, "StateReason", "eth1 has no carrier"), *events = NULL;

        assert_int_equal(link_loss_step(known, networks, moment, now, &events, &next), 0);
        if (json_array_size(events) == 0)
                return "";
        assert_int_equal(json_array_size(events), 1);
        assert_string_equal(dict_string(json_array_get(events, 0), "network", ""), "red");
        assert_string_equal(dict_string(json_array_get(events, 0), "reason", ""), "eth1 has no carrier");
        return dict_boolean(json_array_get(events, 0), "lost", false) ? "-" : "+";
}

static void lost_and_restored(void **state) {
        _cleanup_json_ json_t *known = json_object();
        uint64_t t = 100 * SECOND;

        assert_string_equal(step(known, "active", t), "");
        assert_true(next == USEC_INFINITY);
        assert_string_equal(step(known, "failed", t + 1), "");
        assert_true(next == t + 1 + LOSS_GRACE_USEC);
        assert_string_equal(step(known, "activating", t + LOSS_GRACE_USEC), "");
        assert_false(link_loss_is_lost(known, "red"));
        assert_string_equal(step(known, "failed", t + 1 + LOSS_GRACE_USEC), "-");
        assert_true(link_loss_is_lost(known, "red"));
        assert_true(next == USEC_INFINITY);
        t += 60 * SECOND;
        assert_string_equal(step(known, "out-of-sync", t), "");
        assert_true(next == t + LOSS_HOLD_USEC);
        assert_string_equal(step(known, "active", t + LOSS_HOLD_USEC), "+");
        assert_false(link_loss_is_lost(known, "red"));
}

/* While it is made its devices are not there yet. */
static void made_anew(void **state) {
        _cleanup_json_ json_t *known = json_object();

        assert_string_equal(step(known, "failed", 5), "");
        assert_false(link_loss_is_lost(known, "red"));
        assert_true(next == 5 + LOSS_GRACE_USEC);
        assert_string_equal(step(known, "activating", 6), "");
        assert_string_equal(step(known, "active", 7), "");
        assert_true(next == USEC_INFINITY);
}

/* A network that waits in vain for its address until the set-up is rolled back was never in force: nobody hears of its loss. One that was there before is lost all the same. */
static void never_in_force(void **state) {
        _cleanup_json_ json_t *known = json_object(), *old = json_object();
        uint64_t t = 100 * SECOND;

        assert_string_equal(step(old, "active", t), "");
        moment = LOSS_MAKING;
        assert_string_equal(step(known, "activating", t), "");
        assert_true(next == USEC_INFINITY);
        assert_string_equal(step(known, "failed", t + 60 * SECOND), "");
        assert_string_equal(step(known, "active", t + 61 * SECOND), "");
        assert_string_equal(step(known, "failed", t + 70 * SECOND), "");
        assert_string_equal(step(old, "failed", t + 60 * SECOND), "");
        assert_string_equal(step(old, "failed", t + 60 * SECOND + LOSS_GRACE_USEC), "-");
        moment = LOSS_QUIET;
        assert_string_equal(step(known, "failed", t + 80 * SECOND), "");
        assert_true(next == t + 80 * SECOND + LOSS_GRACE_USEC);
        assert_string_equal(step(known, "failed", t + 80 * SECOND + LOSS_GRACE_USEC), "-");
        /* in force once, it is as any other in the next set-up */
        moment = LOSS_MAKING;
        assert_string_equal(step(known, "active", t + 90 * SECOND), "");
        assert_string_equal(step(known, "active", t + 90 * SECOND + LOSS_HOLD_USEC), "+");
        moment = LOSS_QUIET;
}

static void flapping_is_no_loss(void **state) {
        _cleanup_json_ json_t *known = json_object();

        for (uint64_t t = 0; t < 100 * SECOND; t += LOSS_GRACE_USEC - 1) {
                assert_string_equal(step(known, "active", t), "");
                assert_string_equal(step(known, "failed", t + 1), "");
        }
        assert_false(link_loss_is_lost(known, "red"));
}

static void unknown_moves_nothing(void **state) {
        _cleanup_json_ json_t *known = json_object();

        assert_string_equal(step(known, "unknown", 1), "");
        assert_string_equal(step(known, "active", 2), "");
        assert_string_equal(step(known, "unknown", 1000 * SECOND), "");
        assert_string_equal(step(known, "failed", 1001 * SECOND), "");
        assert_string_equal(step(known, "unknown", 1003 * SECOND), ""); /* the grace begins anew */
        assert_string_equal(step(known, "failed", 1007 * SECOND), "");
        assert_string_equal(step(known, "failed", 1012 * SECOND), "-");
        assert_string_equal(step(known, "unknown", 2000 * SECOND), "");
        assert_true(link_loss_is_lost(known, "red"));
}

/* A service that starts while the link is down says so at once, and tells nobody that it went. */
static void bad_from_the_start(void **state) {
        _cleanup_json_ json_t *known = json_object(), *none = json_object(), *events = NULL;

        moment = LOSS_STARTING;
        assert_string_equal(step(known, "failed", 5), "");
        moment = LOSS_QUIET;
        assert_true(link_loss_is_lost(known, "red"));
        assert_int_equal(link_loss_step(known, none, LOSS_QUIET, 6, &events, &next), 0);
        assert_int_equal(json_object_size(known), 0);
        assert_false(link_loss_is_lost(known, "red"));
}

/* For random states and times: events alternate, and never come before their time. */
static void any_order(void **state) {
        static const char *const words[] = { "active", "failed", "activating", "unknown", "out-of-sync" };
        uint32_t seed = 12345;

        for (int run = 0; run < 200; run++) {
                _cleanup_json_ json_t *known = json_object();
                uint64_t t = SECOND, since = t;
                bool lost = false, was_bad = false;

                assert_string_equal(step(known, "active", t), "");
                for (int i = 0; i < 200; i++) {
                        const char *word, *event;
                        bool bad;

                        seed = seed * 1103515245U + 12345U;
                        word = words[(seed >> 16) % ELEMENTSOF(words)];
                        t += (seed >> 8) % (3 * SECOND);
                        event = step(known, word, t);
                        bad = streq(word, "failed") || streq(word, "activating");
                        if (bad != was_bad || streq(word, "unknown"))
                                since = t;
                        was_bad = bad;
                        if (*event) {
                                assert_true(streq(event, lost ? "+" : "-"));
                                assert_true(t - since >= (lost ? LOSS_HOLD_USEC : LOSS_GRACE_USEC));
                                lost = !lost;
                        }
                        assert_true(lost == link_loss_is_lost(known, "red"));
                        assert_true(next > t);
                }
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(lost_and_restored),
                cmocka_unit_test(made_anew),
                cmocka_unit_test(never_in_force),
                cmocka_unit_test(flapping_is_no_loss),
                cmocka_unit_test(unknown_moves_nothing),
                cmocka_unit_test(bad_from_the_start),
                cmocka_unit_test(any_order),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
