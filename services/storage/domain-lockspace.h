/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * This host in a shared domain's lockspace.
 *
 *      none ──> joining ──> held ──> leaving ──> none
 *                  ^──────── lost <──┘
 *
 * That a host id shall be held is intent, kept with the domain; that it is, sanlock says, and is asked again and again: it goes on while
 * this service does not run, and is lost when the storage cannot be written for the expiry time. Then it is taken again by itself.
 */

#include "domain.h"
#include "job.h"

typedef enum LockspaceState {
        LOCKSPACE_NONE,
        LOCKSPACE_JOINING,
        LOCKSPACE_HELD,
        LOCKSPACE_LEAVING,
        LOCKSPACE_LOST,
        _LOCKSPACE_STATE_MAX,
        _LOCKSPACE_STATE_INVALID = -EINVAL,
} LockspaceState;
DECLARE_STRING_TABLE(lockspace_state, LockspaceState);

struct DomainLockspace {
        Domain *domain;
        unsigned host_id; /* intent; 0: none */
        LockspaceState state;
        char *reason;
        char job[UUID_STRING_MAX]; /* that waits for the end of joining or leaving */
        bool asking;               /* sanlock is being asked or told */
};

#define LOCKSPACE_INTERFACE "org.rhv.Storage.Lockspace"

int domain_lockspace_new(Domain *domain, DomainLockspace **ret);
DomainLockspace *domain_lockspace_free(DomainLockspace *lockspace);
/* The host id is ours already: it was taken in an earlier life. Before calls that wait for the domain get through. */
void domain_lockspace_found(DomainLockspace *lockspace);
/* The job ends when the host id is held. Return: 0, or negative with error set (the job is not touched). */
int domain_lockspace_join(DomainLockspace *lockspace, unsigned host_id, const Job *job, sd_bus_error *error);
int domain_lockspace_leave(DomainLockspace *lockspace, const Job *job, sd_bus_error *error);
/* Every MONITOR_USEC, and when the domain becomes active: asks, or joins again. */
void domain_lockspace_look(DomainLockspace *lockspace);
