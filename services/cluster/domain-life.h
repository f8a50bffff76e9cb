/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The life of a storage domain as this host sees it. A shared data domain is used under sanlock's leases, so beside being open there are two things to have:
 *
 *      opening ──> joining (the lockspace, under the host's id) ──> active ──> the domain's lease, for structural work ──> the data center's id on it
 *         ^            ^                                               │
 *      failed      lockspace-lost <────────────────────────────────────┘   Storage takes the id again by itself; the lease is acquired anew
 *
 * The lease is acquired when the domain is attached and held from then on, not when the first piece of work needs it: then a person hears at once that another manager
 * has the domain, and no call waits for the time a dead holder's lease takes. What is to be done follows from facts alone, so that it is the same after a kill of
 * anybody. Pure; domain-keep.h acts.
 */

#include "model.h"

/* Does it say that it belongs to its data center, as far as is known? An ISO domain serves any number of them, has no lease that keeps two writers apart, and is not asked. */
bool storage_domain_is_ours(const Object *domain) _pure_;
/* A domain that is to be attached, by what Storage says of it. take_over: the other one is gone for good. Return: 1 where it is taken over, 0 where nobody has it or we do,
 * or negative with InUse set. */
int storage_domain_check_owner(const json_t *data_centers, const char *data_center, const char *class, bool take_over, sd_bus_error *error);
/* Has it a lockspace and a lease? */
bool storage_domain_is_leased(const Object *domain) _pure_;
/* The word for its state, and why it is not more; "" for no reason. Borrowed from it. */
const char *storage_domain_state(const Object *domain) _pure_;
const char *storage_domain_reason(const Object *domain) _pure_;
/* Attached, open, and where it is shared in its lockspace: guests can use it. */
bool storage_domain_is_active(const Object *domain) _pure_;
/* The version of the lease this host holds; 0: none. */
uint64_t storage_domain_lease(const Object *domain) _pure_;
/* May its structure be changed now? Return: 0, or negative with InvalidState, or BackendUnavailable set. */
int storage_domain_check_lease(const Object *domain, sd_bus_error *error);

/* Where an open domain is, as InspectForeign takes it: the directory, also of one that is mounted, or all its devices. Return: new reference, NULL when out of memory. */
json_t *domain_open_place(const Object *domain);

/* The devices of a block domain where they are others than its connection says, because it has got more of them or they are called otherwise: what is to be kept. Return: new array; NULL: they are
 * the same, or not known, or memory is out. */
json_t *domain_devices_moved(const Object *domain);

/* Does that method of Storage change a domain's structure, so that it takes the version of the lease as its option "lease"? */
bool storage_method_is_structural(const char *method) _pure_;
/* The domain whose lease a step (steps.h) needs: its own, or that which a copy goes to. NULL: none. Borrowed. */
const char *storage_step_structural(const json_t *step) _pure_;

/* What is to be done now so that it can be used wholly, as steps; empty: nothing, or nothing but waiting. Return: new reference, NULL when out of memory. */
json_t *domain_life_steps(const Object *domain, unsigned host_id);
/* What is to be done before it is closed, and the closing: the VM leases of `leases` ({VM: …}, may be NULL) go, then the domain's, then the host id. Return: as above. */
json_t *domain_leave_steps(const Object *domain, const json_t *leases);

/* How long to wait after the nth failure in a row (n from 1). */
uint64_t domain_life_pause_usec(unsigned n) _const_;
