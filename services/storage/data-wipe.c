/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "data-wipe.h"

#include <linux/fs.h>
#include <sys/ioctl.h>

#include "bus-error.h"
#include "clock-util.h"
#include "data-tool.h"
#include "fault-point.h"
#include "volume-lease.h"
#include "wipe-rules.h"

static int stopped(sd_bus_error *error) {
        sd_bus_error_set(error, RHV_ERROR_ABORTED, "The job was cancelled; the volumes stay, and are wiped another time");
        return -ECANCELED;
}

/* Zeroes are written where the device does not know better; blocks stay allocated. */
static int zero_device(int fd, uint64_t offset_bytes, uint64_t bytes) {
        uint64_t range[2] = {offset_bytes, bytes};

        return ioctl(fd, BLKZEROOUT, range) < 0 ? -errno : 0;
}

int data_wipe_fd(const DataRun *run, int fd, uint64_t size_bytes, data_zero_t zero, uint64_t *done_bytes, sd_bus_error *error) {
        const uint64_t begin_usec = monotonic_usec(), total = run->work->capacity_bytes, bandwidth = run->work->bandwidth;
        int r = 0;

        for (uint64_t at = 0; at < size_bytes;) {
                const uint64_t step = wipe_step_bytes(size_bytes - at, bandwidth);

                if (data_tool_stopped())
                        return stopped(error);
                r = zero(fd, at, step);
                if (r < 0)
                        break;
                at += step;
                *done_bytes += step;
                if (run->progress && total > 0)
                        run->progress((int)(*done_bytes >= total ? 1000 : *done_bytes / (total / 1000 + 1)), run->userdata);
                FAULT_POINT("block-wipe-step");
                if (data_tool_wait(wipe_pause_usec(at, monotonic_usec() - begin_usec, bandwidth)))
                        return stopped(error);
        }
        if (r >= 0 && fsync(fd) < 0)
                r = -errno;
        return r < 0 ? bus_error_errno(error, r, "Cannot write zeroes over a volume of image %s", run->image) : 0;
}

static int wipe_open_one(const DataRun *run, const DataNode *node, uint64_t *done_bytes, sd_bus_error *error) {
        const StorageLayout *layout = run->work->place.type->layout;
        _cleanup_close_ int fd = -EBADF;
        off_t size;
        int r;

        r = layout->wipe_open(&run->work->place, node->image, node->volume, &fd, error);
        if (r < 0)
                return r == -ENOENT && !sd_bus_error_is_set(error) ? 0 : r;
        size = lseek(fd, 0, SEEK_END);
        if (size < 0)
                return bus_error_errno(error, -errno, "Cannot tell the size of volume %s", node->volume);
        return data_wipe_fd(run, fd, (uint64_t)size, zero_device, done_bytes, error);
}

static int wipe_one(const DataRun *run, const DataNode *node, uint64_t *done_bytes, sd_bus_error *error) {
        const DomainPlace *place = &run->work->place;
        _cleanup_close_ int lease = -EBADF;
        int r, k;

        /* The lease before the look at the tag: what is removed gets its tag first, and its lease is looked at then. */
        if (place->type->shared) {
                lease = volume_lease_take(place, node->image, node->volume, error);
                if (lease == -ENOENT) { /* gone altogether */
                        sd_bus_error_free(error);
                        return 0;
                }
                if (lease < 0)
                        return lease;
        }
        r = wipe_open_one(run, node, done_bytes, error);
        k = place->type->layout->wipe_close(place, node->volume, r < 0 ? NULL : error);
        return r < 0 ? r : k == -ENOENT ? 0 : k;
}

int data_wipe(const DataRun *run, sd_bus_error *error) {
        const DataWork *work = run->work;
        uint64_t done_bytes = 0;
        int r = 0;

        if (!work->place.type->layout->wipe_open)
                return -EOPNOTSUPP;
        for (size_t i = 0; r >= 0 && i < work->n_chain; i++)
                r = wipe_one(run, &work->chain[i], &done_bytes, error);
        return r;
}
