/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The service: all domains, what is going on, and the workers that touch storage. Everything here lives on the loop.
 */

#include "daemon.h"
#include "domain.h"
#include "image-lock.h"
#include "task.h"
#include "transfer.h"
#include "work.h"

/* Pieces that run at once; with domains that hang, as many as this may exist. */
#define MANAGER_THREADS 4U
#define MANAGER_THREADS_CEILING 32U
/* As many host ids are taken at once; a thread each, that sleeps. */
#define MANAGER_PATIENT_THREADS 16U
#define MANAGER_PATIENT_CEILING 128U
/* oVirt allows 100 in one data center. */
#define DOMAINS_MAX 128U
/* How often domains are looked at: VDSM's number. */
#define MONITOR_USEC (10 * USEC_PER_SEC)

typedef struct Manager Manager;
struct Manager {
        sd_event *event;
        sd_bus *bus;
        BusChanges *changes;
        Auth *auth;
        JobManager *jobs;
        char *state_directory, *runtime_directory;
        char *domains_directory, *users_directory, *transfers_directory, *leases_directory;

        WorkPool *pool;
        WorkPool *patient_pool; /* for what waits for others' leases to run out */
        Domain *domains; /* by id */
        ImageLock *locks;
        Task *tasks;
        unsigned tools; /* children of tasks at work */
        unsigned inspections;
        unsigned device_looks; /* at block domains: one at a time */
        Transfer *transfers;
        size_t n_transfers;
        sd_event_source *monitor;
        sd_event_source *poll; /* progress of transfers */
};

/* The parts a Manager needs, so that tests can make one without a Daemon. Borrowed. */
typedef struct ManagerParts {
        sd_event *event;
        sd_bus *bus;
        BusChanges *changes;
        Auth *auth;
        JobManager *jobs;
        const char *state_directory, *runtime_directory;
} ManagerParts;

/* Loads intent and starts opening what is remembered; waits for nothing. */
int manager_new(const ManagerParts *parts, Manager **ret);
Manager *manager_free(Manager *manager);
DEFINE_CLEANUP(Manager *, manager_free)

/* True when leaving loses nothing: no job, no prepared image, no domain being opened. */
bool manager_is_idle(const Manager *manager);

extern const BusObject storage_bus_objects[];
#define STORAGE_ROOT "/org/rhv/Storage"
#define STORAGE_INTERFACE "org.rhv.Storage"
#define ISCSI_INTERFACE "org.rhv.Storage.Iscsi"

#define ACTION_OPERATE "org.rhv.storage.operate"
#define ACTION_CONFIGURE "org.rhv.storage.configure"
#define ACTION_READ_DATA "org.rhv.storage.read-data"
#define ACTION_DESTROY "org.rhv.storage.destroy"
