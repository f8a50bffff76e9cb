/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Looks at a foreign domain without writing a byte. May block for as long as the storage does: runs in rhv-inspect. */

#include "layout.h"

/*
 * place: type and path; the domain is found. ret:
 *
 *     {id, name, type, class, version, pool, master, block_size, alignment, in_use, usable, refusal,
 *      images: {id: as image_report()}, vms: {id: as ovf_summary()}, problems: [text]}
 *
 * Return: 0, or negative with NotFound, BadFormat, NewerVersion, AccessDenied, InvalidArgument, … set.
 */
int inspect_domain(const DomainPlace *place, json_t **ret, sd_bus_error *error);

/* The OVF stores of a block domain, which who can read its devices has put into a file (look-stores.h): {vms, problems} of the newest that is whole. Return: 0; -ENOMEM; another errno
 * with error set. */
int inspect_stores(int fd, json_t **ret, sd_bus_error *error);
