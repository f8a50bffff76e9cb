/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What comes before and after the work of a data job. */

#include <stdio.h>

#include "block-slot.h"
#include "bus-error.h"
#include "chain-rules.h"
#include "data-command.h"
#include "data-work.h"
#include "fault-point.h"
#include "heir.h"
#include "io.h"
#include "log.h"
#include "state-file.h"
#include "transfer-request.h"

static const StorageLayout *layout(const Io *io) {
        return io->place.type->layout;
}

static int set_legality(Io *io, const char *volume, VolumeLegality legality, sd_bus_error *error) {
        const VolumeChange change = {.expected_generation = GENERATION_ANY, .legality = legality};

        return layout(io)->volume_update(&io->place, io->image, volume, &change, error);
}

/* ---- plan ---- */

static void set_chain(const Io *io, const VolumeRecord *const *chain, int n) {
        io->data->n_chain = (size_t)n;
        for (int i = 0; i < n; i++) {
                DataNode *node = &io->data->chain[i];

                memcpy(node->image, io->image, UUID_STRING_MAX);
                memcpy(node->volume, chain[i]->id, UUID_STRING_MAX);
                node->format = chain[i]->metadata.format;
        }
}

/* The volume that the job is about to write, or of a copy the one it reads. */
static int set_record(Io *io, const VolumeRecord *record) {
        const uint32_t expected = io->change.expected_generation;

        io->record = *record;
        io->record.problem = NULL;
        io->data->format = record->metadata.format;
        io->data->allocation = record->metadata.allocation;
        io->data->present_bytes = record->metadata.capacity_bytes;
        if (expected == GENERATION_ANY || expected == record->metadata.generation)
                return 0;
        sd_bus_error_setf(&io->error, RHV_ERROR_INVALID_STATE, "Volume %s was changed by somebody else: its generation is %u, not %u", record->id,
                          record->metadata.generation, (unsigned)expected);
        return -ESTALE;
}

/* As much as a new volume of that capacity would be given. */
static uint64_t extended_bytes(const VolumeMetadata *metadata, uint64_t capacity_bytes) {
        return block_volume_bytes(metadata->allocation == VOLUME_ALLOCATION_PREALLOCATED, capacity_bytes, 0);
}

static int plan_extend(Io *io) {
        const VolumeRecord *chain[VOLUME_CHAIN_MAX];
        uint64_t bytes;
        int n, r;

        r = volume_may_extend(&io->lists[0], io->volume, io->data->capacity_bytes, &bytes, &io->error);
        if (r < 0)
                return r;
        n = volume_chain(&io->lists[0], io->volume, true, chain, &io->error);
        if (n < 0)
                return n;
        io->data->capacity_bytes = bytes;
        if (layout(io)->volume_grow)
                io->grow_bytes = bytes == chain[0]->metadata.capacity_bytes ? 0 : extended_bytes(&chain[0]->metadata, bytes);
        else if (chain[0]->metadata.allocation == VOLUME_ALLOCATION_PREALLOCATED && bytes > chain[0]->true_size_bytes)
                io->size_bytes = bytes - chain[0]->true_size_bytes;
        set_chain(io, chain, n);
        return set_record(io, chain[0]);
}

/* A foreign image lies in a raw volume of its own, as it was uploaded. */
static int check_foreign(Io *io, const VolumeRecord *volume, int n) {
        if (!io->data->source_format[0] || (n == 1 && volume->metadata.format == VOLUME_FORMAT_RAW))
                return 0;
        sd_bus_error_setf(&io->error, RHV_ERROR_INVALID_ARGUMENT, "Volume %s is no raw one that holds an image of format %s", volume->id,
                          io->data->source_format);
        return -EINVAL;
}

/* What is an ISO image is one everywhere. */
static int check_iso(Io *io, const VolumeRecord *volume) {
        if (io->data->kind != DATA_COPY || !volume_is_iso(&volume->metadata))
                return 0;
        if (io->request.format != VOLUME_FORMAT_RAW || io->data->share) {
                sd_bus_error_setf(&io->error, RHV_ERROR_INVALID_ARGUMENT, "Volume %s is an ISO image: its copy is raw, and no template", volume->id);
                return -EINVAL;
        }
        (void) snprintf(io->request.disk_type, sizeof(io->request.disk_type), "%s", VOLUME_DISK_TYPE_ISO);
        return 0;
}

