/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Every time that follows from a lockspace's io_timeout, in one place. Pure.
 *
 *      0        last renewal that reached the storage
 *      2 T      the next renewal is due, and again every 2 T
 *      6 T      sanlock warns
 *      8 T      expiry: sanlock runs the kill path of whoever holds a lease, and pets the watchdog no more
 *      8 T+40   what still lives gets SIGKILL
 *      8 T+60   the watchdog has fired at the latest; others call the host dead and may take its leases
 *
 * T is the io_timeout of the lockspace, in seconds; the watchdog's 60 s and the grace of 40 s are constants of sanlock and wdmd, the same
 * on all hosts. Source: sanlock, src/timeouts.h; VDSM uses T = 10.
 */

#include <jansson.h>

#include "macro.h"

#define LEASE_IO_TIMEOUT_SEC 10U
/* wdmd looks every 10 s, and lets go of the watchdog when a lease would expire before it looks again. Just before a renewal 6 T are left: with T = 1
 * it resets hosts that are well (seen), with T = 2 a renewal may be late by 2 s, with T = 3 by 8 s. Above a minute nobody waits for the
 * take-over (9 minutes). */
#define LEASE_WDMD_TEST_SEC 10U
#define LEASE_IO_TIMEOUT_MIN_SEC 3U
#define LEASE_IO_TIMEOUT_MAX_SEC 60U
#define LEASE_WATCHDOG_SEC 60U
#define LEASE_KILL_GRACE_SEC 40U

typedef struct LeaseTimes {
        uint64_t io_timeout_usec;
        uint64_t renewal_usec;        /* between renewals */
        uint64_t warning_usec;        /* renewal is late: warned */
        uint64_t expiry_usec;         /* lease lost, killing begins */
        uint64_t kill_usec;           /* SIGKILL */
        uint64_t dead_usec;           /* for the others; the watchdog has fired */
        uint64_t watch_usec;          /* a host whose storage is well has renewed by then, its I/O included: two looks at a slot are so far apart */
        uint64_t join_free_usec;      /* host id nobody has, or we had: at most */
        uint64_t join_other_usec;     /* host id last held under another name: at most */
        uint64_t acquire_free_usec;   /* lease nobody has: at most */
        uint64_t acquire_failed_usec; /* lease of a host that has just failed: at most */
        uint64_t request_usec;        /* set bitmap, request: at most */
} LeaseTimes;

LeaseTimes lease_times(unsigned io_timeout_sec) _const_;
/* As the bus has it: word -> microseconds. Return: new reference, NULL when out of memory. */
json_t *lease_times_to_json(const LeaseTimes *times);
