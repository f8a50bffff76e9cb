/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Dead is not off: when a guest of a host that is silent may be started elsewhere. Pure; docs/leases.md has the table.
 *
 *     under a lease     its lease is free, or sanlock counts the host as dead: an armed watchdog stands behind that. Nobody's word counts.
 *     without one       the host was cut from power and said to be off, or has booted anew, or a person says so: each later than its last sign of life.
 *                       sanlock's "dead" says nothing about it: a host that lost its storage alone may run the guest from another disk.
 */

#include "macro.h"

typedef enum LeaseSight {
        LEASE_SIGHT_UNKNOWN, /* the storage does not tell */
        LEASE_SIGHT_FREE,    /* nobody has it */
        LEASE_SIGHT_HELD,    /* by a host that is live, or fails */
        LEASE_SIGHT_DEAD,    /* by a host that sanlock counts as dead */
} LeaseSight;

#define GUEST_BOOT_ID_MAX 37U

typedef struct GuestEvidence {
        bool leased;
        LeaseSight lease;        /* only where leased */
        bool host_heard;         /* its link is up: what it lists is the truth */
        bool host_lists_guest;
        char boot_id[GUEST_BOOT_ID_MAX];     /* under which it was started; "" not known */
        char boot_id_now[GUEST_BOOT_ID_MAX]; /* the last that the host told */
        /* Moments of one clock, in microseconds; 0: never. */
        uint64_t last_sign_usec;  /* of life of the host: over the link, or a renewal on the storage */
        uint64_t power_off_usec;  /* its power device was asked after the power was cut, and said off */
        uint64_t confirmed_usec;  /* a person said that it was rebooted or is off */
} GuestEvidence;

/* May it be started elsewhere? ret_reason: a word, why or why not; literal. */
bool guest_is_free(const GuestEvidence *evidence, const char **ret_reason);
