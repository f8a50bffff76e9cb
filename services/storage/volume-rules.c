/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <inttypes.h>
#include <stdio.h>

#include "bus-error.h"
#include "volume-rules.h"

void volume_list_clear(VolumeList *list) {
        for (size_t i = 0; i < list->n; i++)
                free(list->records[i].problem);
        free(list->records);
        *list = (VolumeList){};
}

void volume_lists_clear(VolumeLists *lists) {
        for (size_t i = 0; i < lists->n; i++)
                volume_list_clear(&lists->lists[i]);
        free(lists->lists);
        *lists = (VolumeLists){};
}

VolumeRecord *volume_list_add(VolumeList *list, const char *id) {
        VolumeRecord *records;

        records = reallocarray(list->records, list->n + 1, sizeof(*records));
        if (!records)
                return NULL;
        list->records = records;
        records[list->n] = (VolumeRecord){};
        (void) snprintf(records[list->n].id, UUID_STRING_MAX, "%s", id);
        return &records[list->n++];
}

VolumeRecord *volume_list_find(const VolumeList *list, const char *id) {
        for (size_t i = 0; i < list->n; i++)
                if (streq(list->records[i].id, id))
                        return &list->records[i];
        return NULL;
}

int volume_list_find_usable(const VolumeList *list, const char *volume, const VolumeRecord **ret, sd_bus_error *error) {
        const VolumeRecord *record = volume_list_find(list, volume);

        if (!record) {
                sd_bus_error_setf(error, RHV_ERROR_NOT_FOUND, "Image %s has no volume %s", list->image, volume);
                return -ENOENT;
        }
        if (record->problem) {
                sd_bus_error_setf(error, RHV_ERROR_BAD_FORMAT, "%s", record->problem);
                return -EBADMSG;
        }
        *ret = record;
        return 0;
}

VolumeRecord *volume_list_leaf(const VolumeList *list) {
        VolumeRecord *leaf = NULL, *shared = NULL;
        size_t leaves = 0, templates = 0;

        for (size_t i = 0; i < list->n; i++) {
                VolumeRecord *record = &list->records[i];

                if (record->problem)
                        continue;
                if (record->metadata.role == VOLUME_LEAF) {
                        leaf = record;
                        leaves++;
                } else if (record->metadata.role == VOLUME_SHARED) {
                        shared = record;
                        templates++;
                }
        }
        if (leaves > 0)
                return leaves == 1 ? leaf : NULL;
        return templates == 1 ? shared : NULL;
}

bool volume_is_of_template(const VolumeRecord *record, const char *image) {
        return record->metadata.role == VOLUME_SHARED && !streq(record->metadata.image, image);
}

VolumeRecord *volume_list_unfinished_parent(const VolumeList *list) {
        for (size_t i = 0; i < list->n; i++) {
                const VolumeRecord *child = &list->records[i];
                VolumeRecord *parent;

                if (child->problem || !volume_has_parent(&child->metadata))
                        continue;
                parent = volume_list_find(list, child->metadata.parent);
                if (parent && !parent->problem && parent->metadata.role == VOLUME_LEAF)
                        return parent;
        }
        return NULL;
}

uint64_t volume_round_up(uint64_t bytes) {
        return (bytes + VOLUME_ALIGNMENT_BYTES - 1) / VOLUME_ALIGNMENT_BYTES * VOLUME_ALIGNMENT_BYTES;
}

uint64_t volume_qcow2_max_bytes(uint64_t capacity_bytes) {
        uint64_t max = capacity_bytes + capacity_bytes / 10;

        return (max + MIB - 1) / MIB * MIB;
}

unsigned volume_next_generation(unsigned generation) {
        return (generation + 1) % VOLUME_GENERATIONS;
}

static int invalid(sd_bus_error *error, const char *why) {
        sd_bus_error_setf(error, RHV_ERROR_INVALID_ARGUMENT, "%s", why);
        return -EINVAL;
}

