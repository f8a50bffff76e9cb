/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The definitions of VMs and templates are kept on the storage domains that hold their disks, in oVirt's OVF stores, at every change: a cluster can be made anew
 * from its domains, here or by an oVirt engine. A VM or template without a disk is on the first domain.
 *
 *     a VM, its disks, NICs or snapshots changed ─> noted for every domain ─OVF_DELAY_USEC─> WriteOvfStore: its definition, or that it is gone from there
 *                                              └── again after OVF_RETRY_USEC where that failed
 *
 * What is noted is lost with the process: the next one notes all VMs and templates. Of those that are removed the file "ovf-removed.json" tells.
 */

#include "manager.h"

#define OVF_DELAY_USEC (2 * USEC_PER_SEC)
#define OVF_RETRY_USEC (60 * USEC_PER_SEC)
/* Storage takes as long for one call; and so many definitions. */
#define OVF_CALL_USEC (100 * USEC_PER_SEC)
#define OVF_BATCH 200U

typedef struct OvfKeep OvfKeep;

/* Notes every VM and template there is. Return: 0 or a negative errno. */
int ovf_keep_start(Manager *manager);
void ovf_keep_stop(Manager *manager);
/* An object of the model was added, has changed, or goes. */
void ovf_keep_note(Manager *manager, const Object *object, bool removed);
