/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The lease of a shared domain, as the service sees it: a unit rhv-lease-<domain>.service in rhv-spm.slice that holds it (lease-holder.h).
 *
 *      none ──> acquiring ──> held ──> releasing ──> none
 *                                └──> none (the unit ended: the lease is lost, or the process was killed)
 *
 * The unit lives on while the service does not; what it does is read from its state file. A host whose sanlock is not guarded by a
 * watchdog gets no lease: nothing would stop its writers.
 */

#include "domain.h"
#include "job.h"

typedef enum DomainLeaseState {
        DOMAIN_LEASE_NONE,
        DOMAIN_LEASE_ACQUIRING,
        DOMAIN_LEASE_HELD,
        DOMAIN_LEASE_RELEASING,
        _DOMAIN_LEASE_STATE_MAX,
        _DOMAIN_LEASE_STATE_INVALID = -EINVAL,
} DomainLeaseState;
DECLARE_STRING_TABLE(domain_lease_state, DomainLeaseState);

/* Looks whether a unit of an earlier life holds it. */
int domain_lease_new(Domain *domain, DomainLease **ret);
DomainLease *domain_lease_free(DomainLease *lease);
DomainLeaseState domain_lease_state(const DomainLease *lease);
/* 0: not held. */
uint64_t domain_lease_version(const DomainLease *lease);
/* Its directory (lease-request.h). */
const char *domain_lease_directory(const DomainLease *lease);

/* The job ends when it is held. wait: for the lease of a failed host to run out. Return: 0, or negative with error set. */
int domain_lease_acquire(DomainLease *lease, bool wait, const Job *job, sd_bus_error *error);
/* New work is refused at once; the job ends when the last piece has ended and the lease is free. */
int domain_lease_release(DomainLease *lease, const Job *job, sd_bus_error *error);

/* May a caller who shows version do structural work? Local domains need none, and take none. Return: 0; InvalidState. */
int domain_lease_check(const Domain *domain, uint64_t version, sd_bus_error *error);

/* Reads use_watchdog from what `sanlock client status -D` prints. Pure. Return: 1 armed, 0 not, -EBADMSG. */
int sanlock_status_watchdog(const char *text);
