/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What may be done to the data of a volume that has some: extended, read as a whole, merged into its parent. Pure.
 * Source of the rules: VDSM, lib/vdsm/storage/{volume,merge}.py.
 */

#include "volume-rules.h"

/* QEMU counts a disk in sectors. */
#define VOLUME_SECTOR_BYTES 512U

/* May volume become capacity_bytes large? Only a legal leaf, and never smaller. ret: what it becomes, rounded up as at its creation; the present
 * one where that is asked for (a repeated request). Return: 0, or negative with NotFound, BadFormat, InvalidState or InvalidArgument set. */
int volume_may_extend(const VolumeList *list, const char *volume, uint64_t capacity_bytes, uint64_t *ret_bytes, sd_bus_error *error);

/* May what a guest sees at volume be read into a volume of capacity_bytes? ret: its chain. Return: the length, or negative as
 * volume_chain(), with InvalidArgument where it does not fit. */
int volume_may_copy(const VolumeList *list, const char *volume, uint64_t capacity_bytes,
                    const VolumeRecord *ret[static VOLUME_CHAIN_MAX], sd_bus_error *error);

typedef struct MergePlan {
        char base[UUID_STRING_MAX];
        char child[UUID_STRING_MAX]; /* whose parent is the merged one; empty: that is the leaf */
        uint64_t capacity_bytes;     /* of base afterwards */
} MergePlan;

/* May volume be merged into its parent, which then takes its place? ret_chain: from volume down. Also for a merge that was cut off: what was
 * done is done again or found done. Return: the length of the chain, or negative with NotFound, BadFormat or InvalidState set. */
int volume_may_merge(const VolumeList *list, const char *volume, const VolumeRecord *ret_chain[static VOLUME_CHAIN_MAX], MergePlan *ret,
                     sd_bus_error *error);

/* May the room of volume be cut down to what its data need? A thin qcow2 volume that is legal. ret_leaf: nothing is built on it. Return: 0, or negative with
 * NotFound, BadFormat, InvalidState or InvalidArgument (raw, preallocated) set. */
int volume_may_reduce(const VolumeList *list, const char *volume, bool *ret_leaf, sd_bus_error *error);

/* May blocks of zeroes be taken out of volume? Only of a legal leaf; not of a preallocated file, which shall have its blocks. A device keeps its room, whatever its storage is told.
 * Return: 0, or negative as volume_may_extend(). */
int volume_may_sparsify(const VolumeList *list, const char *volume, bool device, sd_bus_error *error);

/* The one volume that has volume as parent. Return: how many have; ret: the last of them, NULL for none. */
size_t volume_children(const VolumeList *list, const char *volume, const VolumeRecord **ret);

/* What an ended process left: taken out of its chain, but not yet removed. */
bool volume_is_cut_out(const VolumeList *list, const VolumeRecord *record);
/* On devices the tag of a volume says what its parent is as well. Is it on its way from an illegal parent, which was merged, to that one's parent? */
bool volume_is_moving(const VolumeList *list, const VolumeRecord *record, const char *tag_parent);
/* Does the tag of a volume still say that it is built on left, which has left its chain or is about to? VDSM changes the slot when it merges, and the tag not before the merged
 * volume is deleted; it looks for the children of a volume by their tags, and so none may name one that is gone. */
bool volume_tag_lags(const VolumeList *list, const VolumeRecord *record, const char *tag_parent, const char *left);
/* Has the volume which the tag names left its chain already? It is not in the image, or illegal; one that is legal may be merged yet by somebody. */
bool volume_has_left(const VolumeList *list, const char *tag_parent);
/* INTERNAL, but nothing is built on it any more. */
bool volume_is_bare(const VolumeList *list, const VolumeRecord *record);
