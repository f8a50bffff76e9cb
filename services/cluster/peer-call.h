/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * One short word with a peer by a connection of its own: a command for its bridge, a line to say at most, and what it answers. For what
 * must work without a link: to join, and to have a service restarted there while Cluster is dead.
 */

#include "macro.h"
#include "peer-dial-request.h"

typedef struct PeerCall PeerCall;

/* answer: its first line, "" for none; or NULL with error set (as peer_dial_error() names it, or Timeout). Once; the call is freed after. */
typedef void (*peer_call_done_t)(const char *answer, const sd_bus_error *error, void *userdata);

/* path: of the dialler's socket. line: said first, copied, without its end; NULL for none. */
int peer_call_new(sd_event *event, const char *path, const PeerDialRequest *request, const char *line, uint64_t deadline_usec,
                  peer_call_done_t done, void *userdata, PeerCall **ret);
/* done is not called. */
PeerCall *peer_call_free(PeerCall *call);
DEFINE_CLEANUP(PeerCall *, peer_call_free)
