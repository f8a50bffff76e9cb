/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The one program that a peer can start here: sshd's forced command, run as rhv-peer.
 *
 *     rhv-peer-bridge <host id>     for a key in the list: the id is the key's, whatever the peer says
 *     rhv-peer-bridge --join        for any key, while a token is open
 *
 * What is wanted stands in SSH_ORIGINAL_COMMAND: "bus", "stream <ticket>", "join", "restart [<service>]". All but the last is: connect to
 * Cluster's private socket, say who is there, and pass bytes through two small buffers until one side is done. Everything else is
 * refused. It reads no file, and nothing of what a peer sends.
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
static int read_line(int fd, char ret[static PEER_FRAME_BYTES_MAX]) {
        for (size_t n = 0; n < PEER_FRAME_BYTES_MAX; n++) {
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

static int introduce(int fd, const PeerFrame *frame, char ret_name[static 128], char ret_text[static PEER_FRAME_BYTES_MAX]) {
        char line[PEER_FRAME_BYTES_MAX];
        ssize_t n;
        int r;

        r = peer_frame_format(frame, line);
        if (r < 0)
                return r;
        n = send(fd, line, strlen(line), MSG_NOSIGNAL);
        if (n != (ssize_t)strlen(line))
                return n < 0 ? -errno : -EIO;
        r = read_line(fd, line);
        return r < 0 ? r : peer_answer_parse(line, ret_name, ret_text);
}

/* ---- bytes ---- */

static void set_nonblocking(int fd) {
        int flags = fcntl(fd, F_GETFL);

        if (flags >= 0)
                (void) fcntl(fd, F_SETFL, flags | O_NONBLOCK);
}

/* Until Cluster is done, or the peer cannot hear any more. A peer that says no more may still listen. */
static int relay(int cluster) {
        static Pump in, out;
        bool told = false;

        in = (Pump){ .from = STDIN_FILENO, .to = cluster };
        out = (Pump){ .from = cluster, .to = STDOUT_FILENO };
        set_nonblocking(STDIN_FILENO);
        set_nonblocking(STDOUT_FILENO);
        set_nonblocking(cluster);
        while (!pump_ended(&out)) {
                struct pollfd polled[5];

                pump_poll(&in, polled);
                pump_poll(&out, polled + 2);
                polled[4] = (struct pollfd){ .fd = STDOUT_FILENO }; /* errors only: sshd has gone */
                if (poll(polled, ELEMENTSOF(polled), -1) < 0) {
                        if (errno == EINTR)
                                continue;
                        return -errno;
                }
                if (polled[4].revents)
                        return 0;
                if (pump_move(&in, polled, NULL, NULL) < 0 || pump_move(&out, polled + 2, NULL, NULL) < 0)
                        return -EIO;
                if (in.broken)
                        return 0;
                if (!told && pump_ended(&in)) {
                        (void) shutdown(cluster, SHUT_WR);
                        told = true;
                }
        }
        return 0;
}

static int through_cluster(const PeerFrame *frame) {
        char name[128], text[PEER_FRAME_BYTES_MAX];
        _cleanup_close_ int fd = connect_cluster();
        int r;

        if (fd < 0)
                return refuse(RHV_ERROR_BACKEND_UNAVAILABLE, "Cluster is not running on this host");
        r = introduce(fd, frame, name, text);
        if (r == -EREMOTEIO)
                return refuse(name, text);
        if (r < 0)
                return refuse(RHV_ERROR_BACKEND_UNAVAILABLE, "Cluster does not answer on this host");
        return relay(fd) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
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
        bool stranger = argc == 2 && streq(argv[1], "--join");
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

        if (!stranger)
                (void) snprintf(frame.host_id, sizeof frame.host_id, "%s", argv[1]);
        (void) snprintf(frame.ticket, sizeof frame.ticket, "%s", argument);
        client_address(frame.address);
        return through_cluster(&frame);
}
