/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "network-bus.h"

#include "bus-error.h"
#include "dict.h"

/* ---- finding ---- */

int network_bus_find(sd_bus *bus, const char *path, const char *interface, void *userdata, void **ret_found, sd_bus_error *error) {
        _cleanup_free_ char *name = NULL;
        int r;

        r = bus_object_id(path, COMPUTE_NETWORK_PREFIX, &name);
        if (r <= 0)
                return r;
        *ret_found = networks_find(userdata, name);
        return *ret_found != NULL;
}

int network_bus_enumerate(sd_bus *bus, const char *prefix, void *userdata, char ***ret_nodes, sd_bus_error *error) {
        Manager *manager = userdata;
        char **nodes = calloc(networks_count(manager) + 1, sizeof(char *));
        Network *network, *next;
        size_t n = 0;

        if (!nodes)
                return -ENOMEM;
        HASH_ITER(by_name, manager->networks, network, next) {
                nodes[n] = strdup(network->path);
                n += nodes[n] != NULL;
        }
        *ret_nodes = nodes;
        return 0;
}

/* ---- properties ---- */

#define GETTER(name) \
        static int name(sd_bus *bus, const char *path, const char *interface, const char *property, sd_bus_message *reply, void *userdata, sd_bus_error *error)

/* Name and Device: the bridge has the network's name. */
GETTER(property_name) {
        const Network *network = userdata;
        return sd_bus_message_append_basic(reply, 's', network->is.name);
}

GETTER(property_mode) {
        const Network *network = userdata;
        return sd_bus_message_append_basic(reply, 's', virtual_mode_to_string(network->is.mode));
}

GETTER(property_subnet) {
        const Network *network = userdata;
        char text[SUBNET4_TEXT_MAX] = "";

        if (network->is.has_subnet)
                subnet4_format(network->is.subnet, text);
        return sd_bus_message_append_basic(reply, 's', text);
}

GETTER(property_address) {
        const Network *network = userdata;
        char text[SUBNET4_TEXT_MAX] = "";

        if (network->is.has_subnet)
                address4_format(virtual_network_address(&network->is), text);
        return sd_bus_message_append_basic(reply, 's', text);
}

GETTER(property_subnet6) {
        const Network *network = userdata;
        char text[SUBNET6_TEXT_MAX] = "";

        if (network->is.has_subnet6)
                subnet6_format(&network->is.subnet6, text);
        return sd_bus_message_append_basic(reply, 's', text);
}

GETTER(property_address6) {
        const Network *network = userdata;
        char text[INET6_ADDRSTRLEN] = "";

        if (network->is.has_subnet6)
                virtual_network_address6(&network->is, text);
        return sd_bus_message_append_basic(reply, 's', text);
}

GETTER(property_dhcp) {
        const Network *network = userdata;
        char text[VIRTUAL_DHCP_TEXT_MAX];

        virtual_network_dhcp(&network->is, text);
        return sd_bus_message_append_basic(reply, 's', text);
}

GETTER(property_state) {
        const Network *network = userdata;
        return sd_bus_message_append_basic(reply, 's', network->active ? "active" : "failed");
}

GETTER(property_state_reason) {
        const Network *network = userdata;
        return sd_bus_message_append_basic(reply, 's', network->active ? "" : network->reason ?: "libvirt has stopped it");
}

/* ---- methods ---- */

static int allow(Manager *manager, sd_bus_message *message, const char *verb, const char *name, sd_bus_error *error) {
        return auth_check(manager->daemon->auth, message, ACTION_COMPUTE_NETWORK, AUTH_DETAILS("verb", verb, "network", name), error);
}

static int check_unused(const Manager *manager, const char *name, sd_bus_error *error) {
        const char *user = networks_user(manager, name);

        return user ? sd_bus_error_setf(error, RHV_ERROR_IN_USE, "VM %s is on the network %s", user, name) : 0;
}

static void on_setup(const VirtOutcome *outcome, void *context, void *userdata) {
        Manager *manager = userdata;
        Operation **operation = context;
        Network *network = NULL;

        if (outcome->r < 0) {
                *operation = operation_fail_errno(*operation, outcome->r, outcome->error);
                return;
        }
        if (outcome->n_networks > 0)
                network = networks_apply(manager, &outcome->networks[0]);
        bus_changes_flush(manager->daemon->changes);
        if (network)
                *operation = operation_reply(*operation, "o", network->path);
        else
                *operation = operation_failf(*operation, RHV_ERROR_LIMIT_EXCEEDED, "There are %u NAT and isolated networks on this host already", NETWORKS_MAX);
}

