/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What a caller wants of one network or one bond, checked and in canonical form. Pure.
 *
 * A wish is a full description, never a change to one; what it leaves out has the default. It is kept inside the
 * NetworkManager profile it led to (nm.h), so nothing else on disk can disagree with it.
 *
 *     network: {name, nic | bonding, vlan?, bridged, stp, mtu?, mac?, management, default_route, inherit?, label?, layout?, roles?, bridge_options?, ethtool_options?, custom?,
 *               ipv4: {method, addresses?, gateway?, nameservers?, search?, routes?: [{to, via, metric?}]}, ipv6: likewise}
 *     bond:    {name, nics: [...], options: {mode, ...}, mac?}
 *
 * layout: "vlan-aware", or absent for the classic one. It belongs to the uplink: all networks on a NIC or bond have the same (layout.h).
 *
 * Rules after VDSM's validator (bridge names, bond names, tags, exclusive keys), stricter where it is known to be lax.
 */

#include "macro.h"

/* IFNAMSIZ less its end: the name of a network is the name of its bridge. */
#define NETWORK_NAME_MAX 15U
#define NETWORKS_MAX 512U
#define BOND_NICS_MAX 16U
#define ADDRESSES_MAX 64U
#define ROUTES_MAX 64U
#define SEARCH_MAX 6U
/* Custom properties are for hooks; keys as VDSM's. */
#define CUSTOM_MAX 32U
/* Labels have no limit in oVirt; this is one. */
#define LABEL_MAX 255U
/* Minimum IPv4 datagram (RFC 791), and IPv6's minimum link MTU (RFC 8200); the most a Linux device takes. */
#define MTU_MIN 68
#define MTU_MIN_IPV6 1280
#define MTU_MAX 65520
#define MTU_DEFAULT 1500
#define VLAN_NONE (-1)
/* IEEE 802.1Q: the tag 0 says that a frame is in no VLAN, and 4095 is reserved. oVirt takes 0 for a VLAN like others; here who means "no tag" leaves it out. */
#define VLAN_MIN 1
#define VLAN_MAX 4094
/* In the vlan-aware layout: the bridge's VLAN for frames without a tag, and what the bridge of an uplink is called. */
#define VLAN_NATIVE 1
#define AWARE_BRIDGE_PREFIX "br-"
#define LAYOUT_AWARE "vlan-aware"
#define LAYOUT_CLASSIC "classic"

/* A name a network may have: 1 to 15 of [A-Za-z0-9_-], not beginning with '-', and no word the kernel uses for itself. */
bool network_name_is_valid(const char *name) _pure_;
/* A name a device may have, as it comes from outside. */
bool device_name_is_valid(const char *name) _pure_;
/* A label: letters, digits, '_' and '-'. */
bool nic_label_is_valid(const char *label) _pure_;
/* "bond" and at least one letter, digit or underscore. */
bool bond_name_is_valid(const char *name) _pure_;

/* Each: request is one entry of the call. Return: 1 with ret (a new wish), 0 if the entry asks for removal, or a negative
 * errno with InvalidArgument or UnknownOption set. */
int network_wish_read(const char *name, const json_t *request, json_t **ret, sd_bus_error *error);
int bond_wish_read(const char *name, const json_t *request, json_t **ret, sd_bus_error *error);

/* The device below the tag: NIC, bond, or NULL. Borrowed. */
const char *network_wish_base(const json_t *wish) _pure_;
int network_wish_vlan(const json_t *wish) _pure_;
/* Whether it lies on its uplink's one bridge, as a VLAN of it. */
bool network_wish_is_aware(const json_t *wish) _pure_;
/* Whether the host itself has addresses on it, or may get them. */
bool network_wish_is_addressed(const json_t *wish) _pure_;
/* The VLAN it is on its uplink's bridge: its tag, or that of untagged frames. For vlan-aware ones. */
int network_wish_bridge_vlan(const json_t *wish) _pure_;
/* The bridge that guests' ports are in: its own, or the uplink's; NULL where there is none. buffer may back the answer. */
const char *network_wish_bridge(const json_t *wish, char buffer[static NETWORK_NAME_MAX + 1]);
/* The device that carries the addresses: the bridge, or the uplink; of a vlan-aware network the VLAN device "<tag>.<name>" above the bridge, cut to what a device's name may have, where
 * it has a tag and is not for guests alone, else the bridge. NULL when neither. buffer may back the answer. */
const char *network_wish_top(const json_t *wish, char buffer[static NETWORK_NAME_MAX + 1]);
/* The bridge's uplink: base or "<base>.<tag>", of a vlan-aware network base; NULL without a base. */
const char *network_wish_uplink(const json_t *wish, char buffer[static NETWORK_NAME_MAX + 1]);
