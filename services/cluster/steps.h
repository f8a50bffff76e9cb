/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Jobs of Cluster that are several jobs of Storage, one after the other. They stand in the job's arguments as "steps": an array of {"domain",
 * "method", "image", "volume", and what the method takes besides}; "undo": the step that takes one back. Of the interface "Storage.Lockspace" they say so as "interface", and have
 * "lease" or "host_id" in place of image and volume. One with "call" is no job there: the call is the work. What changes the structure of a shared domain takes the version of its
 * lease from the moment it is sent; without the lease it waits for a while.
 *
 *      step 0 ──> step 1 ──> … ──> done
 *        └── one fails: what has an undo is taken back, last first ──> failed
 *
 * Each is a job of Storage with an id that follows from the job's, so a restarted Cluster takes all steps again from the first: Storage knows those that
 * are done or under way, and what is there, or gone, already counts as done.
 */

#include "manager.h"

/* Begins the steps of a job that is on disk. Without any it ends at once, from the loop. */
void steps_begin(Manager *manager, Job *job);
void steps_free_all(Manager *manager);

/* For remote_kinds[]. */
void steps_done(Manager *manager, Job *job, int r, const sd_bus_error *error, const json_t *result);
bool steps_resume(Manager *manager, Job *job, const Object *object);

/* Are the leases held that the steps need? Return: 0, or negative with an error set. */
int steps_check(const Manager *manager, const json_t *steps, sd_bus_error *error);

/* Does a step of the job make or change that image? */
bool steps_job_has_image(const Job *job, const char *image);

/* The id of step n of a job: the job's own for the first. Pure. */
void steps_id(const char *job, unsigned n, char ret[static 37]);
/* Does a step that ended so count as done? Pure. */
bool steps_is_done_already(const json_t *step, const sd_bus_error *error);

/* steps-done.c: what becomes of the objects. n_done: steps that were taken. */
void steps_end(Manager *manager, Job *job, size_t n_done, int r, const sd_bus_error *error, const json_t *result);
