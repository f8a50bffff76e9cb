/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * From what Storage saw on a domain of others (InspectForeign's report) to descriptions of objects: disks and VMs that are there and not
 * in the model yet. Pure. Source of the texts in descriptions: ovirt-engine, MetadataDiskDescriptionHandler.
 */

#include "model.h"

/* A disk's name: the alias its description tells, else plain text that it is, else its id. Return: new, NULL when out of memory. */
char *register_disk_name(const char *description, const char *image);

/* changes: {name?, description?}. ret: for plan_register_disk(). Return: 0, or negative with NotFound, InvalidState (not usable, with the first
 * problem) or NotSupported set. */
int register_disk(const json_t *report, const char *domain, const char *image, const json_t *changes, json_t **ret, sd_bus_error *error);

/* changes: {name?, cluster?, description?}. ret: for plan_create_vm(); its disks are named by image. Return: as above, NotSupported for templates
 * and firmware that is not there, InvalidArgument for a name that cannot be had here. */
int register_vm(const json_t *report, const char *vm, const json_t *changes, json_t **ret, sd_bus_error *error);

/* The same of a template. */
int register_template(const json_t *report, const char *template_id, const json_t *changes, json_t **ret, sd_bus_error *error);

/* {disks: [{id, name, capacity, format, usable, problems}], vms: [{id, name, ...}]} of what is not in the model. Return: new, NULL when out of
 * memory. */
json_t *register_list(const Model *model, const json_t *report);
