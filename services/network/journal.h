/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What a set-up is about to do and how to undo it, on disk while it runs: the redo and undo log of the one step in which more than one profile
 * becomes permanent. Pure.
 *
 *     {job, phase: "apply" | "commit", checkpoint, created, profiles: [{uuid, iface, before?, after?}], devices: [{iface, profile?}], labels?, labels_before?}
 *
 *     phase    on disk in NetworkManager              after a crash of this service         after a power cut
 *     apply    nothing changed (profiles in memory)   roll back                             nothing to do
 *     commit   some of the new profiles               go on to the end                      go on to the end
 */

#include "macro.h"

#define JOURNAL_VERSION 1

/* plan: its profiles have uuid, and before and after where there is one. New, NULL when out of memory. */
json_t *journal_new(const char *job, const json_t *plan, const json_t *view, const char *checkpoint, uint64_t created);
bool journal_is_committing(const json_t *journal);

/* Stages for steps.h. New, NULL when out of memory. */
json_t *journal_steps_apply(const json_t *plan, const char *checkpoint, uint32_t timeout_sec);
json_t *journal_steps_commit(const json_t *journal, uint32_t timeout_sec);
/* have_checkpoint: NetworkManager still has it, and undoes activations by itself. view: what is there now. */
json_t *journal_steps_undo(const json_t *journal, bool have_checkpoint);
/* Devices that are not back with the profile they had, and on no way there. No steps: there are none. */
json_t *journal_steps_restore(const json_t *journal, const json_t *view);
/* Whether they all are, and none is there any more that was made for a new profile. */
bool journal_is_restored(const json_t *journal, const json_t *view);
