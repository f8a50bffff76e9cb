/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A NAT or isolated network as libvirt's network XML, and back; and what libvirt's other networks and the kernel's routes take. Pure. What is
 * read comes from libvirt, and was written by anybody: it is treated as foreign.
 */

#include "macro.h"
#include "virtual-network.h"

#define NETWORK_XML_MAX (1 * MIB)
#define NETWORK_XML_SUBNETS_MAX 32U

/* One network of libvirt. */
typedef struct NetworkXml {
        char *name;
        char *bridge;          /* NULL: none */
        bool ours;             /* it has our mark, and is such as we make them */
        VirtualNetwork wanted; /* where ours */
        Subnet4 subnets[NETWORK_XML_SUBNETS_MAX];
        size_t n_subnets;
        Subnet6 subnets6[NETWORK_XML_SUBNETS_MAX];
        size_t n_subnets6;
} NetworkXml;

/* uuid: of the network that is defined anew; NULL: libvirt makes one. Return: new string or NULL. */
char *network_xml_build(const VirtualNetwork *network, const char *uuid);
/* Return: 0; -EBADMSG for what is not a network; -EMSGSIZE; -ENOMEM. On failure ret is untouched. */
int network_xml_parse(const char *xml, size_t size, NetworkXml *ret);
/* Frees the contents and clears. */
void network_xml_done(NetworkXml *network);

/* Whether wanted can be beside the others, of which one may be itself: no subnet of another, no bridge of another, no network of that name
 * that is not ours. routes, routes6: what /proc/net/route and /proc/net/ipv6_route say; a route over wanted's own bridge is its own.
 * Return: 0, or negative with AlreadyExists or InvalidArgument set. */
int network_xml_check(const VirtualNetwork *wanted, const NetworkXml *others, size_t n, const char *routes, const char *routes6, sd_bus_error *error);
