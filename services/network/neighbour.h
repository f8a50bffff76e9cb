/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Does a machine on the link answer? The kernel's neighbour table (ARP, IPv6 neighbour discovery) knows; a datagram to the machine makes
 * the kernel ask. A gateway that drops pings still answers that.
 */

#include "macro.h"

typedef enum NeighbourState {
        NEIGHBOUR_UNKNOWN, /* not asked, or not answered yet */
        NEIGHBOUR_PRESENT, /* it answered */
        NEIGHBOUR_ABSENT,  /* it did not */
} NeighbourState;

/* Makes the kernel look for the address on that device. Does not wait. Return: 0 or a negative errno. */
int neighbour_probe(const char *iface, const char *address);
/* Return: a NeighbourState or a negative errno. */
int neighbour_get(const char *iface, const char *address);

/* One answer of the kernel to a dump of neighbours: looks for address on the device with that index. size: bytes at buffer. Pure, for tests and the
 * fuzzer. Return: 1 with ret_state if found, 2 at the end of the dump, 0 to go on, -EBADMSG. */
int neighbour_parse(const void *buffer, size_t size, int ifindex, int family, const uint8_t *address, NeighbourState *ret_state);
