/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "peer-token.h"

#include <stdio.h>
#include <sys/random.h>

#include <nettle/base64.h>
#include <nettle/hmac.h>
#include <nettle/memops.h>
#include <nettle/sha2.h>

#include "bus-error.h"
#include "dict.h"
#include "parse-util.h"
#include "peer-hosts.h"

#define PREFIX "rhv1."
/* Enough against a slip of a finger or a cut line; who would alter it on purpose holds the secret. */
#define CHECK_CHARACTERS 16U

static void to_hex(const uint8_t *bytes, size_t size, char *ret) {
        for (size_t i = 0; i < size; i++)
                (void) snprintf(ret + 2 * i, 3, "%02x", bytes[i]);
}

void peer_mac(const uint8_t secret[static PEER_TOKEN_SECRET_BYTES], const char *label, const char *text,
              char ret[static PEER_HASH_STRING_MAX]) {
        struct hmac_sha256_ctx context;
        uint8_t digest[SHA256_DIGEST_SIZE];

        hmac_sha256_set_key(&context, PEER_TOKEN_SECRET_BYTES, secret);
        hmac_sha256_update(&context, strlen(label) + 1, (const uint8_t *)label); /* with its NUL: no label runs into the text */
        hmac_sha256_update(&context, strlen(text), (const uint8_t *)text);
        hmac_sha256_digest(&context, sizeof digest, digest);
        to_hex(digest, sizeof digest, ret);
        explicit_bzero(&context, sizeof context);
}

bool peer_mac_equal(const char *a, const char *b) {
        size_t length = strlen(a);

        return strlen(b) == length && memeql_sec(a, b, length);
}

void peer_secret_hash(const uint8_t secret[static PEER_TOKEN_SECRET_BYTES], char ret[static PEER_HASH_STRING_MAX]) {
        static const char label[] = "rhv-token";
        struct sha256_ctx context;
        uint8_t digest[SHA256_DIGEST_SIZE];

        sha256_init(&context);
        sha256_update(&context, sizeof label, (const uint8_t *)label);
        sha256_update(&context, PEER_TOKEN_SECRET_BYTES, secret);
        sha256_digest(&context, sizeof digest, digest);
        to_hex(digest, sizeof digest, ret);
        explicit_bzero(&context, sizeof context);
}

/* ---- base64url without padding ---- */

static char *encode(const void *bytes, size_t size) {
        struct base64_encode_ctx context;
        char *text = calloc(1, BASE64_ENCODE_LENGTH(size) + BASE64_ENCODE_FINAL_LENGTH + 1);
        size_t length;

        if (!text)
                return NULL;
        base64url_encode_init(&context);
        length = base64_encode_update(&context, text, size, bytes);
        (void) base64_encode_final(&context, text + length);
        text[strcspn(text, "=")] = 0;
        return text;
}

/* Return: bytes with a NUL behind them, or NULL. */
static char *decode(const char *text, size_t length, size_t *ret_size) {
        struct base64_decode_ctx context;
        _cleanup_free_ char *padded = NULL;
        char *bytes;
        size_t size;

        if (strcspn(text, "=\n\r\t ") < length)
                return NULL;
        padded = calloc(1, length + 4);
        bytes = calloc(1, BASE64_DECODE_LENGTH(length + 3) + 1);
        if (!padded || !bytes) {
                free(bytes);
                return NULL;
        }
        memcpy(padded, text, length);
        for (size_t n = length; n % 4; n++)
                padded[n] = '=';
        size = BASE64_DECODE_LENGTH(length + 3);
        base64url_decode_init(&context);
        if (!base64_decode_update(&context, &size, (uint8_t *)bytes, strlen(padded), padded) || !base64_decode_final(&context)) {
                free(bytes);
                return NULL;
        }
        bytes[size] = 0;
        *ret_size = size;
        return bytes;
}

int peer_secret_read(const char *text, uint8_t ret[static PEER_TOKEN_SECRET_BYTES]) {
        size_t size = 0, length = strnlen(text, 64);
        _cleanup_free_ char *bytes = length == 64 ? NULL : decode(text, length, &size);

        if (!bytes || size != PEER_TOKEN_SECRET_BYTES)
                return -EBADMSG;
        memcpy(ret, bytes, PEER_TOKEN_SECRET_BYTES);
        explicit_bzero(bytes, size);
        return 0;
}

void peer_secret_write(const uint8_t secret[static PEER_TOKEN_SECRET_BYTES], char ret[static 64]) {
        _cleanup_free_ char *text = encode(secret, PEER_TOKEN_SECRET_BYTES);

        (void) snprintf(ret, 64, "%s", text ?: "");
        if (text)
                explicit_bzero(text, strlen(text));
}

/* ---- the token ---- */

int peer_token_new(const char *host_id, const char *address, uint16_t port, const char *host_key, uint64_t expires_usec,
                   PeerToken *ret) {
        PeerToken token = { .port = port, .expires_usec = expires_usec / USEC_PER_SEC * USEC_PER_SEC };
        uint8_t id[(PEER_TOKEN_ID_STRING_MAX - 1) / 2];

        if (getrandom(id, sizeof id, 0) != sizeof id ||
            getrandom(token.secret, sizeof token.secret, 0) != sizeof token.secret)
                return -EIO;
        to_hex(id, sizeof id, token.id);
        (void) snprintf(token.host_id, sizeof token.host_id, "%s", host_id);
        (void) snprintf(token.address, sizeof token.address, "%s", address);
        (void) snprintf(token.host_key, sizeof token.host_key, "%s", host_key);
        *ret = token;
        peer_token_done(&token);
        return 0;
}

