/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A call of a client here that waits for another host: what it waits with, freed with its answer. */

#include "manager.h"
#include "operation.h"
#include "peer-call.h"
#include "peer-stream.h"
#include "peer-token.h"
#include "request.h"

/* Calls that wait at one time. */
#define PEER_WORDS_MAX 64U

typedef struct PeerWord PeerWord;
struct PeerWord {
        Manager *manager;
        char host_id[37]; /* of the other host; "" while it joins */
        Operation *operation;
        PeerCall *call;    /* by a connection of its own */
        sd_bus_slot *slot; /* or over the link */
        PeerStream *stream;
        uint64_t begun;
        PeerToken token;   /* join */
        char mac[PEER_HASH_STRING_MAX];
        char job_id[37];   /* of the work that the answer begins */
        json_t *arguments;
        PeerWord *next, *prev;
};

/* peer: NULL where it is no member yet. Return: 0; negative with LimitExceeded set. */
int peer_word_new(Manager *manager, const Peer *peer, PeerWord **ret, sd_bus_error *error);
PeerWord *peer_word_free(PeerWord *word);
DEFINE_CLEANUP(PeerWord *, peer_word_free)
/* From here on the answer is the word's. Return: 1 as a handler returns it. */
int peer_word_park(PeerWord *word, sd_bus_message *message);
/* Its host, or NULL with the call failed: it was removed meanwhile. */
Peer *peer_word_peer(PeerWord *word);
