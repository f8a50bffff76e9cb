/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The list of the hosts that may reach this one, as the file that Cluster writes and that sshd's key program reads, also while
 * Cluster is dead. Nothing in it is secret. A host that is not in it does not get in: taking it out revokes.
 */

#include "macro.h"
#include "peer-key.h"

#define PEER_HOSTS_FILE "hosts.json"
#define PEER_HOSTS_MAX 512U
#define PEER_ADDRESS_BYTES_MAX 255U
#define PEER_NAME_BYTES_MAX 255U

typedef struct PeerHost PeerHost;
struct PeerHost {
        char id[37];                        /* UUID */
        char *name, *address;               /* address: where its sshd listens, a name or an IP address */
        uint16_t port;
        char key[PEER_KEY_STRING_MAX];      /* which it shows to get in here */
        char host_key[PEER_KEY_STRING_MAX]; /* which its sshd shows */
        bool dial;                          /* this side dials */
        PeerHost *next, *prev;
};

typedef struct PeerHosts {
        PeerHost *first;
        size_t count;
        uint64_t joining_until; /* since 1970: a token is open until then; 0: none */
} PeerHosts;

PeerHost *peer_host_free(PeerHost *host);
DEFINE_CLEANUP(PeerHost *, peer_host_free)
/* Copies; checks every field. Return: 0, -EINVAL, -ENOMEM. */
int peer_host_new(const char *id, const char *name, const char *address, uint16_t port, const char *key,
                  const char *host_key, bool dial, PeerHost **ret);
PeerHost *peer_hosts_find(const PeerHosts *hosts, const char *id) _pure_;
/* Takes host, in place of one with its id. Return: 0, -E2BIG (then host is still the caller's). */
int peer_hosts_add(PeerHosts *hosts, PeerHost *host);
/* In and out of the list, without a look at what else is in it; the host is whose it was. */
void peer_hosts_link(PeerHosts *hosts, PeerHost *host);
void peer_hosts_unlink(PeerHosts *hosts, PeerHost *host);
void peer_hosts_remove(PeerHosts *hosts, PeerHost *host);
void peer_hosts_done(PeerHosts *hosts);
#define _cleanup_peer_hosts_ _cleanup_(peer_hosts_done)

/* A host name, an IPv4 or an IPv6 address, and nothing that ssh could take for something else. Pure. */
bool peer_address_is_valid(const char *s);

/* Return: 0 (an absent file is an empty list), -EBADMSG, -EPROTO, other errnos. */
int peer_hosts_load(const char *path, PeerHosts *ret);
int peer_hosts_save(const char *path, const PeerHosts *hosts);

/* The line for sshd for one who shows this key ("ssh-ed25519 <base64>"), or "" for a stranger. bridge: path of rhv-peer-bridge. Pure. */
int peer_hosts_key_line(const PeerHosts *hosts, const char *key, const char *bridge, uint64_t now_usec, char **ret);
