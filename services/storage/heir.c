/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "heir.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>

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
