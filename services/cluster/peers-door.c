/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The private socket, where bridges come in. Its directory lets in only root and the group rhv-peer, and the kernel says which of them it is; the
 * first line says whom the bridge brings (peer-frame.h), and by it the connection is handed on: to a link, or to one who wants to join.
 *
 *   accept ── line ──> bus: handed to a PeerConnection   join: one more line, one answer, closed   stream: gets the ticket's descriptor
 *        └── anything else, too long, or nothing for DOOR_USEC: refused, closed
 */

#include <pwd.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <utlist.h>

#include "bus-error.h"
#include "log.h"
#include "peer-join.h"
#include "peer-paths.h"
#include "peers-internal.h"

/* A bridge speaks at once; one who joins has his line ready. */
#define DOOR_USEC (10 * USEC_PER_SEC)
#define DOOR_VISITORS_MAX 32U

typedef struct Visitor Visitor;
struct Visitor {
        PeersDoor *door;
        int fd;
        sd_event_source *source, *deadline;
        PeerFrame frame;
        bool introduced; /* the bridge's line is there; what follows is the visitor's */
        char line[PEER_JOIN_BYTES_MAX];
        size_t size;
        Visitor *next, *prev;
};

struct PeersDoor {
        Peers *peers;
        int fd;
        char *path;
        uid_t peer_uid;
        sd_event_source *source;
        Visitor *visitors;
        unsigned n_visitors;
};

static Visitor *visitor_free(Visitor *visitor) {
        DL_DELETE(visitor->door->visitors, visitor);
        visitor->door->n_visitors--;
        sd_event_source_disable_unref(visitor->source);
        sd_event_source_disable_unref(visitor->deadline);
        safe_close(visitor->fd);
        explicit_bzero(visitor->line, sizeof visitor->line); /* may hold a token's secret */
        free(visitor);
        return NULL;
}

/* A line fits into the socket's buffer; one who does not take it loses it. */
static void say(const Visitor *visitor, const char *line) {
        (void) send(visitor->fd, line, strlen(line), MSG_NOSIGNAL | MSG_DONTWAIT);
}

/* "ok" with a descriptor, which is the bridge's from now on. fd: taken. */
static void hand_over(const Visitor *visitor, int fd) {
        static char line[] = "ok\n";
        union {
                struct cmsghdr header;
                char room[CMSG_SPACE(sizeof(int))];
        } control = { 0 };
        struct iovec part = { line, strlen(line) };
        struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control };
        struct cmsghdr *header = CMSG_FIRSTHDR(&message);

        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(sizeof(int));
        memcpy(CMSG_DATA(header), &fd, sizeof(int));
        if (sendmsg(visitor->fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
                log_warning_errno(-errno, "Cannot hand a stream to the bridge of %s", visitor->frame.host_id);
        safe_close(fd);
}

static void refuse(Visitor *visitor, int r, const sd_bus_error *error) {
        char line[PEER_FRAME_BYTES_MAX];
        const char *name = error && error->name && startswith(error->name, RHV_ERROR_PREFIX) ? error->name : RHV_ERROR_BACKEND_FAILED;
        const char *text = error && error->message ? error->message : strerror(-r);

        log_full(LOG_NOTICE, NULL, LOG_FIELDS("RHV_PEER", visitor->frame.host_id, "RHV_ADDRESS", visitor->frame.address),
                 "A connection of %s was refused: %s",
                 visitor->frame.host_id[0]   ? visitor->frame.host_id
                 : visitor->frame.address[0] ? visitor->frame.address
                                             : "nobody",
                 text);
        peer_answer_format(name, text, line);
        say(visitor, line);
        visitor_free(visitor);
}

static void hand_on(Visitor *visitor) {
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        Peers *peers = visitor->door->peers;
        int r;

        switch (visitor->frame.verb) {
        case PEER_VERB_JOIN:
                visitor->introduced = true;
                visitor->size = 0;
                say(visitor, "ok\n");
                return;
        case PEER_VERB_BUS:
                r = peers_may_come_in(peers, visitor->frame.host_id, &error);
                if (r < 0)
                        break;
                say(visitor, "ok\n"); /* before any byte of the bus */
                visitor->source = sd_event_source_disable_unref(visitor->source); /* the loop watches the descriptor for somebody else now */
                r = peers_incoming_bus(peers, visitor->frame.host_id, TAKE_FD(visitor->fd));
                if (r < 0)
                        log_warning_errno(r, "Cannot take a connection of %s", visitor->frame.host_id);
                visitor_free(visitor);
                return;
        case PEER_VERB_STREAM:
                r = peers_find(peers, visitor->frame.host_id)
                            ? peer_tickets_take(peers->tickets, visitor->frame.host_id, visitor->frame.ticket, &error)
                            : sd_bus_error_set(&error, RHV_ERROR_ACCESS_DENIED, "The host is no member here");
                if (r < 0)
                        break;
                hand_over(visitor, r);
                visitor_free(visitor);
                return;
        default:
                r = -EBADMSG;
        }
        refuse(visitor, r, &error);
}

static void take_line(Visitor *visitor) {
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_free_ char *answer = NULL, *whole = NULL;
        int r;

        if (!visitor->introduced) {
                r = visitor->size < PEER_FRAME_BYTES_MAX ? peer_frame_parse(visitor->line, &visitor->frame) : -EBADMSG;
                if (r < 0)
                        refuse(visitor, r, NULL);
                else
                        hand_on(visitor);
                return;
        }

        r = peers_incoming_join(visitor->door->peers, visitor->frame.address, visitor->line, &answer, &error);
        if (r >= 0 && asprintf(&whole, "%s\n", answer) < 0) {
                whole = NULL;
                r = -ENOMEM;
        }
        if (r < 0) {
                refuse(visitor, r, &error);
                return;
        }
        say(visitor, whole);
        visitor_free(visitor);
}

static int on_bytes(sd_event_source *source, int fd, uint32_t revents, void *userdata) {
        Visitor *visitor = userdata;
        char *end;
        ssize_t n;

        n = recv(fd, visitor->line + visitor->size, sizeof visitor->line - 1 - visitor->size, MSG_DONTWAIT);
        if (n < 0 && (errno == EAGAIN || errno == EINTR))
                return 0;
        if (n <= 0) {
                visitor_free(visitor);
                return 0;
        }
        visitor->size += (size_t)n;
        end = memchr(visitor->line, '\n', visitor->size);
        if (end && end == visitor->line + visitor->size - 1 && !memchr(visitor->line, 0, visitor->size - 1)) {
                *end = 0;
                take_line(visitor);
                /* a visitor that is gone is never looked at: what is left to do is for those that joined */
                return 0;
        }
        if (end || visitor->size >= sizeof visitor->line - 1)
                refuse(visitor, -EBADMSG, NULL); /* nobody says more than a line before it is answered */
        return 0;
}

static int on_late(sd_event_source *source, uint64_t usec, void *userdata) {
        refuse(userdata, -ETIMEDOUT, NULL);
        return 0;
}

static int check_caller(const PeersDoor *door, int fd) {
        struct ucred who;
        socklen_t size = sizeof who;

        if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &size) < 0)
                return -errno;
        return who.uid == 0 || who.uid == door->peer_uid ? 0 : -EACCES;
}

