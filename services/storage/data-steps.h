/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The work of rhv-data, step by step: a data job on one volume, begun and settled in the domain's metadata.
 *
 *      extend   [blocks, length | a larger device | qemu-img resize] ──> CAP and the next generation, in one write
 *      copy     (the volume is new and ILLEGAL) qemu-img convert ──> LEGAL and the next generation
 *      merge    [the new part of a longer device reads as zeroes] qemu-img commit into the volume ──> CAP and the next generation; the merged volume's removal is the service's
 *      sparsify blocks of zeroes are given back (data-sparsify.h) ──> the next generation
 *      wipe     zeroes over each volume (data-wipe.h); they leave the domain by the service
 *
 * Killed at any step it leaves a volume that the same job, begun again, brings to its end; or that is ILLEGAL. Blocks; the caller holds the
 * volume's lease, but of a wipe, which takes one after the other.
 */

#include "data-work.h"

typedef struct DataRun {
        DataWork *work;
        const char *image, *volume;
        unsigned generation; /* the volume's, when the job was accepted */
        int lease_fd;        /* inherited by tools; SPAWN_INHERIT: none */
        void (*progress)(int per_mille, void *userdata);
        void *userdata;
} DataRun;

/* Return: 0, or negative with a named error: InvalidState where the volume was changed since, BadFormat for a source that is not to be
 * trusted, NoSpace, Aborted, BackendFailed. */
int data_run(const DataRun *run, sd_bus_error *error);
