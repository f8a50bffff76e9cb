/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What this host does for another one: calls that come over the link, passed on to Compute and Storage here. A descriptor that they give becomes a
 * ticket of a stream. A member is trusted, so nobody else is asked; everything ends by itself when the member has gone.
 */

#include "manager.h"

/* Calls under way at one time, for all hosts. */
#define SERVES_MAX 64U
/* Disks of a guest that comes: Compute gives each STORAGE_CALL_USEC. */
#define SERVE_USEC (180 * USEC_PER_SEC)

/* A method's handler (PeersListener). */
int peer_serve(Peer *peer, sd_bus_message *message, void *manager, sd_bus_error *error);
void peer_serve_stop(Manager *manager);
