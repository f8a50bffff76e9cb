/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * An image is made usable for a guest. The chain is what the metadata say, and QEMU is given it node by node; but of a file with the data of a qcow2 volume it would believe the header.
 * We write no such header and take none in; who wrote a domain that we were given could.
 */

#include <unistd.h>

#include "bus-error.h"
#include "data-command.h"
#include "data-source.h"
#include "io.h"

static const StorageLayout *layout(const Io *io) {
        return io->place.type->layout;
}

static int check_header(Io *io, const VolumeRecord *record) {
        _Alignas(DATA_SOURCE_BYTES) uint8_t bytes[DATA_SOURCE_BYTES]; /* for direct I/O */
        _cleanup_close_ int fd = -EBADF;
        ssize_t n;
        int r;

        if (record->metadata.format != VOLUME_FORMAT_QCOW2)
                return 0;
        r = layout(io)->prepared_open ? layout(io)->prepared_open(&io->place, record->id, &fd, &io->error)
                                      : layout(io)->volume_open(&io->place, record->metadata.image, record->id, false, &fd, &io->error);
        if (r < 0)
                return r;
        n = pread(fd, bytes, sizeof(bytes), 0);
        if (n < 0)
                return bus_error_errno(&io->error, -errno, "Cannot read volume %s", record->id);
        return data_member_check(record->id, record->metadata.format, bytes, (size_t)n, &io->error);
}

/* What cannot be a chain is told by who asked; there is nothing to make usable then. */
static int prepare_chain(Io *io) {
        const VolumeRecord *chain[VOLUME_CHAIN_MAX];
        int n, r;

        n = volume_chain(&io->lists[0], io->volume, true, chain, NULL);
        if (n < 0)
                return 0;
        r = layout(io)->prepare ? layout(io)->prepare(&io->place, chain, (size_t)n, &io->error) : 0;
        for (int i = 0; r >= 0 && i < n; i++)
                r = check_header(io, chain[i]);
        return r;
}

int io_prepare(Io *io) {
        int r;

        r = io->lease[0] ? io_list_for_writer(io) : io_list_one(io);
        return r < 0 ? r : prepare_chain(io);
}
