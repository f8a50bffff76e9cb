/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The token by which a new host joins: where to go, whom to believe there (the host key of that sshd), until when, and a secret.
 *
 *   rhv1.<base64url of JSON>.<the first bytes of an HMAC of that JSON under the secret, in hex>
 *
 * The member that made it keeps a hash of the secret. Pure but for peer_token_new(), which asks for random bytes.
 */

#include "macro.h"
#include "peer-key.h"

#define PEER_TOKEN_SECRET_BYTES 32U
#define PEER_TOKEN_ID_STRING_MAX 17U
#define PEER_TOKEN_STRING_MAX 1024U
#define PEER_HASH_STRING_MAX 65U

typedef struct PeerToken {
        char id[PEER_TOKEN_ID_STRING_MAX]; /* names it; no secret */
        char host_id[37];                  /* of the member */
        char address[256];
        uint16_t port;
        char host_key[PEER_KEY_STRING_MAX];
        uint64_t expires_usec; /* since 1970, whole seconds */
        uint8_t secret[PEER_TOKEN_SECRET_BYTES];
} PeerToken;

/* What the member remembers of one. */
typedef struct PeerTokenRecord {
        char id[PEER_TOKEN_ID_STRING_MAX];
        char hash[PEER_HASH_STRING_MAX]; /* of the secret */
        char address[256];
        uint16_t port;
        char host_key[PEER_KEY_STRING_MAX];
        uint64_t expires_usec;
        bool used;
} PeerTokenRecord;

int peer_token_new(const char *host_id, const char *address, uint16_t port, const char *host_key, uint64_t expires_usec,
                   PeerToken *ret);
/* Wipes the secret. */
void peer_token_done(PeerToken *token);
#define _cleanup_peer_token_ _cleanup_(peer_token_done)

/* ret: new string, a secret. */
int peer_token_format(const PeerToken *token, char **ret);
/* Return: 0; -EBADMSG with BadFormat set: not a token, cut, altered; -ETIME with Expired set. */
int peer_token_parse(const char *text, uint64_t now_usec, PeerToken *ret, sd_bus_error *error);
void peer_token_record(const PeerToken *token, PeerTokenRecord *ret);
void peer_secret_hash(const uint8_t secret[static PEER_TOKEN_SECRET_BYTES], char ret[static PEER_HASH_STRING_MAX]);

/* HMAC-SHA256 of a label and a text under the secret, in hex. */
void peer_mac(const uint8_t secret[static PEER_TOKEN_SECRET_BYTES], const char *label, const char *text,
              char ret[static PEER_HASH_STRING_MAX]);
/* In a time that does not depend on where they differ. */
bool peer_mac_equal(const char *a, const char *b);
/* base64url without padding, and back. */
int peer_secret_read(const char *text, uint8_t ret[static PEER_TOKEN_SECRET_BYTES]);
void peer_secret_write(const uint8_t secret[static PEER_TOKEN_SECRET_BYTES], char ret[static 64]);
