/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Where a block domain keeps the metadata and the lease of a volume: slots in its LVs `metadata` and `leases`, by the number in the volume's
 * MD_ tag. Pure. Source: VDSM, lib/vdsm/storage/blockSD.py.
 */

#include "macro.h"

/* `leases` has 2048 areas, of which 100 are kept for others; so many volumes a domain has at most. */
#define BLOCK_LEASE_AREAS 2048U
#define BLOCK_LEASE_RESERVED 100U
#define BLOCK_SLOT_MAX (BLOCK_LEASE_AREAS - BLOCK_LEASE_RESERVED - 1U)
/* Read and written of a slot, whatever its size. */
#define BLOCK_SLOT_BYTES 512U

/* version: of the domain. In bytes, in `metadata`. */
uint64_t block_slot_offset(unsigned version, uint32_t slot) _const_;
/* In bytes, in `leases`. */
uint64_t block_lease_offset(uint32_t slot, uint32_t alignment_bytes) _const_;
/* The first that may be used: below it lie the metadata of old domains. */
uint32_t block_slot_first(unsigned version) _const_;
void block_slot_sort(uint32_t *slots, size_t n);
/* The smallest that none of the n in used has. Return: -ENOSPC where there is none. used: is sorted. */
int block_slot_find(uint32_t *used, size_t n, unsigned version, uint32_t *ret);

/* The size of a new volume's LV, before LVM rounds it up to its extents: as much as its capacity where that is preallocated; else room for
 * the data that are known to come, with qcow2's own, or a first chunk that is extended as the guest writes. */
#define BLOCK_CHUNK_BYTES (2560 * MIB)
uint64_t block_volume_bytes(bool preallocated, uint64_t capacity_bytes, uint64_t initial_bytes) _const_;

/* Of the groups VDSM makes. */
#define BLOCK_EXTENT_BYTES (128 * MIB)
/* The size a qcow2 volume needs whose data end at end_bytes: what a guest writes to has a chunk more, and nothing more than it can grow to (most_bytes). Whole
 * extents. Source: VDSM, lib/vdsm/storage/blockVolume.py. */
uint64_t block_optimal_bytes(uint64_t end_bytes, uint64_t most_bytes, bool leaf) _const_;
