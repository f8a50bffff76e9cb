/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Volumes of block domains: made, deleted, opened, their metadata rewritten.
 *
 *   begin   a logical volume with the tag of one being made, active
 *   tool    qemu-img writes a qcow2 header; a raw volume is the device as it is
 *   commit  lease and slot, then in one change of LVM's metadata the tags of a whole volume; the parent becomes INTERNAL
 *
 * VDSM writes the slot after the tags. The other order ends in the same bytes and leaves no volume with the slot of one that was there before.
 */

#include <inttypes.h>
#include <stdio.h>

#include "block-slot.h"
#include "bus-error.h"
#include "chain-rules.h"
#include "fault-point.h"
#include "layout-block.h"
#include "lease-self.h"
#include "lvm-room.h"

#define LVM_SIZE_BYTES 32U

char *block_volume_path(const DomainPlace *place, const char *image, const char *volume) {
        return lvm_path(place->id, volume);
}

char *block_special_path(const DomainPlace *place, const char *name) {
        return lvm_path(place->id, name);
}

int block_special_open(const DomainPlace *place, const char *name, bool writable, int *ret_fd, sd_bus_error *error) {
        int fd;

        for (const BlockSpecial *special = block_specials; special->name; special++)
                if (streq(special->name, name) && place->version < special->version)
                        return -ENOENT;
        fd = lvm_open(place->id, name, writable, error);
        if (fd < 0)
                return fd == -ENOENT ? -EIO : fd;
        *ret_fd = fd;
        return 0;
}

/* ---- leases ---- */

int block_lease_of(const DomainPlace *place, const BlockVolume *volume, Lease *ret) {
        char *path = block_special_path(place, "leases");

        if (!path)
                return -ENOMEM;
        *ret = (Lease){
                        .path = path,
                        .offset_bytes = block_lease_offset(volume->tags.slot, place->alignment_bytes),
                        .alignment_bytes = place->alignment_bytes,
                        .block_size_bytes = place->block_size_bytes,
        };
        memcpy(ret->lockspace, place->id, UUID_STRING_MAX);
        memcpy(ret->name, volume->id, UUID_STRING_MAX);
        return 0;
}

int block_volume_lease(const DomainPlace *place, const char *image, const char *volume, Lease *ret, sd_bus_error *error) {
        _cleanup_(block_scan_clear) BlockScan scan = {};
        const BlockVolume *found;
        int r;

        r = block_scan(place, &scan, error);
        if (r < 0)
                return r;
        /* One that is being removed has its lease until it is gone. */
        found = block_scan_find(&scan, volume);
        if (!found || found->tags.initializing) {
                sd_bus_error_setf(error, RHV_ERROR_NOT_FOUND, "The domain has no volume %s", volume);
                return -ENOENT;
        }
        if (found->tags.slot > BLOCK_SLOT_MAX) {
                sd_bus_error_setf(error, RHV_ERROR_BAD_FORMAT, "No tag of volume %s says where its lease is", volume);
                return -EBADMSG;
        }
        return block_lease_of(place, found, ret);
}

/* ---- making ---- */

/* Every slot that any tag of any volume names. ret: new. */
static int used_slots(const BlockScan *scan, uint32_t **ret, size_t *ret_n) {
        size_t room = 1, n = 0;

        for (size_t i = 0; i < scan->n; i++)
                room += strlen(scan->volumes[i].all_tags) / strlen(LVM_TAG_SLOT) + 1;
        *ret = calloc(room, sizeof(**ret));
        if (!*ret)
                return -ENOMEM;
        for (size_t i = 0; i < scan->n; i++)
                for (const char *rest = scan->volumes[i].all_tags; lvm_volume_tags_next_slot(&rest, &(*ret)[n]);)
                        n++;
        *ret_n = n;
        return 0;
}

