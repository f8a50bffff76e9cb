/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Jobs on the data of volumes (data-work.h), in the same way as transfers (transfer.h): the work is a unit of its own, rhv-data-<job>.service.
 *
 *   plan (worker)   may it be, next to what is there?
 *   grow (worker)   of a volume on block devices: room for what will be in it
 *   note (worker)   the job's directory: from here on a restarted service takes it up
 *   make (worker)   of a copy: its volume, ILLEGAL
 *   unit            rhv-data, which settles the volume's metadata itself
 *   finish (worker) of a merge: the merged volume goes; of a copy that failed: what was made of it goes
 *
 * On a shared domain grow, make and finish are the work of who holds the domain's lease; the unit holds the volume's.
 */

#include "transfer.h"

typedef struct DataRequest {
        DataKind kind;
        const char *image, *volume; /* extended; read by a copy; merged into its parent */
        uint64_t capacity_bytes;    /* of an extension */
        uint32_t generation;        /* the volume that is written (or read by a copy) must have it; or GENERATION_ANY */
        uint64_t bandwidth;         /* bytes per second; 0: no limit */
        const char *source_format;  /* of a copy of a foreign image; "": none */
        uint64_t source_bytes;      /* its length */
        Domain *target;             /* of a copy; borrowed for the call */
        const VolumeRequest *make;  /* the copy's volume */
        bool share;                 /* it becomes a template */
        bool wipe, discard;         /* what becomes of a merged volume's data */
} DataRequest;

/* job: new, image (and the copy's) locked for it. Return: 0, or negative with error set. */
int data_job_start(Domain *domain, Job *job, const DataRequest *request, sd_bus_error *error);

/* For transfer.c: the unit ended; r, error: by its result. */
void data_job_conclude(Transfer *transfer, int r, sd_bus_error *error);
/* Taken up again: what it is about, from its notes. */
int data_job_recall(Transfer *transfer);
