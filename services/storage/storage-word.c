/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "storage-word.h"

static const char *const volume_format_table[_VOLUME_FORMAT_MAX] = {
                [VOLUME_FORMAT_RAW] = "raw",
                [VOLUME_FORMAT_QCOW2] = "qcow2",
};
DEFINE_STRING_TABLE(volume_format, VolumeFormat, _VOLUME_FORMAT_MAX)

static const char *const volume_allocation_table[_VOLUME_ALLOCATION_MAX] = {
                [VOLUME_ALLOCATION_SPARSE] = "sparse",
                [VOLUME_ALLOCATION_PREALLOCATED] = "preallocated",
                [VOLUME_ALLOCATION_UNKNOWN] = "unknown",
};
DEFINE_STRING_TABLE(volume_allocation, VolumeAllocation, _VOLUME_ALLOCATION_MAX)

static const char *const volume_legality_table[_VOLUME_LEGALITY_MAX] = {
                [VOLUME_LEGAL] = "legal",
                [VOLUME_ILLEGAL] = "illegal",
                [VOLUME_FAKE] = "fake",
};
DEFINE_STRING_TABLE(volume_legality, VolumeLegality, _VOLUME_LEGALITY_MAX)

static const char *const volume_role_table[_VOLUME_ROLE_MAX] = {
                [VOLUME_LEAF] = "leaf",
                [VOLUME_INTERNAL] = "internal",
                [VOLUME_SHARED] = "shared",
};
DEFINE_STRING_TABLE(volume_role, VolumeRole, _VOLUME_ROLE_MAX)

static const char *const disk_format_table[_VOLUME_FORMAT_MAX] = {
                [VOLUME_FORMAT_RAW] = "RAW",
                [VOLUME_FORMAT_QCOW2] = "COW",
};
DEFINE_STRING_TABLE(disk_format, VolumeFormat, _VOLUME_FORMAT_MAX)

static const char *const disk_allocation_table[_VOLUME_ALLOCATION_MAX] = {
                [VOLUME_ALLOCATION_SPARSE] = "SPARSE",
                [VOLUME_ALLOCATION_PREALLOCATED] = "PREALLOCATED",
                [VOLUME_ALLOCATION_UNKNOWN] = "UNKNOWN",
};
DEFINE_STRING_TABLE(disk_allocation, VolumeAllocation, _VOLUME_ALLOCATION_MAX)

static const char *const disk_legality_table[_VOLUME_LEGALITY_MAX] = {
                [VOLUME_LEGAL] = "LEGAL",
                [VOLUME_ILLEGAL] = "ILLEGAL",
                [VOLUME_FAKE] = "FAKE",
};
DEFINE_STRING_TABLE(disk_legality, VolumeLegality, _VOLUME_LEGALITY_MAX)

static const char *const disk_role_table[_VOLUME_ROLE_MAX] = {
                [VOLUME_LEAF] = "LEAF",
                [VOLUME_INTERNAL] = "INTERNAL",
                [VOLUME_SHARED] = "SHARED",
};
DEFINE_STRING_TABLE(disk_role, VolumeRole, _VOLUME_ROLE_MAX)
