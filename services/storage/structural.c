/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "structural.h"

#include <errno.h>
#include <stdio.h>

#include "bus-error.h"
#include "data-work.h"
#include "dict.h"
#include "lease-clock.h"
#include "lvm-argv.h"
#include "place-json.h"

static const struct {
        const char *word;
        int (*run)(Io *);
} kinds[] = {
                {"make-volume", io_volume_make},     {"delete-image", io_image_delete}, {"delete-volume", io_volume_delete},
                {"clean", io_clean_domain},          {"create-lease", io_lease_create}, {"delete-lease", io_lease_delete},
                {"rebuild-leases", io_lease_rebuild}, {"finish-merge", io_merge_finish}, {"finish-wipe", io_wipe_finish}, {"reduce-volume", io_volume_reduce},
                {"grow-volume", io_volume_grow},      {"add-devices", io_devices_add},
                {"upgrade", io_domain_upgrade},      {"attach", io_domain_attach},
                {"write-ovf", io_ovf_write},
                {"undo-copy", io_data_undo},
};

const char *structural_word(int (*run)(Io *)) {
        for (size_t i = 0; i < ELEMENTSOF(kinds); i++)
                if (kinds[i].run == run)
                        return kinds[i].word;
        return NULL;
}

/* What becomes of the data is said with it. */
static bool removes(int (*run)(Io *)) {
        return run == io_image_delete || run == io_volume_delete || run == io_merge_finish || run == io_wipe_finish;
}

/* ---- request ---- */

static json_t *pack_volume(const VolumeRequest *request) {
        return json_pack("{s:s, s:s, s:I, s:I, s:s, s:s, s:s, s:s, s:b, s:b, s:I}", "parent", request->parent, "parent_image", request->parent_image, "capacity",
                         (json_int_t)request->capacity_bytes, "initial", (json_int_t)request->initial_bytes, "format", volume_format_to_string(request->format), "allocation",
                         volume_allocation_to_string(request->allocation), "description", request->description, "disk_type",
                         request->disk_type, "illegal", (int)request->illegal, "branch", (int)request->branch, "now",
                         (json_int_t)request->now_sec);
}

json_t *structural_request(const Io *io) {
        json_t *request;

        request = json_pack("{s:i, s:s, s:I, s:o, s:s, s:s, s:s}", "version", STRUCTURAL_VERSION, "work", structural_word(io->run),
                            "lease_version", (json_int_t)io->lease_version, "place", place_to_json(&io->place), "image", io->image, "volume",
                            io->volume, "lease", io->lease);
        if (request && io->run == io_volume_make && json_object_set_new(request, "request", pack_volume(&io->request)) < 0) {
                json_decref(request);
                return NULL;
        }
        if (request && removes(io->run) &&
            json_object_update_new(request, json_pack("{s:b, s:b}", "wipe", (int)io->wipe, "discard", (int)io->discard)) < 0) {
                json_decref(request);
                return NULL;
        }
        if (request && io->data && (io->run == io_volume_make || io->run == io_wipe_finish || io->data->kind == DATA_MERGE))
                (void) json_object_set_new(request, "data", data_work_to_json(io->data));
        if (request && io->run == io_devices_add &&
            json_object_update_new(request, json_pack("{s:s, s:i}", "devices", io->devices, "io_timeout", (int)io->io_timeout_sec)) < 0) {
                json_decref(request);
                return NULL;
        }
        if (request && io->run == io_domain_upgrade &&
            json_object_update_new(request, json_pack("{s:i, s:i}", "upgrade", (int)io->upgrade_version, "host_id", (int)io->host_id)) < 0) {
                json_decref(request);
                return NULL;
        }
        if (request && io->run == io_domain_attach &&
            json_object_update_new(request, json_pack("{s:s, s:b, s:b}", "data_center", io->attach.data_center, "detach", (int)io->attach.detach, "take_over",
                                                      (int)io->attach.take_over)) < 0) {
                json_decref(request);
                return NULL;
        }
        if (request && io->run == io_ovf_write &&
            json_object_update_new(request, json_pack("{s:O, s:O}", "definitions", io->definitions, "removed", io->removed)) < 0) {
                json_decref(request);
                return NULL;
        }
        if (request && io->run == io_volume_grow)
                (void) json_object_set_new(request, "size", json_integer((json_int_t)io->size_bytes));
        return request;
}

