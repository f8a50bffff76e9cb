/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <sys/stat.h>

#include "bus-error.h"
#include "qcow2-header.h"
#include "transfer-copy.h"

#define DIRECT_ALIGNMENT 4096U

volatile sig_atomic_t transfer_stop;

static int aborted(sd_bus_error *error) {
        sd_bus_error_set(error, RHV_ERROR_ABORTED, "Cancelled");
        return -ECANCELED;
}

/* Waits until fd is ready. A regular file always is. */
static int wait_for(const TransferCopy *copy, int fd, short events, sd_bus_error *error) {
        uint64_t idle = copy->idle_usec ?: TRANSFER_IDLE_USEC;
        struct pollfd p = {.fd = fd, .events = events};
        int r;

        if (transfer_stop)
                return aborted(error);
        r = poll(&p, 1, (int)(idle / USEC_PER_MSEC));
        if (r < 0 && errno == EINTR)
                return transfer_stop ? aborted(error) : 0;
        if (r < 0)
                return bus_error_errno(error, -errno, "Cannot wait for data");
        if (r > 0)
                return 0;
        sd_bus_error_setf(error, RHV_ERROR_TIMEOUT,
                          "The %s moved nothing for %" PRIu64 " seconds, after %" PRIu64 " bytes",
                          copy->upload ? "sender" : "receiver", idle / USEC_PER_SEC, copy->done_bytes);
        return -ETIMEDOUT;
}

/* Fills the buffer, up to the end of the source. Return: 0 or negative; *ret_n < size only at the end. */
static int read_piece(const TransferCopy *copy, uint8_t *buffer, size_t size, size_t *ret_n, sd_bus_error *error) {
        size_t done = 0;
        int r;

        while (done < size) {
                ssize_t n;

                r = wait_for(copy, copy->source_fd, POLLIN, error);
                if (r < 0)
                        return r;
                n = read(copy->source_fd, buffer + done, size - done);
                if (n < 0 && (errno == EINTR || errno == EAGAIN))
                        continue;
                if (n < 0 && errno == ECONNRESET)
                        break;
                if (n < 0)
                        return bus_error_errno(error, -errno, "Cannot read the data");
                if (n == 0)
                        break;
                done += (size_t)n;
        }
        *ret_n = done;
        return 0;
}

static bool is_zero(const uint8_t *buffer, size_t size) {
        return size == 0 || (buffer[0] == 0 && memcmp(buffer, buffer + 1, size - 1) == 0);
}

/* Whole blocks go past the page cache where the file system can do that. */
static void set_direct(int fd, bool direct) {
        int flags = fcntl(fd, F_GETFL);

        if (flags >= 0 && !(flags & O_DIRECT) == direct)
                (void) fcntl(fd, F_SETFL, direct ? flags | O_DIRECT : flags & ~O_DIRECT);
}

static int write_at(int fd, const uint8_t *buffer, size_t size, uint64_t offset) {
        if (size % DIRECT_ALIGNMENT != 0)
                set_direct(fd, false);
        while (size > 0) {
                ssize_t n = pwrite(fd, buffer, size, (off_t)offset);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return -errno;
                buffer += n;
                size -= (size_t)n;
                offset += (uint64_t)n;
        }
        return 0;
}

static int truncated(const TransferCopy *copy, sd_bus_error *error) {
        sd_bus_error_setf(error, RHV_ERROR_TRUNCATED, "The data ended after %" PRIu64 " of %" PRIu64 " bytes",
                          copy->done_bytes, copy->size_bytes);
        return -EPIPE;
}

static int check_first_piece(const TransferCopy *copy, const uint8_t *piece, size_t n, sd_bus_error *error) {
        if (copy->format == VOLUME_FORMAT_QCOW2)
                return qcow2_header_check(piece, n, copy->capacity_bytes, NULL, error);
        if (qcow2_has_magic(piece, n)) {
                sd_bus_error_set(error, RHV_ERROR_BAD_FORMAT,
                                 "The data is a qcow2 image, the volume is raw; use a volume of format qcow2, or "
                                 "convert the image");
                return -EBADMSG;
        }
        return 0;
}

