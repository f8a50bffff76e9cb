/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Calls to the Backend in stages: those of one stage do not depend on one another and are out together, as many as steps_window() says; a stage begins
 * when all of the one before are answered. Each call has a deadline; an answer that comes after it, or after the list was dropped, is ignored.
 *
 *     [[{do, ...}, ...], ...]   stages, of these:
 *     {do: "checkpoint", devices, timeout} {do: "adjust" | "destroy" | "rollback", path, timeout?}
 *     {do: "put", uuid, text, disk} {do: "delete", uuid}
 *     {do: "activate", uuid, iface, fresh} {do: "deactivate", uuid, iface}
 *     {do: "reapply", uuid, iface, text}   falls back to activate, at the end of its stage
 *
 * A list that failed or was dropped may leave calls behind: the next list begins when they have been answered, so that NetworkManager does not hear an
 * undoing before the doing. For one that hangs it does not wait long.
 */

#include "backend.h"

/* libnm gives its own calls 25 s; this is for one that never answers at all. */
#define STEP_DEADLINE_USEC (30 * USEC_PER_SEC)
/* Enough that NetworkManager, which works on one call at a time, never waits for the next; a bus allows a client 128 that wait for their reply. Each stage begins with fewer. */
#define STEPS_WINDOW 16U
#define STEPS_WINDOW_FIRST 8U
/* On a slow host the last of so many would be given up by libnm before NetworkManager comes to it: an answer that took this long makes them fewer, one that took less than that one more. */
#define STEPS_SLOW_USEC (5 * USEC_PER_SEC)
#define STEPS_QUICK_USEC (1 * USEC_PER_SEC)
/* How long a list waits for calls that are left of the one before. */
#define STEPS_DRAIN_USEC (2 * USEC_PER_SEC)

typedef struct Steps Steps;
/* r: 0 all done, or the first failure; text: what the last call gave, or "<what>: <why>". Called once, from the loop. */
typedef void (*steps_done_t)(void *userdata, int r, const char *text);
typedef void (*steps_progress_t)(void *userdata);

int steps_new(sd_event *event, Backend backend, steps_progress_t progress, void *userdata, Steps **ret);
Steps *steps_free(Steps *steps);
DEFINE_CLEANUP(Steps *, steps_free)

/* How many calls may be out, after window and an answer that took so long. Pure. */
unsigned steps_window(unsigned window, uint64_t took_usec) _const_;
/* A new, empty stage at the end of list. Borrowed; NULL when out of memory. */
json_t *steps_stage(json_t *list);
/* list: taken. persistent: goes on after a failure and reports the first at the end. What ran before is dropped. */
int steps_run(Steps *steps, json_t *list, bool persistent, steps_done_t done);
/* Forgets the list; done is not called. */
void steps_drop(Steps *steps);
