/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What SetupNetworks wants, from what was typed. */

#include "client.h"

/* `host setup HOST FILE`. */
int host_run_setup(Client *client, const Invocation *invocation);

/* spec: the plain keys; local: "ipv4", "ipv6" (arrays: "none", "dhcp" or addresses), "gateway", "gateway6", "dns", "search" (arrays),
 * "route" ({network: gateway}). ret: new.
 * Return: 0 or -ENOMEM. Pure. */
int host_network_description(const json_t *spec, const json_t *local, json_t **ret);
