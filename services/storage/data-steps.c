/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "data-steps.h"

#include <fcntl.h>
#include <inttypes.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "bus-error.h"
#include "chain-rules.h"
#include "data-command.h"
#include "data-source.h"
#include "data-sparsify.h"
#include "data-tool.h"
#include "data-wipe.h"
#include "fault-point.h"
#include "file-util.h"
#include "heir.h"

/* What `qemu-img info` says of one image. */
#define INFO_BYTES_MAX (1 * MIB)

/* ---- the volume ---- */

static const StorageLayout *layout(const DataRun *run) {
        return run->work->place.type->layout;
}

/* Since the job was accepted nobody else may have worked on it. */
static int check_volume(const DataRun *run, sd_bus_error *error) {
        _cleanup_(volume_list_clear) VolumeList list = {};
        const VolumeLegality wanted = run->work->kind == DATA_COPY ? VOLUME_ILLEGAL : VOLUME_LEGAL;
        const VolumeRecord *record;
        int r;

        r = layout(run)->list_volumes(&run->work->place, run->image, &list, error);
        if (r < 0)
                return r;
        record = volume_list_find(&list, run->volume);
        if (!record || record->problem) {
                sd_bus_error_setf(error, RHV_ERROR_NOT_FOUND, "Image %s has no volume %s", run->image, run->volume);
                return -ENOENT;
        }
        if (record->metadata.generation == run->generation && record->metadata.legality == wanted)
                return 0;
        sd_bus_error_setf(error, RHV_ERROR_INVALID_STATE, "Volume %s was changed by somebody else: its generation is %u, not %u", run->volume,
                          record->metadata.generation, run->generation);
        return -ESTALE;
}

/* All in one write: whoever sees the new generation sees the rest. */
static int settle(const DataRun *run, sd_bus_error *error) {
        const VolumeChange change = {
                        .expected_generation = run->generation,
                        .bump_generation = true,
                        .legality = VOLUME_LEGAL,
                        .capacity_bytes = run->work->kind == DATA_COPY ? 0 : run->work->capacity_bytes,
                        .share = run->work->kind == DATA_COPY && run->work->share,
        };
        int r;

        FAULT_POINT("data-before-settled");
        r = layout(run)->volume_update(&run->work->place, run->image, run->volume, &change, error);
        FAULT_POINT("data-settled");
        return r;
}

/* ---- tools ---- */

static int run_tool(const DataRun *run, const DataCommand *command, const char *what, sd_bus_error *error) {
        const DataTool tool = {
                        .argv = command->argv,
                        .what = what,
                        .lease_fd = run->lease_fd,
                        .input_fd = SPAWN_NULL,
                        .progress = run->progress,
                        .userdata = run->userdata,
        };

        return data_tool_run(&tool, error);
}

static bool privileged(void) {
        return geteuid() == 0;
}

/* ---- extend ---- */

/* Blocks first, then the length: what was not finished is not seen. */
static int grow_raw(const DataRun *run, sd_bus_error *error) {
        const DataWork *work = run->work;
        _cleanup_close_ int fd = -EBADF;
        struct stat st;
        int r;

        r = layout(run)->volume_open(&work->place, run->image, run->volume, true, &fd, error);
        if (r < 0)
                return r;
        if (fstat(fd, &st) < 0)
                return -errno;
        if (work->allocation == VOLUME_ALLOCATION_PREALLOCATED && (uint64_t)st.st_size < work->capacity_bytes &&
            fallocate(fd, FALLOC_FL_KEEP_SIZE, st.st_size, (off_t)work->capacity_bytes - st.st_size) < 0) {
                r = -errno;
                if (r == -EOPNOTSUPP) /* zeroes are written, which moves the end of the file */
                        r = file_allocate(fd, (uint64_t)st.st_size, work->capacity_bytes);
                if (r < 0) {
                        (void) ftruncate(fd, st.st_size);
                        return bus_error_errno(error, r, "Cannot allocate %" PRIu64 " bytes for volume %s", work->capacity_bytes,
                                               run->volume);
                }
        }
        FAULT_POINT("file-extend-allocated");
        if (((uint64_t)st.st_size < work->capacity_bytes && ftruncate(fd, (off_t)work->capacity_bytes) < 0) || fsync(fd) < 0)
                return bus_error_errno(error, -errno, "Cannot extend volume %s", run->volume);
        FAULT_POINT("file-extend-longer");
        return 0;
}