void peer_token_done(PeerToken *token) {
        explicit_bzero(token->secret, sizeof token->secret);
}

void peer_token_record(const PeerToken *token, PeerTokenRecord *ret) {
        *ret = (PeerTokenRecord){ .port = token->port, .expires_usec = token->expires_usec };
        memcpy(ret->id, token->id, sizeof ret->id);
        memcpy(ret->address, token->address, sizeof ret->address);
        memcpy(ret->host_key, token->host_key, sizeof ret->host_key);
        peer_secret_hash(token->secret, ret->hash);
}

int peer_token_format(const PeerToken *token, char **ret) {
        _cleanup_json_ json_t *object = NULL;
        _cleanup_free_ char *text = NULL, *encoded = NULL;
        char secret[64], mac[PEER_HASH_STRING_MAX], *whole;

        peer_secret_write(token->secret, secret);
        object = json_pack("{s:s, s:s, s:s, s:i, s:s, s:I, s:s}", "i", token->id, "h", token->host_id, "a", token->address, "p",
                           (int)token->port, "k", token->host_key + sizeof PEER_KEY_TYPE, "e",
                           (json_int_t)(token->expires_usec / USEC_PER_SEC), "s", secret);
        explicit_bzero(secret, sizeof secret);
        text = object ? json_dumps(object, JSON_COMPACT | JSON_SORT_KEYS) : NULL;
        encoded = text ? encode(text, strlen(text)) : NULL;
        if (!encoded)
                return -ENOMEM;
        peer_mac(token->secret, "rhv-token-text", text, mac);
        if (asprintf(&whole, PREFIX "%s.%.*s", encoded, (int)CHECK_CHARACTERS, mac) < 0)
                return -ENOMEM;
        explicit_bzero(text, strlen(text));
        explicit_bzero(encoded, strlen(encoded));
        *ret = whole;
        return 0;
}

static int read_payload(const json_t *object, PeerToken *token) {
        const char *id = json_string_value(json_object_get(object, "i")), *host_id = json_string_value(json_object_get(object, "h"));
        const char *address = json_string_value(json_object_get(object, "a")), *key = json_string_value(json_object_get(object, "k"));
        const char *secret = json_string_value(json_object_get(object, "s"));
        json_int_t port = json_integer_value(json_object_get(object, "p")), expires = json_integer_value(json_object_get(object, "e"));

        if (!id || strlen(id) != PEER_TOKEN_ID_STRING_MAX - 1 || !host_id || !uuid_is_valid(host_id) || !address ||
            !peer_address_is_valid(address) || !key || port < 1 || port > UINT16_MAX || expires < 1 ||
            expires > (json_int_t)(INT64_MAX / USEC_PER_SEC) || !secret || peer_secret_read(secret, token->secret) < 0)
                return -EBADMSG;
        (void) snprintf(token->host_key, sizeof token->host_key, PEER_KEY_TYPE " %s", key);
        if (!peer_key_is_valid(token->host_key))
                return -EBADMSG;
        memcpy(token->id, id, sizeof token->id);
        memcpy(token->host_id, host_id, sizeof token->host_id);
        (void) snprintf(token->address, sizeof token->address, "%s", address);
        token->port = (uint16_t)port;
        token->expires_usec = (uint64_t)expires * USEC_PER_SEC;
        return 0;
}

static int parse(const char *text, PeerToken *ret) {
        const char *body = startswith(text, PREFIX), *dot = body ? strchr(body, '.') : NULL;
        _cleanup_free_ char *payload = NULL;
        _cleanup_json_ json_t *object = NULL;
        char mac[PEER_HASH_STRING_MAX];
        size_t size;
        int r;

        if (!dot || strnlen(text, PEER_TOKEN_STRING_MAX) == PEER_TOKEN_STRING_MAX || strlen(dot + 1) != CHECK_CHARACTERS)
                return -EBADMSG;
        payload = decode(body, (size_t)(dot - body), &size);
        object = payload ? json_loadb(payload, size, JSON_REJECT_DUPLICATES, NULL) : NULL;
        r = object ? read_payload(object, ret) : -EBADMSG;
        if (r < 0)
                return r;
        peer_mac(ret->secret, "rhv-token-text", payload, mac);
        mac[CHECK_CHARACTERS] = 0;
        return peer_mac_equal(mac, dot + 1) ? 0 : -EBADMSG;
}

int peer_token_parse(const char *text, uint64_t now_usec, PeerToken *ret, sd_bus_error *error) {
        _cleanup_peer_token_ PeerToken token = { 0 };

        if (parse(text, &token) < 0) {
                (void) sd_bus_error_set(error, RHV_ERROR_BAD_FORMAT, "This is no token, or it was cut or altered on its way");
                return -EBADMSG;
        }
        if (now_usec >= token.expires_usec) {
                (void) sd_bus_error_set(error, RHV_ERROR_EXPIRED, "The token has expired: make a new one on a member");
                return -ETIME;
        }
        *ret = token;
        return 0;
}
