/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "fence-fixture.h"

#include "sequence.h"

/*
 * A whole action in one line. Each letter is what the next agent run tells:
 *     + on   - off   s switched   f failed   d denied   t timeout   m missing   a aborted
 * The trace shows what was done: S O F for status, on, off runs, and a digit (or *) for the seconds slept before.
 */
static FenceOutcome outcome_of(char letter) {
        static const char letters[] = "+-sfdtma";
        const char *p = strchr(letters, letter);

        assert_non_null(p);
        return (FenceOutcome)(p - letters);
}

typedef struct Run {
        Sequence sequence;
        SequenceVerdict verdict;
        char trace[256];
        uint64_t now_usec;
} Run;

static void play(Run *run, FenceAction action, uint64_t timeout_usec, const char *outcomes, uint64_t each_usec) {
        SequenceStep step;
        size_t n = 0;

        *run = (Run){ .now_usec = 1000 * USEC_PER_SEC };
        step = sequence_begin(&run->sequence, action, run->now_usec, timeout_usec);
        while (step.kind != SEQUENCE_FINISH) {
                assert_true(n < sizeof run->trace - 2);
                if (step.kind == SEQUENCE_SLEEP) {
                        uint64_t seconds = (step.until_usec - run->now_usec) / USEC_PER_SEC;

                        assert_true(step.until_usec > run->now_usec);
                        run->trace[n++] = seconds > 9 ? '*' : (char)('0' + seconds);
                        run->now_usec = step.until_usec;
                        step = sequence_slept(&run->sequence, run->now_usec);
                        continue;
                }
                run->trace[n++] = step.run == FENCE_ACTION_STATUS ? 'S' : step.run == FENCE_ACTION_ON ? 'O' : 'F';
                run->now_usec += each_usec;
                /* the last letter goes on for ever */
                step = sequence_ran(&run->sequence, outcome_of(*outcomes), run->now_usec);
                if (outcomes[1])
                        outcomes++;
        }
        run->verdict = step.verdict;
}

static void test_table(void **state) {
        static const struct {
                FenceAction action;
                const char *outcomes, *trace;
                SequenceVerdict verdict;
                FenceStatus status;
                bool was_off;
        } table[] = {
                { FENCE_ACTION_STATUS, "+", "S", SEQUENCE_CONFIRMED, FENCE_STATUS_ON, false },
                { FENCE_ACTION_STATUS, "-", "S", SEQUENCE_CONFIRMED, FENCE_STATUS_OFF, true },
                { FENCE_ACTION_STATUS, "f", "S", SEQUENCE_FAILED, FENCE_STATUS_UNKNOWN, false },
                { FENCE_ACTION_STATUS, "d", "S", SEQUENCE_FAILED, FENCE_STATUS_UNKNOWN, false },
                { FENCE_ACTION_STATUS, "t", "S", SEQUENCE_FAILED, FENCE_STATUS_UNKNOWN, false },
                { FENCE_ACTION_STATUS, "a", "S", SEQUENCE_STOPPED, FENCE_STATUS_UNKNOWN, false },

                { FENCE_ACTION_OFF, "s-", "FS", SEQUENCE_CONFIRMED, FENCE_STATUS_OFF, true },
                { FENCE_ACTION_OFF, "s+-", "FS1S", SEQUENCE_CONFIRMED, FENCE_STATUS_OFF, true },
                { FENCE_ACTION_OFF, "s+++++-", "FS1S2S4S8S*S", SEQUENCE_CONFIRMED, FENCE_STATUS_OFF, true },
                { FENCE_ACTION_OFF, "sft-", "FS1S2S", SEQUENCE_CONFIRMED, FENCE_STATUS_OFF, true },
                { FENCE_ACTION_OFF, "sd-", "FS1S", SEQUENCE_CONFIRMED, FENCE_STATUS_OFF, true },
                { FENCE_ACTION_OFF, "fs-", "F2FS", SEQUENCE_CONFIRMED, FENCE_STATUS_OFF, true },
                { FENCE_ACTION_OFF, "ts-", "F2FS", SEQUENCE_CONFIRMED, FENCE_STATUS_OFF, true },
                { FENCE_ACTION_OFF, "ff", "F2F", SEQUENCE_FAILED, FENCE_STATUS_UNKNOWN, false },
                { FENCE_ACTION_OFF, "d", "F", SEQUENCE_FAILED, FENCE_STATUS_UNKNOWN, false },
                { FENCE_ACTION_OFF, "m", "F", SEQUENCE_FAILED, FENCE_STATUS_UNKNOWN, false },
                { FENCE_ACTION_OFF, "sm", "FS", SEQUENCE_FAILED, FENCE_STATUS_UNKNOWN, false },
                { FENCE_ACTION_OFF, "a", "F", SEQUENCE_STOPPED, FENCE_STATUS_UNKNOWN, false },
                { FENCE_ACTION_OFF, "sa", "FS", SEQUENCE_STOPPED, FENCE_STATUS_UNKNOWN, false },
                /* a status told by a switch run means nothing */
                { FENCE_ACTION_OFF, "--", "F2F", SEQUENCE_FAILED, FENCE_STATUS_UNKNOWN, false },
                { FENCE_ACTION_OFF, "ss-", "FS1S", SEQUENCE_CONFIRMED, FENCE_STATUS_OFF, true },

                { FENCE_ACTION_ON, "s+", "OS", SEQUENCE_CONFIRMED, FENCE_STATUS_ON, false },
                { FENCE_ACTION_ON, "s-+", "OS1S", SEQUENCE_CONFIRMED, FENCE_STATUS_ON, true },
                { FENCE_ACTION_ON, "ff", "O2O", SEQUENCE_FAILED, FENCE_STATUS_UNKNOWN, false },

                { FENCE_ACTION_REBOOT, "s-s+", "FSOS", SEQUENCE_CONFIRMED, FENCE_STATUS_ON, true },
                { FENCE_ACTION_REBOOT, "s+-s-+", "FS1SOS1S", SEQUENCE_CONFIRMED, FENCE_STATUS_ON, true },
                { FENCE_ACTION_REBOOT, "fs-fs+", "F2FSO2OS", SEQUENCE_CONFIRMED, FENCE_STATUS_ON, true },
                { FENCE_ACTION_REBOOT, "ff", "F2F", SEQUENCE_FAILED, FENCE_STATUS_UNKNOWN, false },
                /* off, but not on again: failed, and what "off" said is not today's status any more */
                { FENCE_ACTION_REBOOT, "s-ff", "FSO2O", SEQUENCE_FAILED, FENCE_STATUS_UNKNOWN, true },
                { FENCE_ACTION_REBOOT, "s-d", "FSO", SEQUENCE_FAILED, FENCE_STATUS_UNKNOWN, true },
                { FENCE_ACTION_REBOOT, "sa", "FS", SEQUENCE_STOPPED, FENCE_STATUS_UNKNOWN, false },
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                Run run;

                play(&run, table[i].action, sequence_default_timeout(table[i].action), table[i].outcomes, USEC_PER_SEC / 10);
                if (!streq(run.trace, table[i].trace) || run.verdict != table[i].verdict)
                        print_error("%s %s: %s, verdict %d\n", fence_action_to_string(table[i].action), table[i].outcomes, run.trace,
                                    (int)run.verdict);
                assert_string_equal(run.trace, table[i].trace);
                assert_int_equal(run.verdict, table[i].verdict);
                assert_int_equal(run.sequence.status, table[i].status);
                assert_int_equal(run.sequence.was_off, table[i].was_off);
        }
}

