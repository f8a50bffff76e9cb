/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "block-peek.h"

#include <inttypes.h>

#include "bus-error.h"
#include "lvm.h"

/* Of any device direct I/O takes; what is read at once. */
#define ALIGNMENT_BYTES 4096U
#define READ_BYTES (1 * MIB)

void block_peek_close(BlockPeek *peek) {
        for (size_t i = 0; i < peek->extents.n_devices; i++) {
                if (peek->fds)
                        (void) safe_close(peek->fds[i]);
                if (peek->reasons)
                        free(peek->reasons[i]);
        }
        free(peek->fds);
        free(peek->reasons);
        block_extents_clear(&peek->extents);
        *peek = (BlockPeek){};
}

static int open_device(BlockPeek *peek, size_t i) {
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;

        if (peek->extents.devices[i][0] != '/') /* it is not there, and block_extents_find() says so */
                return 0;
        peek->fds[i] = lvm_open(peek->extents.devices[i], NULL, false, &error);
        if (peek->fds[i] == -ENOMEM)
                return -ENOMEM;
        if (peek->fds[i] >= 0)
                return 0;
        peek->fds[i] = -EBADF;
        peek->reasons[i] = strdup(error.message ?: "it cannot be opened");
        return peek->reasons[i] ? 0 : -ENOMEM;
}

int block_peek_open(const DomainPlace *place, BlockPeek *ret, sd_bus_error *error) {
        _cleanup_(lvm_segments_clear) LvmSegments segments = {};
        _cleanup_(block_peek_close) BlockPeek peek = {};
        int r;

        r = lvm_segments(place->path, &segments, error);
        if (r >= 0)
                r = block_extents_make(&segments, place->id, &peek.extents);
        if (r < 0)
                return r;
        peek.fds = calloc(peek.extents.n_devices + 1, sizeof(*peek.fds));
        peek.reasons = calloc(peek.extents.n_devices + 1, sizeof(*peek.reasons));
        for (size_t i = 0; peek.fds && i < peek.extents.n_devices; i++)
                peek.fds[i] = -EBADF;
        if (!peek.fds || !peek.reasons)
                return -ENOMEM;
        for (size_t i = 0; i < peek.extents.n_devices; i++) {
                r = open_device(&peek, i);
                if (r < 0)
                        return r;
        }
        *ret = peek;
        peek = (BlockPeek){};
        return 0;
}

/* At least needed of size bytes, both aligned as the file wants it. */
static int read_device(int fd, const char *path, uint64_t at, void *buffer, size_t size, size_t needed, sd_bus_error *error) {
        size_t done = 0;

        while (done < needed) {
                ssize_t n = pread(fd, (char *)buffer + done, size - done, (off_t)(at + done));

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return bus_error_errno(error, -errno, "Cannot read %s at byte %" PRIu64, path, at + done);
                if (n == 0) {
                        sd_bus_error_setf(error, RHV_ERROR_BAD_FORMAT, "%s ends before byte %" PRIu64, path, at + needed);
                        return -EBADMSG;
                }
                done += (size_t)n;
        }
        return 0;
}

/* What lies in one piece, at most READ_BYTES. bounce: aligned. Return: how many bytes, or negative. */
static ssize_t read_piece(const BlockPeek *peek, const char *volume, uint64_t offset, void *buffer, size_t size, void *bounce, sd_bus_error *error) {
        const char *path;
        BlockPiece piece;
        uint64_t begin;
        size_t n, skip;
        int r;

        r = block_extents_find(&peek->extents, volume, offset, &piece);
        if (r < 0) {
                sd_bus_error_setf(error, RHV_ERROR_BAD_FORMAT, "It cannot be read at byte %" PRIu64 ": %s", offset, block_extents_reason(r));
                return r;
        }
        path = peek->extents.devices[piece.device];
        if (peek->fds[piece.device] < 0) {
                sd_bus_error_setf(error, RHV_ERROR_BACKEND_FAILED, "%s: %s", path, peek->reasons[piece.device]);
                return -EIO;
        }
        begin = piece.at / ALIGNMENT_BYTES * ALIGNMENT_BYTES;
        skip = (size_t)(piece.at - begin);
        n = size < READ_BYTES - ALIGNMENT_BYTES ? size : READ_BYTES - ALIGNMENT_BYTES;
        if (n > piece.size)
                n = (size_t)piece.size;
        r = read_device(peek->fds[piece.device], path, begin, bounce, (skip + n + ALIGNMENT_BYTES - 1) / ALIGNMENT_BYTES * ALIGNMENT_BYTES, skip + n, error);
        if (r < 0)
                return r;
        memcpy(buffer, (const char *)bounce + skip, n);
        return (ssize_t)n;
}

int block_peek_read(const BlockPeek *peek, const char *volume, uint64_t offset, void *buffer, size_t size, sd_bus_error *error) {
        const size_t room = size + 2 * (size_t)ALIGNMENT_BYTES < READ_BYTES ? (size / ALIGNMENT_BYTES + 2) * ALIGNMENT_BYTES : READ_BYTES;
        _cleanup_free_ void *bounce = NULL;

        if (posix_memalign(&bounce, ALIGNMENT_BYTES, room) != 0)
                return -ENOMEM;
        for (size_t done = 0; done < size;) {
                ssize_t n = read_piece(peek, volume, offset + done, (char *)buffer + done, size - done, bounce, error);

                if (n < 0)
                        return (int)n;
                done += (size_t)n;
        }
        return 0;
}