/* Its room was made before: the device must have it, or this host sees an older one. */
static int check_device(const DataRun *run, sd_bus_error *error) {
        const DataWork *work = run->work;
        _cleanup_close_ int fd = -EBADF;
        off_t size;
        int r;

        r = layout(run)->volume_open(&work->place, run->image, run->volume, true, &fd, error);
        if (r < 0)
                return r;
        size = lseek(fd, 0, SEEK_END);
        if (size < 0)
                return bus_error_errno(error, -errno, "Cannot tell the size of volume %s", run->volume);
        if ((uint64_t)size >= work->capacity_bytes)
                return 0;
        sd_bus_error_setf(error, RHV_ERROR_INVALID_STATE, "The device of volume %s has %" PRIu64 " bytes, not %" PRIu64, run->volume,
                          (uint64_t)size, work->capacity_bytes);
        return -EIO;
}

static int grow_qcow2(const DataRun *run, sd_bus_error *error) {
        _cleanup_(data_command_clear) DataCommand command = {};
        _cleanup_(data_paths_clear) DataPaths paths = {};
        int r;

        r = data_source_find(run->work, &paths, error);
        if (r >= 0)
                r = data_command_resize(run->work, (const char *const *)paths.of, privileged(), &command);
        if (r >= 0)
                r = run_tool(run, &command, "qemu-img resize", error);
        FAULT_POINT("extend-resized");
        return r;
}

static int extend(const DataRun *run, sd_bus_error *error) {
        if (run->work->format != VOLUME_FORMAT_RAW)
                return grow_qcow2(run, error);
        return layout(run)->volume_grow ? check_device(run, error) : grow_raw(run, error);
}

/* ---- copy ---- */

/* The disk in a foreign image must fit, and be whole in that image. */
static int check_foreign(const DataRun *run, const DataPaths *paths, uint64_t *ret_bytes, sd_bus_error *error) {
        _cleanup_close_ int out = memfd_create("info", MFD_CLOEXEC);
        _cleanup_(data_command_clear) DataCommand command = {};
        _cleanup_free_ char *text = NULL;
        QemuImgInfo info;
        struct stat st;
        int r;

        r = out < 0 ? -errno : data_command_info(run->work, (const char *const *)paths->of, privileged(), &command);
        if (r >= 0)
                r = heir_run_output(command.argv, "qemu-img info", out, error);
        if (r < 0)
                return r;
        if (fstat(out, &st) < 0 || st.st_size <= 0 || st.st_size > (off_t)INFO_BYTES_MAX)
                return -EBADMSG;
        text = malloc((size_t)st.st_size);
        if (!text)
                return -ENOMEM;
        if (pread(out, text, (size_t)st.st_size, 0) != st.st_size)
                return -EIO;
        r = qemu_img_info_parse(text, (size_t)st.st_size, &info, error);
        if (r < 0)
                return r;
        if (info.has_backing || info.has_data_file || info.virtual_bytes > run->work->capacity_bytes) {
                sd_bus_error_setf(error, RHV_ERROR_BAD_FORMAT,
                                  "The image holds a disk of %" PRIu64 " bytes%s; the volume has a capacity of %" PRIu64, info.virtual_bytes,
                                  info.has_backing || info.has_data_file ? ", part of it in another file" : "", run->work->capacity_bytes);
                return -EBADMSG;
        }
        *ret_bytes = info.virtual_bytes;
        return 0;
}

