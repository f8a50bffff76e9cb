/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* `storage`: the disks of this host, and domains on them, through org.rhv.Storage. */

#include <inttypes.h>

#include "bus-object.h"
#include "commands.h"
#include "dict.h"
#include "job-wait.h"
#include "kind.h"
#include "object.h"
#include "parse-util.h"

#define STORAGE_PATH "/org/rhv/Storage"
#define STORAGE_INTERFACE "org.rhv.Storage"
#define DOMAIN_FORMAT_NEWEST 5

static int storage_run_devices(Client *client, const Invocation *invocation) {
        static const Column columns[] = {
                { "NAME", "name", FORMAT_TEXT, true },
                { "STATE", "state", FORMAT_TEXT, false },
                { "SIZE", "size", FORMAT_SIZE, false, TABLE_RIGHT },
                { "TRANSPORT", "transport", FORMAT_TEXT, false },
                { "PATHS", "paths", FORMAT_COUNT, false, TABLE_RIGHT },
                { "FAILED", "failed_paths", FORMAT_AUTO, false, TABLE_RIGHT },
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

/* ---- a domain as a whole ---- */

/* Of the lease this host holds; 0 of a domain that has none, because it is not shared. */
static int lease_version(Client *client, const char *path, const char *what, uint64_t *ret) {
        _cleanup_json_ json_t *domain = NULL, *lockspace = NULL;
        int r;

        *ret = 0;
        r = client_get_all(client, path, "org.rhv.Storage.Domain", what, &domain);
        if (r < 0 || streq(dict_string(domain, "Type", ""), "local"))
                return r;
        r = client_get_all(client, path, "org.rhv.Storage.Lockspace", what, &lockspace);
        if (r < 0)
                return r;
        *ret = (uint64_t)dict_integer(lockspace, "LeaseVersion", 0);
        return *ret > 0 ? 0 : client_fail(client, "%s: this host does not hold the domain's lease", what);
}

/* A call of a domain's method, which lacks its arguments. */
static int domain_new_call(Client *client, const char *domain, const char *method, const char *what, uint64_t *ret_lease, sd_bus_message **ret) {
        _cleanup_free_ char *path = NULL;
        int r;

        if (!uuid_is_valid(domain))
                return client_fail(client, "a storage domain of this host is named by its id, not '%s'", domain);
        path = bus_object_path("/org/rhv/Storage/domain", domain);
        if (!path)
                return client_no_memory(client);
        r = lease_version(client, path, what, ret_lease);
        return r < 0 ? r : client_new_call(client, path, "org.rhv.Storage.Domain", method, ret);
}

/* With the arguments (r: whether they could be appended) come the options and the job. */
static int domain_run_job(Client *client, sd_bus_message *message, int r, uint64_t lease, const char *what) {
        _cleanup_message_ sd_bus_message *reply = NULL;
        const char *job;

        if (r >= 0)
                r = lease > 0 ? sd_bus_message_append(message, "a{sv}", 1, "lease", "t", lease) : sd_bus_message_append(message, "a{sv}", 0);
        if (r < 0)
                return client_fail(client, "%s: %s", what, strerror(-r));
        r = client_call(client, message, what, false, &reply);
        if (r < 0)
                return r;
        r = object_read_job(client, reply, what, &job);
        return r < 0 ? r : job_wait(client, job, what, NULL);
}

static int storage_run_extend(Client *client, const Invocation *invocation) {
        static const char what[] = "Adding devices";
        const char *domain = local_string(invocation, "DOMAIN");
        _cleanup_message_ sd_bus_message *message = NULL;
        json_t *device;
        uint64_t lease = 0;
        size_t i;
        int r;

        r = domain_new_call(client, domain, "AddDevices", what, &lease, &message);
        if (r < 0)
                return r;
        r = sd_bus_message_open_container(message, 'a', "s");
        json_array_foreach(json_object_get(invocation->local, "DEVICE"), i, device)
                if (r >= 0)
                        r = sd_bus_message_append_basic(message, 's', json_string_value(device));
        if (r >= 0)
                r = sd_bus_message_close_container(message);
        r = domain_run_job(client, message, r, lease, what);
        if (r >= 0)
                client_say(client, "storage domain %s is larger", domain);
        return r;
}

static int storage_run_upgrade(Client *client, const Invocation *invocation) {
        static const char what[] = "Upgrading the domain";
        const char *domain = local_string(invocation, "DOMAIN");
        const int64_t format = dict_integer(invocation->local, "format", DOMAIN_FORMAT_NEWEST);
        _cleanup_message_ sd_bus_message *message = NULL;
        uint64_t lease = 0;
        int r;

        /* which versions there are the service knows; what is too large for the bus would come to it as another */
        if (format > (int64_t)UINT32_MAX)
                return client_usage(client, "--format %" PRIi64 " is no version of a domain", format);
        r = domain_new_call(client, domain, "Upgrade", what, &lease, &message);
        if (r < 0)
                return r;
        r = domain_run_job(client, message, sd_bus_message_append(message, "u", (uint32_t)format), lease, what);
        if (r >= 0)
                client_say(client, "storage domain %s has version %" PRIi64, domain, format);
        return r;
}

static const Parameter extend_arguments[] = { { "DOMAIN" }, { "DEVICE", .flags = PARAMETER_MANY, .complete = COMPLETE_FILE }, {} };
static const Parameter upgrade_arguments[] = { { "DOMAIN" }, {} };
static const Parameter upgrade_options[] = {
        { "format", .type = PARAMETER_COUNT, .place = PLACE_LOCAL, .placeholder = "VERSION", .help = "The version it is to get: 4 or 5 (default)" },
        {},
};
static const Parameter devices_options[] = {
        { "loops", .type = PARAMETER_FLAG, .place = PLACE_CALL, .help = "Loop devices too" },
        {},
};

const Command storage_commands[] = {
        { "storage", "devices", "List the disks this host sees and what they are used for", NULL, devices_options, storage_run_devices, 0 },
        { "storage", "extend", "Give a domain on block devices, by its id, more of them; this host holds its lease", extend_arguments, NULL, storage_run_extend,
          COMMAND_CHANGES },
        { "storage", "upgrade", "Give a domain of this host, by its id, a higher format version; there is no way back", upgrade_arguments, upgrade_options, storage_run_upgrade,
          COMMAND_CHANGES },
        {},
};
