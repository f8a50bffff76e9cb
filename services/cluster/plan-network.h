/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Networks that are on one host alone, "nat" and "isolated" (virtual-network.h): they lie on no NIC, and Compute of the host makes them by
 * libvirt. Pure.
 */

#include "model.h"
#include "virtual-network.h"

/* "bridge", "nat" or "isolated". */
const char *network_mode(const Object *network) _pure_;
bool network_is_virtual(const Object *network) _pure_;
/* What Compute is asked for. Return: new object or NULL. */
json_t *network_virtual_description(const Object *network);
/* Its state on a host, by what Compute says of it (NULL: nothing): "absent", Compute's word, or "out-of-sync" when it is not what the record says. */
const char *network_virtual_state(const Object *network, const json_t *properties);

/* What must hold between the keys of a network of that name. Return: 0, or negative with InvalidArgument or NotSupported set. */
int plan_check_network_mode(const char *name, const json_t *spec, sd_bus_error *error);
/* changed: the spec after an update; name: NULL where it stays. */
int plan_check_network_mode_update(const Object *network, const char *name, const json_t *changed, sd_bus_error *error);
/* One that a host has is not removed: nobody would know it any more. */
int plan_check_network_remove(const Object *network, sd_bus_error *error);