int volume_request_check(const VolumeRequest *request, sd_bus_error *error) {
        bool child = !streq(request->parent, BLANK_UUID);

        if (streq(request->image, BLANK_UUID) || streq(request->volume, BLANK_UUID))
                return invalid(error, "The id of all zeroes means \"none\" and cannot name an image or a volume");
        if (streq(request->volume, request->parent))
                return invalid(error, "A volume cannot be its own parent");
        if (request->capacity_bytes == 0 && !child)
                return invalid(error, "A volume needs a capacity above 0 bytes");
        if (request->capacity_bytes > VOLUME_CAPACITY_MAX) {
                sd_bus_error_setf(error, RHV_ERROR_INVALID_ARGUMENT,
                                  "A capacity of %" PRIu64 " bytes is beyond the maximum of %" PRIu64,
                                  request->capacity_bytes, VOLUME_CAPACITY_MAX);
                return -EINVAL;
        }
        if (child && request->format != VOLUME_FORMAT_QCOW2)
                return invalid(error, "A volume with a parent must be of format qcow2");
        if (request->allocation != VOLUME_ALLOCATION_SPARSE && request->allocation != VOLUME_ALLOCATION_PREALLOCATED)
                return invalid(error, "A new volume is sparse or preallocated");
        if (child && request->allocation == VOLUME_ALLOCATION_PREALLOCATED)
                return invalid(error, "A volume with a parent cannot be preallocated");
        if (request->parent_image[0] && (!child || streq(request->parent_image, request->image) || request->branch))
                return invalid(error, "An image based on a template names the template's image and its volume");
        if (!volume_description_is_valid(request->description))
                return invalid(error, "A description is one line of up to 210 characters without blanks at its ends");
        if (!volume_disk_type_is_valid(request->disk_type))
                return invalid(error, "The disk type is not one of those oVirt knows");
        if (streq(request->disk_type, VOLUME_DISK_TYPE_ISO) && (child || request->format != VOLUME_FORMAT_RAW))
                return invalid(error, "An ISO image is raw and whole: nothing is below it");
        return 0;
}

static int plan_parent(const VolumeRequest *request, const VolumeList *list, uint64_t *capacity, sd_bus_error *error) {
        const VolumeRecord *chain[VOLUME_CHAIN_MAX], *parent;
        int r;

        parent = volume_list_find(list, request->parent);
        if (!parent) {
                sd_bus_error_setf(error, RHV_ERROR_NOT_FOUND, "Image %s has no volume %s that could be the parent",
                                  request->image, request->parent);
                return -ENOENT;
        }
        r = volume_chain(list, request->parent, true, chain, error);
        if (r < 0)
                return r;
        if (r >= (int)VOLUME_CHAIN_MAX) {
                sd_bus_error_setf(error, RHV_ERROR_LIMIT_EXCEEDED,
                                  "Image %s has %d volumes on top of each other already", request->image, r);
                return -E2BIG;
        }
        if (parent->metadata.role == VOLUME_INTERNAL && !request->branch) {
                sd_bus_error_setf(error, RHV_ERROR_INVALID_STATE, "Volume %s is not the top of image %s",
                                  request->parent, request->image);
                return -EBUSY;
        }
        if (volume_is_iso(&parent->metadata)) {
                sd_bus_error_setf(error, RHV_ERROR_INVALID_STATE, "Volume %s is an ISO image: nothing is built on it", request->parent);
                return -EROFS;
        }
        if (*capacity == 0)
                *capacity = parent->metadata.capacity_bytes;
        if (*capacity < parent->metadata.capacity_bytes)
                return invalid(error, "A volume cannot be smaller than its parent");
        return 0;
}

