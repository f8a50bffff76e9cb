/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "heir.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "bus-error.h"
#include "child.h"
#include "lease-request.h"

static void actions_destroy(posix_spawn_file_actions_t *actions) {
        (void) posix_spawn_file_actions_destroy(actions);
}

static void attributes_destroy(posix_spawnattr_t *attributes) {
        (void) posix_spawnattr_destroy(attributes);
}

static int add(posix_spawn_file_actions_t *actions, int from, int to) {
        if (from == SPAWN_INHERIT)
                return 0;
        if (from == SPAWN_NULL)
                return posix_spawn_file_actions_addopen(actions, to, "/dev/null", O_RDWR, 0);
        return posix_spawn_file_actions_adddup2(actions, from, to);
}

int spawn_heir(const SpawnSpec *spec, pid_t *ret) {
        static const char *const environment[] = {"PATH=" CHILD_PATH, "LC_ALL=C.UTF-8", NULL};
        _cleanup_(actions_destroy) posix_spawn_file_actions_t actions;
        _cleanup_(attributes_destroy) posix_spawnattr_t attributes;
        sigset_t none;
        int r;

        *ret = -1;
        /* glibc's cannot fail. */
        (void) posix_spawn_file_actions_init(&actions);
        (void) posix_spawnattr_init(&attributes);
        (void) sigemptyset(&none);
        r = add(&actions, spec->stdin_fd, STDIN_FILENO);
        if (r == 0)
                r = add(&actions, spec->stdout_fd, STDOUT_FILENO);
        if (r == 0)
                r = add(&actions, spec->stderr_fd, STDERR_FILENO);
        if (r == 0)
                r = add(&actions, spec->lease_fd, LEASE_SOCKET_FD);
        if (r == 0)
                r = posix_spawnattr_setsigmask(&attributes, &none);
        if (r == 0)
                r = posix_spawnattr_setflags(&attributes,
                                             (short)(POSIX_SPAWN_SETSIGMASK | (spec->group ? POSIX_SPAWN_SETPGROUP : 0)));
        if (r == 0)
                r = posix_spawnp(ret, spec->argv[0], &actions, &attributes, (char *const *)spec->argv, (char *const *)environment);
        if (r != 0)
                *ret = -1;
        return -r;
}

void heir_last_words(int fd, char *ret, size_t size) {
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

static int tool_stdin = SPAWN_NULL; /* set once, before there are threads */

void heir_hold_lease(void) {
        tool_stdin = LEASE_SOCKET_FD;
}

int heir_run(const char *const *argv, const char *what, sd_bus_error *error) {
        return heir_run_output(argv, what, SPAWN_NULL, error);
}

int heir_run_output(const char *const *argv, const char *what, int out_fd, sd_bus_error *error) {
        _cleanup_close_ int err = memfd_create("stderr", MFD_CLOEXEC);
        const SpawnSpec spec = {
                        .argv = argv,
                        .stdin_fd = tool_stdin,
                        .stdout_fd = out_fd,
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
        heir_last_words(err, words, sizeof(words));
        if (strstr(words, "No space left")) {
                sd_bus_error_set(error, RHV_ERROR_NO_SPACE, "The domain has no room left");
                return -ENOSPC;
        }
        sd_bus_error_setf(error, RHV_ERROR_BACKEND_FAILED, "%s failed: %s", what, words);
        return -EIO;
}
