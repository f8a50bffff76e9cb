/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * One connection to a peer: sd-bus between two processes, no bus daemon. Both ends serve org.rhv.Peer at /org/rhv/Peer and call the other's.
 *
 * Which host is at the other end was settled before (ssh's host key where we dialled, the bridge's first line where it came in); Hello
 * only has to agree. What comes over it is from a member, so it is believed, but never waited for: every call has a deadline.
 */

#include "macro.h"

#define PEER_OBJECT "/org/rhv/Peer"
#define PEER_INTERFACE "org.rhv.Peer"
/* Raised when the two sides could not understand each other any more. */
#define PEER_PROTOCOL 1
#define PEER_CALL_USEC (10 * USEC_PER_SEC)

typedef struct PeerSession PeerSession;

typedef struct PeerSessionEvents {
        /* What this side says of itself: a new object. */
        json_t *(*self)(void *userdata);
        /* The other side said Hello (server), or answered ours (client). facts: checked; borrowed. Return: 0; or negative with error set:
         * then the other side hears that, and the owner closes the session soon. */
        int (*hello)(PeerSession *session, const json_t *facts, void *userdata, sd_bus_error *error);
        void (*heard)(PeerSession *session, void *userdata);
        void (*pong)(PeerSession *session, void *userdata);
        /* It is over: ended by the other side, or not what it should be. Once; the owner frees it then or later. */
        void (*closed)(PeerSession *session, const char *reason, void *userdata);
        /* The other side asks for something of a guest or a disk here (peer-serve.h). NULL: nothing is served. As a method's handler. */
        int (*call)(PeerSession *session, sd_bus_message *message, void *userdata, sd_bus_error *error);
} PeerSessionEvents;

/* fd: taken, also on failure. server: it came in. A client says Hello at once. events: static. */
int peer_session_new(sd_event *event, int fd, bool server, const PeerSessionEvents *events, void *userdata, PeerSession **ret);
/* Closes at once, without a word. */
PeerSession *peer_session_free(PeerSession *session);
DEFINE_CLEANUP(PeerSession *, peer_session_free)

sd_bus *peer_session_bus(const PeerSession *session);
/* Asks for a sign of life; pong() is called with it. */
int peer_session_ping(PeerSession *session);
/* Messages that wait to be written. */
uint64_t peer_session_queued(const PeerSession *session);
