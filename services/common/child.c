/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * running ──> exited, pipes drained ──> done
 *    └─ deadline, cancel, too much output ─> SIGTERM to the group ─ grace ─> SIGKILL ─> exited …
 *
 * posix_spawn() cannot set a death signal, so we fork: only async-signal-safe calls follow in the child. The death signal is bound
 * to the thread that forks; that is the loop's, which lives as long as the process.
 */

#include "child.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "bus-error.h"
#include "log.h"

#define CHILD_ENVIRONMENT_MAX 32U

struct Child {
        sd_event *event;
        pid_t pid;
        sd_event_source *exit_source, *out_source, *err_source, *deadline, *grace, *drain;
        int out_fd, err_fd;
        char *out;
        size_t out_size, out_max, line_begin;
        char err[CHILD_STDERR_MAX + 1];
        size_t err_size;
        child_line_t line;
        child_done_t done;
        void *userdata;
        bool exited, dispatching;
        siginfo_t status;
        int reason; /* why we ended it: -ETIMEDOUT, -ECANCELED, -EMSGSIZE; 0 */
};

static size_t children;

static void signal_group(const Child *child, int sig) {
        if (!child->exited)
                (void) kill(-child->pid, sig);
}

static Child *child_destroy(Child *child) {
        sd_event_source_disable_unref(child->deadline);
        sd_event_source_disable_unref(child->grace);
        sd_event_source_disable_unref(child->drain);
        sd_event_source_disable_unref(child->out_source);
        sd_event_source_disable_unref(child->err_source);
        if (child->pid > 0 && !child->exited) {
                siginfo_t info;

                signal_group(child, SIGKILL);
                sd_event_source_disable_unref(child->exit_source);
                (void) waitid(P_PID, (id_t)child->pid, &info, WEXITED);
        } else
                sd_event_source_disable_unref(child->exit_source);
        safe_close(child->out_fd);
        safe_close(child->err_fd);
        sd_event_unref(child->event);
        if (child->pid > 0)
                children--;
        free(child->out);
        free(child);
        return NULL;
}

Child *child_free(Child *child) {
        if (!child || child->dispatching) /* inside its own done: freed when that returns */
                return NULL;

        return child_destroy(child);
}

static void child_finish(Child *child) {
        ChildResult result = {
                .r = child->reason,
                .exit_status = child->status.si_code == CLD_EXITED ? child->status.si_status : -1,
                .term_signal = child->status.si_code == CLD_EXITED ? 0 : child->status.si_status,
                .out = child->out ?: "",
                .out_size = child->out_size,
                .err = child->err,
        };

        if (result.exit_status == 0 && result.r == -ECANCELED) /* it had succeeded before the signal came */
                result.r = 0;

        child->dispatching = true;
        if (child->done)
                child->done(child, &result, child->userdata);
        child_destroy(child);
}

static bool child_is_over(const Child *child) {
        return child->exited && child->out_fd < 0 && child->err_fd < 0;
}

static void close_pipe(sd_event_source **source, int *fd) {
        *source = sd_event_source_disable_unref(*source);
        *fd = safe_close(*fd);
}

static void end_child(Child *child, int reason);

static int on_grace(sd_event_source *source, uint64_t usec, void *userdata) {
        signal_group(userdata, SIGKILL);
        return 0;
}

static void end_child(Child *child, int reason) {
        if (child->reason < 0 || child->exited)
                return;

        child->reason = reason;
        signal_group(child, SIGTERM);
        if (sd_event_add_time_relative(child->event, &child->grace, CLOCK_MONOTONIC, CHILD_GRACE_USEC, 0, on_grace,
                                       child) < 0)
                signal_group(child, SIGKILL);
}

void child_cancel(Child *child) {
        end_child(child, -ECANCELED);
}

static int on_deadline(sd_event_source *source, uint64_t usec, void *userdata) {
        end_child(userdata, -ETIMEDOUT);
        return 0;
}

/* Hands on complete lines; qemu-img ends its progress with a carriage return. */
static void deliver_lines(Child *child) {
        size_t begin = 0;

        for (size_t i = 0; i < child->out_size; i++) {
                if (child->out[i] != '\n' && child->out[i] != '\r')
                        continue;
                child->out[i] = 0;
                if (i > begin)
                        child->line(child, child->out + begin, child->userdata);
                begin = i + 1;
        }
        memmove(child->out, child->out + begin, child->out_size - begin);
        child->out_size -= begin;
        child->out[child->out_size] = 0;
}

static int keep_output(Child *child, const char *data, size_t size) {
        char *out;

        if (child->out_size + size > child->out_max) {
                end_child(child, -EMSGSIZE);
                return 0;
        }
        out = realloc(child->out, child->out_size + size + 1);
        if (!out)
                return -ENOMEM;
        child->out = out;
        memcpy(out + child->out_size, data, size);
        child->out_size += size;
        out[child->out_size] = 0;

        if (child->line)
                deliver_lines(child);
        return 0;
}

