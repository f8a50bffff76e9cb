/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "data-tool.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/wait.h>

#include "bus-error.h"
#include "data-command.h"
#include "heir.h"

static int signal_fd = -EBADF;
static bool stopped;

int data_tool_prepare(void) {
        sigset_t signals;

        (void) sigemptyset(&signals);
        (void) sigaddset(&signals, SIGTERM);
        if (sigprocmask(SIG_BLOCK, &signals, NULL) < 0)
                return -errno;
        signal_fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
        return signal_fd < 0 ? -errno : 0;
}

static bool signal_arrived(void) {
        struct signalfd_siginfo info;

        return read(signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info);
}

bool data_tool_stopped(void) {
        stopped = stopped || signal_arrived();
        return stopped;
}

bool data_tool_wait(uint64_t usec) {
        const struct timespec timeout = {.tv_sec = (time_t)(usec / USEC_PER_SEC), .tv_nsec = (long)(usec % USEC_PER_SEC * 1000)};
        struct pollfd fd = {.fd = signal_fd, .events = POLLIN};

        if (usec > 0 && !stopped)
                (void) ppoll(&fd, 1, &timeout, NULL);
        return data_tool_stopped();
}

/* One piece of what it prints; a number that was cut in two comes whole the next time. */
static bool read_progress(const DataTool *tool, int fd) {
        char text[512];
        ssize_t n = read(fd, text, sizeof(text) - 1);
        int per_mille;

        if (n < 0 && (errno == EAGAIN || errno == EINTR))
                return true;
        if (n <= 0)
                return false;
        text[n] = '\0';
        per_mille = data_progress_parse(text);
        if (tool->progress && per_mille >= 0)
                tool->progress(per_mille, tool->userdata);
        return true;
}

/* Until the tool, and whoever else has its standard output, is gone. */
static void follow(const DataTool *tool, pid_t pid, int fd) {
        struct pollfd fds[] = {{.fd = fd, .events = POLLIN}, {.fd = signal_fd, .events = POLLIN}};

        for (;;) {
                if (poll(fds, ELEMENTSOF(fds), -1) < 0 && errno != EINTR)
                        return;
                if (fds[1].revents != 0 && data_tool_stopped()) {
                        (void) kill(pid, SIGTERM);
                        fds[1].fd = -1;
                }
                if (fds[0].revents != 0 && !read_progress(tool, fd))
                        return;
        }
}

static int judge(const DataTool *tool, int status, int err, sd_bus_error *error) {
        char words[512];

        if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
                return 0;
        if (stopped) {
                sd_bus_error_set(error, RHV_ERROR_ABORTED, "The job was cancelled");
                return -ECANCELED;
        }
        heir_last_words(err, words, sizeof(words));
        if (strstr(words, "No space left")) {
                sd_bus_error_set(error, RHV_ERROR_NO_SPACE, "The domain has no room left");
                return -ENOSPC;
        }
        sd_bus_error_setf(error, RHV_ERROR_BACKEND_FAILED, "%s failed: %s", tool->what, *words ? words : WIFSIGNALED(status) ? "it was killed" : "it does not say why");
        return -EIO;
}

int data_tool_run(const DataTool *tool, sd_bus_error *error) {
        _cleanup_close_ int err = memfd_create("stderr", MFD_CLOEXEC), reader = -EBADF, writer = -EBADF;
        int pipe_fds[2], status, r;
        SpawnSpec spec;
        pid_t pid;

        if (data_tool_stopped()) {
                sd_bus_error_set(error, RHV_ERROR_ABORTED, "The job was cancelled");
                return -ECANCELED;
        }
        if (err < 0 || pipe2(pipe_fds, O_CLOEXEC) < 0)
                return -errno;
        reader = pipe_fds[0];
        writer = pipe_fds[1];
        spec = (SpawnSpec){
                        .argv = tool->argv,
                        .stdin_fd = tool->input_fd,
                        .stdout_fd = writer,
                        .stderr_fd = err,
                        .lease_fd = tool->lease_fd,
        };
        r = spawn_heir(&spec, &pid);
        if (r < 0)
                return bus_error_errno(error, r, "Cannot run %s", tool->argv[0]);
        writer = safe_close(writer);
        follow(tool, pid, reader);
        while (waitpid(pid, &status, 0) < 0)
                if (errno != EINTR)
                        return -errno;
        return judge(tool, status, err, error);
}
