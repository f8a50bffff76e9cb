/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Port mirroring: what the kernel has to be told so that each mirroring port gets a copy of its network's frames, and nobody else does. Pure.
 *
 * A port that mirrors says so by its name, "m0-1a2b3c4d", or "m100-1a2b3c4d" in VLAN 100 (vlan-set.h): so the mirror belongs to the tap, whoever is killed, restarted or migrated,
 * and nothing has to be remembered. On the port's bridge there is a filter for it at each end: of what goes through the bridge (which sees that while it is promiscuous) and of what the host sends
 * on it. Each hands a copy to the port and lets the frame go on. This service looks at each change of a link or a filter, and at its own start; while it is away the kernel goes on, and a port that is
 * gone gets nothing.
 *
 * The bridge's promiscuous mode goes before the last filter and comes after the first one: whenever it is on for us there is a filter of ours, also after a kill.
 */

#include "macro.h"

/* Whether the name of a port says that it mirrors. */
bool port_name_mirrors(const char *name) _pure_;
/* Whether a port that mirrors gets its copies, by what the kernel says. links: link-facts.h. */
bool port_mirrors_is_on(const json_t *links, const char *port);

/* What has to be done, one entry for each bridge with something to do:
 *     {bridge, remove: [{hook, handle}], add: [{hook, sink, program}], promiscuous?: boolean, bare: boolean}
 * hook: "ingress" or "egress"; promiscuous: to be switched on or off; bare: nothing is left afterwards, neither of ours nor of others.
 * New array, NULL when out of memory. */
json_t *port_mirrors_changes(const json_t *links);
