/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The loop's side of one piece of work: who waits for it (a parked call or a job), which image it has locked, and what
 * comes after.
 *
 * A Task begins with task_new(), moves from step to step with task_run(), and ends in exactly one of task_done() and
 * task_fail(), which answer, give the lock back and free it.
 */

#include "child.h"
#include "domain.h"
#include "io.h"
#include "job.h"
#include "operation.h"

typedef struct Task Task;
/* io is NULL when the storage did not answer in time (then r is -ETIMEDOUT and error is set); else borrowed. */
typedef void (*task_then_t)(Task *task, Io *io, int r, const sd_bus_error *error);

struct Task {
        struct Manager *manager;
        char domain[UUID_STRING_MAX]; /* found again at each step: it may be gone */
        char image[UUID_STRING_MAX];
        char volume[UUID_STRING_MAX];
        char job[UUID_STRING_MAX]; /* empty: none */
        Operation *operation;      /* the parked call, where there is no job */
        bool locked;               /* has image's lock */
        bool patient;              /* its pieces may take minutes without anything being wrong: they wait for others' leases */

        task_then_t then;
        Child *child;
        bool waits_for_tool; /* before child: for its turn */
        VolumeRequest request;
        VolumePlan plan;
        bool read_only, shared; /* of a prepared image */
        char user[72];
        json_t *report; /* of a look, while the rest of it is read */
        IoQueue queue; /* below a domain whose health is asked for */
        struct {
                unsigned host_id;
                LockspaceSlot slot; /* as it was first seen */
                sd_event_source *timer;
        } release;
        sd_bus_error failure; /* kept while a failed step is undone */
        int failure_r;
        Task *prev, *next;
};

/* domain: may be NULL. message: parked, or NULL where a job stands for it. Return: NULL when out of memory. */
Task *task_new(struct Manager *manager, const Domain *domain, sd_bus_message *message);
/* Hands io to a worker, on the domain's lane; then is called later. io is taken, also on failure. Return: 0, or
 * negative with BackendUnavailable. */
int task_run(Task *task, Io *io, uint64_t lane, uint64_t deadline_usec, task_then_t then, sd_bus_error *error);
/* Pieces on one path or portal run one after the other; domains have lanes above these. */
uint64_t task_lane(const char *word) _pure_;
/* On a shared domain the piece is done by the holder of the lease, as things are now. Return: 0 or -ENOMEM. */
int domain_structural(const Domain *domain, Io *io);
/* A job's task with its one piece, structural where the domain is shared; both for task_run(). Return: 0 or -ENOMEM with neither. */
int task_structural_new(Domain *domain, const Job *job, const char *name, int (*run)(Io *), Task **ret, Io **ret_io);
Domain *task_domain(const Task *task);
Job *task_job(const Task *task);

/* The job ends well with result (taken, may be NULL); a parked call must have been answered through task->operation.
 */
void task_done(Task *task, json_t *result);
void task_fail(Task *task, int r, const sd_bus_error *error);
/* The same for a parked call whose answer is one JSON value: append is dict_append() or dict_append_array(), answer borrowed. Where r is negative, or it cannot be
 * sent, the call fails with it. */
void task_answer(Task *task, int r, const sd_bus_error *error, int (*append)(sd_bus_message *, const json_t *), const json_t *answer);
Task *task_free(Task *task);
DEFINE_CLEANUP(Task *, task_free)
