/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "chain-rules.h"

#include <inttypes.h>

#include "bus-error.h"

size_t volume_children(const VolumeList *list, const char *volume, const VolumeRecord **ret) {
        size_t n = 0;

        *ret = NULL;
        for (size_t i = 0; i < list->n; i++) {
                const VolumeRecord *record = &list->records[i];

                if (record->problem || !streq(record->metadata.parent, volume))
                        continue;
                *ret = record;
                n++;
        }
        return n;
}

/* ---- extend ---- */

static int invalid(sd_bus_error *error, const char *why) {
        sd_bus_error_set(error, RHV_ERROR_INVALID_ARGUMENT, why);
        return -EINVAL;
}

static int check_capacity(uint64_t capacity_bytes, uint64_t present_bytes, sd_bus_error *error) {
        if (capacity_bytes % VOLUME_SECTOR_BYTES != 0)
                return invalid(error, "A capacity is a multiple of 512 bytes, a disk's sector");
        if (capacity_bytes > VOLUME_CAPACITY_MAX) {
                sd_bus_error_setf(error, RHV_ERROR_INVALID_ARGUMENT, "A capacity of %" PRIu64 " bytes is beyond the maximum of %" PRIu64,
                                  capacity_bytes, VOLUME_CAPACITY_MAX);
                return -EINVAL;
        }
        if (capacity_bytes < present_bytes) {
                sd_bus_error_setf(error, RHV_ERROR_INVALID_ARGUMENT,
                                  "A disk only grows: it has %" PRIu64 " bytes; with %" PRIu64 " its end would be lost", present_bytes,
                                  capacity_bytes);
                return -EINVAL;
        }
        return 0;
}

static int find_leaf(const VolumeList *list, const char *volume, const VolumeRecord **ret, sd_bus_error *error) {
        const VolumeRecord *chain[VOLUME_CHAIN_MAX], *child;
        int r;

        r = volume_chain(list, volume, true, chain, error);
        if (r < 0)
                return r;
        *ret = chain[0];
        if (chain[0]->metadata.role == VOLUME_LEAF && volume_children(list, volume, &child) == 0)
                return 0;
        sd_bus_error_setf(error, RHV_ERROR_INVALID_STATE, "Volume %s is %s: other volumes are built on it", volume,
                          volume_role_to_string(chain[0]->metadata.role));
        return -EBUSY;
}

int volume_may_sparsify(const VolumeList *list, const char *volume, bool device, sd_bus_error *error) {
        const VolumeRecord *leaf;
        int r;

        r = find_leaf(list, volume, &leaf, error);
        if (r < 0)
                return r;
        if (device || leaf->metadata.allocation == VOLUME_ALLOCATION_SPARSE)
                return 0;
        sd_bus_error_setf(error, RHV_ERROR_INVALID_ARGUMENT, "Volume %s is preallocated: it shall have all its blocks", volume);
        return -EINVAL;
}

int volume_may_extend(const VolumeList *list, const char *volume, uint64_t capacity_bytes, uint64_t *ret_bytes, sd_bus_error *error) {
        const VolumeRecord *leaf;
        int r;

        r = find_leaf(list, volume, &leaf, error);
        if (r < 0)
                return r;
        if (volume_is_iso(&leaf->metadata)) {
                sd_bus_error_setf(error, RHV_ERROR_INVALID_STATE, "Volume %s is an ISO image: it stays as large as it is", volume);
                return -EROFS;
        }
        r = check_capacity(capacity_bytes, leaf->metadata.capacity_bytes, error);
        if (r < 0)
                return r;
        *ret_bytes = capacity_bytes == leaf->metadata.capacity_bytes ? capacity_bytes : volume_round_up(capacity_bytes);
        return 0;
}

/* ---- copy ---- */

int volume_may_copy(const VolumeList *list, const char *volume, uint64_t capacity_bytes,
                    const VolumeRecord *ret[static VOLUME_CHAIN_MAX], sd_bus_error *error) {
        int n;

        n = volume_chain(list, volume, true, ret, error);
        if (n < 0)
                return n;
        if (capacity_bytes != 0 && capacity_bytes < ret[0]->metadata.capacity_bytes) {
                sd_bus_error_setf(error, RHV_ERROR_INVALID_ARGUMENT, "The copy needs a capacity of at least %" PRIu64 " bytes, not %" PRIu64,
                                  ret[0]->metadata.capacity_bytes, capacity_bytes);
                return -EINVAL;
        }
        return n;
}

/* ---- merge ---- */

static int cannot(sd_bus_error *error, const char *volume, const char *why) {
        sd_bus_error_setf(error, RHV_ERROR_INVALID_STATE, "Volume %s cannot be merged: %s", volume, why);
        return -EBUSY;
}

/* A merge that was cut off may have left volume illegal; nothing below it may be. */
static int chain_of(const VolumeList *list, const VolumeRecord *top, const VolumeRecord *ret[static VOLUME_CHAIN_MAX], sd_bus_error *error) {
        int n;

        n = volume_chain(list, top->id, false, ret, error);
        for (int i = 1; i < n; i++)
                if (ret[i]->metadata.legality != VOLUME_LEGAL)
                        return cannot(error, top->id, "what it is built on is illegal");
        return n;
}

