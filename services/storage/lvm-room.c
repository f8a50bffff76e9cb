/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "lvm-room.h"

#include <inttypes.h>

#include "block-slot.h"
#include "bus-error.h"
#include "lvm-tag.h"

_Static_assert(BLOCK_SLOT_MAX * (sizeof(LVM_TAG_REMOVED_ZERO) - sizeof(LVM_TAG_IMAGE)) < LVM_ROOM_KEPT_BYTES, "each volume can be marked for removal");

int lvm_room_check(const char *group, uint64_t free_bytes, sd_bus_error *error) {
        if (free_bytes >= LVM_ROOM_KEPT_BYTES)
                return 0;
        sd_bus_error_setf(error, RHV_ERROR_NO_SPACE,
                          "LVM's metadata area of volume group %s is full: %" PRIu64 " bytes are free, and %" PRIu64
                          " are kept for removing what is there; remove disks or snapshots of this domain",
                          group, free_bytes, LVM_ROOM_KEPT_BYTES);
        return -ENOSPC;
}

/* Source: lvm2, lib/format_text/format-text.c. */
bool lvm_room_is_denied(const char *words) {
        static const char *const endings[] = {" too large for circular buffer (", " exceeds maximum metadata size ("};
        const char *said = words ? strstr(words, " metadata on /dev/") : NULL;

        for (size_t i = 0; said && i < ELEMENTSOF(endings); i++)
                if (strstr(said, endings[i]))
                        return true;
        return false;
}
