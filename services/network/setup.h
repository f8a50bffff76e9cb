/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * One plan carried out, all or nothing, under a NetworkManager checkpoint.
 *
 *     checkpoint -> apply -> verify -> gateway -> [confirm] -> commit -> done
 *                     └────────┴──────────┴──────────┴───────────┘
 *                                    v any failure, time-out, cancel
 *                     roll back -> settle [-> restore -> settle] -> failed (RolledBack)
 *
 *     timeline   0 ........ timeout: we roll back ........ timeout + margin: NetworkManager does, should we be dead
 *
 * New and changed profiles live in memory only until all of it is verified; the commit writes them, guarded by a journal (journal.h). So a power
 * cut before the commit boots the old network, and one within it is finished by the next start.
 * Nothing here is on the bus: the manager turns it into a job.
 */

#include "backend.h"
#include "neighbour.h"

#define SETUP_TIMEOUT_USEC (60 * USEC_PER_SEC)
#define SETUP_TIMEOUT_MIN_USEC (5 * USEC_PER_SEC)
#define SETUP_TIMEOUT_MAX_USEC (600 * USEC_PER_SEC)

typedef struct Setup Setup;

typedef struct SetupHooks {
        /* The end of what setup_start() or setup_recover() began: r 0 done, -ECANCELED cancelled and undone, else error says what and that it was rolled
         * back. job: whose. recovered: found in the journal, not started in this life. */
        void (*ended)(void *userdata, const char *job, bool recovered, int r, const sd_bus_error *error);
        void (*progress)(void *userdata, uint64_t done, uint64_t total);
        /* Part of the commit, and of its undoing: labels (labels.h) are what is known from now on. May come again with the same. Return: 0 or a negative errno. */
        int (*keep)(void *userdata, const json_t *labels);
        /* neighbour.h, or a test's own. */
        int (*probe)(const char *iface, const char *address);
        int (*reached)(const char *iface, const char *address);
        /* Whether the kernel's facts in the view were read after usec (CLOCK_MONOTONIC); where not, a reading is begun, and the view will have changed. */
        bool (*seen)(void *userdata, uint64_t usec);
        void *userdata;
} SetupHooks;

typedef struct SetupOptions {
        uint64_t timeout_usec;
        bool confirm;       /* hold the commit back until setup_confirm() */
        bool check_gateway;
} SetupOptions;

/* journal_path: copied. */
int setup_new(sd_event *event, Backend backend, const char *journal_path, const SetupHooks *hooks, Setup **ret);
Setup *setup_free(Setup *setup);
DEFINE_CLEANUP(Setup *, setup_free)

bool setup_is_busy(const Setup *setup) _pure_;
/* The job it works for; NULL when idle. Borrowed. */
const char *setup_job(const Setup *setup) _pure_;

/* plan: as made by plan_make(), borrowed. Nothing has happened when it fails. Return: 0 or negative with Busy, InvalidArgument or BackendFailed set. */
int setup_start(Setup *setup, const char *job, const json_t *plan, const SetupOptions *options, sd_bus_error *error);
/* Takes up what the journal says was under way when the service died: undoes it, or finishes a commit. The backend must be ready.
 * Return: 1 begun, 0 nothing to recover, or a negative errno. */
int setup_recover(Setup *setup);
/* The view changed, or became NULL. */
void setup_view_changed(Setup *setup);
/* Return: 0, or negative with InvalidState set. */
int setup_confirm(Setup *setup, sd_bus_error *error);
int setup_cancel(Setup *setup, sd_bus_error *error);
