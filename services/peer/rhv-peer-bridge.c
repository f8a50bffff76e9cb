/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The one program that a peer can start here: sshd's forced command, run as rhv-peer.
 *
 *     rhv-peer-bridge <host id>     for a key in the list: the id is the key's, whatever the peer says
 *     rhv-peer-bridge --join        for any key, while a token is open
 *
 * What is wanted stands in SSH_ORIGINAL_COMMAND: "bus", "stream <ticket>", "attach <ticket>", "join", "restart [<service>]". All but the last is: connect to
 * Cluster's private socket, say who is there, and pass bytes through two small buffers until one side is done. Everything else is
 * refused. It looks at nothing of what a peer sends.
 *
 * For a stream Cluster hands over the descriptor that the ticket was made for and is out of it: bytes do not pass through Cluster, and its
 * restart does not end a migration. What ends a stream is either end, or the list of members without this peer.
 */

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "bus-error.h"
#include "parse-util.h"
#include "peer-frame.h"
#include "peer-paths.h"
#include "peer-restart.h"
#include "peer-watch.h"
#include "pump.h"

/* Cluster takes a connection at once, or is stuck: then the peer hears it before its own patience ends (PEER_LINK_HELLO_USEC). */
#define CLUSTER_SECONDS 5

static int refuse(const char *name, const char *text) {
        char line[PEER_FRAME_BYTES_MAX];

        peer_answer_format(name, text, line);
        (void) fputs(line, stderr);
        return EXIT_FAILURE;
}

/* ---- Cluster's socket ---- */

/* Return: a descriptor or a negative errno. Every wait on it has an end. */
static int connect_cluster(void) {
        static const struct timeval patience = { .tv_sec = CLUSTER_SECONDS };
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        _cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

        if (fd < 0)
                return -errno;
        (void) snprintf(address.sun_path, sizeof address.sun_path, "%s", PEER_SOCKET_PATH);
        if (setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience) < 0 ||
            setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) < 0 ||
            connect(fd, (const struct sockaddr *)&address, sizeof address) < 0)
                return -errno;
        return TAKE_FD(fd);
}

/* Byte by byte: what comes behind the line is the peer's. Return: 0 or a negative errno. */
static int read_line(int fd, char *ret, size_t size) {
        for (size_t n = 0; n < size; n++) {
                ssize_t k = read(fd, ret + n, 1);

                if (k <= 0)
                        return k < 0 ? -errno : -ECONNRESET;
                if (ret[n] == '\n') {
                        ret[n] = 0;
                        return 0;
                }
        }
        return -EBADMSG;
}

/* The answer's first byte may bring a descriptor. */
static int receive_descriptor(int fd, char *ret_first, int *ret_fd) {
        union {
                struct cmsghdr header;
                char room[CMSG_SPACE(sizeof(int))];
        } control = { 0 };
        struct iovec part = { ret_first, 1 };
        struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control };
        const struct cmsghdr *found;
        ssize_t n;

        n = recvmsg(fd, &message, MSG_CMSG_CLOEXEC);
        if (n <= 0)
                return n < 0 ? -errno : -ECONNRESET;
        found = CMSG_FIRSTHDR(&message);
        if (found && found->cmsg_level == SOL_SOCKET && found->cmsg_type == SCM_RIGHTS && found->cmsg_len == CMSG_LEN(sizeof(int)))
                memcpy(ret_fd, CMSG_DATA(found), sizeof(int));
        return 0;
}

/* ret_stream: for a stream, what it is to be connected with. */
static int introduce(int fd, const PeerFrame *frame, int *ret_stream, char ret_name[static 128], char ret_text[static PEER_FRAME_BYTES_MAX]) {
        char line[PEER_FRAME_BYTES_MAX];
        ssize_t n;
        int r;

        r = peer_frame_format(frame, line);
        if (r < 0)
                return r;
        n = send(fd, line, strlen(line), MSG_NOSIGNAL);
        if (n != (ssize_t)strlen(line))
                return n < 0 ? -errno : -EIO;
        r = receive_descriptor(fd, line, ret_stream);
        if (r >= 0)
                r = read_line(fd, line + 1, sizeof line - 1);
        return r < 0 ? r : peer_answer_parse(line, ret_name, ret_text);
}

/* ---- bytes ---- */

static void set_nonblocking(int fd) {
        int flags = fcntl(fd, F_GETFL);

        if (flags >= 0)
                (void) fcntl(fd, F_SETFL, flags | O_NONBLOCK);
}

typedef struct Relay {
        Pump in, out;
        int other;       /* Cluster, or what a stream is connected with */
        bool until_both; /* a stream: one direction may end long before the other */
        bool told_in, told_out;
        int watch;       /* of the list of members; -EBADF for none */
        const char *host_id;
} Relay;

static bool relay_is_over(const Relay *relay) {
        return pump_ended(&relay->out) && (!relay->until_both || pump_ended(&relay->in));
}

/* Each direction's end is passed on. */
static void pass_ends_on(Relay *relay) {
        if (!relay->told_in && pump_ended(&relay->in)) {
                (void) shutdown(relay->other, SHUT_WR);
                relay->told_in = true;
        }
        if (!relay->told_out && pump_ended(&relay->out) && !relay_is_over(relay)) {
                (void) close(STDOUT_FILENO);
                relay->told_out = true;
        }
}

