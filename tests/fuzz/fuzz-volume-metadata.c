/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Any bytes as a volume's .meta: refused with a reason, or what is written for it reads the same. */

#include "fuzz.h"

#include "volume-metadata.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        char text[VOLUME_METADATA_BYTES_MAX + 1];
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        VolumeMetadata m, again;
        int n;

        if (volume_metadata_parse((const char *)data, size, "fuzz", &m, &error) < 0) {
                if (!error.message)
                        abort();
                return 0;
        }
        n = volume_metadata_format(&m, 5, text);
        if (n < 0)
                return 0;
        if (volume_metadata_parse(text, (size_t)n, "fuzz", &again, NULL) < 0 || memcmp(&m, &again, sizeof(m)) != 0)
                abort();
        return 0;
}
