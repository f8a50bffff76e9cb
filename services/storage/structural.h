/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Structural work on a shared domain: volumes, metadata, leases. Only a process that holds the domain's lease may do it, so it is not done
 * in the service but handed to rhv-lease, which starts one rhv-structural for each piece:
 *
 *      rhv-storaged ──connect──> <directory>/work of rhv-lease ──spawn──> rhv-structural
 *            └───────────── one JSON request, then one JSON answer ─────────────┘
 *
 * The helper inherits rhv-lease's connection to sanlock: while any such process lives, sanlock does not give the lease away.
 */

#include "io.h"

/* The two may be of different versions for a moment after an upgrade. */
#define STRUCTURAL_VERSION 3
/* Definitions of VMs are the largest; others take some KiB, with 300 devices 160. */
#define STRUCTURAL_BYTES_MAX (64 * MIB)

/* Is that piece structural? NULL: no; else its word in the request. */
const char *structural_word(int (*run)(Io *));

/* Pure. Return: new reference, NULL when out of memory. */
json_t *structural_request(const Io *io);
json_t *structural_answer(const Io *io, int r);
/* Return: 0; -EBADMSG with BadFormat set for what is no request of ours. */
int structural_request_read(const json_t *request, Io **ret, sd_bus_error *error);
/* Fills what the piece gives back, and its error. Return: what the piece returned, or -EBADMSG. */
int structural_answer_read(const json_t *answer, Io *io);

/* In a worker thread: has the piece done by the holder of the lease. Return: as the piece; InvalidState when nobody holds it, or under
 * another version than io->lease_version. */
int structural_call(Io *io);
/* In the helper: reads a request from fd, does it, writes the answer. version: of the lease that is held. */
int structural_serve(int fd, uint64_t version);