int volume_request_plan(const VolumeRequest *request, const VolumeList *list, const char *domain, unsigned version,
                        VolumeMetadata *ret, sd_bus_error *error) {
        char text[VOLUME_METADATA_BYTES_MAX + 1];
        uint64_t capacity = request->capacity_bytes;
        uint32_t sequence = 0;
        int r;

        if (volume_list_find(list, request->volume)) {
                sd_bus_error_setf(error, RHV_ERROR_ALREADY_EXISTS, "Image %s has a volume %s already", request->image,
                                  request->volume);
                return -EEXIST;
        }
        if (list->n >= IMAGE_VOLUMES_MAX) {
                sd_bus_error_setf(error, RHV_ERROR_LIMIT_EXCEEDED, "Image %s has %zu volumes already", request->image,
                                  list->n);
                return -E2BIG;
        }
        if (!streq(request->parent, BLANK_UUID)) {
                r = plan_parent(request, list, &capacity, error);
                if (r < 0)
                        return r;
        } else if (list->n > 0) {
                sd_bus_error_setf(error, RHV_ERROR_INVALID_STATE,
                                  "Image %s has volumes already; a further one must name its parent", request->image);
                return -EBUSY;
        }
        for (size_t i = 0; i < list->n; i++)
                if (!list->records[i].problem && list->records[i].metadata.sequence > sequence)
                        sequence = list->records[i].metadata.sequence;

        VolumeMetadata metadata = {
                        .capacity_bytes = volume_round_up(capacity),
                        .created_sec = request->now_sec,
                        .sequence = sequence + 1,
                        .format = request->format,
                        .allocation = request->allocation,
                        .legality = VOLUME_LEGAL,
                        .role = VOLUME_LEAF,
        };
        (void) snprintf(metadata.description, sizeof(metadata.description), "%s", request->description);
        (void) snprintf(metadata.disk_type, sizeof(metadata.disk_type), "%s", request->disk_type);
        (void) snprintf(metadata.domain, UUID_STRING_MAX, "%s", domain);
        (void) snprintf(metadata.image, UUID_STRING_MAX, "%s", request->image);
        (void) snprintf(metadata.parent, UUID_STRING_MAX, "%s", request->parent);

        /* A rewrite adds digits to GEN and ILLEGAL to LEGALITY: it must still fit then. */
        metadata.legality = VOLUME_ILLEGAL;
        metadata.generation = VOLUME_GENERATIONS - 1;
        metadata.role = VOLUME_INTERNAL;
        if (volume_metadata_format(&metadata, version, text) < 0)
                return invalid(error, "The description does not fit into the 512 bytes of a volume's metadata");
        metadata.legality = request->illegal ? VOLUME_ILLEGAL : VOLUME_LEGAL;
        metadata.generation = 0;
        metadata.role = VOLUME_LEAF;
        *ret = metadata;
        return 0;
}

static int check_member(const VolumeList *list, const VolumeRecord *record, bool legal, sd_bus_error *error) {
        if (record->problem) {
                sd_bus_error_setf(error, RHV_ERROR_BAD_FORMAT, "%s", record->problem);
                return -EBADMSG;
        }
        if (legal && record->metadata.legality != VOLUME_LEGAL) {
                sd_bus_error_setf(error, RHV_ERROR_INVALID_STATE,
                                  "Volume %s of image %s is %s: its content is not complete; upload it again or "
                                  "delete it",
                                  record->id, list->image, volume_legality_to_string(record->metadata.legality));
                return -EBUSY;
        }
        return 0;
}