static int choose_slot(const DomainPlace *place, const BlockScan *scan, uint32_t *ret, sd_bus_error *error) {
        _cleanup_free_ uint32_t *used = NULL;
        size_t n = 0;
        int r;

        r = used_slots(scan, &used, &n);
        if (r < 0)
                return r;
        r = block_slot_find(used, n, place->version, ret);
        if (r < 0)
                sd_bus_error_setf(error, RHV_ERROR_LIMIT_EXCEEDED, "Domain %s has %u volumes, the most there can be", place->id,
                                  BLOCK_SLOT_MAX);
        return r;
}

static int check_new(const BlockScan *scan, const VolumeRequest *request, sd_bus_error *error) {
        if (block_scan_find(scan, request->volume)) {
                sd_bus_error_setf(error, RHV_ERROR_ALREADY_EXISTS, "The domain has a volume %s already", request->volume);
                return -EEXIST;
        }
        if (request->format == VOLUME_FORMAT_RAW && request->allocation == VOLUME_ALLOCATION_SPARSE) {
                sd_bus_error_set(error, RHV_ERROR_INVALID_ARGUMENT,
                                 "A raw volume of a block domain takes all its room at once: its allocation is preallocated");
                return -EINVAL;
        }
        if (request->initial_bytes > 0 && (request->format == VOLUME_FORMAT_RAW || request->initial_bytes > volume_qcow2_max_bytes(request->capacity_bytes))) {
                sd_bus_error_set(error, RHV_ERROR_INVALID_ARGUMENT,
                                 "An initial size is for qcow2 volumes, and no more than the volume can grow to");
                return -EINVAL;
        }
        return 0;
}

/* What LVM made of the size that was asked for. */
static int device_size(const DomainPlace *place, const char *volume, uint64_t *ret, sd_bus_error *error) {
        _cleanup_close_ int fd = lvm_open(place->id, volume, false, error);
        off_t end;

        if (fd < 0)
                return fd == -ENOENT ? -EIO : fd;
        end = lseek(fd, 0, SEEK_END);
        if (end <= 0)
                return bus_error_errno(error, end < 0 ? -errno : -EIO, "LVM made volume %s, and it has no size", volume);
        *ret = (uint64_t)end;
        return 0;
}

/* New, with the tag of one being made, active on this host. */
static int make_volume(const DomainPlace *place, const char *volume, uint64_t size_bytes, uint64_t *ret_size, sd_bus_error *error) {
        char size[LVM_SIZE_BYTES];
        const char *const create[] = {"lvcreate", "--autobackup",     "n",      "--contiguous",       "n",      "--activate",
                                      "y",        "--zero",           "n",      "--wipesignatures",   "n",      "--size",
                                      size,       "--addtag",         LVM_TAG_INITIALIZING, "--name", volume, place->id,
                                      NULL};
        int r;

        (void) snprintf(size, sizeof(size), "%" PRIu64 "m", (size_bytes + MIB - 1) / MIB);
        r = lvm_command(place->path, create, error);
        return r < 0 ? r : device_size(place, volume, ret_size, error);
}

/* A new image on a template: of that image's volumes its chain has the one it is based on. */
static int join_template(const DomainPlace *place, const BlockScan *scan, const VolumeRequest *request, VolumeList *list, sd_bus_error *error) {
        _cleanup_(volume_list_clear) VolumeList theirs = {};
        VolumeRecord *base;
        int r;

        if (list->n > 0) {
                sd_bus_error_setf(error, RHV_ERROR_ALREADY_EXISTS, "Image %s is there already; one on a template is a new one", request->image);
                return -EEXIST;
        }
        r = block_read_image(place, scan, request->parent_image, &theirs, error);
        if (r >= 0)
                r = volume_may_base(&theirs, request->parent, error);
        if (r < 0)
                return r;
        base = volume_list_add(list, request->parent);
        if (!base)
                return -ENOMEM;
        *base = *volume_list_find(&theirs, request->parent); /* volume_may_base() refuses one with a problem: nothing in it is owned */
        return 0;
}

