/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "peer-dial.h"

#include <stdio.h>
#include <sys/socket.h>

#include "unix-socket.h"

struct PeerDial {
        int fd;
        sd_event_source *source;
        peer_dial_ended_t ended;
        void *userdata;
};

PeerDial *peer_dial_free(PeerDial *dial) {
        if (!dial)
                return NULL;
        sd_event_source_disable_unref(dial->source);
        safe_close(dial->fd);
        free(dial);
        return NULL;
}

static int on_result(sd_event_source *source, int fd, uint32_t revents, void *userdata) {
        PeerDial *dial = userdata;
        char text[PEER_DIAL_BYTES_MAX], said[PEER_DIAL_BYTES_MAX] = "";
        int status = -1;
        ssize_t n;

        n = recv(fd, text, sizeof text - 1, MSG_DONTWAIT);
        if (n < 0 && (errno == EAGAIN || errno == EINTR))
                return 0;
        (void) sd_event_source_set_enabled(source, SD_EVENT_OFF);
        if (n > 0) {
                text[n] = 0;
                (void) peer_dial_result_parse(text, &status, said);
        } else
                (void) snprintf(said, sizeof said, "rhv-peer-dial ended before ssh did; its journal says why");
        dial->ended(dial, status, said, dial->userdata);
        return 0;
}

static int send_request(int fd, const char *text, int stream) {
        union {
                struct cmsghdr header;
                char room[CMSG_SPACE(sizeof(int))];
        } control = { 0 };
        struct iovec part = { (void *)text, strlen(text) };
        struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control };
        struct cmsghdr *header = CMSG_FIRSTHDR(&message);

        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(sizeof(int));
        memcpy(CMSG_DATA(header), &stream, sizeof(int));
        return sendmsg(fd, &message, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

int peer_dial_new(sd_event *event, const char *path, const PeerDialRequest *request, int stream, peer_dial_ended_t ended,
                  void *userdata, PeerDial **ret) {
        _cleanup_close_ int owned = stream;
        _cleanup_(peer_dial_freep) PeerDial *dial = calloc(1, sizeof *dial);
        char text[PEER_DIAL_BYTES_MAX];
        int r;

        if (!dial)
                return -ENOMEM;
        dial->ended = ended;
        dial->userdata = userdata;
        dial->fd = unix_connect(path, SOCK_SEQPACKET);
        r = dial->fd < 0 ? dial->fd : peer_dial_request_format(request, text);
        if (r >= 0)
                r = send_request(dial->fd, text, owned);
        if (r >= 0)
                r = sd_event_add_io(event, &dial->source, dial->fd, EPOLLIN, on_result, dial);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(dial);
        return 0;
}
