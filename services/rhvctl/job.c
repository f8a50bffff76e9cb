/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* `job`: the work of all five services, wherever it runs. */

#include <stdio.h>

#include "commands.h"
#include "dict.h"
#include "job-wait.h"
#include "kind.h"
#include "services.h"

#define JOB_INTERFACE "org.rhv.Job"

/* Adds the jobs of one service that runs; one that does not run has no work, and is not started to ask. */
static int add_jobs(Client *client, const char *service, json_t *rows) {
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_json_ json_t *objects = NULL, *jobs = NULL;
        json_t *job;
        size_t i;
        int r;

        r = service_is_running(client, service);
        if (r <= 0)
                return r;
        r = client_try_get_objects(client, service, &objects, &error);
        if (r < 0)
                return client_fail_bus(client, "Listing jobs", service, &error, r);

        jobs = objects_list(objects, JOB_INTERFACE);
        json_array_foreach(jobs, i, job)
                if (json_object_set_new(job, "Service", json_string(service)) < 0)
                        return client_no_memory(client);
        return jobs && json_array_extend(rows, jobs) >= 0 ? 0 : client_no_memory(client);
}

static int all_jobs(Client *client, json_t **ret) {
        _cleanup_json_ json_t *rows = json_array();
        int r;

        if (!rows)
                return client_no_memory(client);
        for (size_t i = 0; service_names[i]; i++) {
                r = add_jobs(client, service_names[i], rows);
                if (r < 0)
                        return r;
        }

        *ret = TAKE_PTR(rows);
        return 0;
}

static int compare_started(const void *a, const void *b) {
        const json_t *const *x = a, *const *y = b;
        int64_t p = dict_integer(*x, "StartedAt", 0), q = dict_integer(*y, "StartedAt", 0);

        return (p > q) - (p < q);
}

static json_t *by_start(const json_t *rows) {
        size_t n = json_array_size(rows);
        _cleanup_free_ json_t **items = calloc(n + 1, sizeof *items);
        json_t *sorted = json_array();

        if (!items || !sorted)
                return sorted;
        for (size_t i = 0; i < n; i++)
                items[i] = json_array_get(rows, i);
        qsort(items, n, sizeof *items, compare_started);
        for (size_t i = 0; i < n; i++)
                (void) json_array_append(sorted, items[i]);
        return sorted;
}

static int job_run_list(Client *client, const Invocation *invocation) {
        static const Column columns[] = {
                { "JOB", "Id", FORMAT_TEXT, false },
                { "SERVICE", "Service", FORMAT_TEXT, false },
                { "KIND", "Kind", FORMAT_TEXT, false },
                { "STATE", "State", FORMAT_TEXT, false },
                { "DONE", "Progress", FORMAT_FRACTION, false, TABLE_RIGHT },
                { "STARTED", "StartedAt", FORMAT_TIME, false },
                { "ERROR", "ErrorMessage", FORMAT_TEXT, true },
                {},
        };
        _cleanup_json_ json_t *rows = NULL, *sorted = NULL;
        int r;

        r = all_jobs(client, &rows);
        if (r < 0)
                return r;

        sorted = by_start(rows);
        return sorted ? client_print_rows(client, sorted, columns, NULL) : client_no_memory(client);
}

/* By path, or by id. ret_path: new. */
static int find_job(Client *client, const char *reference, char **ret_path) {
        _cleanup_json_ json_t *rows = NULL;
        json_t *job;
        size_t i;
        int r;

        if (reference[0] == '/') {
                _cleanup_free_ char *service = NULL;

                r = service_of_path(reference, &service);
                if (r < 0 || !sd_bus_object_path_is_valid(reference) || !strstr(reference, "/job/"))
                        return client_fail(client, "'%s' is not the path of a job; `rhvctl job list` shows those there are", reference);
                *ret_path = strdup(reference);
                return *ret_path ? 0 : client_no_memory(client);
        }

        r = all_jobs(client, &rows);
        if (r < 0)
                return r;
        json_array_foreach(rows, i, job)
                if (streq(dict_string(job, "Id", ""), reference)) {
                        *ret_path = strdup(dict_string(job, "Path", ""));
                        return *ret_path ? 0 : client_no_memory(client);
                }

        return client_fail(client, "job '%s' does not exist (any more); `rhvctl job list` shows those there are", reference);
}

static int job_run_show(Client *client, const Invocation *invocation) {
        _cleanup_json_ json_t *job = NULL;
        _cleanup_free_ char *path = NULL;
        int r;

        r = find_job(client, local_string(invocation, "JOB"), &path);
        if (r < 0)
                return r;
        r = client_get_all(client, path, JOB_INTERFACE, "Showing the job", &job);
        if (r < 0)
                return r;

        (void) json_object_set_new(job, "Path", json_string(path));
        return client_print_object(client, job, NULL);
}

static int job_run_wait(Client *client, const Invocation *invocation) {
        const char *reference = local_string(invocation, "JOB");
        _cleanup_free_ char *path = NULL, *what = NULL, *id = NULL;
        _cleanup_json_ json_t *job = NULL;
        int r;

        r = find_job(client, reference, &path);
        if (r < 0)
                return r;
        id = id_of_path(path);
        if (!id || asprintf(&what, "Job %s", id) < 0) {
                what = NULL;
                return client_no_memory(client);
        }

        r = job_wait(client, path, what, &job);
        if (r < 0)
                return r;
        if (client->settings->json)
                return client_print_json(client, job);
        client_say(client, "%s is done", what);
        return 0;
}

static int job_run_call(Client *client, const Invocation *invocation) {
        _cleanup_message_ sd_bus_message *message = NULL;
        const Command *command = invocation->command;
        _cleanup_free_ char *path = NULL;
        int r;

        r = find_job(client, local_string(invocation, "JOB"), &path);
        if (r < 0)
                return r;
        r = client_new_call(client, path, JOB_INTERFACE, command->method, &message);
        if (r < 0)
                return r;
        r = client_call(client, message, command->doing, false, NULL);
        if (r >= 0)
                client_say(client, "%s", command->done);
        return r;
}

static const Parameter job_arguments[] = { ARGUMENT_OBJECT("JOB", COMPLETE_JOB), {} };

const Command job_commands[] = {
        { "job", "list", "List work that runs, and what became of the last", NULL, NULL, job_run_list, 0 },
        { "job", "show", "Show one, by id or path", job_arguments, NULL, job_run_show, 0 },
        { "job", "wait", "Wait for its end; fails as the job does", job_arguments, NULL, job_run_wait, 0 },
        { "job", "cancel", "Ask it to stop", job_arguments, NULL, job_run_call, COMMAND_CHANGES, NULL, "Cancel", NULL,
          "Cancelling the job", "asked to stop; `rhvctl job wait` tells when it has" },
        { "job", "release", "Forget one that has ended", job_arguments, NULL, job_run_call, COMMAND_CHANGES, NULL, "Release",
          NULL, "Forgetting the job", "forgotten" },
        {},
};
