/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Addresses for new NICs: ranges, and which address comes next. What is in use is asked of the VMs; only the ranges are kept.
 *
 * In each range addresses are given in a cycle: the next free one after the last one given, so that the address of a NIC just
 * removed is not given at once to another. The cursors of that cycle live in memory; after a restart it begins at the first address.
 * Pure.
 */

#include "macro.h"

#define MAC_STRING_MAX 18U
#define MAC_RANGE_STRING_MAX (2 * MAC_STRING_MAX)
#define MAC_POOL_RANGES_MAX 64U
/* The engine's limit for one range. */
#define MAC_RANGE_ADDRESSES_MAX ((uint64_t)INT32_MAX)
/* So many or fewer left, and a warning is due. */
#define MAC_POOL_FEW 10U

/* first <= last, 48 bits each. */
typedef struct MacRange {
        uint64_t first, last;
} MacRange;

/* "56:6f:00:00:00:00-56:6f:00:00:ff:ff", in lower-case. Return: 0; -EINVAL for another shape, an end before the start, or no address a NIC can
 * have; -ERANGE when there are too many. */
int mac_range_parse(const char *text, MacRange *ret);
bool mac_range_is_valid(const char *text);
/* What NICs can have of it: without group addresses, which stand at one of its ends only, as a range is too small for more. */
MacRange mac_range_usable(MacRange range) _const_;
bool mac_ranges_overlap(MacRange a, MacRange b) _const_;
/* mac: a valid address. */
bool mac_range_contains(MacRange range, const char *mac) _pure_;
uint64_t mac_range_count(MacRange range) _const_;
void mac_format(uint64_t address, char ret[static MAC_STRING_MAX]);
/* The range of the default pool: prefix "56:6f:RR:RR", all that begins with it. */
void mac_default_range(const char *prefix, char ret[static MAC_RANGE_STRING_MAX]);
/* Such a prefix, locally administered, from 16 random bits. */
void mac_default_prefix(uint16_t random, char ret[static MAC_STRING_MAX]);

/* The last address given of each range, for all pools: ranges do not overlap, so the first address tells which. Begins as {}. */
typedef struct MacCursors {
        struct MacCursor {
                uint64_t first, given;
                uint64_t turn; /* larger: used later */
        } *entries;
        size_t n;
        uint64_t turn;
} MacCursors;
void mac_cursors_done(MacCursors *cursors);

/* The next free address of the range that gave the last one, else of the next that has one; the cursor moves. ranges: as mac_range_usable() gives them.
 * Return: 0, -ENOSPC when all are in use, or -ENOMEM. */
int mac_allocate(const MacRange *ranges, size_t n, MacCursors *cursors, bool (*in_use)(const char *mac, void *userdata),
                 void *userdata, char ret[static MAC_STRING_MAX]);