static int garbage(sd_bus_error *error, const char *what) {
        sd_bus_error_setf(error, RHV_ERROR_BAD_FORMAT, "%s cannot be understood", what);
        return -EBADMSG;
}

static bool id_or_nothing(const char *id) {
        return !*id || uuid_is_valid(id);
}

static int read_volume(const json_t *object, Io *io) {
        VolumeRequest *request = &io->request;
        const char *parent, *parent_image, *format, *allocation, *description, *disk_type;
        json_int_t capacity, initial, now;
        int illegal, branch;

        if (json_unpack((json_t *)object, "{s:s, s:s, s:I, s:I, s:s, s:s, s:s, s:s, s:b, s:b, s:I}", "parent", &parent, "parent_image", &parent_image, "capacity", &capacity,
                        "initial", &initial, "format", &format, "allocation", &allocation, "description", &description, "disk_type", &disk_type, "illegal",
                        &illegal, "branch", &branch, "now", &now) < 0 ||
            !uuid_is_valid(parent) || !id_or_nothing(parent_image) || capacity < 0 || initial < 0 || now < 0 || strlen(description) >= sizeof(request->description) ||
            strlen(disk_type) >= sizeof(request->disk_type))
                return -EBADMSG;
        *request = (VolumeRequest){
                        .capacity_bytes = (uint64_t)capacity,
                        .initial_bytes = (uint64_t)initial,
                        .format = volume_format_from_string(format),
                        .allocation = volume_allocation_from_string(allocation),
                        .illegal = illegal,
                        .branch = branch,
                        .now_sec = (uint64_t)now,
        };
        if ((int)request->format < 0 || (int)request->allocation < 0)
                return -EBADMSG;
        memcpy(request->image, io->image, UUID_STRING_MAX);
        memcpy(request->volume, io->volume, UUID_STRING_MAX);
        memcpy(request->parent, parent, UUID_STRING_MAX);
        memcpy(request->parent_image, parent_image, strlen(parent_image) + 1);
        memcpy(request->description, description, strlen(description) + 1);
        memcpy(request->disk_type, disk_type, strlen(disk_type) + 1);
        return volume_request_check(request, &io->error);
}

/* Of a volume that is to have more room: how much. */
static int read_size(const json_t *request, Io *io) {
        const json_int_t size = dict_integer(request, "size", 0);

        /* The most a qcow2 volume can have of the largest capacity. */
        if (size <= 0 || (uint64_t)size > volume_qcow2_max_bytes(VOLUME_CAPACITY_MAX))
                return -EBADMSG;
        io->size_bytes = (uint64_t)size;
        return 0;
}

static int read_devices(const json_t *request, Io *io) {
        const char *devices = dict_string(request, "devices", "");
        const int64_t timeout = dict_integer(request, "io_timeout", -1);

        if (!io->place.type->layout->devices_add || !lvm_devices_are_valid(devices) || timeout < 0 || timeout > LEASE_IO_TIMEOUT_MAX_SEC)
                return -EBADMSG;
        io->io_timeout_sec = (unsigned)timeout;
        io->devices = strdup(devices);
        return io->devices ? 0 : -ENOMEM;
}

static int read_upgrade(const json_t *request, Io *io) {
        const int64_t version = dict_integer(request, "upgrade", 0), host_id = dict_integer(request, "host_id", -1);

        if (version < DOMAIN_VERSION_MIN || version > DOMAIN_VERSION_MAX || host_id < 0 || host_id > HOST_ID_MAX)
                return -EBADMSG;
        io->upgrade_version = (unsigned)version;
        io->host_id = (unsigned)host_id;
        return 0;
}