/* Every wait has an end, whatever a device does. */
static void test_deadline(void **state) {
        Run run;

        play(&run, FENCE_ACTION_OFF, SEQUENCE_SWITCH_USEC, "s+", USEC_PER_SEC / 10);
        assert_int_equal(run.verdict, SEQUENCE_NOT_DONE);
        assert_int_equal(run.sequence.status, FENCE_STATUS_ON);
        assert_true(run.now_usec <= 1000 * USEC_PER_SEC + SEQUENCE_SWITCH_USEC);
        assert_true(run.now_usec >= 1000 * USEC_PER_SEC + SEQUENCE_SWITCH_USEC - SEQUENCE_STATUS_DELAY_MAX_USEC - USEC_PER_SEC);

        play(&run, FENCE_ACTION_OFF, SEQUENCE_SWITCH_USEC, "st", 60 * USEC_PER_SEC);
        assert_int_equal(run.verdict, SEQUENCE_UNCONFIRMED);
        assert_int_equal(run.sequence.status, FENCE_STATUS_UNKNOWN);

        /* the switch itself used all the time */
        play(&run, FENCE_ACTION_OFF, 5 * USEC_PER_SEC, "t", 5 * USEC_PER_SEC);
        assert_string_equal(run.trace, "F");
        assert_int_equal(run.verdict, SEQUENCE_EXPIRED);
        play(&run, FENCE_ACTION_OFF, 5 * USEC_PER_SEC, "s", 5 * USEC_PER_SEC);
        assert_string_equal(run.trace, "F");
        assert_int_equal(run.verdict, SEQUENCE_EXPIRED);

        /* with hours to go, the number of status runs ends it */
        play(&run, FENCE_ACTION_ON, SEQUENCE_TIMEOUT_MAX_USEC, "s-", USEC_PER_SEC / 10);
        assert_int_equal(run.verdict, SEQUENCE_NOT_DONE);
        assert_true(strlen(run.trace) < 2 * SEQUENCE_STATUS_TRIES + 2);
}

/* Over all short stories: "confirmed off" is said only if the very last run said off, and no run goes past the deadline. */
static void test_unknown_is_never_off(void **state) {
        static const char letters[] = "+-sfdtm";
        char story[7];

        for (unsigned n = 0; n < 7 * 7 * 7 * 7 * 7 * 7; n++) {
                Run run;
                unsigned rest = n;

                for (size_t i = 0; i < 6; i++, rest /= 7)
                        story[i] = letters[rest % 7];
                story[6] = 0;
                for (FenceAction action = FENCE_ACTION_ON; action <= FENCE_ACTION_REBOOT; action++) {
                        play(&run, action, 60 * USEC_PER_SEC, story, 2 * USEC_PER_SEC);
                        if (run.verdict != SEQUENCE_CONFIRMED)
                                continue;
                        assert_int_equal(run.sequence.last, action == FENCE_ACTION_OFF ? FENCE_OUTCOME_OFF : FENCE_OUTCOME_ON);
                        if (action == FENCE_ACTION_REBOOT)
                                assert_true(run.sequence.was_off);
                }
        }
}

static void test_words(void **state) {
        assert_int_equal(fence_action_from_string("reboot"), FENCE_ACTION_REBOOT);
        assert_true(fence_action_from_string("cycle") < 0);
        for (int i = 0; i < _FENCE_ACTION_MAX; i++)
                assert_int_equal(fence_action_from_string(fence_action_to_string((FenceAction)i)), i);
        for (int i = 0; i < _FENCE_OUTCOME_MAX; i++)
                assert_non_null(fence_outcome_to_string((FenceOutcome)i));
        for (int i = 0; i < _FENCE_STATUS_MAX; i++)
                assert_non_null(fence_status_to_string((FenceStatus)i));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_table),
                cmocka_unit_test(test_deadline),
                cmocka_unit_test(test_unknown_is_never_off),
                cmocka_unit_test(test_words),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
