/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Templates: disks that nobody writes to any more, and what a VM on them is to be. Pure.
 *
 * A template's spec: "description", "created" (usec), "configuration" (of the VM it was made of), "disks": [{name, domain, image, volume, format, capacity,
 * link}], link: how the disk hangs on a VM. A VM made thin has for each a qcow2 volume over the template's, on the same domain: such disks have
 * "template" in their spec, and as long as there is one the template stays.
 */

#include "plan.h"

/* Copies of the VM's disks become the template's. description: template_create_fields. The outcome holds "object". */
int plan_create_template(const Plan *plan, const Object *vm, const json_t *description, uint64_t now_usec, Change *change, json_t **ret_steps,
                         char ret_id[static 37], sd_bus_error *error);
/* description: template_vm_fields; clone: copies in place of layers. ret_id: the new VM, whose disks are locked until plan_clone_done(). */
int plan_template_vm(const Plan *plan, const Object *template_object, const json_t *description, Change *change, json_t **ret_steps,
                     char ret_id[static 37], sd_bus_error *error);
int plan_remove_template(const Plan *plan, const Object *template_object, Change *change, json_t **ret_steps, sd_bus_error *error);

/* The same of a definition that lies on a storage domain. description: as register_template() makes it. */

/* May there be such a template, and can VMs be made of it? ret_cluster: where it is. */
int plan_check_template(const Plan *plan, const json_t *description, Object **ret_cluster, sd_bus_error *error);
/* disks: as in its spec, borrowed. The outcome holds "object". */
int plan_put_template(const char *id, const json_t *description, const Object *cluster, uint64_t now_usec, const json_t *disks, const char *state, Change *change,
                      sd_bus_error *error);
/* The configuration of a VM of that description, as vm_configuration() tells it, but without disks. ret: new. */
int plan_make_configuration(const json_t *description, const Object *cluster, json_t **ret, sd_bus_error *error);

/* How the making and the removal ended. reason: NULL where all went well. */
int plan_template_made(const Plan *plan, const char *id, const char *reason, Change *change);
int plan_template_removed(const Plan *plan, const char *id, const char *reason, Change *change);

/* The template that has the image. Return: it, or NULL. */
const Object *plan_template_of(const Model *model, const char *image);
/* Is the image a template's? */
bool plan_template_has(const Model *model, const char *image);
/* Does a template lie on the storage domain? Return: it, or NULL. */
const Object *plan_template_on(const Model *model, const Object *domain);
