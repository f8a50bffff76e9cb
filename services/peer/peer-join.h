/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What a new host and a member say to each other, once: a request line and an answer line, JSON objects.
 *
 *   new host ── {token, secret, id, name, address, port, key, host_key, nonce, mac} ──> member      (through SSH, whose host key the
 *            <── {id, name, key, mac} ─────────────────────────────────────────────               token named)
 *
 * The member keeps only a hash of the secret: it learns the secret from the request, after the new host made sure by the host key that it
 * speaks to nobody else. Each mac is an HMAC under the secret: of all that is said, of what the new host read in its token (so an altered
 * token is found out by the member too), and in the answer of the request. Neither side takes a key that the other did not so vouch for. Pure.
 */

#include "peer-hosts.h"
#include "peer-token.h"

#define PEER_JOIN_BYTES_MAX 4096U

/* What a host says of itself. Strings borrowed. */
typedef struct PeerSelf {
        const char *id, *name, *key, *host_key;
        const char *address; /* "" : as the member sees it */
        uint16_t port;
} PeerSelf;

/* ret: one line without its end, which is a secret; ret_mac: what the answer is bound to. */
int peer_join_request(const PeerToken *token, const PeerSelf *self, char **ret, char ret_mac[static PEER_HASH_STRING_MAX]);

/* Does the request hold? records: what is known of tokens. ret_record: the token that was redeemed, for the caller to mark as used.
 * ret_host: the new host; from: the address it came from, taken where it gives none. ret_secret and ret_mac: for the answer.
 * Return: 0; negative with AccessDenied (no such token, or another secret), AlreadyUsed, Expired or BadFormat (garbage, altered) set. */
int peer_join_check(const char *line, const char *from, PeerTokenRecord *records, size_t n_records, uint64_t now_usec,
                    PeerTokenRecord **ret_record, PeerHost **ret_host, uint8_t ret_secret[static PEER_TOKEN_SECRET_BYTES],
                    char ret_mac[static PEER_HASH_STRING_MAX], sd_bus_error *error);

/* ret: one line without its end. */
int peer_join_answer(const uint8_t secret[static PEER_TOKEN_SECRET_BYTES], const char *request_mac, const PeerSelf *self, char **ret);
/* What the member said of itself, with the address and the host key of the token. Return: 0; -EBADMSG with BadFormat set. */
int peer_join_answer_check(const char *line, const PeerToken *token, const char *request_mac, PeerHost **ret, sd_bus_error *error);
