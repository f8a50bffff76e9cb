/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Room of a thin volume on devices that its data do not need is given back. By who holds the domain's lease, under the volume's lease too: a data job of another host that was
 * planned with the room there was finds another generation when it gets that lease, and stops; one that has the lease is not disturbed.
 */

#include <sys/mman.h>
#include <sys/stat.h>

#include "block-slot.h"
#include "bus-error.h"
#include "chain-rules.h"
#include "data-command.h"
#include "data-source.h"
#include "data-work.h"
#include "fault-point.h"
#include "heir.h"
#include "io.h"
#include "volume-lease.h"

#define CHECK_BYTES_MAX (64 * (off_t)KIB)

static const StorageLayout *layout(const Io *io) {
        return io->place.type->layout;
}

static int read_end(int fd, uint64_t *ret, sd_bus_error *error) {
        _cleanup_free_ char *text = NULL;
        struct stat st;
        int r;

        if (fstat(fd, &st) < 0 || st.st_size <= 0 || st.st_size > CHECK_BYTES_MAX)
                return -EBADMSG;
        text = malloc((size_t)st.st_size);
        if (!text)
                return -ENOMEM;
        if (pread(fd, text, (size_t)st.st_size, 0) != st.st_size)
                return -EIO;
        r = qemu_img_check_result(0, text, (size_t)st.st_size, error);
        return r < 0 ? r : qemu_img_check_end(text, (size_t)st.st_size, ret, error);
}

/* Where the data of that volume end. */
static int find_end(const Io *io, const VolumeRecord *record, uint64_t *ret, sd_bus_error *error) {
        DataWork work = {.kind = DATA_EXTEND, .place = io->place, .source = io->place, .format = VOLUME_FORMAT_QCOW2, .n_chain = 1,
                         .chain = {{.format = VOLUME_FORMAT_QCOW2}}};
        _cleanup_close_ int out = memfd_create("check", MFD_CLOEXEC);
        _cleanup_(data_command_clear) DataCommand command = {};
        _cleanup_(data_paths_clear) DataPaths paths = {};
        int r;

        memcpy(work.chain[0].image, io->image, UUID_STRING_MAX);
        memcpy(work.chain[0].volume, record->id, UUID_STRING_MAX);
        r = out < 0 ? -errno : data_source_find(&work, &paths, error);
        if (r >= 0)
                r = data_command_check(&work, (const char *const *)paths.of, geteuid() == 0, &command);
        if (r >= 0)
                r = heir_run_output(command.argv, "qemu-img check", out, error);
        return r < 0 ? r : read_end(out, ret, error);
}

/* as_leaf: it is about to become the top. */
static int reduce(Io *io, const char *volume, bool as_leaf) {
        const VolumeChange change = {.expected_generation = GENERATION_ANY, .bump_generation = true, .legality = VOLUME_LEGAL};
        _cleanup_(volume_list_clear) VolumeList list = {}; /* as it is under the lease */
        const VolumeRecord *record;
        uint64_t end, bytes;
        bool leaf;
        int r;

        r = layout(io)->list_volumes(&io->place, io->image, &list, &io->error);
        if (r >= 0)
                r = volume_may_reduce(&list, volume, &leaf, &io->error);
        if (r < 0)
                return r;
        record = volume_list_find(&list, volume);
        r = find_end(io, record, &end, &io->error);
        if (r < 0)
                return r;
        bytes = block_optimal_bytes(end, volume_qcow2_max_bytes(record->metadata.capacity_bytes), leaf || as_leaf);
        io->plan.metadata.capacity_bytes = record->true_size_bytes;
        if (bytes >= record->true_size_bytes)
                return 0;
        r = layout(io)->volume_update(&io->place, io->image, volume, &change, &io->error);
        FAULT_POINT("block-reduce-noted");
        return r < 0 ? r : layout(io)->volume_reduce(&io->place, io->image, volume, bytes, &io->plan.metadata.capacity_bytes, &io->error);
}

int io_reduce(Io *io, const char *volume, bool as_leaf) {
        _cleanup_close_ int lease = -EBADF;

        if (!layout(io)->volume_reduce) {
                sd_bus_error_set(&io->error, RHV_ERROR_NOT_SUPPORTED, "A volume in a file has no room that its data do not need");
                return -EOPNOTSUPP;
        }
        lease = volume_lease_take(&io->place, io->image, volume, &io->error);
        return lease < 0 ? lease : reduce(io, volume, as_leaf);
}

int io_volume_reduce(Io *io) {
        return io_reduce(io, io->volume, false);
}
