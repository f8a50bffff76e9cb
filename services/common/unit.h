/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Work that outlives the daemon: transient systemd units, found again by name.
 *
 * A unit is started through StartTransientUnit with Type=exec, RemainAfterExit=no, CollectMode=inactive (the
 * result of a failed unit stays readable until unit_release()), its own slice and IO and CPU weight. Its end is seen
 * by PropertiesChanged, or by asking when the daemon comes back.
 */

#include "macro.h"

typedef struct UnitWatch UnitWatch;

typedef struct UnitSpec {
        const char *name;             /* "rhv-upload-<uuid>.service" */
        const char *description;
        const char *slice;            /* "rhv-data.slice" */
        const char *const *argv;      /* argv[0] absolute */
        const char *const *environment;
        int stdin_fd, stdout_fd;      /* > 2: the unit's stdin/stdout (passed, borrowed); 0: null / journal */
        const char *user;             /* NULL: root */
        const char *group;
        const char *const *properties; /* "Name=value" pairs of string properties, e.g. ("ProtectHome", "yes"); may be NULL */
} UnitSpec;

typedef struct UnitResult {
        bool known;          /* false: no such unit (any more): the outcome must be read from what it left behind */
        int exit_status;     /* ExecMainStatus where it exited; -1 otherwise */
        const char *result;  /* systemd's Result word: "success", "exit-code", "signal", …; borrowed */
} UnitResult;

typedef void (*unit_started_t)(int r, const sd_bus_error *error, void *userdata);
typedef void (*unit_ended_t)(UnitWatch *watch, const UnitResult *result, void *userdata);

/* Starts the unit; `started` is called once from the loop. slot: floating call, NULL-able owner of the pending call. An error may also
 * mean that systemd did not answer in time and starts it later: who cannot bear that stops and watches it. */
int unit_start(sd_bus *bus, const UnitSpec *spec, unit_started_t started, void *userdata, sd_bus_slot **slot);

/* Watches a unit by name, once it was started (from `started` on) or found again after a restart; `ended` is called once from
 * the loop when it is not active any more or not there. It may free the watch. Freed watches call nothing. While systemd does not
 * answer it is asked again: silence is no end.
 *
 * A unit that ended well is forgotten by systemd at once, and then `known` is false: whether the work was done must stand in what the
 * work itself left behind, written before it exits. */
int unit_watch_new(sd_bus *bus, const char *name, unit_ended_t ended, void *userdata, UnitWatch **ret);
UnitWatch *unit_watch_free(UnitWatch *watch);
DEFINE_CLEANUP(UnitWatch *, unit_watch_free)
const char *unit_watch_name(const UnitWatch *watch) _pure_;

/* StartUnit of a unit that is installed, not waited for: who needs it sees for himself when it is there. */
int unit_begin(sd_bus *bus, const char *name);
/* StopUnit, not waited for; its end arrives through the watch. */
int unit_stop(sd_bus *bus, const char *name);
/* ResetFailedUnit, not waited for: systemd may forget the unit. */
int unit_release(sd_bus *bus, const char *name);
