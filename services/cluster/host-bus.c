/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The D-Bus face of a host. */

#include "bus-error.h"
#include "dict.h"
#include "object-bus.h"
#include "parse-util.h"
#include "plan-network.h"
#include "spec.h"
#include "work.h"

/* How long Network may take to prove a set-up before it rolls back; its own default where not given. */
#define SETUP_TIMEOUT_MIN (5 * USEC_PER_SEC)
#define SETUP_TIMEOUT_MAX (600 * USEC_PER_SEC)
#define FIELD_TIMEOUT { "timeout", DICT_INTEGER, .min = SETUP_TIMEOUT_MIN, .max = SETUP_TIMEOUT_MAX }

static bool device_is_valid(const char *s) {
        return name_is_valid(s, 15);
}

/* backend: who will do the work. */
static int check_local(const Object *host, int backend, sd_bus_error *error) {
        const Manager *manager = host->owner;

        if (!streq(host->id, manager->host_id))
                return sd_bus_error_setf(error, RHV_ERROR_NOT_SUPPORTED, "The host %s cannot be reached from here",
                                         host->name);
        if (host->job[0])
                return sd_bus_error_setf(error, RHV_ERROR_BUSY, "The host %s is busy with job %s", host->name, host->job);
        return backend_check(manager->backends[backend], error);
}

/* One way for all that sets up networks. networks, bonds: borrowed. more: options for Network, may be NULL. */
static int set_up(Request *request, Object *host, const char *verb, const json_t *networks, const json_t *bonds,
                  const json_t *more, sd_bus_error *error) {
        _cleanup_(change_freep) Change *change = change_new();
        Actor actor;
        Job *job = NULL;
        int r;

        if (!request->replay) {
                r = check_local(host, BACKEND_NETWORK, error);
                if (r < 0)
                        return r;
        }
        r = request_authorise(request, ACTION_MANAGE_HOST, verb, host, NULL, error);
        if (r <= 0)
                return r < 0 ? r : 1;

        actor = request_actor(request);
        r = change ? event_add(change, &actor, EVENT_NORMAL, "networks-requested", EVENT_OBJECTS(host->path),
                               "A change of the networks of the host %s was asked for", host->name)
                   : -ENOMEM;
        if (r >= 0)
                r = request_begin_job(request, "setup-networks", host, json_object(), change, &job, error);
        if (r < 0)
                return r;
        if (job)
                work_networks(request->manager, job, networks, bonds, more);
        return request_reply(request, "j");
}

static int check_dicts(const json_t *dicts, const char *what, sd_bus_error *error) {
        const char *key;
        json_t *value;

        json_object_foreach((json_t *)dicts, key, value)
                if (!json_is_object(value) || !label_is_valid(key, NAME_BYTES_MAX))
                        return sd_bus_error_setf(error, RHV_ERROR_INVALID_ARGUMENT, "%s: '%s' is not a name with a description",
                                                 what, key);
        return 0;
}

/* The keys of each network are Network's to check: it refuses what it does not know. */
static int method_setup_networks(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        static const DictField fields[] = { OPTIONS_COMMON, FIELD_TIMEOUT, { NULL } };
        Object *host = userdata;
        _cleanup_request_ Request request = { NULL };
        _cleanup_json_ json_t *networks = NULL, *bonds = NULL, *arguments = NULL, *more = json_object();
        const json_t *timeout;
        int r;

        r = dict_read(message, &networks, error);
        if (r >= 0)
                r = check_dicts(networks, "networks", error);
        if (r >= 0)
                r = dict_read(message, &bonds, error);
        if (r >= 0)
                r = check_dicts(bonds, "bonds", error);
        if (r < 0)
                return r;
        arguments = json_pack("[O, O]", networks, bonds);
        if (!arguments || !more)
                return -ENOMEM;
        r = request_read(&request, host->owner, message, arguments, fields, error);
        if (r < 0)
                return r;
        timeout = json_object_get(request.options, "timeout");
        if (timeout && json_object_set(more, "timeout", (json_t *)timeout) < 0)
                return -ENOMEM;
        return set_up(&request, host, "setup-networks", networks, bonds, more, error);
}

