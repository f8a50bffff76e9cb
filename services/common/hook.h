/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Programs of the administrator at fixed points, as VDSM has them: each gets a file whose name is in an environment variable, and may change it.
 *
 *     HOOK_DIRECTORY/<point>/NAME, and HOOK_DIRECTORY_VDSM/<point>/NAME      all in the order of their names; the same name in ours hides VDSM's
 *
 *     exit status    0: on; 1, or above 2, a signal, its time is up: the rest run, and the point has failed; 2: no more run, and the point has failed
 *
 * Each runs as a transient unit rhv-hook-<uuid>.service, confined and limited by a drop-in (units/rhv-hook.conf), so that it lives and dies apart from us. Only regular files that
 * belong to root and that nobody else may write are run.
 */

#include "macro.h"

#define HOOK_DIRECTORY "/etc/rhv/hooks"
#define HOOK_DIRECTORY_VDSM "/usr/libexec/vdsm/hooks"
/* Of one point. */
#define HOOKS_MAX 32U
/* The text may grow by what hooks add. */
#define HOOK_TEXT_BYTES_MAX (1 * MIB)
/* Above RuntimeMaxSec= of units/rhv-hook.conf (60 s): for a systemd that does not stop it. */
#define HOOK_PATIENCE_USEC (75 * USEC_PER_SEC)

typedef struct HookRun HookRun;

/* r: 0 all went well, -ECANCELED, or another negative errno with error set (HookFailed, with the last words of the last that failed). text: what the file holds now, borrowed;
 * NULL when r is negative. Called once, from the loop; the run is freed after it. */
typedef void (*hook_done_t)(void *userdata, int r, const char *text, const sd_bus_error *error);

typedef struct HookSpec {
        const char *point;      /* "before_network_setup" */
        const char *variable;   /* "_hook_json" */
        const char *text;
        const char *directory;  /* where the file is put while they run: below /run, of root alone */
        const char *const *roots; /* NULL: the two above; for tests. NULL-terminated, the last hides the ones before */
        hook_done_t done;
        void *userdata;
} HookSpec;

/* Full paths of the programs of a point in their order. roots: as in HookSpec. New array of strings, NULL when out of memory. */
json_t *hook_list(const char *const *roots, const char *point);
/* What an exit status means: whether the point has failed, and whether the next one still runs. status -1: none (killed, or its time was up). Pure. */
void hook_judge(int status, bool *ret_failed, bool *ret_go_on);

/* Return: 1 they run, and done is called; 0 there are none (done is not called); negative errno. */
int hook_run_start(sd_bus *bus, sd_event *event, const HookSpec *spec, HookRun **ret);
/* Stops the one that runs; done says -ECANCELED. */
void hook_run_cancel(HookRun *run);
/* Stops it and calls nothing. */
HookRun *hook_run_free(HookRun *run);
DEFINE_CLEANUP(HookRun *, hook_run_free)
