/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * One outgoing connection, as the user rhv-dial: systemd starts one for each connection of Cluster to its socket. Cluster has no network and
 * root's files; ssh has a network, one key and nothing else. The key is a credential of this unit.
 *
 * stdin is Cluster. When it closes, or ssh ends, this ends. A stream goes on without Cluster: it ends with ssh, or when the peer is no
 * member any more.
 */

#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "child.h"
#include "log.h"
#include "loop.h"
#include "peer-dial-request.h"
#include "peer-frame.h"
#include "peer-paths.h"
#include "peer-watch.h"

/* Cluster says what it wants at once. */
#define REQUEST_SECONDS 5
/* No end of its own: a link lives as long as both hosts do. Keepalive ends a dead one. */
#define LINK_USEC (UINT64_C(10) * 366 * 86400 * USEC_PER_SEC)

static const char ssh_config[] = PEER_SSH_CONFIG;
static Child *ssh;

/* One message with one descriptor. Return: 0 or a negative errno. */
static int receive(PeerDialRequest *ret, int *ret_fd) {
        static const struct timeval patience = { .tv_sec = REQUEST_SECONDS };
        char text[PEER_DIAL_BYTES_MAX];
        union {
                struct cmsghdr header;
                char room[CMSG_SPACE(sizeof(int))];
        } control = { 0 };
        struct iovec part = { text, sizeof text - 1 };
        struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control };
        const struct cmsghdr *found;
        ssize_t n;

        if (setsockopt(STDIN_FILENO, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) < 0)
                return -errno;
        n = recvmsg(STDIN_FILENO, &message, MSG_CMSG_CLOEXEC);
        if (n <= 0)
                return n < 0 ? -errno : -ECONNRESET;
        text[n] = 0;
        found = CMSG_FIRSTHDR(&message);
        if (!found || found->cmsg_level != SOL_SOCKET || found->cmsg_type != SCM_RIGHTS || found->cmsg_len != CMSG_LEN(sizeof(int)))
                return -EBADMSG;
        memcpy(ret_fd, CMSG_DATA(found), sizeof(int));
        return message.msg_flags & (MSG_TRUNC | MSG_CTRUNC) ? -EMSGSIZE : peer_dial_request_parse(text, ret);
}

static int write_known_hosts(const PeerDialRequest *request, const char *path) {
        FILE *file = fopen(path, "we");
        int r;

        if (!file)
                return -errno;
        r = fprintf(file, "%s %s\n", request->id, request->host_key) < 0 ? -EIO : 0;
        if (fclose(file) != 0 && r >= 0)
                r = -errno;
        return r;
}

static const char *last_line(const char *text) {
        static char line[CHILD_STDERR_MAX + 1];
        const char *begin;

        (void) snprintf(line, sizeof line, "%s", text);
        for (size_t n = strlen(line); n > 0 && strchr("\r\n ", line[n - 1]); n--)
                line[n - 1] = 0;
        begin = strrchr(line, '\n');
        return begin ? begin + 1 : line;
}

static void on_ended(Child *child, const ChildResult *result, void *userdata) {
        sd_event *event = userdata;
        char text[PEER_DIAL_BYTES_MAX];

        ssh = NULL;
        if (peer_dial_result_format(result->exit_status, last_line(result->err), text) >= 0)
                (void) send(STDIN_FILENO, text, strlen(text), MSG_NOSIGNAL | MSG_DONTWAIT);
        (void) sd_event_exit(event, 0);
}

static int on_cluster(sd_event_source *source, int fd, uint32_t revents, void *userdata) {
        return sd_event_exit(sd_event_source_get_event(source), 0); /* it says nothing more: it has gone, or wants this to end */
}

/* Cluster may go: a stream is not tied to it. */
static int on_cluster_gone(sd_event_source *source, int fd, uint32_t revents, void *userdata) {
        return sd_event_source_set_enabled(source, SD_EVENT_OFF);
}

static int on_members(sd_event_source *source, int fd, uint32_t revents, void *userdata) {
        const PeerDialRequest *request = userdata;

        return peer_watch_is_gone(fd, PEER_HOSTS_PATH, request->id) ? sd_event_exit(sd_event_source_get_event(source), 0) : 0;
}

static int watch_members(sd_event *event, const PeerDialRequest *request) {
        int fd = peer_watch_new(PEER_DIRECTORY);

        if (fd < 0)
                return fd;
        if (peer_watch_is_gone(fd, PEER_HOSTS_PATH, request->id))
                return -EACCES;
        return sd_event_add_io(event, NULL, fd, EPOLLIN, on_members, (void *)request);
}

static int dial(sd_event *event, const PeerDialRequest *request, int stream) {
        const char *credentials = getenv("CREDENTIALS_DIRECTORY");
        _cleanup_(sd_event_source_unrefp) sd_event_source *leash = NULL;
        char ticket[PEER_TICKET_STRING_MAX];
        PeerVerb verb = peer_command_parse(request->command, ticket);
        bool is_stream = verb == PEER_VERB_STREAM || verb == PEER_VERB_ATTACH;
        char identity[256], alias[64], known[64], port[8], target[300];
        ChildSpec spec;
        int r;

        if (!credentials)
                return log_error_errno(-ENOENT, "There is no key: this program is started by rhv-peer-dial.socket");
        (void) snprintf(identity, sizeof identity, "%s/peer-key", credentials);
        (void) snprintf(alias, sizeof alias, "HostKeyAlias=%s", request->id);
        (void) snprintf(known, sizeof known, "/tmp/known_hosts-%d", (int)getpid()); /* its own /tmp */
        (void) snprintf(port, sizeof port, "%u", request->port);
        (void) snprintf(target, sizeof target, PEER_USER "@%s", request->address);
        r = write_known_hosts(request, known);
        if (r >= 0 && is_stream)
                r = watch_members(event, request);
        if (r >= 0) {
                char option[96];

                (void) snprintf(option, sizeof option, "UserKnownHostsFile=%s", known);
                spec = (ChildSpec){
                        .argv = (const char *const[]){ "ssh", "-F", ssh_config, "-o", option, "-o", alias, "-i", identity,
                                                       "-p", port, "--", target, request->command, NULL },
                        .stdin_fd = stream,
                        .stdout_fd = stream,
                        .deadline_usec = LINK_USEC,
                        .done = on_ended,
                        .userdata = event,
                };
                r = child_start(event, &spec, &ssh);
        }
        if (r >= 0)
                r = sd_event_add_io(event, &leash, STDIN_FILENO, EPOLLIN | EPOLLRDHUP, is_stream ? on_cluster_gone : on_cluster, NULL);
        if (r < 0)
                return log_error_errno(r, "Cannot start ssh");
        safe_close(stream); /* ssh has it; the end of ssh is the end of the stream */
        r = sd_event_loop(event);
        ssh = child_free(ssh);
        (void) unlink(known);
        return r;
}

int main(int argc, char **argv) {
        _cleanup_(sd_event_unrefp) sd_event *event = NULL;
        PeerDialRequest request;
        int stream = -EBADF, r;

        log_open("rhv-peer-dial");
        r = loop_new(&event);
        if (r >= 0)
                r = receive(&request, &stream);
        if (r < 0)
                return log_error_errno(r, "No request to dial came") < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
        return dial(event, &request, stream) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
