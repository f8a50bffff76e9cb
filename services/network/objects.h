/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What the objects on the bus say, from the view. Pure. Each object is {property: value}, so that a change is the difference of two of them.
 */

#include "macro.h"

/* {name: {Name, Device, ...}}: the properties of org.rhv.Network.Network. view NULL: NetworkManager is away; then previous is repeated
 * with state "unknown". New, NULL when out of memory. */
json_t *objects_networks(const json_t *view, const json_t *previous);
/* The same of org.rhv.Network.Nic. */
json_t *objects_nics(const json_t *view, const json_t *labels, const json_t *previous);
/* Names of the networks and bonds with differences. New, NULL when out of memory. */
json_t *objects_differing(const json_t *view);
/* For GetCapabilities: {networks, nics, bonds, vlans, bridges, vnics: {name: {...}}, management, management_device, nameservers, waiting}. labels: labels.h, may be NULL. */
json_t *objects_capabilities(const json_t *view, const json_t *labels);
