/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "peer-call.h"

#include <stdio.h>
#include <sys/socket.h>

#include "bus-error.h"
#include "peer-dial.h"

#define ANSWER_BYTES_MAX 4096U

struct PeerCall {
        int fd;
        PeerDial *dial;
        sd_event_source *source, *deadline;
        char answer[ANSWER_BYTES_MAX];
        size_t size;
        peer_call_done_t done;
        void *userdata;
};

PeerCall *peer_call_free(PeerCall *call) {
        if (!call)
                return NULL;
        sd_event_source_disable_unref(call->source);
        sd_event_source_disable_unref(call->deadline);
        peer_dial_free(call->dial);
        safe_close(call->fd);
        free(call);
        return NULL;
}

static void finish(PeerCall *call, const sd_bus_error *error) {
        call->answer[strcspn(call->answer, "\n")] = 0;
        call->done(error ? NULL : call->answer, error, call->userdata);
        peer_call_free(call);
}

/* What comes is kept until ssh has ended: whether it ended well is part of the answer. */
static int on_bytes(sd_event_source *source, int fd, uint32_t revents, void *userdata) {
        PeerCall *call = userdata;
        char rest[512];
        bool full = call->size >= sizeof call->answer - 1;
        ssize_t n;

        n = full ? recv(fd, rest, sizeof rest, MSG_DONTWAIT)
                 : recv(fd, call->answer + call->size, sizeof call->answer - 1 - call->size, MSG_DONTWAIT);
        if (n < 0 && (errno == EAGAIN || errno == EINTR))
                return 0;
        if (n <= 0)
                return sd_event_source_set_enabled(source, SD_EVENT_OFF);
        if (!full)
                call->size += (size_t)n;
        return 0;
}

static void on_ended(PeerDial *dial, int status, const char *said, void *userdata) {
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        PeerCall *call = userdata;

        while (call->size < sizeof call->answer - 1) {
                ssize_t n = recv(call->fd, call->answer + call->size, sizeof call->answer - 1 - call->size, MSG_DONTWAIT);

                if (n <= 0)
                        break;
                call->size += (size_t)n;
        }
        if (status == 0) {
                finish(call, NULL);
                return;
        }
        (void) peer_dial_error(status, said, &error);
        finish(call, &error);
}

static int on_deadline(sd_event_source *source, uint64_t usec, void *userdata) {
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;

        (void) sd_bus_error_set(&error, RHV_ERROR_TIMEOUT, "The host did not answer in time");
        finish(userdata, &error);
        return 0;
}

static int say(int fd, const char *line) {
        size_t length = strlen(line);

        /* a fresh socket takes a line at once */
        if (send(fd, line, length, MSG_NOSIGNAL | MSG_DONTWAIT) != (ssize_t)length || send(fd, "\n", 1, MSG_NOSIGNAL | MSG_DONTWAIT) != 1)
                return -EIO;
        return 0;
}

int peer_call_new(sd_event *event, const char *path, const PeerDialRequest *request, const char *line, uint64_t deadline_usec,
                  peer_call_done_t done, void *userdata, PeerCall **ret) {
        _cleanup_(peer_call_freep) PeerCall *call = calloc(1, sizeof *call);
        int fds[2], r;

        if (!call)
                return -ENOMEM;
        call->fd = -EBADF;
        call->done = done;
        call->userdata = userdata;
        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0)
                return -errno;
        call->fd = fds[0];
        r = line ? say(call->fd, line) : 0;
        if (r < 0) {
                safe_close(fds[1]);
                return r;
        }
        r = peer_dial_new(event, path, request, fds[1], on_ended, call, &call->dial);
        if (r >= 0)
                r = sd_event_add_io(event, &call->source, call->fd, EPOLLIN, on_bytes, call);
        if (r >= 0)
                r = sd_event_add_time_relative(event, &call->deadline, CLOCK_MONOTONIC, deadline_usec, 0, on_deadline, call);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(call);
        return 0;
}
