/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Which networks are lost, so that a link that flaps does not send a host's guests away. Pure: a step from what was known and what is to what is known.
 *
 *                 bad for LOSS_GRACE_USEC
 *     well ─────────────────────────────────> lost        bad: state "failed", or "activating" for longer than the grace
 *       ^                                       │          unknown (NetworkManager is away): nobody can tell, nothing moves
 *       └──────────── well for LOSS_HOLD_USEC ──┘
 *
 *     timeline   carrier gone ── 5 s ── NetworkLost ─ ... ─ carrier back ── 2 s ── NetworkRestored
 */

#include "macro.h"

/* An LACP partner that restarts, or a switch port that renegotiates, is back by then. */
#define LOSS_GRACE_USEC (5 * USEC_PER_SEC)
#define LOSS_HOLD_USEC (2 * USEC_PER_SEC)

/* What the service is at. */
typedef enum LossMoment {
        LOSS_QUIET,
        LOSS_STARTING, /* its first look: what is bad is lost at once, and nobody is told */
        LOSS_MAKING,   /* a set-up: a network that comes has not been in force, and is neither lost nor restored before the set-up has ended; then its grace begins */
} LossMoment;

/* known: {network: {lost, since?, new?}}, changed; since: when the other condition began (monotonic), absent while nothing is about to move; new: it came with the set-up that works.
 * networks: {network: {State, StateReason}} (objects.h). ret_events: new [{network, lost, reason}]. ret_next: when to step again, USEC_INFINITY for not before something changes.
 * Return: 0 or -ENOMEM. */
int link_loss_step(json_t *known, const json_t *networks, LossMoment moment, uint64_t now_usec, json_t **ret_events, uint64_t *ret_next);
bool link_loss_is_lost(const json_t *known, const char *network);
