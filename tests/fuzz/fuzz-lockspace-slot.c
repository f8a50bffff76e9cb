/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Any sector as a slot of a lockspace: refused with a reason, or read with names that end. */

#include "fuzz.h"

#include "lockspace-slot.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        uint8_t sector[LOCKSPACE_SLOT_BYTES] = {};
        LockspaceSlot slot;

        memcpy(sector, data, size < sizeof(sector) ? size : sizeof(sector));
        if (lockspace_slot_parse(sector, "fuzz", &slot, &error) < 0) {
                if (!error.message)
                        abort();
                return 0;
        }
        if (strlen(slot.lockspace) > LOCKSPACE_NAME_MAX || strlen(slot.owner) > LOCKSPACE_NAME_MAX)
                abort();
        return 0;
}
