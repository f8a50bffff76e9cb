/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "services.h"

#include <stdio.h>

#include "clock-util.h"
#include "commands.h"
#include "dict.h"
#include "kind.h"
#include "text.h"
#include "value.h"

const char *const service_names[] = { "Cluster", "Compute", "Storage", "Network", "Fence", NULL };

/* What comes up after a boot takes about a second: looking more often only slows it down. */
#define STATUS_AGAIN_USEC (200 * USEC_PER_MSEC)

int service_is_running(Client *client, const char *service) {
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_message_ sd_bus_message *reply = NULL;
        char name[64];
        int r, owned;

        (void) snprintf(name, sizeof name, "org.rhv.%s", service);
        r = sd_bus_call_method(client->bus, "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus",
                               "NameHasOwner", &error, &reply, "s", name);
        if (r >= 0)
                r = sd_bus_message_read_basic(reply, 'b', &owned);
        return r < 0 ? client_fail_bus(client, "Looking for the services", name, &error, r) : owned;
}

/* One service: asked for its root properties, which starts it. What goes wrong is what is shown. */
static json_t *look_at(Client *client, const char *service) {
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_json_ json_t *properties = NULL;
        char path[64], name[64];
        json_t *row;
        int r;

        (void) snprintf(path, sizeof path, "/org/rhv/%s", service);
        (void) snprintf(name, sizeof name, "org.rhv.%s", service);

        r = client_try_get_all(client, path, name, CALL_STATUS_USEC, &properties, &error);
        if (r < 0)
                return json_pack("{s:s, s:b, s:s}", "Service", name, "Reachable", 0, "Error",
                                 error.message ?: strerror(-r));

        row = json_pack("{s:s, s:b}", "Service", name, "Reachable", 1);
        if (row && json_object_update(row, properties) < 0) {
                json_decref(row);
                return NULL;
        }
        return row;
}

/* "libvirt ready, storage failed (why)" */
static char *backends_text(const json_t *row) {
        const json_t *backends = json_object_get(row, "Backends"), *backend;
        TextBuffer buffer = { 0 };
        size_t i;

        json_array_foreach((json_t *)backends, i, backend) {
                const char *reason = json_string_value(json_array_get(backend, 2));

                text_appendf(&buffer, "%s%s %s", i > 0 ? ", " : "", json_string_value(json_array_get(backend, 0)) ?: "",
                             json_string_value(json_array_get(backend, 1)) ?: "");
                if (!isempty(reason))
                        text_appendf(&buffer, " (%s)", reason);
        }

        return text_buffer_take(&buffer);
}

static bool backends_ready(const json_t *row) {
        const json_t *backends = json_object_get(row, "Backends"), *backend;
        size_t i;

        json_array_foreach((json_t *)backends, i, backend)
                if (!streq_ptr(json_string_value(json_array_get(backend, 1)), "ready"))
                        return false;
        return true;
}

/* The words a person reads, beside what the service says. Not part of the JSON. */
static int add_words(json_t *row) {
        bool reachable = dict_boolean(row, "Reachable", false);
        _cleanup_free_ char *backends = reachable ? backends_text(row) : strdup(dict_string(row, "Error", ""));

        if (!backends || json_object_set_new(row, "backends", json_string(backends)) < 0)
                return -ENOMEM;
        return json_object_set_new(row, "state", json_string(!reachable          ? "unreachable"
                                                             : backends_ready(row) ? "ready"
                                                                                   : "waiting"));
}

/* All five, and whether all is well. */
static json_t *look_at_all(Client *client, bool *ret_well) {
        json_t *rows = json_array();
        bool well = true;

        for (size_t i = 0; service_names[i]; i++) {
                json_t *row = look_at(client, service_names[i]);

                if (!row || json_array_append_new(rows, row) < 0) {
                        json_decref(rows);
                        return NULL;
                }
                well = well && dict_boolean(row, "Reachable", false) && backends_ready(row);
        }

        *ret_well = well;
        return rows;
}

/* Looks until all is well or --timeout has passed. */
static json_t *wait_for_all(Client *client, bool *ret_well) {
        uint64_t begun = monotonic_usec(), timeout = client->settings->timeout_usec;
        json_t *rows;

        for (;;) {
                rows = look_at_all(client, ret_well);
                if (!rows || *ret_well || monotonic_usec() - begun >= timeout)
                        return rows;
                json_decref(rows);
                (void) usleep(STATUS_AGAIN_USEC);
        }
}

static int status_run(Client *client, const Invocation *invocation) {
        static const Column columns[] = {
                { "SERVICE", "Service", FORMAT_TEXT, false },
                { "STATE", "state", FORMAT_TEXT, false },
                { "VERSION", "Version", FORMAT_TEXT, false },
                { "BACKENDS", "backends", FORMAT_TEXT, true },
                {},
        };
        _cleanup_json_ json_t *rows = NULL;
        bool well = false;
        json_t *row;
        size_t i;
        int r;

        rows = local_flag(invocation, "wait") ? wait_for_all(client, &well) : look_at_all(client, &well);
        if (!rows)
                return client_no_memory(client);
        json_array_foreach(rows, i, row)
                if (!client->settings->json && add_words(row) < 0)
                        return client_no_memory(client);

        r = client_print_rows(client, rows, columns, NULL);
        if (r >= 0 && !well) {
                client->exit_status = EXIT_FAILURE;
                r = -EIO;
        }
        return r;
}

static const Parameter status_options[] = {
        { "wait", .type = PARAMETER_FLAG, .help = "Wait until all is ready, with --timeout at most that long" },
        {},
};

const Command status_commands[] = {
        { "status", NULL, "Show the five services and what they wait for; fails unless all is ready", NULL, status_options, status_run, 0 },
        {},
};
