/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The D-Bus face of the other hosts: org.rhv.Cluster.Peer, and what a host is told to make one of another. */

#include "manager.h"

#define PEER_OBJECT_INTERFACE CLUSTER_INTERFACE ".Peer"
/* A new host waits so long for the member: less than a D-Bus caller does. */
#define PEER_JOIN_USEC (20 * USEC_PER_SEC)

int peer_bus_start(Manager *manager);
void peer_bus_stop(Manager *manager);

extern const sd_bus_vtable peer_vtable[];
int peer_find(sd_bus *bus, const char *path, const char *interface, void *userdata, void **ret_found, sd_bus_error *error);
int peer_enumerate(sd_bus *bus, const char *prefix, void *userdata, char ***ret_nodes, sd_bus_error *error);

/* Methods of the root. */
int method_create_join_token(sd_bus_message *message, void *userdata, sd_bus_error *error);
int method_join(sd_bus_message *message, void *userdata, sd_bus_error *error);
