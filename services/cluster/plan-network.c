/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plan-network.h"

#include "bus-error.h"
#include "dict.h"

static const char *mode_of(const json_t *spec) {
        return dict_string(spec, "mode", "bridge");
}

const char *network_mode(const Object *network) {
        return mode_of(network->spec);
}

bool network_is_virtual(const Object *network) {
        return !streq(network_mode(network), "bridge");
}

static json_t *description_of(const json_t *spec) {
        return json_pack("{s:s, s:s, s:s, s:s}", "mode", mode_of(spec), "subnet", dict_string(spec, "subnet", ""), "dhcp", dict_string(spec, "dhcp", ""), "subnet6",
                         dict_string(spec, "subnet6", ""));
}

json_t *network_virtual_description(const Object *network) {
        return description_of(network->spec);
}

static bool is_as_wanted(const Object *network, const json_t *properties) {
        _cleanup_json_ json_t *description = description_of(network->spec), *full = NULL;
        VirtualNetwork wanted;

        if (!description || virtual_network_parse(network->name, description, &wanted, NULL) < 0)
                return false;
        full = virtual_network_describe(&wanted);
        return full && streq(dict_string(full, "mode", ""), dict_string(properties, "Mode", "")) &&
               streq(dict_string(full, "subnet", ""), dict_string(properties, "Subnet", "")) &&
               streq(dict_string(full, "dhcp", ""), dict_string(properties, "Dhcp", "")) &&
               streq(dict_string(full, "subnet6", ""), dict_string(properties, "Subnet6", ""));
}

const char *network_virtual_state(const Object *network, const json_t *properties) {
        const char *state = dict_string(properties, "State", "unknown");

        if (!properties)
                return "absent";
        return streq(state, "active") && !is_as_wanted(network, properties) ? "out-of-sync" : state;
}

/* ---- what must hold ---- */

static int check_no_nic(const char *name, const json_t *spec, sd_bus_error *error) {
        static const char *const numbers[] = { "vlan", "mtu" };

        for (size_t i = 0; i < ELEMENTSOF(numbers); i++)
                if (dict_integer(spec, numbers[i], 0) > 0)
                        return sd_bus_error_setf(error, RHV_ERROR_INVALID_ARGUMENT, "The %s network %s lies on no NIC: it has no '%s'", mode_of(spec), name,
                                                 numbers[i]);
        if (!dict_boolean(spec, "bridged", true))
                return sd_bus_error_setf(error, RHV_ERROR_INVALID_ARGUMENT, "The %s network %s is for VMs: 'bridged' cannot be off", mode_of(spec), name);
        if (dict_boolean(spec, "required", false))
                return sd_bus_error_setf(error, RHV_ERROR_INVALID_ARGUMENT, "The %s network %s is of one host alone: it cannot be required", mode_of(spec), name);
        return 0;
}

int plan_check_network_mode(const char *name, const json_t *spec, sd_bus_error *error) {
        _cleanup_json_ json_t *description = NULL;
        VirtualNetwork network;
        int r;

        if (streq(mode_of(spec), "bridge")) {
                if (isempty(dict_string(spec, "subnet", "")) && isempty(dict_string(spec, "dhcp", "")) && isempty(dict_string(spec, "subnet6", "")))
                        return 0;
                return sd_bus_error_set(error, RHV_ERROR_INVALID_ARGUMENT, "network: 'subnet', 'dhcp' and 'subnet6' go with mode 'nat' or 'isolated'");
        }
        r = check_no_nic(name, spec, error);
        if (r < 0)
                return r;
        description = description_of(spec);
        return description ? virtual_network_parse(name, description, &network, error) : -ENOMEM;
}

/* Not known yet counts as there: it is asked again in a moment. */
static bool is_on_host(const Object *network) {
        return network_is_virtual(network) && !streq(dict_string(network->facts, "state", "absent"), "absent");
}

int plan_check_network_mode_update(const Object *network, const char *name, const json_t *changed, sd_bus_error *error) {
        bool becomes_virtual = !streq(mode_of(changed), "bridge");

        if (becomes_virtual != network_is_virtual(network))
                return sd_bus_error_setf(error, RHV_ERROR_INVALID_ARGUMENT, "The network %s cannot become one of mode '%s': make another", network->name,
                                         mode_of(changed));
        if (name && !streq(name, network->name) && is_on_host(network))
                return sd_bus_error_setf(error, RHV_ERROR_IN_USE, "The network %s is on a host, under this name: detach it first", network->name);
        return plan_check_network_mode(name ?: network->name, changed, error);
}

int plan_check_network_remove(const Object *network, sd_bus_error *error) {
        return is_on_host(network) ? sd_bus_error_setf(error, RHV_ERROR_IN_USE, "The network %s is on a host: detach it first", network->name) : 0;
}
