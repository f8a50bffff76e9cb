/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What of a VM needs code of its own. */

#include "client.h"

int vm_run_create(Client *client, const Invocation *invocation);
int vm_run_stats(Client *client, const Invocation *invocation);
/* Update and removal of a NIC, which may be named by its id, address or network. */
int vm_run_nic(Client *client, const Invocation *invocation);

/* The id of the NIC of `spec` (a VM's Spec property) that has this id, MAC address, or is the only one on this network.
 * Return: borrowed, or NULL. Pure. */
const char *vm_find_nic(const json_t *spec, const char *reference) _pure_;
