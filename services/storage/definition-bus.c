/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The files with definitions of an export domain: written, when the disks are there, and removed. */

#include "bus-error.h"
#include "config.h"
#include "domain-bus.h"
#include "manager.h"
#include "ovf-bus.h"
#include "place-json.h"
#include "request.h"
#include "storage-identity.h"

/* Reads a request's job or makes it. Return: 1 with a job to begin; 0: the call is answered or parked; negative with error set. */
static int begin(Domain *domain, sd_bus_message *message, const char *kind, const char *action, const char *id, const json_t *options, const json_t *arguments,
                 Job **ret, sd_bus_error *error) {
        int r;

        r = domain_check_use(domain, DOMAIN_USE_DEFINE, error);
        if (r < 0)
                return r;
        r = domain_wait_active(domain, message, error);
        if (r <= 0)
                return r;
        r = auth_check(domain->manager->auth, message, action,
                       AUTH_DETAILS("verb", kind, "domain", domain->place.id, "name", domain->name, "vm", id), error);
        if (r <= 0)
                return r;
        if (!arguments)
                return -ENOMEM;
        r = domain_job_find(domain, message, kind, options, arguments, ret, error);
        if (r != 0)
                return r < 0 ? r : sd_bus_reply_method_return(message, "o", job_path(*ret)) < 0 ? -EIO : 0;
        /* two with one id would be in each other's way */
        r = domain_job_new(domain, message, kind, id, options, arguments, ret, error);
        return r < 0 ? r : 1;
}

static Task *task_of(Domain *domain, const Job *job, const char *id) {
        Task *task = task_new(domain->manager, domain, NULL);

        if (!task)
                return NULL;
        memcpy(task->job, job_id(job), UUID_STRING_MAX);
        memcpy(task->image, id, UUID_STRING_MAX);
        task->locked = true;
        return task;
}

/* ---- write ---- */

static void on_written(Child *child, const ChildResult *result, void *userdata) {
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_json_ json_t *written = NULL;
        Task *task = userdata;
        int r;

        task->child = NULL; /* freed by who calls us */
        r = ovf_take_answer(result, &written, &error);
        if (r < 0)
                task_fail(task, r, &error);
        else
                task_done(task, TAKE_PTR(written));
}

static int write_later(Domain *domain, const Job *job, const char *id, json_t *definition) {
        _cleanup_json_ json_t *request = json_pack("{s:o, s:O}", "place", place_to_json(&domain->place), "definition", definition);
        _cleanup_free_ char *text = request ? json_dumps(request, JSON_COMPACT) : NULL;
        const char *argv[STORAGE_IDENTITY_ARGUMENTS + 3];
        ChildSpec spec = { .argv = argv, .deadline_usec = OVF_WRITE_USEC, .nice = 5, .done = on_written };
        Task *task = text ? task_of(domain, job, id) : NULL;
        size_t n;
        int r;

        if (!task)
                return -ENOMEM;
        n = storage_identity_argv(argv, geteuid() == 0);
        argv[n++] = RHV_LIBEXEC_DIR "/rhv-ovf";
        argv[n++] = "define";
        argv[n] = NULL;
        spec.input = text;
        spec.input_size = strlen(text);
        spec.userdata = task;
        r = child_start(domain->manager->event, &spec, &task->child);
        if (r < 0) {
                task->locked = false; /* who answers gives it back */
                task_free(task);
        }
        return r;
}

int definition_method_write(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        _cleanup_json_ json_t *definition = NULL, *options = NULL, *arguments = NULL;
        Domain *domain = userdata;
        const char *id;
        Job *job;
        int r;

        r = sd_bus_message_read(message, "s", &id);
        if (r >= 0)
                r = request_check_id("the VM or template", id, error);
        if (r >= 0)
                r = ovf_read_definition(message, id, &definition, error);
        if (r >= 0)
                r = dict_read_checked(message, request_options_job, "options", &options, error);
        if (r < 0)
                return r;
        arguments = json_pack("{s:s, s:s, s:O}", "domain", domain->place.id, "id", id, "definition", definition);
        r = begin(domain, message, "write-definition", ACTION_CONFIGURE, id, options, arguments, &job, error);
        if (r <= 0)
                return r < 0 ? r : 1;
        return domain_job_reply(domain, message, job, id, write_later(domain, job, id, definition), error);
}

/* ---- delete ---- */

static void on_deleted(Task *task, Io *io, int r, const sd_bus_error *error) {
        if (r < 0)
                task_fail(task, r, error);
        else
                task_done(task, NULL);
}

static int delete_later(Domain *domain, const Job *job, const char *id, const char *image, sd_bus_error *error) {
        Io *io = io_new("delete a definition", io_definition_delete, &domain->place);
        Task *task = io ? task_of(domain, job, id) : NULL;
        int r;

        if (!task) {
                if (io)
                        io_free(io);
                return -ENOMEM;
        }
        io->file = strdup(id);
        memcpy(io->image, image, strlen(image) + 1);
        r = task_run(task, io, domain->lane, DOMAIN_IO_USEC, on_deleted, error);
        if (r < 0) {
                task->locked = false; /* who answers gives it back */
                task_free(task);
        }
        return r;
}

int definition_method_delete(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        static const DictField fields[] = {
                        { "image", DICT_STRING, .valid = uuid_is_valid, .expected = "a UUID in lower-case" },
                        { "job_id", DICT_STRING, .valid = uuid_is_valid, .expected = "a UUID in lower-case" },
                        {},
        };
        _cleanup_json_ json_t *options = NULL, *arguments = NULL;
        Domain *domain = userdata;
        const char *id, *image;
        Job *job;
        int r;

        r = sd_bus_message_read(message, "s", &id);
        if (r >= 0)
                r = request_check_id("the VM or template", id, error);
        if (r >= 0)
                r = dict_read_checked(message, fields, "options", &options, error);
        if (r < 0)
                return r;
        image = dict_string(options, "image", "");
        arguments = json_pack("{s:s, s:s, s:s}", "domain", domain->place.id, "id", id, "image", image);
        r = begin(domain, message, "delete-definition", ACTION_DESTROY, id, options, arguments, &job, error);
        if (r <= 0)
                return r < 0 ? r : 1;
        return domain_job_reply(domain, message, job, id, delete_later(domain, job, id, image, error), error);
}
