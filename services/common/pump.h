/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Bytes from one descriptor to another through a small buffer, without ever blocking on either. */

#include <poll.h>

#include "macro.h"

#define PUMP_BYTES 32768U

typedef struct Pump {
        int from, to;     /* borrowed */
        bool eof;         /* nothing more comes */
        bool broken;      /* nobody takes it any more */
        bool whole;       /* to is set to non-blocking: all there is may be written at once */
        size_t begin, end;
        char data[PUMP_BYTES];
} Pump;

/* What to wait for: two entries; fd -1 where there is nothing to wait for. */
void pump_poll(const Pump *pump, struct pollfd ret[static 2]);
/* Moves what can be moved. fresh (may be NULL): called with what has just been read; may shorten it (return the length to keep), and
 * by setting eof end the pump. Return: 1 something moved, 0 not, negative errno. */
typedef size_t (*pump_fresh_t)(Pump *pump, char *data, size_t size, void *userdata);
int pump_move(Pump *pump, const struct pollfd polled[static 2], pump_fresh_t fresh, void *userdata);
/* All that came has been handed on, or never can be. */
bool pump_ended(const Pump *pump) _pure_;
