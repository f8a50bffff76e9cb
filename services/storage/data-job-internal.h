/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The steps of a data job in the service, for those that begin in another way (wipe-job.c). */

#include "data-job.h"
#include "transfer-internal.h"

/* Return: new, or NULL when out of memory. */
Io *data_job_io(const Domain *domain, const char *name, int (*run)(Io *), const char *image, const char *volume);
/* A piece for that transfer; its end finds it again by the job's id in task->user. Takes io. */
int data_job_run(Transfer *transfer, Domain *domain, Io *io, uint64_t deadline_usec, task_then_t then, sd_bus_error *error);
/* The same for the holder of the domain's lease. */
int data_job_run_structural(Transfer *transfer, Domain *domain, Io *io, task_then_t then, sd_bus_error *error);
/* Return: NULL where it is closed by now; Aborted is set. */
Domain *data_job_domain(const Transfer *transfer, sd_bus_error *error);
/* Finds the transfer a piece was for, and frees the task. */
Transfer *data_job_piece_ended(Task *task);
/* What the plan found goes into the job's directory, and its unit is started. */
int data_job_note(Transfer *transfer, Io *plan, sd_bus_error *error);
