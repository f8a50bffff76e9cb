/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The other hosts, as this one reaches them: the list (peer-hosts.h), a link to each (peer-link.h decides), the private socket where they
 * come in, and how a new one joins. Knows no model and no store.
 *
 * Until a host is the SPM and dials all others, who let a host join dials it.
 */

#include "event.h"
#include "peer-dial.h"
#include "peer-hosts.h"
#include "peer-identity.h"
#include "peer-link.h"
#include "peer-session.h"
#include "peer-tokens.h"

/* So many are dialled at a time; the rest waits its turn. ssh and sshd need some 0.1 s of a core each for a key exchange. */
#define PEERS_DIALLING_MAX 16U
/* Connections that came in and have not said Hello yet. */
#define PEERS_CANDIDATES_MAX 64U

typedef struct Peers Peers;
typedef struct Peer Peer;
typedef struct PeerConnection PeerConnection;

struct Peer {
        Peers *owner;
        PeerHost *host; /* owned by the list */
        char *path;     /* on the bus */
        PeerLink link;
        PeerConnection *connection;
        json_t *facts;  /* what it said of itself in its last Hello */
        uint64_t since_usec; /* since 1970: when the link came into its state */
        char told[256]; /* the last reason an event told of */
        sd_event_source *timer;
        Peer *next, *prev;
};

typedef struct PeersListener {
        void (*added)(const Peer *peer, void *userdata);
        void (*removed)(const Peer *peer, void *userdata);
        void (*changed)(const Peer *peer, const char *property, void *userdata);
        void (*event)(EventSeverity severity, const char *code, const char *path, const char *message, void *userdata);
        /* A member asks for something here; as a method's handler. NULL: nothing is served. */
        int (*call)(Peer *peer, sd_bus_message *message, void *userdata, sd_bus_error *error);
} PeersListener;

typedef struct PeersSettings {
        sd_event *event;
        const char *host_id, *boot_id;
        const char *state_directory; /* of Cluster: keys and tokens are in its "peer" */
        const char *hosts_path, *socket_path, *dial_path;
        const PeersListener *listener; /* static */
        void *userdata;
} PeersSettings;

int peers_new(const PeersSettings *settings, Peers **ret);
Peers *peers_free(Peers *peers);
DEFINE_CLEANUP(Peers *, peers_free)

Peer *peers_first(const Peers *peers) _pure_;
Peer *peers_find(const Peers *peers, const char *id) _pure_;
size_t peers_count(const Peers *peers) _pure_;
PeerIdentity *peers_identity(const Peers *peers) _pure_;

/* Takes host into the list, on disk before it returns, in place of one with its id. host: taken when it succeeds. */
int peers_add(Peers *peers, PeerHost *host, sd_bus_error *error);
/* Out of the list, and every connection of it closed, before it returns. */
int peers_remove(Peer *peer, sd_bus_error *error);

/* A token for a new host. ret_text: new, a secret. */
int peers_token(Peers *peers, const char *address, uint16_t port, uint64_t lifetime_usec, char **ret_text, uint64_t *ret_expires,
                sd_bus_error *error);

/* Offers a descriptor to that peer as a stream. fd: taken when it succeeds. ret: the ticket to open it with, for peer-stream.h. */
int peers_offer_stream(const Peer *peer, int fd, char ret[static 65], sd_bus_error *error);

/* The bus to the peer. Return: 0; negative with BackendUnavailable and the reason set. */
int peer_bus(const Peer *peer, sd_bus **ret, sd_bus_error *error);
/* Fills in how to dial it. */
void peer_dial_request(const Peer *peer, const char *command, PeerDialRequest *ret);
/* Microseconds since 1970 for a moment of the link; 0 for never. */
uint64_t peer_realtime(uint64_t monotonic);

/* As this host says it in a Hello: new. */
json_t *peers_self(const Peers *peers);
const char *peers_host_id(const Peers *peers) _pure_;
const char *peers_host_name(const Peers *peers) _pure_;
const char *peers_dial_path(const Peers *peers) _pure_;
void *peers_userdata(const Peers *peers) _pure_;
