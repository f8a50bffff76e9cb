/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "domain.h"

#include "dict.h"
#include "inspect.h"
#include "kind.h"
#include "object.h"

static bool is_block(const char *type) {
        return streq(type, "iscsi") || streq(type, "fcp");
}

int domain_place(json_t *spec) {
        const char *type = dict_string(spec, "type", "local");
        json_t *place = json_object_get(spec, "path");
        bool mounted;
        int r;

        if (!json_object_get(spec, "type") && json_object_set_new(spec, "type", json_string(type)) < 0)
                return -ENOMEM;
        if (!place)
                return 0;
        if (is_block(type)) {
                json_t *devices = devices_of(json_string_value(place));

                r = devices ? json_object_set_new(spec, "devices", devices) : -1;
                return r >= 0 && json_object_del(spec, "path") >= 0 ? 0 : -ENOMEM;
        }
        mounted = json_object_get(spec, "vfs_type") || json_string_value(place)[0] != '/';
        if (streq(type, "local") || !mounted)
                return 0;
        r = json_object_set(spec, "remote", place);
        return r >= 0 && json_object_del(spec, "path") >= 0 ? 0 : -ENOMEM;
}

/* As oVirt writes it. */
static const char *class_on_bus(const char *word) {
        return streq(word, "iso") ? "Iso" : streq(word, "export") ? "Backup" : "Data";
}

/* Of a shared domain a job follows: the lockspace and the lease. Return: as object_await(). */
static int await_attached(Client *client, const char *path, const char *what) {
        _cleanup_json_ json_t *domain = NULL;
        const char *job;
        int r;

        r = client_get_all(client, path, kind_domain.interface, what, &domain);
        if (r < 0)
                return r;
        job = dict_string(domain, "Job", "/");
        return streq(job, "/") ? 1 : object_await(client, job, what, NULL);
}

int domain_run_create(Client *client, const Invocation *invocation) {
        const Command *command = invocation->command;
        const char *class = local_string(invocation, "class");
        _cleanup_free_ char *name = strdup(dict_string(invocation->spec, "name", NULL) ?: dict_string(invocation->spec, "path", "")), *what = NULL, *path = NULL, *job = NULL;
        int r;

        if (class && json_object_set_new(invocation->spec, "class", json_string(class_on_bus(class))) < 0)
                return client_no_memory(client);
        what = name ? object_doing(command->doing, command->kind, name) : NULL;
        if (!what || domain_place(invocation->spec) < 0)
                return client_no_memory(client);
        r = object_add_request(client, invocation->call, "request_id");
        if (r >= 0)
                r = object_create(client, command->method, invocation->spec, invocation->call, what, &path, &job);
        if (r >= 0)
                r = object_await(client, job, what, NULL);
        if (r > 0 && path)
                r = await_attached(client, path, what);
        if (r < 0)
                return r;
        if (client->settings->json && path)
                return object_print_created(client, path, r == 0 ? job : NULL);
        if (r > 0 || !job)
                client_say(client, "%s '%s' %s", command->kind->word, name, command->done);
        return 0;
}
