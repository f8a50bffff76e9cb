/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The five services, and `status`. */

#include "client.h"

/* "Cluster", "Compute", …, NULL. */
extern const char *const service_names[];

/* Has org.rhv.<service> an owner? Return: 1, 0, or negative (line printed). */
int service_is_running(Client *client, const char *service);
