/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>

#include "bus-error.h"
#include "data-work.h"
#include "fault-point.h"
#include "image-listing.h"
#include "io.h"
#include "iscsi.h"
#include "layout-file.h"
#include "lease-request.h"
#include "mount-unit.h"
#include "place-json.h"
#include "state-file.h"
#include "transfer-request.h"

Io *io_new(const char *name, int (*run)(Io *), const DomainPlace *place) {
        Io *io = calloc(1, sizeof(*io));

        if (!io)
                return NULL;
        io->name = name;
        io->run = run;
        io->fd = io->asker_fd = -EBADF;
        io->opened.lock_fd = -EBADF;
        io->error = SD_BUS_ERROR_NULL;
        if (domain_place_copy(&io->place, place) < 0) {
                io_free(io);
                return NULL;
        }
        return io;
}

void io_free(Io *io) {
        domain_place_clear(&io->place);
        domain_place_clear(&io->source);
        if (io->data)
                data_work_clear(io->data);
        free(io->data);
        domain_facts_clear(&io->facts);
        domain_opened_clear(&io->opened);
        for (size_t i = 0; i < io->n_lists; i++)
                volume_list_clear(&io->lists[i]);
        free(io->lists);
        free(io->images);
        volume_plan_clear(&io->plan);
        free(io->record.problem);
        free(io->directory);
        free(io->lease_directory);
        free(io->devices);
        free(io->file);
        free(io->jobs);
        free(io->open_ids);
        free(io->data_centers);
        json_decref(io->definitions);
        json_decref(io->removed);
        iscsi_request_free(io->iscsi);
        free(io->hosts);
        json_decref(io->report);
        free(io->leases);
        safe_close(io->fd);
        sd_bus_error_free(&io->error);
        free(io);
}

static const StorageLayout *layout(const Io *io) {
        return io->place.type->layout;
}

/* ---- domains ---- */

static int open_mounted(Io *io) {
        int r;

        r = layout(io)->open(&io->place, &io->opened, &io->error);
        if (r < 0)
                return r;
        memcpy(io->place.id, io->opened.facts.id, UUID_STRING_MAX);
        io->place.class = domain_class_from_string(io->opened.facts.class_word);
        if (io->opened.path) {
                free(io->place.path);
                io->place.path = strdup(io->opened.path);
                if (!io->place.path)
                        return -ENOMEM;
        }
        io->place.version = io->opened.facts.version;
        io->place.block_size_bytes = io->opened.facts.block_size_bytes;
        io->place.alignment_bytes = io->opened.facts.alignment_bytes;
        if (io->host_id != 0 && io_lockspace_ask(io) < 0)
                sd_bus_error_free(&io->error); /* asked again later */
        return layout(io)->measure(&io->place, &io->space, &io->error);
}

/* What is mounted for a domain that then cannot be used is unmounted. */
static int with_mount(Io *io, int (*run)(Io *)) {
        bool mounted = false;
        int r;

        r = io->place.what ? mount_unit_start(&io->place, &mounted, &io->error) : 0;
        if (r >= 0)
                r = run(io);
        if (r < 0 && mounted)
                (void) mount_unit_stop(&io->place, NULL);
        return r;
}

int io_open_domain(Io *io) {
        return with_mount(io, open_mounted);
}

/* A repeated request finds what the first one made. */
static int create_mounted(Io *io) {
        int r, k;

        r = layout(io)->create(&io->place, &io->facts, &io->error);
        if (r < 0 && r != -EEXIST)
                return r;

        sd_bus_error made = io->error;
        io->error = SD_BUS_ERROR_NULL;
        k = open_mounted(io);
        if (r == -EEXIST && (k < 0 || !streq_ptr(io->opened.facts.name, io->facts.name))) {
                sd_bus_error_free(&io->error);
                io->error = made;
                return r;
        }
        sd_bus_error_free(&made);
        return k;
}

int io_create_domain(Io *io) {
        return with_mount(io, create_mounted);
}

int io_clean_domain(Io *io) {
        if (io->place.class == DOMAIN_ISO)
                return file_iso_clean(&io->place, io->jobs ?: "", &io->cleaned, &io->error);
        return layout(io)->clean(&io->place, &io->cleaned, &io->error);
}

int io_measure_domain(Io *io) {
        return layout(io)->measure(&io->place, &io->space, &io->error);
}

int io_destroy_domain(Io *io) {
        return layout(io)->destroy(&io->place, &io->error);
}

