/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * One storage domain that this host has open, or is trying to open.
 *
 *   opening ──> active <──> failed
 *
 * That a domain shall be open is intent, kept in the state directory; that it is, and how full it is, is looked at
 * again and again. A domain that cannot be opened keeps its object and says why; it is tried again with growing
 * pauses.
 */

#include <uthash.h>

#include "bus-object.h"
#include "image-users.h"
#include "layout.h"
#include "string-table.h"

struct Manager;

typedef enum DomainState {
        DOMAIN_OPENING,
        DOMAIN_ACTIVE,
        DOMAIN_FAILED,
        _DOMAIN_STATE_MAX,
        _DOMAIN_STATE_INVALID = -EINVAL,
} DomainState;
DECLARE_STRING_TABLE(domain_state, DomainState);

typedef struct DomainLockspace DomainLockspace;
typedef struct DomainLease DomainLease;

typedef struct Domain Domain;
struct Domain {
        struct Manager *manager;
        char *object_path;
        /* What it is. */
        DomainPlace place;
        char *name;
        char *class_word;
        char *data_centers; /* it belongs to, between commas */
        uint64_t lane; /* of the worker pool: one piece at a time for each domain */
        /* How it is. */
        DomainState state;
        char *reason; /* of failed; else "" */
        DomainSpace space;
        int lock_fd;
        ImageUsers *users;
        DomainLockspace *lockspace; /* of a shared domain; else NULL */
        DomainLease *lease;         /* likewise */
        unsigned io_timeout_sec;    /* of its lockspace; 0: not known */
        /* What is going on. */
        bool looking;            /* an open or a measurement is under way */
        struct Task *ovf_task;   /* writes its OVF stores; NULL: nobody does */
        uint64_t again_usec;     /* CLOCK_MONOTONIC: not to be tried before */
        uint64_t pause_usec;     /* how long the next pause will be */
        uint64_t clean_usec;      /* CLOCK_MONOTONIC: clear away left-overs again then, since it failed; 0: no need */
        uint64_t clean_pause_usec; /* the last pause after that */
        uint64_t wipe_usec;      /* CLOCK_MONOTONIC: look then for what waits to be wiped; 0: nothing is known of */
        uint64_t wipe_pause_usec; /* the last pause after a failed wipe */
        sd_bus_message **parked; /* calls that wait for the end of "opening" */
        size_t n_parked;
        UT_hash_handle hh;
};

#define DOMAIN_INTERFACE "org.rhv.Storage.Domain"
#define DOMAIN_PREFIX "/org/rhv/Storage/domain"
/* A file system that does not answer for so long hangs; no disk and no NFS server in order takes a tenth of it. */
#define DOMAIN_IO_USEC (30 * USEC_PER_SEC)
/* Deleting and preallocating are bounded by size, not by latency. */
#define DOMAIN_LONG_IO_USEC (3600 * USEC_PER_SEC)
/* A volume group is made by some twenty commands of LVM, each of which takes seconds on a slow host. */
#define DOMAIN_GROUP_USEC (300 * USEC_PER_SEC)
/* A server that does not answer: systemd gives the mount up before. */
#define DOMAIN_MOUNT_USEC (120 * USEC_PER_SEC)
/* Between attempts to open a failed domain: first, and at most. */
#define DOMAIN_PAUSE_USEC (10 * USEC_PER_SEC)
#define DOMAIN_PAUSE_MAX_USEC (300 * USEC_PER_SEC)
/* Calls waiting for one domain to open. */
#define DOMAIN_PARKED_MAX 256U

Domain *domain_find(const struct Manager *manager, const char *id);
Domain *domain_find_path(const struct Manager *manager, const char *path);
size_t domain_count(const struct Manager *manager);

/* A new object in state opening, on the bus. name: may be empty until it is opened. Return: 0 or a negative errno. */
int domain_new(struct Manager *manager, const DomainPlace *place, const char *name, Domain **ret);
/* Off the bus and out of the manager; what is parked is answered. */
Domain *domain_free(Domain *domain);

/* What an open found: the domain is active from here on. opened's lock is taken over. */
void domain_set_opened(Domain *domain, DomainOpened *opened, const DomainSpace *space);
/* It is on these devices from here on; remembered. Return: 0, or a negative errno with nothing changed. */
int domain_set_path(Domain *domain, const char *path);
void domain_set_failed(Domain *domain, const sd_bus_error *error);
/* The domain is about to be removed from the storage: no call gets through. domain_look() opens it again where that
 * fails. */
void domain_begin_removal(Domain *domain);
/* Calls wait from here on, until domain_reopen(): the domain is changed as a whole. Its lock stays held. */
void domain_hold(Domain *domain);
void domain_set_version(Domain *domain, unsigned version);
/* list: between commas. */
void domain_set_data_centers(Domain *domain, const char *list);
void domain_reopen(Domain *domain);
/* Finishes or undoes what an ended process left, before any other piece: when a local domain was opened, when the lease of a shared one was
 * acquired. */
void domain_clean(Domain *domain);
/* What a process that was killed had made active, and nobody uses: another host may remove or change it, and this one would keep what was there. On devices. */
void domain_give_back_unused(Domain *domain);
/* Submits an open, or a measurement where it is active. */
void domain_look(Domain *domain);
void domain_monitor_all(struct Manager *manager);
/* What failed is tried now, not after its pause: something of this host's storage has changed. */
void domain_retry_failed(struct Manager *manager);

/* For handlers. 1: active, go on. 0: the call is parked and comes again: return 1. Negative: BackendUnavailable is
 * set. */
int domain_wait_active(Domain *domain, sd_bus_message *message, sd_bus_error *error);

/* Is it for that, by its class? Return: 0, or negative with NotSupported set. */
int domain_check_use(const Domain *domain, DomainUse use, sd_bus_error *error);

/* Intent on disk. */
int domain_remember(const Domain *domain);
void domain_forget(const Domain *domain);
int domain_load_all(struct Manager *manager);
