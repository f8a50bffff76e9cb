/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* `local`: what the daemons of one host know, below the cluster's view. Reading only, but for taking in and forgetting. */

#include <stdio.h>

#include "commands.h"
#include "dict.h"
#include "kind.h"

#define COMPUTE_PATH "/org/rhv/Compute"
#define COMPUTE_INTERFACE "org.rhv.Compute"

static const Column guest_columns[] = {
        { "NAME", "Name", FORMAT_TEXT, true },
        { "STATE", "State", FORMAT_TEXT, false },
        { "REASON", "StateReason", FORMAT_TEXT, true },
        { "AGENT", "AgentState", FORMAT_TEXT, false },
        { "ADDRESSES", "GuestAddresses", FORMAT_TEXT, true },
        { "ID", "Id", FORMAT_TEXT, false },
        {},
};
static const Column domain_columns[] = {
        { "NAME", "Name", FORMAT_TEXT, true },
        { "STATE", "State", FORMAT_TEXT, false },
        { "VERSION", "FormatVersion", FORMAT_TEXT, false, TABLE_RIGHT },
        { "SIZE", "TotalBytes", FORMAT_SIZE, false, TABLE_RIGHT },
        { "FREE", "FreeBytes", FORMAT_SIZE, false, TABLE_RIGHT },
        { "PATH", "Path", FORMAT_TEXT, true },
        { "ID", "Id", FORMAT_TEXT, false },
        {},
};
static const Column image_columns[] = {
        { "IMAGE", "id", FORMAT_TEXT, false },
        { "VOLUMES", "volumes", FORMAT_COUNT, false, TABLE_RIGHT },
        {},
};
static const Column volume_columns[] = {
        { "VOLUME", "id", FORMAT_TEXT, false },
        { "FORMAT", "format", FORMAT_TEXT, false },
        { "ALLOCATION", "allocation", FORMAT_TEXT, false },
        { "SIZE", "capacity", FORMAT_SIZE, false, TABLE_RIGHT },
        { "USED", "true_size", FORMAT_SIZE, false, TABLE_RIGHT },
        { "LEGALITY", "legality", FORMAT_TEXT, false },
        { "TYPE", "type", FORMAT_TEXT, false },
        { "USERS", "users", FORMAT_TEXT, true },
        {},
};

static const Kind kind_guest = { .word = "guest", .noun = "local", .interface = "org.rhv.Compute.Vm", .columns = guest_columns };
static const Kind kind_local_domain = { .word = "storage domain", .noun = "local",
                                        .interface = "org.rhv.Storage.Domain", .columns = domain_columns };

static const char *service_of_kind(const Kind *kind) {
        return kind == &kind_guest ? "Compute" : "Storage";
}

static int local_run_list(Client *client, const Invocation *invocation) {
        const Kind *kind = invocation->command->kind;
        _cleanup_json_ json_t *objects = NULL, *rows = NULL;
        int r;

        r = client_get_objects(client, service_of_kind(kind), &objects);
        if (r < 0)
                return r;

        rows = objects_list(objects, kind->interface);
        return rows ? client_print_rows(client, rows, kind->columns, NULL) : client_no_memory(client);
}

/* ret_path: new. */
static int find(Client *client, const Kind *kind, const char *list, const char *reference, char **ret_path) {
        _cleanup_json_ json_t *objects = NULL;
        const json_t *properties;
        const char *path;
        size_t n;
        int r;

        r = client_get_objects(client, service_of_kind(kind), &objects);
        if (r < 0)
                return r;

        n = objects_find(objects, kind->interface, reference, &path, &properties);
        if (n == 0)
                return client_fail(client, "this host has no %s '%s'; `rhvctl local %s` shows those there are", kind->word,
                                   reference, list);
        if (n > 1)
                return client_fail(client, "this host has %zu %ss called '%s'; give the id instead", n, kind->word, reference);

        *ret_path = strdup(path);
        return *ret_path ? 0 : client_no_memory(client);
}

static int local_run_images(Client *client, const Invocation *invocation) {
        _cleanup_json_ json_t *options = json_object(), *images = NULL;
        _cleanup_free_ char *path = NULL;
        int r;

        r = find(client, &kind_local_domain, "domains", local_string(invocation, "DOMAIN"), &path);
        if (r < 0)
                return r;
        r = client_query(client, path, kind_local_domain.interface, "ListImages", &images, "@", options);
        return r < 0 ? r : client_print_rows(client, images, image_columns, NULL);
}

static int local_run_volumes(Client *client, const Invocation *invocation) {
        _cleanup_json_ json_t *volumes = NULL;
        _cleanup_free_ char *path = NULL;
        int r;

        r = find(client, &kind_local_domain, "domains", local_string(invocation, "DOMAIN"), &path);
        if (r < 0)
                return r;
        r = client_query(client, path, kind_local_domain.interface, "GetVolumes", &volumes, "s",
                         local_string(invocation, "IMAGE"));
        return r < 0 ? r : client_print_rows(client, volumes, volume_columns, NULL);
}

static int local_run_host(Client *client, const Invocation *invocation) {
        _cleanup_json_ json_t *options = json_object(), *stats = NULL, *properties = NULL, *shown = NULL;
        int r;

        r = client_get_all(client, COMPUTE_PATH, COMPUTE_INTERFACE, "Showing the host", &properties);
        if (r >= 0)
                r = client_query(client, COMPUTE_PATH, COMPUTE_INTERFACE, "GetHostStats", &stats, "@", options);
        if (r < 0)
                return r;

        shown = json_pack("{s:O?, s:O}", "Capabilities", json_object_get(properties, "Capabilities"), "Stats", stats);
        return shown ? client_print_object(client, shown, NULL) : client_no_memory(client);
}

static int local_run_forget(Client *client, const Invocation *invocation) {
        _cleanup_message_ sd_bus_message *message = NULL;
        const char *reference = local_string(invocation, "GUEST");
        _cleanup_json_ json_t *options = json_object();
        _cleanup_free_ char *path = NULL;
        int r;

        r = find(client, &kind_guest, "guests", reference, &path);
        if (r >= 0)
                r = client_new_call(client, path, kind_guest.interface, "Forget", &message);
        if (r < 0)
                return r;
        if (!options || dict_append(message, options) < 0)
                return client_no_memory(client);

        r = client_call(client, message, "Forgetting the guest", false, NULL);
        if (r >= 0)
                client_say(client, "guest '%s' forgotten", reference);
        return r;
}

static const Parameter domain_arguments[] = { { "DOMAIN", .complete = COMPLETE_DOMAIN }, {} };
static const Parameter image_arguments[] = { { "DOMAIN", .complete = COMPLETE_DOMAIN }, { "IMAGE" }, {} };
static const Parameter guest_arguments[] = { { "GUEST", .complete = COMPLETE_VM }, {} };

const Command local_commands[] = {
        { "local", "guests", "List the guests of this host, as Compute sees them", NULL, NULL, local_run_list, 0, &kind_guest },
        { "local", "forget-guest", "Drop the record of a guest that is down", guest_arguments, NULL, local_run_forget,
          COMMAND_CHANGES },
        { "local", "host", "Show what this host can do and does", NULL, NULL, local_run_host, 0 },
        { "local", "domains", "List the storage domains open on this host", NULL, NULL, local_run_list, 0, &kind_local_domain },
        { "local", "images", "List the images of a domain", domain_arguments, NULL, local_run_images, 0 },
        { "local", "volumes", "List the volumes of an image", image_arguments, NULL, local_run_volumes, 0 },
        {},
};