/* ---- listing ---- */

int io_list_one(Io *io) {
        io->lists = calloc(1, sizeof(*io->lists));
        if (!io->lists)
                return -ENOMEM;
        io->n_lists = 1;
        return layout(io)->list_volumes(&io->place, io->image, &io->lists[0], &io->error);
}

int io_teardown(Io *io) {
        return layout(io)->teardown ? layout(io)->teardown(&io->place, io->image, &io->error) : 0;
}

int io_list_active(Io *io) {
        return layout(io)->list_active(&io->place, &io->images, &io->n_images, &io->error);
}

int io_close_domain(Io *io) {
        int r;

        r = layout(io)->close ? layout(io)->close(&io->place, &io->error) : 0;
        return r >= 0 && io->place.what ? mount_unit_stop(&io->place, &io->error) : r;
}

int io_list_all(Io *io) {
        return image_listing(&io->place, &io->lists, &io->n_lists, &io->error);
}

/* ---- volumes ---- */

int io_check_space(const Io *io, uint64_t needed_bytes, sd_bus_error *error) {
        DomainSpace space;
        int r;

        r = layout(io)->measure(&io->place, &space, error);
        return r < 0 ? r : domain_check_space(&io->place, space.free_bytes, needed_bytes, error);
}

int io_volume_begin(Io *io) {
        return layout(io)->volume_begin(&io->place, &io->request, &io->plan, &io->error);
}

int io_volume_finish(Io *io) {
        int r;

        r = layout(io)->volume_fill(&io->place, &io->request, &io->plan, &io->error);
        if (r < 0) {
                layout(io)->volume_abandon(&io->place, &io->request, &io->plan);
                return r;
        }
        return layout(io)->volume_commit(&io->place, &io->request, &io->plan, &io->error);
}

int io_volume_abandon(Io *io) {
        layout(io)->volume_abandon(&io->place, &io->request, &io->plan);
        return 0;
}

/* It may have been marked before, by a job that was cut off: then the rest of the way is left. volume: "" any of the image. */
static int found_marked(Io *io, int r) {
        WipeVolume marked[VOLUME_CHAIN_MAX];
        size_t n;

        if (r != -ENOENT || layout(io)->wipe_list(&io->place, io->image, marked, ELEMENTSOF(marked), &n, NULL) < 0)
                return r;
        for (size_t i = 0; i < n; i++)
                if (!io->volume[0] || streq(marked[i].volume, io->volume)) {
                        sd_bus_error_free(&io->error);
                        return 0;
                }
        return r;
}

int io_image_delete(Io *io) {
        int r;

        if (io->wipe && layout(io)->image_mark) {
                r = found_marked(io, layout(io)->image_mark(&io->place, io->image, &io->error));
                FAULT_POINT("block-image-marked");
                return r;
        }
        if (layout(io)->image_delete)
                return layout(io)->image_delete(&io->place, io->image, io->discard, &io->error);
        r = layout(io)->image_hide(&io->place, io->image, &io->error);
        /* nobody clears up in an export domain: what a copy that was cut off has left goes with the request to take it back */
        if (r == -ENOENT && io->place.class == DOMAIN_EXPORT)
                (void) layout(io)->image_purge(&io->place, io->image, false, NULL);
        return r < 0 ? r : layout(io)->image_purge(&io->place, io->image, io->discard, &io->error);
}

int io_volume_delete(Io *io) {
        int r;

        if (!layout(io)->volume_mark || (!io->wipe && !io->discard))
                return layout(io)->volume_delete(&io->place, io->image, io->volume, &io->error);
        r = found_marked(io, layout(io)->volume_mark(&io->place, io->image, io->volume, io->wipe, &io->error));
        FAULT_POINT("block-volume-marked");
        return r < 0 || io->wipe ? r : layout(io)->image_purge(&io->place, io->image, io->discard, &io->error);
}

int io_volume_update(Io *io) {
        return layout(io)->volume_update(&io->place, io->image, io->volume, &io->change, &io->error);
}

/* ---- transfers ---- */

/* The room that an upload takes beyond what the volume has. */
static uint64_t upload_needs(const Io *io, const VolumeRecord *record) {
        if (record->metadata.allocation == VOLUME_ALLOCATION_PREALLOCATED &&
            record->metadata.format == VOLUME_FORMAT_RAW)
                return 0;
        return io->size_bytes > record->true_size_bytes ? io->size_bytes - record->true_size_bytes : 0;
}

