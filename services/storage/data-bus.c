/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Jobs on the data of volumes, on the bus: extended, sparsified, copied, merged. */

#include <time.h>

#include "bus-error.h"
#include "data-job.h"
#include "domain-bus.h"
#include "domain-lease.h"
#include "manager.h"
#include "request.h"

typedef struct DataCall {
        const char *verb;
        const char *action;
        DataRequest request;
        VolumeRequest make; /* of a copy */
        json_t *target, *options, *arguments;
} DataCall;

static void data_call_clear(DataCall *call) {
        json_decref(call->target);
        json_decref(call->options);
        json_decref(call->arguments);
}

/* ---- reading ---- */

static void read_options(DataCall *call) {
        DataRequest *request = &call->request;

        request->generation = json_object_get(call->options, "generation") ? (uint32_t)dict_integer(call->options, "generation", 0)
                                                                           : GENERATION_ANY;
        request->bandwidth = (uint64_t)dict_integer(call->options, "bandwidth", 0);
        request->wipe = dict_boolean(call->options, "wipe", false);
        request->discard = dict_boolean(call->options, "discard", false);
        request->source_format = dict_string(call->options, "source_format", "");
        request->source_bytes = (uint64_t)dict_integer(call->options, "source_size", 0);
}

/* ---- what all share ---- */

/* Guests: who reads what is being changed sees nonsense, and who writes loses. A copy only reads. */
static int check_users(const Domain *domain, const DataRequest *request, sd_bus_error *error) {
        if (request->kind == DATA_COPY ? !image_users_has_writer(domain->users, request->image)
                                       : !image_users_has(domain->users, request->image))
                return 0;
        sd_bus_error_setf(error, RHV_ERROR_IN_USE, "Image %s is in use", request->image);
        return -EBUSY;
}

/* What follows the work, or makes its volume or room for it, is structural; a file's extension, and what takes no room and gives none, are the volume's own business. */
static bool is_structural(const Domain *target, DataKind kind) {
        return kind != DATA_SPARSIFY && (kind != DATA_EXTEND || target->place.type->layout->volume_grow);
}

static int check_target(const Domain *target, const DataCall *call, sd_bus_error *error) {
        int r = 0;

        if (target->state != DOMAIN_ACTIVE) {
                sd_bus_error_setf(error, RHV_ERROR_BACKEND_UNAVAILABLE, "Storage domain %s is not active", target->place.id);
                return -EHOSTDOWN;
        }
        if (is_structural(target, call->request.kind))
                r = domain_lease_check(target, (uint64_t)dict_integer(call->options, "lease", 0), error);
        return r < 0 ? r : domain_check_member(target, error);
}

static int check_count(const Manager *manager, sd_bus_error *error) {
        if (manager->n_transfers < TRANSFERS_MAX)
                return 0;
        sd_bus_error_setf(error, RHV_ERROR_LIMIT_EXCEEDED, "%u transfers and data jobs are at work already; try again when one has ended",
                          TRANSFERS_MAX);
        return -EAGAIN;
}

static int start(Domain *domain, sd_bus_message *message, const DataCall *call, sd_bus_error *error) {
        Domain *target = call->request.target ?: domain;
        Manager *manager = domain->manager;
        Job *job;
        int r;

        r = domain_job_new(domain, message, call->verb, call->request.image, call->options, call->arguments, &job, error);
        if (r < 0)
                return r;
        if (call->request.make)
                r = image_lock_take(&manager->locks, target->place.id, call->make.image, job_id(job), error);
        if (r >= 0) {
                r = data_job_start(domain, job, &call->request, error);
                if (r < 0 && call->request.make)
                        image_lock_release(&manager->locks, target->place.id, call->make.image, job_id(job));
        }
        return domain_job_reply(domain, message, job, call->request.image, r, error);
}

static int go(Domain *domain, sd_bus_message *message, DataCall *call, sd_bus_error *error) {
        const Domain *target = call->request.target ?: domain;
        Job *job;
        int r;

        r = domain_check_use(target, target == domain ? DOMAIN_USE_CHANGE : DOMAIN_USE_RECEIVE, error);
        if (r >= 0 && target != domain)
                r = domain_check_use(domain, DOMAIN_USE_READ, error);
        if (r < 0)
                return r;
        r = auth_check(domain->manager->auth, message, call->action,
                       AUTH_DETAILS("verb", call->verb, "domain", domain->place.id, "name", domain->name, "image", call->request.image), error);
        if (r <= 0)
                return r < 0 ? r : 1;
        if (!call->arguments)
                return -ENOMEM;
        r = domain_job_find(domain, message, call->verb, call->options, call->arguments, &job, error);
        if (r != 0)
                return r < 0 ? r : sd_bus_reply_method_return(message, "o", job_path(job));
        r = check_target(target, call, error);
        if (r >= 0)
                r = check_users(domain, &call->request, error);
        if (r >= 0)
                r = check_count(domain->manager, error);
        return r < 0 ? r : start(domain, message, call, error);
}

/* ---- extend, sparsify, merge ---- */

