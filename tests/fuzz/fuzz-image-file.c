/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The first bytes of a file somebody wants to upload. */

#include "fuzz.h"

#include "image-file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        ImageFile image = { 0 };
        int r = image_header_parse(data, size, size, &image);

        if (r < 0 ? r != -EBADMSG && r != -ELOOP : image.capacity_bytes > INT64_MAX || !image.format)
                abort();
        return 0;
}
