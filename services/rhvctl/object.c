/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "object.h"

#include <stdio.h>

#include "dict.h"
#include "job-wait.h"
#include "parse-util.h"

#define CLUSTER_PATH "/org/rhv/Cluster"
#define CLUSTER_INTERFACE "org.rhv.Cluster"

int object_run_list(Client *client, const Invocation *invocation) {
        const Kind *kind = invocation->command->kind;
        _cleanup_json_ json_t *rows = NULL, *names = NULL;
        int r;

        r = client_load_objects(client);
        if (r < 0)
                return r;

        rows = objects_list(client->objects, kind->interface);
        names = objects_names(client->objects);
        return rows && names ? client_print_rows(client, rows, kind->columns, names) : client_no_memory(client);
}

/* What the user called the object the command is about: its first argument. */
static const char *first_argument(const Invocation *invocation) {
        const Parameter *p = invocation->command->arguments;

        return local_string(invocation, p->key ?: p->name);
}

int object_run_show(Client *client, const Invocation *invocation) {
        _cleanup_json_ json_t *object = NULL, *names = NULL;
        const json_t *properties;
        const char *path;
        int r;

        r = client_find(client, invocation->command->kind, first_argument(invocation), &path, &properties);
        if (r < 0)
                return r;

        object = json_pack("{s:s}", "Path", path);
        names = objects_names(client->objects);
        if (!object || !names || json_object_update(object, (json_t *)properties) < 0)
                return client_no_memory(client);

        return client_print_object(client, object, names);
}

/* ---- parts ---- */

char *object_doing(const char *doing, const Kind *kind, const char *name) {
        char *text;

        return asprintf(&text, "%s %s '%s'", doing, kind->word, name) < 0 ? NULL : text;
}

int object_add_request(Client *client, json_t *call, const char *key) {
        char id[UUID_STRING_MAX];

        if (json_object_get(call, key))
                return 0;
        if (uuid_generate(id) < 0 || json_object_set_new(call, key, json_string(id)) < 0)
                return client_no_memory(client);
        return 0;
}

static int take_path(Client *client, sd_bus_message *reply, char **ret) {
        const char *path;
        int r;

        r = sd_bus_message_read_basic(reply, 'o', &path);
        if (r < 0)
                return client_fail(client, "the answer has no path: %s", strerror(-r));

        *ret = strdup(path);
        return *ret ? 0 : client_no_memory(client);
}

int object_create(Client *client, const char *method, const json_t *spec, const json_t *call, const char *what,
                  char **ret_path, char **ret_job) {
        _cleanup_message_ sd_bus_message *message = NULL, *reply = NULL;
        int r;

        r = client_new_call(client, CLUSTER_PATH, CLUSTER_INTERFACE, method, &message);
        if (r < 0)
                return r;

        r = dict_append(message, spec);
        if (r >= 0)
                r = dict_append(message, call);
        if (r < 0)
                return client_fail(client, "%s: %s", what, strerror(-r));

        r = client_call(client, message, what, json_object_get(call, "request_id") != NULL, &reply);
        if (r < 0)
                return r;

        r = take_path(client, reply, ret_path);
        if (r < 0)
                return r;
        return sd_bus_message_has_signature(reply, "oo") ? take_path(client, reply, ret_job) : 0;
}

int object_call(Client *client, const Kind *kind, const char *path, const char *method, const char *string,
                const json_t *spec, const json_t *call, const char *what, char **ret_path) {
        _cleanup_message_ sd_bus_message *message = NULL, *reply = NULL;
        bool repeat = json_object_get(call, "request_id") || json_object_get(call, "job_id");
        int r;

        r = client_new_call(client, path, kind->interface, method, &message);
        if (r < 0)
                return r;

        r = string ? sd_bus_message_append_basic(message, 's', string) : 0;
        if (r >= 0 && spec)
                r = dict_append(message, spec);
        if (r >= 0 && call)
                r = dict_append(message, call);
        if (r < 0)
                return client_fail(client, "%s: %s", what, strerror(-r));

        r = client_call(client, message, what, repeat, &reply);
        if (r < 0)
                return r;
        /* a new object, and the job that makes it */
        if (sd_bus_message_has_signature(reply, "oo")) {
                r = sd_bus_message_skip(reply, "o");
                return r < 0 ? client_fail(client, "%s: %s", what, strerror(-r)) : take_path(client, reply, ret_path);
        }
        return sd_bus_message_has_signature(reply, "o") ? take_path(client, reply, ret_path) : 0;
}