static int make_transfer_directory(const Io *io) {
        int r;

        r = make_directory(io->directory, 0700);
        if (r < 0)
                return r;
        return geteuid() == 0 && chown(io->directory, STORAGE_UID, STORAGE_GID) < 0 ? -errno : 0;
}

static int note_request(const Io *io) {
        TransferRequest request = {
                        .upload = io->upload,
                        .generation = io->record.metadata.generation,
                        .was_legal = io->record.metadata.legality == VOLUME_LEGAL,
                        .leased = io->upload && domain_has_leases(&io->place),
                        .devices = !io->upload && domain_type_is_block(io->place.type),
        };

        memcpy(request.domain, io->place.id, UUID_STRING_MAX);
        memcpy(request.image, io->image, UUID_STRING_MAX);
        memcpy(request.volume, io->volume, UUID_STRING_MAX);
        (void) snprintf(request.file, sizeof(request.file), "%s", io->file ?: "");
        request.size_bytes = io->file ? io->size_bytes : 0;
        return transfer_request_save(io->directory, &request);
}

/* A device is as large as it is: what is uploaded must fit. */
static int check_device(Io *io, const VolumeRecord *record) {
        if (domain_type_is_block(io->place.type) && io->upload && io->size_bytes > record->true_size_bytes) {
                sd_bus_error_setf(&io->error, RHV_ERROR_INVALID_ARGUMENT,
                                  "%" PRIu64 " bytes do not fit into the %" PRIu64 " that volume %s has now; make it with that \"initial_size\"",
                                  io->size_bytes, record->true_size_bytes, io->volume);
                return -EINVAL;
        }
        return 0;
}

static int transfer_check(Io *io) {
        VolumeRecord *record;
        int r;

        r = io_list_one(io);
        if (r < 0)
                return r;
        r = io->upload ? volume_may_upload(&io->lists[0], io->volume, io->size_bytes, &io->error)
                       : volume_may_download(&io->lists[0], io->volume, &io->error);
        if (r < 0)
                return r;
        record = volume_list_find(&io->lists[0], io->volume);
        io->record = *record;
        record->problem = NULL;
        r = check_device(io, record);
        return r >= 0 && io->upload ? io_check_space(io, upload_needs(io, record), &io->error) : r;
}

/* Nothing of the volume is touched before its lease is held, which is rhv-upload's part. */
static int transfer_begin_leased(Io *io) {
        _cleanup_json_ json_t *place = json_pack("{s:o}", "place", place_to_json(&io->place));
        _cleanup_free_ char *path = NULL;
        int r;

        if (!place || asprintf(&path, "%s/" TRANSFER_PLACE_FILE, io->directory) < 0)
                return -ENOMEM;
        r = make_transfer_directory(io);
        if (r >= 0)
                r = note_request(io);
        if (r >= 0)
                r = state_file_save(path, place, LEASE_FILE_VERSION);
        if (r < 0)
                return bus_error_errno(&io->error, r, "Cannot prepare the transfer in %s", io->directory);
        return 0;
}

/* A file is there when it has its name: until then nothing is to be marked. */
static int transfer_begin_file(Io *io) {
        int r;

        r = io_file_begin(io);
        if (r < 0)
                return r;
        r = make_transfer_directory(io);
        if (r >= 0)
                r = note_request(io);
        if (r >= 0)
                return 0;
        (void) file_iso_abandon(&io->place, io->image, NULL);
        return bus_error_errno(&io->error, r, "Cannot prepare the transfer in %s", io->directory);
}

int io_transfer_begin(Io *io) {
        VolumeChange change = {.legality = VOLUME_ILLEGAL};
        int r;

        if (io->file)
                return transfer_begin_file(io);
        r = transfer_check(io);
        if (r >= 0 && io->upload && domain_has_leases(&io->place))
                return transfer_begin_leased(io);
        if (r >= 0)
                r = layout(io)->volume_open(&io->place, io->image, io->volume, io->upload, &io->fd, &io->error);
        if (r < 0)
                return r;
        r = make_transfer_directory(io);
        if (r >= 0)
                r = note_request(io);
        if (r < 0)
                return bus_error_errno(&io->error, r, "Cannot prepare the transfer in %s", io->directory);
        if (!io->upload)
                return 0;
        change.expected_generation = io->record.metadata.generation;
        return layout(io)->volume_update(&io->place, io->image, io->volume, &change, &io->error);
}