static int on_visitor(sd_event_source *source, int listener, uint32_t revents, void *userdata) {
        PeersDoor *door = userdata;
        _cleanup_close_ int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        Visitor *visitor;
        int r;

        if (fd < 0 || check_caller(door, fd) < 0 || door->n_visitors >= DOOR_VISITORS_MAX)
                return 0;
        visitor = calloc(1, sizeof *visitor);
        if (!visitor)
                return 0;
        visitor->door = door;
        visitor->fd = TAKE_FD(fd);
        DL_APPEND(door->visitors, visitor);
        door->n_visitors++;
        r = sd_event_add_io(door->peers->event, &visitor->source, visitor->fd, EPOLLIN, on_bytes, visitor);
        if (r >= 0)
                r = sd_event_add_time_relative(door->peers->event, &visitor->deadline, CLOCK_MONOTONIC, DOOR_USEC, 0, on_late, visitor);
        if (r < 0)
                visitor_free(visitor);
        return 0;
}

static int listen_at(PeersDoor *door) {
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        const struct passwd *user = getpwnam(PEER_USER);

        if (strlen(door->path) >= sizeof address.sun_path)
                return -ENAMETOOLONG;
        (void) snprintf(address.sun_path, sizeof address.sun_path, "%s", door->path);
        door->peer_uid = user ? user->pw_uid : 0;
        door->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (door->fd < 0)
                return -errno;
        if ((unlink(door->path) < 0 && errno != ENOENT) || bind(door->fd, (const struct sockaddr *)&address, sizeof address) < 0)
                return -errno;
        /* the group is that of the directory */
        if (chmod(door->path, 0660) < 0)
                return -errno;
        if (!user)
                log_warning("There is no user %s: no peer can come in", PEER_USER);
        return listen(door->fd, DOOR_VISITORS_MAX) < 0 ? -errno : 0;
}

int peers_door_new(Peers *peers, PeersDoor **ret) {
        PeersDoor *door = calloc(1, sizeof *door);
        int r;

        if (!door)
                return -ENOMEM;
        door->peers = peers;
        door->fd = -EBADF;
        door->path = strdup(peers->settings.socket_path);
        r = door->path ? listen_at(door) : -ENOMEM;
        if (r >= 0)
                r = sd_event_add_io(peers->event, &door->source, door->fd, EPOLLIN, on_visitor, door);
        if (r < 0) {
                peers_door_free(door);
                return r;
        }
        *ret = door;
        return 0;
}

PeersDoor *peers_door_free(PeersDoor *door) {
        if (!door)
                return NULL;
        while (door->visitors)
                visitor_free(door->visitors);
        sd_event_source_disable_unref(door->source);
        if (door->fd >= 0)
                (void) unlink(door->path);
        safe_close(door->fd);
        free(door->path);
        free(door);
        return NULL;
}
