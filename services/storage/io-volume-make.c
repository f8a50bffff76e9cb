/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A volume made in one go, by a process that may block and whose open files its tool shall inherit. */

#include "fault-point.h"
#include "heir.h"
#include "io.h"
#include "qemu-img.h"

/* Room for what will be copied into a thin volume on devices. */
static int measure(Io *io) {
        const uint64_t most = volume_qcow2_max_bytes(io->request.capacity_bytes);
        int r;

        r = io_data_measure(io);
        if (r >= 0)
                io->request.initial_bytes = io->measured.required_bytes < most ? io->measured.required_bytes : most;
        return r;
}

/* A copy whose job was cut off before it could undo what it had made, with the domain's lease or with the host: the same call makes it anew. */
static int undo_former(Io *io) {
        int r;

        if (!io->request.illegal)
                return 0;
        memcpy(io->image, io->request.image, UUID_STRING_MAX);
        memcpy(io->volume, io->request.volume, UUID_STRING_MAX);
        r = io_data_undo(io);
        FAULT_POINT("copy-former-undone");
        return r;
}

int io_volume_make(Io *io) {
        QemuImgCommand command;
        int r;

        r = undo_former(io);
        if (r >= 0 && io->data)
                r = measure(io);
        if (r >= 0)
                r = io_volume_begin(io);
        if (r < 0)
                return r;
        qemu_img_create(&io->plan, io->place.version, geteuid() == 0, &command);
        r = io->plan.formatted ? 0 : heir_run(command.argv, "qemu-img create", &io->error);
        FAULT_POINT("create-formatted");
        if (r < 0) {
                (void) io_volume_abandon(io);
                return r;
        }
        return io_volume_finish(io);
}
