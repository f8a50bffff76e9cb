/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Leases written by this process and its tools, not by sanlock's daemon: for work under a domain's lease. The daemon lives on when the lease is
 * lost, and what it was asked to write while the storage hung would arrive when another host holds the lease. What is written here
 * ends with the processes that sanlock kills, or keeps the lease from being given away. Blocking.
 */

#include "sanlock-call.h"

/* As lease_format(), by `sanlock direct init` as 36:36, which inherits the lease (heir.h). */
int lease_format_self(const Lease *lease, sd_bus_error *error);
/* The first sector becomes zeroes: no lease for anybody. Direct I/O as 36:36. */
int lease_clear_self(const Lease *lease, sd_bus_error *error);