static int plan_copy(Io *io) {
        const bool foreign = io->data->source_format[0];
        const VolumeRecord *chain[VOLUME_CHAIN_MAX];
        uint64_t size = 0;
        int n, r;

        n = volume_may_copy(&io->lists[0], io->volume, foreign ? 0 : io->data->capacity_bytes, chain, &io->error);
        r = n < 0 ? n : check_foreign(io, chain[0], n);
        if (r >= 0)
                r = check_iso(io, chain[0]);
        if (r < 0)
                return r;
        for (int i = 0; i < n; i++)
                size += chain[i]->true_size_bytes;
        set_chain(io, chain, n);
        r = set_record(io, chain[0]);
        if (io->data->capacity_bytes == 0)
                io->data->capacity_bytes = chain[0]->metadata.capacity_bytes;
        io->size_bytes = size < io->data->capacity_bytes ? size : io->data->capacity_bytes;
        return r;
}

/* On devices the base is given its room first: as a raw disk its capacity; as qcow2 what is measured then, of which this is the least. */
static uint64_t merged_bytes(const VolumeRecord *base, uint64_t capacity_bytes) {
        if (base->metadata.format == VOLUME_FORMAT_RAW && capacity_bytes <= base->metadata.capacity_bytes)
                return 0;
        return base->metadata.format == VOLUME_FORMAT_RAW ? capacity_bytes : base->true_size_bytes;
}

static int plan_merge(Io *io) {
        const VolumeRecord *chain[VOLUME_CHAIN_MAX];
        MergePlan plan;
        int n;

        n = volume_may_merge(&io->lists[0], io->volume, chain, &plan, &io->error);
        if (n < 0)
                return n;
        io->data->capacity_bytes = plan.capacity_bytes;
        if (layout(io)->volume_grow)
                io->grow_bytes = merged_bytes(chain[1], plan.capacity_bytes);
        else if (chain[1]->metadata.allocation != VOLUME_ALLOCATION_PREALLOCATED || chain[1]->metadata.format != VOLUME_FORMAT_RAW)
                io->size_bytes = chain[0]->true_size_bytes;
        set_chain(io, chain, n);
        return set_record(io, chain[1]);
}

static int plan_sparsify(Io *io) {
        const VolumeRecord *leaf;
        int r;

        r = volume_may_sparsify(&io->lists[0], io->volume, domain_type_is_block(io->place.type), &io->error);
        if (r < 0)
                return r;
        leaf = volume_list_find(&io->lists[0], io->volume);
        set_chain(io, &leaf, 1);
        io->data->capacity_bytes = leaf->metadata.capacity_bytes; /* as it is */
        return set_record(io, leaf);
}

int io_data_plan(Io *io) {
        static int (*const plans[_DATA_KIND_MAX])(Io *) = {
                        [DATA_EXTEND] = plan_extend,
                        [DATA_COPY] = plan_copy,
                        [DATA_MERGE] = plan_merge,
                        [DATA_SPARSIFY] = plan_sparsify,
                        [DATA_MEASURE] = plan_copy,
        };
        int r;

        if (!plans[io->data->kind])
                return -EOPNOTSUPP;
        r = io_list_one(io);
        return r < 0 ? r : plans[io->data->kind](io);
}

/* ---- room ---- */

/* The room both volumes of a merge take as one of qcow2, without what lies below them. */
static int measure_merged(Io *io) {
        const uint64_t most = volume_qcow2_max_bytes(io->data->capacity_bytes);
        const size_t n_chain = io->data->n_chain;
        uint64_t bytes;
        int r;

        io->data->n_chain = 2;
        r = io_data_measure(io);
        io->data->n_chain = n_chain;
        if (r < 0)
                return r;
        bytes = block_volume_bytes(false, io->data->capacity_bytes, io->measured.required_bytes);
        if (bytes > most)
                bytes = most;
        if (bytes > io->size_bytes)
                io->size_bytes = bytes;
        return 0;
}

/* A raw base is read as far as its device goes, as soon as it is longer: until the new part is cleared, no guest may see it below the merged volume. */
static int close_merged(Io *io) {
        int r;

        FAULT_POINT("block-merge-before-closed");
        r = set_legality(io, io->data->chain[0].volume, VOLUME_ILLEGAL, &io->error);
        FAULT_POINT("block-merge-closed");
        return r;
}

