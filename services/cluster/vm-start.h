/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The snapshot for the scheduler, and its answer. */

#include "manager.h"

/* May this VM start now, and where? Everything that can be known before the start: its definition, its disks, the services, the
 * scheduler. wanted: a host's id or name, NULL for any. Return: 0, or a negative errno with InvalidState, InUse, Busy,
 * BackendUnavailable, NotFound or NoHost (each host with its reason) set. */
int vm_start_check(Manager *manager, const Object *vm, const char *wanted, sd_bus_error *error);
