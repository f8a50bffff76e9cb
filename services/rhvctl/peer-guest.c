/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What runs or lies on another host, from this one: a guest's console, a disk's bytes. */

#include <fcntl.h>
#include <stdio.h>

#include "commands.h"
#include "console.h"
#include "dict.h"
#include "job-wait.h"
#include "kind.h"
#include "object.h"

#define PIECE_BYTES (256 * 1024)

int peer_run_console(Client *client, const Invocation *invocation) {
        const char *vm = local_string(invocation, "VM"), *path;
        _cleanup_free_ char *what = object_doing("Opening a console at", &kind_peer, local_string(invocation, "PEER"));
        _cleanup_close_ int fd = -EBADF;
        int r;

        if (!what)
                return client_no_memory(client);
        r = client_find(client, &kind_peer, local_string(invocation, "PEER"), &path, NULL);
        if (r >= 0)
                r = vm_open(client, &kind_peer, path, vm, "OpenConsole", what, &fd);
        return r < 0 ? r : console_run(client, fd, vm, local_string(invocation, "expect"));
}

/* Everything from one to the other. */
static int copy_all(Client *client, int from, int to, const char *name) {
        static char piece[PIECE_BYTES];
        ssize_t n;

        while ((n = read(from, piece, sizeof piece)) != 0) {
                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return client_fail(client, "the connection to the host broke: %s", strerror(errno));
                for (ssize_t written = 0; written < n;) {
                        ssize_t k = write(to, piece + written, (size_t)(n - written));

                        if (k < 0 && errno != EINTR)
                                return client_fail(client, "cannot write '%s': %s", name, strerror(errno));
                        written += k > 0 ? k : 0;
                }
        }
        return 0;
}

static int open_volume(Client *client, const Invocation *invocation, const char *path, const char *what, int *ret_fd, char **ret_job) {
        _cleanup_message_ sd_bus_message *call = NULL, *reply = NULL;
        const char *job;
        int fd, r;

        r = client_new_call(client, path, kind_peer.interface, "DownloadVolume", &call);
        if (r < 0)
                return r;
        r = sd_bus_message_append(call, "sssa{sv}", local_string(invocation, "DOMAIN"), local_string(invocation, "IMAGE"),
                                  local_string(invocation, "VOLUME"), 0);
        if (r < 0)
                return client_fail(client, "%s: %s", what, strerror(-r));
        r = client_call(client, call, what, false, &reply);
        if (r < 0)
                return r;
        if (sd_bus_message_read(reply, "ho", &fd, &job) < 0)
                return client_fail(client, "%s: the answer has no stream", what);
        *ret_job = strdup(job);
        *ret_fd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
        if (*ret_fd < 0)
                return client_fail(client, "%s: %s", what, strerror(errno));
        (void) fcntl(*ret_fd, F_SETFL, fcntl(*ret_fd, F_GETFL) & ~O_NONBLOCK);
        return *ret_job ? 0 : client_no_memory(client);
}

int peer_run_download(Client *client, const Invocation *invocation) {
        const char *file = local_string(invocation, "FILE"), *path;
        _cleanup_free_ char *what = object_doing("Downloading from", &kind_peer, local_string(invocation, "PEER")), *job = NULL;
        _cleanup_close_ int stream = -EBADF, own = -EBADF;
        bool out = streq(file, "-");
        int r;

        if (!what)
                return client_no_memory(client);
        r = client_find(client, &kind_peer, local_string(invocation, "PEER"), &path, NULL);
        if (r < 0)
                return r;
        /* a file that is there is not written over */
        own = out ? -EBADF : open(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (!out && own < 0)
                return client_fail(client, "cannot make '%s': %s", file, strerror(errno));
        r = open_volume(client, invocation, path, what, &stream, &job);
        if (r >= 0)
                r = copy_all(client, stream, out ? STDOUT_FILENO : own, file);
        if (r >= 0)
                r = job_wait(client, job, what, NULL);
        if (r >= 0 && !out && fsync(own) < 0)
                r = client_fail(client, "cannot write '%s': %s", file, strerror(errno));
        if (r < 0 && !out)
                (void) unlink(file); /* half a disk is none */
        return r;
}
