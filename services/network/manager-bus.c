/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The D-Bus face of the Manager: org.rhv.Network. */

#include <stdio.h>

#include "bus-error.h"
#include "config.h"
#include "dict.h"
#include "manager.h"
#include "objects.h"
#include "parse-util.h"
#include "plan-report.h"
#include "plan.h"

/* ---- properties ---- */

static int property_version(sd_bus *bus, const char *path, const char *interface, const char *property, sd_bus_message *reply, void *userdata,
                            sd_bus_error *error) {
        return sd_bus_message_append(reply, "s", RHV_VERSION);
}

static int property_features(sd_bus *bus, const char *path, const char *interface, const char *property, sd_bus_message *reply, void *userdata,
                             sd_bus_error *error) {
        return sd_bus_message_append(reply, "as", 0);
}

static int property_backends(sd_bus *bus, const char *path, const char *interface, const char *property, sd_bus_message *reply, void *userdata,
                             sd_bus_error *error) {
        static const char *const words[] = { [NM_CONNECTING] = "connecting", [NM_READY] = "ready", [NM_FAILED] = "failed" };
        const Manager *manager = userdata;

        return sd_bus_message_append(reply, "a(sss)", 1, "NetworkManager", words[nm_state(manager->nm)], nm_reason(manager->nm));
}

/* ---- SetupNetworks ---- */

static const DictField setup_fields[] = {
        { .key = "job_id", .type = DICT_STRING, .valid = uuid_is_valid, .expected = "a UUID" },
        { .key = "timeout", .type = DICT_INTEGER, .min = (int64_t)SETUP_TIMEOUT_MIN_USEC, .max = (int64_t)SETUP_TIMEOUT_MAX_USEC },
        { .key = "confirm", .type = DICT_BOOLEAN },
        { .key = "check_gateway", .type = DICT_BOOLEAN },
        {},
};

typedef struct SetupRequest {
        json_t *networks, *bonds, *options, *plan;
        bool changes; /* the plan holds something to do */
} SetupRequest;

static void setup_request_done(SetupRequest *request) {
        json_decref(request->networks);
        json_decref(request->bonds);
        json_decref(request->options);
        json_decref(request->plan);
}

static int read_setup(sd_bus_message *message, SetupRequest *request, sd_bus_error *error) {
        int r;

        r = dict_read(message, &request->networks, error);
        if (r >= 0)
                r = dict_read(message, &request->bonds, error);
        if (r >= 0)
                r = dict_read_checked(message, setup_fields, "options", &request->options, error);
        return r;
}

/* Free of side effects: the plan, or why there cannot be one. */
static int check_setup(Manager *manager, SetupRequest *request, sd_bus_error *error) {
        const char *id = dict_string(request->options, "job_id", NULL);
        const json_t *view;
        int r;

        if (id && job_find(manager->daemon->jobs, id))
                return 0; /* a retry: job_new() compares it with what was asked then */

        view = manager_view(manager, error);
        if (!view)
                return -EHOSTDOWN;
        if (setup_is_busy(manager->setup))
                return sd_bus_error_setf(error, RHV_ERROR_BUSY, "Another network set-up is under way (job %s)", setup_job(manager->setup));
        r = plan_make(view, request->networks, request->bonds, &request->plan, error);
        if (r < 0)
                return r;
        request->changes = r > 0;
        return 0;
}

/* The names a request touches, for polkit's rules and messages: "ovirtmgmt, vmnet". Cut where it is too long to be read. */
static void join_names(const SetupRequest *request, char *buffer, size_t size) {
        const json_t *const maps[] = { request->networks, request->bonds };
        size_t n = 0;

        buffer[0] = 0;
        for (size_t i = 0; i < ELEMENTSOF(maps); i++) {
                const char *name;
                json_t *entry;

                json_object_foreach((json_t *)maps[i], name, entry) {
                        int k = snprintf(buffer + n, size - n, "%s%s", n ? ", " : "", name);

                        if (k < 0 || (size_t)k >= size - n)
                                return;
                        n += (size_t)k;
                }
        }
}

static int cancel_setup(Job *job, void *userdata, sd_bus_error *error) {
        Manager *manager = userdata;

        return setup_cancel(manager->setup, error);
}