/* Keeps the last CHILD_STDERR_MAX bytes. */
static void keep_error(Child *child, const char *data, size_t size) {
        if (size > CHILD_STDERR_MAX) {
                data += size - CHILD_STDERR_MAX;
                size = CHILD_STDERR_MAX;
        }
        if (child->err_size + size > CHILD_STDERR_MAX) {
                size_t excess = child->err_size + size - CHILD_STDERR_MAX;

                memmove(child->err, child->err + excess, child->err_size - excess);
                child->err_size -= excess;
        }
        memcpy(child->err + child->err_size, data, size);
        child->err_size += size;
        child->err[child->err_size] = 0;
}

static int on_output(sd_event_source *source, int fd, uint32_t revents, void *userdata) {
        Child *child = userdata;
        bool is_out = fd == child->out_fd;
        char data[16384];
        ssize_t n;

        n = read(fd, data, sizeof data);
        if (n < 0 && (errno == EAGAIN || errno == EINTR))
                return 0;

        if (n > 0) {
                if (!is_out)
                        keep_error(child, data, (size_t)n);
                else if (keep_output(child, data, (size_t)n) < 0)
                        end_child(child, -ENOMEM);
                return 0;
        }

        if (is_out)
                close_pipe(&child->out_source, &child->out_fd);
        else
                close_pipe(&child->err_source, &child->err_fd);
        if (child_is_over(child))
                child_finish(child);
        return 0;
}

static int on_drain(sd_event_source *source, uint64_t usec, void *userdata) {
        Child *child = userdata;

        close_pipe(&child->out_source, &child->out_fd);
        close_pipe(&child->err_source, &child->err_fd);
        child_finish(child);
        return 0;
}

static int on_child_exit(sd_event_source *source, const siginfo_t *info, void *userdata) {
        Child *child = userdata;

        child->exited = true;
        child->status = *info;
        (void) kill(-child->pid, SIGKILL); /* what is left of its group */
        child->deadline = sd_event_source_disable_unref(child->deadline);

        if (child_is_over(child))
                child_finish(child);
        else if (sd_event_add_time_relative(child->event, &child->drain, CLOCK_MONOTONIC, CHILD_DRAIN_USEC, 0,
                                            on_drain, child) < 0)
                on_drain(NULL, 0, child);
        return 0;
}

/* ---- starting ---- */

static int input_fd(const ChildSpec *spec) {
        const char *data = spec->input;
        size_t left = spec->input_size;
        int fd;

        if (!spec->input) {
                fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
                return fd < 0 ? -errno : fd;
        }

        fd = memfd_create("child-input", MFD_CLOEXEC);
        if (fd < 0)
                return -errno;
        while (left > 0) {
                ssize_t n = write(fd, data, left);

                if (n < 0) {
                        int r = -errno;

                        safe_close(fd);
                        return r;
                }
                data += n;
                left -= (size_t)n;
        }
        if (lseek(fd, 0, SEEK_SET) < 0) {
                safe_close(fd);
                return -errno;
        }
        return fd;
}

/* In the child: nothing but system calls until exec. */
static _Noreturn void become(const ChildSpec *spec, char *const *environment, pid_t parent, int in, int out, int err) {
        sigset_t none;

        for (int sig = 1; sig < NSIG; sig++)
                (void) signal(sig, SIG_DFL);
        (void) sigemptyset(&none);
        (void) sigprocmask(SIG_SETMASK, &none, NULL);
        (void) setpgid(0, 0);
        (void) prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != parent)
                _exit(127);
        if (spec->nice)
                (void) setpriority(PRIO_PROCESS, 0, spec->nice);

        /* The three may overlap with 0..2 only if our own stdio was closed, which systemd never does. */
        if (dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(err, 2) < 0)
                _exit(127);
        (void) syscall(SYS_close_range, 3U, ~0U, 4U /* CLOSE_RANGE_CLOEXEC: the error of exec is still to be told */);

        (void) execvpe(spec->argv[0], (char *const *)spec->argv, environment);
        dprintf(2, "Cannot execute %s: %s", spec->argv[0], strerror(errno));
        _exit(errno == ENOENT ? 127 : 126);
}

static int add_pipe(Child *child, int fd, sd_event_source **source) {
        int r;

        r = sd_event_add_io(child->event, source, fd, EPOLLIN, on_output, child);
        if (r < 0)
                return r;
        /* before the exit: the last lines belong to the result */
        return sd_event_source_set_priority(*source, SD_EVENT_PRIORITY_NORMAL - 5);
}

