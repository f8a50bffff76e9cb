/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The files of an ISO domain, on the bus: listed, uploaded, deleted. */

#include <fcntl.h>
#include <stdio.h>

#include "bus-error.h"
#include "domain-bus.h"
#include "iso-file.h"
#include "layout-file.h"
#include "manager.h"
#include "request.h"

static int check_name(const char *name, sd_bus_error *error) {
        if (iso_name_is_valid(name))
                return 0;
        sd_bus_error_set(error, RHV_ERROR_INVALID_ARGUMENT,
                         "The name of a file is of at most 255 bytes without control characters, leads nowhere else, has nothing hidden in it, and ends in .iso or .vfd");
        return -EINVAL;
}

/* Directories are made by who keeps the server. */
static int check_new_name(const char *name, sd_bus_error *error) {
        if (strchr(name, '/') && iso_name_is_valid(name))
                return sd_bus_error_set(error, RHV_ERROR_INVALID_ARGUMENT, "The name of a file that is uploaded has no directory before it");
        return check_name(name, error);
}

/* Which files a domain has is known when it is open. Return: 1 go on, 0 parked, negative with error set. */
static int check_domain(Domain *domain, sd_bus_message *message, sd_bus_error *error) {
        int r;

        r = domain_check_use(domain, DOMAIN_USE_FILES, error);
        return r < 0 ? r : domain_wait_active(domain, message, error);
}

static Io *file_io(const Domain *domain, const char *what, int (*run)(Io *), const char *name) {
        Io *io = io_new(what, run, &domain->place);

        if (!io)
                return NULL;
        io->file = strdup(name);
        if (io->file)
                return io;
        io_free(io);
        return NULL;
}

/* io: taken. */
static int run_later(Domain *domain, sd_bus_message *message, Io *io, task_then_t then, sd_bus_error *error) {
        Task *task = io ? task_new(domain->manager, domain, message) : NULL;
        int r;

        if (!task) {
                if (io)
                        io_free(io);
                return -ENOMEM;
        }
        r = task_run(task, io, domain->lane, DOMAIN_IO_USEC, then, error);
        if (r < 0)
                task_fail(task, r, error);
        return 1;
}

/* ---- list ---- */

static void on_listed(Task *task, Io *io, int r, const sd_bus_error *error) {
        task_answer(task, r, error, dict_append_array, io ? io->report : NULL);
}

int file_method_list(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        Domain *domain = userdata;
        int r;

        r = dict_read_empty(message, error);
        if (r >= 0)
                r = check_domain(domain, message, error);
        if (r <= 0)
                return r < 0 ? r : 1;
        return run_later(domain, message, file_io(domain, "list files", io_file_list, ""), on_listed, error);
}

/* ---- delete ---- */

static void on_deleted(Task *task, Io *io, int r, const sd_bus_error *error) {
        if (r < 0) {
                task_fail(task, r, error);
                return;
        }
        task->operation = operation_reply(task->operation, NULL);
        task_free(task);
}

int file_method_delete(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        Domain *domain = userdata;
        const char *name;
        int r;

        r = sd_bus_message_read(message, "s", &name);
        if (r >= 0)
                r = check_name(name, error);
        if (r >= 0)
                r = dict_read_empty(message, error);
        if (r >= 0)
                r = check_domain(domain, message, error);
        if (r <= 0)
                return r < 0 ? r : 1;
        r = auth_check(domain->manager->auth, message, ACTION_DESTROY,
                       AUTH_DETAILS("verb", "delete-file", "domain", domain->place.id, "name", domain->name, "image", name), error);
        if (r <= 0)
                return r < 0 ? r : 1;
        return run_later(domain, message, file_io(domain, "delete a file", io_file_delete, name), on_deleted, error);
}

/* ---- given to a guest ---- */

/* Guests only read: users are kept for the one image that has the files, and no two are in each other's way. */
static int answer_prepared(Task *task, const Domain *domain, const Io *io, sd_bus_error *error) {
        _cleanup_free_ char *path = domain->place.type->layout->volume_path(&domain->place, ISO_IMAGE, io->file);
        const ImageUser user = {.user = task->user, .read_only = true};
        int r;

        r = path ? image_users_add(domain->users, ISO_IMAGE, &user, error) : -ENOMEM;
        if (r < 0)
                return r;
        task->operation = operation_reply(task->operation, "a{sv}", 2, "path", "s", path, "format", "s", "raw");
        return 0;
}

static void on_checked(Task *task, Io *io, int r, const sd_bus_error *error) {
        _cleanup_error_ sd_bus_error own = SD_BUS_ERROR_NULL;
        const Domain *domain = task_domain(task);

        if (r >= 0 && !domain) {
                sd_bus_error_set(&own, RHV_ERROR_NOT_FOUND, "The storage domain was closed");
                r = -ENOENT;
        } else if (r >= 0)
                r = answer_prepared(task, domain, io, &own);
        if (r < 0)
                task_fail(task, r, sd_bus_error_is_set(&own) ? &own : error);
        else
                task_free(task);
}

