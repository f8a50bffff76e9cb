/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The tokens this member has given out: no secret of any, only what tells a true one, until a day after it expired. */

#include "macro.h"
#include "peer-token.h"

#define PEER_TOKENS_MAX 32U
#define PEER_TOKEN_LIFETIME_USEC (15 * 60 * USEC_PER_SEC)
#define PEER_TOKEN_LIFETIME_MIN_USEC (1 * USEC_PER_SEC)
#define PEER_TOKEN_LIFETIME_MAX_USEC (UINT64_C(86400) * USEC_PER_SEC)
/* So long it is said of a token that it expired or was used; then it is unknown. */
#define PEER_TOKEN_REMEMBERED_USEC (UINT64_C(86400) * USEC_PER_SEC)

typedef struct PeerTokens {
        char *path;
        PeerTokenRecord records[PEER_TOKENS_MAX];
        size_t count;
} PeerTokens;

/* path: of the file, copied. One that cannot be read is an empty one: a lost token is made anew. */
int peer_tokens_load(const char *path, uint64_t now_usec, PeerTokens *ret);
void peer_tokens_done(PeerTokens *tokens);
/* Return: 0; negative with LimitExceeded or a file's error set, and nothing changed. */
int peer_tokens_add(PeerTokens *tokens, const PeerToken *token, uint64_t now_usec, sd_bus_error *error);
/* On disk before it returns: one that was used stays used. */
int peer_tokens_use(PeerTokens *tokens, PeerTokenRecord *record, sd_bus_error *error);
/* Until when the last open one can be redeemed; 0: none. */
uint64_t peer_tokens_open_until(const PeerTokens *tokens, uint64_t now_usec) _pure_;
