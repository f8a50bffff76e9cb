/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "data-sparsify.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "bus-error.h"
#include "clock-util.h"
#include "data-tool.h"
#include "fault-point.h"
#include "wipe-rules.h"

/* Holes are whole blocks; the first one stays: tools learn the block size of a raw file from it. */
#define BLOCK_BYTES 4096U
#define PIECE_BYTES (1 * MIB)

typedef struct Sparsify {
        const DataRun *run;
        int fd;
        uint64_t size_bytes, read_bytes, begin_usec;
        uint8_t *piece; /* PIECE_BYTES */
} Sparsify;

static bool is_zero(const uint8_t *block) {
        return block[0] == 0 && memcmp(block, block + 1, BLOCK_BYTES - 1) == 0;
}

/* Nobody else has the file open; what was read is what is there yet. */
static int punch(const Sparsify *sparsify, uint64_t from, uint64_t to, sd_bus_error *error) {
        if (from == to || fallocate(sparsify->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)from, (off_t)(to - from)) >= 0)
                return 0;
        if (errno == EOPNOTSUPP) {
                sd_bus_error_set(error, RHV_ERROR_NOT_SUPPORTED, "The file system of the domain makes no holes in files");
                return -EOPNOTSUPP;
        }
        return bus_error_errno(error, -errno, "Cannot give back blocks of volume %s", sparsify->run->volume);
}

/* Runs of zeroes in [at, at + n), which was read; the end of the file that is no whole block stays. */
static int punch_piece(const Sparsify *sparsify, uint64_t at, size_t n, sd_bus_error *error) {
        size_t from = at == 0 ? BLOCK_BYTES : 0, to;
        int r = 0;

        for (to = from; r >= 0 && to + BLOCK_BYTES <= n; to += BLOCK_BYTES)
                if (!is_zero(sparsify->piece + to)) {
                        r = punch(sparsify, at + from, at + to, error);
                        from = to + BLOCK_BYTES;
                }
        return r < 0 || from > to ? r : punch(sparsify, at + from, at + to, error);
}

static int do_piece(Sparsify *sparsify, uint64_t at, size_t wanted, size_t *ret_n, sd_bus_error *error) {
        const ssize_t n = pread(sparsify->fd, sparsify->piece, wanted, (off_t)at);
        const DataRun *run = sparsify->run;
        uint64_t pause_usec;
        int r;

        if (n < 0)
                return bus_error_errno(error, -errno, "Cannot read volume %s", run->volume);
        if (n == 0) {
                sd_bus_error_setf(error, RHV_ERROR_BACKEND_FAILED, "Volume %s became shorter while it was read", run->volume);
                return -EIO;
        }
        r = punch_piece(sparsify, at, (size_t)n, error);
        if (r < 0)
                return r;
        *ret_n = (size_t)n;
        sparsify->read_bytes += (uint64_t)n;
        if (run->progress)
                run->progress((int)((at + (uint64_t)n) / (sparsify->size_bytes / 1000 + 1)), run->userdata);
        FAULT_POINT("file-sparsify-punched");
        pause_usec = wipe_pause_usec(sparsify->read_bytes, monotonic_usec() - sparsify->begin_usec, run->work->bandwidth);
        if (!data_tool_wait(pause_usec))
                return 0;
        sd_bus_error_set(error, RHV_ERROR_ABORTED, "The job was cancelled");
        return -ECANCELED;
}

/* Pieces begin at multiples of their size, whatever holes there are: so the blocks in them are whole ones of the file. */
static int do_data(Sparsify *sparsify, sd_bus_error *error) {
        int r;

        for (uint64_t at = 0; at < sparsify->size_bytes;) {
                const off_t data = lseek(sparsify->fd, (off_t)at, SEEK_DATA);
                size_t n = 0;

                if (data < 0 && errno == ENXIO)
                        return 0;
                if (data < 0)
                        return bus_error_errno(error, -errno, "Cannot tell where the data of volume %s are", sparsify->run->volume);
                at = (uint64_t)data - (uint64_t)data % PIECE_BYTES > at ? (uint64_t)data - (uint64_t)data % PIECE_BYTES : at;
                r = do_piece(sparsify, at, PIECE_BYTES - (size_t)(at % PIECE_BYTES), &n, error);
                if (r < 0)
                        return r;
                at += n;
        }
        return 0;
}

int data_sparsify_fd(const DataRun *run, int fd, sd_bus_error *error) {
        _cleanup_free_ void *piece = NULL;
        Sparsify sparsify = {.run = run, .fd = fd, .begin_usec = monotonic_usec()};
        struct stat st;
        int r;

        r = -posix_memalign(&piece, BLOCK_BYTES, PIECE_BYTES);
        if (r < 0)
                return r;
        if (fstat(fd, &st) < 0)
                return -errno;
        sparsify.piece = piece;
        sparsify.size_bytes = (uint64_t)st.st_size;
        r = do_data(&sparsify, error);
        if (r >= 0 && fsync(fd) < 0)
                r = bus_error_errno(error, -errno, "Cannot write volume %s", run->volume);
        return r;
}

int data_sparsify(const DataRun *run, sd_bus_error *error) {
        const DomainPlace *place = &run->work->place;
        _cleanup_close_ int fd = -EBADF;
        int r;

        r = place->type->layout->volume_open(place, run->image, run->volume, true, &fd, error);
        return r < 0 ? r : data_sparsify_fd(run, fd, error);
}
