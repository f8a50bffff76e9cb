/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What the kernel has to be told so that every port of our VLAN-aware bridges is in the VLANs it belongs to. Pure.
 *
 * A port that comes is in no VLAN at all (default_pvid is 0): it reaches nobody until it is put into its own, and it is never in a wrong one. NetworkManager puts bridges and
 * their uplinks where their profiles say when they come up, and does not change it later (1.42 cannot for ports); guests' ports are not its concern. So this service looks at each
 * change of a link, and at its own start: what lies in between is made good, whoever was killed when.
 */

#include "macro.h"

/* [{device, bridge, is, wanted}]: is and wanted are texts of vlan-set.h, bridge a boolean: it is one. Empty when all is right or nothing is known of the kernel. Ports whose names tell
 * no VLAN, and which are no uplinks, are left alone. New array, NULL when out of memory. */
json_t *port_vlans_wrong(const json_t *view);
