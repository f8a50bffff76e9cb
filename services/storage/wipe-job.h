/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Removal of what is to be wiped before (layout-block-remove.c), as a data job (data-job.h):
 *
 *   mark (holder of the domain's lease)  it is gone for everybody, and will be wiped by whoever comes to it
 *   plan, note (workers)                 which volumes, how large
 *   unit                                 rhv-data writes zeroes
 *   finish (holder)                      the room is given back
 *
 * Cut off after the first, it is taken up again by the host that has the domain's lease: when it gets the lease, and with growing pauses after a failure.
 */

#include "domain.h"
#include "job.h"

/* The first pause after a failed attempt, and the longest. */
#define WIPE_PAUSE_USEC (30 * USEC_PER_SEC)
#define WIPE_PAUSE_MAX_USEC (3600 * USEC_PER_SEC)

/* job: new, its image locked for it. volume: NULL: all of the image. bandwidth: bytes per second, 0: no limit. Return: 0, or negative with error set. */
int wipe_job_start(Domain *domain, Job *job, const char *image, const char *volume, bool discard, uint64_t bandwidth, sd_bus_error *error);
/* Starts jobs for what waits to be wiped, where this host holds the domain's lease. */
void wipe_job_look(Domain *domain);
/* For who watches over the domains, now and then. */
void wipe_job_monitor(Domain *domain);
/* One has ended, by r. */
void wipe_job_ended(Domain *domain, int r);
