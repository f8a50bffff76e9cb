/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The D-Bus face of Fence: translates between messages and the model, and nothing else. */

#include "agent-list.h"
#include "bus-error.h"
#include "config.h"
#include "dict.h"
#include "intake.h"
#include "manager.h"
#include "operation.h"
#include "request.h"

#define ACTION_OPERATE "org.rhv.fence.operate"

static int property_version(sd_bus *bus, const char *path, const char *interface, const char *property, sd_bus_message *reply,
                            void *userdata, sd_bus_error *error) {
        return sd_bus_message_append(reply, "s", RHV_VERSION);
}

static int property_features(sd_bus *bus, const char *path, const char *interface, const char *property, sd_bus_message *reply,
                             void *userdata, sd_bus_error *error) {
        return bus_append_strings(reply, NULL);
}

static int property_backends(sd_bus *bus, const char *path, const char *interface, const char *property, sd_bus_message *reply,
                             void *userdata, sd_bus_error *error) {
        const Manager *manager = userdata;

        return sd_bus_message_append(reply, "a(sss)", 1, "fence-agents", manager->agents_there ? "ready" : "failed",
                                     manager->agents_there ? "" : "No fence agent is installed; install the package fence-agents");
}

static int method_list_agents(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        _cleanup_message_ sd_bus_message *reply = NULL;
        _cleanup_json_ json_t *list = NULL;
        size_t i;
        json_t *name;
        int r;

        r = dict_read_empty(message, error);
        if (r < 0)
                return r;
        r = manager_list_agents(userdata, &list);
        if (r < 0)
                return bus_error_errno(error, r, "Cannot list the fence agents");

        r = sd_bus_message_new_method_return(message, &reply);
        if (r >= 0)
                r = sd_bus_message_open_container(reply, 'a', "s");
        json_array_foreach(list, i, name) {
                if (r >= 0)
                        r = sd_bus_message_append_basic(reply, 's', json_string_value(name));
        }
        if (r >= 0)
                r = sd_bus_message_close_container(reply);
        return r < 0 ? r : sd_bus_send(NULL, reply, NULL);
}

static void on_parameters(const json_t *metadata, const sd_bus_error *error, void *userdata) {
        _cleanup_message_ sd_bus_message *reply = NULL;
        Operation *operation = userdata;
        int r;

        if (!metadata) {
                operation_fail(operation, error);
                return;
        }
        r = sd_bus_message_new_method_return(operation_message(operation), &reply);
        if (r >= 0)
                r = dict_append_array(reply, json_object_get(metadata, "parameters"));
        if (r < 0)
                operation_fail_errno(operation, r, NULL);
        else
                operation_reply_message(operation, reply);
}

static int method_get_agent_parameters(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        _cleanup_error_ sd_bus_error reason = SD_BUS_ERROR_NULL;
        Manager *manager = userdata;
        Operation *operation;
        const json_t *metadata;
        const char *name;
        int r;

        r = sd_bus_message_read(message, "s", &name);
        if (r < 0)
                return r;
        if (!agent_name_is_valid(name))
                return sd_bus_error_set(error, RHV_ERROR_INVALID_ARGUMENT, "That is not the name of a fence agent");
        r = agent_store_peek(manager->agents, name, &metadata, error);
        if (r < 0)
                return r;

        operation = operation_new(message);
        if (!operation)
                return -ENOMEM;
        if (r > 0)
                on_parameters(metadata, NULL, operation);
        else {
                r = agent_store_load(manager->agents, name, on_parameters, operation, &reason);
                if (r < 0)
                        operation_fail_errno(operation, r, &reason);
        }
        return 1;
}

static const DictField run_option_fields[] = {
        { .key = "timeout", .type = DICT_INTEGER, .min = SEQUENCE_TIMEOUT_MIN_USEC, .max = SEQUENCE_TIMEOUT_MAX_USEC },
        { .key = "job_id", .type = DICT_STRING, .min = 36, .max = 36 },
        { 0 },
};

/* Reads and checks the four arguments; spec's objects are new. */
static int read_run(sd_bus_message *message, IntakeSpec *spec, sd_bus_error *error) {
        const char *word;
        int r;

        r = sd_bus_message_read(message, "s", &word);
        if (r < 0)
                return r;
        spec->action = fence_action_from_string(word);
        if (spec->action < 0)
                return sd_bus_error_set(error, RHV_ERROR_INVALID_ARGUMENT, "The action must be status, on, off or reboot");
        r = dict_read_checked(message, request_device_fields, "device", &spec->device, error);
        if (r < 0)
                return r;
        r = sd_bus_message_read(message, "h", &spec->secrets_fd);
        if (r < 0)
                return r;
        return dict_read_checked(message, run_option_fields, "options", &spec->options, error);
}

static int authorize_run(Manager *manager, sd_bus_message *message, const IntakeSpec *spec, sd_bus_error *error) {
        _cleanup_free_ char *device = request_describe(spec->device);

        if (!device)
                return -ENOMEM;
        return auth_check(manager->daemon->auth, message, ACTION_OPERATE,
                          AUTH_DETAILS("verb", fence_action_to_string(spec->action), "device", device, "agent",
                                       dict_string(spec->device, "agent", "")),
                          error);
}

static int method_run(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        Manager *manager = userdata;
        _cleanup_(intake_spec_done) IntakeSpec spec = { .secrets_fd = -EBADF };
        int r;

        r = read_run(message, &spec, error);
        if (r < 0)
                return r;
        r = intake_check(manager, &spec, error);
        if (r < 0)
                return r;
        r = authorize_run(manager, message, &spec, error);
        if (r < 0)
                return r;
        if (r == 0)
                return 1;

        r = intake_begin(manager, message, &spec, error);
        return r < 0 ? r : 1;
}

static const sd_bus_vtable fence_vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_PROPERTY("Version", "s", property_version, 0, SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_PROPERTY("Features", "as", property_features, 0, SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_PROPERTY("Backends", "a(sss)", property_backends, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_METHOD_WITH_ARGS("ListAgents", SD_BUS_ARGS("a{sv}", options), SD_BUS_RESULT("as", agents), method_list_agents,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("GetAgentParameters", SD_BUS_ARGS("s", agent), SD_BUS_RESULT("aa{sv}", parameters),
                                method_get_agent_parameters, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Run", SD_BUS_ARGS("s", action, "a{sv}", device, "h", secrets, "a{sv}", options),
                                SD_BUS_RESULT("o", job), method_run, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_VTABLE_END,
};

const BusObject fence_bus_objects[] = {
        { .path = FENCE_PATH, .interface = FENCE_INTERFACE, .vtable = fence_vtable },
        { 0 },
};
