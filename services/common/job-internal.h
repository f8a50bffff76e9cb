/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What job.c (the model) and job-bus.c (its face) share and nobody else sees. */

#include <uthash.h>

#include "auth.h"
#include "job.h"

/* Progress signals of one job are at least this far apart. */
#define JOB_PROGRESS_INTERVAL_USEC (500 * USEC_PER_MSEC)

struct Job {
        JobManager *manager;
        char *id, *path, *kind;
        json_t *objects; /* array of paths */
        json_t *arguments;
        uid_t uid;
        uint64_t started_at_usec, ended_at_usec;

        JobState state;
        bool recovered; /* loaded unfinished from disk and not adopted yet */
        uint64_t done, total;
        json_t *result;
        char *error_name, *error_message;

        int (*cancel)(Job *job, void *userdata, sd_bus_error *error);
        void *userdata;
        sd_event_source *expiry, *progress_timer;
        UT_hash_handle hh;
};

struct JobManager {
        sd_bus *bus;
        BusChanges *changes; /* borrowed */
        Auth *auth;          /* borrowed; NULL: everybody may cancel (tests) */
        char *prefix, *directory;
        Job *jobs;
        size_t active, finished;
};

bool job_has_ended(const Job *job) _pure_;
int job_cancel(Job *job, sd_bus_error *error);
void job_remove(Job *job);
