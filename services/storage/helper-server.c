/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * A helper that stays for a while: systemd makes a sandbox once, not for each request, which costs more than most of them. Each request still has a
 * process of its own, so one that hangs in the kernel, or dies, is alone.
 */

#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <systemd/sd-daemon.h>
#include <systemd/sd-event.h>

#include "helper-call.h"
#include "log.h"

#define CHILDREN_MAX 64U
/* Nobody asked for so long: it ends, and comes back with the next request. */
#define IDLE_USEC (60 * USEC_PER_SEC)

typedef struct Server Server;

typedef struct Worker {
        Server *server; /* NULL: free */
        pid_t pid;
        sd_event_source *exit, *late;
} Worker;

struct Server {
        const char *name;
        helper_serve_t serve;
        uint64_t limit_usec;
        sd_event *event;
        sd_event_source *listening, *idle;
        Worker workers[CHILDREN_MAX];
        unsigned n;
};

static int rest(Server *server) {
        int r;

        if (server->n > 0)
                return sd_event_source_set_enabled(server->idle, SD_EVENT_OFF);
        r = sd_event_source_set_time_relative(server->idle, IDLE_USEC);
        return r < 0 ? r : sd_event_source_set_enabled(server->idle, SD_EVENT_ONESHOT);
}

static void worker_done(Worker *worker) {
        Server *server = worker->server;

        worker->exit = sd_event_source_disable_unref(worker->exit);
        worker->late = sd_event_source_disable_unref(worker->late);
        worker->server = NULL;
        server->n--;
        (void) sd_event_source_set_enabled(server->listening, SD_EVENT_ON);
        (void) rest(server);
}

static int on_exit_of(sd_event_source *source, const siginfo_t *info, void *userdata) {
        (void) source;
        if (info->si_code != CLD_EXITED && info->si_status != SIGTERM)
                log_warning("A process of it was ended by signal %d", info->si_status);
        worker_done(userdata);
        return 0;
}

/* The command goes with it: both are in the process group. What hangs in the kernel stays, and is counted. */
static int on_late(sd_event_source *source, uint64_t usec, void *userdata) {
        const Worker *worker = userdata;

        (void) source;
        (void) usec;
        log_warning("Process %d took too long and is ended", (int)worker->pid);
        (void) kill(-worker->pid, SIGTERM);
        return 0;
}

static _Noreturn void work(const Server *server, int connection) {
        sigset_t none;

        (void) setpgid(0, 0);
        (void) sigemptyset(&none);
        (void) sigprocmask(SIG_SETMASK, &none, NULL);
        if (dup2(connection, STDIN_FILENO) < 0)
                _exit(EXIT_FAILURE);
        (void) close(connection);
        (void) close(SD_LISTEN_FDS_START);
        _exit(helper_main(server->name, server->serve));
}

static Worker *free_worker(Server *server) {
        for (size_t i = 0; i < CHILDREN_MAX; i++)
                if (!server->workers[i].server)
                        return &server->workers[i];
        return NULL;
}

static int watch(Worker *worker) {
        Server *server = worker->server;
        int r;

        r = sd_event_add_child(server->event, &worker->exit, worker->pid, WEXITED, on_exit_of, worker);
        if (r >= 0)
                r = sd_event_add_time_relative(server->event, &worker->late, CLOCK_MONOTONIC, server->limit_usec, 0, on_late, worker);
        return r;
}

static int begin(Server *server, Worker *worker, int connection) {
        int r;

        worker->pid = fork();
        if (worker->pid < 0)
                return -errno;
        if (worker->pid == 0)
                work(server, connection);
        (void) setpgid(worker->pid, worker->pid);
        worker->server = server;
        server->n++;
        r = watch(worker);
        if (r >= 0)
                return 0;
        (void) kill(-worker->pid, SIGKILL);
        (void) waitpid(worker->pid, NULL, 0);
        worker_done(worker);
        return r;
}

static int on_connection(sd_event_source *source, int fd, uint32_t events, void *userdata) {
        Server *server = userdata;
        _cleanup_close_ int connection = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
        Worker *worker = free_worker(server);
        int r;

        (void) source;
        (void) events;
        if (connection < 0)
                return errno == EAGAIN || errno == EINTR || errno == ECONNABORTED ? 0 : sd_event_exit(server->event, -errno);
        r = worker ? begin(server, worker, connection) : -ENOBUFS;
        if (r < 0) /* who asked sees the connection end */
                log_warning_errno(r, "Cannot make a process");
        if (server->n == CHILDREN_MAX)
                (void) sd_event_source_set_enabled(server->listening, SD_EVENT_OFF);
        (void) rest(server);
        return 0;
}

static int on_idle(sd_event_source *source, uint64_t usec, void *userdata) {
        const Server *server = userdata;

        (void) source;
        (void) usec;
        return sd_event_exit(server->event, 0);
}

static int run(Server *server) {
        sigset_t mask;
        int r;

        if (sd_listen_fds(true) != 1 || sd_is_socket(SD_LISTEN_FDS_START, AF_UNIX, SOCK_SEQPACKET, 1) <= 0) {
                fprintf(stderr, "usage: %s, started by systemd with its socket\n", server->name);
                return -EINVAL;
        }
        (void) sigemptyset(&mask);
        (void) sigaddset(&mask, SIGCHLD);
        (void) sigaddset(&mask, SIGTERM);
        if (sigprocmask(SIG_BLOCK, &mask, NULL) < 0)
                return -errno;
        r = sd_event_new(&server->event);
        if (r >= 0)
                r = sd_event_add_signal(server->event, NULL, SIGTERM, NULL, NULL);
        if (r >= 0)
                r = sd_event_add_io(server->event, &server->listening, SD_LISTEN_FDS_START, EPOLLIN, on_connection, server);
        if (r >= 0)
                r = sd_event_add_time_relative(server->event, &server->idle, CLOCK_MONOTONIC, IDLE_USEC, 0, on_idle, server);
        if (r >= 0)
                r = sd_event_loop(server->event);
        return r;
}

int helper_server_main(const char *name, helper_serve_t serve, uint64_t limit_usec) {
        Server server = {.name = name, .serve = serve, .limit_usec = limit_usec};
        int r;

        log_open(name);
        r = run(&server);
        if (r < 0)
                log_warning_errno(r, "Cannot go on");
        server.listening = sd_event_source_disable_unref(server.listening);
        server.idle = sd_event_source_disable_unref(server.idle);
        server.event = sd_event_unref(server.event);
        return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
