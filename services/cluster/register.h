/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * From what Storage saw on a domain of others (InspectForeign's report) to descriptions of objects: disks and VMs that are there and not
 * in the model yet. Pure.
 */

#include "model.h"

/* changes: {name?, description?}. ret: for plan_register_disk(). Return: 0, or negative with NotFound, InvalidState (not usable, with the first
 * problem) or NotSupported set. */
int register_disk(const json_t *report, const char *domain, const char *image, const json_t *changes, json_t **ret, sd_bus_error *error);

/* changes: {name?, cluster?, description?}. ret: for plan_create_vm(); its disks are named by image. Return: as above, NotSupported for templates
 * and firmware that is not there, InvalidArgument for a name that cannot be had here. */
int register_vm(const json_t *report, const char *vm, const json_t *changes, json_t **ret, sd_bus_error *error);

/* The same of a template. */
int register_template(const json_t *report, const char *template_id, const json_t *changes, json_t **ret, sd_bus_error *error);
/* NICs of a template get their addresses with each VM that is made of it, those of a clone anew: description has none any more. */
void register_drop_addresses(json_t *description);

/*
 * The snapshots of that VM, the oldest first: [{id, name, description, created (usec), disks: [{disk, volume, format, capacity}], vm: what it was then, as register_vm() tells
 * it}]. An empty list where the chains of its disks do not bear them out, each volume below a top and above the oldest snapshot's held by one snapshot: work on such a chain
 * would take another volume than it means. description: of the VM. Return: new, NULL when out of memory.
 */
json_t *register_snapshots(const json_t *report, const char *vm, const json_t *description);
/* What a summary says of the hardware, put into a description. Return: 0 or -ENOMEM. For register-snapshot.c. */
int register_hardware(const json_t *found, json_t *description);
/* Likewise: [{disk, bus, boot_order?}], one for each image; [{network, model, mac?}]. */
int register_add_disks(const json_t *found, json_t *description);
int register_add_nics(const json_t *found, const char *vm, json_t *description, sd_bus_error *error);

/* {disks: [{id, name, capacity, format, usable, problems}], vms: [{id, name, ...}]} of what is not in the model; of an export domain all VMs. Return: new, NULL when out of
 * memory. */
json_t *register_list(const Model *model, const json_t *report);
