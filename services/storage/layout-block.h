/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What the files of the block layout share. A domain is a volume group with the domain's id as its name, an image nothing but a tag, a volume a
 * logical volume. Source: VDSM, lib/vdsm/storage/blockSD.py, blockVolume.py.
 *
 *      group's tags       the domain's metadata (lvm-tag.h)
 *      metadata           a slot for each volume (block-slot.h)
 *      ids leases xleases for sanlock
 *      inbox outbox       mailboxes
 *      master             a file system for old managers; made, never used by us
 *      <volume id>        the data of a volume
 *
 * A volume appears when its tags are set, in one change of LVM's metadata: slot, lease and data are complete by then. What has the tag of one
 * being made or removed was left by a process that ended, and goes when the domain's lease is held again.
 */

#include "block-peek.h"
#include "layout.h"
#include "lvm-tag.h"
#include "lvm.h"

/* Special volumes, in the order they are made. */
typedef struct BlockSpecial {
        const char *name;
        uint64_t size_mib;
        unsigned version; /* of the first domain that has it */
        bool used;        /* active on every host */
} BlockSpecial;
/* The last has no name. */
extern const BlockSpecial block_specials[];

/* One volume of the group that belongs to an image. */
typedef struct BlockVolume {
        char id[UUID_STRING_MAX];
        LvmVolumeTags tags;
        char *all_tags;
        uint64_t size_bytes;
        bool active;

        unsigned links; /* as of a file: 1, and 1 for each other image's volume that is built on it */
        bool contested; /* another may claim its slot: block_scan_trouble() tells */
} BlockVolume;

/* layout-block-scan.c: everything in the group that is a volume, or is becoming or ceasing to be one. */
typedef struct BlockScan {
        BlockVolume *volumes;   /* by their ids */
        BlockVolume **by_image; /* the same, by image and id */
        size_t n;
        uint64_t free_bytes, mda_free_bytes; /* of the group: for volumes, and for LVM's metadata */
} BlockScan;
void block_scan_clear(BlockScan *scan);
int block_scan(const DomainPlace *place, BlockScan *ret, sd_bus_error *error);
/* Sorts the volumes and finds out what they have to do with each other. Return: 0 or -ENOMEM. */
int block_scan_order(BlockScan *scan);
BlockVolume *block_scan_find(const BlockScan *scan, const char *id) _pure_;
/* ret: where in by_image those with the tag of this image begin. Return: how many they are. */
size_t block_scan_image(const BlockScan *scan, const char *image, BlockVolume *const **ret);
/* Is it part of an image that is there? */
bool block_volume_is_whole(const BlockVolume *volume) _pure_;
#define BLOCK_TROUBLE_BYTES 256U
/* Why nothing may be written for a volume: its tags contradict each other, or another one claims its slot. Return: false where all is well; ret then is empty. */
bool block_scan_trouble(const BlockScan *scan, const BlockVolume *volume, char ret[static BLOCK_TROUBLE_BYTES]);
/* One that is part of an image. Return: NULL with NotFound, or with BadFormat where something is wrong with its tags. */
BlockVolume *block_scan_get(const BlockScan *scan, const char *volume, sd_bus_error *error);

/* The volumes of an image with what their slots say, and the template it is based on. Return: 0; -ENOENT with NotFound. */
int block_read_image(const DomainPlace *place, const BlockScan *scan, const char *image, VolumeList *ret, sd_bus_error *error);

