/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Work that may pass a few seconds, as an object anybody can look at: org.rhv.Job at /org/rhv/<Service>/job/<id>.
 *
 *     pending ──> running ──> done | failed
 *        │           └──> aborting ──> aborted   (or done, if it ended first)
 *        └──> aborted
 *
 * A job belongs to the service, not to its caller: the caller may vanish. The outcome stays readable for
 * JOB_KEEP_USEC or until Release, at most JOB_FINISHED_MAX of them. Jobs are kept on disk, so that a restarted service
 * finds what it was doing: whatever its owner does not adopt again ends as failed with org.rhv.Error.Interrupted.
 */

#include <jansson.h>

#include "auth.h"
#include "bus-object.h"
#include "macro.h"
#include "string-table.h"

#define JOB_KEEP_USEC (10 * 60 * USEC_PER_SEC)
#define JOB_FINISHED_MAX 1000U
#define JOB_ACTIVE_MAX 256U
#define JOB_INTERFACE "org.rhv.Job"

typedef enum JobState {
        JOB_PENDING,  /* accepted, waiting for its turn */
        JOB_RUNNING,
        JOB_ABORTING, /* Cancel was asked for, the work has not ended yet */
        JOB_DONE,
        JOB_FAILED,
        JOB_ABORTED,
        _JOB_STATE_MAX,
        _JOB_STATE_INVALID = -EINVAL,
} JobState;
DECLARE_STRING_TABLE(job_state, JobState);

typedef struct JobManager JobManager;
typedef struct Job Job;

typedef struct JobSpec {
        const char *id;             /* given by the caller for harmless retries, or NULL: a new UUID */
        const char *kind;           /* a word: "upload", "start" */
        const char *const *objects; /* object paths concerned; NULL or NULL-terminated; copied */
        uid_t uid;                  /* who asked */
        const json_t *arguments;    /* what was asked, to recognise a retry and to adopt after a restart; copied; may be NULL */
        /* Asks the work to stop; NULL: the job cannot be cancelled. The work then calls job_finish() with -ECANCELED. */
        int (*cancel)(Job *job, void *userdata, sd_bus_error *error);
        void *userdata;             /* borrowed; job_set_userdata() when it moves */
} JobSpec;

/* service: "Compute"; directory: where jobs are kept (made if absent), NULL: nowhere (tests). Loads what is there. */
int job_manager_new(sd_bus *bus, BusChanges *changes, const char *service, const char *directory, JobManager **ret);
JobManager *job_manager_free(JobManager *manager);
DEFINE_CLEANUP(JobManager *, job_manager_free)
/* For the service's register call; userdata of the record is the JobManager. */
extern const BusObject job_bus_objects[];
/* auth: borrowed, asked when somebody other than the starter cancels or releases; NULL: nobody is asked (tests). */
int job_manager_register(JobManager *manager, Auth *auth);
/* Jobs that have not ended: while > 0 the service is not idle. */
size_t job_manager_active(const JobManager *manager) _pure_;

/* Calls adopt for each job that was unfinished when the last process ended. It returns true after taking it up again with
 * job_adopt(); the others end as Interrupted. Called once by the service when it can tell. */
void job_manager_recover(JobManager *manager, bool (*adopt)(Job *job, void *userdata), void *userdata);
void job_adopt(Job *job, int (*cancel)(Job *, void *, sd_bus_error *), void *userdata);

/* A new job in state pending, on the bus and on disk. Return: 1 new; 0 the same id with equal kind and arguments is there already
 * (ret is that one: reply with it, start nothing); negative with LimitExceeded, AlreadyExists (other arguments), InvalidArgument, or what
 * kept it from the disk (NoSpace, …) set: a job that a restart would forget is not promised to anybody. */
int job_new(JobManager *manager, const JobSpec *spec, Job **ret, sd_bus_error *error);
/* Takes back a job that nobody was told of, because what it was for was refused after all: a retry with its id begins anew. */
void job_drop(Job *job);

void job_start(Job *job); /* pending -> running */
/* total 0: unknown. Change signals are sent at most twice a second. */
void job_set_progress(Job *job, uint64_t done, uint64_t total);
/* Ends the job: r >= 0 done; -ECANCELED aborted; else failed with error, or with errno -r where error is not set. result: a{sv} for
 * the Result property, taken, may be NULL. The pointer stays valid only until the loop turns. */
void job_finish(Job *job, int r, const sd_bus_error *error, json_t *result);

const char *job_id(const Job *job) _pure_;
const char *job_path(const Job *job) _pure_;
const char *job_kind(const Job *job) _pure_;
JobState job_state(const Job *job) _pure_;
uid_t job_uid(const Job *job) _pure_;
const json_t *job_arguments(const Job *job) _pure_; /* borrowed, may be NULL */
void *job_userdata(const Job *job) _pure_;
void job_set_userdata(Job *job, void *userdata);
Job *job_find(JobManager *manager, const char *id);