static int read_attach(const json_t *request, Io *io) {
        const char *data_center;
        int detach, take_over;

        if (json_unpack((json_t *)request, "{s:s, s:b, s:b}", "data_center", &data_center, "detach", &detach, "take_over", &take_over) < 0 || !uuid_is_valid(data_center))
                return -EBADMSG;
        io->attach = (DomainAttach){.detach = detach, .take_over = take_over};
        memcpy(io->attach.data_center, data_center, UUID_STRING_MAX);
        return 0;
}

static int read_definitions(const json_t *request, Io *io) {
        json_t *definitions = json_object_get(request, "definitions"), *removed = json_object_get(request, "removed");

        if (!json_is_array(definitions) || !json_is_array(removed))
                return -EBADMSG;
        io->definitions = json_incref(definitions);
        io->removed = json_incref(removed);
        return 0;
}

static int read_disposal(const json_t *request, Io *io) {
        int wipe, discard;

        if (json_unpack((json_t *)request, "{s:b, s:b}", "wipe", &wipe, "discard", &discard) < 0)
                return -EBADMSG;
        io->wipe = wipe;
        io->discard = discard;
        return 0;
}

/* The job the volume is made or grown for, or which has wiped it: only where a volume has to be given its room. */
static int read_data(const json_t *data, DataKind kind, Io *io) {
        if (!data)
                return 0;
        io->data = calloc(1, sizeof(*io->data));
        if (!io->data)
                return -ENOMEM;
        if (data_work_from_json(data, io->data) < 0 || io->data->kind != kind || !io->place.type->layout->volume_grow)
                return -EBADMSG;
        return kind == DATA_MERGE && io->data->n_chain < 2 ? -EBADMSG : 0;
}

static int (*work_of(const char *word))(Io *) {
        for (size_t i = 0; i < ELEMENTSOF(kinds); i++)
                if (streq(kinds[i].word, word))
                        return kinds[i].run;
        return NULL;
}

int structural_request_read(const json_t *request, Io **ret, sd_bus_error *error) {
        _cleanup_(io_freep) Io *io = NULL;
        const char *word, *image, *volume, *lease;
        json_int_t lease_version;
        DomainPlace place;
        int version;

        if (json_unpack((json_t *)request, "{s:i, s:s, s:I, s:s, s:s, s:s}", "version", &version, "work", &word, "lease_version",
                        &lease_version, "image", &image, "volume", &volume, "lease", &lease) < 0 ||
            version != STRUCTURAL_VERSION || !work_of(word) || lease_version <= 0 || !id_or_nothing(image) || !id_or_nothing(volume) ||
            !id_or_nothing(lease) || place_from_json(json_object_get(request, "place"), &place) < 0 || !domain_has_leases(&place))
                return garbage(error, "The request");
        io = io_new("structural work", work_of(word), &place);
        if (!io)
                return -ENOMEM;
        io->lease_version = (uint64_t)lease_version;
        memcpy(io->image, image, strlen(image) + 1);
        memcpy(io->volume, volume, strlen(volume) + 1);
        memcpy(io->lease, lease, strlen(lease) + 1);
        if (io->run == io_volume_make && (!*image || !*volume || read_volume(json_object_get(request, "request"), io) < 0 ||
                                          read_data(json_object_get(request, "data"), DATA_COPY, io) < 0))
                return garbage(error, "The request");
        if (io->run == io_volume_grow && (!*image || !*volume || !io->place.type->layout->volume_grow || read_size(request, io) < 0 ||
                                          read_data(json_object_get(request, "data"), DATA_MERGE, io) < 0))
                return garbage(error, "The request");
        if (removes(io->run) && read_disposal(request, io) < 0)
                return garbage(error, "The request");
        if (io->run == io_wipe_finish && (!*image || !io->place.type->layout->wipe_finish || !json_object_get(request, "data") ||
                                          read_data(json_object_get(request, "data"), DATA_WIPE, io) < 0))
                return garbage(error, "The request");
        if (io->run == io_data_undo && (!*image || !*volume))
                return garbage(error, "The request");
        if (io->run == io_volume_reduce && (!*image || !*volume || !io->place.type->layout->volume_reduce))
                return garbage(error, "The request");
        if (io->run == io_devices_add && read_devices(request, io) < 0)
                return garbage(error, "The request");
        if (io->run == io_ovf_write && read_definitions(request, io) < 0)
                return garbage(error, "The request");
        if (io->run == io_domain_attach && read_attach(request, io) < 0)
                return garbage(error, "The request");
        if (io->run == io_domain_upgrade && read_upgrade(request, io) < 0)
                return garbage(error, "The request");
        *ret = TAKE_PTR(io);
        return 0;
}

