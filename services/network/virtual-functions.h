/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * SR-IOV: how many virtual functions a NIC has, and which of them nobody has. Pure.
 *
 * How many is the wish of a NIC, {name, vfs}, beside those of networks and bonds (wish.h): it is kept in our profile of the NIC, which stays while the NIC has any, also when the last
 * network on it goes. NetworkManager makes them when it activates that profile, at each boot, and takes them away when it deactivates it: so neither is done while one of them is used.
 *
 * The kernel's facts (link-facts.h) say which there are: functions: [{pci, driver?, device?}].
 */

#include "macro.h"

/* PCI Express has 16 bits for them. */
#define VFS_MAX 65535

/* A wish as it is read back from a profile. */
bool functions_wish_is_valid(const json_t *wish) _pure_;
/* Makes wishes of the request's option: counts: {NIC: how many}, or NULL; 0 takes the wish away. before, after, touched, touched_before: wishes, as plan.c has them.
 * Return: 0, or negative with InvalidArgument, NotFound, NotSupported or LimitExceeded set. */
int functions_apply(const json_t *view, const json_t *counts, const json_t *before, json_t *after, json_t *touched, json_t *touched_before, sd_bus_error *error);
/* That nothing the plan does takes a function away from who uses it: a guest, a network, a bond, whoever has an address on it. Return: 0, or negative with InUse set. */
int functions_check(const json_t *view, const json_t *before, const json_t *after, const json_t *plan, sd_bus_error *error);
/* What must be true of them when the plan is carried out: [{nic, vfs}]. New, NULL when out of memory. */
json_t *functions_expect(const json_t *touched, const json_t *touched_before);
/* PCI addresses of those of a NIC that neither the host nor a guest uses. wishes: of view. New array of strings, NULL when out of memory. */
json_t *functions_free(const json_t *view, const json_t *wishes, const char *nic);
