/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "peer-join.h"

#include <stdio.h>
#include <sys/random.h>

#include "bus-error.h"
#include "parse-util.h"

#define LABEL_REQUEST "rhv-join-request"
#define LABEL_ANSWER "rhv-join-answer"

/* The mac of an object: of its canonical text with what only the two know beside it. */
static int object_mac(const uint8_t *secret, const char *label, const json_t *object, const json_t *beside,
                      char ret[static PEER_HASH_STRING_MAX]) {
        _cleanup_json_ json_t *copy = json_copy((json_t *)object);
        _cleanup_free_ char *text = NULL;

        if (!copy)
                return -ENOMEM;
        (void) json_object_del(copy, "mac");
        if (json_object_set(copy, "beside", (json_t *)beside) < 0)
                return -ENOMEM;
        text = json_dumps(copy, JSON_COMPACT | JSON_SORT_KEYS);
        if (!text)
                return -ENOMEM;
        peer_mac(secret, label, text, ret);
        explicit_bzero(text, strlen(text));
        return 0;
}

static json_t *token_facts(const char *address, uint16_t port, const char *host_key, uint64_t expires_usec) {
        return json_pack("{s:s, s:i, s:s, s:I}", "address", address, "port", (int)port, "host_key", host_key, "expires",
                         (json_int_t)expires_usec);
}

int peer_join_request(const PeerToken *token, const PeerSelf *self, char **ret, char ret_mac[static PEER_HASH_STRING_MAX]) {
        _cleanup_json_ json_t *object = NULL, *facts = token_facts(token->address, token->port, token->host_key, token->expires_usec);
        uint8_t nonce[16];
        char nonce_text[2 * sizeof nonce + 1], secret[64];
        int r;

        if (getrandom(nonce, sizeof nonce, 0) != sizeof nonce)
                return -EIO;
        for (size_t i = 0; i < sizeof nonce; i++)
                (void) snprintf(nonce_text + 2 * i, 3, "%02x", nonce[i]);
        peer_secret_write(token->secret, secret);
        object = json_pack("{s:s, s:s, s:s, s:s, s:s, s:i, s:s, s:s, s:s}", "token", token->id, "secret", secret, "id", self->id, "name",
                           self->name, "address", self->address ?: "", "port", (int)self->port, "key", self->key, "host_key",
                           self->host_key, "nonce", nonce_text);
        explicit_bzero(secret, sizeof secret);
        if (!object || !facts)
                return -ENOMEM;
        r = object_mac(token->secret, LABEL_REQUEST, object, facts, ret_mac);
        if (r < 0)
                return r;
        if (json_object_set_new(object, "mac", json_string(ret_mac)) < 0)
                return -ENOMEM;
        *ret = json_dumps(object, JSON_COMPACT | JSON_SORT_KEYS);
        return *ret ? 0 : -ENOMEM;
}

static int garbage(sd_bus_error *error) {
        (void) sd_bus_error_set(error, RHV_ERROR_BAD_FORMAT, "This is no request to join");
        return -EBADMSG;
}

static int no_such_token(sd_bus_error *error) {
        (void) sd_bus_error_set(error, RHV_ERROR_ACCESS_DENIED, "There is no such token here");
        return -EACCES;
}

static PeerTokenRecord *find_record(PeerTokenRecord *records, size_t n, const char *id) {
        for (size_t i = 0; i < n; i++)
                if (streq(records[i].id, id))
                        return records + i;
        return NULL;
}

static const char *text_of(const json_t *object, const char *key) {
        return json_string_value(json_object_get(object, key)) ?: "";
}

