/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The steps of one fence action, decided without a clock, a child or a bus.
 *
 *     status:  status ──────────────────────────────────────────────> verdict
 *     off:     off ─(again, once)─> status ─(again, until it says off)─> verdict
 *     on:      on ──(again, once)─> status ─(again, until it says on)──> verdict
 *     reboot:  off … confirmed, then on … confirmed
 *
 * An agent that says "done" is believed only after a status run that says so too; a status that cannot be had is unknown,
 * and unknown is never "off".
 *
 * Timeline of one switch with a device that takes its time (oVirt's engine: 18 status runs, 10 s apart):
 *
 *     0 s   the agent switches; it may poll the device itself for power_timeout (20 s by default)
 *     +0 s  first status; then after 1, 2, 4, 8 and from then on every 10 s
 *     180 s the time for the switch is over: Timeout. A reboot has this once for off and once for on.
 */

#include "macro.h"
#include "string-table.h"

/* How often the switch itself is tried: once more, since a lost datagram is the usual reason. */
#define SEQUENCE_SWITCH_TRIES 2U
#define SEQUENCE_SWITCH_DELAY_USEC (2 * USEC_PER_SEC)
/* 1 + 2 + 4 + 8 s and then 10 s each: this many fill 180 s. */
#define SEQUENCE_STATUS_TRIES 22U
#define SEQUENCE_STATUS_DELAY_MIN_USEC (1 * USEC_PER_SEC)
#define SEQUENCE_STATUS_DELAY_MAX_USEC (10 * USEC_PER_SEC)

/* How long an action may take in all when the caller does not say. */
#define SEQUENCE_STATUS_USEC (60 * USEC_PER_SEC)
#define SEQUENCE_SWITCH_USEC (180 * USEC_PER_SEC)
#define SEQUENCE_REBOOT_USEC (2 * SEQUENCE_SWITCH_USEC)
#define SEQUENCE_TIMEOUT_MIN_USEC (1 * USEC_PER_SEC)
#define SEQUENCE_TIMEOUT_MAX_USEC (3600 * USEC_PER_SEC)

typedef enum FenceAction {
        FENCE_ACTION_STATUS,
        FENCE_ACTION_ON,
        FENCE_ACTION_OFF,
        FENCE_ACTION_REBOOT,
        _FENCE_ACTION_MAX,
        _FENCE_ACTION_INVALID = -EINVAL,
} FenceAction;
DECLARE_STRING_TABLE(fence_action, FenceAction);

/* What one agent run told. */
typedef enum FenceOutcome {
        FENCE_OUTCOME_ON,      /* a status run: the device says on */
        FENCE_OUTCOME_OFF,     /* a status run: the device says off */
        FENCE_OUTCOME_SWITCHED, /* an on or off run ended with success */
        FENCE_OUTCOME_FAILED,  /* anything else: nothing is known of the device */
        FENCE_OUTCOME_DENIED,  /* the device refused user name or password */
        FENCE_OUTCOME_TIMEOUT, /* the device did not answer in time */
        FENCE_OUTCOME_MISSING, /* the agent's program is not there any more */
        FENCE_OUTCOME_ABORTED, /* we were asked to stop */
        _FENCE_OUTCOME_MAX,
} FenceOutcome;
DECLARE_STRING_TABLE(fence_outcome, FenceOutcome);

typedef enum FenceStatus {
        FENCE_STATUS_UNKNOWN,
        FENCE_STATUS_ON,
        FENCE_STATUS_OFF,
        _FENCE_STATUS_MAX,
} FenceStatus;
DECLARE_STRING_TABLE(fence_status, FenceStatus);

typedef enum SequenceStepKind {
        SEQUENCE_RUN,    /* run the agent with `run`, for at most until `until_usec`; then call sequence_ran() */
        SEQUENCE_SLEEP,  /* wait until `until_usec`; then call sequence_slept() */
        SEQUENCE_FINISH, /* it is over: verdict */
} SequenceStepKind;

typedef enum SequenceVerdict {
        SEQUENCE_CONFIRMED,   /* the device says what was wanted (for status: it says something) */
        SEQUENCE_FAILED,      /* the last outcome tells why */
        SEQUENCE_NOT_DONE,    /* the agent said done, the device keeps saying the opposite */
        SEQUENCE_UNCONFIRMED, /* the agent said done, the device's status could not be had */
        SEQUENCE_EXPIRED,     /* no time left */
        SEQUENCE_STOPPED,     /* aborted */
} SequenceVerdict;

typedef struct SequenceStep {
        SequenceStepKind kind;
        FenceAction run; /* STATUS, ON or OFF */
        uint64_t until_usec;
        SequenceVerdict verdict;
} SequenceStep;

/* Embedded in its owner; the fields are sequence.c's. */
typedef struct Sequence {
        FenceAction action;
        FenceAction phase;      /* what is being switched now: ON or OFF; STATUS for a bare status */
        bool confirming;        /* switched; asking the status */
        unsigned switch_tries, status_tries;
        uint64_t deadline_usec;
        FenceOutcome last;      /* of the latest run */
        FenceStatus status;     /* what the device said last, since the latest switch; else unknown */
        bool was_off;           /* confirmed off at some moment since the action began, whatever came after */
} Sequence;

/* How long the action may take by itself. */
uint64_t sequence_default_timeout(FenceAction action) _const_;
/* Begins; all times are of one monotonic clock. Return: the first step (always a run). */
SequenceStep sequence_begin(Sequence *sequence, FenceAction action, uint64_t now_usec, uint64_t timeout_usec);
SequenceStep sequence_ran(Sequence *sequence, FenceOutcome outcome, uint64_t now_usec);
SequenceStep sequence_slept(Sequence *sequence, uint64_t now_usec);