static json_t *attachment(const Object *network, const json_t *options) {
        static const char *const copied[] = { "nic", "bonding", "ipv4", "ipv6" };
        json_t *description = json_pack("{s:b}", "bridged", dict_boolean(network->spec, "bridged", true));

        if (!description)
                return NULL;
        for (size_t i = 0; i < ELEMENTSOF(copied); i++) {
                json_t *value = json_object_get(options, copied[i]);

                if (value)
                        (void) json_object_set(description, copied[i], value);
        }
        if (dict_integer(network->spec, "vlan", 0) > 0)
                (void) json_object_set(description, "vlan", json_object_get(network->spec, "vlan"));
        if (dict_integer(network->spec, "mtu", 0) > 0)
                (void) json_object_set(description, "mtu", json_object_get(network->spec, "mtu"));
        if (dict_boolean(network->spec, "management", false))
                (void) json_object_set_new(description, "management", json_true());
        return description;
}

/* What a NAT or isolated network has none of: it lies on no NIC, and its host's address follows from its subnet. */
static int check_virtual_options(const Object *network, const json_t *options, sd_bus_error *error) {
        static const char *const refused[] = { "nic", "bonding", "ipv4", "ipv6" };

        for (size_t i = 0; i < ELEMENTSOF(refused); i++)
                if (json_object_get(options, refused[i]))
                        return sd_bus_error_setf(error, RHV_ERROR_INVALID_ARGUMENT, "The %s network %s lies on no NIC and its subnet is its own: it takes no '%s'",
                                                 network_mode(network), network->name, refused[i]);
        return 0;
}

static int check_virtual(const Object *host, const Object *network, const json_t *options, bool attach, sd_bus_error *error) {
        const Manager *manager = host->owner;
        int r;

        r = check_virtual_options(network, options, error);
        if (r >= 0)
                r = check_local(host, BACKEND_COMPUTE, error);
        if (r >= 0 && !attach && !json_object_get(manager->virtual_networks, network->name))
                r = sd_bus_error_setf(error, RHV_ERROR_NOT_FOUND, "The network %s is not on the host %s", network->name, host->name);
        return r;
}

/* One way for both; the network is in the job's arguments, so that the call can be made again. */
static int set_up_virtual(Request *request, Object *host, const char *verb, const Object *network, bool attach, sd_bus_error *error) {
        _cleanup_(change_freep) Change *change = change_new();
        json_t *arguments;
        Actor actor;
        Job *job = NULL;
        int r;

        if (!request->replay) {
                r = check_virtual(host, network, request->options, attach, error);
                if (r < 0)
                        return r;
        }
        r = request_authorise(request, ACTION_MANAGE_HOST, verb, host, NULL, error);
        if (r <= 0)
                return r < 0 ? r : 1;

        actor = request_actor(request);
        r = change ? event_add(change, &actor, EVENT_NORMAL, "networks-requested", EVENT_OBJECTS(host->path),
                               "A change of the networks of the host %s was asked for", host->name)
                   : -ENOMEM;
        if (r < 0)
                return r;
        arguments = request->replay ? json_object()
                                    : json_pack("{s:s, s:o}", "network", network->name, "description", network_virtual_description(network));
        r = request_begin_job(request, attach ? "attach-virtual-network" : "detach-virtual-network", host, arguments, change, &job, error);
        if (r < 0)
                return r;
        if (job)
                work_virtual_network(request->manager, job);
        return request_reply(request, "j");
}

static int with_network(sd_bus_message *message, Object *host, const DictField *fields, const char *verb, bool attach,
                        sd_bus_error *error) {
        Manager *manager = host->owner;
        _cleanup_request_ Request request = { NULL };
        _cleanup_json_ json_t *networks = json_object(), *bonds = json_object(), *arguments = NULL;
        _cleanup_free_ char *name = NULL;
        const char *reference;
        json_t *description;
        Object *network;
        int r;

        r = sd_bus_message_read_basic(message, 's', &reference);
        if (r < 0)
                return r;
        arguments = json_pack("[s]", reference);
        r = request_read(&request, manager, message, arguments, fields, error);
        if (r < 0)
                return r;
        if (request.replay) /* the network may be gone by now */
                return set_up(&request, host, verb, networks, bonds, NULL, error);
        network = model_resolve(manager->model, KIND_NETWORK, reference, object_data_center(host), error);
        if (!network)
                return -ENOENT;
        if (!attach && dict_boolean(network->spec, "management", false))
                return sd_bus_error_set(error, RHV_ERROR_INVALID_ARGUMENT,
                                        "The management network cannot be detached from a host");

        if (network_is_virtual(network))
                return set_up_virtual(&request, host, verb, network, attach, error);
        name = network_host_name(network->name, network->id);
        description = attach ? attachment(network, request.options) : json_pack("{s:b}", "remove", 1);
        if (!name || !networks || !bonds || !description || json_object_set_new(networks, name, description) < 0)
                return -ENOMEM;
        return set_up(&request, host, verb, networks, bonds, NULL, error);
}

