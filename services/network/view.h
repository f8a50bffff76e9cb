/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What NetworkManager shows and the kernel adds, as plain data: the planner's other input, and what the objects on the bus say. Pure.
 *
 *     devices:  {name: {kind, mac, permanent_mac, mtu, carrier, speed, managed, state, reason, master, parent, vlan, profile,
 *                       addresses, gateway, addresses6, gateway6, nameservers, default_route, driver, lldp, sriov, routes, routes6}}
 *     profiles: {uuid: {id, iface, ours, saved, spec}}
 *     starting: NetworkManager is still starting, and may not have told all of its profiles and devices yet
 *     links:    {name: facts}                               what the kernel says (link-facts.h); not there while nobody has read it
 *
 * sriov: of a NIC: NetworkManager can set how many virtual functions it has. routes: those with a gateway, [{to, via}]. kind: "nic", "bond", "vlan", "bridge", "other". state: NetworkManager's device state in one of our words (nm-view.c). A spec says what
 * a profile makes of its device, the same for what is and for what shall be, so that the two can be compared key by key:
 *
 *     {iface, kind, master, port, mtu, mac, vlan, parent, stp, vlan_aware, vlans, bridge_options, options, ethtool_options, default_route, ipv4, ipv6, vfs, network, networks, bond, nic}
 *
 * Absent means none. network, networks ({name: wish}: the vlan-aware ones that have no device of their own) bond and nic (virtual-functions.h) are the wishes (wish.h) a profile of ours was made for.
 * vfs: how many virtual functions NetworkManager gives the NIC.
 * vlan_aware: a bridge filters VLANs, and a port that comes to it is in none. vlans: which the device, a bridge or a port of one, is in (vlan-set.h).
 */

#include "macro.h"

const json_t *view_device(const json_t *view, const char *name);
/* Whose port a device is, "" for none: by the kernel's word, where that is known (NetworkManager says nothing of guests' taps). Borrowed. */
const char *view_master(const json_t *view, const char *name);
bool view_device_is(const json_t *device, const char *kind);
bool view_device_is_active(const json_t *device);
/* Our profile for a device, with its uuid; NULL if there is none. */
const json_t *view_own_profile(const json_t *view, const char *iface, const char **ret_uuid);
/* All of them at once, for who asks for many: {iface: uuid}. New, NULL when out of memory. */
json_t *view_own_uuids(const json_t *view);
/* {networks: {name: wish}, bonds: {name: wish}, nics: {name: wish}} of all profiles of ours. New, NULL when out of memory. */
json_t *view_wishes(const json_t *view);
/* The network with management set, among {name: wish}; NULL if there is none. */
const json_t *wishes_management(const json_t *networks);
/* Devices that are no host NICs by name (VDSM's hidden_nics: w*, usb*). */
bool device_is_hidden(const char *name) _pure_;
/* device: as in the view. Return: the first of its addresses that is not link-local, borrowed, or NULL. */
const char *device_first_address(const json_t *device);
/* The device that holds the address by which the host is managed: that of the default route, else the only one with an address.
 * Return: its name, or NULL with InvalidState set. */
const char *view_management_device(const json_t *view, sd_bus_error *error);
/* Whether a device has the route {to, via}; family: AF_INET or AF_INET6. */
bool view_has_route(const json_t *device, int family, const json_t *route);
