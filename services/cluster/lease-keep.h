/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Makes and deletes the leases of VMs (vm-lease.h) while this host holds a domain's lease, one after the other, each as a job of the kind "vm-lease"; and lets a start wait for what it
 * needs. Which leases are on a domain Storage is asked once after its lockspace was joined; which are ours stands in a file of the state directory.
 */

#include "manager.h"

#define LEASE_KEEP_RETRY_USEC (10 * USEC_PER_SEC)
/* A start waits so long for the leases of its VM. */
#define LEASE_START_USEC (30 * USEC_PER_SEC)

int lease_keep_start(Manager *manager);
void lease_keep_stop(Manager *manager);
/* VMs, disks or domains have moved: looked at when the loop is idle. */
void lease_keep_later(Manager *manager);
/* steps-done.c: such a job ended. reason: NULL where it went well. */
void lease_keep_ended(Manager *manager, const Job *job, const char *reason);
/* {VM: true} of the leases on the domain that are ours; NULL: none. Borrowed. */
const json_t *lease_keep_ours(const Manager *manager, const Object *domain);
/* Has the start of vm continue (work_start_vm) when its leases are there, or its job fail. */
void lease_keep_await(Manager *manager, const Job *job, const Object *vm, bool paused);
/* Are all leases there that the VM needs, as far as is known? */
bool lease_keep_has(const Manager *manager, const Object *vm);
