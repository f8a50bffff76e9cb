/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The seal of a domain's metadata: SHA-1 over the lines KEY=VALUE in the order of their keys, without line ends, each
 * turned into ASCII by writing every other code point as &#<decimal>;. It guards against accidents, not against
 * malice. Source: VDSM, lib/vdsm/storage/persistent.py.
 */

#include "key-value.h"

#define SEAL_KEY "_SHA_CKSUM"
#define SEAL_STRING_MAX 41U /* 40 lower-case hex digits */

/* Leaves the seal's own key out. list: valid UTF-8. Pure. */
void seal_compute(const KeyValueList *list, char ret[static SEAL_STRING_MAX]);
