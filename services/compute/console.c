/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "console.h"

#include <stdio.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "unix-socket.h"

/* A terminal's worth: when the reader is slow, QEMU is held back, not our memory filled. */
#define CONSOLE_BUFFER_BYTES (16 * 1024)

/* Bytes read at one end and not yet written to the other. */
typedef struct ConsoleEnd {
        Console *console;
        int fd;
        sd_event_source *source;
        char buffer[CONSOLE_BUFFER_BYTES];
        size_t length;
        bool hung_up;
} ConsoleEnd;

struct Console {
        ConsoleEnd ends[2];
        void (*closed)(Console *console, void *userdata);
        void *userdata;
};

static ConsoleEnd *other_end(const ConsoleEnd *end) {
        Console *console = end->console;

        return end == &console->ends[0] ? &console->ends[1] : &console->ends[0];
}

/* Return: false when the end is gone. */
static bool end_read(ConsoleEnd *end) {
        ssize_t n;

        if (end->length == sizeof(end->buffer))
                return true;
        n = read(end->fd, end->buffer + end->length, sizeof(end->buffer) - end->length);
        if (n > 0)
                end->length += (size_t)n;
        return n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR));
}

static bool end_write(ConsoleEnd *end, ConsoleEnd *from) {
        ssize_t n;

        if (from->length == 0)
                return true;
        n = send(end->fd, from->buffer, from->length, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0)
                return errno == EAGAIN || errno == EINTR;
        memmove(from->buffer, from->buffer + n, from->length - (size_t)n);
        from->length -= (size_t)n;
        return true;
}

static void end_listen(ConsoleEnd *end) {
        uint32_t events = 0;

        if (end->hung_up) {
                (void) sd_event_source_set_enabled(end->source, SD_EVENT_OFF); /* the hang-up would be told again and again */
                return;
        }
        if (end->length < sizeof(end->buffer))
                events |= EPOLLIN;
        if (other_end(end)->length > 0)
                events |= EPOLLOUT;
        (void) sd_event_source_set_io_events(end->source, events);
}

static int on_io(sd_event_source *source, int fd, uint32_t events, void *userdata) {
        ConsoleEnd *end = userdata, *other = other_end(end);
        Console *console = end->console;
        bool good = true;

        if (events & EPOLLOUT)
                good = end_write(end, other);
        if (good && (events & (EPOLLIN | EPOLLHUP | EPOLLERR)) && !end_read(end))
                end->hung_up = true;
        if (good)
                good = end_write(other, end);

        /* What was read before the end hung up is still delivered: the last words of a guest matter. */
        if (!good || (end->hung_up && end->length == 0) || (other->hung_up && other->length == 0)) {
                console->closed(console, console->userdata);
                return 0;
        }
        end_listen(end);
        end_listen(other);
        return 0;
}

static int end_init(Console *console, ConsoleEnd *end, sd_event *event, int fd) {
        end->console = console;
        end->fd = fd;
        return sd_event_add_io(event, &end->source, fd, EPOLLIN, on_io, end);
}

int console_open(sd_event *event, const char *path, void (*closed)(Console *, void *), void *userdata, Console **ret, int *ret_client_fd) {
        _cleanup_(console_freep) Console *console = calloc(1, sizeof(Console));
        _cleanup_close_ int guest = -EBADF, client = -EBADF;
        int pair[2], r;

        if (!console)
                return -ENOMEM;
        console->ends[0].fd = console->ends[1].fd = -EBADF;
        console->closed = closed;
        console->userdata = userdata;

        guest = unix_connect(path, SOCK_STREAM);
        if (guest < 0)
                return guest;
        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
                return -errno;
        client = pair[1];
        r = end_init(console, &console->ends[0], event, TAKE_FD(guest));
        if (r < 0) {
                safe_close(pair[0]);
                return r;
        }
        r = end_init(console, &console->ends[1], event, pair[0]);
        if (r < 0)
                return r;

        *ret = TAKE_PTR(console);
        *ret_client_fd = TAKE_FD(client);
        return 0;
}

Console *console_free(Console *console) {
        if (!console)
                return NULL;
        for (size_t i = 0; i < ELEMENTSOF(console->ends); i++) {
                sd_event_source_disable_unref(console->ends[i].source);
                safe_close(console->ends[i].fd);
        }
        free(console);
        return NULL;
}
