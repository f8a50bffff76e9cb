/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The D-Bus face of the NAT and isolated networks. */

#include "manager.h"

extern const sd_bus_vtable network_vtable[];
int network_bus_find(sd_bus *bus, const char *path, const char *interface, void *userdata, void **ret_found, sd_bus_error *error);
int network_bus_enumerate(sd_bus *bus, const char *prefix, void *userdata, char ***ret_nodes, sd_bus_error *error);
/* SetupNetwork of the Manager. */
int network_method_setup(sd_bus_message *message, void *userdata, sd_bus_error *error);
