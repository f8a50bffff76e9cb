/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "peer-tokens.h"

#include <stdio.h>

#include "bus-error.h"
#include "dict.h"
#include "log.h"
#include "state-file.h"

#define TOKENS_VERSION 1

void peer_tokens_done(PeerTokens *tokens) {
        free(tokens->path);
        *tokens = (PeerTokens){ NULL };
}

static void forget_old(PeerTokens *tokens, uint64_t now) {
        size_t n = 0;

        for (size_t i = 0; i < tokens->count; i++)
                if (tokens->records[i].expires_usec + PEER_TOKEN_REMEMBERED_USEC > now)
                        tokens->records[n++] = tokens->records[i];
        tokens->count = n;
}

static int read_record(const json_t *row, PeerTokenRecord *ret) {
        PeerTokenRecord record = { .used = json_is_true(json_object_get(row, "used")) };
        const char *id = json_string_value(json_object_get(row, "id")), *hash = json_string_value(json_object_get(row, "hash"));
        const char *address = json_string_value(json_object_get(row, "address")), *key = json_string_value(json_object_get(row, "host_key"));
        json_int_t port = json_integer_value(json_object_get(row, "port")), expires = json_integer_value(json_object_get(row, "expires"));

        if (!id || strlen(id) != sizeof record.id - 1 || !hash || strlen(hash) != sizeof record.hash - 1 || !address || !key ||
            !peer_key_is_valid(key) || port < 1 || port > UINT16_MAX || expires < 1)
                return -EBADMSG;
        memcpy(record.id, id, sizeof record.id);
        memcpy(record.hash, hash, sizeof record.hash);
        memcpy(record.host_key, key, sizeof record.host_key);
        (void) snprintf(record.address, sizeof record.address, "%s", address);
        record.port = (uint16_t)port;
        record.expires_usec = (uint64_t)expires;
        *ret = record;
        return 0;
}

int peer_tokens_load(const char *path, uint64_t now_usec, PeerTokens *ret) {
        _cleanup_json_ json_t *file = NULL;
        PeerTokens tokens = { .path = strdup(path) };
        json_t *row;
        size_t i;
        int r;

        if (!tokens.path)
                return -ENOMEM;
        r = state_file_load(path, TOKENS_VERSION, &file);
        if (r < 0 && r != -ENOENT)
                log_warning_errno(r, "Tokens for joining were lost: %s", path);
        json_array_foreach(json_object_get(file, "tokens"), i, row)
                if (tokens.count < PEER_TOKENS_MAX && read_record(row, &tokens.records[tokens.count]) >= 0)
                        tokens.count++;
        forget_old(&tokens, now_usec);
        *ret = tokens;
        return 0;
}

static int save(const PeerTokens *tokens, sd_bus_error *error) {
        _cleanup_json_ json_t *rows = json_array(), *file = NULL;
        int r;

        for (size_t i = 0; i < tokens->count; i++) {
                const PeerTokenRecord *record = &tokens->records[i];
                json_t *row = json_pack("{s:s, s:s, s:s, s:i, s:s, s:I, s:b}", "id", record->id, "hash", record->hash, "address",
                                        record->address, "port", (int)record->port, "host_key", record->host_key, "expires",
                                        (json_int_t)record->expires_usec, "used", (int)record->used);

                if (json_array_append_new(rows, row) < 0)
                        return -ENOMEM;
        }
        file = json_pack("{s:O}", "tokens", rows);
        if (!file)
                return -ENOMEM;
        r = state_file_save(tokens->path, file, TOKENS_VERSION);
        return r < 0 ? bus_error_errno(error, r, "Cannot keep the token") : 0;
}

int peer_tokens_add(PeerTokens *tokens, const PeerToken *token, uint64_t now_usec, sd_bus_error *error) {
        int r;

        forget_old(tokens, now_usec);
        /* what is over makes room, the oldest first */
        for (size_t i = 0; tokens->count == PEER_TOKENS_MAX && i < tokens->count; i++)
                if (tokens->records[i].used || tokens->records[i].expires_usec <= now_usec) {
                        memmove(tokens->records + i, tokens->records + i + 1, (tokens->count - i - 1) * sizeof *tokens->records);
                        tokens->count--;
                }
        if (tokens->count == PEER_TOKENS_MAX)
                return sd_bus_error_setf(error, RHV_ERROR_LIMIT_EXCEEDED, "%u tokens are open already: use them, or wait until one expires",
                                         PEER_TOKENS_MAX);
        peer_token_record(token, &tokens->records[tokens->count++]);
        r = save(tokens, error);
        if (r < 0)
                tokens->count--;
        return r;
}

int peer_tokens_use(PeerTokens *tokens, PeerTokenRecord *record, sd_bus_error *error) {
        int r;

        record->used = true;
        r = save(tokens, error);
        if (r < 0)
                record->used = false;
        return r;
}

uint64_t peer_tokens_open_until(const PeerTokens *tokens, uint64_t now_usec) {
        uint64_t until = 0;

        for (size_t i = 0; i < tokens->count; i++) {
                const PeerTokenRecord *record = &tokens->records[i];

                if (!record->used && record->expires_usec > now_usec && record->expires_usec > until)
                        until = record->expires_usec;
        }
        return until;
}
