/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "peer-stream.h"

#include <stdio.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <utlist.h>

#include "bus-error.h"

/* ---- tickets ---- */

typedef struct Ticket Ticket;
struct Ticket {
        PeerTickets *owner;
        char name[PEER_TICKET_STRING_MAX];
        char host_id[37];
        int fd;
        sd_event_source *deadline;
        Ticket *next, *prev;
};

struct PeerTickets {
        sd_event *event;
        Ticket *first;
        size_t count;
};

static void ticket_free(Ticket *ticket) {
        DL_DELETE(ticket->owner->first, ticket);
        ticket->owner->count--;
        sd_event_source_disable_unref(ticket->deadline);
        safe_close(ticket->fd);
        free(ticket);
}

int peer_tickets_new(sd_event *event, PeerTickets **ret) {
        PeerTickets *tickets = calloc(1, sizeof *tickets);

        if (!tickets)
                return -ENOMEM;
        tickets->event = sd_event_ref(event);
        *ret = tickets;
        return 0;
}

PeerTickets *peer_tickets_free(PeerTickets *tickets) {
        if (!tickets)
                return NULL;
        while (tickets->first)
                ticket_free(tickets->first);
        sd_event_unref(tickets->event);
        free(tickets);
        return NULL;
}

static int on_expired(sd_event_source *source, uint64_t usec, void *userdata) {
        ticket_free(userdata);
        return 0;
}

static int random_name(char ret[static PEER_TICKET_STRING_MAX]) {
        uint8_t bytes[16];

        if (getrandom(bytes, sizeof bytes, 0) != sizeof bytes)
                return -EIO;
        for (size_t i = 0; i < sizeof bytes; i++)
                (void) snprintf(ret + 2 * i, 3, "%02x", bytes[i]);
        return 0;
}

int peer_tickets_offer(PeerTickets *tickets, const char *host_id, int fd, char ret[static PEER_TICKET_STRING_MAX], sd_bus_error *error) {
        Ticket *ticket;
        int r;

        if (tickets->count >= PEER_TICKETS_MAX)
                return sd_bus_error_setf(error, RHV_ERROR_LIMIT_EXCEEDED, "%u streams are offered already", PEER_TICKETS_MAX);
        ticket = calloc(1, sizeof *ticket);
        if (!ticket)
                return -ENOMEM;
        ticket->owner = tickets;
        ticket->fd = -EBADF;
        (void) snprintf(ticket->host_id, sizeof ticket->host_id, "%s", host_id);
        DL_APPEND(tickets->first, ticket);
        tickets->count++;
        r = random_name(ticket->name);
        if (r >= 0)
                r = sd_event_add_time_relative(tickets->event, &ticket->deadline, CLOCK_MONOTONIC, PEER_TICKET_USEC, 0, on_expired, ticket);
        if (r < 0) {
                ticket_free(ticket);
                return r;
        }
        ticket->fd = fd;
        memcpy(ret, ticket->name, sizeof ticket->name);
        return 0;
}

int peer_tickets_take(PeerTickets *tickets, const char *host_id, const char *name, sd_bus_error *error) {
        Ticket *ticket;
        int fd;

        DL_FOREACH(tickets->first, ticket) {
                if (streq(ticket->name, name) && streq(ticket->host_id, host_id))
                        break;
        }
        if (!ticket)
                return sd_bus_error_set(error, RHV_ERROR_ACCESS_DENIED, "There is no such ticket: it was used, has expired, or is for another host");
        fd = TAKE_FD(ticket->fd);
        ticket_free(ticket);
        return fd;
}

void peer_tickets_drop(PeerTickets *tickets, const char *host_id) {
        Ticket *ticket, *next;

        DL_FOREACH_SAFE(tickets->first, ticket, next) {
                if (streq(ticket->host_id, host_id))
                        ticket_free(ticket);
        }
}

/* ---- the side that dials ---- */

struct PeerStream {
        int fd;
        PeerDial *dial;
        sd_event_source *source, *deadline;
        char said[4];
        size_t size;
        peer_stream_opened_t opened;
        void *userdata;
};