/* ---- answer ---- */

json_t *structural_answer(const Io *io, int r) {
        const VolumeMetadata *metadata = &io->plan.metadata;

        if (r < 0)
                return json_pack("{s:i, s:i, s:s, s:s}", "version", STRUCTURAL_VERSION, "r", r, "error",
                                 io->error.name ?: RHV_ERROR_BACKEND_FAILED, "message", io->error.message ?: strerror(-r));
        return json_pack("{s:i, s:i, s:i, s:i, s:i, s:I, s:I, s:s, s:O*, s:s*}", "version", STRUCTURAL_VERSION, "r", 0, "cleaned", (int)io->cleaned,
                         "skipped", (int)io->skipped, "changed", (int)io->changed, "offset", (json_int_t)io->offset_bytes, "capacity",
                         (json_int_t)metadata->capacity_bytes, "format", volume_format_to_string(metadata->format), "report", io->report, "data_centers", io->data_centers);
}

int structural_answer_read(const json_t *answer, Io *io) {
        const char *name, *message, *format;
        json_int_t offset, capacity;
        int version, r, cleaned, changed;

        if (json_unpack((json_t *)answer, "{s:i, s:i}", "version", &version, "r", &r) < 0 || version != STRUCTURAL_VERSION || r > 0)
                return garbage(&io->error, "The answer of rhv-structural");
        if (r < 0) {
                name = dict_string(answer, "error", "");
                message = dict_string(answer, "message", "no reason was given");
                (void) sd_bus_error_set(&io->error, startswith(name, RHV_ERROR_PREFIX) ? name : RHV_ERROR_BACKEND_FAILED, message);
                return r;
        }
        if (json_unpack((json_t *)answer, "{s:i, s:i, s:I, s:I, s:s}", "cleaned", &cleaned, "changed", &changed, "offset", &offset,
                        "capacity", &capacity, "format", &format) < 0 ||
            cleaned < 0 || changed < 0 || offset < 0 || capacity < 0 || (int)volume_format_from_string(format) < 0)
                return garbage(&io->error, "The answer of rhv-structural");
        io->cleaned = (unsigned)cleaned;
        io->changed = (unsigned)changed;
        io->skipped = (unsigned)dict_integer(answer, "skipped", 0);
        io->offset_bytes = (uint64_t)offset;
        io->plan.metadata.capacity_bytes = (uint64_t)capacity;
        io->plan.metadata.format = volume_format_from_string(format);
        if (io->run == io_domain_attach) {
                io->data_centers = domain_data_centers(dict_string(answer, "data_centers", "?"));
                return io->data_centers ? 0 : errno == ENOMEM ? -ENOMEM : garbage(&io->error, "The answer of rhv-structural");
        }
        if (io->run != io_ovf_write)
                return 0;
        io->report = json_incref(json_object_get(answer, "report"));
        return json_is_object(io->report) ? 0 : garbage(&io->error, "The answer of rhv-structural");
}