int volume_chain(const VolumeList *list, const char *volume, bool legal,
                 const VolumeRecord *ret[static VOLUME_CHAIN_MAX], sd_bus_error *error) {
        const VolumeRecord *record = volume_list_find(list, volume);
        unsigned n = 0;
        int r;

        if (!record) {
                sd_bus_error_setf(error, RHV_ERROR_NOT_FOUND, "Image %s has no volume %s", list->image, volume);
                return -ENOENT;
        }
        for (;;) {
                r = check_member(list, record, legal, error);
                if (r < 0)
                        return r;
                if (n >= VOLUME_CHAIN_MAX) {
                        sd_bus_error_setf(
                                        error, RHV_ERROR_BAD_FORMAT,
                                        "The parents of volume %s of image %s form a loop or a chain of more than %u",
                                        volume, list->image, VOLUME_CHAIN_MAX);
                        return -EBADMSG;
                }
                ret[n++] = record;
                if (!volume_has_parent(&record->metadata))
                        return (int)n;

                const VolumeRecord *parent = volume_list_find(list, record->metadata.parent);
                if (!parent) {
                        sd_bus_error_setf(error, RHV_ERROR_BAD_FORMAT,
                                          "The parent %s of volume %s of image %s is missing", record->metadata.parent,
                                          record->id, list->image);
                        return -EBADMSG;
                }
                record = parent;
        }
}

static size_t count_children(const VolumeList *list, const char *parent, const char *except) {
        size_t n = 0;

        for (size_t i = 0; i < list->n; i++)
                if (!list->records[i].problem && streq(list->records[i].metadata.parent, parent) &&
                    !streq(list->records[i].id, except))
                        n++;
        return n;
}

int volume_may_delete(const VolumeList *list, const char *volume, char ret_parent_becomes_leaf[static UUID_STRING_MAX],
                      sd_bus_error *error) {
        const VolumeRecord *record = volume_list_find(list, volume), *parent;

        if (!record) {
                sd_bus_error_setf(error, RHV_ERROR_NOT_FOUND, "Image %s has no volume %s", list->image, volume);
                return -ENOENT;
        }
        if (list->n == 1) {
                sd_bus_error_setf(error, RHV_ERROR_INVALID_STATE,
                                  "Volume %s is the only one of image %s; delete the image", volume, list->image);
                return -EBUSY;
        }
        if (count_children(list, volume, "") > 0) {
                sd_bus_error_setf(error, RHV_ERROR_INVALID_STATE, "Volume %s has children; merge or delete them first",
                                  volume);
                return -EBUSY;
        }
        ret_parent_becomes_leaf[0] = '\0';
        if (record->problem || !volume_has_parent(&record->metadata)) {
                /* Not part of any chain, unless it is the base that everything else has lost. */
                if (!record->problem && record->metadata.legality == VOLUME_LEGAL) {
                        sd_bus_error_setf(error, RHV_ERROR_INVALID_STATE, "Volume %s is the base of image %s", volume,
                                          list->image);
                        return -EBUSY;
                }
                return 0;
        }
        parent = volume_list_find(list, record->metadata.parent);
        if (parent && !parent->problem && parent->metadata.role == VOLUME_SHARED && list->n == 2) {
                sd_bus_error_setf(error, RHV_ERROR_INVALID_STATE, "Volume %s is the only one of image %s above its template; delete the image",
                                  volume, list->image);
                return -EBUSY;
        }
        if (parent && !parent->problem && parent->metadata.role == VOLUME_INTERNAL &&
            count_children(list, parent->id, volume) == 0)
                memcpy(ret_parent_becomes_leaf, parent->id, UUID_STRING_MAX);
        return 0;
}

int volume_change_apply(const VolumeChange *change, const char *volume, VolumeMetadata *metadata, sd_bus_error *error) {
        if (change->expected_generation != GENERATION_ANY && metadata->generation != change->expected_generation) {
                sd_bus_error_setf(error, RHV_ERROR_INVALID_STATE,
                                  "Volume %s was changed by somebody else: its generation is %u, not %u", volume,
                                  metadata->generation, change->expected_generation);
                return -ESTALE;
        }
        if (change->share && (metadata->role != VOLUME_LEAF || volume_has_parent(metadata))) {
                sd_bus_error_setf(error, RHV_ERROR_INVALID_STATE, "Volume %s cannot become a template: it is not the only one of its image", volume);
                return -EBUSY;
        }
        metadata->legality = change->legality;
        if (change->description)
                (void) snprintf(metadata->description, sizeof(metadata->description), "%s", change->description);
        if (change->share)
                metadata->role = VOLUME_SHARED;
        if (change->capacity_bytes != 0)
                metadata->capacity_bytes = change->capacity_bytes;
        if (change->bump_generation)
                metadata->generation = volume_next_generation(metadata->generation);
        return 0;
}

