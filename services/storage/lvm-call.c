/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Both ends of the connection to rhv-lvm. */

#include "lvm-call.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "bus-error.h"
#include "dict.h"
#include "heir.h"
#include "lvm-argv.h"
#include "lvm.h"
#include "parse-util.h"

/* ---- doing it ---- */

int lvm_run_here(const char *const *argv, int *ret_fd, sd_bus_error *error) {
        _cleanup_close_ int out = memfd_create("lvm", MFD_CLOEXEC);
        int r;

        if (out < 0)
                return -errno;
        r = heir_run_output(argv, argv[0], out, error);
        if (r < 0)
                return r;
        *ret_fd = TAKE_FD(out);
        return 0;
}

int lvm_open_here(const char *path, bool writable, int *ret_fd, sd_bus_error *error) {
        _cleanup_close_ int fd = -EBADF;
        struct stat st;

        /* Below /dev a link is udev's work. */
        fd = open(path, (writable ? O_RDWR | O_DSYNC : O_RDONLY) | O_DIRECT | O_CLOEXEC | O_NONBLOCK);
        if (fd < 0 || fstat(fd, &st) < 0)
                return bus_error_errno(error, -errno, "Cannot open %s", path);
        if (!S_ISBLK(st.st_mode)) {
                sd_bus_error_setf(error, RHV_ERROR_INVALID_ARGUMENT, "%s is not a block device", path);
                return -ENOTBLK;
        }
        *ret_fd = TAKE_FD(fd);
        return 0;
}

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
        if (vector.iov_len > LVM_PACKET_BYTES)
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
        _cleanup_free_ char *text = malloc(LVM_PACKET_BYTES);
        union {
                struct cmsghdr header;
                char bytes[CMSG_SPACE(sizeof(int))];
        } control;
        struct iovec vector = {.iov_base = text, .iov_len = LVM_PACKET_BYTES};
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

static int no_helper(int r, sd_bus_error *error) {
        sd_bus_error_setf(error, RHV_ERROR_BACKEND_UNAVAILABLE, "rhv-lvm does not answer: %s", strerror(-r));
        return -EHOSTDOWN;
}

static int take_answer(const json_t *answer, int *fd, int *ret_fd, sd_bus_error *error) {
        int64_t r = dict_integer(answer, "r", 1);
        const char *name;

        if (r == 0 && *fd >= 0) {
                *ret_fd = TAKE_FD(*fd);
                return 0;
        }
        if (r >= 0 || r < -4095)
                return no_helper(-EBADMSG, error);
        name = dict_string(answer, "error", "");
        (void) sd_bus_error_set(error, startswith(name, RHV_ERROR_PREFIX) ? name : RHV_ERROR_BACKEND_FAILED,
                                dict_string(answer, "message", "no reason was given"));
        return (int)r;
}

/* request: taken. */
static int ask(const char *socket_path, json_t *request, int *ret_fd, sd_bus_error *error) {
        _cleanup_json_ json_t *owned = request, *answer = NULL;
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        _cleanup_close_ int fd = -EBADF, passed = -EBADF;
        int r;

        if (strlen(socket_path) >= sizeof(address.sun_path))
                return -ENAMETOOLONG;
        (void) snprintf(address.sun_path, sizeof(address.sun_path), "%s", socket_path);
        fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
        if (fd < 0)
                return -errno;
        if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
                return no_helper(-errno, error);
        r = send_packet(fd, owned, -EBADF);
        if (r >= 0)
                r = receive_packet(fd, &answer, &passed);
        if (r < 0)
                return no_helper(r, error);
        return take_answer(answer, &passed, ret_fd, error);
}

int lvm_run_there(const char *socket_path, const char *const *argv, int *ret_fd, sd_bus_error *error) {
        json_t *words = json_array();

        for (size_t i = 0; argv[i]; i++)
                if (json_array_append_new(words, json_string(argv[i])) < 0) {
                        json_decref(words);
                        return -ENOMEM;
                }
        return ask(socket_path, json_pack("{s:o}", "run", words), ret_fd, error);
}

int lvm_open_there(const char *socket_path, const char *path, bool writable, int *ret_fd, sd_bus_error *error) {
        return ask(socket_path, json_pack("{s:s, s:b}", "open", path, "writable", writable), ret_fd, error);
}

/* ---- serving ---- */

static int serve_run(const json_t *words, int *ret_fd, sd_bus_error *error) {
        const char *argv[LVM_ARGUMENTS_MAX + 1];
        size_t n = json_array_size(words);

        if (n == 0 || n > LVM_ARGUMENTS_MAX)
                return -EBADMSG;
        for (size_t i = 0; i < n; i++) {
                argv[i] = json_string_value(json_array_get(words, i));
                if (!argv[i])
                        return -EBADMSG;
        }
        argv[n] = NULL;
        return lvm_argv_is_ours(argv) ? lvm_run_here(argv, ret_fd, error) : -EBADMSG;
}

static int serve_request(const json_t *request, int *ret_fd, sd_bus_error *error) {
        const char *path = dict_string(request, "open", NULL);

        if (!path)
                return serve_run(json_object_get(request, "run"), ret_fd, error);
        if (!startswith(path, "/dev/") || !path_is_normal(path))
                return -EBADMSG;
        return lvm_open_here(path, json_is_true(json_object_get(request, "writable")), ret_fd, error);
}

int lvm_serve(int fd) {
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_json_ json_t *request = NULL, *answer = NULL;
        _cleanup_close_ int unwanted = -EBADF, result = -EBADF;
        int r;

        r = receive_packet(fd, &request, &unwanted);
        if (r < 0)
                return r;
        r = serve_request(request, &result, &error);
        if (r == -EBADMSG && !sd_bus_error_is_set(&error))
                sd_bus_error_set(&error, RHV_ERROR_INVALID_ARGUMENT, "That is nothing rhv-lvm does");
        if (r < 0 && !sd_bus_error_is_set(&error))
                (void) bus_error_errno(&error, r, "It cannot be done");
        answer = r < 0 ? json_pack("{s:i, s:s, s:s}", "r", r, "error", error.name, "message", error.message) : json_pack("{s:i}", "r", 0);
        return send_packet(fd, answer, result);
}
