/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "register.h"

#include <stdio.h>

#include "dict.h"
#include "inspect.h"
#include "kind.h"
#include "object.h"

int domain_run_unregistered(Client *client, const Invocation *invocation) {
        _cleanup_json_ json_t *found = NULL, *options = json_object();
        const char *path;
        int r;

        r = client_find(client, &kind_domain, local_string(invocation, "DOMAIN"), &path, NULL);
        if (r >= 0)
                r = client_query(client, path, kind_domain.interface, "ListUnregistered", &found, "@", options);
        if (r < 0)
                return r;
        if (client->settings->json)
                return client_print_json(client, found);
        r = inspect_print_images(client, json_object_get(found, "disks"));
        if (r >= 0 && json_array_size(json_object_get(found, "vms")) > 0) {
                puts("");
                r = inspect_print_vms(client, json_object_get(found, "vms"));
        }
        return r;
}

int domain_run_register(Client *client, const Invocation *invocation) {
        const Command *command = invocation->command;
        const char *id = local_string(invocation, command->arguments[1].name), *domain;
        _cleanup_free_ char *what = object_doing(command->doing, command->kind, id), *path = NULL;
        _cleanup_json_ json_t *properties = NULL;
        int r;

        if (!what)
                return client_no_memory(client);
        r = client_find(client, &kind_domain, local_string(invocation, "DOMAIN"), &domain, NULL);
        if (r >= 0)
                r = object_add_request(client, invocation->call, "request_id");
        if (r >= 0)
                r = object_call(client, &kind_domain, domain, command->method, id, invocation->spec, invocation->call, what, &path);
        if (r >= 0 && !path)
                r = client_fail(client, "%s: the answer has no object", what);
        if (r >= 0)
                r = client_get_all(client, path, command->kind->interface, what, &properties);
        if (r < 0)
                return r;
        if (client->settings->json)
                return client_print_json(client, properties);
        client_say(client, "%s '%s' %s", command->kind->word, dict_string(properties, "Name", id), command->done);
        return 0;
}