int peer_join_check(const char *line, const char *from, PeerTokenRecord *records, size_t n_records, uint64_t now_usec,
                    PeerTokenRecord **ret_record, PeerHost **ret_host, uint8_t ret_secret[static PEER_TOKEN_SECRET_BYTES],
                    char ret_mac[static PEER_HASH_STRING_MAX], sd_bus_error *error) {
        _cleanup_json_ json_t *object = json_loads(line, JSON_REJECT_DUPLICATES, NULL), *facts = NULL;
        char hash[PEER_HASH_STRING_MAX];
        PeerTokenRecord *record;
        const char *address;
        json_int_t port;
        int r;

        if (!json_is_object(object) || peer_secret_read(text_of(object, "secret"), ret_secret) < 0)
                return garbage(error);
        record = find_record(records, n_records, text_of(object, "token"));
        peer_secret_hash(ret_secret, hash);
        if (!record || !peer_mac_equal(hash, record->hash))
                return no_such_token(error);
        if (record->used) {
                (void) sd_bus_error_set(error, RHV_ERROR_ALREADY_USED, "The token was used before: make a new one on a member");
                return -EALREADY;
        }
        if (now_usec >= record->expires_usec) {
                (void) sd_bus_error_set(error, RHV_ERROR_EXPIRED, "The token has expired: make a new one on a member");
                return -ETIME;
        }
        facts = token_facts(record->address, record->port, record->host_key, record->expires_usec);
        r = facts ? object_mac(ret_secret, LABEL_REQUEST, object, facts, ret_mac) : -ENOMEM;
        if (r < 0)
                return r;
        if (!peer_mac_equal(text_of(object, "mac"), ret_mac)) {
                (void) sd_bus_error_set(error, RHV_ERROR_BAD_FORMAT, "The request or its token was altered on its way");
                return -EBADMSG;
        }

        port = json_integer_value(json_object_get(object, "port"));
        address = text_of(object, "address");
        if (port < 1 || port > UINT16_MAX)
                return garbage(error);
        r = peer_host_new(text_of(object, "id"), text_of(object, "name"), isempty(address) ? from : address, (uint16_t)port,
                          text_of(object, "key"), text_of(object, "host_key"), true, ret_host);
        if (r == -EINVAL)
                return garbage(error);
        if (r < 0)
                return r;
        *ret_record = record;
        return 0;
}

int peer_join_answer(const uint8_t secret[static PEER_TOKEN_SECRET_BYTES], const char *request_mac, const PeerSelf *self, char **ret) {
        _cleanup_json_ json_t *object = json_pack("{s:s, s:s, s:s}", "id", self->id, "name", self->name, "key", self->key);
        _cleanup_json_ json_t *beside = json_string(request_mac);
        char mac[PEER_HASH_STRING_MAX];
        int r;

        if (!object || !beside)
                return -ENOMEM;
        r = object_mac(secret, LABEL_ANSWER, object, beside, mac);
        if (r < 0)
                return r;
        if (json_object_set_new(object, "mac", json_string(mac)) < 0)
                return -ENOMEM;
        *ret = json_dumps(object, JSON_COMPACT | JSON_SORT_KEYS);
        return *ret ? 0 : -ENOMEM;
}

int peer_join_answer_check(const char *line, const PeerToken *token, const char *request_mac, PeerHost **ret, sd_bus_error *error) {
        _cleanup_json_ json_t *object = json_loads(line, JSON_REJECT_DUPLICATES, NULL), *beside = json_string(request_mac);
        char mac[PEER_HASH_STRING_MAX];
        int r;

        if (!json_is_object(object) || !beside || object_mac(token->secret, LABEL_ANSWER, object, beside, mac) < 0 ||
            !peer_mac_equal(text_of(object, "mac"), mac) || !streq(text_of(object, "id"), token->host_id)) {
                (void) sd_bus_error_set(error, RHV_ERROR_BAD_FORMAT, "The answer of the member was altered on its way");
                return -EBADMSG;
        }
        r = peer_host_new(token->host_id, text_of(object, "name"), token->address, token->port, text_of(object, "key"), token->host_key,
                          false, ret);
        if (r == -EINVAL) {
                (void) sd_bus_error_set(error, RHV_ERROR_BAD_FORMAT, "The answer of the member makes no sense");
                return -EBADMSG;
        }
        return r;
}
