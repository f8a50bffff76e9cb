/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "agent.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>

/* The agent closes the notification pipe when it is registered; on a bus without polkitd never. */
#define AGENT_READY_MSEC 2000

_Noreturn static void agent_exec(int notify_fd) {
        char number[16];

        (void) prctl(PR_SET_PDEATHSIG, SIGTERM);
        (void) fcntl(notify_fd, F_SETFD, 0);
        (void) snprintf(number, sizeof number, "%d", notify_fd);
        execlp("pkttyagent", "pkttyagent", "--notify-fd", number, "--fallback", (char *)NULL);
        _exit(127);
}

pid_t agent_start(void) {
        int fds[2];
        struct pollfd wait_for;
        pid_t pid;

        if (pipe2(fds, O_CLOEXEC) < 0)
                return 0;

        pid = fork();
        if (pid == 0)
                agent_exec(fds[1]);

        (void) close(fds[1]);
        if (pid > 0) {
                wait_for = (struct pollfd){ .fd = fds[0], .events = POLLIN };
                (void) poll(&wait_for, 1, AGENT_READY_MSEC);
        }
        (void) close(fds[0]);
        return pid > 0 ? pid : 0;
}

void agent_stop(pid_t pid) {
        if (pid <= 0)
                return;

        /* it may have been stopped as a background process that wanted the terminal */
        (void) kill(pid, SIGTERM);
        (void) kill(pid, SIGCONT);
        while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
                ;
}
