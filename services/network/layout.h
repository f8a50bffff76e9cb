/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * How the networks of a NIC or bond lie on it. Pure.
 *
 *     classic:     each network has devices of its own: NIC -> [VLAN] -> [bridge]
 *     vlan-aware:  one bridge "br-<uplink>" that filters VLANs; each network is a VLAN of it, and the one without a tag is what comes without one
 *
 * The layout belongs to the uplink and is said by the request's option "layouts"; what that does not name keeps the layout it has, also for new networks. It is kept in the wishes of
 * its networks (wish.h), so an uplink without networks has none.
 */

#include "macro.h"

/* Gives each wish of touched its uplink's layout, and touches the other networks of uplinks whose layout changes. layouts: {uplink: "classic" | "vlan-aware"} or NULL.
 * before, after, touched, touched_before: wishes, as plan.c has them. Return: 0, or negative with InvalidArgument or NotFound set. */
int layout_apply(const json_t *layouts, const json_t *before, const json_t *after, json_t *touched, json_t *touched_before, sd_bus_error *error);
/* What must hold among the networks of vlan-aware uplinks. Return: 0, or negative with InvalidArgument set. */
int layout_check(const json_t *after, sd_bus_error *error);
/* That no guest would lose its network by a change of layout or of a VLAN's number. touched: what the request names and keeps. Return: 0, or negative with InUse set. */
int layout_check_guests(const json_t *view, const json_t *before, const json_t *touched, sd_bus_error *error);
