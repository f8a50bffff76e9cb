/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "fixture.h"
#include "guest-free.h"

#define OLD "11111111111111111111111111111111"
#define NEW "22222222222222222222222222222222"
#define AT 1000U /* the last sign of life */

static const struct {
        const char *what;
        GuestEvidence evidence;
        bool free;
        const char *reason;
} cases[] = {
        { "silent", { .last_sign_usec = AT }, false, "host-silent" },
        { "listed", { .host_heard = true, .host_lists_guest = true, .last_sign_usec = AT }, false, "runs-there" },
        { "listed, lease free", { .leased = true, .lease = LEASE_SIGHT_FREE, .host_heard = true, .host_lists_guest = true }, false, "runs-there" },
        { "heard, not listed", { .host_heard = true, .last_sign_usec = AT }, true, "host-has-it-not" },
        { "power off after", { .last_sign_usec = AT, .power_off_usec = AT + 1 }, true, "power-off-confirmed" },
        { "power off before", { .last_sign_usec = AT, .power_off_usec = AT - 1 }, false, "host-silent" },
        { "power off at the same time", { .last_sign_usec = AT, .power_off_usec = AT }, false, "host-silent" },
        { "a person after", { .last_sign_usec = AT, .confirmed_usec = AT + 1 }, true, "confirmed-by-hand" },
        { "a person before", { .last_sign_usec = AT, .confirmed_usec = AT - 1 }, false, "host-silent" },
        { "booted", { .boot_id = OLD, .boot_id_now = NEW, .last_sign_usec = AT }, true, "host-rebooted" },
        { "not booted", { .boot_id = OLD, .boot_id_now = OLD, .last_sign_usec = AT }, false, "host-silent" },
        { "boot not known", { .boot_id = "", .boot_id_now = NEW, .last_sign_usec = AT }, false, "host-silent" },
        { "dead without a lease", { .lease = LEASE_SIGHT_DEAD, .last_sign_usec = AT }, false, "host-silent" },
        { "lease dead", { .leased = true, .lease = LEASE_SIGHT_DEAD, .last_sign_usec = AT }, true, "lease-dead" },
        { "lease free", { .leased = true, .lease = LEASE_SIGHT_FREE, .last_sign_usec = AT }, true, "lease-free" },
        { "lease held, power off", { .leased = true, .lease = LEASE_SIGHT_HELD, .last_sign_usec = AT, .power_off_usec = AT + 1 }, false, "lease-held" },
        { "lease unknown, a person", { .leased = true, .last_sign_usec = AT, .confirmed_usec = AT + 1 }, false, "lease-unknown" },
};

static void test_cases(void **state) {
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                const char *reason = NULL;
                bool free = guest_is_free(&cases[i].evidence, &reason);

                if (free != cases[i].free || strcmp(reason, cases[i].reason) != 0)
                        fail_msg("%s: %d %s", cases[i].what, free, reason);
        }
}

/* Over everything there may be: what may never be. */
static void test_never(void **state) {
        static const uint64_t moments[] = { 0, AT - 1, AT, AT + 1 };

        for (unsigned bits = 0; bits < 1U << 9; bits++)
                for (unsigned sight = 0; sight < 4; sight++) {
                        GuestEvidence e = { .leased = bits & 1, .lease = (LeaseSight)sight, .host_heard = bits & 2, .host_lists_guest = bits & 4,
                                            .last_sign_usec = AT, .power_off_usec = moments[bits >> 3 & 3], .confirmed_usec = moments[bits >> 5 & 3] };
                        const char *reason = NULL;
                        bool free;

                        (void) memcpy(e.boot_id, bits & 128 ? OLD : "", bits & 128 ? sizeof OLD : 1);
                        (void) memcpy(e.boot_id_now, bits & 256 ? NEW : OLD, sizeof NEW);
                        free = guest_is_free(&e, &reason);
                        assert_non_null(reason);
                        if (e.host_heard && e.host_lists_guest)
                                assert_false(free); /* it runs */
                        if (e.leased && (sight == LEASE_SIGHT_HELD || sight == LEASE_SIGHT_UNKNOWN))
                                assert_false(free); /* whatever anybody says */
                        if (!e.leased && !e.host_heard && e.power_off_usec <= AT && e.confirmed_usec <= AT && !((bits & 128) && (bits & 256)))
                                assert_false(free); /* silence, and sanlock's "dead", are no proof */
                }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_cases),
                cmocka_unit_test(test_never),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
