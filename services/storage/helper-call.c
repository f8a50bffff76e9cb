/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "helper-call.h"

#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "bus-error.h"
#include "dict.h"
#include "log.h"

/* ---- packets ---- */

static int send_packet(int fd, json_t *object, int pass_fd) {
        _cleanup_free_ char *text = object ? json_dumps(object, JSON_COMPACT) : NULL;
        union {
                struct cmsghdr header;
                char bytes[CMSG_SPACE(sizeof(int))];
        } control = {};
        struct iovec vector = {.iov_base = text};
        struct msghdr message = {.msg_iov = &vector, .msg_iovlen = 1};
        struct cmsghdr *header;

        if (!text)
                return -ENOMEM;
        vector.iov_len = strlen(text);
        if (vector.iov_len > HELPER_PACKET_BYTES)
                return -EMSGSIZE;
        if (pass_fd >= 0) {
                message.msg_control = control.bytes;
                message.msg_controllen = sizeof(control.bytes);
                header = CMSG_FIRSTHDR(&message);
                header->cmsg_level = SOL_SOCKET;
                header->cmsg_type = SCM_RIGHTS;
                header->cmsg_len = CMSG_LEN(sizeof(int));
                memcpy(CMSG_DATA(header), &pass_fd, sizeof(int));
        }
        return sendmsg(fd, &message, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

static int receive_packet(int fd, json_t **ret, int *ret_fd) {
        _cleanup_free_ char *text = malloc(HELPER_PACKET_BYTES);
        union {
                struct cmsghdr header;
                char bytes[CMSG_SPACE(sizeof(int))];
        } control;
        struct iovec vector = {.iov_base = text, .iov_len = HELPER_PACKET_BYTES};
        struct msghdr message = {.msg_iov = &vector, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = sizeof(control.bytes)};
        const struct cmsghdr *header;
        ssize_t n;

        *ret_fd = -EBADF;
        if (!text)
                return -ENOMEM;
        do
                n = recvmsg(fd, &message, MSG_CMSG_CLOEXEC);
        while (n < 0 && errno == EINTR);
        if (n < 0)
                return -errno;
        header = CMSG_FIRSTHDR(&message);
        if (header && header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS && header->cmsg_len == CMSG_LEN(sizeof(int)))
                memcpy(ret_fd, CMSG_DATA(header), sizeof(int));
        *ret = n == 0 || (message.msg_flags & MSG_TRUNC) ? NULL : json_loadb(text, (size_t)n, 0, NULL);
        if (*ret)
                return 0;
        *ret_fd = safe_close(*ret_fd);
        return n == 0 ? -ECONNRESET : -EBADMSG;
}

/* ---- asking ---- */

static int no_helper(const char *name, int r, sd_bus_error *error) {
        sd_bus_error_setf(error, RHV_ERROR_BACKEND_UNAVAILABLE, "%s does not answer: %s", name, strerror(-r));
        return -EHOSTDOWN;
}

static int take_answer(const char *name, const json_t *answer, int *fd, int *ret_fd, sd_bus_error *error) {
        int64_t r = dict_integer(answer, "r", 1);
        const char *said;

        if (r == 0 && (*fd >= 0 || !ret_fd)) {
                if (ret_fd)
                        *ret_fd = TAKE_FD(*fd);
                return 0;
        }
        if (r >= 0 || r < -4095)
                return no_helper(name, -EBADMSG, error);
        said = dict_string(answer, "error", "");
        (void) sd_bus_error_set(error, startswith(said, RHV_ERROR_PREFIX) ? said : RHV_ERROR_BACKEND_FAILED,
                                dict_string(answer, "message", "no reason was given"));
        return (int)r;
}

int helper_begin(const char *socket_path, const char *name, json_t *request, int pass_fd, int *ret, sd_bus_error *error) {
        _cleanup_json_ json_t *owned = request;
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        _cleanup_close_ int fd = -EBADF;
        int r;

        if (strlen(socket_path) >= sizeof(address.sun_path))
                return -ENAMETOOLONG;
        (void) snprintf(address.sun_path, sizeof(address.sun_path), "%s", socket_path);
        fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
        if (fd < 0)
                return -errno;
        if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
                return no_helper(name, -errno, error);
        r = send_packet(fd, owned, pass_fd);
        if (r < 0)
                return no_helper(name, r, error);
        *ret = TAKE_FD(fd);
        return 0;
}

int helper_end(int connection, const char *name, int *ret_fd, sd_bus_error *error) {
        _cleanup_close_ int fd = connection, passed = -EBADF;
        _cleanup_json_ json_t *answer = NULL;
        int r;

        r = receive_packet(fd, &answer, &passed);
        if (r < 0)
                return no_helper(name, r, error);
        return take_answer(name, answer, &passed, ret_fd, error);
}

int helper_ask(const char *socket_path, const char *name, json_t *request, int pass_fd, int *ret_fd, sd_bus_error *error) {
        int connection = -EBADF, r;

        r = helper_begin(socket_path, name, request, pass_fd, &connection, error);
        return r < 0 ? r : helper_end(connection, name, ret_fd, error);
}

int helper_read(int fd, size_t max_bytes, char **ret, size_t *ret_size) {
        _cleanup_free_ char *text = NULL;
        struct stat st;
        ssize_t n;

        if (fstat(fd, &st) < 0)
                return -errno;
        if (st.st_size > (off_t)max_bytes)
                return -EFBIG;
        text = malloc((size_t)st.st_size + 1);
        if (!text)
                return -ENOMEM;
        n = pread(fd, text, (size_t)st.st_size, 0);
        if (n < 0)
                return -errno;
        text[n] = '\0';
        *ret = TAKE_PTR(text);
        *ret_size = (size_t)n;
        return 0;
}

/* ---- serving ---- */

static int serve_one(int fd, const char *name, helper_serve_t serve) {
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_json_ json_t *request = NULL, *answer = NULL;
        _cleanup_close_ int passed = -EBADF, result = -EBADF;
        int r;

        r = receive_packet(fd, &request, &passed);
        if (r < 0)
                return r;
        r = serve(request, passed, &result, &error);
        if (r == -EBADMSG && !sd_bus_error_is_set(&error))
                sd_bus_error_setf(&error, RHV_ERROR_INVALID_ARGUMENT, "That is nothing %s does", name);
        if (r < 0 && !sd_bus_error_is_set(&error))
                (void) bus_error_errno(&error, r, "It cannot be done");
        answer = r < 0 ? json_pack("{s:i, s:s, s:s}", "r", r, "error", error.name, "message", error.message) : json_pack("{s:i}", "r", 0);
        return send_packet(fd, answer, result);
}

int helper_main(const char *name, helper_serve_t serve) {
        struct ucred peer;
        socklen_t size = sizeof(peer);
        int r;

        log_open(name);
        (void) umask(0022);
        if (getsockopt(STDIN_FILENO, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0) {
                fprintf(stderr, "usage: %s, started by systemd for a connection to its socket\n", name);
                return 2;
        }
        if (peer.uid != 0) {
                log_warning_errno(-EACCES, "Refused to serve user %u", (unsigned)peer.uid);
                return EXIT_FAILURE;
        }
        r = serve_one(STDIN_FILENO, name, serve);
        if (r < 0) {
                log_warning_errno(r, "Cannot do what was asked");
                return EXIT_FAILURE;
        }
        return EXIT_SUCCESS;
}