static int watch(Child *child, const ChildSpec *spec) {
        int r;

        r = sd_event_add_child(child->event, &child->exit_source, child->pid, WEXITED, on_child_exit, child);
        if (r >= 0 && child->out_fd >= 0)
                r = add_pipe(child, child->out_fd, &child->out_source);
        if (r >= 0)
                r = add_pipe(child, child->err_fd, &child->err_source);
        if (r >= 0)
                r = sd_event_add_time_relative(child->event, &child->deadline, CLOCK_MONOTONIC,
                                               spec->deadline_usec ?: CHILD_DEADLINE_USEC, 0, on_deadline, child);
        return r;
}

int child_start(sd_event *event, const ChildSpec *spec, Child **ret) {
        const char *environment[CHILD_ENVIRONMENT_MAX + 3] = { "PATH=" CHILD_PATH, "LC_ALL=C.UTF-8" };
        int out[2] = { -EBADF, -EBADF }, err[2] = { -EBADF, -EBADF };
        _cleanup_close_ int in = -EBADF;
        _cleanup_(child_freep) Child *child = NULL;
        pid_t parent = getpid();
        size_t n = 2;
        int r;

        if (children >= CHILD_MAX)
                return -EAGAIN;
        for (const char *const *e = spec->environment; e && *e; e++) {
                if (n >= CHILD_ENVIRONMENT_MAX + 2)
                        return -E2BIG;
                environment[n++] = *e;
        }

        child = calloc(1, sizeof *child);
        if (!child)
                return -ENOMEM;
        child->event = sd_event_ref(event);
        child->out_fd = child->err_fd = -EBADF;
        child->out_max = spec->output_max ?: CHILD_OUTPUT_MAX;
        child->line = spec->line;
        child->done = spec->done;
        child->userdata = spec->userdata;

        in = spec->stdin_fd > 2 ? fcntl(spec->stdin_fd, F_DUPFD_CLOEXEC, 3) : input_fd(spec);
        if (in < 0)
                return spec->stdin_fd > 2 ? -errno : in;
        if (pipe2(err, O_CLOEXEC) < 0)
                return -errno;
        if (spec->stdout_fd <= 2 && pipe2(out, O_CLOEXEC) < 0) {
                r = -errno;
                safe_close(err[0]);
                safe_close(err[1]);
                return r;
        }

        child->pid = fork();
        if (child->pid == 0)
                become(spec, (char *const *)environment, parent, in, spec->stdout_fd > 2 ? spec->stdout_fd : out[1],
                       err[1]);
        r = child->pid < 0 ? -errno : 0;
        safe_close(out[1]);
        safe_close(err[1]);
        child->out_fd = out[0];
        child->err_fd = err[0];
        if (r < 0)
                return r;

        children++;
        (void) setpgid(child->pid, child->pid); /* whoever is first */
        (void) fcntl(child->err_fd, F_SETFL, O_NONBLOCK);
        if (child->out_fd >= 0)
                (void) fcntl(child->out_fd, F_SETFL, O_NONBLOCK);
        r = watch(child, spec);
        if (r < 0)
                return r;

        if (ret)
                *ret = child;
        child = NULL;
        return 0;
}

/* The last line that says something. */
static const char *last_line(const char *text, size_t *ret_length) {
        size_t end = strlen(text), begin;

        while (end > 0 && strchr("\n\r ", text[end - 1]))
                end--;
        for (begin = end; begin > 0 && text[begin - 1] != '\n'; begin--)
                ;
        *ret_length = end - begin;
        return text + begin;
}

int child_result_error(const ChildResult *result, const char *what, sd_bus_error *error) {
        size_t length;
        const char *line = last_line(result->err, &length);

        if (result->r == 0 && result->exit_status == 0)
                return 0;

        if (result->r == -ETIMEDOUT)
                sd_bus_error_setf(error, RHV_ERROR_TIMEOUT, "%s did not end in time", what);
        else if (result->r == -ECANCELED)
                sd_bus_error_setf(error, RHV_ERROR_ABORTED, "%s was cancelled", what);
        else if (result->r == -EMSGSIZE)
                sd_bus_error_setf(error, RHV_ERROR_BACKEND_FAILED, "%s printed more than it may", what);
        else if (result->term_signal)
                sd_bus_error_setf(error, RHV_ERROR_BACKEND_FAILED, "%s was ended by signal %d", what,
                                  result->term_signal);
        else if (length > 0)
                sd_bus_error_setf(error, RHV_ERROR_BACKEND_FAILED, "%s failed: %.*s", what, (int)length, line);
        else
                sd_bus_error_setf(error, RHV_ERROR_BACKEND_FAILED, "%s failed with exit status %d", what,
                                  result->exit_status);

        return result->r < 0 ? result->r : -EIO;
}
