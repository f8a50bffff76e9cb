/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Uploads and downloads: bytes moved by a transient unit of their own, so that a restart of this service does not
 * touch them.
 *
 *   begin (worker): checks, room, the volume opened and, for an upload, marked ILLEGAL; notes what it is about
 *   unit            rhv-transfer with the two file descriptors and nothing else
 *   end (worker):   after a complete upload LEGAL and the next generation, in one write; else the volume stays
 * ILLEGAL, or becomes what it was where nothing was changed
 *
 * A restarted service finds the note and the unit, or the unit's result, and goes on from there.
 */

#include "data-work.h"
#include "task.h"
#include "unit.h"
#include "transfer-request.h"

/* Transfers at once: each takes disk bandwidth from guests. */
#define TRANSFERS_MAX 16U
#define TRANSFER_POLL_USEC (500 * USEC_PER_MSEC)

typedef struct Transfer Transfer;
struct Transfer {
        struct Manager *manager;
        char job[UUID_STRING_MAX];
        TransferRequest request;
        char *directory; /* of its files */
        char *unit;      /* its name */
        int peer_fd;     /* what the caller handed in, until the unit has it */
        uint64_t size_bytes;
        UnitWatch *watch;
        bool cancelled;
        bool ended; /* the unit is gone; waiting for the domain to write the outcome */
        char result_word[64];
        /* of a data job */
        DataKind kind;
        bool devices; /* it works on block devices */
        char source_domain[UUID_STRING_MAX], source_image[UUID_STRING_MAX]; /* what is read, and locked too */
        char merged[UUID_STRING_MAX];                                       /* the volume that goes at the end of a merge */
        uint64_t bandwidth; /* of a wipe: bytes per second, until it is noted */
        bool wipe, discard; /* what becomes of data that are removed at the end */
        bool finishing;
        Operation *asked; /* the call that waits for a measurement; a transfer with it has no job */
        Transfer *prev, *next;
};

/* job: new, its image locked by the caller for it. request: image, volume and upload; or with file, of an ISO domain, upload alone. fd: taken on success. size_bytes: announced (uploads). Return: 0,
 * or negative with an error. */
int transfer_start(struct Manager *manager, Domain *domain, Job *job, const TransferRequest *request, const char *file, int fd, uint64_t size_bytes,
                   sd_bus_error *error);
/* The kind of a job that uploads a file of an ISO domain. */
#define TRANSFER_UPLOAD_FILE "upload-file"
/* Jobs of transfers to or from a domain, between commas. Return: new string, NULL when out of memory. */
char *transfer_jobs(const struct Manager *manager, const char *domain);
/* image-bus.c: what a caller hands over: a regular file, pipe or socket, open for the right direction. size_bytes: as announced, or 0; ret: of an upload. */
int transfer_check_fd(int fd, bool upload, uint64_t size_bytes, uint64_t *ret, sd_bus_error *error);
/* Takes up what a former process left. Called once. */
void transfer_recover(struct Manager *manager);
/* A domain became active or failed: outcomes that waited for it are written. */
void transfer_domain_changed(struct Manager *manager, const Domain *domain);
void transfer_free_all(struct Manager *manager);
