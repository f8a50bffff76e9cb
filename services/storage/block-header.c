/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "block-header.h"

#include <pthread.h>
#include <stdatomic.h>

#include "bus-error.h"

typedef struct Reading {
        const BlockPeek *peek;
        BlockHeader *headers;
        size_t n;
        atomic_size_t next;   /* to be read */
        atomic_bool exhausted; /* out of memory */
} Reading;

static int read_header(const BlockPeek *peek, BlockHeader *header, void *buffer) {
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        VolumeLook *look = &header->look;
        int r;

        r = block_peek_read(peek, header->volume, 0, buffer, QCOW2_LOOK_BYTES, &error);
        look->looked = r >= 0;
        look->is_qcow2 = r >= 0 && qcow2_has_magic(buffer, QCOW2_LOOK_BYTES);
        if (look->is_qcow2)
                r = qcow2_header_read(buffer, QCOW2_LOOK_BYTES, &look->qcow2, &error);
        if (r < 0 && r != -ENOMEM) {
                look->trouble = strdup(error.message ?: "unreadable");
                r = look->trouble ? 0 : -ENOMEM;
        }
        return r;
}

static void *read_headers(void *argument) {
        Reading *reading = argument;
        _cleanup_free_ void *buffer = malloc(QCOW2_LOOK_BYTES);
        size_t i;

        if (!buffer)
                atomic_store(&reading->exhausted, true);
        while (!atomic_load(&reading->exhausted) && (i = atomic_fetch_add(&reading->next, 1)) < reading->n)
                if (read_header(reading->peek, &reading->headers[i], buffer) < 0)
                        atomic_store(&reading->exhausted, true);
        return NULL;
}

/* Where a thread cannot be made, the others do its work. */
int block_headers_read(const BlockPeek *peek, BlockHeader *headers, size_t n) {
        Reading reading = {.peek = peek, .headers = headers, .n = n};
        pthread_t threads[BLOCK_HEADER_THREADS - 1];
        size_t k = 0;

        while (k < ELEMENTSOF(threads) && k + 1 < n && pthread_create(&threads[k], NULL, read_headers, &reading) == 0)
                k++;
        (void) read_headers(&reading);
        while (k > 0)
                (void) pthread_join(threads[--k], NULL);
        return atomic_load(&reading.exhausted) ? -ENOMEM : 0;
}
