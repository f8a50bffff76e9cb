/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What the service and a rhv-lease process tell each other, in a directory of the runtime directory, one for each lease:
 *
 *      request.json   what to acquire; written before the process starts
 *      state.json     how far it is; written by the process, replaced as a whole
 *      work           its socket for structural work (structural.h)
 */

#include "sanlock-call.h"

#define LEASE_REQUEST_FILE "request.json"
#define LEASE_STATE_FILE "state.json"
#define LEASE_WORK_SOCKET "work"
#define LEASE_FILE_VERSION 1
/* In rhv-structural and what it starts: the connection to sanlock. */
#define LEASE_SOCKET_FD 3

typedef struct LeaseRequest {
        Lease lease; /* path is owned */
        bool wait;   /* for the lease of a host that failed to run out */
} LeaseRequest;
void lease_request_clear(LeaseRequest *request);

typedef struct LeaseState {
        uint64_t version; /* not 0: held */
        char *error_name, *error_message; /* why it is not held */
} LeaseState;
void lease_state_clear(LeaseState *state);

/* Return: 0 or a negative errno; -EBADMSG for what is none. */
int lease_request_save(const char *directory, const LeaseRequest *request);
int lease_request_load(const char *directory, LeaseRequest *ret);
int lease_state_save(const char *directory, const LeaseState *state);
int lease_state_load(const char *directory, LeaseState *ret);

/* Is that the cgroup of a unit whose processes work under a lease: of a domain (rhv-lease-, rhv-blocklease-) or a volume (rhv-upload-, rhv-data-)? Pure. */
bool lease_cgroup_is_ours(const char *cgroup) _pure_;
