/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "clock-util.h"

uint64_t clock_usec(clockid_t clock) {
        struct timespec now = { 0 };

        /* fails only for a clock that does not exist */
        (void) clock_gettime(clock, &now);
        return (uint64_t)now.tv_sec * USEC_PER_SEC + (uint64_t)now.tv_nsec / 1000;
}
