/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The lines that stand before the bytes of a peer, and what a peer may ask of the bridge. Pure.
 *
 *   peer ──ssh──> bridge ──unix──> Cluster
 *                   │   "bus <host id>\n"               who is there, from the key sshd checked: the bridge writes it before any
 *                   │   "stream <host id> <ticket>\n"    byte of the peer, so no peer can say it is another
 *                   │   "join <address>\n"
 *                   │ <─ "ok\n" or "refused <error name> <text>\n"
 *                   └── from here on bytes pass as they are
 */

#include "macro.h"

#define PEER_FRAME_BYTES_MAX 512U
#define PEER_TICKET_STRING_MAX 65U

typedef enum PeerVerb {
        PEER_VERB_BUS,
        PEER_VERB_STREAM,
        PEER_VERB_ATTACH, /* a stream without the bridge's "ok": for a descriptor whose owner expects nothing but the other end's bytes */
        PEER_VERB_RESTART,
        PEER_VERB_JOIN,
        _PEER_VERB_MAX,
        _PEER_VERB_INVALID = -EINVAL,
} PeerVerb;

typedef struct PeerFrame {
        PeerVerb verb;
        char host_id[37];                    /* "" for join */
        char ticket[PEER_TICKET_STRING_MAX]; /* stream */
        char address[256];                   /* join: where it comes from */
} PeerFrame;

/* 16 to 64 of [0-9a-f]. */
bool peer_ticket_is_valid(const char *s);

/* What a peer asked for in its SSH command: "bus", "join", "stream <ticket>", "attach <ticket>", "restart" or "restart <service>". argument: the ticket
 * or the service ("cluster" where none is named). Return: the verb, or -EINVAL. */
PeerVerb peer_command_parse(const char *command, char argument[static PEER_TICKET_STRING_MAX]);
/* The units a peer may have restarted, and no other. service: "cluster" … Return: NULL for another. */
const char *peer_restart_unit(const char *service);

/* Both with the line's end. Return: 0 or -EINVAL. */
int peer_frame_format(const PeerFrame *frame, char ret[static PEER_FRAME_BYTES_MAX]);
/* line: without its end. */
int peer_frame_parse(const char *line, PeerFrame *ret);

/* "ok" or a refusal, with the line's end. text: may be NULL. */
void peer_answer_format(const char *error_name, const char *text, char ret[static PEER_FRAME_BYTES_MAX]);
/* Return: 0 for ok; -EREMOTEIO with name and text for a refusal; -EBADMSG. */
int peer_answer_parse(const char *line, char ret_name[static 128], char ret_text[static PEER_FRAME_BYTES_MAX]);
