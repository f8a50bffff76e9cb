/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A host's id in the lockspaces of shared domains: 1 to 250, its own in the data center, the same in all of them (VDSM's SPM id). Pure.
 */

#include "plan.h"

#define LOCKSPACE_HOSTS_MAX 250

/* Of a host of before there were such ids: 1, since it was alone. */
unsigned host_lockspace_id(const Object *host) _pure_;
/* The lowest that no host of the data center has; data_center: NULL, where it is new. Return: the id, or 0 with LimitExceeded set. */
unsigned plan_free_lockspace_id(const Model *model, const Object *data_center, sd_bus_error *error);
/* May the host have the id that changes give it? Return: 0, or negative with AlreadyExists or InUse set. */
int plan_check_host_update(const Plan *plan, const Object *host, const json_t *changes, sd_bus_error *error);
