/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The time, in microseconds. Code that decides is given it and asks no clock. */

#include <time.h>

#include "macro.h"

uint64_t clock_usec(clockid_t clock);

/* For durations and deadlines: never set, stands still while the machine sleeps. */
static inline _unused_ uint64_t monotonic_usec(void) {
        return clock_usec(CLOCK_MONOTONIC);
}
/* For people, and for what outlives a boot: since 1970, may be set back. */
static inline _unused_ uint64_t realtime_usec(void) {
        return clock_usec(CLOCK_REALTIME);
}