int volume_may_merge(const VolumeList *list, const char *volume, const VolumeRecord *ret_chain[static VOLUME_CHAIN_MAX], MergePlan *ret,
                     sd_bus_error *error) {
        const VolumeRecord *top, *base, *child, *other;
        size_t children, siblings;
        MergePlan plan = {};
        bool cut_off;
        int n;

        n = volume_list_find_usable(list, volume, &top, error);
        if (n < 0)
                return n;
        if (!volume_has_parent(&top->metadata))
                return cannot(error, volume, "it has no parent");
        n = chain_of(list, top, ret_chain, error);
        if (n < 0)
                return n;
        base = ret_chain[1];
        if (top->metadata.role == VOLUME_SHARED || base->metadata.role == VOLUME_SHARED)
                return cannot(error, volume, "it is, or is based on, a template");
        children = volume_children(list, volume, &child);
        siblings = volume_children(list, base->id, &other);
        /* Its child has its new parent already. */
        cut_off = top->metadata.legality != VOLUME_LEGAL && children == 0 && siblings == 2;
        if (children > 1 || (siblings > 1 && !cut_off))
                return cannot(error, volume, "the image branches there (a preview); end that first");
        for (size_t i = 0; i < list->n; i++)
                if (list->records[i].problem)
                        return cannot(error, volume, "the metadata of another volume of its image cannot be read");

        memcpy(plan.base, base->id, UUID_STRING_MAX);
        if (child)
                memcpy(plan.child, child->id, UUID_STRING_MAX);
        plan.capacity_bytes = top->metadata.capacity_bytes > base->metadata.capacity_bytes ? top->metadata.capacity_bytes
                                                                                           : base->metadata.capacity_bytes;
        *ret = plan;
        return n;
}

/* ---- room ---- */

int volume_may_reduce(const VolumeList *list, const char *volume, bool *ret_leaf, sd_bus_error *error) {
        const VolumeRecord *record, *child;
        int r;

        r = volume_list_find_usable(list, volume, &record, error);
        if (r < 0)
                return r;
        if (record->metadata.format != VOLUME_FORMAT_QCOW2 || record->metadata.allocation != VOLUME_ALLOCATION_SPARSE) {
                sd_bus_error_setf(error, RHV_ERROR_INVALID_ARGUMENT, "Volume %s is no thin one: it has the room it was made with", volume);
                return -EINVAL;
        }
        if (record->metadata.legality != VOLUME_LEGAL) {
                sd_bus_error_setf(error, RHV_ERROR_INVALID_STATE, "Volume %s is illegal", volume);
                return -EBUSY;
        }
        *ret_leaf = volume_children(list, volume, &child) == 0 && record->metadata.role != VOLUME_SHARED;
        return 0;
}

/* ---- left-overs ---- */

static bool any_problem(const VolumeList *list) {
        for (size_t i = 0; i < list->n; i++)
                if (list->records[i].problem)
                        return true;
        return false;
}

bool volume_is_cut_out(const VolumeList *list, const VolumeRecord *record) {
        const VolumeRecord *child;

        if (any_problem(list) || record->metadata.role == VOLUME_SHARED || record->metadata.legality != VOLUME_ILLEGAL ||
            volume_children(list, record->id, &child) > 0)
                return false;
        /* A merged one, whose child is on its parent already. */
        if (volume_has_parent(&record->metadata))
                return record->metadata.role == VOLUME_INTERNAL && volume_list_find(list, record->metadata.parent);
        for (size_t i = 0; i < list->n; i++)
                if (&list->records[i] != record && list->records[i].metadata.legality == VOLUME_LEGAL &&
                    !volume_has_parent(&list->records[i].metadata))
                        return true;
        return false;
}

bool volume_is_moving(const VolumeList *list, const VolumeRecord *record, const char *tag_parent) {
        const VolumeRecord *merged = volume_list_find(list, record->metadata.parent);

        return !any_problem(list) && !streq(record->metadata.parent, tag_parent) && merged && merged->metadata.legality == VOLUME_ILLEGAL &&
               streq(merged->metadata.parent, tag_parent) && volume_list_find(list, tag_parent);
}

bool volume_tag_lags(const VolumeList *list, const VolumeRecord *record, const char *tag_parent, const char *left) {
        const char *parent = record->metadata.parent;

        return !any_problem(list) && streq(tag_parent, left) && !streq(parent, tag_parent) && !volume_is_moving(list, record, tag_parent) &&
               (!volume_has_parent(&record->metadata) || volume_list_find(list, parent));
}

bool volume_has_left(const VolumeList *list, const char *tag_parent) {
        const VolumeRecord *named = volume_list_find(list, tag_parent);

        return !streq(tag_parent, BLANK_UUID) && (!named || (!named->problem && named->metadata.legality == VOLUME_ILLEGAL));
}

bool volume_is_bare(const VolumeList *list, const VolumeRecord *record) {
        const VolumeRecord *child;

        return !any_problem(list) && record->metadata.role == VOLUME_INTERNAL && record->metadata.legality == VOLUME_LEGAL &&
               volume_children(list, record->id, &child) == 0;
}
