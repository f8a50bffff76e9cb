/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <stdio.h>
#include <utlist.h>

#include "bus-error.h"
#include "dict.h"
#include "log.h"
#include "manager.h"
#include "qemu-img.h"
#include "volume-task.h"

/* qemu-img create writes a header. */
#define QEMU_IMG_USEC (60 * USEC_PER_SEC)
/* So many of them run at once; the other tasks wait for their turn, in the order they came. */
#define QEMU_IMG_MAX 8U

/* A task that stands for a job, with its piece. Both or neither are returned. */
static int begin(Domain *domain, Job *job, const char *image, const char *volume, const char *name, int (*run)(Io *),
                 Task **ret_task, Io **ret_io) {
        _cleanup_(task_freep) Task *task = task_new(domain->manager, domain, NULL);
        Io *io;

        if (!task)
                return -ENOMEM;
        io = io_new(name, run, &domain->place);
        if (!io)
                return -ENOMEM;
        if (domain_structural(domain, io) < 0) {
                io_free(io);
                return -ENOMEM;
        }
        memcpy(task->image, image, UUID_STRING_MAX);
        memcpy(io->image, image, UUID_STRING_MAX);
        if (volume) {
                memcpy(task->volume, volume, UUID_STRING_MAX);
                memcpy(io->volume, volume, UUID_STRING_MAX);
        }
        if (job)
                (void) snprintf(task->job, sizeof(task->job), "%s", job_id(job));
        *ret_task = TAKE_PTR(task);
        *ret_io = io;
        return 0;
}

/* The job owns the lock from here on. */
static int submit(Domain *domain, Task *task, Io *io, uint64_t deadline_usec, task_then_t then, sd_bus_error *error) {
        Job *job = task_job(task);
        int r;

        r = task_run(task, io, domain->lane, deadline_usec, then, error);
        if (r < 0) {
                task_free(task);
                return r;
        }
        task->locked = task->job[0] != '\0';
        if (job)
                job_start(job);
        return 0;
}

static void on_last_step(Task *task, Io *io, int r, const sd_bus_error *error) {
        Domain *domain = task_domain(task);

        if (domain && domain->state == DOMAIN_ACTIVE)
                domain_look(domain); /* the room has changed */
        if (r < 0)
                task_fail(task, r, error);
        else
                task_done(task, NULL);
}

/* ---- create ---- */

static void on_created(Task *task, Io *io, int r, const sd_bus_error *error) {
        const VolumeMetadata *metadata = io && io->run == io_volume_make ? &io->plan.metadata : &task->plan.metadata;
        Domain *domain = task_domain(task);

        if (domain && domain->state == DOMAIN_ACTIVE)
                domain_look(domain);
        if (r < 0) {
                task_fail(task, r, error);
                return;
        }
        task_done(task, json_pack("{s:s, s:s, s:I, s:s}", "image", task->image, "volume", task->volume, "capacity",
                                  (json_int_t)metadata->capacity_bytes, "format",
                                  volume_format_to_string(metadata->format)));
}

static void on_abandoned(Task *task, Io *io, int r, const sd_bus_error *error) {
        task_fail(task, task->failure_r, &task->failure);
}

static Io *next_io(Task *task, const Domain *domain, const char *name, int (*run)(Io *)) {
        Io *io = io_new(name, run, &domain->place);

        if (!io)
                return NULL;
        io->request = task->request;
        io->plan = task->plan;
        io->plan.path = strdup(task->plan.path);
        return io;
}

/* The tool failed: what begin made goes, then the job hears why. */
static void abandon(Task *task, int r, const sd_bus_error *error) {
        Domain *domain = task_domain(task);
        Io *io = domain ? next_io(task, domain, "abandon a volume", io_volume_abandon) : NULL;

        task->failure_r = r;
        (void) sd_bus_error_copy(&task->failure, error);
        if (!io || task_run(task, io, domain->lane, DOMAIN_IO_USEC, on_abandoned, NULL) < 0)
                task_fail(task, r, &task->failure);
}

