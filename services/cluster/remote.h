/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Jobs of other services, mirrored as jobs of Cluster. Both have the same id, so that either side finds the other's again
 * after a restart: Cluster's job is on disk before the call is sent, and the remote path follows from the id.
 *
 *     call sent ──reply: path──> followed by its signals, and asked again every REMOTE_POLL_USEC ──> done
 *         └──refused──> done         └──unknown there──> done, as Interrupted
 *         └──no answer──> followed all the same: it may have begun
 */

#include "manager.h"

#define REMOTE_POLL_USEC (5 * USEC_PER_SEC)
/* A service that was started by our call says BackendUnavailable until what it needs itself is there (NetworkManager, libvirt), and one that died over a call
 * that is the work gives no answer: within this time it is asked again. */
#define REMOTE_READY_USEC (10 * USEC_PER_SEC)
#define REMOTE_AGAIN_USEC (300 * USEC_PER_MSEC)
/* A service that cannot be reached for so long has lost the job, as far as anybody can tell. */
#define REMOTE_LOST_USEC (300 * USEC_PER_SEC)

/* What becomes of objects when a job ended, by kind. It commits what must be kept and calls job_finish() itself.
 * r, error: as for job_finish(). */
typedef struct RemoteKind {
        const char *kind;
        int backend;
        void (*done)(Manager *manager, Job *job, int r, const sd_bus_error *error, const json_t *result);
        bool cancelable;
        /* Where the call itself is the work, or the work has steps, the service has no job to ask for: the next process makes the call again, which
         * must be safe.
         * false: it was never begun. NULL: there is a job to ask for. */
        bool (*resume)(Manager *manager, Job *job, const Object *object);
} RemoteKind;
extern const RemoteKind remote_kinds[]; /* work.c; ended by kind NULL */

/* A new job of that kind for a request that was committed. object: marked busy with it, may be NULL. arguments: borrowed.
 * Return: 1 new, 0 it exists already; negative with an error set. */
int remote_job_new(Manager *manager, const char *kind, const char *id, Object *object, uid_t uid,
                   const json_t *arguments, Job **ret, sd_bus_error *error);
/* What an object is marked busy with, to put back when a new job is dropped after all (power off cuts in on another job).
 * object: may be NULL. */
typedef struct RemoteMark {
        char job[37], doing[32];
} RemoteMark;
void remote_mark_get(const Object *object, RemoteMark *ret);
void remote_mark_set(Manager *manager, Object *object, const RemoteMark *mark);
/* The job's object is not busy with it any more. */
void remote_mark_clear(Manager *manager, const Job *job);
/* Sends the call that starts the work (its options must hold job_id = the job's id) and follows it. From here on failure is told
 * through done, from the loop. message: borrowed. */
void remote_start(Manager *manager, Job *job, sd_bus_message *message);
/* The same for one of several that make up the job: its options hold job_id = there. The job's object is marked busy again. call_is_work: as of remote_call(), without
 * such an id. */
void remote_start_step(Manager *manager, Job *job, const char *there, sd_bus_message *message, bool call_is_work);
/* The step cannot be taken yet: then is called in REMOTE_AGAIN_USEC, unless the job was cancelled, and the job's object is busy until then. */
void remote_wait_step(Manager *manager, Job *job, void (*then)(Manager *manager, Job *job));
/* The same where the call itself is the work: done with its answer. */
void remote_call(Manager *manager, Job *job, sd_bus_message *message);
/* Ends a job through its kind's done, from the loop, with an error known before any call. */
void remote_fail(Manager *manager, Job *job, const sd_bus_error *error);

/* Signals and listings of a service's jobs. */
void remote_object(Manager *manager, const char *path, const json_t *properties);
/* A service was listed anew: ask for every job followed there. */
void remote_backend_listed(Manager *manager, int backend);
bool remote_needs(const Manager *manager, int backend);
/* Does a job that is under way make or change that image? What it makes is not what it is for, and is marked busy by nothing else. */
bool remote_makes_image(const Manager *manager, const char *image);
void remote_free_all(Manager *manager);
/* Takes up the jobs of the last process. Called once. */
void remote_recover(Manager *manager);
