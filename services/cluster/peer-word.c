/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "peer-word.h"

#include <utlist.h>

#include "bus-error.h"
#include "clock-util.h"

PeerWord *peer_word_free(PeerWord *word) {
        if (!word)
                return NULL;
        DL_DELETE(word->manager->peer_words, word);
        word->manager->n_peer_words--;
        operation_free(word->operation);
        peer_call_free(word->call);
        peer_stream_free(word->stream);
        sd_bus_slot_unref(word->slot);
        peer_token_done(&word->token);
        json_decref(word->arguments);
        free(word);
        return NULL;
}

int peer_word_new(Manager *manager, const Peer *peer, PeerWord **ret, sd_bus_error *error) {
        PeerWord *word;

        if (manager->n_peer_words >= PEER_WORDS_MAX) {
                (void) sd_bus_error_setf(error, RHV_ERROR_LIMIT_EXCEEDED, "%u calls wait for other hosts already", PEER_WORDS_MAX);
                return -E2BIG;
        }
        word = calloc(1, sizeof *word);
        if (!word)
                return -ENOMEM;
        word->manager = manager;
        word->begun = monotonic_usec();
        if (peer)
                memcpy(word->host_id, peer->host->id, sizeof word->host_id);
        DL_APPEND(manager->peer_words, word);
        manager->n_peer_words++;
        *ret = word;
        return 0;
}

int peer_word_park(PeerWord *word, sd_bus_message *message) {
        word->operation = operation_new(message);
        return word->operation ? 1 : -ENOMEM;
}

Peer *peer_word_peer(PeerWord *word) {
        Peer *peer = peers_find(word->manager->peers, word->host_id);

        if (!peer)
                word->operation = operation_failf(word->operation, RHV_ERROR_NOT_FOUND, "The host was removed");
        return peer;
}
