/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* MAC pools: rows, and the addresses of NICs. Errors are set and negative, as in plan.h. Pure, but for the cursors that move. */

#include "plan.h"

/* A cluster whose spec says nothing has the default pool. NULL: there is none, as the store could not be written at the first start. */
Object *mac_pool_of(const Model *model, const Object *cluster);
Object *mac_pool_default(const Model *model);
/* How many addresses its ranges have, and how many of them no NIC has. */
uint64_t mac_pool_total(const Object *pool);
uint64_t mac_pool_free(const Model *model, const Object *pool);

int plan_create_mac_pool(const Plan *plan, const json_t *description, Change *change, sd_bus_error *error);
/* The pool that is there from the first start, with all addresses of prefix ("56:6f:RR:RR"). Nothing when there is one. */
int plan_default_mac_pool(const Plan *plan, const char *prefix, Change *change);
/* What an update of a pool, or of the pool of a cluster, must hold. */
int plan_check_mac_pool_update(const Plan *plan, const Object *pool, const json_t *changes, sd_bus_error *error);
int plan_check_mac_pool_remove(const Plan *plan, const Object *pool, sd_bus_error *error);
/* Replaces the reference "mac_pool" in the spec of a cluster by the id. cluster: NULL for a new one. */
int plan_resolve_mac_pool(const Plan *plan, const Object *cluster, json_t *spec, sd_bus_error *error);

/* May a NIC of the VM have that address? Twice in one VM never; else AlreadyExists unless the cluster's pool allows duplicates. */
int plan_check_mac(const Plan *plan, const Object *cluster, const char *vm_id, const Change *change, const char *mac, sd_bus_error *error);
/* A free one of the cluster's pool: nobody in the system has it, nor what the change gives out. LimitExceeded when none is left. */
int plan_take_mac(const Plan *plan, const Object *cluster, const Change *change, char ret[static MAC_STRING_MAX], sd_bus_error *error);
/* An event when few are left after the change. */
int plan_warn_mac_pool(const Plan *plan, const Object *cluster, Change *change);
