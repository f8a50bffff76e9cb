/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "inspect-task.h"

#include <stdio.h>

#include "bus-error.h"
#include "config.h"
#include "dict.h"
#include "look-stores.h"
#include "manager.h"
#include "request.h"
#include "storage-identity.h"

static int garbage(sd_bus_error *error) {
        sd_bus_error_set(error, RHV_ERROR_BACKEND_FAILED, "rhv-inspect answered what cannot be understood");
        return -EBADMSG;
}

/* key: of the object that an answer has. Return: 0 with the answer, or negative with the error it told. */
static int read_answer(const ChildResult *result, const char *key, json_t **ret, sd_bus_error *error) {
        _cleanup_json_ json_t *answer = NULL;
        const char *name;
        int r;

        answer = result->r >= 0 ? json_loadb(result->out, result->out_size, 0, NULL) : NULL;
        name = dict_string(answer, "error", NULL);
        if (name && startswith(name, RHV_ERROR_PREFIX)) {
                (void) sd_bus_error_set(error, name, dict_string(answer, "message", "no reason was given"));
                return -EIO;
        }
        if (result->r == -ETIMEDOUT) {
                sd_bus_error_set(error, RHV_ERROR_BACKEND_UNAVAILABLE, "The file system does not answer");
                return -ETIMEDOUT;
        }
        r = child_result_error(result, "rhv-inspect", error);
        if (r < 0)
                return r;
        if (!json_is_object(answer) || !json_is_object(json_object_get(answer, key)))
                return garbage(error);
        *ret = TAKE_PTR(answer);
        return 0;
}

static void on_inspected(Child *child, const ChildResult *result, void *userdata) {
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_json_ json_t *report = NULL;
        Task *task = userdata;
        int r;

        task->child = NULL; /* freed by who calls us */
        task->manager->inspections--;
        r = read_answer(result, "images", &report, &error);
        task_answer(task, r, &error, dict_append, report);
}

/* rhv-inspect with that word. stdin_fd: borrowed, or 0. */
static int inspect(Task *task, const char *word, int stdin_fd, child_done_t done) {
        const char *argv[STORAGE_IDENTITY_ARGUMENTS + 3];
        ChildSpec spec = {
                        .argv = argv,
                        .stdin_fd = stdin_fd,
                        .deadline_usec = INSPECT_USEC,
                        .output_max = INSPECT_OUTPUT_MAX,
                        .nice = 5,
                        .done = done,
                        .userdata = task,
        };
        size_t n = storage_identity_argv(argv, geteuid() == 0);

        argv[n++] = RHV_LIBEXEC_DIR "/rhv-inspect";
        argv[n++] = word;
        argv[n] = NULL;
        return child_start(task->manager->event, &spec, &task->child);
}

static int start(Manager *manager, sd_bus_message *message, const char *path, sd_bus_error *error) {
        Task *task;
        int r;

        if (manager->inspections >= INSPECTIONS_MAX)
                return sd_bus_error_setf(error, RHV_ERROR_LIMIT_EXCEEDED, "%u directories are being looked at already",
                                         INSPECTIONS_MAX);
        task = task_new(manager, NULL, message);
        if (!task)
                return -ENOMEM;
        r = inspect(task, path, 0, on_inspected);
        if (r < 0) {
                task_fail(task, r, NULL);
                return 1;
        }
        manager->inspections++;
        return 1;
}

/* ---- on block devices ---- */

/* What the images are is known already: stores that cannot be read are one more problem. */
static void on_stores(Child *child, const ChildResult *result, void *userdata) {
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_json_ json_t *answer = NULL;
        Task *task = userdata;
        int r;

        task->child = NULL; /* freed by who calls us */
        task->manager->device_looks--;
        r = read_answer(result, "vms", &answer, &error);
        if (r >= 0)
                r = look_stores_take(task->report, answer);
        if (r < 0 && r != -ENOMEM)
                r = json_array_append_new(json_object_get(task->report, "problems"), json_sprintf("OVF stores: %s", error.message ?: "they cannot be read")) < 0 ? -ENOMEM : 0;
        task_answer(task, r, &error, dict_append, task->report);
}

static void on_looked(Task *task, Io *io, int r, const sd_bus_error *error) {
        if (r >= 0 && io->fd >= 0) {
                task->report = TAKE_PTR(io->report);
                r = inspect(task, "stores", io->fd, on_stores);
                if (r >= 0)
                        return;
        }
        task->manager->device_looks--;
        task_answer(task, r, error, dict_append, r >= 0 ? io->report : NULL);
}

static char *open_ids(const Manager *manager) {
        const Domain *domain, *next;
        size_t n = HASH_COUNT(manager->domains), length = 0;
        char *ids = calloc(n + 1, UUID_STRING_MAX);

        if (!ids)
                return NULL;
        HASH_ITER(hh, manager->domains, domain, next) {
                memcpy(ids + length, domain->place.id, UUID_STRING_MAX - 1);
                length += UUID_STRING_MAX - 1;
                ids[length++] = ',';
        }
        return ids;
}

/* By a worker thread, because LVM is asked; what is read there is LVM's own report, slots of fixed size and headers. rhv-inspect reads the OVF stores. */
static int look(Manager *manager, sd_bus_message *message, const json_t *object, sd_bus_error *error) {
        _cleanup_(domain_place_clear) DomainPlace place = {};
        Task *task;
        Io *io;
        int r;

        if (manager->device_looks > 0)
                return sd_bus_error_set(error, RHV_ERROR_BUSY, "Block devices are being looked at already; try again in a moment");
        r = request_read_place(object, domain_type_find("fcp"), &place, error);
        if (r < 0)
                return r;
        io = io_new("look at a block domain", io_look, &place);
        if (io)
                io->open_ids = open_ids(manager);
        task = io && io->open_ids ? task_new(manager, NULL, message) : NULL;
        if (!task) {
                if (io)
                        io_free(io);
                return -ENOMEM;
        }
        r = task_run(task, io, 0, DOMAIN_IO_USEC, on_looked, error);
        if (r < 0)
                task_fail(task, r, error);
        else
                manager->device_looks++;
        return 1;
}

int manager_method_inspect_foreign(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        _cleanup_json_ json_t *object = NULL;
        Manager *manager = userdata;
        const char *path;
        int r;

        r = dict_read_checked(message, request_domain_inspect, "domain", &object, error);
        if (r >= 0)
                r = dict_read_empty(message, error);
        if (r < 0)
                return r;
        path = dict_string(object, "path", "");
        if (!*path == !json_object_get(object, "devices"))
                return sd_bus_error_set(error, RHV_ERROR_INVALID_ARGUMENT, "\"path\" names a directory, or \"devices\" block devices");
        r = auth_check(manager->auth, message, ACTION_READ_DATA, AUTH_DETAILS("verb", "inspect", "name", path, "path", path), error);
        if (r <= 0)
                return r < 0 ? r : 1;
        return !*path ? look(manager, message, object, error) : start(manager, message, path, error);
}
