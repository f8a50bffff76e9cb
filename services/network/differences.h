/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Where a network or bond is not as it was asked for, field by field. Pure.
 *
 *     [{device, field, wanted, is, source}]       all text; "" where there is nothing
 *
 * source: "profile": our profile in NetworkManager was changed or deleted; "other-profile": the device runs a profile of others (`is` names it);
 * "kernel": the profile is right and the device is not (changed past NetworkManager). field: as in a request, with a dot for what lies within ("ipv4.addresses",
 * "options.miimon"), and for devices "profile", "master", "parent", "mac", "state". What NetworkManager fills in by itself, and what DHCP and router advertisements bring,
 * never appears.
 */

#include "macro.h"

/* wishes: all of them (view_wishes()): devices are shared. New array, empty when all is as asked for; NULL when out of memory. */
json_t *differences_network(const json_t *view, const json_t *wishes, const char *network);
json_t *differences_bond(const json_t *view, const json_t *wishes, const char *bond);
/* Of all at once: {networks: {name: array}, bonds: {name: array}}. New, NULL when out of memory. */
json_t *differences_all(const json_t *view, const json_t *wishes);
/* Of one device alone, between what NetworkManager was told and what the kernel has. spec: what is wanted (view.h). New, NULL when out of memory. */
json_t *differences_device(const json_t *view, const char *iface, const json_t *spec);
/* In one line: "eth1: mtu is 1400, not 1500; ...". New string, NULL when out of memory. */
char *differences_text(const json_t *differences);
/* The fields alone. New array of strings, NULL when out of memory. */
json_t *differences_fields(const json_t *differences);