static int start_setup(Manager *manager, sd_bus_message *message, SetupRequest *request, sd_bus_error *error) {
        _cleanup_json_ json_t *arguments = json_pack("{s:O, s:O}", "networks", request->networks, "bonds", request->bonds);
        SetupOptions options = {
                .timeout_usec = (uint64_t)dict_integer(request->options, "timeout", (int64_t)SETUP_TIMEOUT_USEC),
                .confirm = dict_boolean(request->options, "confirm", false),
                .check_gateway = dict_boolean(request->options, "check_gateway", true),
        };
        JobSpec spec = {
                .id = dict_string(request->options, "job_id", NULL),
                .kind = "setup-networks",
                .arguments = arguments,
                .cancel = cancel_setup,
                .userdata = manager,
        };
        Job *job;
        int r;

        if (!arguments)
                return -ENOMEM;
        r = message_get_uid(message, &spec.uid);
        if (r < 0)
                return r;
        r = job_new(manager->daemon->jobs, &spec, &job, error);
        if (r < 0)
                return r;
        if (r == 0)
                return sd_bus_reply_method_return(message, "o", job_path(job));

        job_start(job);
        r = request->changes ? setup_start(manager->setup, job_id(job), request->plan, &options, error) : 0;
        if (r < 0) {
                job_drop(job);
                return r;
        }
        r = sd_bus_reply_method_return(message, "o", job_path(job));
        if (!request->changes)
                job_finish(job, 0, NULL, json_pack("{s:b}", "changed", false));
        return r;
}

static int method_setup_networks(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        _cleanup_(setup_request_done) SetupRequest request = { 0 };
        Manager *manager = userdata;
        char names[256];
        int r;

        if (manager_wait(manager, message))
                return 1;
        r = read_setup(message, &request, error);
        if (r >= 0)
                r = check_setup(manager, &request, error);
        if (r < 0)
                return r;

        join_names(&request, names, sizeof names);
        r = auth_check(manager->daemon->auth, message, ACTION_NETWORK_CONFIGURE, AUTH_DETAILS("verb", "setup-networks", "network", names), error);
        if (r <= 0)
                return r < 0 ? r : 1;

        return start_setup(manager, message, &request, error);
}

/* ---- PlanNetworks ---- */

static int reply_steps(sd_bus_message *message, const json_t *steps) {
        _cleanup_message_ sd_bus_message *reply = NULL;
        int r;

        r = sd_bus_message_new_method_return(message, &reply);
        if (r >= 0)
                r = dict_append_array(reply, steps);
        return r < 0 ? r : sd_bus_send(NULL, reply, NULL);
}

static int method_plan_networks(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        _cleanup_(setup_request_done) SetupRequest request = { 0 };
        _cleanup_json_ json_t *steps = NULL;
        Manager *manager = userdata;
        const json_t *view;
        int r;

        if (manager_wait(manager, message))
                return 1;
        r = dict_read(message, &request.networks, error);
        if (r >= 0)
                r = dict_read(message, &request.bonds, error);
        if (r >= 0)
                r = dict_read_empty(message, error);
        if (r < 0)
                return r;
        view = manager_view(manager, error);
        if (!view)
                return -EHOSTDOWN;
        r = plan_make(view, request.networks, request.bonds, &request.plan, error);
        if (r < 0)
                return r;
        steps = plan_report(view, request.plan);
        return steps ? reply_steps(message, steps) : -ENOMEM;
}

/* ---- the other methods ---- */

static int method_confirm(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        Manager *manager = userdata;
        const char *id, *running;
        int r;

        r = sd_bus_message_read(message, "s", &id);
        if (r < 0)
                return r;
        r = dict_read_empty(message, error);
        if (r < 0)
                return r;
        if (!uuid_is_valid(id))
                return sd_bus_error_set(error, RHV_ERROR_INVALID_ARGUMENT, "The job's id must be a lower-case UUID");
        running = setup_job(manager->setup);
        if (!streq_ptr(running, id))
                return sd_bus_error_setf(error, RHV_ERROR_NOT_FOUND, "No network set-up %s is under way", id);

        r = auth_check(manager->daemon->auth, message, ACTION_NETWORK_CONFIGURE, AUTH_DETAILS("verb", "confirm", "job", id), error);
        if (r <= 0)
                return r < 0 ? r : 1;

        r = setup_confirm(manager->setup, error);
        return r < 0 ? r : sd_bus_reply_method_return(message, NULL);
}

