/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Leases of VMs on shared domains: one for each domain a VM writes to, named as the VM, without which no guest is started there (docs/leases.md). Which ones there are to be follows from
 * the VMs' disks; which are ours to delete is noted before any is made, so that a kill leaves none behind. Pure; lease-keep.h acts.
 */

#include "model.h"

/* Does the VM write to a disk on the domain, which has leases? */
bool vm_lease_is_wanted(const Object *vm, const Object *domain) _pure_;
/* {VM: true} of all that do. Return: new reference, NULL when out of memory. */
json_t *vm_lease_wanted(const Model *model, const Object *domain);
/* Adds what is wanted to ours. Return: 1 changed, 0, or -ENOMEM. */
int vm_lease_note(const json_t *wanted, json_t *ours);
/* The next lease to be made ("CreateLease") or deleted ("DeleteLease"), or the next one of ours to be forgotten, because it is not there ("").
 * ours, known (on the domain), held_back: {VM: anything}. ret_vm: borrowed. Return: the word, NULL: none. */
const char *vm_lease_next(const json_t *wanted, const json_t *ours, const json_t *known, const json_t *held_back, const char **ret_vm);
