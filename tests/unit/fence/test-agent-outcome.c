/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "fence-fixture.h"

#include "agent-outcome.h"

static void test_outcomes(void **state) {
        static const struct {
                FenceAction run;
                int exit_status;
                const char *out, *err;
                FenceOutcome outcome;
        } table[] = {
                { FENCE_ACTION_STATUS, 0, "Status: ON\n", "", FENCE_OUTCOME_ON },
                { FENCE_ACTION_STATUS, 2, "Status: OFF\n", "", FENCE_OUTCOME_OFF },
                { FENCE_ACTION_STATUS, 2, "chatter\nStatus: off\n", "", FENCE_OUTCOME_OFF },
                { FENCE_ACTION_STATUS, 0, "", "", FENCE_OUTCOME_ON },
                /* "off" is never read from the exit status alone */
                { FENCE_ACTION_STATUS, 2, "", "", FENCE_OUTCOME_FAILED },
                { FENCE_ACTION_STATUS, 2, "", "python3: can't open file '/usr/sbin/fence_x'", FENCE_OUTCOME_FAILED },
                { FENCE_ACTION_STATUS, 2, "Status: ON\n", "", FENCE_OUTCOME_FAILED },
                { FENCE_ACTION_STATUS, 2, "Status: OFFICE\n", "", FENCE_OUTCOME_FAILED },
                { FENCE_ACTION_STATUS, 2, "Status: OFF\nStatus: ON\n", "", FENCE_OUTCOME_FAILED },
                { FENCE_ACTION_STATUS, 0, "Status: OFF\n", "", FENCE_OUTCOME_FAILED },
                { FENCE_ACTION_STATUS, 1, "Status: OFF\n", "", FENCE_OUTCOME_FAILED },
                { FENCE_ACTION_STATUS, 1, "", "Failed: Unable to obtain correct plug status", FENCE_OUTCOME_FAILED },
                { FENCE_ACTION_STATUS, 1, "", "2026-01-01 00:00:00,000 ERROR: Connection timed out\n", FENCE_OUTCOME_TIMEOUT },
                { FENCE_ACTION_STATUS, 1, "", "ERROR: Unable to connect/login to fencing device\n", FENCE_OUTCOME_DENIED },
                { FENCE_ACTION_STATUS, 3, "", "", FENCE_OUTCOME_DENIED },
                { FENCE_ACTION_STATUS, 5, "", "", FENCE_OUTCOME_TIMEOUT },
                { FENCE_ACTION_STATUS, 255, "", "", FENCE_OUTCOME_FAILED },
                { FENCE_ACTION_OFF, 0, "Success: Powered OFF\n", "", FENCE_OUTCOME_SWITCHED },
                { FENCE_ACTION_OFF, 0, "", "", FENCE_OUTCOME_SWITCHED },
                { FENCE_ACTION_OFF, 2, "Status: OFF\n", "", FENCE_OUTCOME_FAILED },
                { FENCE_ACTION_OFF, 1, "", "Failed: Timed out waiting to power OFF", FENCE_OUTCOME_FAILED },
                { FENCE_ACTION_ON, 1, "Success: Powered ON\n", "", FENCE_OUTCOME_FAILED },
                { FENCE_ACTION_ON, 10, "", "", FENCE_OUTCOME_DENIED },
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++)
                assert_int_equal(agent_outcome(table[i].run, table[i].exit_status, table[i].out, table[i].err), table[i].outcome);
}

static void complaint_is(const char *err, const char *expected) {
        _cleanup_free_ char *complaint = agent_complaint(err);

        assert_non_null(complaint);
        assert_string_equal(complaint, expected);
}

static void test_complaints(void **state) {
        char longer[1000];
        _cleanup_free_ char *cut = NULL;

        complaint_is("", "");
        complaint_is("\n\n", "");
        complaint_is("one\ntwo\n", "two");
        complaint_is("2026-11-21 03:40:00,123 ERROR: Connection timed out\n\n", "Connection timed out");
        complaint_is("/usr/sbin/fence_ipmilan:5: DeprecationWarning: 'pipes' is deprecated\n  from pipes import quote\n", "");
        complaint_is("Failed: You have to set login name\n\nPlease use '-h' for usage\n", "Failed: You have to set login name");
        complaint_is("bad \x1b[31m\xff bytes\r\n", "bad  [31m? bytes");

        memset(longer, 'x', sizeof longer - 1);
        longer[sizeof longer - 1] = 0;
        cut = agent_complaint(longer);
        assert_int_equal(strlen(cut), AGENT_COMPLAINT_MAX);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_outcomes),
                cmocka_unit_test(test_complaints),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