int io_volume_grow(Io *io) {
        const bool merges = io->data && io->data->kind == DATA_MERGE;
        const VolumeRecord *record;
        int r;

        r = io_list_one(io);
        if (r >= 0 && merges && io->data->format == VOLUME_FORMAT_QCOW2)
                r = measure_merged(io);
        if (r < 0)
                return r;
        record = volume_list_find(&io->lists[0], io->volume);
        if (!record || record->problem) {
                sd_bus_error_setf(&io->error, RHV_ERROR_NOT_FOUND, "Image %s has no volume %s", io->image, io->volume);
                return -ENOENT;
        }
        if (io->size_bytes > record->true_size_bytes)
                r = io_check_space(io, io->size_bytes - record->true_size_bytes, &io->error);
        if (r >= 0 && merges && io->data->format == VOLUME_FORMAT_RAW)
                r = close_merged(io);
        if (r < 0)
                return r;
        r = layout(io)->volume_grow(&io->place, io->image, io->volume, io->size_bytes, &io->plan.metadata.capacity_bytes, &io->error);
        /* LVM had no room for it: the device is as long as it was, and there is nothing that must not be seen */
        if (r == -ENOSPC && merges && io->data->format == VOLUME_FORMAT_RAW)
                (void) set_legality(io, io->data->chain[0].volume, VOLUME_LEGAL, NULL);
        return r;
}

/* ---- note ---- */

int io_data_note(Io *io) {
        TransferRequest request = {
                        .generation = io->record.metadata.generation,
                        .upload = true,
                        .leased = domain_has_leases(&io->place),
                        .data = true,
        };
        int r;

        r = io_check_space(io, io->size_bytes, &io->error);
        if (r < 0)
                return r;
        memcpy(request.domain, io->place.id, UUID_STRING_MAX);
        memcpy(request.image, io->image, UUID_STRING_MAX);
        memcpy(request.volume, io->volume, UUID_STRING_MAX);
        io->data->place = io->place;
        io->data->source = io->source.type ? io->source : io->place;
        r = make_directory(io->directory, 0700);
        if (r >= 0)
                r = data_work_save(io->directory, io->data);
        if (r >= 0)
                r = transfer_request_save(io->directory, &request);
        if (r < 0)
                return bus_error_errno(&io->error, r, "Cannot prepare the job in %s", io->directory);
        return 0;
}

/* ---- after a copy ---- */

int io_data_undo(Io *io) {
        int r;

        r = io_list_one(io);
        if (r == -ENOENT) {
                sd_bus_error_free(&io->error);
                return 0;
        }
        if (r < 0)
                return r;
        return image_is_unfinished_copy(&io->lists[0], io->volume) ? io_image_delete(io) : 0;
}

/* ---- after a merge ---- */

/* The name in its header first: then only the metadata are behind, which say the same chain with one more volume in it. */
static int move_child(Io *io, const char *child, const VolumeRecord *base) {
        _cleanup_free_ char *path = layout(io)->volume_path(&io->place, io->image, child);
        _cleanup_(data_command_clear) DataCommand command = {};
        int r;

        r = layout_prepare_volume(&io->place, child, &io->error);
        if (r >= 0)
                r = path ? data_command_rebase(path, base->id, base->metadata.format, geteuid() == 0, &command) : -ENOMEM;
        if (r >= 0)
                r = heir_run(command.argv, "qemu-img rebase", &io->error);
        if (r < 0) {
                (void) set_legality(io, io->volume, VOLUME_LEGAL, NULL);
                return r;
        }
        FAULT_POINT("merge-rebased");
        r = layout(io)->volume_reparent(&io->place, io->image, child, base->id, &io->error);
        FAULT_POINT("merge-reparented");
        return r;
}

/* What both volumes took together is less than the room that was made before: as VDSM does. The data are merged; from the child's new parent on who clears up after us
 * may be the one who ends this, so it comes before that. */
static void shrink_base(Io *io, const VolumeRecord *base, bool leaf) {
        if (!layout(io)->volume_reduce || base->metadata.format != VOLUME_FORMAT_QCOW2 || base->metadata.allocation != VOLUME_ALLOCATION_SPARSE)
                return;
        if (io_reduce(io, base->id, leaf) < 0) {
                log_notice("Volume %s keeps the room it does not need after a merge: %s", base->id, io->error.message ?: "");
                sd_bus_error_free(&io->error);
        }
        FAULT_POINT("block-merge-shrunk");
}

int io_merge_finish(Io *io) {
        const VolumeRecord *chain[VOLUME_CHAIN_MAX];
        MergePlan plan;
        int r;

        r = io_list_one(io);
        if (r < 0)
                return r;
        if (!volume_list_find(&io->lists[0], io->volume))
                return 0;
        r = volume_may_merge(&io->lists[0], io->volume, chain, &plan, &io->error);
        if (r >= 0)
                r = set_legality(io, io->volume, VOLUME_ILLEGAL, &io->error);
        FAULT_POINT("merge-illegal");
        if (r >= 0)
                shrink_base(io, chain[1], !plan.child[0]);
        if (r >= 0 && plan.child[0])
                r = move_child(io, plan.child, chain[1]);
        return r < 0 ? r : io_volume_delete(io);
}