static uint64_t fill_deadline(const Task *task) {
        return task->plan.metadata.allocation == VOLUME_ALLOCATION_PREALLOCATED ? DOMAIN_LONG_IO_USEC : DOMAIN_IO_USEC;
}

static void start_tools(Manager *manager);

static void on_image_made(Child *child, const ChildResult *result, void *userdata) {
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        Task *task = userdata;
        Domain *domain = task_domain(task);
        Io *io;
        int r;

        task->child = NULL; /* freed by who calls us */
        task->manager->tools--;
        start_tools(task->manager);
        r = child_result_error(result, "qemu-img create", &error);
        if (r < 0 && strstr(result->err, "No space left")) {
                sd_bus_error_free(&error);
                sd_bus_error_setf(&error, RHV_ERROR_NO_SPACE, "Domain %s has no room for another volume",
                                  task->domain);
                r = -ENOSPC;
        }
        if (r >= 0 && !domain) {
                sd_bus_error_set(&error, RHV_ERROR_ABORTED, "The storage domain was closed");
                r = -ECANCELED;
        }
        if (r < 0) {
                abandon(task, r, &error);
                return;
        }
        io = next_io(task, domain, "finish a volume", io_volume_finish);
        if (!io)
                abandon(task, -ENOMEM, NULL);
        else if ((r = task_run(task, io, domain->lane, fill_deadline(task), on_created, &error)) < 0)
                task_fail(task, r, &error);
}

static void start_tool(Task *task) {
        Domain *domain = task_domain(task);
        QemuImgCommand command;
        int r;

        if (!domain) {
                task_fail(task, -ECANCELED, NULL);
                return;
        }
        qemu_img_create(&task->plan, domain->place.version, geteuid() == 0, &command);

        const ChildSpec spec = {
                        .argv = command.argv,
                        .deadline_usec = QEMU_IMG_USEC,
                        .done = on_image_made,
                        .userdata = task,
        };
        r = child_start(task->manager->event, &spec, &task->child);
        if (r < 0)
                abandon(task, r, NULL);
        else
                task->manager->tools++;
}

static void start_tools(Manager *manager) {
        Task *task, *next;

        DL_FOREACH_SAFE(manager->tasks, task, next) {
                if (manager->tools >= QEMU_IMG_MAX)
                        return;
                if (!task->waits_for_tool)
                        continue;
                task->waits_for_tool = false;
                start_tool(task);
        }
}

static void on_volume_begun(Task *task, Io *io, int r, const sd_bus_error *error) {
        if (r < 0) {
                task_fail(task, r, error);
                return;
        }
        task->plan = io->plan;
        io->plan = (VolumePlan){};
        task->waits_for_tool = true;
        start_tools(task->manager);
}

/* On a shared domain all in one by the holder of its lease. */
static int create_shared(Domain *domain, Job *job, const VolumeRequest *request, sd_bus_error *error) {
        Task *task;
        Io *io;
        int r;

        r = begin(domain, job, request->image, request->volume, "make a volume", io_volume_make, &task, &io);
        if (r < 0)
                return r;
        io->request = *request;
        return submit(domain, task, io, DOMAIN_LONG_IO_USEC, on_created, error);
}

int volume_task_create(Domain *domain, Job *job, const VolumeRequest *request, sd_bus_error *error) {
        Task *task;
        Io *io;
        int r;

        if (domain->lease)
                return create_shared(domain, job, request, error);
        r = begin(domain, job, request->image, request->volume, "begin a volume", io_volume_begin, &task, &io);
        if (r < 0)
                return r;
        task->request = *request;
        io->request = *request;
        return submit(domain, task, io, DOMAIN_IO_USEC, on_volume_begun, error);
}

/* ---- delete ---- */

int volume_task_delete_image(Domain *domain, Job *job, const char *image, bool discard, sd_bus_error *error) {
        Task *task;
        Io *io;
        int r;

        r = begin(domain, job, image, NULL, "delete an image", io_image_delete, &task, &io);
        if (r < 0)
                return r;
        io->discard = discard;
        return submit(domain, task, io, DOMAIN_LONG_IO_USEC, on_last_step, error);
}

