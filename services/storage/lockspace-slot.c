/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "lockspace-slot.h"

#include <endian.h>

#include "bus-error.h"

/* Places in the record; all integers are little-endian. */
enum {
        SLOT_MAGIC = 0,
        SLOT_VERSION = 4,
        SLOT_FLAGS = 8,
        SLOT_SECTOR = 12,
        SLOT_OWNER_ID = 32,
        SLOT_GENERATION = 40,
        SLOT_LOCKSPACE = 56,
        SLOT_OWNER = 104,
        SLOT_TIMESTAMP = 152,
        SLOT_CHECKSUM = 168,
        SLOT_IO_TIMEOUT = 174,
};
#define SLOT_MAGIC_DELTA 0x12212010U
#define SLOT_VERSION_MAJOR 0x0003U
#define SLOT_ALIGN_SHIFT 4U /* flags 0x10, 0x20, 0x40, 0x80: 1, 2, 4, 8 MiB */

static uint16_t u16(const uint8_t *p) {
        uint16_t v;

        memcpy(&v, p, sizeof(v));
        return le16toh(v);
}

static uint32_t u32(const uint8_t *p) {
        uint32_t v;

        memcpy(&v, p, sizeof(v));
        return le32toh(v);
}

static uint64_t u64(const uint8_t *p) {
        uint64_t v;

        memcpy(&v, p, sizeof(v));
        return le64toh(v);
}

/* CRC-32C as sanlock has it: starts with ~1 and is not inverted at the end. Bit by bit: it is 168 bytes. */
static uint32_t checksum(const uint8_t *data, size_t size) {
        uint32_t crc = ~UINT32_C(1);

        for (size_t i = 0; i < size; i++) {
                crc ^= data[i];
                for (unsigned bit = 0; bit < 8; bit++)
                        crc = crc & 1 ? crc >> 1 ^ UINT32_C(0x82F63B78) : crc >> 1;
        }
        return crc;
}

int lockspace_slot_parse(const void *data, const char *what, LockspaceSlot *ret, sd_bus_error *error) {
        const uint8_t *p = data;
        LockspaceSlot slot = {};
        const char *problem = NULL;
        uint32_t align = u32(p + SLOT_FLAGS) >> SLOT_ALIGN_SHIFT & 0xf;

        if (u32(p + SLOT_MAGIC) != SLOT_MAGIC_DELTA)
                problem = "no slot of a sanlock lockspace";
        else if (u32(p + SLOT_VERSION) >> 16 != SLOT_VERSION_MAJOR)
                problem = "a slot of a sanlock lockspace of another version";
        else if (u32(p + SLOT_CHECKSUM) != checksum(p, SLOT_CHECKSUM))
                problem = "the checksum of the lockspace's slot is wrong";
        if (problem) {
                sd_bus_error_setf(error, RHV_ERROR_BAD_FORMAT, "%s: %s", what, problem);
                return -EBADMSG;
        }
        memcpy(slot.lockspace, p + SLOT_LOCKSPACE, LOCKSPACE_NAME_MAX);
        memcpy(slot.owner, p + SLOT_OWNER, LOCKSPACE_NAME_MAX);
        slot.owner_id = u64(p + SLOT_OWNER_ID);
        slot.generation = u64(p + SLOT_GENERATION);
        slot.timestamp_sec = u64(p + SLOT_TIMESTAMP);
        slot.sector_bytes = u32(p + SLOT_SECTOR);
        slot.alignment_bytes = align * (uint32_t)MIB;
        slot.io_timeout_sec = u16(p + SLOT_IO_TIMEOUT);
        *ret = slot;
        return 0;
}

SlotVerdict lockspace_slot_compare(const LockspaceSlot *before, const LockspaceSlot *after) {
        if (after->timestamp_sec == 0)
                return SLOT_FREE;
        if (before->timestamp_sec != after->timestamp_sec || before->generation != after->generation || before->owner_id != after->owner_id ||
            !streq(before->owner, after->owner))
                return SLOT_ALIVE;
        return SLOT_SILENT;
}
