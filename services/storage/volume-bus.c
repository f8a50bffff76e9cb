/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Images and volumes on the bus: listed, created, deleted. */

#include <inttypes.h>
#include <time.h>

#include "bus-error.h"
#include "domain-bus.h"
#include "domain-lease.h"
#include "manager.h"
#include "request.h"
#include "volume-task.h"
#include "wipe-job.h"

/* ---- listing ---- */

static json_t *volume_describe(const Domain *domain, const VolumeList *list, const VolumeRecord *record) {
        const VolumeMetadata *m = &record->metadata;

        if (record->problem)
                return json_pack("{s:s, s:s, s:s, s:s}", "id", record->id, "image", list->image, "legality", "invalid",
                                 "problem", record->problem);
        return json_pack("{s:s, s:s, s:s, s:s, s:s, s:I, s:I, s:s, s:s, s:s, s:s, s:I, s:I, s:I, s:o*}", "id",
                         record->id, "image", m->image, "parent", volume_has_parent(m) ? m->parent : "", "format",
                         volume_format_to_string(m->format), "allocation", volume_allocation_to_string(m->allocation),
                         "capacity", (json_int_t)m->capacity_bytes, "true_size", (json_int_t)record->true_size_bytes,
                         "legality", volume_legality_to_string(m->legality), "type", volume_role_to_string(m->role),
                         "description", m->description, "disk_type", m->disk_type, "generation",
                         (json_int_t)m->generation, "sequence", (json_int_t)m->sequence, "created",
                         (json_int_t)m->created_sec * (json_int_t)USEC_PER_SEC, "users",
                         image_users_names(domain->users, list->image));
}

/* An image is what its top volume is, and takes the room of all its volumes. */
static json_t *image_describe(const Domain *domain, const VolumeList *list) {
        const VolumeRecord *leaf = volume_list_leaf(list);
        json_t *volumes = json_array(), *image;
        uint64_t true_size = 0;

        for (size_t i = 0; volumes && i < list->n; i++) {
                true_size += list->records[i].true_size_bytes;
                (void) json_array_append_new(volumes, json_string(list->records[i].id));
        }
        image = json_pack("{s:s, s:o, s:I, s:o*}", "id", list->image, "volumes", volumes, "true_size",
                          (json_int_t)true_size, "users", image_users_names(domain->users, list->image));
        if (!image)
                return NULL;
        if (!leaf) {
                (void) json_object_set_new(image, "legality", json_string("invalid"));
                (void) json_object_set_new(image, "problem",
                                          json_string(list->n == 1 && list->records[0].problem
                                                                      ? list->records[0].problem
                                                                      : "The image has no single top volume"));
                return image;
        }
        (void) json_object_set_new(image, "leaf", json_string(leaf->id));
        (void) json_object_set_new(image, "disk_type", json_string(leaf->metadata.disk_type));
        (void) json_object_set_new(image, "format", json_string(volume_format_to_string(leaf->metadata.format)));
        (void) json_object_set_new(image, "allocation",
                                  json_string(volume_allocation_to_string(leaf->metadata.allocation)));
        (void) json_object_set_new(image, "capacity", json_integer((json_int_t)leaf->metadata.capacity_bytes));
        (void) json_object_set_new(image, "legality", json_string(volume_legality_to_string(leaf->metadata.legality)));
        (void) json_object_set_new(image, "description", json_string(leaf->metadata.description));
        return image;
}

static int append_list(sd_bus_message *reply, const Domain *domain, const Io *io) {
        int r;

        r = sd_bus_message_open_container(reply, 'a', "a{sv}");
        for (size_t i = 0; r >= 0 && i < io->n_lists; i++) {
                const VolumeList *list = &io->lists[i];
                size_t n = io->run == io_list_all ? 1 : list->n;

                for (size_t k = 0; r >= 0 && k < n; k++) {
                        _cleanup_json_ json_t *one =
                                        io->run == io_list_all ? image_describe(domain, list)
                                                               : volume_describe(domain, list, &list->records[k]);

                        r = one ? dict_append(reply, one) : -ENOMEM;
                }
        }
        return r < 0 ? r : sd_bus_message_close_container(reply);
}

static void on_listed(Task *task, Io *io, int r, const sd_bus_error *error) {
        _cleanup_message_ sd_bus_message *reply = NULL;
        Domain *domain = task_domain(task);

        if (r >= 0 && domain) {
                r = sd_bus_message_new_method_return(operation_message(task->operation), &reply);
                if (r >= 0)
                        r = append_list(reply, domain, io);
        }
        if (r < 0 || !domain) {
                task_fail(task, r < 0 ? r : -ENOENT, error);
                return;
        }
        task->operation = operation_reply_message(task->operation, reply);
        task_free(task);
}

