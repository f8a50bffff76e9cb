/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * `vm graphics`: a VM's screen for viewers of this machine.
 *
 * A unix socket only its owner may use stands in for the VM; every viewer that connects gets a descriptor of its own from
 * OpenGraphics, and bytes are carried between the two until either side closes.
 */

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "console.h"
#include "kind.h"
#include "object.h"
#include "pump.h"

/* Viewers of one screen at a time; more wait in the queue of the socket. */
#define VIEWERS_MAX 8U

typedef struct Viewer {
        int viewer_fd, guest_fd;
        Pump in, out;
} Viewer;

typedef struct Screen {
        Client *client;
        const char *path; /* the VM's */
        const char *what;
        int listen_fd;
        bool once;
        Viewer *viewers[VIEWERS_MAX];
        size_t n_viewers, n_served;
} Screen;

static volatile sig_atomic_t leaving;

static void on_signal(int number) {
        leaving = 1;
}

static Viewer *viewer_free(Viewer *viewer) {
        safe_close(viewer->viewer_fd);
        safe_close(viewer->guest_fd);
        free(viewer);
        return NULL;
}

static int screen_accept(Screen *screen) {
        Viewer *viewer;
        int fd, r;

        fd = accept4(screen->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd < 0)
                return 0; /* it went away again */

        viewer = calloc(1, sizeof *viewer);
        if (!viewer) {
                safe_close(fd);
                return client_no_memory(screen->client);
        }
        viewer->viewer_fd = fd;
        viewer->guest_fd = -EBADF;

        r = vm_open(screen->client, &kind_vm, screen->path, NULL, "OpenGraphics", screen->what, &viewer->guest_fd);
        if (r < 0) {
                viewer_free(viewer);
                return r;
        }

        (void) fcntl(viewer->guest_fd, F_SETFL, fcntl(viewer->guest_fd, F_GETFL) | O_NONBLOCK);
        viewer->in.from = viewer->out.to = viewer->viewer_fd;
        viewer->in.to = viewer->out.from = viewer->guest_fd;
        screen->viewers[screen->n_viewers++] = viewer;
        return 0;
}

static void screen_serve(Screen *screen, size_t i, const struct pollfd *polled) {
        Viewer *viewer = screen->viewers[i];

        if (pump_move(&viewer->in, polled, NULL, NULL) >= 0 && pump_move(&viewer->out, polled + 2, NULL, NULL) >= 0 &&
            !pump_ended(&viewer->in) && !pump_ended(&viewer->out))
                return;

        viewer_free(viewer);
        screen->viewers[i] = screen->viewers[--screen->n_viewers];
        screen->n_served++;
}

static int screen_loop(Screen *screen) {
        struct pollfd polled[1 + 4 * VIEWERS_MAX];
        size_t n;
        int r;

        while (!leaving && !(screen->once && screen->n_served > 0 && screen->n_viewers == 0)) {
                n = screen->n_viewers;
                polled[0] = (struct pollfd){ .fd = n < VIEWERS_MAX ? screen->listen_fd : -1, .events = POLLIN };
                for (size_t i = 0; i < n; i++) {
                        pump_poll(&screen->viewers[i]->in, polled + 1 + 4 * i);
                        pump_poll(&screen->viewers[i]->out, polled + 3 + 4 * i);
                }

                if (poll(polled, 1 + 4 * n, -1) < 0) {
                        if (errno == EINTR)
                                continue;
                        return client_fail(screen->client, "%s: %s", screen->what, strerror(errno));
                }

                /* from the last: an ended one gives its place to the last */
                for (size_t i = n; i-- > 0;)
                        screen_serve(screen, i, polled + 1 + 4 * i);
                if (polled[0].revents) {
                        r = screen_accept(screen);
                        if (r < 0)
                                return r;
                }
        }

        return 0;
}

/* ---- the socket ---- */

static char *default_socket(const char *name) {
        const char *directory = getenv("XDG_RUNTIME_DIR");
        char *path;

        if (isempty(directory))
                directory = geteuid() == 0 ? "/run" : NULL;
        return directory && asprintf(&path, "%s/rhv-%s.vnc", directory, name) >= 0 ? path : NULL;
}

static int listen_at(Client *client, const char *path) {
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        mode_t mask;
        int fd, r;

        if (strlen(path) >= sizeof address.sun_path)
                return client_usage(client, "'%s' is too long for a socket", path);
        memcpy(address.sun_path, path, strlen(path) + 1);

        fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (fd < 0)
                return client_fail(client, "cannot make a socket: %s", strerror(errno));

        mask = umask(0177);
        r = bind(fd, (struct sockaddr *)&address, sizeof address);
        if (r >= 0)
                r = listen(fd, VIEWERS_MAX);
        (void) umask(mask);
        if (r >= 0)
                return fd;

        r = client_fail(client, "cannot listen at '%s': %s%s", path, strerror(errno),
                        errno == EADDRINUSE ? "; remove it if no other rhvctl uses it, or give --socket PATH" : "");
        safe_close(fd);
        return r;
}

static int screen_run(Screen *screen, const char *name, const char *socket_path) {
        struct sigaction action = { .sa_handler = on_signal }, ignore = { .sa_handler = SIG_IGN };
        _cleanup_json_ json_t *object = json_pack("{s:s}", "Socket", socket_path);
        int r;

        screen->listen_fd = listen_at(screen->client, socket_path);
        if (screen->listen_fd < 0)
                return screen->listen_fd;

        (void) sigaction(SIGINT, &action, NULL);
        (void) sigaction(SIGTERM, &action, NULL);
        (void) sigaction(SIGHUP, &action, NULL);
        (void) sigaction(SIGPIPE, &ignore, NULL);

        if (screen->client->settings->json)
                (void) client_print_json(screen->client, object);
        client_say(screen->client, "The screen of VM '%s' is at %s (VNC): `vncviewer %s`. Ctrl-C ends.", name, socket_path,
                   socket_path);
        fflush(stdout);

        r = screen_loop(screen);

        for (size_t i = 0; i < screen->n_viewers; i++)
                viewer_free(screen->viewers[i]);
        (void) unlink(socket_path);
        safe_close(screen->listen_fd);
        return r;
}

int vm_run_graphics(Client *client, const Invocation *invocation) {
        const char *reference = local_string(invocation, "VM"), *given = local_string(invocation, "socket");
        _cleanup_free_ char *what = object_doing("Opening the screen of", &kind_vm, reference), *made = NULL;
        Screen screen = { .client = client, .what = what, .once = local_flag(invocation, "once") };
        const json_t *properties;
        int probe, r;

        if (!what)
                return client_no_memory(client);

        r = client_find(client, &kind_vm, reference, &screen.path, &properties);
        if (r < 0)
                return r;
        /* say no before a viewer has to */
        r = vm_open(client, &kind_vm, screen.path, NULL, "OpenGraphics", what, &probe);
        if (r < 0)
                return r;
        safe_close(probe);

        if (!given) {
                made = default_socket(json_string_value(json_object_get(properties, "Id")) ?: reference);
                if (!made)
                        return client_usage(client, "there is no $XDG_RUNTIME_DIR for the socket; give --socket PATH");
        }
        return screen_run(&screen, reference, given ?: made);
}