static int fail_write(const TransferCopy *copy, int r, sd_bus_error *error) {
        return bus_error_errno(error, r, "Cannot write to the volume after %" PRIu64 " bytes", copy->done_bytes);
}

/* From here on the volume is not what it was. */
static int touch(TransferCopy *copy, sd_bus_error *error) {
        int r;

        r = copy->progress(copy, copy->userdata);
        if (r < 0)
                return bus_error_errno(error, r, "Cannot keep the progress");
        copy->touched = true;
        if (copy->device || (copy->allocation == VOLUME_ALLOCATION_PREALLOCATED && copy->format == VOLUME_FORMAT_RAW))
                return 0;
        if (ftruncate(copy->sink_fd, 0) < 0)
                return fail_write(copy, -errno, error);
        if (copy->format == VOLUME_FORMAT_RAW && ftruncate(copy->sink_fd, (off_t)copy->capacity_bytes) < 0)
                return fail_write(copy, -errno, error);
        return 0;
}

/* Before the first piece is written: data that are of the wrong kind, or end within it, leave the volume as it was. */
static int begin_volume(TransferCopy *copy, const uint8_t *piece, size_t n, sd_bus_error *error) {
        int r;

        if (n > 0) {
                r = check_first_piece(copy, piece, n, error);
                if (r < 0)
                        return r;
        }
        if (n < TRANSFER_PIECE_BYTES && n < copy->size_bytes) {
                copy->done_bytes = n;
                return truncated(copy, error);
        }
        return touch(copy, error);
}

/* The first piece is always written: tools learn the block size of a raw file from its first block. */
static bool may_skip(const TransferCopy *copy, const uint8_t *piece, size_t n) {
        return copy->done_bytes > 0 && !copy->device && copy->allocation != VOLUME_ALLOCATION_PREALLOCATED && is_zero(piece, n);
}

/* Where the source is a file with holes, moves over them. */
static int skip_hole(TransferCopy *copy) {
        off_t here, data;
        uint64_t skip;

        if (copy->done_bytes == 0 || copy->device || copy->allocation == VOLUME_ALLOCATION_PREALLOCATED)
                return 0;
        here = lseek(copy->source_fd, 0, SEEK_CUR);
        if (here < 0)
                return 0;
        data = lseek(copy->source_fd, here, SEEK_DATA);
        if (data < 0 && errno == ENXIO)
                data = lseek(copy->source_fd, 0, SEEK_END);
        if (data < 0)
                data = here;
        skip = (uint64_t)(data - here) / TRANSFER_PIECE_BYTES * TRANSFER_PIECE_BYTES;
        if (skip > copy->size_bytes - copy->done_bytes)
                skip = copy->size_bytes - copy->done_bytes;
        if (lseek(copy->source_fd, here + (off_t)skip, SEEK_SET) < 0)
                return -errno;
        copy->done_bytes += skip;
        return 0;
}

static int copy_in(TransferCopy *copy, uint8_t *piece, sd_bus_error *error) {
        size_t n;
        int r;

        while (copy->done_bytes < copy->size_bytes) {
                uint64_t left;

                r = skip_hole(copy);
                if (r < 0)
                        return bus_error_errno(error, r, "Cannot read the data");
                left = copy->size_bytes - copy->done_bytes;
                r = read_piece(copy, piece, left < TRANSFER_PIECE_BYTES ? (size_t)left : TRANSFER_PIECE_BYTES, &n,
                               error);
                if (r < 0)
                        return r;
                if (copy->done_bytes == 0) {
                        r = begin_volume(copy, piece, n, error);
                        if (r < 0)
                                return r;
                }
                if (!may_skip(copy, piece, n)) {
                        r = write_at(copy->sink_fd, piece, n, copy->done_bytes);
                        if (r < 0)
                                return fail_write(copy, r, error);
                }
                copy->done_bytes += n;
                if (n < TRANSFER_PIECE_BYTES && copy->done_bytes < copy->size_bytes)
                        return truncated(copy, error);
                (void) copy->progress(copy, copy->userdata);
        }
        return 0;
}