int block_volume_begin(const DomainPlace *place, const VolumeRequest *request, VolumePlan *ret, sd_bus_error *error) {
        _cleanup_(block_scan_clear) BlockScan scan = {};
        _cleanup_(volume_list_clear) VolumeList list = {};
        _cleanup_(volume_plan_clear) VolumePlan plan = {};
        const VolumeRecord *parent;
        uint64_t size = 0, bytes;
        int r;

        r = block_scan(place, &scan, error);
        if (r < 0)
                return r;
        r = block_read_image(place, &scan, request->image, &list, NULL);
        if (r < 0 && r != -ENOENT)
                return bus_error_errno(error, r, "Cannot read image %s", request->image);
        memcpy(list.image, request->image, UUID_STRING_MAX);
        plan.new_image = list.n == 0;
        r = check_new(&scan, request, error);
        if (r >= 0 && request->parent_image[0])
                r = join_template(place, &scan, request, &list, error);
        /* The parent's slot is written too: no data job of any host may work on it. */
        if (r >= 0 && !streq(request->parent, BLANK_UUID) && !request->parent_image[0])
                r = block_volumes_free(place, &scan, request->image, error);
        if (r >= 0)
                r = volume_request_plan(request, &list, place->id, place->version, &plan.metadata, error);
        if (r >= 0)
                r = choose_slot(place, &scan, &plan.slot, error);
        if (r < 0)
                return r;
        parent = volume_list_find(&list, request->parent);
        plan.parent_format = parent ? parent->metadata.format : VOLUME_FORMAT_RAW;
        plan.formatted = plan.metadata.format == VOLUME_FORMAT_RAW;
        plan.path = block_volume_path(place, request->image, request->volume);
        if (!plan.path)
                return -ENOMEM;
        bytes = block_volume_bytes(plan.metadata.allocation == VOLUME_ALLOCATION_PREALLOCATED, plan.metadata.capacity_bytes, request->initial_bytes);
        r = domain_check_space(place, scan.free_bytes, bytes, error);
        if (r >= 0)
                r = lvm_room_check(place->id, scan.mda_free_bytes, error);
        if (r < 0)
                return r;
        r = make_volume(place, request->volume, bytes, &size, error);
        if (r < 0) {
                block_volume_abandon(place, request, &plan);
                return r;
        }
        /* A raw disk is as large as its device. */
        if (plan.formatted)
                plan.metadata.capacity_bytes = size;
        *ret = plan;
        plan = (VolumePlan){};
        return 0;
}

int block_volume_fill(const DomainPlace *place, const VolumeRequest *request, const VolumePlan *plan, sd_bus_error *error) {
        return 0;
}

static int set_tags(const DomainPlace *place, const VolumeRequest *request, uint32_t slot, sd_bus_error *error) {
        char slot_tag[sizeof(LVM_TAG_SLOT) + 10], image_tag[sizeof(LVM_TAG_IMAGE) + UUID_STRING_MAX],
                        parent_tag[sizeof(LVM_TAG_PARENT) + UUID_STRING_MAX];
        const char *const words[] = {"lvchange", "--autobackup", "n",        "--deltag", LVM_TAG_INITIALIZING, "--addtag",
                                     slot_tag,   "--addtag",     image_tag,  "--addtag", parent_tag,           NULL};
        const char *const names[] = {request->volume, NULL};

        (void) snprintf(slot_tag, sizeof(slot_tag), LVM_TAG_SLOT "%u", (unsigned)slot);
        (void) snprintf(image_tag, sizeof(image_tag), LVM_TAG_IMAGE "%s", request->image);
        (void) snprintf(parent_tag, sizeof(parent_tag), LVM_TAG_PARENT "%s", request->parent);
        return lvm_change(place->path, place->id, words, names, error);
}

static int format_lease(const DomainPlace *place, const VolumeRequest *request, uint32_t slot, sd_bus_error *error) {
        BlockVolume volume = {.tags.slot = slot};
        Lease lease;
        int r;

        memcpy(volume.id, request->volume, UUID_STRING_MAX);
        r = block_lease_of(place, &volume, &lease);
        if (r < 0)
                return r;
        r = lease_format_self(&lease, error);
        FAULT_POINT("block-lease-made");
        free((char *)lease.path);
        return r;
}

