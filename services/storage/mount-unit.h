/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Mounts of domains: transient units of systemd, which outlive the service. Every function blocks as long as the server is silent, and belongs in a
 * worker thread; it has a connection of its own to the bus.
 */

#include "layout.h"

/* systemd gives up a mount after this, its own helper included. */
#define MOUNT_USEC (60 * USEC_PER_SEC)
#define UNMOUNT_USEC (30 * USEC_PER_SEC)

/* place->what is mounted at place->path from here on. ret_new: it was not before. Return: 0; negative with InUse where something else is mounted there,
 * BackendFailed or BackendUnavailable. */
int mount_unit_start(const DomainPlace *place, bool *ret_new, sd_bus_error *error);
/* What is not mounted is no error. */
int mount_unit_stop(const DomainPlace *place, sd_bus_error *error);
