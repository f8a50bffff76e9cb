/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A line that came from another host, or from who says so: as a command, a frame, an answer, a key, a token, a request to join. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "peer-dial-request.h"
#include "peer-frame.h"
#include "peer-join.h"

#define NOW (UINT64_C(1700000000) * USEC_PER_SEC)

static void look_at_words(const char *line) {
        char argument[PEER_TICKET_STRING_MAX], name[128], text[PEER_FRAME_BYTES_MAX], again[PEER_FRAME_BYTES_MAX];
        PeerFrame frame, same;
        PeerVerb verb;

        verb = peer_command_parse(line, argument);
        if (verb == PEER_VERB_RESTART && !peer_restart_unit(argument))
                abort();
        if (verb == PEER_VERB_STREAM && !peer_ticket_is_valid(argument))
                abort();
        if (peer_frame_parse(line, &frame) >= 0) {
                if (peer_frame_format(&frame, again) < 0)
                        abort();
                again[strlen(again) - 1] = 0;
                if (peer_frame_parse(again, &same) < 0 || memcmp(&frame, &same, sizeof frame) != 0)
                        abort();
        }
        if (strlen(line) < PEER_FRAME_BYTES_MAX && peer_answer_parse(line, name, text) == -EREMOTEIO && !startswith(name, "org.rhv.Error."))
                abort();
}

static void look_at_requests(const char *line) {
        char text[PEER_DIAL_BYTES_MAX], key[PEER_KEY_STRING_MAX];
        PeerDialRequest request, same;
        int status;

        if (peer_dial_request_parse(line, &request) >= 0 &&
            (peer_dial_request_format(&request, text) < 0 || peer_dial_request_parse(text, &same) < 0 ||
             memcmp(&request, &same, sizeof request) != 0 || request.address[0] == '-'))
                abort();
        (void) peer_dial_result_parse(line, &status, text);
        if (peer_key_read(line, key) >= 0 && !peer_key_is_valid(key))
                abort();
}

static void look_at_token(const char *line) {
        _cleanup_free_ char *text = NULL;
        PeerToken token, same;

        if (peer_token_parse(line, NOW, &token, NULL) < 0)
                return;
        if (peer_token_format(&token, &text) < 0 || peer_token_parse(text, NOW, &same, NULL) < 0 || memcmp(&token, &same, sizeof token) != 0)
                abort();
}

/* The token in question has a secret of zeros. */
static void look_at_join(const char *line) {
        uint8_t secret[PEER_TOKEN_SECRET_BYTES] = { 0 };
        PeerTokenRecord record = { .id = "0000000000000000", .address = "host1", .port = 22, .expires_usec = NOW + 1 }, *found = NULL;
        _cleanup_(peer_host_freep) PeerHost *host = NULL;
        char mac[PEER_HASH_STRING_MAX];

        peer_secret_hash(secret, record.hash);
        peer_key_from_bytes(secret, record.host_key);
        if (peer_join_check(line, "10.0.0.2", &record, 1, NOW, &found, &host, secret, mac, NULL) >= 0 &&
            (!host || found != &record || !peer_key_is_valid(host->key) || !peer_address_is_valid(host->address)))
                abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_free_ char *line = malloc(size + 1);

        if (!line)
                return 0;
        memcpy(line, data, size);
        line[size] = 0;
        look_at_words(line);
        look_at_requests(line);
        look_at_token(line);
        look_at_join(line);
        return 0;
}
