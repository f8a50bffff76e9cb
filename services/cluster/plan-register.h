/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What lies on a storage domain and is taken over where it is: its rows. register.h makes the descriptions. Pure, errors as in plan.h. */

#include "plan.h"

/*
 * Whose layer an image is: description (of register_disk()) gets "template". Return: 0, or negative with InvalidState set where that template lies beside it and is not
 * registered, NotSupported where the image is a template's itself.
 */
int plan_join_template(const Plan *plan, const json_t *report, json_t *description, sd_bus_error *error);
/* snapshots: as register_snapshots() makes them. vm, cluster: where the VM is, whose rows are in change. Each has its id and its name, or where another has that, another. */
int plan_register_snapshots(const Plan *plan, const char *vm, const Object *cluster, const json_t *snapshots, Change *change, sd_bus_error *error);
/* description: of register_template(). The outcome holds "object". */
int plan_register_template(const Plan *plan, const Object *domain, const json_t *report, json_t *description, uint64_t now_usec, Change *change, sd_bus_error *error);
