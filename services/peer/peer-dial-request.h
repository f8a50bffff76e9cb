/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * How Cluster has a peer dialled: it connects to PEER_DIAL_PATH (systemd starts one rhv-peer-dial for it), sends one message, a JSON object
 * with the descriptor of the stream, and hears one message when ssh has ended. The connection is a leash: when it closes, ssh is ended. Pure.
 *
 *   {id, address, port, host_key, command}  ──>      <──  {status, error}
 */

#include "macro.h"
#include "peer-key.h"

#define PEER_DIAL_BYTES_MAX 2048U

typedef struct PeerDialRequest {
        char id[37]; /* of the host to reach: its name in known_hosts */
        char address[256];
        uint16_t port;
        char host_key[PEER_KEY_STRING_MAX];
        char command[128]; /* "bus", "stream <ticket>", "attach <ticket>", "restart <service>", "join" */
} PeerDialRequest;

int peer_dial_request_format(const PeerDialRequest *request, char ret[static PEER_DIAL_BYTES_MAX]);
/* Return: 0 or -EBADMSG. */
int peer_dial_request_parse(const char *text, PeerDialRequest *ret);

/* error: what ssh said last, or the bridge. Cut to fit. */
int peer_dial_result_format(int status, const char *error, char ret[static PEER_DIAL_BYTES_MAX]);
int peer_dial_result_parse(const char *text, int *ret_status, char ret_error[static PEER_DIAL_BYTES_MAX]);

/* A name and a sentence for what ssh or the bridge said: "refused org.rhv.Error.X text" as it is; the rest is the way there. */
int peer_dial_error(int status, const char *said, sd_bus_error *error);
/* Of such an error: the host let this one's key in to nothing. */
bool peer_dial_is_stranger(const sd_bus_error *error);