/* layout-block-slot.c: one slot. fd: of `metadata`. */
int block_slot_read(const DomainPlace *place, int fd, const BlockVolume *volume, VolumeMetadata *ret, sd_bus_error *error);
/* The slots of all volumes that are whole, in few large reads. */
typedef struct BlockSlots {
        int fd;                /* of `metadata`, borrowed: what a large read did not get is read alone */
        const BlockPeek *peek; /* in its place, where `metadata` is not active; borrowed, or NULL */
        uint8_t *bytes;        /* from offset on; NULL: nothing was read */
        uint64_t offset, size; /* in bytes, in `metadata` */
        struct {
                uint64_t from, to;
        } *unread;
        size_t n_unread;
} BlockSlots;
void block_slots_clear(BlockSlots *slots);
/* Return: 0 or -ENOMEM; what cannot be read is no failure here. */
int block_slots_read(const DomainPlace *place, int fd, const BlockScan *scan, BlockSlots *ret);
/* The same from the devices, where nothing is active. peek: borrowed for as long as ret is used. */
int block_slots_peek(const DomainPlace *place, const BlockPeek *peek, const BlockScan *scan, BlockSlots *ret);
/* As block_slot_read(). */
int block_slots_get(const DomainPlace *place, const BlockSlots *slots, const BlockVolume *volume, VolumeMetadata *ret, sd_bus_error *error);
int block_slot_write(const DomainPlace *place, int fd, uint32_t slot, const VolumeMetadata *metadata, sd_bus_error *error);
/* The bytes of a slot at from, whatever they are, also at to. */
int block_slot_move(int fd, uint64_t from, uint64_t to, sd_bus_error *error);
/* Zeroes [0, size_bytes) of a special volume. */
int block_zero(const DomainPlace *place, const char *name, uint64_t size_bytes, sd_bus_error *error);

/* layout-block-image.c */
int block_list_images(const DomainPlace *place, char (**ret)[UUID_STRING_MAX], size_t *ret_n, sd_bus_error *error);
int block_list_active(const DomainPlace *place, char (**ret)[UUID_STRING_MAX], size_t *ret_n, sd_bus_error *error);
int block_list_volumes(const DomainPlace *place, const char *image, VolumeList *ret, sd_bus_error *error);
int block_list_all(const DomainPlace *place, VolumeList **ret, size_t *ret_n, sd_bus_error *error);
/* The same of a domain of which nothing is active, from its devices. */
int block_peek_all(const DomainPlace *place, const BlockPeek *peek, const BlockScan *scan, VolumeList **ret, size_t *ret_n);
int block_clean(const DomainPlace *place, unsigned *ret_n, sd_bus_error *error);
int block_prepare(const DomainPlace *place, const VolumeRecord *const *chain, size_t n, sd_bus_error *error);
int block_prepared_open(const DomainPlace *place, const char *volume, int *ret_fd, sd_bus_error *error);
int block_teardown(const DomainPlace *place, const char *image, sd_bus_error *error);

/* layout-block-remove.c */
int block_image_hide(const DomainPlace *place, const char *image, sd_bus_error *error);
int block_image_delete(const DomainPlace *place, const char *image, bool discard, sd_bus_error *error);
int block_image_mark(const DomainPlace *place, const char *image, sd_bus_error *error);
int block_image_purge(const DomainPlace *place, const char *image, bool discard, sd_bus_error *error);
int block_volume_mark(const DomainPlace *place, const char *image, const char *volume, bool wipe, sd_bus_error *error);
/* One whose chain has closed above it leaves the image, to be wiped. */
int block_mark_for_wipe(const DomainPlace *place, const char *image, const char *volume, sd_bus_error *error);
int block_wipe_list(const DomainPlace *place, const char *image, WipeVolume *ret, size_t max, size_t *ret_n, sd_bus_error *error);
int block_wipe_open(const DomainPlace *place, const char *image, const char *volume, int *ret_fd, sd_bus_error *error);
int block_wipe_close(const DomainPlace *place, const char *volume, sd_bus_error *error);
int block_wipe_finish(const DomainPlace *place, const char *image, const char *const *volumes, sd_bus_error *error);
/* What is half made, or hidden and not to be wiped, goes. ret_n: how many. */
int block_remove_left_overs(const DomainPlace *place, const BlockScan *scan, unsigned *ret_n, sd_bus_error *error);
/* No data job of any host works on a volume of the image. Return: 0; -EBUSY with InUse. */
int block_volumes_free(const DomainPlace *place, const BlockScan *scan, const char *image, sd_bus_error *error);

/* The volume that is to leave its image, where it may and nobody works on it. scan, list: filled, for what comes after; to be cleared. parent: empty where it has none. ret:
 * of scan. Return: 0, or negative with error set. */
int block_find_removable(const DomainPlace *place, const char *image, const char *volume, BlockScan *scan, VolumeList *list, char parent[static UUID_STRING_MAX],
                         const BlockVolume **ret, sd_bus_error *error);

