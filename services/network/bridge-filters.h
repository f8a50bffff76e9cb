/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The kernel's traffic filters on bridges, as far as mirrors (port-mirrors.h) are made of them, by rtnetlink: a "clsact" queueing discipline, at each of its two hooks one "bpf" filter for each port that
 * gets copies, all of one priority, with the action "mirred" (and around it "vlan", where a copy has to lose its tag). Documentation: tc-bpf(8), tc-mirred(8), tc-vlan(8).
 */

#include "macro.h"

/* Ours are known by it. They let every frame go on to the filters after them. */
#define BRIDGE_FILTERS_PRIORITY 0x5248U

/* One datagram of a dump of queueing disciplines; devices: indexes as text of those with a clsact, added to. Pure. Return: as of rtnetlink_parse(). */
int bridge_filters_parse_disciplines(const void *datagram, size_t size, json_t *devices);
/* One datagram of a dump of filters at a hook; filters: {mirrors: [{hook, handle, index, program}], foreign?: true}, added to; index: of the port, 0 when it is gone. Pure. Return: as above. */
int bridge_filters_parse(const void *datagram, size_t size, const char *hook, json_t *filters);

/* Of all devices with a clsact: {device: {mirrors: [{hook, handle, sink, program}], foreign?, promiscuous}}; sink: the port's name, "" when it is gone; promiscuous: by somebody's wish, as opposed to
 * while a packet capture runs. For a thread. Return: 0 with ret (new) or a negative errno. */
int bridge_filters_read(json_t **ret);
/* Carries out one change of port_mirrors_changes(). Needs CAP_NET_ADMIN; the kernel loads its modules. Return: 0 or a negative errno: -ENODEV the bridge or a port is gone,
 * -ENOENT or -EOPNOTSUPP the kernel has no such filters. What could be done is done. */
int bridge_filters_change(const json_t *change);
