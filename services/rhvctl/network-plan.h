/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* `host-network … --dry-run`: what a set-up would do, as a table. */

#include "client.h"

/* steps: of PlanNetworks. Rows for network_plan_columns: each change in a row of its own, the device named in the first. Pure. Return: new array,
 * NULL when out of memory. */
json_t *network_plan_rows(const json_t *steps);

/* Reads the answer of PlanNetworks and prints it. */
int network_plan_print(Client *client, sd_bus_message *reply);
