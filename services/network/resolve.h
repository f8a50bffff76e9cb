/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Fills in what a wish left to the host: the NIC of the management network, inherited addresses, MTU, MAC. Pure. */

#include "macro.h"

/* before: the wishes in force (view_wishes()). wish: changed. ret_inherit: uuid of the profile whose whole IP settings move on to
 * the new network, borrowed from view, or NULL. Return: 0 or negative with InvalidArgument, InvalidState or NotSupported set. */
int resolve_network(const json_t *view, const json_t *before, const json_t *bonds, json_t *wish, const char **ret_inherit,
                    sd_bus_error *error);
/* The first step of that alone: which NIC or bond the network lies on. Return: likewise. */
int resolve_base(const json_t *view, const json_t *before, json_t *wish, sd_bus_error *error);
int resolve_bond(const json_t *view, const json_t *before, json_t *wish);
