/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What is to be done about the link to one host: when to dial, when to give up, how long to pause, when a peer counts as gone.
 * Pure: told what happened and what time it is (CLOCK_MONOTONIC), it says what to do.
 *
 *      down ── pause over ──> dialling ── Hello answered ──> up
 *       ^  <── no Hello in PEER_LINK_HELLO_USEC, ssh ended ──┘   │
 *       └─── connection ended, silent for PEER_LINK_SILENCE_USEC, reads nothing ──┘
 *      any state: the other side dialled and said Hello ──> up, on that connection (see peer_link_incoming())
 *
 * Timeline of a try: ssh connects and gets the banner in 5 s or gives up, key exchange and authentication take 0.3 s (seen), the
 * bridge waits 5 s for Cluster over there: all within the 15 s of PEER_LINK_HELLO_USEC, so that who failed can say why.
 *
 * Timeline of a peer that freezes right after it answered: 5 s to the next ping, 10 s without its answer: down after 15 s at most. ssh's own
 * keepalive (15 to 20 s) is the second net, and the only one for streams.
 *
 * Pauses between tries: 0.5 s, 1 s, 2 s … 15 s, each longer by up to a quarter so that two hundred hosts do not dial in step. A link that
 * was up for a minute begins again at 0.5 s.
 */

#include "macro.h"

typedef enum PeerLinkState {
        PEER_LINK_DOWN,
        PEER_LINK_DIALLING,
        PEER_LINK_UP,
        _PEER_LINK_STATE_MAX,
        _PEER_LINK_STATE_INVALID = -EINVAL,
} PeerLinkState;
const char *peer_link_state_to_string(PeerLinkState value);
PeerLinkState peer_link_state_from_string(const char *word);

#define PEER_LINK_HELLO_USEC (15 * USEC_PER_SEC)
#define PEER_LINK_PING_USEC (5 * USEC_PER_SEC)
#define PEER_LINK_SILENCE_USEC (10 * USEC_PER_SEC)
#define PEER_LINK_PAUSE_MIN_USEC (500 * USEC_PER_MSEC)
#define PEER_LINK_PAUSE_MAX_USEC (15 * USEC_PER_SEC)
#define PEER_LINK_STEADY_USEC (60 * USEC_PER_SEC)
/* Messages that wait to be written. A healthy peer takes thousands a second: one that has so many before it does not read. */
#define PEER_LINK_QUEUE_MAX 512U

/* What to do now; several at a time. */
typedef enum PeerLinkDo {
        PEER_LINK_DO_DIAL = 1 << 0,
        PEER_LINK_DO_CLOSE = 1 << 1,  /* the connection there is (before any other step) */
        PEER_LINK_DO_ADOPT = 1 << 2,  /* take the incoming one as the connection */
        PEER_LINK_DO_REFUSE = 1 << 3, /* the incoming one */
        PEER_LINK_DO_PING = 1 << 4,
        PEER_LINK_DO_TELL = 1 << 5,   /* the state or its reason changed */
} PeerLinkDo;

typedef struct PeerLink {
        /* what is wanted */
        bool dial;  /* this side dials */
        bool lower; /* the other's id is lower: where both dial at once, its connection stays */
        uint32_t salt; /* spreads the pauses */
        /* what is */
        PeerLinkState state;
        char reason[256]; /* why it is not up */
        bool dropped;     /* the last end was our decision: it was silent or did not read */
        unsigned failures;
        uint64_t since, last_seen, round_trip; /* 0: never */
        /* when to do what; 0: not */
        uint64_t dial_at, deadline, ping_at, ping_sent;
} PeerLink;

void peer_link_init(PeerLink *link, bool dial, const char *own_id, const char *other_id, uint64_t now);

/* The time came, or something may have changed. queued: messages that wait to be written; may_dial: not too many dial already. */
unsigned peer_link_tick(PeerLink *link, uint64_t now, uint64_t queued, bool may_dial);
/* The other side answered our Hello. */
unsigned peer_link_hello(PeerLink *link, uint64_t now);
/* The other side came in and said Hello. Where both dial at once, the connection dialled by the lower id is the one. */
unsigned peer_link_incoming(PeerLink *link, uint64_t now);
/* Something came from the other side. */
void peer_link_heard(PeerLink *link, uint64_t now);
void peer_link_pong(PeerLink *link, uint64_t now);
/* The connection, or the try, has ended. */
unsigned peer_link_closed(PeerLink *link, uint64_t now, const char *reason);
/* The connection is to be given up, for this reason. */
unsigned peer_link_drop(PeerLink *link, uint64_t now, const char *reason);
/* No pause: there is a reason to believe that it works now. */
void peer_link_retry(PeerLink *link, uint64_t now);

/* When peer_link_tick() is due; USEC_INFINITY: never. */
uint64_t peer_link_next(const PeerLink *link) _pure_;
/* The pause after so many failures in a row. */
uint64_t peer_link_pause(unsigned failures, uint32_t salt);