static int method_get_capabilities(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        _cleanup_message_ sd_bus_message *reply = NULL;
        _cleanup_json_ json_t *capabilities = NULL;
        Manager *manager = userdata;
        const json_t *view;
        int r;

        if (manager_wait(manager, message))
                return 1;
        view = manager_view(manager, error);
        if (!view)
                return -EHOSTDOWN;
        capabilities = objects_capabilities(view);
        if (!capabilities || json_object_set_new(capabilities, "network_manager_version", json_string(nm_version(manager->nm))) < 0)
                return -ENOMEM;

        r = sd_bus_message_new_method_return(message, &reply);
        if (r >= 0)
                r = dict_append(reply, capabilities);
        return r < 0 ? r : sd_bus_message_send(reply);
}

static int append_stats(sd_bus_message *reply, const json_t *stats) {
        const char *name;
        json_t *entry;
        int r;

        r = sd_bus_message_open_container(reply, 'a', "{sa{sv}}");
        if (r < 0)
                return r;
        json_object_foreach((json_t *)stats, name, entry) {
                r = sd_bus_message_open_container(reply, 'e', "sa{sv}");
                if (r >= 0)
                        r = sd_bus_message_append(reply, "s", name);
                if (r >= 0)
                        r = dict_append(reply, entry);
                if (r >= 0)
                        r = sd_bus_message_close_container(reply);
                if (r < 0)
                        return r;
        }
        return sd_bus_message_close_container(reply);
}

static int method_get_stats(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        _cleanup_message_ sd_bus_message *reply = NULL;
        _cleanup_json_ json_t *stats = NULL;
        Manager *manager = userdata;
        int r;

        r = link_stats_read(manager->stats, &stats);
        if (r < 0)
                return bus_error_errno(error, r, "Cannot read " LINK_STATS_PATH);
        r = sd_bus_message_new_method_return(message, &reply);
        if (r >= 0)
                r = append_stats(reply, stats);
        return r < 0 ? r : sd_bus_message_send(reply);
}

static const sd_bus_vtable manager_vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_METHOD_WITH_ARGS("SetupNetworks", SD_BUS_ARGS("a{sa{sv}}", networks, "a{sa{sv}}", bonds, "a{sv}", options), SD_BUS_RESULT("o", job),
                                method_setup_networks, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("PlanNetworks", SD_BUS_ARGS("a{sa{sv}}", networks, "a{sa{sv}}", bonds, "a{sv}", options), SD_BUS_RESULT("aa{sv}", steps),
                                method_plan_networks, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Confirm", SD_BUS_ARGS("s", job, "a{sv}", options), SD_BUS_NO_RESULT, method_confirm, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("GetCapabilities", SD_BUS_NO_ARGS, SD_BUS_RESULT("a{sv}", capabilities), method_get_capabilities,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("GetStats", SD_BUS_NO_ARGS, SD_BUS_RESULT("a{sa{sv}}", stats), method_get_stats, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_PROPERTY("Version", "s", property_version, 0, SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_PROPERTY("Features", "as", property_features, 0, SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_PROPERTY("Backends", "a(sss)", property_backends, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_VTABLE_END,
};

const BusObject network_bus_objects[] = {
        { .path = NETWORK_ROOT, .interface = NETWORK_INTERFACE, .vtable = manager_vtable },
        { .path = NETWORK_NETWORK_PREFIX, .interface = NETWORK_NETWORK_INTERFACE, .vtable = network_vtable, .find = network_bus_find,
          .enumerate = network_bus_enumerate },
        { .path = NETWORK_NIC_PREFIX, .interface = NETWORK_NIC_INTERFACE, .vtable = nic_vtable, .find = nic_bus_find,
          .enumerate = nic_bus_enumerate },
        {},
};
