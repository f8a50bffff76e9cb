/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A network that exists on one host alone: a bridge without a NIC, on which the host may have an address, give out addresses by DHCP and,
 * for "nat", let guests out under its own address. As its maker describes it, and what must hold. Pure.
 * IPv6 is a unique local /64 (RFC 4193), from which guests take addresses by themselves as the host advertises it (RFC 4862).
 */

#include <netinet/in.h>

#include "dict.h"
#include "string-table.h"

/* Its name is its bridge's: IFNAMSIZ - 1. */
#define VIRTUAL_NETWORK_NAME_MAX 15
/* Larger ranges libvirt refuses (65535 addresses); in a smaller subnet there is no address for a guest beside the host's. */
#define VIRTUAL_NETWORK_PREFIX_MIN 16
#define VIRTUAL_NETWORK_PREFIX_MAX 30

typedef enum VirtualMode {
        VIRTUAL_NAT,      /* guests reach what the host reaches, under its address; nobody outside reaches them */
        VIRTUAL_ISOLATED, /* guests reach one another and the host's address on it, nothing else */
        _VIRTUAL_MODE_MAX,
        _VIRTUAL_MODE_INVALID = -EINVAL,
} VirtualMode;
DECLARE_STRING_TABLE(virtual_mode, VirtualMode);

/* Host byte order. */
typedef struct Subnet4 {
        uint32_t network;
        unsigned prefix;
} Subnet4;
#define SUBNET4_TEXT_MAX sizeof("255.255.255.255/32")
/* Exactly "192.168.150.0/24": an address, a slash, 0 to 32; bits behind the prefix may be set. Return: 0 or -EINVAL. */
int subnet4_parse(const char *text, Subnet4 *ret);
void subnet4_format(Subnet4 subnet, char ret[static SUBNET4_TEXT_MAX]);
uint32_t subnet4_mask(unsigned prefix) _const_;
/* Whether an address lies in both. */
bool subnet4_overlap(Subnet4 a, Subnet4 b) _const_;

typedef struct Subnet6 {
        struct in6_addr network;
        unsigned prefix;
} Subnet6;
#define SUBNET6_TEXT_MAX (INET6_ADDRSTRLEN + sizeof("/128"))
/* "fd12:3456:789a:1::/64", in any spelling of the address; bits behind the prefix may be set. Return: 0 or -EINVAL. */
int subnet6_parse(const char *text, Subnet6 *ret);
void subnet6_format(const Subnet6 *subnet, char ret[static SUBNET6_TEXT_MAX]);
bool subnet6_overlap(const Subnet6 *a, const Subnet6 *b) _pure_;
/* Clears the bits behind the prefix. */
void subnet6_mask(Subnet6 *subnet);

typedef struct VirtualNetwork {
        char name[VIRTUAL_NETWORK_NAME_MAX + 1];
        VirtualMode mode;
        bool has_subnet;
        Subnet4 subnet; /* the host has its first address */
        bool has_dhcp;
        uint32_t first, last; /* given out by DHCP; host byte order */
        bool has_subnet6;
        Subnet6 subnet6; /* the host has its first address */
} VirtualNetwork;

/* mode s ("nat", "isolated"), subnet s, dhcp s ("FIRST-LAST" or "none"), subnet6 s; for dict_read_checked(). */
extern const DictField virtual_network_fields[];
/* For others' tables. */
extern const char *const virtual_mode_words[];
bool virtual_network_name_is_valid(const char *name);

/* description: checked by the table. What is left out is filled in: DHCP for the whole subnet but the host's address.
 * Return: 0, or negative with InvalidArgument or NotSupported set. */
int virtual_network_parse(const char *name, const json_t *description, VirtualNetwork *ret, sd_bus_error *error);
/* The same in full: subnet and subnet6 "" where there is none, dhcp always "FIRST-LAST" or "none". Return: new object or NULL. */
json_t *virtual_network_describe(const VirtualNetwork *network);
bool virtual_network_equal(const VirtualNetwork *a, const VirtualNetwork *b) _pure_;
uint32_t virtual_network_address(const VirtualNetwork *network) _pure_;
#define VIRTUAL_DHCP_TEXT_MAX sizeof("255.255.255.255-255.255.255.255")
void virtual_network_dhcp(const VirtualNetwork *network, char ret[static VIRTUAL_DHCP_TEXT_MAX]);
/* The host's, where there is a subnet6. */
void virtual_network_address6(const VirtualNetwork *network, char ret[static INET6_ADDRSTRLEN]);
/* Whether a subnet6 is one that a network can have. */
bool virtual_network_takes_subnet6(const Subnet6 *subnet) _pure_;
void address4_format(uint32_t address, char ret[static SUBNET4_TEXT_MAX]);
