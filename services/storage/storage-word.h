/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The words of a storage domain: as they stand on the storage (VDSM's spelling) and as they travel on the bus. Pure.
 * Source of the spellings on storage: facts of VDSM, lib/vdsm/storage/constants.py and sd.py.
 */

#include "macro.h"
#include "string-table.h"

/* No volume, no pool, no parent. */
#define BLANK_UUID "00000000-0000-0000-0000-000000000000"

typedef enum VolumeFormat {
        VOLUME_FORMAT_RAW,   /* RAW: the file is the disk */
        VOLUME_FORMAT_QCOW2, /* COW */
        _VOLUME_FORMAT_MAX,
        _VOLUME_FORMAT_INVALID = -EINVAL,
} VolumeFormat;

typedef enum VolumeAllocation {
        VOLUME_ALLOCATION_SPARSE,
        VOLUME_ALLOCATION_PREALLOCATED,
        VOLUME_ALLOCATION_UNKNOWN, /* read from old domains, never written for a new volume */
        _VOLUME_ALLOCATION_MAX,
        _VOLUME_ALLOCATION_INVALID = -EINVAL,
} VolumeAllocation;

typedef enum VolumeLegality {
        VOLUME_LEGAL,
        VOLUME_ILLEGAL, /* being written, or its writing failed: no guest may start from it */
        VOLUME_FAKE,    /* a placeholder on export domains */
        _VOLUME_LEGALITY_MAX,
        _VOLUME_LEGALITY_INVALID = -EINVAL,
} VolumeLegality;

typedef enum VolumeRole {
        VOLUME_LEAF,     /* the writable top of an image */
        VOLUME_INTERNAL, /* has children in the same image */
        VOLUME_SHARED,   /* a template: immutable, children may be in other images */
        _VOLUME_ROLE_MAX,
        _VOLUME_ROLE_INVALID = -EINVAL,
} VolumeRole;

/* On the bus: "raw" "qcow2"; "sparse" "preallocated" "unknown"; "legal" "illegal" "fake"; "leaf" "internal" "shared".
 */
DECLARE_STRING_TABLE(volume_format, VolumeFormat);
DECLARE_STRING_TABLE(volume_allocation, VolumeAllocation);
DECLARE_STRING_TABLE(volume_legality, VolumeLegality);
DECLARE_STRING_TABLE(volume_role, VolumeRole);

/* On the storage: RAW COW; SPARSE PREALLOCATED UNKNOWN; LEGAL ILLEGAL FAKE; LEAF INTERNAL SHARED. */
DECLARE_STRING_TABLE(disk_format, VolumeFormat);
DECLARE_STRING_TABLE(disk_allocation, VolumeAllocation);
DECLARE_STRING_TABLE(disk_legality, VolumeLegality);
DECLARE_STRING_TABLE(disk_role, VolumeRole);