int object_await(Client *client, const char *job, const char *what, json_t **ret) {
        int r;

        if (!job)
                return 1;

        if (client->settings->no_wait) {
                if (!client->settings->json)
                        puts(job);
                return 0;
        }

        r = job_wait(client, job, what, ret);
        return r < 0 ? r : 1;
}

int object_await_say(Client *client, const char *job, const char *what, const char *format, ...) {
        _cleanup_json_ json_t *finished = NULL;
        _cleanup_free_ char *sentence = NULL;
        va_list ap;
        int n, r;

        va_start(ap, format);
        n = vasprintf(&sentence, format, ap);
        va_end(ap);
        if (n < 0) {
                sentence = NULL;
                return client_no_memory(client);
        }
        r = object_await(client, job, what, &finished);
        if (r < 0)
                return r;
        if (client->settings->json && finished)
                return client_print_json(client, finished);
        if (r > 0)
                client_say(client, "%s", sentence);
        return 0;
}

int object_read_job(Client *client, sd_bus_message *reply, const char *what, const char **ret) {
        return sd_bus_message_read_basic(reply, 'o', ret) < 0 ? client_fail(client, "%s: the answer has no job", what) : 0;
}

/* ---- create ---- */

int object_print_created(Client *client, const char *path, const char *job) {
        _cleanup_json_ json_t *object = NULL;
        _cleanup_free_ char *id = id_of_path(path);

        if (!id)
                return client_no_memory(client);

        object = json_pack("{s:s, s:s, s:s*}", "Path", path, "Id", id, "Job", job);
        return object ? client_print_json(client, object) : client_no_memory(client);
}

int object_run_create(Client *client, const Invocation *invocation) {
        const Command *command = invocation->command;
        const char *name = dict_string(invocation->spec, "name", NULL) ?: dict_string(invocation->spec, "path", "");
        _cleanup_free_ char *what = object_doing(command->doing, command->kind, name), *path = NULL, *job = NULL;
        int r;

        if (!what)
                return client_no_memory(client);

        r = object_add_request(client, invocation->call, "request_id");
        if (r < 0)
                return r;
        r = object_create(client, command->method, invocation->spec, invocation->call, what, &path, &job);
        if (r < 0)
                return r;

        r = object_await(client, job, what, NULL);
        if (r < 0)
                return r;
        if (client->settings->json && path)
                return object_print_created(client, path, r == 0 ? job : NULL);
        if (r > 0)
                client_say(client, "%s '%s' %s", command->kind->word, name, command->done);
        return 0;
}

/* ---- methods of an object ---- */

int object_run_method(Client *client, const Invocation *invocation) {
        const Command *command = invocation->command;
        const char *reference = first_argument(invocation), *path, *name, *second = NULL;
        _cleanup_free_ char *what = NULL, *job = NULL;
        _cleanup_json_ json_t *finished = NULL;
        const json_t *properties;
        int r;

        r = client_find(client, command->kind, reference, &path, &properties);
        if (r < 0)
                return r;
        name = dict_string(properties, "Name", reference);
        what = object_doing(command->doing, command->kind, name);
        if (!what)
                return client_no_memory(client);

        if (strchr(command->shape, 's'))
                second = local_string(invocation, command->arguments[1].key ?: command->arguments[1].name);

        /* asked again under the same id, when the service goes away over it, it is done once */
        r = strchr(command->shape, 'c') ? object_add_request(client, invocation->call, "request_id") : 0;
        if (r < 0)
                return r;
        r = object_call(client, command->kind, path, command->method, second,
                        strchr(command->shape, 'p') ? invocation->spec : NULL,
                        strchr(command->shape, 'c') ? invocation->call : NULL, what, &job);
        if (r < 0)
                return r;

        r = object_await(client, job, what, &finished);
        if (r < 0)
                return r;
        if (client->settings->json && job) {
                _cleanup_json_ json_t *only = json_pack("{s:s}", "Job", job);

                return client_print_json(client, finished ?: only);
        }
        if (r > 0)
                client_say(client, "%s '%s' %s", command->kind->word, name, command->done);
        return 0;
}

int object_run_update(Client *client, const Invocation *invocation) {
        if (json_object_size(invocation->spec) == 0)
                return client_usage(client, "nothing to change is given; `rhvctl %s %s --help` shows what can be changed",
                                    invocation->command->noun, invocation->command->verb);

        return object_run_method(client, invocation);
}
