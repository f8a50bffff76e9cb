/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "peer-key.h"

#include <stdio.h>

#include <nettle/base64.h>

/* What SSH encodes: two strings, each behind its length in four bytes: the type and the key. */
static const uint8_t blob_head[] = { 0, 0, 0, 11, 's', 's', 'h', '-', 'e', 'd', '2', '5', '5', '1', '9', 0, 0, 0, PEER_KEY_BYTES };
#define BLOB_BYTES (sizeof(blob_head) + PEER_KEY_BYTES)
#define BLOB_CHARACTERS 68U

int peer_key_bytes(const char *key, uint8_t ret[static PEER_KEY_BYTES]) {
        const char *text = startswith(key, PEER_KEY_TYPE " ");
        struct base64_decode_ctx context;
        uint8_t blob[BASE64_DECODE_LENGTH(BLOB_CHARACTERS)];
        size_t size = sizeof blob;

        if (!text || strlen(text) != BLOB_CHARACTERS)
                return -EBADMSG;
        base64_decode_init(&context);
        if (!base64_decode_update(&context, &size, blob, BLOB_CHARACTERS, text) || !base64_decode_final(&context) ||
            size != BLOB_BYTES || memcmp(blob, blob_head, sizeof blob_head) != 0)
                return -EBADMSG;

        memcpy(ret, blob + sizeof blob_head, PEER_KEY_BYTES);
        return 0;
}

void peer_key_from_bytes(const uint8_t bytes[static PEER_KEY_BYTES], char ret[static PEER_KEY_STRING_MAX]) {
        uint8_t blob[BLOB_BYTES];
        char text[BASE64_ENCODE_RAW_LENGTH(BLOB_BYTES) + 1] = "";

        memcpy(blob, blob_head, sizeof blob_head);
        memcpy(blob + sizeof blob_head, bytes, PEER_KEY_BYTES);
        base64_encode_raw(text, sizeof blob, blob);
        (void) snprintf(ret, PEER_KEY_STRING_MAX, PEER_KEY_TYPE " %s", text);
}

bool peer_key_is_valid(const char *key) {
        uint8_t bytes[PEER_KEY_BYTES];
        char again[PEER_KEY_STRING_MAX];

        if (peer_key_bytes(key, bytes) < 0)
                return false;
        peer_key_from_bytes(bytes, again); /* base64 has spellings with white space, and with bits nobody reads */
        return streq(key, again);
}

int peer_key_read(const char *line, char ret[static PEER_KEY_STRING_MAX]) {
        char key[PEER_KEY_STRING_MAX];
        size_t length = sizeof PEER_KEY_TYPE + BLOB_CHARACTERS;

        if (strnlen(line, length) < length || !strchr(" \n\r", line[length]))
                return -EBADMSG;
        memcpy(key, line, length);
        key[length] = 0;
        if (!peer_key_is_valid(key))
                return -EBADMSG;

        memcpy(ret, key, sizeof key);
        return 0;
}
