/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Both ends of the connection over which structural work is asked for. One request, end of file, one answer, end of file. */

#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "bus-error.h"
#include "fault-point.h"
#include "lease-request.h"
#include "structural.h"

/* Doubled as often as is needed, up to STRUCTURAL_BYTES_MAX. */
#define FIRST_BYTES (64 * KIB)

static int send_all(int fd, const char *text, size_t size) {
        while (size > 0) {
                ssize_t n = send(fd, text, size, MSG_NOSIGNAL);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return -errno;
                text += n;
                size -= (size_t)n;
        }
        return 0;
}

static int send_json(int fd, const json_t *object) {
        _cleanup_free_ char *text = object ? json_dumps(object, JSON_COMPACT) : NULL;
        int r;

        if (!text)
                return -ENOMEM;
        r = send_all(fd, text, strlen(text));
        if (r >= 0 && shutdown(fd, SHUT_WR) < 0)
                r = -errno;
        return r;
}

/* Until end of file. Return: 0; -EBADMSG, also for nothing at all; -EFBIG; another errno. */
static int receive_json(int fd, json_t **ret) {
        _cleanup_free_ char *text = NULL;
        size_t size = 0, room = 0;

        for (;;) {
                ssize_t n;

                if (size == room) {
                        char *larger;

                        if (room == STRUCTURAL_BYTES_MAX)
                                return -EFBIG;
                        room = room > 0 ? 2 * room : FIRST_BYTES;
                        larger = realloc(text, room);
                        if (!larger)
                                return -ENOMEM;
                        text = larger;
                }
                n = recv(fd, text + size, room - size, 0);
                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return -errno;
                if (n == 0)
                        break;
                size += (size_t)n;
        }
        *ret = json_loadb(text, size, 0, NULL);
        return *ret ? 0 : -EBADMSG;
}

static int not_held(Io *io) {
        sd_bus_error_setf(&io->error, RHV_ERROR_INVALID_STATE, "This host does not hold the lease of domain %s", io->place.id);
        return -ESTALE;
}

int structural_call(Io *io) {
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        _cleanup_json_ json_t *request = NULL, *answer = NULL;
        _cleanup_close_ int fd = -EBADF;
        int r;

        if ((size_t)snprintf(address.sun_path, sizeof(address.sun_path), "%s/" LEASE_WORK_SOCKET, io->lease_directory) >=
            sizeof(address.sun_path))
                return -ENAMETOOLONG;
        fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (fd < 0)
                return -errno;
        if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
                return not_held(io);
        request = structural_request(io);
        r = send_json(fd, request);
        if (r >= 0)
                r = receive_json(fd, &answer);
        if (r == -ENOMEM)
                return r;
        if (r < 0) {
                /* Refused before it began, or killed with the lease. What it left is found and cleared by who holds the lease next. */
                sd_bus_error_setf(&io->error, RHV_ERROR_INTERRUPTED, "The work on domain %s was cut off; its lease is lost or was released",
                                  io->place.id);
                return -ECONNABORTED;
        }
        return structural_answer_read(answer, io);
}

int structural_serve(int fd, uint64_t version) {
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_json_ json_t *request = NULL, *answer = NULL;
        _cleanup_(io_freep) Io *io = NULL;
        int r;

        r = receive_json(fd, &request);
        if (r < 0)
                return r;
        r = structural_request_read(request, &io, &error);
        if (r < 0)
                return r;
        io->asker_fd = fd;
        FAULT_WORK(structural_word(io->run));
        r = io->lease_version == version ? io->run(io) : not_held(io);
        if (r < 0 && !sd_bus_error_is_set(&io->error))
                bus_error_errno(&io->error, r, "Structural work failed");
        answer = structural_answer(io, r);
        return send_json(fd, answer);
}
