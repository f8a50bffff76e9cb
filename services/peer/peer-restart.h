/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "macro.h"

/* From the request to the end of systemd's job: a service that is told to go and does not is killed after 90 s. */
#define PEER_RESTART_USEC (100 * USEC_PER_SEC)

/* Has systemd restart one of our units and waits for the end of that. polkit lets the user rhv-peer do this for our units and nothing
 * else. Needs no service of ours. Return: 0; negative with BackendFailed, BackendUnavailable, AccessDenied or Timeout set. */
int peer_restart(const char *unit, sd_bus_error *error);
