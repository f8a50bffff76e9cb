/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * An accepted action on a device: a job, the steps of sequence.h, and one agent run at a time.
 *
 *     waiting (another run has the device, or too many are active) ──> active ──> ended: the job has its outcome
 */

#include "job.h"
#include "manager.h"
#include "secrets.h"
#include "sequence.h"

typedef struct FenceRunSpec {
        FenceAction action;
        const json_t *device, *metadata, *parameters; /* copied or referenced */
        Secrets *secrets;                             /* taken, also on failure */
        uint64_t timeout_usec;
} FenceRunSpec;

/* Return: 0, or a negative errno with Busy set when FENCE_QUEUE_MAX runs wait for the device already. Has no side effect. */
int fence_run_may_queue(const Manager *manager, const json_t *device, sd_bus_error *error);

/* Queues the run for job (pending, its userdata and end become the run's). Return: 0 or a negative errno (the job is not ended). */
int fence_run_new(Manager *manager, const FenceRunSpec *spec, Job *job, FenceRun **ret);
/* Kills what runs; the job is left as it is, to be found as interrupted. Unlinks from the manager. */
FenceRun *fence_run_free(FenceRun *run);
DEFINE_CLEANUP(FenceRun *, fence_run_free)

/* Starts every waiting run that may run now. */
void fence_run_dispatch(Manager *manager);
/* A JobSpec's cancel. userdata: the FenceRun. */
int fence_run_cancel(Job *job, void *userdata, sd_bus_error *error);
