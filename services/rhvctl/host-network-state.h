/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the networks of one host are like now, beyond lists of objects. */

#include "client.h"

/* `host-network differences [NAME]`: where networks and bonds are not as asked for. */
int host_network_run_differences(Client *client, const Invocation *invocation);
/* `host-network bonds`. */
int host_network_run_bonds(Client *client, const Invocation *invocation);

/* `host-network forwarding NAME`. */
int host_network_run_forwarding(Client *client, const Invocation *invocation);

/* GetManagedObjects of Network and the bonds of GetCapabilities → one row for each difference, with "network" (of name NULL: of all). ret_known: how many of
 * the networks and bonds have that name. New, NULL when out of memory. Pure. */
json_t *host_network_differences(const json_t *objects, const json_t *bonds, const char *name, size_t *ret_known);
