/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What a disk of this host is used for, from what udev, sysfs, the table of mounts and LVM say of it. Pure; device-list.c gathers the facts.
 *
 * udev's record is as old as the last event on this host, and another host may have written to a shared LUN since: LVM, which reads the device now, is
 * believed before it. Who makes something of a device looks at its contents once more.
 */

#include "parse-util.h"
#include "udisks-report.h"

typedef struct DeviceFacts {
        /* Strings are borrowed; NULL: there is none. */
        const char *partitions; /* type of its partition table */
        const char *content;    /* what udev saw on it: "ext4", "LVM2_member" */
        const char *mounted;    /* where */
        const char *holder;     /* the kernel's name of what is made of it */
        bool read_only;
        uint64_t size_bytes;
        uint64_t logical_block_bytes;
        const char *silent; /* why nothing can be told: its I/O is not answered */
        const char *unasked; /* why LVM was not asked */
        bool physical_volume;
        const char *group, *tags; /* of the physical volume; "" where it is of no group that is whole here */
        bool in_use;              /* it says of itself that it is of a group */
        const char *twin;         /* another disk with the same id of LVM, which no two have by themselves */
} DeviceFacts;

typedef enum DeviceState {
        DEVICE_FREE,    /* nothing is on it that anybody could miss */
        DEVICE_USED,
        DEVICE_DOMAIN,  /* part of a storage domain */
        DEVICE_UNKNOWN,
        _DEVICE_STATE_MAX,
        _DEVICE_STATE_INVALID = -EINVAL,
} DeviceState;

typedef struct DeviceVerdict {
        DeviceState state;
        char reason[256];             /* of all but "free": for people */
        char domain[UUID_STRING_MAX]; /* empty: of none */
        bool usable;                  /* a block domain may be made from it, or get it */
} DeviceVerdict;

void device_judge(const DeviceFacts *facts, DeviceVerdict *ret);
/* Are they paths of one LUN, by what they say of themselves? Not where they say nothing. */
bool device_same_lun(const DeviceIdentity *a, const DeviceIdentity *b) _pure_;
const char *device_state_to_string(DeviceState state) _const_;
