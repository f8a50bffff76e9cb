/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "inspect-task.h"

#include <stdio.h>

#include "bus-error.h"
#include "config.h"
#include "dict.h"
#include "manager.h"
#include "request.h"
#include "storage-identity.h"

static int garbage(sd_bus_error *error) {
        sd_bus_error_set(error, RHV_ERROR_BACKEND_FAILED, "rhv-inspect answered what cannot be understood");
        return -EBADMSG;
}

/* Return: 0 with the report, or negative with the error it told. */
static int read_answer(const ChildResult *result, json_t **ret, sd_bus_error *error) {
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
        if (!json_is_object(answer) || !json_is_object(json_object_get(answer, "images")))
                return garbage(error);
        *ret = TAKE_PTR(answer);
        return 0;
}

static void on_inspected(Child *child, const ChildResult *result, void *userdata) {
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_message_ sd_bus_message *reply = NULL;
        _cleanup_json_ json_t *report = NULL;
        Task *task = userdata;
        int r;

        task->child = NULL; /* freed by who calls us */
        task->manager->inspections--;
        r = read_answer(result, &report, &error);
        if (r >= 0)
                r = sd_bus_message_new_method_return(operation_message(task->operation), &reply);
        if (r >= 0)
                r = dict_append(reply, report);
        if (r < 0) {
                task_fail(task, r, &error);
                return;
        }
        task->operation = operation_reply_message(task->operation, reply);
        task_free(task);
}

static int start(Manager *manager, sd_bus_message *message, const char *path, sd_bus_error *error) {
        const char *argv[STORAGE_IDENTITY_ARGUMENTS + 3];
        ChildSpec spec = {
                        .argv = argv,
                        .deadline_usec = INSPECT_USEC,
                        .output_max = INSPECT_OUTPUT_MAX,
                        .nice = 5,
                        .done = on_inspected,
        };
        Task *task;
        size_t n;
        int r;

        if (manager->inspections >= INSPECTIONS_MAX)
                return sd_bus_error_setf(error, RHV_ERROR_LIMIT_EXCEEDED, "%u directories are being looked at already",
                                         INSPECTIONS_MAX);
        n = storage_identity_argv(argv, geteuid() == 0);
        argv[n++] = RHV_LIBEXEC_DIR "/rhv-inspect";
        argv[n++] = path;
        argv[n] = NULL;
        task = task_new(manager, NULL, message);
        if (!task)
                return -ENOMEM;
        spec.userdata = task;
        r = child_start(manager->event, &spec, &task->child);
        if (r < 0) {
                task_fail(task, r, NULL);
                return 1;
        }
        manager->inspections++;
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
        r = auth_check(manager->auth, message, ACTION_READ_DATA, AUTH_DETAILS("verb", "inspect", "name", path, "path", path), error);
        if (r <= 0)
                return r < 0 ? r : 1;
        return start(manager, message, path, error);
}