static int check_end(const TransferCopy *copy, sd_bus_error *error) {
        uint8_t more;
        size_t n;
        int r;

        r = read_piece(copy, &more, 1, &n, error);
        if (r < 0)
                return r;
        if (n == 0)
                return 0;
        sd_bus_error_setf(error, RHV_ERROR_BAD_FORMAT, "More data came than the %" PRIu64 " bytes that were announced",
                          copy->size_bytes);
        return -EBADMSG;
}

/* What lies behind the data: nothing in a sparse volume, zeroes and blocks in a preallocated one. */
static int finish_tail(TransferCopy *copy, uint8_t *zeroes) {
        uint64_t offset = copy->done_bytes, end = copy->capacity_bytes;
        int r;

        set_direct(copy->sink_fd, false);
        if (copy->format == VOLUME_FORMAT_QCOW2 && copy->device)
                return 0;
        if (copy->format == VOLUME_FORMAT_QCOW2 && ftruncate(copy->sink_fd, (off_t)copy->size_bytes) < 0)
                return -errno;
        if (copy->allocation != VOLUME_ALLOCATION_PREALLOCATED || offset >= end)
                return 0;
        if (copy->format == VOLUME_FORMAT_QCOW2) {
                if (fallocate(copy->sink_fd, 0, (off_t)offset, (off_t)(end - offset)) < 0 && errno != EOPNOTSUPP)
                        return -errno;
                return 0;
        }
        /* A device zeroes whole blocks. */
        if (offset % DIRECT_ALIGNMENT != 0) {
                uint64_t block = DIRECT_ALIGNMENT - offset % DIRECT_ALIGNMENT;

                memset(zeroes, 0, (size_t)block);
                r = write_at(copy->sink_fd, zeroes, (size_t)(end - offset < block ? end - offset : block), offset);
                if (r < 0)
                        return r;
                offset += block;
        }
        if (offset >= end || fallocate(copy->sink_fd, FALLOC_FL_ZERO_RANGE, (off_t)offset, (off_t)(end - offset)) >= 0)
                return 0;
        if (errno != EOPNOTSUPP)
                return -errno;
        memset(zeroes, 0, TRANSFER_PIECE_BYTES);
        for (; offset < end; offset += TRANSFER_PIECE_BYTES) {
                if (transfer_stop)
                        return -ECANCELED;
                r = write_at(copy->sink_fd, zeroes,
                             end - offset < TRANSFER_PIECE_BYTES ? (size_t)(end - offset) : TRANSFER_PIECE_BYTES,
                             offset);
                if (r < 0)
                        return r;
        }
        return 0;
}

int transfer_upload(TransferCopy *copy, sd_bus_error *error) {
        _cleanup_free_ void *piece = NULL;
        struct stat st;
        int r;

        if (fstat(copy->sink_fd, &st) < 0)
                return -errno;
        copy->device = S_ISBLK(st.st_mode);
        r = -posix_memalign(&piece, DIRECT_ALIGNMENT, TRANSFER_PIECE_BYTES);
        if (r < 0)
                return r;
        set_direct(copy->sink_fd, true);
        r = copy_in(copy, piece, error);
        if (r >= 0)
                r = check_end(copy, error);
        if (r < 0)
                return r;
        r = finish_tail(copy, piece);
        if (r < 0)
                return fail_write(copy, r, error);
        if (fsync(copy->sink_fd) < 0)
                return fail_write(copy, -errno, error);
        if (copy->format == VOLUME_FORMAT_QCOW2)
                return transfer_verify_qcow2(copy->sink_fd, copy->capacity_bytes, error);
        return 0;
}

