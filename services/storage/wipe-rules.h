/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* How fast zeroes are written. Pure. */

#include "macro.h"

/* One request to the kernel, after which a cancellation is seen and progress told. VDSM's step. */
#define WIPE_STEP_BYTES (32 * MIB)
/* Of a device no request ends within a sector of any kind. */
#define WIPE_ALIGNMENT_BYTES 4096U

/* How much to zero at once of rest_bytes. bandwidth: bytes per second, 0: no limit; a quarter of a second's worth of it at most. */
uint64_t wipe_step_bytes(uint64_t rest_bytes, uint64_t bandwidth) _const_;
/* How long to wait before the next step, so that done_bytes in elapsed_usec are not more than bandwidth allows. */
uint64_t wipe_pause_usec(uint64_t done_bytes, uint64_t elapsed_usec, uint64_t bandwidth) _const_;
