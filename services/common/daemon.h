/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The life of a service, the same for all five:
 *
 *   arguments → log → loop (signals, watchdog) → bus → objects registered → start() loads intent → name taken → READY
 *   → run until SIGTERM, a lost bus, or idleness → STOPPING → name given back, queue drained → stop() → exit
 *
 * The name is taken before any backend is asked: a service that waits for a hung libvirtd is still on the bus and says
 * BackendUnavailable.
 */

#include "auth.h"
#include "bus-object.h"
#include "job.h"
#include "macro.h"

typedef struct Daemon Daemon;

/* An option of one service, beside those all have: "--name=VALUE". */
typedef struct DaemonOption {
        const char *name;
        const char *help;   /* one line */
        const char **value; /* set to the argument (borrowed from argv, lives for ever) before start() */
} DaemonOption;
#define DAEMON_OPTIONS_MAX 8U

typedef struct DaemonInfo {
        const char *program;       /* "rhv-computed" */
        const char *service;       /* "Compute": bus name org.rhv.Compute, root /org/rhv/Compute */
        const BusObject *objects;  /* the tree; userdata is what start() made. org.rhv.Job is added by daemon_main() */
        /* Makes the Manager. Runs before the name is taken; must not wait for a backend. */
        int (*start)(Daemon *daemon, void **ret_manager);
        /* Undoes start(); also called after a failed start with what it left in ret_manager (may be NULL). */
        void (*stop)(void *manager);
        /* True when nothing would be lost by leaving; NULL: the service never leaves by itself. */
        bool (*idle)(void *manager);
        const DaemonOption *options; /* ended by name == NULL; may be NULL */
        /* Runs the loop to its end and returns the exit code; NULL: sd_event_loop(). Network puts GLib outside. */
        int (*run)(sd_event *event);
} DaemonInfo;

struct Daemon {
        const DaemonInfo *info;
        sd_event *event;
        sd_bus *bus;
        BusChanges *changes;
        Auth *auth;
        JobManager *jobs;
        char *root;            /* "/org/rhv/Compute" */
        char *state_directory; /* $STATE_DIRECTORY, else /var/lib/rhv/<service> */
        char *runtime_directory; /* $RUNTIME_DIRECTORY, else /run/rhv/<service> */
        void *manager;
};

/* A quiet service leaves after this long without a call or anything to do. --idle-seconds changes it, 0 means never. */
#define DAEMON_IDLE_USEC (60 * USEC_PER_SEC)

/* main() of each service. Options: --help --version --introspect (print the contract and leave) --idle-seconds=N --log-level=WORD. */
int daemon_main(const DaemonInfo *info, int argc, char **argv);
