/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the DHCP of a NAT or isolated network has given out: Compute of this host knows. */

#include "kind.h"

int network_run_leases(Client *client, const Invocation *invocation);
