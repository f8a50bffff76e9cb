/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A request in the words of VDSM, for hooks written for it, and what they made of it. Pure. Source: vdsm, lib/vdsm/network/api.py and canonicalize.py.
 *
 *     {"request": {"networks": {name: {nic | bonding, vlan, bridged, mtu, stp, bootproto, ipaddr, netmask, gateway, ipv6addr, ipv6gateway, ipv6autoconf, dhcpv6,
 *                                      defaultRoute, nameservers, switch, custom: {bridge_opts, ...}, remove, rhv}},
 *                  "bondings": {name: {nics, options: "mode=4 miimon=100", switch, remove}}, "options": {}}}
 *
 * What VDSM has no word for (more addresses, routes, labels, ...) is in rhv: the entry as our caller gave it. A hook may change either; only what it changed is taken over, so what it
 * does not know is not lost.
 */

#include "macro.h"

/* networks, bonds: as a caller gave them. New, NULL when out of memory. */
json_t *vdsm_request_make(const json_t *networks, const json_t *bonds);
/* sent: what vdsm_request_make() made; text: what hooks left; bonds: as in vdsm_request_make(). ret_networks, ret_bonds: new. Return: 0 or negative with HookFailed set, for what is no such request. */
int vdsm_request_read(const json_t *sent, const char *text, const json_t *bonds, json_t **ret_networks, json_t **ret_bonds, sd_bus_error *error);
