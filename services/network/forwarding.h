/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What a bridge has learnt: which MAC address is behind which of its ports. Source: the kernel's /sys/class/net/BRIDGE/brforward. */

#include "macro.h"

#define FORWARDING_ENTRIES_MAX 65536U

/* The file's bytes (struct __fdb_entry of linux/if_bridge.h, one after the other) as [{mac, port, local, age_msec}]; ports: {"1": "eth1"} by number; a port that is not
 * among them is "". local: an address of the host's own. Pure. Return: 0 with ret (new), -EBADMSG for bytes that are no whole entries, -ENOMEM. */
int forwarding_parse(const void *bytes, size_t size, const json_t *ports, json_t **ret);

/* Reads it. root: LINK_FACTS_ROOT. Return: 0 with ret (new), -ENODEV when there is no such bridge, or another negative errno. */
int forwarding_read(const char *root, const char *bridge, json_t **ret);
