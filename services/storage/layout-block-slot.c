/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Slots of volume metadata in the volume `metadata`: one sector each, read and written with direct I/O, so that one is the old or the new. */

#include <fcntl.h>
#include <stdio.h>

#include "block-slot.h"
#include "bus-error.h"
#include "fault-point.h"
#include "layout-block.h"

#define DIRECT_BYTES 4096U
/* Written at once when a special volume is cleared. */
#define ZERO_BYTES (1 * MIB)

static int slot_buffer(void **ret) {
        if (posix_memalign(ret, DIRECT_BYTES, DIRECT_BYTES) != 0)
                return -ENOMEM;
        memset(*ret, 0, DIRECT_BYTES);
        return 0;
}

static int parse(const DomainPlace *place, const void *bytes, const BlockVolume *volume, VolumeMetadata *ret, sd_bus_error *error) {
        char what[64];
        int r;

        (void) snprintf(what, sizeof(what), "slot %u", (unsigned)volume->tags.slot);
        r = volume_metadata_parse(bytes, strnlen(bytes, BLOCK_SLOT_BYTES), what, ret, error);
        if (r < 0)
                return r;
        if (streq(ret->domain, place->id) && streq(ret->image, volume->tags.image))
                return 0;
        sd_bus_error_setf(error, RHV_ERROR_BAD_FORMAT, "%s: it is of image %s in domain %s, the tags of volume %s say otherwise", what,
                          ret->image, ret->domain, volume->id);
        return -EBADMSG;
}

/* Return: 0 or a negative errno; error may say more. */
static int read_at(const BlockSlots *slots, uint64_t from, void *buffer, size_t size, sd_bus_error *error) {
        ssize_t n;

        if (slots->peek)
                return block_peek_read(slots->peek, "metadata", from, buffer, size, error);
        n = pread(slots->fd, buffer, size, (off_t)from);
        return n == (ssize_t)size ? 0 : n < 0 ? -errno : -EIO;
}

static int read_one(const DomainPlace *place, const BlockSlots *slots, const BlockVolume *volume, VolumeMetadata *ret, sd_bus_error *error) {
        _cleanup_free_ void *buffer = NULL;
        int r;

        if (volume->tags.slot > BLOCK_SLOT_MAX) {
                sd_bus_error_setf(error, RHV_ERROR_BAD_FORMAT, "No tag of volume %s says where its metadata is", volume->id);
                return -EBADMSG;
        }
        r = slot_buffer(&buffer);
        if (r < 0)
                return r;
        r = read_at(slots, block_slot_offset(place->version, volume->tags.slot), buffer, BLOCK_SLOT_BYTES, error);
        if (r < 0)
                return sd_bus_error_is_set(error) ? r : bus_error_errno(error, r, "Cannot read the metadata of a volume");
        return parse(place, buffer, volume, ret, error);
}

int block_slot_read(const DomainPlace *place, int fd, const BlockVolume *volume, VolumeMetadata *ret, sd_bus_error *error) {
        return read_one(place, &(const BlockSlots){.fd = fd}, volume, ret, error);
}

/* ---- many ---- */

void block_slots_clear(BlockSlots *slots) {
        free(slots->bytes);
        free(slots->unread);
        *slots = (BlockSlots){};
}

/* One run of slots: [from, to) in `metadata`. */
static void read_run(BlockSlots *slots, uint64_t from, uint64_t to) {
        if (slots->peek && read_at(slots, from, slots->bytes + (from - slots->offset), (size_t)(to - from), NULL) >= 0)
                return;
        while (!slots->peek && from < to) {
                ssize_t n = pread(slots->fd, slots->bytes + (from - slots->offset), (size_t)(to - from), (off_t)from);

                if (n > 0)
                        from += (uint64_t)n;
                else if (n == 0 || errno != EINTR)
                        break;
        }
        if (from == to)
                return;
        slots->unread[slots->n_unread].from = from;
        slots->unread[slots->n_unread++].to = to;
}

/* Slots that are so near to one another that one read is cheaper than two, and so few that a read does not last. */
#define RUN_GAP_BYTES (64 * KIB)
#define RUN_BYTES_MAX (1 * MIB)

static void read_runs(const DomainPlace *place, const uint32_t *wanted, size_t n, BlockSlots *slots) {
        for (size_t i = 0, next; i < n; i = next) {
                const uint64_t from = block_slot_offset(place->version, wanted[i]);
                uint64_t to = from + BLOCK_SLOT_BYTES;

                for (next = i + 1; next < n; next++) {
                        const uint64_t other = block_slot_offset(place->version, wanted[next]);

                        if (other > to + RUN_GAP_BYTES || other + BLOCK_SLOT_BYTES > from + RUN_BYTES_MAX)
                                break;
                        to = other + BLOCK_SLOT_BYTES;
                }
                read_run(slots, from, to);
        }
}

