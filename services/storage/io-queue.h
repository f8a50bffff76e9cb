/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * For how long the kernel goes on with I/O that the storage does not answer, held against the lease's clock. Pure.
 *
 * A process of ours is killed when its lease expires, at the latest kill_usec after the last renewal. What it had asked for is the kernel's then: an NFS
 * client sends a request again when the network is back, though nobody waits for it any more. Nobody else has the lease before dead_usec. So the
 * last moment at which something of the old holder may reach the storage must not be later than that:
 *
 *      NFS 3:  kill + timeo x (retrans + 1)
 *      NFS 4:  the later of (one renewal + connection) and kill, + timeo x (retrans + 1)
 *
 * NFS 4 waits for an answer as long as its connection lives, "soft" or not. A connection whose bytes are not acknowledged is given up after the
 * server's lease time (in thirds, each of 6 s at least; 180 s at most), and only then a request fails, with its own next time-out. Measured with Linux 6.1, a
 * server with 60 s, timeo=40, retrans=2: 72 s. Source: nfs(5); Linux, net/sunrpc/xprtsock.c (xs_tcp_set_connect_timeout), clnt.c (rpc_check_timeout).
 *
 * On block devices nothing of ours is left behind: it writes with direct I/O, and a process that is killed is not gone before its I/O has ended. While it is
 * not, it keeps its lease, and the watchdog stands behind it. There only a queue without end is refused: such a host would be reset each time its storage
 * falls silent.
 */

#include "lease-clock.h"

typedef struct IoQueue {
        bool endless;             /* it waits for ever: NFS "hard", multipath "queue" */
        bool waits;               /* a process is not gone before its I/O has ended: block devices */
        uint64_t connection_usec; /* requests wait at least until a connection was silent for so long; 0: they do not */
        uint64_t request_usec;    /* and fail after so long; 0: not known */
} IoQueue;

/* type, options: as in /proc/self/mountinfo. server_lease_sec: of an NFS 4 server (nfs_lease_sec()), 0: not known. Other types than NFS over TCP or UDP: not
 * known. */
IoQueue io_queue_of_mount(const char *type, const char *options, unsigned server_lease_sec);

/* stats: of /proc/self/mountstats. path: of the mount, as in /proc/self/mountinfo. Return: the lease time of the NFS 4 server there, in seconds; 0: it has none,
 * or none can be told. */
unsigned nfs_lease_sec(const char *stats, const char *path);

/* Of two devices of one domain, the one that waits longer; one that is not known makes the other so, unless that waits for ever. */
IoQueue io_queue_worse(const IoQueue *a, const IoQueue *b);

/* For how long one request may last. 0: for ever, or not known. */
uint64_t io_queue_limit_usec(const IoQueue *queue);

typedef enum IoQueueVerdict {
        IO_QUEUE_GOOD,    /* I/O of the last good renewal has failed before the first that is late counts */
        IO_QUEUE_UNKNOWN,
        IO_QUEUE_LATE,    /* nothing comes too late, but a process that waits for its I/O may wait for longer than the lease: its host may be reset */
        IO_QUEUE_OUTLIVES /* I/O may reach the storage when another host may have the lease: refused */
} IoQueueVerdict;
IoQueueVerdict io_queue_check(const IoQueue *queue, const LeaseTimes *times);
/* For people: why it is late or outlives, with the numbers. Return: new string, NULL when out of memory. */
char *io_queue_reason(const IoQueue *queue, const LeaseTimes *times);
