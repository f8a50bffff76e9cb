/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Guests and disks of another host, from this one: methods of org.rhv.Cluster.Peer. The work is done by the services at either end; bytes go through
 * streams (peer-stream.h).
 */

#include "manager.h"
#include "peer-word.h"

/* Calls over the link whose answer comes from a service there. Shorter than a D-Bus caller's patience. */
#define PEER_GUEST_USEC (20 * USEC_PER_SEC)

/* Reads what a method of a peer needs before its own work: the options, the caller's right, and the link. Return: 1 go on, 0 return 1 from the handler. */
int peer_guest_admit(Request *request, const Peer *peer, sd_bus_message *message, const DictField *fields, const char *verb, sd_bus **ret_link,
                     sd_bus_error *error);
/* A call on the link. */
int peer_guest_call(sd_bus *link, const char *member, sd_bus_message **ret);
/* Opens the stream of the ticket that stands in the answer of the link; done gets the word. Fails the word where that is not possible. */
void peer_guest_open(PeerWord *word, sd_bus_message *reply, peer_stream_opened_t done);

int method_peer_open_console(sd_bus_message *message, void *peer, sd_bus_error *error);
int method_peer_open_graphics(sd_bus_message *message, void *peer, sd_bus_error *error);

/* peer-migrate.c */
int method_peer_migrate_vm(sd_bus_message *message, void *peer, sd_bus_error *error);
/* The work of the kind "migrate-vm" is over (RemoteKind). */
void peer_migrate_done(Manager *manager, Job *job, int r, const sd_bus_error *error, const json_t *result);
void peer_migrate_stop(Manager *manager);

/* peer-download.c */
int method_peer_download_volume(sd_bus_message *message, void *peer, sd_bus_error *error);
void peer_download_stop(Manager *manager);
