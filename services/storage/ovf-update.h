/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Writes the OVF stores of a domain: two of them, one after the other, so that at every moment one good copy is there, the one before or this one.
 * Blocking; for rhv-ovf on a local domain, for who holds the domain's lease on a shared one.
 */

#include "layout.h"
#include "ovf-compose.h"

#define OVF_STORES 2U

/* definitions, removed, composer: ovf-compose.h. ret: {written: stores, vms: definitions in them, skipped: ["<id>: why"], which stay as they were}. Return: 0, or negative
 * with NoSpace, InvalidArgument, BadFormat or another error set; then at least one store is as before. */
int ovf_update(const DomainPlace *place, const json_t *definitions, const json_t *removed, uint64_t now_sec, ovf_compose_t composer, json_t **ret, sd_bus_error *error);