/* layout-block-volume.c */
int block_volume_begin(const DomainPlace *place, const VolumeRequest *request, VolumePlan *ret, sd_bus_error *error);
int block_volume_fill(const DomainPlace *place, const VolumeRequest *request, const VolumePlan *plan, sd_bus_error *error);
int block_volume_commit(const DomainPlace *place, const VolumeRequest *request, const VolumePlan *plan, sd_bus_error *error);
void block_volume_abandon(const DomainPlace *place, const VolumeRequest *request, const VolumePlan *plan);
int block_volume_delete(const DomainPlace *place, const char *image, const char *volume, sd_bus_error *error);
int block_volume_open(const DomainPlace *place, const char *image, const char *volume, bool writable, int *ret_fd, sd_bus_error *error);
int block_volume_update(const DomainPlace *place, const char *image, const char *volume, const VolumeChange *change,
                        sd_bus_error *error);
int block_volume_grow(const DomainPlace *place, const char *image, const char *volume, uint64_t size_bytes, uint64_t *ret_bytes,
                      sd_bus_error *error);
int block_volume_reduce(const DomainPlace *place, const char *image, const char *volume, uint64_t size_bytes, uint64_t *ret_bytes,
                        sd_bus_error *error);
int block_volume_reparent(const DomainPlace *place, const char *image, const char *volume, const char *parent, sd_bus_error *error);
/* Where the tag of a volume of this image names left as its parent and its slot does not any more, the tag says what the slot says. Return: whether it was changed, or negative. */
int block_tag_follow(const DomainPlace *place, const BlockVolume *volume, const VolumeList *list, const char *left, sd_bus_error *error);
/* The same of all volumes of the image, for one that is to go. */
int block_tags_follow(const DomainPlace *place, const BlockScan *scan, const VolumeList *list, const char *left, sd_bus_error *error);
int block_volume_lease(const DomainPlace *place, const char *image, const char *volume, Lease *ret, sd_bus_error *error);
/* The same of a volume that was found. ret: its path is new. Return: 0 or -ENOMEM. */
int block_lease_of(const DomainPlace *place, const BlockVolume *volume, Lease *ret);
char *block_volume_path(const DomainPlace *place, const char *image, const char *volume);
char *block_special_path(const DomainPlace *place, const char *name);
int block_special_open(const DomainPlace *place, const char *name, bool writable, int *ret_fd, sd_bus_error *error);
/* An INTERNAL volume without a child becomes the top of its image. */
int block_become_leaf(const DomainPlace *place, const BlockVolume *volume, sd_bus_error *error);

/* layout-block-device.c */
typedef struct BlockDevices {
        char *text;
        const char *paths[DOMAIN_DEVICES_MAX + 1]; /* NULL at the end */
        size_t n;
} BlockDevices;
void block_devices_clear(BlockDevices *devices);
/* devices: absolute paths between commas. Return: 0; -ENOMEM; -E2BIG with LimitExceeded. */
int block_devices_split(const char *devices, BlockDevices *ret, sd_bus_error *error);
/* Nothing is on it that anybody could miss, and its sectors fit. LVM's own mark is looked at by who calls. total: its size is added. */
int block_device_check_blank(const char *path, uint64_t *total, sd_bus_error *error);
/* words, then the devices. */
int block_devices_command(const DomainPlace *place, const char *const *words, const BlockDevices *devices, sd_bus_error *error);
int block_devices_add(const DomainPlace *place, const char *devices, sd_bus_error *error);

/* The domain's metadata become list, in one change of its tags. before: the text they are now. */
int block_metadata_replace(const DomainPlace *place, const char *before, const KeyValueList *list, sd_bus_error *error);

/* layout-block-change.c */
int block_change_metadata(const DomainPlace *place, domain_change_t change, void *userdata, sd_bus_error *error);
/* layout-block-upgrade.c */
int block_upgrade(const DomainPlace *place, int asker_fd, unsigned *ret_skipped, sd_bus_error *error);

/* layout-block-create.c */
/* Makes a special volume of the group, not active. device: where it shall begin; NULL: anywhere. */
int block_make_special(const DomainPlace *place, const BlockSpecial *special, const char *device, sd_bus_error *error);
int block_create(const DomainPlace *place, const DomainFacts *facts, sd_bus_error *error);