/* Return: 1 go on, 0 over, negative errno. */
static int relay_step(Relay *relay) {
        struct pollfd polled[7];

        pump_poll(&relay->in, polled);
        pump_poll(&relay->out, polled + 2);
        /* errors only: who cannot take any more, also while there is nothing to write */
        polled[4] = (struct pollfd){ .fd = relay->told_out ? -1 : STDOUT_FILENO };
        polled[5] = (struct pollfd){ .fd = relay->in.broken ? -1 : relay->other };
        polled[6] = (struct pollfd){ .fd = relay->watch, .events = POLLIN };
        if (poll(polled, ELEMENTSOF(polled), -1) < 0)
                return errno == EINTR ? 1 : -errno;
        if (polled[4].revents)
                return 0; /* sshd has gone */
        if (pump_move(&relay->in, polled, NULL, NULL) < 0 || pump_move(&relay->out, polled + 2, NULL, NULL) < 0)
                return -EIO;
        if ((polled[5].revents & (POLLHUP | POLLERR)) && relay->out.eof)
                relay->in.broken = true;
        if (polled[6].revents && peer_watch_is_gone(relay->watch, PEER_HOSTS_PATH, relay->host_id))
                return -EACCES;
        if (relay->in.broken && !relay->until_both)
                return 0;
        pass_ends_on(relay);
        return !relay_is_over(relay);
}

/* Until the other is done, or the peer cannot hear any more. A peer that says no more may still listen. */
static int relay(int other, bool stream, const char *host_id) {
        static Relay relay;
        int r;

        relay = (Relay){ .in = { .from = STDIN_FILENO, .to = other, .whole = true },
                         .out = { .from = other, .to = STDOUT_FILENO, .whole = true },
                         .other = other, .until_both = stream, .watch = -EBADF, .host_id = host_id };
        if (stream) {
                relay.watch = peer_watch_new(PEER_DIRECTORY);
                if (relay.watch < 0)
                        return relay.watch;
                if (peer_watch_is_gone(relay.watch, PEER_HOSTS_PATH, host_id)) /* since Cluster let it in */
                        return -EACCES;
        }
        set_nonblocking(STDIN_FILENO);
        set_nonblocking(STDOUT_FILENO);
        set_nonblocking(other);
        while ((r = relay_step(&relay)) > 0)
                ;
        return r;
}

/* silent: the other side hands on its end before anything came. */
static int through_cluster(const PeerFrame *frame, bool silent) {
        char name[128], text[PEER_FRAME_BYTES_MAX];
        _cleanup_close_ int fd = connect_cluster(), stream = -EBADF;
        int r;

        if (fd < 0)
                return refuse(RHV_ERROR_BACKEND_UNAVAILABLE, "Cluster is not running on this host");
        r = introduce(fd, frame, &stream, name, text);
        if (r == -EREMOTEIO)
                return refuse(name, text);
        if (r < 0 || (frame->verb == PEER_VERB_STREAM && stream < 0))
                return refuse(RHV_ERROR_BACKEND_UNAVAILABLE, "Cluster does not answer on this host");
        if (frame->verb != PEER_VERB_STREAM)
                return relay(fd, false, frame->host_id) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;

        fd = safe_close(fd);
        if (!silent && write(STDOUT_FILENO, "ok\n", 3) != 3) /* the other side waits for it before it hands on its end */
                return EXIT_FAILURE;
        return relay(stream, true, frame->host_id) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* ---- the verbs ---- */

static int restart(const char *service) {
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        const char *unit = peer_restart_unit(service);
        int r;

        if (!unit)
                return refuse(RHV_ERROR_ACCESS_DENIED, "Nothing but the services of RHV can be restarted");
        r = peer_restart(unit, &error);
        if (r < 0)
                return refuse(error.name && startswith(error.name, RHV_ERROR_PREFIX) ? error.name : RHV_ERROR_BACKEND_FAILED,
                              error.message ?: strerror(-r));
        printf("restarted %s\n", unit);
        return EXIT_SUCCESS;
}

/* "client port server port" */
static void client_address(char ret[static 256]) {
        const char *connection = getenv("SSH_CONNECTION") ?: "";

        (void) snprintf(ret, 256, "%.*s", (int)strcspn(connection, " %"), connection);
}

int main(int argc, char **argv) {
        const char *command = getenv("SSH_ORIGINAL_COMMAND");
        bool stranger = argc == 2 && streq(argv[1], "--join"), silent;
        PeerFrame frame = { 0 };
        char argument[PEER_TICKET_STRING_MAX];

        (void) signal(SIGPIPE, SIG_IGN);
        if (argc != 2 || (!stranger && !uuid_is_valid(argv[1])))
                return refuse(RHV_ERROR_INVALID_ARGUMENT, "rhv-peer-bridge is started by sshd");
        frame.verb = peer_command_parse(command ?: "", argument);
        if (frame.verb < 0)
                return refuse(RHV_ERROR_ACCESS_DENIED, "A peer may ask for nothing but bus, stream, join and restart of an RHV service");
        if (stranger && frame.verb != PEER_VERB_JOIN)
                return refuse(RHV_ERROR_ACCESS_DENIED, "This key is not that of a member: it may join and nothing else");
        if (frame.verb == PEER_VERB_RESTART)
                return restart(argument);

        silent = frame.verb == PEER_VERB_ATTACH;
        if (silent)
                frame.verb = PEER_VERB_STREAM;
        if (!stranger)
                (void) snprintf(frame.host_id, sizeof frame.host_id, "%s", argv[1]);
        (void) snprintf(frame.ticket, sizeof frame.ticket, "%s", argument);
        client_address(frame.address);
        return through_cluster(&frame, silent);
}
