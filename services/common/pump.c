/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "pump.h"

#include <limits.h>

void pump_poll(const Pump *pump, struct pollfd ret[static 2]) {
        bool may_read = !pump->eof && !pump->broken && pump->end < PUMP_BYTES;
        bool may_write = !pump->broken && pump->begin < pump->end;

        ret[0] = (struct pollfd){ .fd = may_read ? pump->from : -1, .events = POLLIN };
        ret[1] = (struct pollfd){ .fd = may_write ? pump->to : -1, .events = POLLOUT };
}

static int pump_read(Pump *pump, pump_fresh_t fresh, void *userdata) {
        ssize_t n;
        size_t keep;

        n = read(pump->from, pump->data + pump->end, PUMP_BYTES - pump->end);
        if (n < 0 && (errno == EAGAIN || errno == EINTR))
                return 0;
        /* a terminal whose other side is closed says EIO */
        if (n < 0 && errno != EIO && errno != ECONNRESET)
                return -errno;
        if (n <= 0) {
                pump->eof = true;
                return 1;
        }

        keep = fresh ? fresh(pump, pump->data + pump->end, (size_t)n, userdata) : (size_t)n;
        pump->end += keep;
        return 1;
}

static int pump_write(Pump *pump) {
        size_t size = pump->end - pump->begin;
        ssize_t n;

        /* PIPE_BUF: what a pipe that polls as writable takes at once, also where it is not set to non-blocking */
        n = write(pump->to, pump->data + pump->begin, size < PIPE_BUF || pump->whole ? size : PIPE_BUF);
        if (n < 0 && (errno == EAGAIN || errno == EINTR))
                return 0;
        if (n < 0) {
                pump->broken = true;
                return 1;
        }

        pump->begin += (size_t)n;
        if (pump->begin == pump->end)
                pump->begin = pump->end = 0;
        return 1;
}

int pump_move(Pump *pump, const struct pollfd polled[static 2], pump_fresh_t fresh, void *userdata) {
        int r = 0, k = 0;

        if (polled[0].fd >= 0 && polled[0].revents) {
                r = pump_read(pump, fresh, userdata);
                if (r < 0)
                        return r;
        }
        if (polled[1].fd >= 0 && polled[1].revents)
                k = pump_write(pump);

        return r > 0 || k > 0;
}

bool pump_ended(const Pump *pump) {
        return pump->broken || (pump->eof && pump->begin == pump->end);
}
