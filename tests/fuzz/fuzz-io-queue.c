/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Any text as the kernel's statistics of mounts, as the options of one, and as what multipathd says: the limit that comes out is one, or not known. */

#include "fuzz.h"

#include "scsi-queue.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_free_ char *text = strndup((const char *)data, size), *why = NULL;
        const LeaseTimes times = lease_times(LEASE_IO_TIMEOUT_SEC);
        IoQueue queue;

        if (!text)
                return 0;
        queue = io_queue_of_mount("nfs4", text, nfs_lease_sec(text, "/m"));
        if (queue.endless && io_queue_limit_usec(&queue) != 0)
                abort();
        if (!queue.endless && queue.request_usec > 0 && queue.connection_usec == 0)
                abort();
        why = io_queue_reason(&queue, &times);
        queue = io_queue_of_multipath(&(IoQueue){.waits = true, .request_usec = USEC_PER_SEC}, text, "dm-0", text);
        if (io_queue_limit_usec(&queue) > 0 && io_queue_limit_usec(&queue) < USEC_PER_SEC)
                abort();
        return 0;
}