/* Reads a volume's slot, lets it be changed, writes it back. */
static int set_role(const DomainPlace *place, int fd, const BlockVolume *volume, VolumeRole from, VolumeRole to, sd_bus_error *error) {
        VolumeMetadata metadata = {};
        int r;

        r = block_slot_read(place, fd, volume, &metadata, error);
        if (r < 0 || metadata.role != from)
                return r;
        metadata.role = to;
        return block_slot_write(place, fd, volume->tags.slot, &metadata, error);
}

int block_become_leaf(const DomainPlace *place, const BlockVolume *volume, sd_bus_error *error) {
        _cleanup_close_ int fd = -EBADF;
        int r;

        r = block_special_open(place, "metadata", true, &fd, error);
        return r < 0 ? r : set_role(place, fd, volume, VOLUME_INTERNAL, VOLUME_LEAF, error);
}

static int parent_becomes_internal(const DomainPlace *place, int fd, const char *parent, sd_bus_error *error) {
        _cleanup_(block_scan_clear) BlockScan scan = {};
        const BlockVolume *volume;
        int r;

        r = block_scan(place, &scan, error);
        if (r < 0)
                return r;
        volume = block_scan_get(&scan, parent, error);
        return volume ? set_role(place, fd, volume, VOLUME_LEAF, VOLUME_INTERNAL, error) : -ENOENT;
}

int block_volume_commit(const DomainPlace *place, const VolumeRequest *request, const VolumePlan *plan, sd_bus_error *error) {
        const char *const names[] = {request->volume, NULL};
        _cleanup_close_ int fd = -EBADF;
        int r;

        r = block_special_open(place, "metadata", true, &fd, error);
        if (r >= 0)
                r = format_lease(place, request, plan->slot, error);
        if (r >= 0)
                r = block_slot_write(place, fd, plan->slot, &plan->metadata, error);
        if (r >= 0)
                r = set_tags(place, request, plan->slot, error);
        if (r >= 0 && volume_has_parent(&plan->metadata))
                r = parent_becomes_internal(place, fd, plan->metadata.parent, error);
        if (r < 0)
                return r;
        return lvm_deactivate(place->path, place->id, names, error);
}

void block_volume_abandon(const DomainPlace *place, const VolumeRequest *request, const VolumePlan *plan) {
        const char *const names[] = {request->volume, NULL};
        _cleanup_(block_scan_clear) BlockScan scan = {};
        const BlockVolume *volume;

        /* One that was there before, or has appeared, is somebody's. */
        if (block_scan(place, &scan, NULL) < 0)
                return;
        volume = block_scan_find(&scan, request->volume);
        if (volume && volume->tags.initializing)
                (void) lvm_remove(place->path, place->id, names, NULL);
}

/* ---- deleting ---- */

static int cut_out(const DomainPlace *place, int fd, const BlockVolume *volume, const VolumeRecord *record, sd_bus_error *error) {
        VolumeMetadata metadata = record->metadata;

        if (record->problem)
                return 0;
        metadata.legality = VOLUME_ILLEGAL;
        memcpy(metadata.parent, BLANK_UUID, UUID_STRING_MAX);
        return block_slot_write(place, fd, volume->tags.slot, &metadata, error);
}

int block_volume_delete(const DomainPlace *place, const char *image, const char *volume, sd_bus_error *error) {
        const char *const names[] = {volume, NULL};
        _cleanup_(block_scan_clear) BlockScan scan = {};
        _cleanup_(volume_list_clear) VolumeList list = {};
        _cleanup_close_ int fd = -EBADF;
        char parent[UUID_STRING_MAX];
        const BlockVolume *found;
        int r;

        r = block_find_removable(place, image, volume, &scan, &list, parent, &found, error);
        if (r >= 0)
                r = block_special_open(place, "metadata", true, &fd, error);
        if (r < 0)
                return r;
        r = block_tags_follow(place, &scan, &list, volume, error);
        if (r >= 0)
                r = cut_out(place, fd, found, volume_list_find(&list, volume), error);
        if (r >= 0 && parent[0]) {
                found = block_scan_get(&scan, parent, error);
                r = found ? set_role(place, fd, found, VOLUME_INTERNAL, VOLUME_LEAF, error) : -ENOENT;
        }
        return r < 0 ? r : lvm_remove(place->path, place->id, names, error);
}