int image_may_delete(const VolumeList *list, sd_bus_error *error) {
        for (size_t i = 0; i < list->n; i++) {
                const VolumeRecord *record = &list->records[i];

                if (record->problem || record->metadata.role != VOLUME_SHARED || record->links < 2 ||
                    !streq(record->metadata.image, list->image))
                        continue;
                sd_bus_error_setf(error, RHV_ERROR_IN_USE, "Image %s is a template that other images are based on",
                                  list->image);
                return -EBUSY;
        }
        return 0;
}

bool image_is_unfinished_copy(const VolumeList *list, const char *volume) {
        const VolumeRecord *record = volume_list_find(list, volume);

        return record && list->n == 1 && !record->problem && record->metadata.legality == VOLUME_ILLEGAL && record->metadata.generation == 0 &&
               record->metadata.role == VOLUME_LEAF && !volume_has_parent(&record->metadata) && streq(record->metadata.image, list->image);
}

int volume_may_base(const VolumeList *list, const char *volume, sd_bus_error *error) {
        const VolumeRecord *record;
        int r;

        r = volume_list_find_usable(list, volume, &record, error);
        if (r >= 0)
                r = check_member(list, record, true, error);
        if (r < 0)
                return r;
        if (record->metadata.role == VOLUME_SHARED && streq(record->metadata.image, list->image))
                return 0;
        sd_bus_error_setf(error, RHV_ERROR_INVALID_STATE, "Volume %s of image %s is no template", volume, list->image);
        return -EBUSY;
}

int volume_may_upload(const VolumeList *list, const char *volume, uint64_t size, sd_bus_error *error) {
        const VolumeRecord *record;
        uint64_t max;
        int r;

        r = volume_list_find_usable(list, volume, &record, error);
        if (r < 0)
                return r;
        if (record->metadata.role != VOLUME_LEAF || count_children(list, volume, "") > 0) {
                sd_bus_error_setf(error, RHV_ERROR_INVALID_STATE, "Volume %s is %s: other volumes are built on it",
                                  volume, volume_role_to_string(record->metadata.role));
                return -EBUSY;
        }
        if (volume_has_parent(&record->metadata)) {
                sd_bus_error_setf(error, RHV_ERROR_NOT_SUPPORTED,
                                  "Volume %s has a parent; only whole disks can be uploaded", volume);
                return -EOPNOTSUPP;
        }
        max = record->metadata.format == VOLUME_FORMAT_RAW ? record->metadata.capacity_bytes
                                                           : volume_qcow2_max_bytes(record->metadata.capacity_bytes);
        if (size != UINT64_MAX && size > max) {
                sd_bus_error_setf(error, RHV_ERROR_INVALID_ARGUMENT,
                                  "%" PRIu64 " bytes do not fit into volume %s, which has room for %" PRIu64, size,
                                  volume, max);
                return -EINVAL;
        }
        return 0;
}

int volume_may_download(const VolumeList *list, const char *volume, sd_bus_error *error) {
        const VolumeRecord *record;
        int r;

        r = volume_list_find_usable(list, volume, &record, error);
        if (r < 0)
                return r;
        r = check_member(list, record, true, error);
        if (r < 0)
                return r;
        if (volume_has_parent(&record->metadata)) {
                sd_bus_error_setf(error, RHV_ERROR_NOT_SUPPORTED,
                                  "Volume %s has a parent; only whole disks can be downloaded", volume);
                return -EOPNOTSUPP;
        }
        return 0;
}