int volume_task_delete(Domain *domain, Job *job, const char *image, const char *volume, bool discard, sd_bus_error *error) {
        Task *task;
        Io *io;
        int r;

        r = begin(domain, job, image, volume, "delete a volume", io_volume_delete, &task, &io);
        if (r < 0)
                return r;
        io->discard = discard;
        return submit(domain, task, io, DOMAIN_LONG_IO_USEC, on_last_step, error);
}

/* ---- reduce ---- */

static void on_reduced(Task *task, Io *io, int r, const sd_bus_error *error) {
        Domain *domain = task_domain(task);
        char image[UUID_STRING_MAX];

        memcpy(image, task->image, sizeof(image));
        if (domain && domain->state == DOMAIN_ACTIVE)
                domain_look(domain); /* the room has changed */
        if (r < 0)
                task_fail(task, r, error);
        else
                task_done(task, json_pack("{s:s, s:s, s:I}", "image", task->image, "volume", task->volume, "true_size",
                                          (json_int_t)io->plan.metadata.capacity_bytes));
        /* It was made usable by who looked at it. */
        if (domain && !image_users_has(domain->users, image))
                volume_task_teardown(domain, image);
}

int volume_task_reduce(Domain *domain, Job *job, const char *image, const char *volume, sd_bus_error *error) {
        Task *task;
        Io *io;
        int r;

        r = begin(domain, job, image, volume, "reduce a volume", io_volume_reduce, &task, &io);
        if (r < 0)
                return r;
        return submit(domain, task, io, DOMAIN_LONG_IO_USEC, on_reduced, error);
}

/* ---- prepare ---- */

/* The lease under which the image may be opened for writing. */
static int add_lease(json_t *answer, const Domain *domain, const Io *io) {
        _cleanup_free_ char *path = domain->place.type->layout->special_path(&domain->place, "xleases");
        _cleanup_json_ json_t *lease = json_pack("{s:s, s:s*, s:I}", "lease_lockspace", domain->place.id, "lease_path", path, "lease_offset",
                                                 (json_int_t)io->offset_bytes);

        return path && lease ? json_object_update(answer, lease) : -1;
}

static int append_prepared(sd_bus_message *reply, const Domain *domain, const char *image, const VolumeRecord *const *chain, int n,
                           const Io *io) {
        _cleanup_json_ json_t *answer = NULL;
        json_t *backing = json_array(), *formats = json_array();
        char *path;

        path = domain->place.type->layout->volume_path(&domain->place, image, chain[0]->id);
        answer = json_pack("{s:s*, s:s, s:I, s:o, s:o}", "path", path, "format",
                           volume_format_to_string(chain[0]->metadata.format), "capacity",
                           (json_int_t)chain[0]->metadata.capacity_bytes, "backing", backing, "backing_formats", formats);
        free(path);
        for (int i = 1; answer && i < n; i++) {
                path = domain->place.type->layout->volume_path(&domain->place, image, chain[i]->id);
                (void) json_array_append_new(backing, json_string(path ?: ""));
                (void) json_array_append_new(formats, json_string(volume_format_to_string(chain[i]->metadata.format)));
                free(path);
        }
        if (answer && io->lease[0] && add_lease(answer, domain, io) < 0)
                return -ENOMEM;
        return answer ? dict_append(reply, answer) : -ENOMEM;
}