/* ---- data and legality ---- */

static int find_in_image(const DomainPlace *place, BlockScan *scan, const char *image, const char *volume, const BlockVolume **ret,
                         sd_bus_error *error) {
        int r;

        r = block_scan(place, scan, error);
        if (r < 0)
                return r;
        *ret = block_scan_get(scan, volume, error);
        if (!*ret)
                return -ENOENT;
        if (streq((*ret)->tags.image, image))
                return 0;
        sd_bus_error_setf(error, RHV_ERROR_NOT_FOUND, "Image %s has no volume %s", image, volume);
        return -ENOENT;
}

int block_volume_open(const DomainPlace *place, const char *image, const char *volume, bool writable, int *ret_fd, sd_bus_error *error) {
        const char *const names[] = {volume, NULL};
        _cleanup_(block_scan_clear) BlockScan scan = {};
        const BlockVolume *found;
        int fd, r;

        r = find_in_image(place, &scan, image, volume, &found, error);
        if (r >= 0)
                r = lvm_activate(place->path, place->id, names, error);
        if (r < 0)
                return r;
        fd = lvm_open(place->id, volume, writable, error);
        if (fd < 0)
                return fd;
        /* For tools that read and write as they like. */
        r = lvm_buffered(fd);
        if (r < 0) {
                safe_close(fd);
                return bus_error_errno(error, r, "Cannot open volume %s", volume);
        }
        *ret_fd = fd;
        return 0;
}

/* The volume, its slot as it is, and `metadata` open for writing it back. found: in scan. */
static int open_slot(const DomainPlace *place, BlockScan *scan, const char *image, const char *volume, const BlockVolume **ret_found, int *ret_fd,
                     VolumeMetadata *ret, sd_bus_error *error) {
        int r;

        r = find_in_image(place, scan, image, volume, ret_found, error);
        if (r >= 0)
                r = block_special_open(place, "metadata", true, ret_fd, error);
        return r < 0 ? r : block_slot_read(place, *ret_fd, *ret_found, ret, error);
}

int block_volume_update(const DomainPlace *place, const char *image, const char *volume, const VolumeChange *change,
                        sd_bus_error *error) {
        _cleanup_(block_scan_clear) BlockScan scan = {};
        _cleanup_close_ int fd = -EBADF;
        VolumeMetadata metadata = {};
        const BlockVolume *found;
        int r;

        r = open_slot(place, &scan, image, volume, &found, &fd, &metadata, error);
        if (r >= 0)
                r = volume_change_apply(change, volume, &metadata, error);
        return r < 0 ? r : block_slot_write(place, fd, found->tags.slot, &metadata, error);
}

/* ---- another parent ---- */

static int change_parent_tag(const DomainPlace *place, const BlockVolume *volume, const char *parent, sd_bus_error *error) {
        char before[sizeof(LVM_TAG_PARENT) + UUID_STRING_MAX], after[sizeof(LVM_TAG_PARENT) + UUID_STRING_MAX];
        const char *const words[] = {"lvchange", "--autobackup", "n", "--deltag", before, "--addtag", after, NULL};
        const char *const names[] = {volume->id, NULL};

        if (streq(volume->tags.parent, parent))
                return 0;
        (void) snprintf(before, sizeof(before), LVM_TAG_PARENT "%s", volume->tags.parent);
        (void) snprintf(after, sizeof(after), LVM_TAG_PARENT "%s", parent);
        return lvm_change(place->path, place->id, words, names, error);
}

/* The tag first: readers believe the slot. */
int block_volume_reparent(const DomainPlace *place, const char *image, const char *volume, const char *parent, sd_bus_error *error) {
        _cleanup_(block_scan_clear) BlockScan scan = {};
        _cleanup_close_ int fd = -EBADF;
        VolumeMetadata metadata = {};
        const BlockVolume *found;
        int r;

        r = open_slot(place, &scan, image, volume, &found, &fd, &metadata, error);
        if (r >= 0)
                r = change_parent_tag(place, found, parent, error);
        FAULT_POINT("block-parent-tag-changed");
        if (r < 0)
                return r;
        memcpy(metadata.parent, parent, UUID_STRING_MAX);
        return block_slot_write(place, fd, found->tags.slot, &metadata, error);
}

