/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Who this host is to its peers: its own key, made once by ssh-keygen, and the key that its sshd shows. */

#include "macro.h"
#include "peer-key.h"

typedef struct PeerIdentity PeerIdentity;

typedef void (*peer_identity_ready_t)(void *userdata);

/* directory: made; the private key is its file "key" (0600), which only the credential of rhv-peer-dial's unit reads. ready (may be NULL) is
 * called once, later, when a key had to be made and there is one. Not being able to is told by peer_identity_check(). */
int peer_identity_new(sd_event *event, const char *directory, peer_identity_ready_t ready, void *userdata, PeerIdentity **ret);
PeerIdentity *peer_identity_free(PeerIdentity *identity);
DEFINE_CLEANUP(PeerIdentity *, peer_identity_free)

/* Return: 0; negative with BackendUnavailable set while there is no key. */
int peer_identity_check(const PeerIdentity *identity, sd_bus_error *error);
/* "ssh-ed25519 …", "" while there is none. */
const char *peer_identity_key(const PeerIdentity *identity) _pure_;
/* The key of this host's sshd, as it is now. Return: 0; negative with InvalidState set. */
int peer_identity_host_key(char ret[static PEER_KEY_STRING_MAX], sd_bus_error *error);