static int check_setup(const Manager *manager, const VirtualNetwork *wanted, sd_bus_error *error) {
        const Network *network = networks_find(manager, wanted->name);

        if (!network && networks_count(manager) >= NETWORKS_MAX)
                return sd_bus_error_setf(error, RHV_ERROR_LIMIT_EXCEEDED, "There are %u NAT and isolated networks on this host already", NETWORKS_MAX);
        if (network && !virtual_network_equal(&network->is, wanted)) {
                int r = check_unused(manager, wanted->name, error);

                if (r < 0)
                        return r;
        }
        return virt_check_ready(manager->virt, error);
}

int network_method_setup(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        Manager *manager = userdata;
        _cleanup_json_ json_t *description = NULL;
        VirtualNetwork wanted;
        VirtRequest request = { .verb = VIRT_NETWORK_SETUP, .network = &wanted, .lane = manager->network_lane };
        const char *name;
        int r;

        if (manager_wait_for_backend(manager, message))
                return 1;
        r = sd_bus_message_read_basic(message, 's', &name);
        if (r < 0)
                return r;
        r = dict_read_checked(message, virtual_network_fields, "network", &description, error);
        if (r >= 0)
                r = dict_read_empty(message, error);
        if (r >= 0)
                r = virtual_network_parse(name, description, &wanted, error);
        if (r >= 0)
                r = check_setup(manager, &wanted, error);
        if (r < 0)
                return r;
        r = allow(manager, message, "setup-network", name, error);
        if (r <= 0)
                return r < 0 ? r : 1;
        return virt_call_parked(manager->virt, &request, on_setup, message, error);
}

static void on_removed(const VirtOutcome *outcome, void *context, void *userdata) {
        Operation **operation = context;

        if (outcome->r < 0) {
                *operation = operation_fail_errno(*operation, outcome->r, outcome->error);
                return;
        }
        networks_gone(userdata, outcome->id);
        *operation = operation_reply(*operation, "");
}

static int method_remove(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        const Network *network = userdata;
        Manager *manager = network->manager;
        VirtRequest request = { .verb = VIRT_NETWORK_REMOVE, .network = &network->is, .lane = manager->network_lane };
        int r;

        r = dict_read_empty(message, error);
        if (r >= 0)
                r = check_unused(manager, network->is.name, error);
        if (r >= 0)
                r = virt_check_ready(manager->virt, error);
        if (r < 0)
                return r;
        r = allow(manager, message, "remove-network", network->is.name, error);
        if (r <= 0)
                return r < 0 ? r : 1;
        return virt_call_parked(manager->virt, &request, on_removed, message, error);
}

static void on_leases(const VirtOutcome *outcome, void *context, void *userdata) {
        _cleanup_message_ sd_bus_message *reply = NULL;
        Operation **operation = context;
        int r = outcome->r;

        if (r >= 0)
                r = sd_bus_message_new_method_return(operation_message(*operation), &reply);
        if (r >= 0)
                r = dict_append_array(reply, outcome->leases);
        if (r < 0)
                *operation = operation_fail_errno(*operation, r, outcome->error);
        else
                *operation = operation_reply_message(*operation, reply);
}

static int method_get_leases(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        const Network *network = userdata;
        VirtRequest request = { .verb = VIRT_NETWORK_LEASES, .network = &network->is };
        int r;

        r = dict_read_empty(message, error);
        return r < 0 ? r : virt_call_parked(network->manager->virt, &request, on_leases, message, error);
}

const sd_bus_vtable network_vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_METHOD_WITH_ARGS("Remove", SD_BUS_ARGS("a{sv}", options), SD_BUS_NO_RESULT, method_remove, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("GetLeases", SD_BUS_ARGS("a{sv}", options), SD_BUS_RESULT("aa{sv}", leases), method_get_leases, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_PROPERTY("Name", "s", property_name, 0, SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_PROPERTY("Device", "s", property_name, 0, SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_PROPERTY("Mode", "s", property_mode, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("Subnet", "s", property_subnet, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("Address", "s", property_address, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("Dhcp", "s", property_dhcp, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("Subnet6", "s", property_subnet6, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("Address6", "s", property_address6, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("State", "s", property_state, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("StateReason", "s", property_state_reason, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_VTABLE_END,
};
