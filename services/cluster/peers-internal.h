/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the files of Peers share. */

#include "peer-frame.h"
#include "peer-stream.h"
#include "peers.h"

typedef struct PeersDoor PeersDoor;

struct Peers {
        sd_event *event;
        PeersSettings settings; /* strings owned */
        char name[256];
        PeerHosts hosts;
        bool hosts_readable; /* a list that cannot be read is never written over */
        char hosts_reason[256];
        PeerTokens tokens;
        PeerIdentity *identity;
        PeersDoor *door;
        PeerTickets *tickets;
        Peer *first;
        size_t count;
        unsigned dialling;
        PeerConnection *candidates;
        size_t n_candidates;
};

/* peers-door.c: the private socket. */
int peers_door_new(Peers *peers, PeersDoor **ret);
PeersDoor *peers_door_free(PeersDoor *door);

/* A connection of this host, by the bridge's word: is it a member, and is there room? */
int peers_may_come_in(const Peers *peers, const char *id, sd_bus_error *error);
/* It is for the bus. fd: taken, also on failure. */
int peers_incoming_bus(Peers *peers, const char *id, int fd);
/* One line of one who wants to join, from this address. ret_answer: the line to be sent, new. */
int peers_incoming_join(Peers *peers, const char *from, const char *line, char **ret_answer, sd_bus_error *error);

/* The list, to disk. */
int peers_save(Peers *peers, sd_bus_error *error);
