/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * qemu-img as the judge of an uploaded image. It runs inside the transfer's unit, which can open no file but the
 * volume, and only after the header was found to name no other file.
 */

#include <fcntl.h>
#include <stdio.h>
#include <sys/wait.h>

#include "bus-error.h"
#include "qcow2-header.h"
#include "qemu-img.h"
#include "transfer-copy.h"

/* qemu-img's answer about one image without backing chain. */
#define ANSWER_BYTES_MAX (64 * KIB)
#define VOLUME_FD 3
#define VOLUME_FD_PATH "/proc/self/fd/3"

/* Between fork and exec: nothing but system calls. */
_Noreturn static void run_qemu_img(int volume_fd, int answer_fd, const char *verb) {
        const char *const argv[] = {"qemu-img", verb, "-f", "qcow2", "--output=json", VOLUME_FD_PATH, NULL};
        static const char *const environment[] = {"PATH=/usr/local/bin:/usr/bin:/bin", "LC_ALL=C.UTF-8", NULL};

        /* Both out of the way of the numbers they get; the volume may be our standard output. */
        answer_fd = fcntl(answer_fd, F_DUPFD_CLOEXEC, VOLUME_FD + 1);
        volume_fd = fcntl(volume_fd, F_DUPFD_CLOEXEC, VOLUME_FD + 1);
        if (answer_fd >= 0 && volume_fd >= 0 && dup2(answer_fd, STDOUT_FILENO) >= 0 && dup2(volume_fd, VOLUME_FD) >= 0)
                (void) execvpe("qemu-img", (char *const *)argv, (char *const *)environment);
        _exit(127);
}

static int collect(int fd, char *buffer, size_t size, size_t *ret_n) {
        size_t done = 0;

        while (done < size) {
                ssize_t n = read(fd, buffer + done, size - done);

                if (n < 0 && errno == EINTR && !transfer_stop)
                        continue;
                if (n < 0)
                        return -errno;
                if (n == 0)
                        break;
                done += (size_t)n;
        }
        *ret_n = done;
        return done < size ? 0 : -EMSGSIZE;
}

/* Return: the exit status, or negative. */
static int ask_qemu_img(int volume_fd, const char *verb, char *buffer, size_t *ret_n) {
        _cleanup_close_ int ours = -EBADF, theirs = -EBADF;
        int fds[2], status, r;
        pid_t pid;

        if (pipe2(fds, O_CLOEXEC) < 0)
                return -errno;
        ours = fds[0];
        theirs = fds[1];
        pid = fork();
        if (pid < 0)
                return -errno;
        if (pid == 0)
                run_qemu_img(volume_fd, theirs, verb);
        theirs = safe_close(theirs);

        r = collect(ours, buffer, ANSWER_BYTES_MAX, ret_n);
        if (r < 0)
                (void) kill(pid, SIGKILL);
        while (waitpid(pid, &status, 0) < 0)
                if (errno != EINTR)
                        return -errno;
        if (r < 0)
                return transfer_stop ? -ECANCELED : r;
        return WIFEXITED(status) ? WEXITSTATUS(status) : -EIO;
}

static int failed(int r, const char *verb, sd_bus_error *error) {
        if (r == -ECANCELED)
                sd_bus_error_set(error, RHV_ERROR_ABORTED, "Cancelled");
        else
                sd_bus_error_setf(error, RHV_ERROR_BACKEND_FAILED, "qemu-img %s could not be run or did not end well",
                                  verb);
        return r;
}

static int verify(int fd, uint64_t capacity_bytes, char *answer, size_t *ret_n, sd_bus_error *error) {
        uint8_t header[QCOW2_HEADER_BYTES];
        QemuImgInfo info;
        ssize_t got;
        int r;

        got = pread(fd, header, sizeof(header), 0);
        if (got < 0)
                return bus_error_errno(error, -errno, "Cannot read the volume back");
        r = qcow2_header_check(header, (size_t)got, capacity_bytes, NULL, error);
        if (r < 0)
                return r;
        r = ask_qemu_img(fd, "info", answer, ret_n);
        if (r < 0 || r == 127)
                return failed(r < 0 ? r : -ENOENT, "info", error);
        if (r != 0) {
                sd_bus_error_set(error, RHV_ERROR_BAD_FORMAT, "qemu-img cannot open the data as a qcow2 image");
                return -EBADMSG;
        }
        r = qemu_img_info_parse(answer, *ret_n, &info, error);
        if (r >= 0)
                r = qemu_img_info_check(&info, capacity_bytes, error);
        if (r < 0)
                return r;

        r = ask_qemu_img(fd, "check", answer, ret_n);
        if (r < 0 || r == 127)
                return failed(r < 0 ? r : -ENOENT, "check", error);
        return qemu_img_check_result(r, answer, *ret_n, error);
}

int transfer_verify_qcow2(int fd, uint64_t capacity_bytes, sd_bus_error *error) {
        _cleanup_free_ char *answer = malloc(ANSWER_BYTES_MAX);
        size_t n = 0;

        return answer ? verify(fd, capacity_bytes, answer, &n, error) : -ENOMEM;
}

int transfer_find_end(int fd, uint64_t capacity_bytes, uint64_t *ret, sd_bus_error *error) {
        _cleanup_free_ char *answer = malloc(ANSWER_BYTES_MAX);
        size_t n = 0;
        int r;

        r = answer ? verify(fd, capacity_bytes, answer, &n, error) : -ENOMEM;
        return r < 0 ? r : qemu_img_check_end(answer, n, ret, error);
}
