/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Handlers of org.rhv.Storage.Lockspace, by file; the vtable is in lockspace-bus.c. */

#include "domain.h"
#include "job.h"

/* health-bus.c */
int health_method_get(sd_bus_message *message, void *userdata, sd_bus_error *error);
/* lease-bus.c */
int host_method_release(sd_bus_message *message, void *userdata, sd_bus_error *error);
int lease_method_acquire(sd_bus_message *message, void *userdata, sd_bus_error *error);
int lease_method_release(sd_bus_message *message, void *userdata, sd_bus_error *error);
int lease_method_create(sd_bus_message *message, void *userdata, sd_bus_error *error);
int lease_method_delete(sd_bus_message *message, void *userdata, sd_bus_error *error);
int lease_method_rebuild(sd_bus_message *message, void *userdata, sd_bus_error *error);

/* Asks for the right, with kind as the verb, and makes the job, or answers a repeated request. arguments: borrowed; NULL: out of memory. Return: 1 with
 * ret, 0 answered or waiting for polkit, negative with error. */
int lockspace_job_begin(Domain *domain, sd_bus_message *message, const char *kind, const char *action, const json_t *options,
                        const json_t *arguments, Job **ret, sd_bus_error *error);
/* begun: what the beginning returned; on failure there is no job and error is the answer. */
int lockspace_job_answer(sd_bus_message *message, Job *job, int begun);
/* A whole method that takes nothing but a job's id. */
typedef int (*lockspace_begin_t)(Domain *domain, Job *job, sd_bus_error *error);
int lockspace_job_method(sd_bus_message *message, Domain *domain, const char *kind, lockspace_begin_t begin, sd_bus_error *error);
