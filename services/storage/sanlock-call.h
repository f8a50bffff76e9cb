/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What we ask of sanlock, with our types and named errors. Every function blocks, some for as long as a lease takes to run out: worker
 * threads and helper processes only. sanlock's daemon does all I/O on leases.
 */

#include "parse-util.h"

#define DOMAIN_LEASE_NAME "SDM"
/* Host ids 1 to 250, as VDSM; sanlock itself takes 2000. */
#define HOST_ID_MAX 250U

/* A domain's lockspace: its name is the domain's id. */
typedef struct Lockspace {
        char name[UUID_STRING_MAX];
        const char *path; /* of dom_md/ids; borrowed */
        uint32_t alignment_bytes, block_size_bytes;
} Lockspace;

/* One lease. */
typedef struct Lease {
        char lockspace[UUID_STRING_MAX];
        char name[UUID_STRING_MAX]; /* SDM, or the id of a volume or VM */
        const char *path;           /* borrowed */
        uint64_t offset_bytes;
        uint32_t alignment_bytes, block_size_bytes;
} Lease;

typedef struct LeaseOwner {
        uint64_t host_id; /* 0: nobody */
        uint64_t generation;
        uint64_t timestamp_sec; /* 0: free */
        uint64_t version; /* lver: one more at each acquisition */
        bool held;        /* by a host that is, or may be, alive */
} LeaseOwner;

typedef struct HostStatus {
        uint64_t host_id, generation, timestamp_sec;
        unsigned io_timeout_sec;
        const char *state; /* "free", "live", "failing", "dead", "unknown"; static */
} HostStatus;

/* Waits until sanlock answers. Return: 0, or negative with BackendUnavailable. */
int sanlock_await(uint64_t usec, sd_bus_error *error);

/* ---- lockspaces ---- */

int lockspace_format(const Lockspace *lockspace, unsigned io_timeout_sec, sd_bus_error *error);
/* Waits until the host id is ours. Return: 0 (also when it was before), -EBUSY with InUse when another host has it. */
int lockspace_join(const Lockspace *lockspace, unsigned host_id, unsigned io_timeout_sec, sd_bus_error *error);
/* Only while none of our processes holds a lease in it: -EBUSY with InUse. */
int lockspace_leave(const Lockspace *lockspace, unsigned host_id, sd_bus_error *error);
/* Return: 1 held, 0 not there, -EINPROGRESS being joined or left, or another negative errno with BackendUnavailable set. */
int lockspace_ask(const Lockspace *lockspace, unsigned host_id, sd_bus_error *error);
/* All hosts ever seen in it; ours must be one. ret: free()d by the caller. */
int lockspace_hosts(const Lockspace *lockspace, HostStatus **ret, size_t *ret_n, sd_bus_error *error);

/* ---- leases ---- */

/* Writes a free lease; whoever has one there has it no more. By sanlock's daemon: for a domain that nobody uses yet; else lease-self.h. */
int lease_format(const Lease *lease, sd_bus_error *error);
/* The name of the lease in that place. Return: 0, -ENOENT where there is none, or negative with error set. */
int lease_read_name(const Lease *lease, char ret[static UUID_STRING_MAX], sd_bus_error *error);
int lease_owner(const Lease *lease, LeaseOwner *ret, sd_bus_error *error);

/* Makes this process one that sanlock knows: leases taken through the socket are held for as long as any process has it open.
 * kill_path, kill_arguments: what sanlock runs when the lease is lost. Return: the socket, or negative with error set. */
int lease_register(const char *kill_path, const char *kill_arguments, sd_bus_error *error);
/* wait: until the lease of a host that failed has run out. Return: 0; -EBUSY with InUse when a live host has it. */
int lease_acquire(int socket_fd, const Lease *lease, bool wait, uint64_t *ret_version, sd_bus_error *error);
int lease_release(int socket_fd, const Lease *lease, sd_bus_error *error);