PeerStream *peer_stream_free(PeerStream *stream) {
        if (!stream)
                return NULL;
        sd_event_source_disable_unref(stream->source);
        sd_event_source_disable_unref(stream->deadline);
        peer_dial_free(stream->dial);
        safe_close(stream->fd);
        free(stream);
        return NULL;
}

/* The dialler goes on without us: a stream has no leash. */
static void finish(PeerStream *stream, const sd_bus_error *error) {
        int fd = error ? -1 : TAKE_FD(stream->fd);

        stream->source = sd_event_source_disable_unref(stream->source);
        stream->opened(fd, error, stream->userdata);
        peer_stream_free(stream);
}

/* What has come of the line, byte by byte: what is behind it is the owner's. Return: 1, the stream is finished and freed; 0, more may come; -EPIPE. */
static int hear(PeerStream *stream) {
        for (;;) {
                ssize_t n = recv(stream->fd, stream->said + stream->size, 1, MSG_DONTWAIT);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n <= 0)
                        return n < 0 && errno == EAGAIN ? 0 : -EPIPE;
                stream->size++;
                if (streq(stream->said, "ok\n")) {
                        finish(stream, NULL);
                        return 1;
                }
                if (stream->size == sizeof stream->said - 1) {
                        const sd_bus_error error = SD_BUS_ERROR_MAKE_CONST(RHV_ERROR_BACKEND_FAILED, "The host does not speak as a bridge does");

                        finish(stream, &error);
                        return 1;
                }
        }
}

static int on_byte(sd_event_source *source, int fd, uint32_t revents, void *userdata) {
        if (hear(userdata) < 0) /* ssh says why in a moment */
                return sd_event_source_set_enabled(source, SD_EVENT_OFF);
        return 0;
}

/* A short stream may be over before its line was read: it was opened all the same, and who asked for it sees its end. */
static void on_ended(PeerDial *dial, int status, const char *said, void *userdata) {
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;

        if (hear(userdata) > 0)
                return;
        (void) peer_dial_error(status, said, &error);
        finish(userdata, &error);
}

static int on_deadline(sd_event_source *source, uint64_t usec, void *userdata) {
        const sd_bus_error error = SD_BUS_ERROR_MAKE_CONST(RHV_ERROR_TIMEOUT, "The host did not open the stream in time");

        finish(userdata, &error);
        return 0;
}

int peer_stream_open(sd_event *event, const char *dial_path, const Peer *peer, const char *ticket, peer_stream_opened_t opened,
                     void *userdata, PeerStream **ret) {
        _cleanup_(peer_stream_freep) PeerStream *stream = calloc(1, sizeof *stream);
        char command[PEER_TICKET_STRING_MAX + 8];
        PeerDialRequest request;
        int fds[2], r;

        if (!stream)
                return -ENOMEM;
        stream->fd = -EBADF;
        stream->opened = opened;
        stream->userdata = userdata;
        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0)
                return -errno;
        stream->fd = fds[0];
        (void) snprintf(command, sizeof command, "stream %s", ticket);
        peer_dial_request(peer, command, &request);
        r = peer_dial_new(event, dial_path, &request, fds[1], on_ended, stream, &stream->dial);
        if (r >= 0)
                r = sd_event_add_io(event, &stream->source, stream->fd, EPOLLIN, on_byte, stream);
        if (r >= 0)
                r = sd_event_add_time_relative(event, &stream->deadline, CLOCK_MONOTONIC, PEER_STREAM_OPEN_USEC, 0, on_deadline, stream);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(stream);
        return 0;
}

int peer_stream_attach(sd_event *event, const char *dial_path, const Peer *peer, const char *ticket, int fd, peer_dial_ended_t ended, void *userdata,
                       PeerDial **ret) {
        char command[PEER_TICKET_STRING_MAX + 8];
        PeerDialRequest request;

        (void) snprintf(command, sizeof command, "attach %s", ticket);
        peer_dial_request(peer, command, &request);
        return peer_dial_new(event, dial_path, &request, fd, ended, userdata, ret);
}
