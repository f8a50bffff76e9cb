/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Any text as a request for structural work, and as an answer to one. What is read as a request is written as the same. */

#include "fuzz.h"

#include "structural.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_json_ json_t *object = json_loadb((const char *)data, size, 0, NULL), *again = NULL;
        _cleanup_(io_freep) Io *io = NULL, *second = NULL;

        if (!object || structural_request_read(object, &io, NULL) < 0) {
                const DomainPlace place = { .type = domain_type_find("posix"), .path = (char *)"/mnt" };

                io = io_new("fuzz", io_volume_make, &place);
                if (object && io && structural_answer_read(object, io) < 0 && !io->error.message)
                        abort();
                return 0;
        }
        again = structural_request(io);
        if (!again || structural_request_read(again, &second, NULL) < 0 || second->run != io->run ||
            memcmp(&second->request, &io->request, sizeof(io->request)) != 0)
                abort();
        return 0;
}
