/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What is allowed and worth a second look, of networks that are as asked for. Pure.
 *
 *     host-addressable   guests on it reach an address of the host (oVirt advises against services there)
 *     filtered           the host's packet filter sees what guests say to one another through the bridge (bridge-nf-call is on)
 *     not-mirrored       a guest's NIC on it should get copies of its frames and does not
 *     unlike-nics        NICs of its bond have different drivers or speeds
 *     no-lacp-partner    its bond speaks LACP and nobody answers
 */

#include "macro.h"

/* ["word: sentence"] of one network as it is. wish: of view_wishes(). New, NULL when out of memory. */
json_t *warnings_network(const json_t *view, const json_t *wish);
/* The same of a network that is only planned: what its wish alone tells. */
json_t *warnings_wish(const json_t *wish);
