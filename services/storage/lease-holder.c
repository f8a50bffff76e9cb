/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "lease-holder.h"

#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <systemd/sd-login.h>

#include "bus-error.h"
#include "log.h"
#include "heir.h"

/* "kill" and the cgroup have room in what sanlock keeps (128 bytes). */
#define KILL_ARGUMENTS_MAX 128

typedef struct Holder {
        const char *directory, *helper;
        LeaseRequest request;
        uint64_t version;
        int sanlock_fd, listen_fd, signal_fd;
        pid_t helpers[LEASE_HELPERS_MAX];
        unsigned n_helpers;
        bool ending;
} Holder;

static void holder_clear(Holder *holder) {
        lease_request_clear(&holder->request);
        safe_close(holder->listen_fd);
        safe_close(holder->signal_fd);
        safe_close(holder->sanlock_fd);
}

/* ---- acquiring ---- */

static int listen_for_work(Holder *holder) {
        struct sockaddr_un address = {.sun_family = AF_UNIX};

        if ((size_t)snprintf(address.sun_path, sizeof(address.sun_path), "%s/" LEASE_WORK_SOCKET, holder->directory) >=
            sizeof(address.sun_path))
                return -ENAMETOOLONG;
        (void) unlink(address.sun_path);
        holder->listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (holder->listen_fd < 0 || bind(holder->listen_fd, (const struct sockaddr *)&address, sizeof(address)) < 0 ||
            chmod(address.sun_path, 0600) < 0 || listen(holder->listen_fd, LEASE_BACKLOG) < 0)
                return -errno;
        return 0;
}

static int acquire(Holder *holder, const char *kill_program, sd_bus_error *error) {
        char arguments[KILL_ARGUMENTS_MAX];
        _cleanup_free_ char *cgroup = NULL;
        int r;

        r = sd_pid_get_cgroup(0, &cgroup);
        if (r < 0)
                return bus_error_errno(error, r, "Cannot tell the own cgroup");
        if ((size_t)snprintf(arguments, sizeof(arguments), "kill %s", cgroup) >= sizeof(arguments))
                return -ENAMETOOLONG;
        r = lease_register(kill_program, arguments, error);
        if (r < 0)
                return r;
        holder->sanlock_fd = r;
        (void) fcntl(holder->sanlock_fd, F_SETFD, FD_CLOEXEC); /* helpers get a copy that is not */
        return lease_acquire(holder->sanlock_fd, &holder->request.lease, holder->request.wait, &holder->version, error);
}

static int tell(const Holder *holder, const sd_bus_error *error) {
        const LeaseState state = {
                        .version = error ? 0 : holder->version,
                        .error_name = error ? (char *)(error->name ?: RHV_ERROR_BACKEND_FAILED) : NULL,
                        .error_message = error ? (char *)(error->message ?: "unknown") : NULL,
        };

        return lease_state_save(holder->directory, &state);
}

/* ---- work ---- */

static int spawn_helper(const Holder *holder, int connection, pid_t *ret) {
        char version[24];
        const char *argv[] = {holder->helper, version, NULL};
        const SpawnSpec spec = {
                        .argv = argv,
                        .stdin_fd = connection,
                        .stdout_fd = SPAWN_NULL,
                        .stderr_fd = SPAWN_INHERIT,
                        .lease_fd = holder->sanlock_fd,
                        .group = true,
        };

        (void) snprintf(version, sizeof(version), "%" PRIu64, holder->version);
        return spawn_heir(&spec, ret);
}