static const char *const ip_methods[] = { "none", "dhcp", "static", "auto", NULL };
static const DictField address_element = { "address", DICT_STRING, .min = 1, .max = 64 };
static const DictField ip_fields[] = {
        { "method", DICT_STRING, DICT_REQUIRED, .words = ip_methods },
        { "addresses", DICT_ARRAY, .min = 0, .max = 16, .element = &address_element },
        { "gateway", DICT_STRING, .min = 0, .max = 64 },
        { NULL },
};

static int method_attach_network(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        static const DictField fields[] = {
                OPTIONS_COMMON,
                { "nic", DICT_STRING, .valid = device_is_valid, .expected = "the name of a network device" },
                { "bonding", DICT_STRING, .valid = device_is_valid, .expected = "the name of a bond" },
                { "ipv4", DICT_OBJECT, .fields = ip_fields },
                { "ipv6", DICT_OBJECT, .fields = ip_fields },
                { NULL },
        };

        return with_network(message, userdata, fields, "attach-network", true, error);
}

static int method_detach_network(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        return with_network(message, userdata, options_common, "detach-network", false, error);
}

static int set_maintenance(sd_bus_message *message, Object *host, bool wanted, sd_bus_error *error) {
        Manager *manager = host->owner;
        _cleanup_request_ Request request = { NULL };
        _cleanup_(change_freep) Change *change = change_new();
        Actor actor;
        int r;

        r = request_read(&request, manager, message, NULL, options_common, error);
        if (r < 0)
                return r;
        actor = request_actor(&request);
        r = change ? plan_set_spec(host, "maintenance", json_boolean(wanted), change) : -ENOMEM;
        if (r >= 0)
                r = event_add(change, &actor, EVENT_NORMAL, wanted ? "host-maintenance" : "host-activated",
                              EVENT_OBJECTS(host->path),
                              wanted ? "The host %s is sent to maintenance" : "The host %s is activated", host->name);
        if (r < 0)
                return r;
        r = request_authorise(&request, ACTION_MANAGE_HOST, wanted ? "maintenance" : "activate", host, NULL, error);
        if (r <= 0)
                return r < 0 ? r : 1;
        r = request_commit(&request, change, false, error);
        if (r < 0)
                return r;

        if (!wanted) {
                /* a person wants another try */
                manager->management_failed = false;
                for (int i = 0; i < _BACKENDS_MAX; i++)
                        backend_retry(manager->backends[i]);
        }
        host_refresh(manager);
        return request_reply(&request, "");
}

static int method_activate(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        return set_maintenance(message, userdata, false, error);
}

static int method_maintenance(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        return set_maintenance(message, userdata, true, error);
}

const sd_bus_vtable host_vtable[] = {
        SD_BUS_VTABLE_START(0),
        PROPERTY_CONST("Id", "s"),
        PROPERTY_CHANGING("Name", "s"),
        PROPERTY_CHANGING("Description", "s"),
        PROPERTY_CONST("Cluster", "s"),
        PROPERTY_CHANGING("HostId", "u"),
        PROPERTY_CHANGING("State", "s"),
        PROPERTY_CHANGING("StateReason", "s"),
        PROPERTY_CHANGING("Job", "o"),
        PROPERTY_CHANGING("Capabilities", "a{sv}"),
        PROPERTY_CHANGING("MemoryTotal", "t"),
        PROPERTY_CHANGING("MemoryFree", "t"),
        PROPERTY_CHANGING("CpuPercent", "d"),
        PROPERTY_CHANGING("VmCount", "u"),
        METHOD_UPDATE,
        METHOD_REMOVE,
        SD_BUS_METHOD_WITH_ARGS("SetupNetworks", SD_BUS_ARGS("a{sa{sv}}", networks, "a{sa{sv}}", bonds, "a{sv}", options),
                                SD_BUS_RESULT("o", job), method_setup_networks, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("AttachNetwork", SD_BUS_ARGS("s", network, "a{sv}", options), SD_BUS_RESULT("o", job),
                                method_attach_network, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("DetachNetwork", SD_BUS_ARGS("s", network, "a{sv}", options), SD_BUS_RESULT("o", job),
                                method_detach_network, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Activate", SD_BUS_ARGS("a{sv}", options), SD_BUS_NO_RESULT, method_activate,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Maintenance", SD_BUS_ARGS("a{sv}", options), SD_BUS_NO_RESULT, method_maintenance,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_VTABLE_END,
};
