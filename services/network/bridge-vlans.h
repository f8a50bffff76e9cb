/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* VLANs of bridges and their ports in the kernel, by rtnetlink (the bridge part of RTM_GETLINK, RTM_SETLINK and RTM_DELLINK). */

#include "vlan-set.h"

/* One datagram of an answer; vlans: {ifindex as text: text of vlan-set.h}, added to. Pure. Return: 1 that was the last one, 0 more will come, or a negative errno. */
int bridge_vlans_parse(const void *datagram, size_t size, json_t *vlans);
/* Of all bridges and ports: {device: text}. For a thread. Return: 0 with ret (new) or a negative errno. */
int bridge_vlans_read(json_t **ret);
/* Makes the VLANs of a device wanted where they are is, both texts. bridge: it is the bridge itself. Needs CAP_NET_ADMIN. Return: 0 or a negative errno; -ENODEV: it is gone. */
int bridge_vlans_set(const char *device, bool bridge, const char *is, const char *wanted);
