/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * From wishes to the devices they need, layer upon layer: NIC -> [bond] -> [VLAN] -> [bridge]; addresses only on the top. In the vlan-aware layout
 * NIC -> [bond] -> bridge -> [VLAN]: one bridge for all networks of an uplink, and a VLAN device above it only where the host has addresses. Pure, and a
 * function of the wishes alone, so the same wishes always mean the same profiles.
 */

#include "macro.h"

/* wishes: {networks, bonds, nics}, resolved (resolve.h). Return: {iface: spec} (view.h), new; NULL when out of memory. */
json_t *layers_make(const json_t *wishes);
/* Order of activation: controllers before ports, bases before what lies on them. */
int layer_rank(const json_t *spec);
