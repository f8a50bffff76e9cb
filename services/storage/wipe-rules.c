/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "wipe-rules.h"

uint64_t wipe_step_bytes(uint64_t rest_bytes, uint64_t bandwidth) {
        uint64_t step = WIPE_STEP_BYTES;

        if (bandwidth > 0 && bandwidth / 4 < step)
                step = bandwidth / 4 - bandwidth / 4 % WIPE_ALIGNMENT_BYTES;
        if (step < WIPE_ALIGNMENT_BYTES)
                step = WIPE_ALIGNMENT_BYTES;
        return rest_bytes < step ? rest_bytes : step;
}

uint64_t wipe_pause_usec(uint64_t done_bytes, uint64_t elapsed_usec, uint64_t bandwidth) {
        uint64_t due_usec;

        if (bandwidth == 0)
                return 0;
        /* Whole seconds apart: no product leaves 64 bits. */
        due_usec = done_bytes / bandwidth * USEC_PER_SEC + (uint64_t)((double)(done_bytes % bandwidth) * (double)USEC_PER_SEC / (double)bandwidth);
        return due_usec > elapsed_usec ? due_usec - elapsed_usec : 0;
}
