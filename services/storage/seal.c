/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <stdio.h>

#include <nettle/sha1.h>

#include "seal.h"
#include "utf8.h"

static void seal_text(struct sha1_ctx *context, const char *text) {
        while (*text) {
                uint32_t code = utf8_next(&text);
                char buffer[16];
                int length;

                if (code < 0x80) {
                        buffer[0] = (char)code;
                        length = 1;
                } else
                        length = snprintf(buffer, sizeof(buffer), "&#%u;", (unsigned)code);
                sha1_update(context, (size_t)length, (const uint8_t *)buffer);
        }
}

void seal_compute(const KeyValueList *list, char ret[static SEAL_STRING_MAX]) {
        uint8_t digest[SHA1_DIGEST_SIZE];
        struct sha1_ctx context;

        sha1_init(&context);
        for (size_t i = 0; i < list->n; i++) {
                if (streq(list->pairs[i].key, SEAL_KEY))
                        continue;
                seal_text(&context, list->pairs[i].key);
                sha1_update(&context, 1, (const uint8_t *)"=");
                seal_text(&context, list->pairs[i].value);
        }
        sha1_digest(&context, sizeof(digest), digest);

        for (size_t i = 0; i < sizeof(digest); i++)
                (void) snprintf(ret + 2 * i, 3, "%02x", digest[i]);
}