static void take_work(Holder *holder) {
        _cleanup_close_ int connection = accept4(holder->listen_fd, NULL, NULL, SOCK_CLOEXEC);
        struct ucred peer;
        socklen_t size = sizeof(peer);
        int r;

        if (connection < 0)
                return;
        if (getsockopt(connection, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0 || peer.uid != 0)
                return;
        r = spawn_helper(holder, connection, &holder->helpers[holder->n_helpers]);
        if (r < 0)
                log_error_errno(r, "Cannot start %s", holder->helper);
        else
                holder->n_helpers++;
}

static void reap(Holder *holder) {
        pid_t pid;

        while ((pid = waitpid(-1, NULL, WNOHANG)) > 0)
                for (unsigned i = 0; i < holder->n_helpers; i++)
                        if (holder->helpers[i] == pid) {
                                holder->helpers[i] = holder->helpers[--holder->n_helpers];
                                break;
                        }
}

static void on_signal(Holder *holder) {
        struct signalfd_siginfo info;

        while (read(holder->signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info))
                if (info.ssi_signo == SIGTERM || info.ssi_signo == SIGINT) {
                        holder->ending = true;
                        holder->listen_fd = safe_close(holder->listen_fd);
                } else
                        reap(holder);
}

/* ---- holding ---- */

/* sanlock is gone, and with it what keeps the lease: nothing may be written any more. systemd kills what else the unit has. */
static int lost(const Holder *holder) {
        log_error("sanlock closed the connection: the lease of %s is lost", holder->request.lease.lockspace);
        for (unsigned i = 0; i < holder->n_helpers; i++)
                (void) kill(-holder->helpers[i], SIGKILL);
        return EXIT_FAILURE;
}

static int hold(Holder *holder) {
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        int r;

        while (!holder->ending || holder->n_helpers > 0) {
                const bool full = holder->n_helpers == LEASE_HELPERS_MAX;
                struct pollfd fds[] = {
                                {.fd = holder->signal_fd, .events = POLLIN},
                                {.fd = holder->sanlock_fd, .events = POLLIN},
                                {.fd = full ? -1 : holder->listen_fd, .events = POLLIN},
                };

                if (poll(fds, ELEMENTSOF(fds), -1) < 0 && errno != EINTR)
                        return EXIT_FAILURE;
                if (fds[1].revents)
                        return lost(holder);
                if (fds[0].revents)
                        on_signal(holder);
                if (fds[2].revents && holder->listen_fd >= 0)
                        take_work(holder);
        }
        r = lease_release(holder->sanlock_fd, &holder->request.lease, &error);
        if (r < 0)
                log_warning("%s", error.message);
        return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

static int block_signals(Holder *holder) {
        sigset_t set;

        (void) sigemptyset(&set);
        (void) sigaddset(&set, SIGTERM);
        (void) sigaddset(&set, SIGINT);
        (void) sigaddset(&set, SIGCHLD);
        if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
                return -errno;
        holder->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
        return holder->signal_fd < 0 ? -errno : 0;
}

int lease_hold(const char *directory, const char *helper, const char *kill_program) {
        _cleanup_(holder_clear) Holder holder = {
                        .directory = directory,
                        .helper = helper,
                        .sanlock_fd = -EBADF,
                        .listen_fd = -EBADF,
                        .signal_fd = -EBADF,
        };
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        int r;

        if (mlockall(MCL_CURRENT | MCL_FUTURE) < 0)
                log_warning_errno(-errno, "Cannot lock memory; under memory pressure the lease may be lost");
        r = lease_request_load(directory, &holder.request);
        if (r < 0)
                log_error_errno(r, "Cannot read %s/" LEASE_REQUEST_FILE, directory);
        if (r >= 0)
                r = acquire(&holder, kill_program, &error);
        /* SIGTERM ends the process until here: sanlock drops what it was acquiring. */
        if (r >= 0)
                r = block_signals(&holder);
        if (r >= 0)
                r = listen_for_work(&holder);
        if (r < 0) {
                if (!sd_bus_error_is_set(&error))
                        bus_error_errno(&error, r, "Cannot hold the lease");
                log_error("%s", error.message);
                (void) tell(&holder, &error);
                return EXIT_FAILURE;
        }
        r = tell(&holder, NULL);
        if (r < 0) {
                log_error_errno(r, "Cannot write %s/" LEASE_STATE_FILE, directory);
                return EXIT_FAILURE;
        }
        log_info("Lease %s of %s is held, version %" PRIu64, holder.request.lease.name, holder.request.lease.lockspace, holder.version);
        return hold(&holder);
}