int data_method_extend(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        _cleanup_(data_call_clear) DataCall call = {.verb = "extend-volume", .action = ACTION_CONFIGURE, .request.kind = DATA_EXTEND};
        Domain *domain = userdata;
        int r;

        r = request_read_volume_ids(message, &call.request.image, &call.request.volume, error);
        if (r >= 0)
                r = sd_bus_message_read(message, "t", &call.request.capacity_bytes);
        if (r >= 0)
                r = dict_read_checked(message, request_data, "options", &call.options, error);
        if (r < 0)
                return r;
        if (call.request.capacity_bytes == 0 || call.request.capacity_bytes > VOLUME_CAPACITY_MAX) {
                sd_bus_error_set(error, RHV_ERROR_INVALID_ARGUMENT, "A capacity is above 0 bytes and at most a PiB");
                return -EINVAL;
        }
        r = domain_wait_active(domain, message, error);
        if (r <= 0)
                return r < 0 ? r : 1;
        read_options(&call);
        call.arguments = json_pack("{s:s, s:s, s:s, s:I}", "domain", domain->place.id, "image", call.request.image, "volume",
                                   call.request.volume, "capacity", (json_int_t)call.request.capacity_bytes);
        return go(domain, message, &call, error);
}

/* A call about a volume that has nothing but options to say. Return: 1; 0, the message is put off until the domain is there; negative. */
static int read_plain(sd_bus_message *message, Domain *domain, const DictField *fields, DataCall *call, sd_bus_error *error) {
        int r;

        r = request_read_volume_ids(message, &call->request.image, &call->request.volume, error);
        if (r >= 0)
                r = dict_read_checked(message, fields, "options", &call->options, error);
        if (r >= 0)
                r = domain_wait_active(domain, message, error);
        if (r <= 0)
                return r;
        read_options(call);
        call->arguments = json_pack("{s:s, s:s, s:s}", "domain", domain->place.id, "image", call->request.image, "volume", call->request.volume);
        return 1;
}

int data_method_sparsify(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        _cleanup_(data_call_clear) DataCall call = {.verb = "sparsify-volume", .action = ACTION_CONFIGURE, .request.kind = DATA_SPARSIFY};
        Domain *domain = userdata;
        int r;

        r = read_plain(message, domain, request_sparsify, &call, error);
        return r <= 0 ? (r < 0 ? r : 1) : go(domain, message, &call, error);
}

int data_method_merge(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        _cleanup_(data_call_clear) DataCall call = {.verb = "merge-volume", .action = ACTION_DESTROY, .request.kind = DATA_MERGE};
        Domain *domain = userdata;
        int r;

        r = read_plain(message, domain, request_merge, &call, error);
        return r <= 0 ? (r < 0 ? r : 1) : go(domain, message, &call, error);
}

/* ---- copy ---- */

static int read_target(Domain *domain, DataCall *call, sd_bus_error *error) {
        const char *image = dict_string(call->target, "image", ""), *volume = dict_string(call->target, "volume", "");
        const char *id = dict_string(call->target, "domain", domain->place.id);
        int r;

        r = request_check_id("the copy's image", image, error);
        if (r >= 0)
                r = request_check_id("the copy's volume", volume, error);
        if (r < 0)
                return r;
        call->request.target = domain_find(domain->manager, id);
        if (!call->request.target) {
                sd_bus_error_setf(error, RHV_ERROR_NOT_FOUND, "This host has no storage domain %s open", id);
                return -ENOENT;
        }
        if (call->request.target == domain && streq(image, call->request.image)) {
                sd_bus_error_set(error, RHV_ERROR_INVALID_ARGUMENT, "A copy is an image of its own");
                return -EINVAL;
        }
        r = request_read_copy(image, volume, call->target, (uint64_t)time(NULL), &call->make, error);
        call->request.share = dict_boolean(call->target, "template", false);
        call->request.make = &call->make;
        return r;
}

/* How large the disk in a foreign image is, only its reader knows. */
static int check_foreign(const DataCall *call, sd_bus_error *error) {
        const bool foreign = call->request.source_format[0];

        if (foreign ? call->make.capacity_bytes != 0 : call->request.source_bytes == 0)
                return 0;
        sd_bus_error_set(error, RHV_ERROR_INVALID_ARGUMENT,
                         foreign ? "A copy of a foreign image needs a capacity" : "\"source_size\" is of a foreign image: say its \"source_format\"");
        return -EINVAL;
}

int data_method_copy(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        _cleanup_(data_call_clear) DataCall call = {.verb = "copy-volume", .action = ACTION_CONFIGURE, .request.kind = DATA_COPY};
        Domain *domain = userdata;
        int r;

        r = request_read_volume_ids(message, &call.request.image, &call.request.volume, error);
        if (r >= 0)
                r = dict_read_checked(message, request_copy_target, "target", &call.target, error);
        if (r >= 0)
                r = dict_read_checked(message, request_copy, "options", &call.options, error);
        if (r < 0)
                return r;
        r = domain_wait_active(domain, message, error);
        if (r <= 0)
                return r < 0 ? r : 1;
        read_options(&call);
        r = read_target(domain, &call, error);
        if (r >= 0)
                r = check_foreign(&call, error);
        if (r < 0)
                return r;
        call.arguments = json_pack("{s:s, s:s, s:s, s:O, s:s, s:I}", "domain", domain->place.id, "image", call.request.image, "volume",
                                   call.request.volume, "target", call.target, "source_format", call.request.source_format, "source_size",
                                   (json_int_t)call.request.source_bytes);
        return go(domain, message, &call, error);
}
