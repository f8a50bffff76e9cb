/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * One slot of a lockspace (dom_md/ids), as sanlock writes it: who has a host id and when it was renewed. Read only, and pure; sanlock
 * itself writes. Source: sanlock, src/leader.h, src/ondisk.c.
 */

#include "parse-util.h"

#define LOCKSPACE_SLOT_BYTES 512U
#define LOCKSPACE_NAME_MAX 48U

typedef struct LockspaceSlot {
        char lockspace[LOCKSPACE_NAME_MAX + 1];
        char owner[LOCKSPACE_NAME_MAX + 1]; /* name of the host that has, or last had, the id */
        uint64_t owner_id;
        uint64_t generation;
        uint64_t timestamp_sec; /* of the owner's monotonic clock; 0: free */
        uint32_t alignment_bytes;
        uint32_t sector_bytes;
        unsigned io_timeout_sec;
} LockspaceSlot;

/* Two looks at one slot, with time between them for a renewal. */
typedef enum SlotVerdict {
        SLOT_FREE,   /* nobody has the id */
        SLOT_SILENT, /* the same owner, who did not renew */
        SLOT_ALIVE,  /* renewed, or taken anew */
} SlotVerdict;
SlotVerdict lockspace_slot_compare(const LockspaceSlot *before, const LockspaceSlot *after) _pure_;

/* data: LOCKSPACE_SLOT_BYTES of them. Return: 0, or -EBADMSG with BadFormat set: no slot, another version, or a wrong checksum. */
int lockspace_slot_parse(const void *data, const char *what, LockspaceSlot *ret, sd_bus_error *error);
