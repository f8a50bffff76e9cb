/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Disks that grow, are copied and moved, and VMs made from a copy of another's disks: rows and steps. Pure. A new disk is "locked" until its
 * copy is complete; where that fails the rows go again.
 */

#include "plan.h"

/* capacity_bytes: checked by Storage too. The disk is locked meanwhile. */
int plan_extend_disk(const Plan *plan, const Object *disk, int64_t capacity_bytes, Change *change, json_t **ret_steps, sd_bus_error *error);
/* description: disk_copy_fields. ret_id: the new disk. */
int plan_copy_disk(const Plan *plan, const Object *disk, const json_t *description, Change *change, json_t **ret_steps,
                   char ret_id[static 37], sd_bus_error *error);
/* To another storage domain, as one volume. ret_volume: its volume there. */
int plan_move_disk(const Plan *plan, const Object *disk, const char *domain, Change *change, json_t **ret_steps, char ret_volume[static 37],
                   sd_bus_error *error);

/* A new VM with copies of the disks of vm, or of snapshot where that is given, and what it was configured to be. Its NICs get addresses of their own. description:
 * snapshot_clone_fields. ret_id: the new VM. */
int plan_clone_vm(const Plan *plan, const Object *vm, const Object *snapshot, const json_t *description, Change *change, json_t **ret_steps,
                  char ret_id[static 37], sd_bus_error *error);

/* How they ended. reason: NULL where all went well. */
/* Storage gives back blocks of it that are full of zeroes. Return: as plan_extend_disk(). */
int plan_sparsify_disk(const Plan *plan, const Object *disk, Change *change, json_t **ret_steps, sd_bus_error *error);
int plan_extend_done(const Object *disk, int64_t capacity_bytes, const char *reason, Change *change);
int plan_copy_done(const Plan *plan, const char *id, const char *reason, Change *change);
/* n_done: 1, and the copy is there although the source could not be removed. */
int plan_move_done(const Plan *plan, const Object *disk, const char *domain, const char *volume, size_t n_done, const char *reason,
                   Change *change);
int plan_clone_done(const Plan *plan, const char *id, const char *reason, Change *change);

/* The parts, for templates. */

/* One copy, as Storage is asked for it. */
typedef struct PlanCopy {
        const char *from, *image, *volume;       /* domain, image and volume that is read */
        const char *to, *new_image, *new_volume; /* what is made */
        const char *format, *allocation, *name;
        const json_t *onto; /* the spec of the domain it goes to; NULL: one in files */
        bool shared; /* it becomes a template's */
} PlanCopy;
/* Return: new reference or NULL. */
json_t *plan_copy_step(const PlanCopy *copy);

/* A disk's row, locked. */
typedef struct PlanDisk {
        const char *id, *name, *volume, *format, *allocation, *description; /* the last may be NULL */
        const char *template_id; /* NULL: it stands on its own */
        int64_t capacity;
        const json_t *like; /* a disk's spec, or an entry of a template: what becomes of its data when they are removed; may be NULL */
} PlanDisk;
int plan_put_new_disk(const Object *domain, const PlanDisk *disk, Change *change);

/* Nobody writes to it, and no job works on it. Return: 0, or negative with error set. */
int plan_check_disk_still(const Object *disk, const char *what, sd_bus_error *error);
/* Where a copy goes: reference, or NULL for the same. Return: the domain, or NULL with error set. */
Object *plan_copy_target(const Plan *plan, Object *domain, const char *reference, sd_bus_error *error);
/* A configuration as the description of a VM of another name, without what belongs to one VM alone. Return: new reference or NULL. */
json_t *plan_clone_description(const Model *model, const json_t *configuration, const json_t *given, const char *id, const char *name, const char *cluster);
