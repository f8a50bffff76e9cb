/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Statistics on the bus. */

#include "manager.h"

/* Asks libvirt and parks the message: the answer is a{sa{sv}}, or with `single` the one a{sv}. ids: NULL-terminated, empty: all that run.
 * Return: 1, or negative with an error set. */
int stats_ask(Manager *manager, sd_bus_message *message, const char *const *ids, bool single, sd_bus_error *error);
