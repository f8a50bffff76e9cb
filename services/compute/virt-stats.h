/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * libvirt's bulk statistics with our words and units: made in a call thread, read by the loop. Names of keys are literals; the
 * meaning of each is documented at GetStats in dbus/org.rhv.Compute.xml.
 */

#include "macro.h"
#include "parse-util.h"

typedef enum VirtStatsGroup {
        VIRT_STATS_GUEST,
        VIRT_STATS_VCPU,
        VIRT_STATS_NIC,
        VIRT_STATS_DISK,
        _VIRT_STATS_GROUP_MAX,
} VirtStatsGroup;

typedef struct VirtStat {
        const char *key;
        VirtStatsGroup group;
        unsigned index;  /* of the vCPU, NIC or disk in its group; 0 for the guest's own */
        char *text;      /* a string value, else NULL */
        uint64_t number;
} VirtStat;

typedef struct VirtStatsRecord {
        char id[UUID_STRING_MAX];
        VirtStat *stats; /* in the order of group and index */
        size_t n;
} VirtStatsRecord;

typedef struct VirtStats {
        VirtStatsRecord *records;
        size_t n;
} VirtStats;

/* Our key for one of libvirt's fields ("net.0.rx.bytes"), or NULL for one we do not carry. Pure.
 * ret_scale: what to multiply the number by. */
const char *virt_stats_key(const char *field, VirtStatsGroup *ret_group, unsigned *ret_index, uint64_t *ret_scale);

/* Sorts the record as described above. */
void virt_stats_sort(VirtStatsRecord *record);
VirtStats *virt_stats_free(VirtStats *stats);
DEFINE_CLEANUP(VirtStats *, virt_stats_free)
