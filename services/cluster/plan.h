/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * From a request to a Change, or a refusal: may this be, next to what there is, and which rows does it write? Nothing is
 * done here; every function may be called twice for one request (before and after authorisation).
 *
 * Descriptions and changes are checked by the tables of spec.h before. Errors: AlreadyExists, NotFound, InvalidArgument, InUse,
 * InvalidState, Busy, LimitExceeded set, return negative. On success the outcome of a creation holds "object": the path.
 */

#include "event.h"
#include "mac-pool.h"
#include "model.h"

typedef struct Plan {
        const Model *model;
        Actor actor;
        MacCursors *mac_cursors;
        const char *boot_id; /* of this host, a word made in each: a VM touched in a boot is not started again by it */
} Plan;

/* Objects of one kind beyond this are refused: far above 200 hosts and 10,000 VMs, far below what memory holds. */
#define OBJECTS_MAX 50000U

/* What a storage domain is for: its class, as Storage tells it. Only data domains have disks. */
#define STORAGE_CLASS_DATA "Data"
#define STORAGE_CLASS_ISO "Iso"
#define STORAGE_CLASS_EXPORT "Backup"
const char *storage_domain_class(const Object *domain) _pure_;
bool storage_domain_is_data(const Object *domain) _pure_;
/* Return: 0, or negative with NotSupported set. */
int storage_domain_check_data(const Object *domain, sd_bus_error *error);

typedef int (*plan_create_t)(const Plan *plan, const json_t *description, Change *change, sd_bus_error *error);
int plan_create_data_center(const Plan *plan, const json_t *description, Change *change, sd_bus_error *error);
int plan_create_cluster(const Plan *plan, const json_t *description, Change *change, sd_bus_error *error);
int plan_create_network(const Plan *plan, const json_t *description, Change *change, sd_bus_error *error);
int plan_create_storage_domain(const Plan *plan, const json_t *description, Change *change, sd_bus_error *error);
int plan_create_disk(const Plan *plan, const json_t *description, Change *change, sd_bus_error *error);
/* One that is on its domain already: description as of plan_create_disk(), with id (the image) and volume. */
int plan_register_disk(const Plan *plan, const json_t *description, Change *change, sd_bus_error *error);
int plan_create_vm(const Plan *plan, const json_t *description, Change *change, sd_bus_error *error);
/* The containers of a new installation and this host in them; nothing when the host is there. */
int plan_first_start(const Plan *plan, const char *host_id, const char *host_name, Change *change,
                     sd_bus_error *error);

/* Has an object of that kind below scope (NULL: anywhere) the name? */
bool plan_name_is_taken(const Plan *plan, ObjectKind kind, const char *name, const Object *scope);

/* changes: checked by the kind's update table. */
int plan_update(const Plan *plan, const Object *object, const json_t *changes, Change *change, sd_bus_error *error);
/* Only the row; what must be done before (an image deleted) is its owner's business. */
int plan_remove(const Plan *plan, const Object *object, Change *change, sd_bus_error *error);
/* The same of what was made by a job that failed: nothing uses it, and whether it runs need not be known. */
int plan_take_back(const Plan *plan, const Object *object, Change *change);
/* Puts the row with another state and, if given, a reason in its spec. For disks and storage domains. */
int plan_set_state(const Object *object, const char *state, const char *reason, Change *change);
/* A domain that was removed, or was detached and takes its disks along: their rows go. */
int plan_forget_domain(const Model *model, const Object *domain, Change *change);
/* Puts the row with a spec key replaced; value: taken. */
int plan_set_spec(const Object *object, const char *key, json_t *value, Change *change);
int plan_unset_spec(const Object *object, const char *key, Change *change);

int plan_attach_disk(const Plan *plan, const Object *vm, const char *disk, const json_t *options, Change *change,
                     sd_bus_error *error);
int plan_detach_disk(const Plan *plan, const Object *vm, const char *disk, Change *change, sd_bus_error *error);
int plan_add_nic(const Plan *plan, const Object *vm, const json_t *nic, Change *change, sd_bus_error *error);
/* Of any VM, also one that runs: what its guest is told is made of the row that was put (vm_nic_description()). Mirroring stays as it is while it runs. */
int plan_update_nic(const Plan *plan, const Object *vm, const char *nic, const json_t *changes, Change *change, sd_bus_error *error);
int plan_remove_nic(const Plan *plan, const Object *vm, const char *nic, Change *change, sd_bus_error *error);
/* Marks that a VM was dealt with in this boot: autostart leaves it alone. */
int plan_touch(const Plan *plan, const Object *vm, Change *change);
int plan_addresses(const Object *vm, const json_t *addresses, Change *change);

/* May it start, as far as its own definition and disks go? Sets InvalidState, InUse, Busy or BackendUnavailable. */
int plan_check_start(const Object *vm, sd_bus_error *error);
/* Is it down (nowhere), by what Compute says and by jobs? */
bool vm_is_down(const Object *vm) _pure_;
const char *vm_state(const Object *vm) _pure_;
