/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A volume made in one go, by a process that may block and whose open files its tool shall inherit. */

#include <sys/mman.h>
#include <sys/wait.h>

#include "bus-error.h"
#include "io.h"
#include "qemu-img.h"
#include "heir.h"

/* The end of what the tool said on standard error, as one line. */
static void last_words(int fd, char *ret, size_t size) {
        off_t end = lseek(fd, 0, SEEK_END);
        ssize_t n;

        ret[0] = '\0';
        if (end <= 0)
                return;
        n = pread(fd, ret, size - 1, end > (off_t)size - 1 ? end - ((off_t)size - 1) : 0);
        if (n < 0)
                n = 0;
        ret[n] = '\0';
        for (char *p = ret; *p; p++)
                if (*p == '\n')
                        *p = p[1] ? ' ' : '\0';
}

static int run_tool(const char *const *argv, sd_bus_error *error) {
        _cleanup_close_ int err = memfd_create("stderr", MFD_CLOEXEC);
        const SpawnSpec spec = {
                        .argv = argv,
                        .stdin_fd = SPAWN_NULL,
                        .stdout_fd = SPAWN_NULL,
                        .stderr_fd = err,
                        .lease_fd = SPAWN_INHERIT,
        };
        char words[512];
        int r, status;
        pid_t pid;

        if (err < 0)
                return -errno;
        r = spawn_heir(&spec, &pid);
        if (r < 0)
                return bus_error_errno(error, r, "Cannot run %s", argv[0]);
        while (waitpid(pid, &status, 0) < 0)
                if (errno != EINTR)
                        return -errno;
        if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
                return 0;
        last_words(err, words, sizeof(words));
        if (strstr(words, "No space left")) {
                sd_bus_error_set(error, RHV_ERROR_NO_SPACE, "The domain has no room for another volume");
                return -ENOSPC;
        }
        sd_bus_error_setf(error, RHV_ERROR_BACKEND_FAILED, "qemu-img create failed: %s", words);
        return -EIO;
}

int io_volume_make(Io *io) {
        QemuImgCommand command;
        int r;

        r = io_volume_begin(io);
        if (r < 0)
                return r;
        qemu_img_create(&io->plan, io->place.version, geteuid() == 0, &command);
        r = run_tool(command.argv, &io->error);
        if (r < 0) {
                (void) io_volume_abandon(io);
                return r;
        }
        return io_volume_finish(io);
}
