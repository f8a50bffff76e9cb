/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Asks udisks2, if it is there, for all it knows of. A help, not a need: where it is not installed, fails or hangs, the journal says so, once, and what it would have told is left to udev and
 * sysfs. One that has hung for UDISKS_USEC is asked again after UDISKS_PAUSE_USEC. Blocks, and belongs in a worker thread, one at a time.
 */

#include <jansson.h>

#include "clock-util.h"
#include "macro.h"

#define UDISKS_USEC (5 * USEC_PER_SEC)
#define UDISKS_PAUSE_USEC (60 * USEC_PER_SEC)

/* Return: new reference for udisks_find(), NULL where it does not tell. */
json_t *udisks_objects(void);
