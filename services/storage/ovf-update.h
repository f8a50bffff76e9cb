/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Writes the OVF stores of a domain: two of them, one after the other, so that at every moment one good copy is there, the one before or this one.
 * Blocking; for rhv-ovf, which has no privilege: what is in an old store was written by others.
 */

#include "layout.h"
#include "ovf-store.h"

#define OVF_STORES 2U

/*
 * definitions: [{id, …}] as for ovf_write(). All others that the newest store has stay as they are, also of VMs that nobody here knows, until the last of
 * their disks has gone from the domain; one without disks until it is in removed (ids). ret: {written: stores, vms: definitions in them, skipped: ["<id>: why"], which stay as they were}. Return: 0, or negative with NoSpace, InvalidArgument, BadFormat or another
 * error set; then at least one store is as before.
 */
int ovf_update(const DomainPlace *place, const json_t *definitions, const json_t *removed, uint64_t now_sec, json_t **ret, sd_bus_error *error);

/* A store's description, as the engine writes it; size 0: it is being written. Return: new string or NULL. Pure. */
char *ovf_store_description(const char *domain, uint64_t updated_sec, uint64_t size);
