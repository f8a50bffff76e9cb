/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The D-Bus face of the Manager: org.rhv.Network. What changes networks is in setup-bus.c. */

#include "bus-error.h"
#include "config.h"
#include "dict.h"
#include "forwarding.h"
#include "link-facts.h"
#include "manager.h"
#include "objects.h"

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

/* ---- methods ---- */

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
        capabilities = objects_capabilities(view, manager->labels);
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

static int method_get_forwarding_table(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        _cleanup_message_ sd_bus_message *reply = NULL;
        _cleanup_json_ json_t *table = NULL;
        Manager *manager = userdata;
        const json_t *network;
        const char *name;
        int r;

        if (manager_wait(manager, message))
                return 1;
        r = sd_bus_message_read_basic(message, 's', &name);
        if (r >= 0)
                r = dict_read_empty(message, error);
        if (r < 0)
                return r;
        if (!manager_view(manager, error))
                return -EHOSTDOWN;
        manager_show(manager);
        network = json_object_get(manager->networks, name);
        if (!network)
                return sd_bus_error_setf(error, RHV_ERROR_NOT_FOUND, "There is no network %.40s", name);
        if (!dict_boolean(network, "Bridged", false))
                return sd_bus_error_setf(error, RHV_ERROR_INVALID_STATE, "Network %s has no bridge", name);
        r = forwarding_read(LINK_FACTS_ROOT, dict_string(network, "Bridge", ""), &table);
        if (r < 0)
                return bus_error_errno(error, r, "Cannot read what the bridge has learnt");
        r = sd_bus_message_new_method_return(message, &reply);
        if (r >= 0)
                r = dict_append_array(reply, table);
        return r < 0 ? r : sd_bus_message_send(reply);
}

static const sd_bus_vtable manager_vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_METHOD_WITH_ARGS("SetupNetworks", SD_BUS_ARGS("a{sa{sv}}", networks, "a{sa{sv}}", bonds, "a{sv}", options), SD_BUS_RESULT("o", job),
                                setup_method_setup, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("SyncNetworks", SD_BUS_ARGS("as", names, "a{sv}", options), SD_BUS_RESULT("o", job), setup_method_sync,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("PlanNetworks", SD_BUS_ARGS("a{sa{sv}}", networks, "a{sa{sv}}", bonds, "a{sv}", options), SD_BUS_RESULT("aa{sv}", steps),
                                setup_method_plan, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Confirm", SD_BUS_ARGS("s", job, "a{sv}", options), SD_BUS_NO_RESULT, setup_method_confirm, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("GetCapabilities", SD_BUS_NO_ARGS, SD_BUS_RESULT("a{sv}", capabilities), method_get_capabilities,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("GetForwardingTable", SD_BUS_ARGS("s", network, "a{sv}", options), SD_BUS_RESULT("aa{sv}", entries),
                                method_get_forwarding_table, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("GetStats", SD_BUS_NO_ARGS, SD_BUS_RESULT("a{sa{sv}}", stats), method_get_stats, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_SIGNAL_WITH_ARGS("NetworkLost", SD_BUS_ARGS("s", network, "s", reason), 0),
        SD_BUS_SIGNAL_WITH_ARGS("NetworkRestored", SD_BUS_ARGS("s", network), 0),
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
