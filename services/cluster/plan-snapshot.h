/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Snapshots of VMs that do not run: which rows change, and which steps Storage takes for it. Pure.
 *
 *      create   a new qcow2 volume over each disk's present one, which holds the state from now on
 *      preview  a second new volume over the one that holds the state: the VM's disks are there; the former top waits
 *      commit   ends a preview: what was above the state goes, with the snapshots made since
 *      undo     ends a preview: the volumes of the preview go
 *      remove   the volume above the state is merged into it: nothing but the way back is lost
 *
 * A snapshot's spec: "description", "created" (usec), "sequence" (order among those of the VM), "configuration" (the VM as it was), "disks": [{disk,
 * volume, format, capacity}]; of a previewed one "preview": [{disk, volume, leaf, format, capacity}], the last two of the leaf that waits; while it is
 * locked or broken "doing": one of the words above, which can be done again ("discard": the removal of
 * one that was never complete).
 *
 * Steps (steps.h) are safe to be taken again: what is there already, or gone already, is as good as done.
 */

#include "plan.h"

#define VM_SNAPSHOTS_MAX 64U

/* ret_steps: new. Errors: InvalidState, InUse, Busy, LimitExceeded, AlreadyExists. The outcome holds "object". */
int plan_create_snapshot(const Plan *plan, const Object *vm, const json_t *description, uint64_t now_usec, Change *change,
                         json_t **ret_steps, sd_bus_error *error);
/* doing: "preview", "commit", "undo" or "remove". The row says so from here on. */
int plan_snapshot_work(const Plan *plan, const Object *snapshot, const char *doing, Change *change, json_t **ret_steps,
                       sd_bus_error *error);
/* How it ended: n_done steps were taken; reason: NULL where all went well. What it was doing stands in its row. */
int plan_snapshot_done(const Plan *plan, const Object *snapshot, size_t n_done, const char *reason, Change *change);

/* The snapshot of the VM that was made next; NULL: the first. Return: it, or NULL. */
const Object *plan_snapshot_next(const Model *model, const Object *vm, const Object *snapshot);

/* Holds no snapshot the disk? Return: 0, or negative with InvalidState set. what: "detaching it". */
int plan_check_no_snapshot(const Model *model, const Object *disk, const char *what, sd_bus_error *error);
/* May the VM start, as far as its snapshots go? InvalidState where work on one was cut off. */
int plan_check_snapshots(const Model *model, const Object *vm, sd_bus_error *error);

/* What Storage is told when data are removed, of a disk with that spec or a template's entry: options of its call, without those that are not asked for. Return: new reference or NULL. */
json_t *plan_disposal(const json_t *spec);
/* The same wishes, of a copy: to gets what from (a disk's spec, an entry of a template) says of it. */
int plan_keep_disposal(json_t *to, const json_t *from);
/* A step that removes data of that disk. Return: likewise. */
json_t *plan_removal_step(const Object *disk, const char *method, const char *volume);
/* One step for Storage. extra: taken, may be NULL. Return: new reference or NULL. */
json_t *plan_step(const Object *domain, const char *method, const char *image, const char *volume, json_t *extra);