/* The device is larger than the disk that is copied: behind it the guest shall not see what was on the device before. */
static int zero_tail(const DataRun *run, uint64_t from, sd_bus_error *error) {
        _cleanup_close_ int fd = -EBADF;
        off_t size;
        int r;

        r = layout(run)->volume_open(&run->work->place, run->image, run->volume, true, &fd, error);
        if (r < 0)
                return r;
        size = lseek(fd, 0, SEEK_END);
        from -= from % VOLUME_SECTOR_BYTES;
        if (size >= 0 && (uint64_t)size > from) {
                uint64_t range[2] = {from, (uint64_t)size - from};

                size = ioctl(fd, BLKZEROOUT, range);
        }
        return size < 0 ? bus_error_errno(error, -errno, "Cannot clear the end of volume %s", run->volume) : 0;
}

static int copy(const DataRun *run, sd_bus_error *error) {
        _cleanup_(data_command_clear) DataCommand command = {};
        _cleanup_free_ char *target = NULL;
        _cleanup_(data_paths_clear) DataPaths paths = {};
        uint64_t bytes = run->work->present_bytes;
        int r;

        r = data_source_find(run->work, &paths, error);
        if (r >= 0 && run->work->source_format[0])
                r = check_foreign(run, &paths, &bytes, error);
        if (r >= 0 && layout(run)->volume_grow && run->work->format == VOLUME_FORMAT_RAW)
                r = zero_tail(run, bytes, error);
        if (r >= 0)
                r = layout_prepare_volume(&run->work->place, run->volume, error);
        FAULT_POINT("copy-prepared");
        if (r < 0)
                return r;
        target = layout(run)->volume_path(&run->work->place, run->image, run->volume);
        r = target ? data_command_copy(run->work, (const char *const *)paths.of, target, privileged(), &command) : -ENOMEM;
        if (r >= 0)
                r = run_tool(run, &command, "qemu-img convert", error);
        FAULT_POINT("copy-copied");
        return r;
}

/* ---- merge ---- */

/* The device of a raw base was made longer (io_volume_grow()), and the merged volume ILLEGAL: of the base's capacity, which grows only at the end, a
 * guest has seen nothing behind it. Until then this can be done again. */
static int clear_grown(const DataRun *run, sd_bus_error *error) {
        const VolumeChange open = {.expected_generation = GENERATION_ANY, .legality = VOLUME_LEGAL};
        int r;

        r = zero_tail(run, run->work->present_bytes, error);
        FAULT_POINT("block-merge-cleared");
        return r < 0 ? r : layout(run)->volume_update(&run->work->place, run->image, run->work->chain[0].volume, &open, error);
}

static bool has_grown(const DataRun *run) {
        const DataWork *work = run->work;

        return layout(run)->volume_grow && work->format == VOLUME_FORMAT_RAW && work->capacity_bytes > work->present_bytes;
}

static int merge(const DataRun *run, sd_bus_error *error) {
        _cleanup_(data_command_clear) DataCommand command = {};
        _cleanup_(data_paths_clear) DataPaths paths = {};
        int r;

        r = has_grown(run) ? clear_grown(run, error) : 0;
        if (r >= 0)
                r = data_source_find(run->work, &paths, error);
        if (r >= 0)
                r = data_command_merge(run->work, (const char *const *)paths.of, privileged(), &command);
        if (r >= 0)
                r = run_tool(run, &command, "qemu-img commit", error);
        FAULT_POINT("merge-committed");
        return r;
}

/* ---- all of it ---- */

int data_run(const DataRun *run, sd_bus_error *error) {
        static int (*const steps[_DATA_KIND_MAX])(const DataRun *, sd_bus_error *) = {
                        [DATA_EXTEND] = extend,
                        [DATA_COPY] = copy,
                        [DATA_MERGE] = merge,
                        [DATA_SPARSIFY] = data_sparsify,
        };
        int r;

        FAULT_WORK(data_kind_to_string(run->work->kind));
        /* What is wiped has left its chain: its lease and its tag say all. */
        if (run->work->kind == DATA_WIPE)
                return data_wipe(run, error);
        r = check_volume(run, error);
        FAULT_POINT("data-checked");
        if (r >= 0)
                r = steps[run->work->kind](run, error);
        return r < 0 ? r : settle(run, error);
}
