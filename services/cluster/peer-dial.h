/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * One ssh to a peer, as Cluster sees it: a descriptor for the bytes, and at the end a reason. Who runs it is rhv-peer-dial, in a unit of its
 * own with a network and without root's files; it ends when this is freed, or when Cluster dies.
 */

#include "macro.h"
#include "peer-dial-request.h"

typedef struct PeerDial PeerDial;

/* ssh has ended. said: its last line or the bridge's; status: its exit status, -1 where there was none. The owner frees it then or later. */
typedef void (*peer_dial_ended_t)(PeerDial *dial, int status, const char *said, void *userdata);

/* path: of the dialler's socket. stream: ssh's stdin and stdout; closed here. Return: 0 or a negative errno. */
int peer_dial_new(sd_event *event, const char *path, const PeerDialRequest *request, int stream, peer_dial_ended_t ended,
                  void *userdata, PeerDial **ret);
/* Ends ssh without a word. */
PeerDial *peer_dial_free(PeerDial *dial);
DEFINE_CLEANUP(PeerDial *, peer_dial_free)
