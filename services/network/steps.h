/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A list of calls to the Backend, one after the other. Each call has a deadline; an answer that comes after it, or after the list was dropped, is
 * ignored.
 *
 *     {do: "checkpoint", devices, timeout} {do: "adjust" | "destroy" | "rollback", path, timeout?}
 *     {do: "put", uuid, text, disk} {do: "delete", uuid}
 *     {do: "activate" | "deactivate", uuid, iface} {do: "reapply", uuid, iface, text}   reapply falls back to activate
 */

#include "backend.h"

/* libnm gives its own calls 25 s; this is for one that never answers at all. */
#define STEP_DEADLINE_USEC (30 * USEC_PER_SEC)

typedef struct Steps Steps;
/* r: 0 all done, or the first failure; text: what the last call gave, or "<what>: <why>". Called once, from the loop. */
typedef void (*steps_done_t)(void *userdata, int r, const char *text);
typedef void (*steps_progress_t)(void *userdata);

int steps_new(sd_event *event, Backend backend, steps_progress_t progress, void *userdata, Steps **ret);
Steps *steps_free(Steps *steps);
DEFINE_CLEANUP(Steps *, steps_free)

/* list: taken. persistent: goes on after a failure and reports the first at the end. What ran before is dropped. */
int steps_run(Steps *steps, json_t *list, bool persistent, steps_done_t done);
/* Forgets the list; done is not called. */
void steps_drop(Steps *steps);
