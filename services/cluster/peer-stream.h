/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Streams: bytes between a descriptor here and one on a peer. One side offers a descriptor and gets a ticket; the other opens the ticket and
 * gets its end. Bytes do not pass through Cluster on either side, and its restart does not end them.
 *
 *   offer(fd) ── ticket, by whatever way ──> open(ticket)
 *   fd <── bridge <── sshd <── network <── ssh <── end
 *
 * A ticket is for one peer, for one use, and for PEER_TICKET_USEC.
 */

#include "peer-frame.h"
#include "peers.h"

#define PEER_TICKET_USEC (30 * USEC_PER_SEC)
#define PEER_TICKETS_MAX 128U
/* ssh, the bridge, Cluster over there: as for a link. */
#define PEER_STREAM_OPEN_USEC (15 * USEC_PER_SEC)

typedef struct PeerTickets PeerTickets;
typedef struct PeerStream PeerStream;

int peer_tickets_new(sd_event *event, PeerTickets **ret);
PeerTickets *peer_tickets_free(PeerTickets *tickets);
DEFINE_CLEANUP(PeerTickets *, peer_tickets_free)
/* fd: taken when it succeeds. Return: 0; negative with LimitExceeded set. */
int peer_tickets_offer(PeerTickets *tickets, const char *host_id, int fd, char ret[static PEER_TICKET_STRING_MAX], sd_bus_error *error);
/* Its descriptor, once. Return: it; negative with AccessDenied set: no such ticket for that host (any more). */
int peer_tickets_take(PeerTickets *tickets, const char *host_id, const char *ticket, sd_bus_error *error);
/* All of a host that is no member any more. */
void peer_tickets_drop(PeerTickets *tickets, const char *host_id);

/* fd: the stream's end, the callee's; or -1 with error set. Once. The stream goes on without the PeerStream. */
typedef void (*peer_stream_opened_t)(int fd, const sd_bus_error *error, void *userdata);
int peer_stream_open(sd_event *event, const char *dial_path, const Peer *peer, const char *ticket, peer_stream_opened_t opened,
                     void *userdata, PeerStream **ret);
/* The same for a descriptor that is there already: the other end's bytes come out of it and nothing else, and when the stream cannot be opened it is
 * closed. fd: taken, also on failure. ended: ssh has ended; the dial is the owner's, and freeing it before leaves the stream. */
int peer_stream_attach(sd_event *event, const char *dial_path, const Peer *peer, const char *ticket, int fd, peer_dial_ended_t ended, void *userdata,
                       PeerDial **ret);
PeerStream *peer_stream_free(PeerStream *stream);
DEFINE_CLEANUP(PeerStream *, peer_stream_free)