void transfer_give_back(const TransferCopy *copy) {
        if (!copy->upload || !copy->touched || copy->device ||
            (copy->allocation == VOLUME_ALLOCATION_PREALLOCATED && copy->format == VOLUME_FORMAT_RAW))
                return;
        if (ftruncate(copy->sink_fd, 0) >= 0 && copy->format == VOLUME_FORMAT_RAW)
                (void) ftruncate(copy->sink_fd, (off_t)copy->capacity_bytes);
        (void) fsync(copy->sink_fd);
}

/* ---- download ---- */

static int write_out(const TransferCopy *copy, const uint8_t *piece, size_t n, sd_bus_error *error) {
        while (n > 0) {
                ssize_t written;
                int r;

                r = wait_for(copy, copy->sink_fd, POLLOUT, error);
                if (r < 0)
                        return r;
                written = write(copy->sink_fd, piece, n);
                if (written < 0 && (errno == EINTR || errno == EAGAIN))
                        continue;
                if (written < 0 && (errno == EPIPE || errno == ECONNRESET)) {
                        sd_bus_error_setf(error, RHV_ERROR_TRUNCATED,
                                          "The receiver went away after %" PRIu64 " of %" PRIu64 " bytes",
                                          copy->done_bytes, copy->size_bytes);
                        return -EPIPE;
                }
                if (written < 0)
                        return bus_error_errno(error, -errno, "Cannot write to the receiver");
                piece += written;
                n -= (size_t)written;
        }
        return 0;
}

/* May zeroes become a hole? Only where a regular file grows. */
static bool sink_can_hole(int fd) {
        int flags = fcntl(fd, F_GETFL);
        off_t here = lseek(fd, 0, SEEK_CUR);
        struct stat st;

        return flags >= 0 && !(flags & O_APPEND) && here >= 0 && fstat(fd, &st) >= 0 && S_ISREG(st.st_mode) &&
               st.st_size <= here;
}

static int end_hole(const TransferCopy *copy) {
        off_t here = lseek(copy->sink_fd, 0, SEEK_CUR);

        if (here < 0 || ftruncate(copy->sink_fd, here) < 0)
                return -errno;
        return fsync(copy->sink_fd) < 0 ? -errno : 0;
}

/* The length of a file is its image's; a device is longer. */
static int find_size(TransferCopy *copy, sd_bus_error *error) {
        struct stat st;

        if (copy->format != VOLUME_FORMAT_QCOW2)
                return 0;
        if (fstat(copy->source_fd, &st) < 0)
                return -errno;
        return S_ISBLK(st.st_mode) ? transfer_find_end(copy->source_fd, copy->capacity_bytes, &copy->size_bytes, error) : 0;
}

int transfer_download(TransferCopy *copy, sd_bus_error *error) {
        _cleanup_free_ void *piece = NULL;
        bool holes = sink_can_hole(copy->sink_fd);
        int r;

        r = find_size(copy, error);
        if (r < 0)
                return r;
        r = -posix_memalign(&piece, DIRECT_ALIGNMENT, TRANSFER_PIECE_BYTES);
        if (r < 0)
                return r;
        while (copy->done_bytes < copy->size_bytes) {
                uint64_t left = copy->size_bytes - copy->done_bytes;
                size_t n = 0;

                r = read_piece(copy, piece, left < TRANSFER_PIECE_BYTES ? (size_t)left : TRANSFER_PIECE_BYTES, &n,
                               error);
                if (r < 0)
                        return r;
                if (n == 0) {
                        sd_bus_error_set(error, RHV_ERROR_BACKEND_FAILED,
                                         "The volume became shorter while it was read");
                        return -EIO;
                }
                if (holes && is_zero(piece, n)) {
                        if (lseek(copy->sink_fd, (off_t)n, SEEK_CUR) < 0)
                                return bus_error_errno(error, -errno, "Cannot write to the receiver");
                } else {
                        r = write_out(copy, piece, n, error);
                        if (r < 0)
                                return r;
                }
                copy->done_bytes += n;
                (void) copy->progress(copy, copy->userdata);
        }
        if (holes) {
                r = end_hole(copy);
                if (r < 0)
                        return bus_error_errno(error, r, "Cannot write to the receiver");
        }
        return 0;
}
