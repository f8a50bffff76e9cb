/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * How well a lockspace does: how long renewals took, how near to the expiry the worst of them came, and what around it does not fit. Pure.
 *
 * Of the 8 T until expiry 2 T are the way from one renewal to the next; the 6 T beyond are the margin. What the longest gap took of it is
 * "margin used"; half of it gone is time for a warning, while all is still well.
 */

#include "io-queue.h"

#define LEASE_MARGIN_WARNING_PERCENT 50U
/* sanlock keeps the last 180. */
#define LEASE_RENEWALS_MAX 1024U

typedef struct LeaseHealth {
        unsigned renewals;
        uint64_t last_sec; /* of sanlock's clock, when the last one was written; 0: none */
        uint64_t median_usec, longest_usec; /* reading and writing */
        uint64_t longest_gap_usec;          /* between two */
        unsigned timeouts, errors;          /* tries that failed in between */
        unsigned margin_used_percent;
} LeaseHealth;

/* text: what `sanlock client renewal -s LOCKSPACE` prints, a line for each renewal. Return: 0; -EBADMSG with BackendFailed set. */
int lease_health_parse(const char *text, const LeaseTimes *times, LeaseHealth *ret, sd_bus_error *error);

/* What an administrator should know, as sentences. now_sec: of sanlock's clock. queue: NULL where it cannot be told. Return: new reference to
 * an array of strings, NULL when out of memory. */
json_t *lease_health_warnings(const LeaseHealth *health, const LeaseTimes *times, const IoQueue *queue, uint64_t now_sec);