static int slots_read(const DomainPlace *place, int fd, const BlockPeek *peek, const BlockScan *scan, BlockSlots *ret) {
        _cleanup_(block_slots_clear) BlockSlots slots = {.fd = fd, .peek = peek};
        _cleanup_free_ uint32_t *wanted = calloc(scan->n + 1, sizeof(*wanted));
        uint64_t end;
        void *bytes;
        size_t n = 0;

        if (!wanted)
                return -ENOMEM;
        for (size_t i = 0; i < scan->n; i++)
                if (block_volume_is_whole(&scan->volumes[i]) && scan->volumes[i].tags.slot <= BLOCK_SLOT_MAX)
                        wanted[n++] = scan->volumes[i].tags.slot;
        *ret = slots;
        if (n == 0)
                return 0;
        block_slot_sort(wanted, n);
        slots.offset = block_slot_offset(place->version, wanted[0]) / DIRECT_BYTES * DIRECT_BYTES;
        end = block_slot_offset(place->version, wanted[n - 1]) + BLOCK_SLOT_BYTES;
        slots.size = end - slots.offset;
        slots.unread = calloc(n, sizeof(*slots.unread));
        if (!slots.unread || posix_memalign(&bytes, DIRECT_BYTES, slots.size) != 0)
                return -ENOMEM;
        slots.bytes = bytes;
        read_runs(place, wanted, n, &slots);
        *ret = slots;
        slots = (BlockSlots){};
        return 0;
}

int block_slots_read(const DomainPlace *place, int fd, const BlockScan *scan, BlockSlots *ret) {
        return slots_read(place, fd, NULL, scan, ret);
}

int block_slots_peek(const DomainPlace *place, const BlockPeek *peek, const BlockScan *scan, BlockSlots *ret) {
        return slots_read(place, -EBADF, peek, scan, ret);
}

static bool was_read(const BlockSlots *slots, uint64_t at) {
        if (!slots->bytes || at < slots->offset || at + BLOCK_SLOT_BYTES > slots->offset + slots->size)
                return false;
        for (size_t i = 0; i < slots->n_unread; i++)
                if (at + BLOCK_SLOT_BYTES > slots->unread[i].from && at < slots->unread[i].to)
                        return false;
        return true;
}

int block_slots_get(const DomainPlace *place, const BlockSlots *slots, const BlockVolume *volume, VolumeMetadata *ret, sd_bus_error *error) {
        const uint64_t at = volume->tags.slot <= BLOCK_SLOT_MAX ? block_slot_offset(place->version, volume->tags.slot) : UINT64_MAX / 2;

        /* What is wrong with one of them is its own. */
        if (!was_read(slots, at))
                return read_one(place, slots, volume, ret, error);
        return parse(place, slots->bytes + (at - slots->offset), volume, ret, error);
}

/* ---- changes ---- */

int block_slot_write(const DomainPlace *place, int fd, uint32_t slot, const VolumeMetadata *metadata, sd_bus_error *error) {
        _cleanup_free_ void *buffer = NULL;
        char text[VOLUME_METADATA_BYTES_MAX + 1];
        ssize_t n;
        int r;

        r = slot_buffer(&buffer);
        if (r < 0)
                return r;
        r = volume_metadata_format(metadata, place->version, text);
        if (r < 0) {
                sd_bus_error_setf(error, RHV_ERROR_INVALID_ARGUMENT, "slot %u: the metadata does not fit into 512 bytes", (unsigned)slot);
                return r;
        }
        memcpy(buffer, text, (size_t)r);
        FAULT_POINT("block-slot-before-written");
        n = pwrite(fd, buffer, BLOCK_SLOT_BYTES, (off_t)block_slot_offset(place->version, slot));
        FAULT_POINT("block-slot-written");
        if (n == (ssize_t)BLOCK_SLOT_BYTES)
                return 0;
        return bus_error_errno(error, n < 0 ? -errno : -EIO, "Cannot write the metadata of a volume");
}

int block_slot_move(int fd, uint64_t from, uint64_t to, sd_bus_error *error) {
        _cleanup_free_ void *buffer = NULL;
        int r;

        r = slot_buffer(&buffer);
        if (r < 0)
                return r;
        if (pread(fd, buffer, BLOCK_SLOT_BYTES, (off_t)from) == (ssize_t)BLOCK_SLOT_BYTES && pwrite(fd, buffer, BLOCK_SLOT_BYTES, (off_t)to) == (ssize_t)BLOCK_SLOT_BYTES)
                return 0;
        return bus_error_errno(error, errno ? -errno : -EIO, "Cannot copy the metadata of a volume");
}

int block_zero(const DomainPlace *place, const char *name, uint64_t size_bytes, sd_bus_error *error) {
        _cleanup_free_ void *zeroes = NULL;
        _cleanup_close_ int fd = -EBADF;
        int r;

        if (posix_memalign(&zeroes, DIRECT_BYTES, ZERO_BYTES) != 0)
                return -ENOMEM;
        memset(zeroes, 0, ZERO_BYTES);
        r = block_special_open(place, name, true, &fd, error);
        if (r < 0)
                return r;
        for (uint64_t at = 0; at < size_bytes;) {
                size_t part = size_bytes - at < ZERO_BYTES ? (size_t)(size_bytes - at) : ZERO_BYTES;
                ssize_t n = pwrite(fd, zeroes, part, (off_t)at);

                if (n <= 0)
                        return bus_error_errno(error, n < 0 ? -errno : -EIO, "Cannot clear the volume %s", name);
                at += (uint64_t)n;
        }
        FAULT_POINT("block-special-cleared");
        return 0;
}
