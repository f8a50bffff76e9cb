/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The lines a caller passes by file descriptor. */

#include <assert.h>

#include "fuzz.h"
#include "secrets.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_(secrets_freep) Secrets *secrets = NULL;
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_free_ char *scrubbed = NULL, *text = strndup((const char *)data, size);

        assert(text);
        if (secrets_parse((const char *)data, size, &secrets, &error) < 0) {
                assert(!secrets);
                return 0;
        }
        for (size_t i = 0; i < secrets->n; i++) {
                assert(*secrets->items[i].name);
                assert(!strpbrk(secrets->items[i].value, "\n\r"));
        }
        scrubbed = secrets_scrub(secrets, text);
        assert(scrubbed);
        return 0;
}
