/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "data-sparsify.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "bus-error.h"
#include "clock-util.h"
#include "data-sparsify-clusters.h"
#include "data-tool.h"
#include "fault-point.h"
#include "wipe-rules.h"

/* Holes are whole blocks; the first one stays: tools learn the block size of a raw file from it. */
#define BLOCK_BYTES 4096U
#define PIECE_BYTES (1 * MIB)
/* A storage gives back whole units of its own, which may be larger than a piece: as much is given back at once. */
#define RUN_BYTES_MAX (64 * MIB)

typedef struct Sparsify {
        const DataRun *run;
        int fd;
        bool device;
        uint64_t size_bytes, read_bytes, begin_usec;
        uint64_t zero_from, zero_to; /* zeroes that were read, and have their blocks yet */
        uint8_t *piece;              /* PIECE_BYTES */
} Sparsify;

bool data_is_zero(const uint8_t *bytes, size_t size) {
        return bytes[0] == 0 && memcmp(bytes, bytes + 1, size - 1) == 0;
}

int data_sparsify_pause(const DataRun *run, uint64_t begin_usec, uint64_t read_bytes, uint64_t done_bytes, uint64_t total_bytes, sd_bus_error *error) {
        if (run->progress)
                run->progress((int)(done_bytes / (total_bytes / 1000 + 1)), run->userdata);
        if (!data_tool_wait(wipe_pause_usec(read_bytes, monotonic_usec() - begin_usec, run->work->bandwidth)))
                return 0;
        sd_bus_error_set(error, RHV_ERROR_ABORTED, "The job was cancelled");
        return -ECANCELED;
}

/* Nobody else has the file open; what was read is what is there yet. On a device too this is done only where it reads as zeroes afterwards. */
static int punch(Sparsify *sparsify, sd_bus_error *error) {
        const uint64_t from = sparsify->zero_from, to = sparsify->zero_to;

        sparsify->zero_from = sparsify->zero_to;
        if (from == to)
                return 0;
        if (fallocate(sparsify->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)from, (off_t)(to - from)) >= 0) {
                FAULT_POINT("sparsify-punched");
                return 0;
        }
        if (errno == EOPNOTSUPP) {
                sd_bus_error_set(error, RHV_ERROR_NOT_SUPPORTED, sparsify->device ? "The devices of the domain take no blocks back that would read as zeroes afterwards"
                                                                                  : "The file system of the domain makes no holes in files");
                return -EOPNOTSUPP;
        }
        return bus_error_errno(error, -errno, "Cannot give back blocks of volume %s", sparsify->run->volume);
}

/* [from, to) is zeroes too. */
static int add_zeroes(Sparsify *sparsify, uint64_t from, uint64_t to, sd_bus_error *error) {
        int r = 0;

        if (from != sparsify->zero_to || to - sparsify->zero_from > RUN_BYTES_MAX) {
                r = punch(sparsify, error);
                sparsify->zero_from = from;
        }
        sparsify->zero_to = to;
        return r;
}

/* Runs of zeroes in [at, at + n), which was read; the end of the file that is no whole block stays. */
static int look_at_piece(Sparsify *sparsify, uint64_t at, size_t n, sd_bus_error *error) {
        int r = 0;

        for (size_t i = at == 0 ? BLOCK_BYTES : 0; r >= 0 && i + BLOCK_BYTES <= n; i += BLOCK_BYTES)
                if (data_is_zero(sparsify->piece + i, BLOCK_BYTES))
                        r = add_zeroes(sparsify, at + i, at + i + BLOCK_BYTES, error);
        return r;
}

static int do_piece(Sparsify *sparsify, uint64_t at, size_t wanted, size_t *ret_n, sd_bus_error *error) {
        const ssize_t n = pread(sparsify->fd, sparsify->piece, wanted, (off_t)at);
        const DataRun *run = sparsify->run;
        int r;

        if (n < 0)
                return bus_error_errno(error, -errno, "Cannot read volume %s", run->volume);
        if (n == 0) {
                sd_bus_error_setf(error, RHV_ERROR_BACKEND_FAILED, "Volume %s became shorter while it was read", run->volume);
                return -EIO;
        }
        r = look_at_piece(sparsify, at, (size_t)n, error);
        if (r < 0)
                return r;
        *ret_n = (size_t)n;
        sparsify->read_bytes += (uint64_t)n;
        return data_sparsify_pause(run, sparsify->begin_usec, sparsify->read_bytes, at + (uint64_t)n, sparsify->size_bytes, error);
}

/* The next data at or behind at; a device has some everywhere. ret: size_bytes where there are none. */
static int next_data(const Sparsify *sparsify, uint64_t at, uint64_t *ret, sd_bus_error *error) {
        const off_t data = sparsify->device ? (off_t)at : lseek(sparsify->fd, (off_t)at, SEEK_DATA);

        if (data < 0 && errno != ENXIO)
                return bus_error_errno(error, -errno, "Cannot tell where the data of volume %s are", sparsify->run->volume);
        *ret = data < 0 ? sparsify->size_bytes : (uint64_t)data;
        return 0;
}

/* Pieces begin at multiples of their size, whatever holes there are: so the blocks in them are whole ones of the file. */
static int do_data(Sparsify *sparsify, sd_bus_error *error) {
        uint64_t data = 0;
        int r = 0;

        for (uint64_t at = 0; at < sparsify->size_bytes;) {
                size_t n = 0;

                r = next_data(sparsify, at, &data, error);
                if (r < 0 || data >= sparsify->size_bytes)
                        break;
                if (data - data % PIECE_BYTES > at)
                        at = data - data % PIECE_BYTES;
                r = do_piece(sparsify, at, PIECE_BYTES - (size_t)(at % PIECE_BYTES), &n, error);
                if (r < 0)
                        break;
                at += n;
        }
        return r < 0 ? r : punch(sparsify, error);
}

int data_sparsify_fd(const DataRun *run, int fd, sd_bus_error *error) {
        _cleanup_free_ void *piece = NULL;
        Sparsify sparsify = {.run = run, .fd = fd, .begin_usec = monotonic_usec()};
        struct stat st;
        off_t size;
        int r;

        r = -posix_memalign(&piece, BLOCK_BYTES, PIECE_BYTES);
        if (r < 0)
                return r;
        size = lseek(fd, 0, SEEK_END);
        if (size < 0 || fstat(fd, &st) < 0)
                return -errno;
        sparsify.piece = piece;
        sparsify.device = S_ISBLK(st.st_mode);
        sparsify.size_bytes = (uint64_t)size;
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
        if (r < 0)
                return r;
        return domain_type_is_block(place->type) && run->work->format == VOLUME_FORMAT_QCOW2 ? data_sparsify_clusters(run, fd, error)
                                                                                              : data_sparsify_fd(run, fd, error);
}