static int prepare_later(Domain *domain, sd_bus_message *message, const char *name, const char *user, sd_bus_error *error) {
        Io *io = file_io(domain, "prepare a file", io_file_check, name);
        Task *task = io ? task_new(domain->manager, domain, message) : NULL;
        int r;

        if (!task) {
                if (io)
                        io_free(io);
                return -ENOMEM;
        }
        (void) snprintf(task->user, sizeof(task->user), "%s", user);
        r = task_run(task, io, domain->lane, DOMAIN_IO_USEC, on_checked, error);
        if (r < 0)
                task_fail(task, r, error);
        return 1;
}

int file_method_prepare(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        _cleanup_json_ json_t *options = NULL;
        Domain *domain = userdata;
        const char *name, *user;
        int r;

        r = sd_bus_message_read(message, "s", &name);
        if (r >= 0)
                r = check_name(name, error);
        if (r >= 0)
                r = dict_read_checked(message, request_prepare_file, "options", &options, error);
        if (r >= 0)
                r = check_domain(domain, message, error);
        if (r <= 0)
                return r < 0 ? r : 1;
        user = dict_string(options, "user", "");
        r = auth_check(domain->manager->auth, message, ACTION_OPERATE,
                       AUTH_DETAILS("verb", "prepare", "domain", domain->place.id, "name", domain->name, "image", name, "vm", user), error);
        if (r <= 0)
                return r < 0 ? r : 1;
        return prepare_later(domain, message, name, user, error);
}

/* ---- upload ---- */

static int check_uploads(const Domain *domain, const char *name, sd_bus_error *error) {
        const Transfer *transfer;

        if (domain->manager->n_transfers >= TRANSFERS_MAX) {
                sd_bus_error_setf(error, RHV_ERROR_LIMIT_EXCEEDED, "%u transfers are at work already; try again when one has ended", TRANSFERS_MAX);
                return -EAGAIN;
        }
        for (transfer = domain->manager->transfers; transfer; transfer = transfer->next)
                if (streq(transfer->request.domain, domain->place.id) && streq(transfer->request.file, name)) {
                        sd_bus_error_setf(error, RHV_ERROR_BUSY, "The file %s is being uploaded by job %s", name, transfer->job);
                        return -EBUSY;
                }
        return 0;
}

/* A job's own id stands for the file until it has its name: files have no ids. */
static int start_upload(Domain *domain, sd_bus_message *message, const char *name, int given_fd, uint64_t size_bytes, const json_t *options,
                        const json_t *arguments, sd_bus_error *error) {
        char id[UUID_STRING_MAX];
        int fd, r;
        Job *job;

        fd = fcntl(given_fd, F_DUPFD_CLOEXEC, 3);
        if (fd < 0)
                return -errno;
        r = domain_job_make(domain, message, TRANSFER_UPLOAD_FILE, options, arguments, &job, error);
        if (r < 0) {
                safe_close(fd);
                return r;
        }
        memcpy(id, job_id(job), UUID_STRING_MAX);
        r = image_lock_take(&domain->manager->locks, domain->place.id, id, id, error);
        if (r >= 0)
                r = transfer_start(domain->manager, domain, job, &(TransferRequest){.upload = true}, name, fd, size_bytes, error);
        if (r < 0)
                safe_close(fd);
        return domain_job_reply(domain, message, job, id, r, error);
}

int file_method_upload(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        _cleanup_json_ json_t *options = NULL, *arguments = NULL;
        Domain *domain = userdata;
        uint64_t size_bytes = 0;
        const char *name;
        Job *job;
        int fd, r;

        r = sd_bus_message_read(message, "sh", &name, &fd);
        if (r >= 0)
                r = check_new_name(name, error);
        if (r >= 0)
                r = dict_read_checked(message, request_upload, "options", &options, error);
        if (r >= 0)
                r = transfer_check_fd(fd, true, (uint64_t)dict_integer(options, "size", 0), &size_bytes, error);
        if (r >= 0)
                r = check_domain(domain, message, error);
        if (r <= 0)
                return r < 0 ? r : 1;
        r = auth_check(domain->manager->auth, message, ACTION_CONFIGURE,
                       AUTH_DETAILS("verb", TRANSFER_UPLOAD_FILE, "domain", domain->place.id, "name", domain->name, "image", name), error);
        if (r <= 0)
                return r < 0 ? r : 1;
        arguments = json_pack("{s:s, s:s, s:I}", "domain", domain->place.id, "file", name, "size", (json_int_t)size_bytes);
        if (!arguments)
                return -ENOMEM;
        r = domain_job_find(domain, message, TRANSFER_UPLOAD_FILE, options, arguments, &job, error);
        if (r != 0)
                return r < 0 ? r : sd_bus_reply_method_return(message, "o", job_path(job));
        r = check_uploads(domain, name, error);
        return r < 0 ? r : start_upload(domain, message, name, fd, size_bytes, options, arguments, error);
}
