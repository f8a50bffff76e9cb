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

int block_slot_read(const DomainPlace *place, int fd, const BlockVolume *volume, VolumeMetadata *ret, sd_bus_error *error) {
        _cleanup_free_ void *buffer = NULL;
        char what[64];
        ssize_t n;
        int r;

        if (volume->tags.slot > BLOCK_SLOT_MAX) {
                sd_bus_error_setf(error, RHV_ERROR_BAD_FORMAT, "No tag of volume %s says where its metadata is", volume->id);
                return -EBADMSG;
        }
        r = slot_buffer(&buffer);
        if (r < 0)
                return r;
        (void) snprintf(what, sizeof(what), "slot %u", (unsigned)volume->tags.slot);
        n = pread(fd, buffer, BLOCK_SLOT_BYTES, (off_t)block_slot_offset(place->version, volume->tags.slot));
        if (n != (ssize_t)BLOCK_SLOT_BYTES)
                return bus_error_errno(error, n < 0 ? -errno : -EIO, "Cannot read the metadata of a volume");
        r = volume_metadata_parse(buffer, strnlen(buffer, BLOCK_SLOT_BYTES), what, ret, error);
        if (r < 0)
                return r;
        if (streq(ret->domain, place->id) && streq(ret->image, volume->tags.image))
                return 0;
        sd_bus_error_setf(error, RHV_ERROR_BAD_FORMAT, "%s: it is of image %s in domain %s, the tags of volume %s say otherwise", what,
                          ret->image, ret->domain, volume->id);
        return -EBADMSG;
}

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
