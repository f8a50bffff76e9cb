/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The one loop of a service: signals blocked and turned into its end, systemd's watchdog fed by it. */

#include "macro.h"

/* Blocks SIGTERM, SIGINT and SIGCHLD, which must happen before any thread starts; SIGTERM and SIGINT leave the loop with exit code 0.
 * Return: 0 and a new reference to the default event loop, or a negative errno. */
int loop_new(sd_event **ret);
