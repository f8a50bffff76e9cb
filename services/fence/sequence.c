/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "sequence.h"

static const char *const fence_action_table[] = {
        [FENCE_ACTION_STATUS] = "status",
        [FENCE_ACTION_ON] = "on",
        [FENCE_ACTION_OFF] = "off",
        [FENCE_ACTION_REBOOT] = "reboot",
};
DEFINE_STRING_TABLE(fence_action, FenceAction, _FENCE_ACTION_MAX)

static const char *const fence_outcome_table[] = {
        [FENCE_OUTCOME_ON] = "on",           [FENCE_OUTCOME_OFF] = "off",         [FENCE_OUTCOME_SWITCHED] = "switched",
        [FENCE_OUTCOME_FAILED] = "failed",   [FENCE_OUTCOME_DENIED] = "denied",   [FENCE_OUTCOME_TIMEOUT] = "timeout",
        [FENCE_OUTCOME_MISSING] = "missing", [FENCE_OUTCOME_ABORTED] = "aborted",
};
DEFINE_STRING_TABLE(fence_outcome, FenceOutcome, _FENCE_OUTCOME_MAX)

static const char *const fence_status_table[] = {
        [FENCE_STATUS_UNKNOWN] = "unknown",
        [FENCE_STATUS_ON] = "on",
        [FENCE_STATUS_OFF] = "off",
};
DEFINE_STRING_TABLE(fence_status, FenceStatus, _FENCE_STATUS_MAX)

uint64_t sequence_default_timeout(FenceAction action) {
        switch (action) {
        case FENCE_ACTION_STATUS:
                return SEQUENCE_STATUS_USEC;
        case FENCE_ACTION_REBOOT:
                return SEQUENCE_REBOOT_USEC;
        default:
                return SEQUENCE_SWITCH_USEC;
        }
}

static SequenceStep finish(SequenceVerdict verdict) {
        return (SequenceStep){ .kind = SEQUENCE_FINISH, .verdict = verdict };
}

static SequenceStep run_now(Sequence *sequence, uint64_t now_usec) {
        FenceAction run = sequence->confirming ? FENCE_ACTION_STATUS : sequence->phase;

        if (now_usec >= sequence->deadline_usec)
                return finish(SEQUENCE_EXPIRED);

        /* What the device said before a switch is no news after it. */
        if (run != FENCE_ACTION_STATUS) {
                sequence->switch_tries++;
                sequence->status = FENCE_STATUS_UNKNOWN;
        } else
                sequence->status_tries++;

        return (SequenceStep){ .kind = SEQUENCE_RUN, .run = run, .until_usec = sequence->deadline_usec };
}

static SequenceStep run_later(const Sequence *sequence, uint64_t now_usec, uint64_t delay_usec) {
        if (now_usec >= sequence->deadline_usec || sequence->deadline_usec - now_usec <= delay_usec)
                return finish(SEQUENCE_EXPIRED);
        return (SequenceStep){ .kind = SEQUENCE_SLEEP, .until_usec = now_usec + delay_usec };
}

static void enter_phase(Sequence *sequence, FenceAction phase) {
        sequence->phase = phase;
        sequence->confirming = phase == FENCE_ACTION_STATUS;
        sequence->switch_tries = sequence->status_tries = 0;
}

SequenceStep sequence_begin(Sequence *sequence, FenceAction action, uint64_t now_usec, uint64_t timeout_usec) {
        *sequence = (Sequence){
                .action = action,
                .deadline_usec = now_usec + timeout_usec,
                .last = FENCE_OUTCOME_FAILED,
                .status = FENCE_STATUS_UNKNOWN,
        };
        enter_phase(sequence, action == FENCE_ACTION_REBOOT ? FENCE_ACTION_OFF : action);
        return run_now(sequence, now_usec);
}

static SequenceStep after_switch(Sequence *sequence, FenceOutcome outcome, uint64_t now_usec) {
        switch (outcome) {
        case FENCE_OUTCOME_SWITCHED:
                sequence->confirming = true;
                return run_now(sequence, now_usec);
        case FENCE_OUTCOME_DENIED:
        case FENCE_OUTCOME_MISSING:
                return finish(SEQUENCE_FAILED);
        default:
                if (sequence->switch_tries >= SEQUENCE_SWITCH_TRIES)
                        return finish(SEQUENCE_FAILED);
                return run_later(sequence, now_usec, SEQUENCE_SWITCH_DELAY_USEC);
        }
}

static uint64_t status_delay(unsigned tries) {
        uint64_t delay_usec = SEQUENCE_STATUS_DELAY_MIN_USEC;

        for (unsigned i = 1; i < tries && delay_usec < SEQUENCE_STATUS_DELAY_MAX_USEC; i++)
                delay_usec *= 2;
        return delay_usec < SEQUENCE_STATUS_DELAY_MAX_USEC ? delay_usec : SEQUENCE_STATUS_DELAY_MAX_USEC;
}

static SequenceStep phase_confirmed(Sequence *sequence, uint64_t now_usec) {
        if (sequence->action == FENCE_ACTION_REBOOT && sequence->phase == FENCE_ACTION_OFF) {
                enter_phase(sequence, FENCE_ACTION_ON);
                return run_now(sequence, now_usec);
        }
        return finish(SEQUENCE_CONFIRMED);
}

/* The device answered, or did not, after a switch that the agent called done. A refused login is tried again here: the
 * same password was good a moment ago, and BMCs run out of sessions. */
static SequenceStep after_status(Sequence *sequence, FenceOutcome outcome, uint64_t now_usec) {
        SequenceStep step;

        if (sequence->status == (sequence->phase == FENCE_ACTION_ON ? FENCE_STATUS_ON : FENCE_STATUS_OFF))
                return phase_confirmed(sequence, now_usec);
        if (outcome == FENCE_OUTCOME_MISSING)
                return finish(SEQUENCE_FAILED);

        step = sequence->status_tries >= SEQUENCE_STATUS_TRIES ?
                       finish(SEQUENCE_EXPIRED) :
                       run_later(sequence, now_usec, status_delay(sequence->status_tries));
        if (step.kind == SEQUENCE_FINISH)
                step.verdict = sequence->status == FENCE_STATUS_UNKNOWN ? SEQUENCE_UNCONFIRMED : SEQUENCE_NOT_DONE;
        return step;
}

SequenceStep sequence_ran(Sequence *sequence, FenceOutcome outcome, uint64_t now_usec) {
        sequence->last = outcome;
        if (outcome == FENCE_OUTCOME_ABORTED)
                return finish(SEQUENCE_STOPPED);
        if (!sequence->confirming)
                return after_switch(sequence, outcome, now_usec);

        sequence->status = outcome == FENCE_OUTCOME_ON    ? FENCE_STATUS_ON
                           : outcome == FENCE_OUTCOME_OFF ? FENCE_STATUS_OFF
                                                          : FENCE_STATUS_UNKNOWN;
        sequence->was_off |= sequence->status == FENCE_STATUS_OFF;
        if (sequence->phase == FENCE_ACTION_STATUS)
                return finish(sequence->status == FENCE_STATUS_UNKNOWN ? SEQUENCE_FAILED : SEQUENCE_CONFIRMED);
        return after_status(sequence, outcome, now_usec);
}

SequenceStep sequence_slept(Sequence *sequence, uint64_t now_usec) {
        return run_now(sequence, now_usec);
}
