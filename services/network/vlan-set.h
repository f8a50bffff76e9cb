/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The VLANs that a bridge, or a port of one, is in, and how that is written: "1 pvid untagged, 100, 200", in the order of the numbers, as NetworkManager has it. Pure.
 *
 * A guest's port tells its VLAN by its name, "v100-1a2b3c4d", or "m100-1a2b3c4d" for one that mirrors its network (port-mirrors.h): so whoever makes it needs
 * to ask nobody, and whoever watches the bridge needs to remember nothing.
 */

#include "macro.h"

#define VLAN_SET_SIZE 4096U
/* Flags of each: in it at all; frames without a tag belong to it; its frames leave without one. */
#define VLAN_PRESENT 1U
#define VLAN_PVID 2U
#define VLAN_UNTAGGED 4U
/* Of a port whose other side knows no tags. */
#define VLAN_PORT (VLAN_PRESENT | VLAN_PVID | VLAN_UNTAGGED)

typedef struct VlanSet {
        uint8_t flags[VLAN_SET_SIZE]; /* by number; 0: not in it */
} VlanSet;

/* New string, "" for none; NULL when out of memory. */
char *vlan_set_format(const VlanSet *set);
/* Return: 0, or -EINVAL for what vlan_set_format() does not write. */
int vlan_set_parse(const char *text, VlanSet *ret);

/* The VLAN in a port's name; 0 where it tells none. */
unsigned vlan_of_port_name(const char *name) _pure_;
