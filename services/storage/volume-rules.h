/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What may be done to volumes and images, decided from what the metadata says. Pure: no file, no clock, no bus.
 * Source of the rules: VDSM, lib/vdsm/storage/volume.py and image.py.
 */

#include "volume-metadata.h"

/* A disk of more than a PiB is a mistake; it also keeps every sum here far from 2^63. */
#define VOLUME_CAPACITY_MAX (1024 * TIB)
/* Capacities and offsets are rounded up to it, whatever the sector size. */
#define VOLUME_ALIGNMENT_BYTES 4096U
/* More snapshots than anybody merges in time; QEMU gets slow long before. */
#define VOLUME_CHAIN_MAX 128U
/* Volumes of one image, with those that are broken or being deleted. */
#define IMAGE_VOLUMES_MAX 256U
#define DOMAIN_IMAGES_MAX 65536U

/* One volume as found in an image's directory. */
typedef struct VolumeRecord {
        char id[UUID_STRING_MAX];
        VolumeMetadata metadata;      /* meaningless where problem is set */
        uint64_t true_size_bytes;     /* allocated on the storage */
        uint64_t apparent_size_bytes; /* the file's length */
        unsigned links;               /* hard links of the file; > 1 on a template in use */
        char *problem;                /* why its metadata cannot be used; NULL: it can */
} VolumeRecord;

typedef struct VolumeList {
        char image[UUID_STRING_MAX];
        VolumeRecord *records;
        size_t n;
} VolumeList;

/* Of several images. */
typedef struct VolumeLists {
        VolumeList *lists;
        size_t n;
} VolumeLists;

void volume_list_clear(VolumeList *list);
void volume_lists_clear(VolumeLists *lists);
/* A new, zeroed record with id, or NULL when out of memory. Moves the records before it. */
VolumeRecord *volume_list_add(VolumeList *list, const char *id);
VolumeRecord *volume_list_find(const VolumeList *list, const char *id) _pure_;
/* One whose metadata can be used. Return: 0, or negative with error: NotFound, BadFormat. */
int volume_list_find_usable(const VolumeList *list, const char *volume, const VolumeRecord **ret, sd_bus_error *error);
/* The one LEAF (or SHARED) volume; NULL where there is none or more than one. */
VolumeRecord *volume_list_leaf(const VolumeList *list) _pure_;

/* A LEAF that has a child: an internal volume whose rewrite did not happen. NULL: none is left. */
VolumeRecord *volume_list_unfinished_parent(const VolumeList *list) _pure_;

/* Does the volume, found among those of image, belong to a template that image is based on? */
bool volume_is_of_template(const VolumeRecord *record, const char *image) _pure_;

/* What is asked for. */
typedef struct VolumeRequest {
        char image[UUID_STRING_MAX];
        char volume[UUID_STRING_MAX];
        char parent[UUID_STRING_MAX]; /* BLANK_UUID: none */
        uint64_t capacity_bytes;      /* 0 with a parent: the parent's */
        uint64_t initial_bytes;       /* of data that will be written to a thin volume on blocks; 0: not known */
        VolumeFormat format;
        VolumeAllocation allocation;
        char description[VOLUME_METADATA_BYTES_MAX];
        char disk_type[VOLUME_DISK_TYPE_MAX];
        bool illegal; /* its data come later: until then it is ILLEGAL */
        char parent_image[UUID_STRING_MAX]; /* of a template the new image is based on; empty: parent is of this image */
        bool branch;  /* the parent may have a child already: the image branches until one of the two goes (a preview) */
        uint64_t now_sec;
} VolumeRequest;

/* The request alone: capacity present and in range, a child is qcow2, and so on. Return: 0, or negative with
 * InvalidArgument. */
int volume_request_check(const VolumeRequest *request, sd_bus_error *error);

/* The request against the image's volumes (list->n 0: a new image). domain, version: of the storage domain. ret: the
 * metadata the new volume gets, capacity rounded up. Return: 0, or negative with AlreadyExists, NotFound,
 * InvalidState, LimitExceeded or InvalidArgument set. */
int volume_request_plan(const VolumeRequest *request, const VolumeList *list, const char *domain, unsigned version,
                        VolumeMetadata *ret, sd_bus_error *error);

/* The chain from volume down to its base, as borrowed records of list. legal: also refuse a volume that is not LEGAL.
 * Return: the length, or negative with NotFound, BadFormat (loop, missing parent) or InvalidState set. */
int volume_chain(const VolumeList *list, const char *volume, bool legal,
                 const VolumeRecord *ret[static VOLUME_CHAIN_MAX], sd_bus_error *error);

/* May volume go, leaving the rest of the image whole? Only a leaf with a parent, or one that never became part of the
 * chain. ret_parent_becomes_leaf: id of the volume to be turned to LEAF, or empty. */
int volume_may_delete(const VolumeList *list, const char *volume, char ret_parent_becomes_leaf[static UUID_STRING_MAX],
                      sd_bus_error *error);

#define GENERATION_ANY UINT32_MAX

typedef struct VolumeChange {
        uint32_t expected_generation; /* refused with InvalidState when another; GENERATION_ANY: not looked at */
        bool bump_generation;         /* one more, together with the rest in one write */
        VolumeLegality legality;
        uint64_t capacity_bytes;      /* 0: as it is */
        const char *description;      /* NULL: as it is; not for the holder of a domain's lease */
        bool share;                   /* a leaf without parent becomes a template */
} VolumeChange;

/* metadata: of volume, as it was; gets the change. Return: 0, or -ESTALE with InvalidState set. */
int volume_change_apply(const VolumeChange *change, const char *volume, VolumeMetadata *metadata, sd_bus_error *error);

/* Is volume a template that new images may be based on? Return: 0, or negative with NotFound, BadFormat or InvalidState set. */
int volume_may_base(const VolumeList *list, const char *volume, sd_bus_error *error);

/* A template with copies must stay. */
int image_may_delete(const VolumeList *list, sd_bus_error *error);

/* Is the image nothing but that volume, as a copy made it and has not completed it? Nobody can have used it: it was ILLEGAL from its first moment. */
bool image_is_unfinished_copy(const VolumeList *list, const char *volume) _pure_;

/* May data be written into volume, size bytes of them (UINT64_MAX: not known)? */
int volume_may_upload(const VolumeList *list, const char *volume, uint64_t size, sd_bus_error *error);
int volume_may_download(const VolumeList *list, const char *volume, sd_bus_error *error);

/* How far a qcow2 file of this capacity can grow: 1.1 times, rounded up to MiB. */
uint64_t volume_qcow2_max_bytes(uint64_t capacity_bytes) _const_;
uint64_t volume_round_up(uint64_t bytes) _const_;
unsigned volume_next_generation(unsigned generation) _const_;