int block_tag_follow(const DomainPlace *place, const BlockVolume *volume, const VolumeList *list, const char *left, sd_bus_error *error) {
        const VolumeRecord *record = volume_list_find(list, volume->id);
        int r;

        /* A template is in the list as well, and belongs to its own image. */
        if (!record || !block_volume_is_whole(volume) || !streq(volume->tags.image, list->image) ||
            !volume_tag_lags(list, record, volume->tags.parent, left))
                return 0;
        r = change_parent_tag(place, volume, record->metadata.parent, error);
        return r < 0 ? r : 1;
}

int block_tags_follow(const DomainPlace *place, const BlockScan *scan, const VolumeList *list, const char *left, sd_bus_error *error) {
        int r = 0;

        for (size_t i = 0; r >= 0 && i < scan->n; i++)
                r = block_tag_follow(place, &scan->volumes[i], list, left, error);
        return r;
}

/* ---- growing ---- */

static int extend_volume(const DomainPlace *place, const char *volume, uint64_t size_bytes, sd_bus_error *error) {
        char size[LVM_SIZE_BYTES];
        const char *const words[] = {"lvextend", "--autobackup", "n", "--size", size, NULL};
        const char *const names[] = {volume, NULL};

        (void) snprintf(size, sizeof(size), "%" PRIu64 "m", (size_bytes + MIB - 1) / MIB);
        return lvm_change(place->path, place->id, words, names, error);
}

int block_volume_grow(const DomainPlace *place, const char *image, const char *volume, uint64_t size_bytes, uint64_t *ret_bytes,
                      sd_bus_error *error) {
        _cleanup_(block_scan_clear) BlockScan scan = {}, after = {};
        const BlockVolume *found;
        int r;

        r = find_in_image(place, &scan, image, volume, &found, error);
        if (r >= 0)
                r = block_volumes_free(place, &scan, image, error);
        if (r < 0)
                return r;
        if (found->size_bytes < size_bytes) {
                r = lvm_room_check(place->id, scan.mda_free_bytes, error);
                if (r >= 0)
                        r = extend_volume(place, volume, size_bytes, error);
                if (r >= 0)
                        r = find_in_image(place, &after, image, volume, &found, error);
        }
        if (r >= 0)
                *ret_bytes = found->size_bytes;
        return r;
}

/* ---- reducing ---- */

/* LVM asks whoever takes away blocks, and does not know what is in them. */
static int cut_volume(const DomainPlace *place, const char *volume, uint64_t size_bytes, sd_bus_error *error) {
        char size[LVM_SIZE_BYTES];
        const char *const words[] = {"lvreduce", "--autobackup", "n", "--force", "--size", size, NULL};
        const char *const names[] = {volume, NULL};
        int r;

        /* Where it is active somebody may have it open with its former size. */
        r = lvm_deactivate(place->path, place->id, names, error);
        if (r < 0)
                return r;
        (void) snprintf(size, sizeof(size), "%" PRIu64 "m", (size_bytes + MIB - 1) / MIB);
        return lvm_change(place->path, place->id, words, names, error);
}

int block_volume_reduce(const DomainPlace *place, const char *image, const char *volume, uint64_t size_bytes, uint64_t *ret_bytes,
                        sd_bus_error *error) {
        _cleanup_(block_scan_clear) BlockScan scan = {}, after = {};
        const BlockVolume *found;
        int r;

        r = find_in_image(place, &scan, image, volume, &found, error);
        if (r < 0)
                return r;
        if (found->size_bytes > size_bytes) {
                r = cut_volume(place, volume, size_bytes, error);
                if (r >= 0)
                        r = find_in_image(place, &after, image, volume, &found, error);
        }
        if (r >= 0)
                *ret_bytes = found->size_bytes;
        return r;
}
