/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* `storage`: the disks of this host, and domains on them, through org.rhv.Storage. */

#include "bus-object.h"
#include "commands.h"
#include "dict.h"
#include "job-wait.h"
#include "kind.h"
#include "parse-util.h"

#define STORAGE_PATH "/org/rhv/Storage"
#define STORAGE_INTERFACE "org.rhv.Storage"

static int storage_run_devices(Client *client, const Invocation *invocation) {
        static const Column columns[] = {
                { "NAME", "name", FORMAT_TEXT, true },
                { "STATE", "state", FORMAT_TEXT, false },
                { "SIZE", "size", FORMAT_SIZE, false, TABLE_RIGHT },
                { "TRANSPORT", "transport", FORMAT_TEXT, false },
                { "PATHS", "paths", FORMAT_COUNT, false, TABLE_RIGHT },
                { "VENDOR", "vendor", FORMAT_TEXT, false },
                { "MODEL", "model", FORMAT_TEXT, false },
                { "SERIAL", "serial", FORMAT_TEXT, true },
                { "REASON", "reason", FORMAT_TEXT, true },
                {},
        };
        _cleanup_json_ json_t *devices = NULL;
        int r;

        r = client_query(client, STORAGE_PATH, STORAGE_INTERFACE, "ListDevices", &devices, "@", invocation->call);
        return r < 0 ? r : client_print_rows(client, devices, columns, NULL);
}

/* Under the lease this host holds; it is the service that says so where it holds none. */
static int lease_version(Client *client, const char *path, const char *what, uint64_t *ret) {
        _cleanup_json_ json_t *lockspace = NULL;
        int r;

        r = client_get_all(client, path, "org.rhv.Storage.Lockspace", what, &lockspace);
        if (r < 0)
                return r;
        *ret = (uint64_t)dict_integer(lockspace, "LeaseVersion", 0);
        return *ret > 0 ? 0 : client_fail(client, "%s: this host does not hold the domain's lease", what);
}

static int append_extension(sd_bus_message *message, const json_t *devices, uint64_t lease) {
        json_t *device;
        size_t i;
        int r;

        r = sd_bus_message_open_container(message, 'a', "s");
        json_array_foreach((json_t *)devices, i, device)
                if (r >= 0)
                        r = sd_bus_message_append_basic(message, 's', json_string_value(device));
        if (r >= 0)
                r = sd_bus_message_close_container(message);
        return r < 0 ? r : sd_bus_message_append(message, "a{sv}", 1, "lease", "t", lease);
}

static int storage_run_extend(Client *client, const Invocation *invocation) {
        static const char what[] = "Adding devices";
        const char *domain = local_string(invocation, "DOMAIN"), *job;
        _cleanup_message_ sd_bus_message *message = NULL, *reply = NULL;
        _cleanup_free_ char *path = NULL;
        uint64_t lease;
        int r;

        if (!uuid_is_valid(domain))
                return client_fail(client, "a storage domain of this host is named by its id, not '%s'", domain);
        path = bus_object_path("/org/rhv/Storage/domain", domain);
        if (!path)
                return client_no_memory(client);
        r = lease_version(client, path, what, &lease);
        if (r >= 0)
                r = client_new_call(client, path, "org.rhv.Storage.Domain", "AddDevices", &message);
        if (r < 0)
                return r;
        r = append_extension(message, json_object_get(invocation->local, "DEVICE"), lease);
        if (r < 0)
                return client_fail(client, "%s: %s", what, strerror(-r));
        r = client_call(client, message, what, false, &reply);
        if (r < 0)
                return r;
        r = sd_bus_message_read_basic(reply, 'o', &job);
        if (r < 0)
                return client_fail(client, "%s: the answer has no job", what);
        r = job_wait(client, job, what, NULL);
        if (r >= 0)
                client_say(client, "storage domain %s is larger", domain);
        return r;
}

static const Parameter extend_arguments[] = { { "DOMAIN" }, { "DEVICE", .flags = PARAMETER_MANY, .complete = COMPLETE_FILE }, {} };
static const Parameter devices_options[] = {
        { "loops", .type = PARAMETER_FLAG, .place = PLACE_CALL, .help = "Loop devices too" },
        {},
};

const Command storage_commands[] = {
        { "storage", "devices", "List the disks this host sees and what they are used for", NULL, devices_options, storage_run_devices, 0 },
        { "storage", "extend", "Give a domain on block devices, by its id, more of them; this host holds its lease", extend_arguments, NULL, storage_run_extend,
          COMMAND_CHANGES },
        {},
};
