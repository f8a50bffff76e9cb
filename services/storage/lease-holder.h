/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The process that holds a domain's lease, and through which all structural work goes. It is small, locked in memory, parses nothing that
 * comes from a connection, and is independent of the services: they may die and come back.
 *
 *   acquiring ──> held ──> ending ──> (lease released, exit)
 *                   └──> lost: every process of its cgroup is killed
 *
 * sanlock frees a lease when the connection it was taken through is closed, that is, when the last process that has it open is gone. Each
 * helper inherits it. So it does not matter who is killed, and in which order: the lease outlives the last of them, one that hangs in the
 * kernel included, and then the watchdog resets the host.
 */

#include "lease-request.h"

/* Pieces of work at once; more wait in the socket's queue. */
#define LEASE_HELPERS_MAX 16U
#define LEASE_BACKLOG 128

/* Acquires what the directory's request says, holds it until SIGTERM, and then until the last helper ended. Return: an exit status. */
int lease_hold(const char *directory, const char *helper, const char *kill_program);
/* What sanlock runs when the lease is lost: kills all processes of a cgroup. Return: an exit status. */
int lease_kill(const char *cgroup);
