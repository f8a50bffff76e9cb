/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Reports of vgs, lvs and pvs ("--reportformat json --units b --nosuffix"), with the columns named here, typed and checked. Pure.
 *
 * What is not as LVM writes it is refused as BackendFailed; a name that could leave /dev/<group>/ does not get through.
 */

#include "macro.h"

/* LVM's own limit, with the end of the string. */
#define LVM_NAME_BYTES 129U
/* More than LVM handles in an hour. */
#define LVM_ROWS_MAX 16384U
/* A domain of 2000 thin disks, each extended thirty times. */
#define LVM_SEGMENTS_MAX 65536U

#define LVM_GROUP_COLUMNS "vg_name,vg_uuid,vg_size,vg_free,vg_extent_size,vg_missing_pv_count,vg_mda_size,vg_mda_free,vg_tags"
#define LVM_VOLUME_COLUMNS "lv_name,lv_size,lv_active,lv_tags,vg_free,vg_mda_free"
/* With --segments: each part of each device, with the volume it belongs to. */
#define LVM_SEGMENT_COLUMNS "vg_name,vg_extent_size,pv_name,pe_start,pvseg_start,pvseg_size,lv_name,seg_start_pe,segtype"
/* With --all also those that have the id of another one, of which LVM uses one and tells no other by itself; and what is no physical volume, which is passed over. */
#define LVM_DEVICE_COLUMNS "pv_name,pv_uuid,dev_size,pe_start,pv_pe_count,pv_mda_used_count,pv_in_use,vg_name,vg_uuid,vg_tags"

typedef struct LvmGroup {
        char name[LVM_NAME_BYTES];
        char uuid[LVM_NAME_BYTES];
        uint64_t size_bytes, free_bytes, extent_bytes;
        uint64_t mda_size_bytes, mda_free_bytes; /* of the smallest metadata area */
        unsigned missing;                        /* devices that are not there */
        char *tags;                              /* between commas */
} LvmGroup;

typedef struct LvmVolume {
        char name[LVM_NAME_BYTES];
        uint64_t size_bytes;
        uint64_t group_free_bytes, group_mda_free_bytes; /* of its group, in each row the same */
        bool active;                                     /* on this host */
        char *tags;
} LvmVolume;

typedef struct LvmDevice {
        char *path;
        char uuid[LVM_NAME_BYTES];
        char group[LVM_NAME_BYTES]; /* empty: of none */
        char group_uuid[LVM_NAME_BYTES];
        uint64_t size_bytes;  /* of the device itself; 0: it is not there */
        uint64_t start_bytes; /* where its first extent begins */
        uint64_t extents;
        unsigned metadata_areas; /* in use */
        bool in_use;             /* it says of itself that it is of a group */
        char *tags;              /* of its group, between commas */
} LvmDevice;

/* A part of a volume that lies in one piece on one device. */
typedef struct LvmSegment {
        char *path; /* of the device; "[unknown]" where that is not there */
        char group[LVM_NAME_BYTES];
        char name[LVM_NAME_BYTES]; /* of the volume; empty: nobody's, or of one that LVM hides */
        uint64_t from_bytes;       /* in the volume */
        uint64_t at_bytes;         /* on the device */
        uint64_t size_bytes;
        bool linear; /* false: mirrors, stripes: where a byte is this does not tell */
} LvmSegment;

typedef struct LvmSegments {
        LvmSegment *rows;
        size_t n;
} LvmSegments;
typedef struct LvmGroups {
        LvmGroup *rows;
        size_t n;
} LvmGroups;
typedef struct LvmVolumes {
        LvmVolume *rows;
        size_t n;
} LvmVolumes;
typedef struct LvmDevices {
        LvmDevice *rows;
        size_t n;
} LvmDevices;

void lvm_groups_clear(LvmGroups *groups);
void lvm_volumes_clear(LvmVolumes *volumes);
void lvm_devices_clear(LvmDevices *devices);
void lvm_segments_clear(LvmSegments *segments);

/* Return: 0; -ENOMEM; -EBADMSG with BackendFailed set. */
int lvm_groups_parse(const char *text, size_t size, LvmGroups *ret, sd_bus_error *error);
int lvm_volumes_parse(const char *text, size_t size, LvmVolumes *ret, sd_bus_error *error);
int lvm_devices_parse(const char *text, size_t size, LvmDevices *ret, sd_bus_error *error);
int lvm_segments_parse(const char *text, size_t size, LvmSegments *ret, sd_bus_error *error);

/* Are all extents that LVM's metadata say it has on the device? One that is not there is another matter, and counts as whole. */
bool lvm_device_is_whole(const LvmDevice *device, uint64_t extent_bytes) _pure_;

/* [A-Za-z0-9+_.-], not beginning with '-', not "." or "..": LVM's rule. */
bool lvm_name_is_valid(const char *name) _pure_;