static int list_later(Domain *domain, sd_bus_message *message, const char *image, sd_bus_error *error) {
        Task *task = task_new(domain->manager, domain, message);
        Io *io = io_new("list images", image ? io_list_one : io_list_all, &domain->place);
        int r;

        if (!task || !io) {
                if (io)
                        io_free(io);
                task_free(task);
                return task ? 1 : -ENOMEM;
        }
        if (image)
                memcpy(io->image, image, UUID_STRING_MAX);
        r = task_run(task, io, domain->lane, image ? DOMAIN_IO_USEC : 2 * DOMAIN_IO_USEC, on_listed, error);
        if (r < 0)
                task_fail(task, r, error);
        return 1;
}

int volume_method_list_images(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        Domain *domain = userdata;
        int r;

        r = dict_read_empty(message, error);
        if (r >= 0)
                r = domain_check_use(domain, DOMAIN_USE_LIST, error);
        if (r < 0)
                return r;
        r = domain_wait_active(domain, message, error);
        if (r <= 0)
                return r < 0 ? r : 1;
        return list_later(domain, message, NULL, error);
}

int volume_method_get_volumes(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        Domain *domain = userdata;
        const char *image;
        int r;

        r = sd_bus_message_read(message, "s", &image);
        if (r >= 0)
                r = request_check_id("the image", image, error);
        if (r >= 0)
                r = domain_check_use(domain, DOMAIN_USE_LIST, error);
        if (r < 0)
                return r;
        r = domain_wait_active(domain, message, error);
        if (r <= 0)
                return r < 0 ? r : 1;
        return list_later(domain, message, image, error);
}

/* ---- create ---- */

static int check_room(const Domain *domain, const VolumeRequest *request, sd_bus_error *error) {
        if (request->allocation != VOLUME_ALLOCATION_PREALLOCATED ||
            request->capacity_bytes <= domain->space.free_bytes)
                return 0;
        sd_bus_error_setf(error, RHV_ERROR_NO_SPACE,
                          "Storage domain %s has %" PRIu64 " bytes free; %" PRIu64 " are needed", domain->place.id,
                          domain->space.free_bytes, request->capacity_bytes);
        return -ENOSPC;
}

static int read_create(sd_bus_message *message, VolumeRequest *ret, json_t **ret_arguments, json_t **ret_options,
                       const Domain *domain, sd_bus_error *error) {
        _cleanup_json_ json_t *description = NULL;
        const char *image, *volume;
        int r;

        r = request_read_volume_ids(message, &image, &volume, error);
        if (r >= 0)
                r = dict_read_checked(message, request_volume, "volume", &description, error);
        if (r >= 0)
                r = dict_read_checked(message, request_structural, "options", ret_options, error);
        if (r >= 0)
                r = request_read_volume(image, volume, description, (uint64_t)time(NULL), ret, error);
        if (r < 0)
                return r;
        *ret_arguments = json_pack("{s:s, s:s, s:s, s:O}", "domain", domain->place.id, "image", image, "volume",
                                   volume, "description", description);
        return *ret_arguments ? 0 : -ENOMEM;
}

int volume_method_create(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        _cleanup_json_ json_t *arguments = NULL, *options = NULL;
        Domain *domain = userdata;
        VolumeRequest request;
        Job *job;
        int r;

        r = read_create(message, &request, &arguments, &options, domain, error);
        if (r >= 0)
                r = domain_check_use(domain, DOMAIN_USE_CHANGE, error);
        if (r < 0)
                return r;
        r = domain_wait_active(domain, message, error);
        if (r <= 0)
                return r < 0 ? r : 1;
        r = auth_check(domain->manager->auth, message, ACTION_CONFIGURE,
                       AUTH_DETAILS("verb", "create-volume", "domain", domain->place.id, "name", domain->name, "image",
                                    request.image),
                       error);
        if (r <= 0)
                return r < 0 ? r : 1;

        r = domain_job_find(domain, message, "create-volume", options, arguments, &job, error);
        if (r != 0)
                return r < 0 ? r : sd_bus_reply_method_return(message, "o", job_path(job));
        r = domain_lease_check(domain, (uint64_t)dict_integer(options, "lease", 0), error);
        if (r >= 0)
                r = check_room(domain, &request, error);
        if (r >= 0)
                r = domain_job_new(domain, message, "create-volume", request.image, options, arguments, &job, error);
        if (r < 0)
                return r;
        r = volume_task_create(domain, job, &request, error);
        return domain_job_reply(domain, message, job, request.image, r, error);
}

/* ---- delete ---- */

static int check_not_used(const Domain *domain, const char *image, sd_bus_error *error) {
        if (!image_users_has(domain->users, image))
                return 0;
        sd_bus_error_setf(error, RHV_ERROR_IN_USE, "Image %s is in use", image);
        return -EBUSY;
}

/* Files are not: their blocks come back from the file system full of zeroes, or as what another file wrote. */
static bool wipes(const Domain *domain, const json_t *options) {
        return domain->place.type->layout->wipe_open && dict_boolean(options, "wipe", false);
}

static int start_deletion(Domain *domain, Job *job, const char *image, const char *volume, const json_t *options, sd_bus_error *error) {
        const bool discard = dict_boolean(options, "discard", false);

        if (wipes(domain, options))
                return wipe_job_start(domain, job, image, volume, discard, (uint64_t)dict_integer(options, "bandwidth", 0), error);
        return volume ? volume_task_delete(domain, job, image, volume, discard, error) : volume_task_delete_image(domain, job, image, discard, error);
}

