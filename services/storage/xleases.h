/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * External leases of a shared domain, by id: its volume `xleases` with the index (lease-index.h) and an area for each lease. Every function
 * blocks.
 *
 * sanlock writes the leases; we write the index, a block at a time with direct I/O, so that a process that ends leaves the old record or
 * the new one. A lease is formatted before the index names it and cleared after the index forgot it.
 */

#include "layout.h"
#include "lease-index.h"

/* A VM's lease. */
typedef struct ExternalLease {
        char id[LEASE_ID_MAX + 1];
        uint64_t offset_bytes; /* in xleases */
} ExternalLease;

/* The caller holds the domain's lease for all but the last. create: what is there already is there. delete: NotFound. rebuild: how many records
 * changed. list: of records in use, in a new array. */
int xleases_create(const DomainPlace *place, const char *id, uint64_t *ret_offset, sd_bus_error *error);
int xleases_delete(const DomainPlace *place, const char *id, sd_bus_error *error);
int xleases_rebuild(const DomainPlace *place, unsigned *ret_changed, sd_bus_error *error);
int xleases_list(const DomainPlace *place, ExternalLease **ret, size_t *ret_n, sd_bus_error *error);
/* Of the lockspace in a domain's ids. fd: of that, with direct I/O. Return: seconds, 0 where there is none to be read. */
unsigned lockspace_read_io_timeout(int fd, const char *domain);
/* The index of a domain being made. fd: of its xleases, with direct I/O; borrowed. */
int xleases_format(int fd, const DomainPlace *place, sd_bus_error *error);
