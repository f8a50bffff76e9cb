/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Where a domain is, handed from the service to programs of its own as JSON. Pure. */

#include "layout.h"

/* Return: new reference, NULL when out of memory. */
json_t *place_to_json(const DomainPlace *place);
/* ret: its path is borrowed from object. Return: 0, or -EBADMSG for what is no domain that was opened. */
int place_from_json(const json_t *object, DomainPlace *ret);
