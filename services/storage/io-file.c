/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Pieces of work on the files of an ISO domain. */

#include <stdio.h>

#include "bus-error.h"
#include "io.h"
#include "layout-file.h"

int io_file_list(Io *io) {
        return file_iso_list(&io->place, &io->report, &io->error);
}

int io_file_check(Io *io) {
        return file_iso_check(&io->place, io->file, &io->error);
}

int io_file_delete(Io *io) {
        return file_iso_remove(&io->place, io->file, &io->error);
}

int io_file_begin(Io *io) {
        int r;

        r = io_check_space(io, io->size_bytes, &io->error);
        if (r < 0)
                return r;
        io->record.metadata = (VolumeMetadata){
                        .format = VOLUME_FORMAT_RAW,
                        .allocation = VOLUME_ALLOCATION_SPARSE,
                        .capacity_bytes = io->size_bytes,
        };
        return file_iso_begin(&io->place, io->file, io->image, &io->fd, &io->error);
}

int io_file_end(Io *io) {
        return io->upload ? file_iso_commit(&io->place, io->file, io->image, io->size_bytes, &io->error)
                          : file_iso_abandon(&io->place, io->image, &io->error);
}

int io_definition_delete(Io *io) {
        return file_delete_definition(&io->place, io->file ?: "", io->image, &io->error);
}