/* Each is a unit that takes bandwidth from guests. */
static int check_wipes(const Domain *domain, const json_t *options, sd_bus_error *error) {
        if (!wipes(domain, options) || domain->manager->n_transfers < TRANSFERS_MAX)
                return 0;
        sd_bus_error_setf(error, RHV_ERROR_LIMIT_EXCEEDED, "%u transfers and data jobs are at work already; try again when one has ended",
                          TRANSFERS_MAX);
        return -EAGAIN;
}

/* volume NULL: the whole image. */
static int delete_later(Domain *domain, sd_bus_message *message, const char *image, const char *volume,
                        const json_t *options, sd_bus_error *error) {
        const char *kind = volume ? "delete-volume" : "delete-image";
        _cleanup_json_ json_t *arguments = NULL;
        Job *job;
        int r;

        r = domain_check_use(domain, volume ? DOMAIN_USE_CHANGE : DOMAIN_USE_RECEIVE, error);
        if (r < 0)
                return r;
        r = domain_wait_active(domain, message, error);
        if (r <= 0)
                return r < 0 ? r : 1;
        r = auth_check(domain->manager->auth, message, ACTION_DESTROY,
                       AUTH_DETAILS("verb", kind, "domain", domain->place.id, "name", domain->name, "image", image),
                       error);
        if (r <= 0)
                return r < 0 ? r : 1;

        arguments = json_pack("{s:s, s:s, s:s*}", "domain", domain->place.id, "image", image, "volume", volume);
        if (!arguments)
                return -ENOMEM;
        r = domain_job_find(domain, message, kind, options, arguments, &job, error);
        if (r != 0)
                return r < 0 ? r : sd_bus_reply_method_return(message, "o", job_path(job));
        r = domain_lease_check(domain, (uint64_t)dict_integer(options, "lease", 0), error);
        if (r >= 0)
                r = check_not_used(domain, image, error);
        if (r >= 0)
                r = check_wipes(domain, options, error);
        if (r >= 0)
                r = domain_job_new(domain, message, kind, image, options, arguments, &job, error);
        if (r < 0)
                return r;
        r = start_deletion(domain, job, image, volume, options, error);
        return domain_job_reply(domain, message, job, image, r, error);
}

int volume_method_delete_image(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        _cleanup_json_ json_t *options = NULL;
        const char *image;
        int r;

        r = sd_bus_message_read(message, "s", &image);
        if (r >= 0)
                r = request_check_id("the image", image, error);
        if (r >= 0)
                r = dict_read_checked(message, request_remove, "options", &options, error);
        if (r < 0)
                return r;
        return delete_later(userdata, message, image, NULL, options, error);
}

int volume_method_delete(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        _cleanup_json_ json_t *options = NULL;
        const char *image, *volume;
        int r;

        r = request_read_volume_ids(message, &image, &volume, error);
        if (r >= 0)
                r = dict_read_checked(message, request_remove, "options", &options, error);
        if (r < 0)
                return r;
        return delete_later(userdata, message, image, volume, options, error);
}

/* ---- reduce ---- */

int volume_method_reduce(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        _cleanup_json_ json_t *options = NULL, *arguments = NULL;
        const char *image, *volume;
        Domain *domain = userdata;
        Job *job;
        int r;

        r = request_read_volume_ids(message, &image, &volume, error);
        if (r >= 0)
                r = dict_read_checked(message, request_structural, "options", &options, error);
        if (r < 0)
                return r;
        r = domain_wait_active(domain, message, error);
        if (r <= 0)
                return r < 0 ? r : 1;
        r = auth_check(domain->manager->auth, message, ACTION_CONFIGURE,
                       AUTH_DETAILS("verb", "reduce-volume", "domain", domain->place.id, "name", domain->name, "image", image), error);
        if (r <= 0)
                return r < 0 ? r : 1;
        arguments = json_pack("{s:s, s:s, s:s}", "domain", domain->place.id, "image", image, "volume", volume);
        if (!arguments)
                return -ENOMEM;
        r = domain_job_find(domain, message, "reduce-volume", options, arguments, &job, error);
        if (r != 0)
                return r < 0 ? r : sd_bus_reply_method_return(message, "o", job_path(job));
        if (!domain->place.type->layout->volume_reduce) {
                sd_bus_error_set(error, RHV_ERROR_NOT_SUPPORTED, "A volume in a file has no room that its data do not need");
                return -EOPNOTSUPP;
        }
        r = domain_lease_check(domain, (uint64_t)dict_integer(options, "lease", 0), error);
        if (r >= 0)
                r = check_not_used(domain, image, error);
        if (r >= 0)
                r = domain_job_new(domain, message, "reduce-volume", image, options, arguments, &job, error);
        if (r < 0)
                return r;
        r = volume_task_reduce(domain, job, image, volume, error);
        return domain_job_reply(domain, message, job, image, r, error);
}
