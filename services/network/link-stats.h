/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Counters of network devices, from the kernel's one table of all of them, and rates between two samples. */

#include "macro.h"

#define LINK_STATS_PATH "/proc/net/dev"

/* The table's text as {device: {rx_bytes, rx_packets, rx_errors, rx_dropped, tx_...}}; lines that make no sense are left out, as is the loopback
 * device. Source: the kernel's net/core/net-procfs.c. Pure. New, NULL when out of memory. */
json_t *link_stats_parse(const char *text);

typedef struct LinkStats LinkStats;
int link_stats_new(LinkStats **ret);
LinkStats *link_stats_free(LinkStats *stats);
DEFINE_CLEANUP(LinkStats *, link_stats_free)
/* Reads the table; adds sampled_at (microseconds since 1970) and, from the second sample on, rx_rate and tx_rate (bytes per second since a
 * sample at least LINK_STATS_RATE_USEC ago). Return: 0 with ret (new), or a negative errno. */
#define LINK_STATS_RATE_USEC (1 * USEC_PER_SEC)
int link_stats_read(LinkStats *stats, json_t **ret);
/* Adds the rates between two samples elapsed_usec apart; a counter that went back (the device is another one) gives none. Pure. */
int link_stats_add_rates(json_t *sample, const json_t *earlier, uint64_t elapsed_usec);
