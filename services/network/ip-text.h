/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Addresses as people write them: strict readers and questions about them. Pure. */

#include <netinet/in.h>

#include "macro.h"

typedef struct IpPrefix {
        int family; /* AF_INET or AF_INET6 */
        unsigned length;
        uint8_t bytes[16]; /* the address itself, not masked; 4 or 16 used */
} IpPrefix;

#define IP_TEXT_MAX (INET6_ADDRSTRLEN + 4)

/* "192.0.2.5/24" or "2001:db8::5/64"; without a slash only where bare is true (length is then 32 or 128).
 * Return: 0 or -EINVAL. */
int ip_prefix_parse(const char *text, int family, bool bare, IpPrefix *ret);
/* The canonical spelling, as NetworkManager and the kernel print it. */
void ip_prefix_format(const IpPrefix *prefix, bool bare, char ret[static IP_TEXT_MAX]);
/* Whether both lie in the network a names. */
bool ip_prefix_covers(const IpPrefix *a, const IpPrefix *b) _pure_;

/* Addresses a host may carry: unicast, not loopback, not unspecified, not link-local (v6), and with a prefix of at most
 * 30 bits not the network's or the broadcast address. Fit for dict tables. */
bool ip4_host_prefix_is_valid(const char *text);
bool ip6_host_prefix_is_valid(const char *text);
/* Networks a route may lead to: all bits behind the prefix zero, and not everything (that is the gateway's). */
bool ip4_network_is_valid(const char *text);
bool ip6_network_is_valid(const char *text);
/* Addresses of other machines: gateways, name servers. */
bool ip4_address_is_valid(const char *text);
bool ip6_address_is_valid(const char *text);
bool ip_address_is_valid(const char *text);
/* Whether text (with or without prefix) is fe80::/10 or 169.254.0.0/16. */
bool ip_is_link_local(const char *text);
