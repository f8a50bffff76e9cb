/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The index of a domain's external leases (dom_md/xleases): which lease id has which place. Pure: bytes in, bytes out.
 *
 *      area 0 unused | area 1 index | area 2 unused | area 3 lease of record 0 | area 4 lease of record 1 | …
 *
 * An area is as large as the domain's alignment. The index is a header of 512 bytes and LEASE_RECORDS_MAX records of 64, at the start of its
 * area. A record's position decides where its lease is; the offset in its text is for people. A header that says "updating" was left by a
 * format or rebuild that did not end: the index must be rebuilt. Source: VDSM, lib/vdsm/storage/xlease.py.
 */

#include "parse-util.h"

#define LEASE_INDEX_BYTES 253952U
#define LEASE_INDEX_HEADER_BYTES 512U
#define LEASE_RECORD_BYTES 64U
#define LEASE_RECORDS_MAX 3960U
#define LEASE_ID_MAX 48U
/* Areas before the first lease. */
#define LEASE_AREAS_RESERVED 3U

typedef enum LeaseRecordState {
        LEASE_RECORD_FREE,
        LEASE_RECORD_USED,
        LEASE_RECORD_UPDATING, /* old writers: missing when looked up, free when one is added */
        LEASE_RECORD_BAD
} LeaseRecordState;

typedef struct LeaseRecord {
        LeaseRecordState state;
        char id[LEASE_ID_MAX + 1];
} LeaseRecord;

/* index: LEASE_INDEX_BYTES. All records free. */
void lease_index_format(void *index, const char *lockspace, uint64_t now_sec, bool updating);
/* Is it an index of this lockspace that may be used? Return: 0; -EBADMSG with BadFormat, -EPROTO with NewerVersion, -ESTALE with
 * InvalidState where it has to be rebuilt. */
int lease_index_check(const void *index, const char *lockspace, const char *what, sd_bus_error *error);

void lease_index_get(const void *index, unsigned n, LeaseRecord *ret);
/* id NULL: free. Touches the 64 bytes of the record only. */
void lease_index_set(void *index, unsigned n, const char *id, uint32_t alignment_bytes);
/* Return: the record's number; -ENOENT. */
int lease_index_find(const void *index, const char *id);
/* The first that may be taken below limit. Return: its number; -ENOSPC. */
int lease_index_find_free(const void *index, unsigned limit);
/* Where the record's lease lies in the volume, in bytes. */
uint64_t lease_index_offset(unsigned n, uint32_t alignment_bytes) _const_;
/* The block that holds record n, in bytes from the start of the index: what one write puts to the storage. */
uint64_t lease_index_block(unsigned n, uint32_t block_size_bytes) _const_;

/* Rebuilding. on_storage[i]: the id found in lease area i, "" where there is none, for the first n areas. The index wins over what lies in
 * the areas; a bad record, or any record when the index as a whole cannot be used (usable false), is taken from its area where no other
 * record has that id. Return: how many records changed. */
unsigned lease_index_rebuild(void *index, bool usable, const char (*on_storage)[LEASE_ID_MAX + 1], unsigned n, uint32_t alignment_bytes);