/* The facts may have moved while the worker read them: locks and users are looked at again. */
static int prepare(Task *task, Domain *domain, const Io *io, sd_bus_error *error) {
        const VolumeList *list = &io->lists[0];
        const ImageUser user = {.user = task->user, .read_only = task->read_only, .shared = task->shared};
        const VolumeRecord *chain[VOLUME_CHAIN_MAX];
        _cleanup_message_ sd_bus_message *reply = NULL;
        int n, r;

        r = image_lock_check(task->manager->locks, task->domain, task->image, error);
        if (r >= 0)
                r = image_users_check(domain->users, task->image, &user, error);
        if (r < 0)
                return r;
        n = volume_chain(list, task->volume, true, chain, error);
        if (n < 0)
                return n;
        if (!task->read_only && (chain[0]->metadata.role != VOLUME_LEAF || volume_is_iso(&chain[0]->metadata))) {
                sd_bus_error_setf(error, RHV_ERROR_INVALID_STATE, "Volume %s is %s and can only be read", task->volume,
                                  volume_is_iso(&chain[0]->metadata) ? "an ISO image" : volume_role_to_string(chain[0]->metadata.role));
                return -EROFS;
        }
        r = sd_bus_message_new_method_return(operation_message(task->operation), &reply);
        if (r >= 0)
                r = append_prepared(reply, domain, task->image, chain, n, io);
        if (r >= 0)
                r = image_users_add(domain->users, task->image, &user, error);
        if (r < 0)
                return r;
        task->operation = operation_reply_message(task->operation, reply);
        return 0;
}

static void on_image_read(Task *task, Io *io, int r, const sd_bus_error *error) {
        _cleanup_error_ sd_bus_error own = SD_BUS_ERROR_NULL;
        Domain *domain = task_domain(task);
        char image[UUID_STRING_MAX];

        memcpy(image, task->image, sizeof(image));
        if (r >= 0 && !domain) {
                sd_bus_error_set(&own, RHV_ERROR_NOT_FOUND, "The storage domain was closed");
                r = -ENOENT;
        } else if (r >= 0)
                r = prepare(task, domain, io, &own);
        if (r >= 0) {
                task_done(task, NULL);
                return;
        }
        task_fail(task, r, sd_bus_error_is_set(&own) ? &own : error);
        /* Some of it may be usable here by now. */
        if (domain && !image_users_has(domain->users, image))
                volume_task_teardown(domain, image);
}

int volume_task_prepare(Domain *domain, sd_bus_message *message, const char *image, const char *volume,
                        const ImageUser *user, sd_bus_error *error) {
        Task *task;
        Io *io;
        int r;

        r = begin(domain, NULL, image, volume, "prepare an image", io_prepare, &task, &io);
        if (r < 0)
                return r;
        if (domain->lease && !user->read_only) {
                (void) snprintf(io->lease, sizeof(io->lease), "%s", user->user);
        }
        (void) snprintf(task->user, sizeof(task->user), "%s", user->user);
        task->read_only = user->read_only;
        task->shared = user->shared;
        task->operation = operation_new(message);
        if (!task->operation) {
                io_free(io);
                task_free(task);
                return -ENOMEM;
        }
        /* Its answer, also to a failure to begin, comes through the operation. */
        r = task_run(task, io, domain->lane, DOMAIN_IO_USEC, on_image_read, error);
        if (r < 0)
                task_fail(task, r, error);
        return 1;
}

/* ---- teardown ---- */

static void on_torn_down(Task *task, Io *io, int r, const sd_bus_error *error) {
        if (r < 0)
                log_warning_errno(r, "Image %s of domain %s stays active on this host: %s", task->image, task->domain,
                                  error->message ?: "unknown");
        task_free(task);
}

static bool being_prepared(const Manager *manager, const Domain *domain, const char *image) {
        const Task *task;

        DL_FOREACH(manager->tasks, task)
                if (task->operation && task->user[0] && streq(task->domain, domain->place.id) && streq(task->image, image))
                        return true;
        return false;
}

void volume_task_teardown(Domain *domain, const char *image) {
        Task *task;
        Io *io;

        if (!domain->place.type->layout->teardown || domain->state != DOMAIN_ACTIVE || being_prepared(domain->manager, domain, image))
                return;
        task = task_new(domain->manager, domain, NULL);
        io = io_new("give an image back", io_teardown, &domain->place);
        if (!task || !io) {
                if (io)
                        io_free(io);
                task_free(task);
                return;
        }
        memcpy(task->image, image, UUID_STRING_MAX);
        memcpy(io->image, image, UUID_STRING_MAX);
        if (task_run(task, io, domain->lane, DOMAIN_IO_USEC, on_torn_down, NULL) < 0)
                task_free(task);
}
