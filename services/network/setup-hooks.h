/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Hooks around a set-up, as VDSM has them (hook.h, vdsm-request.h): before_network_setup may change the request or refuse it, after_network_setup and
 * after_network_setup_fail are told and only logged when they fail. One point at a time; while one runs no other set-up begins.
 */

#include "macro.h"

typedef struct Daemon Daemon;
typedef struct SetupHooksRun SetupHooksRun;

/* r: 0 with networks and bonds as the hooks left them (borrowed), or negative with error set. Called once, from the loop. */
typedef void (*setup_hooks_done_t)(void *userdata, const char *job, int r, const json_t *networks, const json_t *bonds, const json_t *options, const sd_bus_error *error);

int setup_hooks_new(Daemon *daemon, setup_hooks_done_t done, void *userdata, SetupHooksRun **ret);
SetupHooksRun *setup_hooks_free(SetupHooksRun *hooks);
DEFINE_CLEANUP(SetupHooksRun *, setup_hooks_free)

/* The job whose hooks run; NULL when none do. Borrowed. */
const char *setup_hooks_job(const SetupHooksRun *hooks) _pure_;
/* options: kept, and given to done. Return: 1 they run; 0 there are none; negative errno. */
int setup_hooks_before(SetupHooksRun *hooks, const char *job, const json_t *networks, const json_t *bonds, const json_t *options);
/* The set-up that was begun for this request has ended; r as of SetupHooks.ended. Nobody waits for it. */
void setup_hooks_after(SetupHooksRun *hooks, const char *job, const json_t *networks, const json_t *bonds, int r);
/* Return: 0, or -ESRCH when none run that can be stopped. */
int setup_hooks_cancel(SetupHooksRun *hooks);
