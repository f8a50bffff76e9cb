/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The D-Bus faces of networks and NICs: all their properties are read from the objects of objects.h by name. */

#include "dict.h"
#include "manager.h"

static int get_string(sd_bus *bus, const char *path, const char *interface, const char *property, sd_bus_message *reply, void *userdata,
                      sd_bus_error *error) {
        return sd_bus_message_append(reply, "s", dict_string(userdata, property, ""));
}

static int get_boolean(sd_bus *bus, const char *path, const char *interface, const char *property, sd_bus_message *reply, void *userdata,
                       sd_bus_error *error) {
        return sd_bus_message_append(reply, "b", (int)dict_boolean(userdata, property, false));
}

static int get_unsigned(sd_bus *bus, const char *path, const char *interface, const char *property, sd_bus_message *reply, void *userdata,
                        sd_bus_error *error) {
        return sd_bus_message_append(reply, "u", (uint32_t)dict_integer(userdata, property, 0));
}

static int get_strings(sd_bus *bus, const char *path, const char *interface, const char *property, sd_bus_message *reply, void *userdata,
                       sd_bus_error *error) {
        json_t *element;
        size_t i;
        int r;

        r = sd_bus_message_open_container(reply, 'a', "s");
        json_array_foreach(json_object_get(userdata, property), i, element)
                if (r >= 0)
                        r = sd_bus_message_append(reply, "s", json_string_value(element));
        return r < 0 ? r : sd_bus_message_close_container(reply);
}

/* aa{sv} */
static int get_entries(sd_bus *bus, const char *path, const char *interface, const char *property, sd_bus_message *reply, void *userdata,
                       sd_bus_error *error) {
        return dict_append_array(reply, json_object_get(userdata, property));
}

#define PROPERTY(name, type, getter) SD_BUS_PROPERTY(name, type, getter, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE)

const sd_bus_vtable network_vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_PROPERTY("Name", "s", get_string, 0, SD_BUS_VTABLE_PROPERTY_CONST),
        PROPERTY("Device", "s", get_string),
        PROPERTY("Bridged", "b", get_boolean),
        PROPERTY("Layout", "s", get_string),
        PROPERTY("Bridge", "s", get_string),
        PROPERTY("PortVlan", "u", get_unsigned),
        PROPERTY("FreeVfs", "as", get_strings),
        PROPERTY("Uplink", "s", get_string),
        PROPERTY("Vlan", "u", get_unsigned),
        PROPERTY("Mtu", "u", get_unsigned),
        PROPERTY("Stp", "b", get_boolean),
        PROPERTY("Addresses", "as", get_strings),
        PROPERTY("Gateway", "s", get_string),
        PROPERTY("Ipv4Method", "s", get_string),
        PROPERTY("Ipv6Method", "s", get_string),
        PROPERTY("DefaultRoute", "b", get_boolean),
        PROPERTY("Management", "b", get_boolean),
        PROPERTY("State", "s", get_string),
        PROPERTY("StateReason", "s", get_string),
        PROPERTY("Lost", "b", get_boolean),
        PROPERTY("Label", "s", get_string),
        PROPERTY("Roles", "as", get_strings),
        PROPERTY("Warnings", "as", get_strings),
        PROPERTY("Differences", "aa{sv}", get_entries),
        SD_BUS_VTABLE_END,
};

const sd_bus_vtable nic_vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_PROPERTY("Name", "s", get_string, 0, SD_BUS_VTABLE_PROPERTY_CONST),
        PROPERTY("Mac", "s", get_string),
        PROPERTY("PermanentMac", "s", get_string),
        PROPERTY("Driver", "s", get_string),
        PROPERTY("Carrier", "b", get_boolean),
        PROPERTY("SpeedMbps", "u", get_unsigned),
        PROPERTY("Duplex", "s", get_string),
        PROPERTY("VfsTotal", "u", get_unsigned),
        PROPERTY("Vfs", "u", get_unsigned),
        PROPERTY("VfsWanted", "u", get_unsigned),
        PROPERTY("VfsSettable", "b", get_boolean),
        PROPERTY("VfParent", "s", get_string),
        PROPERTY("PciAddress", "s", get_string),
        PROPERTY("Mtu", "u", get_unsigned),
        PROPERTY("State", "s", get_string),
        PROPERTY("StateReason", "s", get_string),
        PROPERTY("Master", "s", get_string),
        PROPERTY("Addresses", "as", get_strings),
        PROPERTY("Networks", "as", get_strings),
        PROPERTY("Label", "s", get_string),
        PROPERTY("Lldp", "aa{sv}", get_entries),
        SD_BUS_VTABLE_END,
};

/* ---- finding ---- */

static int find(const char *path, const char *prefix, const json_t *objects, void **ret) {
        _cleanup_free_ char *name = NULL;
        int r;

        r = bus_object_id(path, prefix, &name);
        if (r <= 0)
                return r;
        *ret = json_object_get(objects, name);
        return *ret != NULL;
}

static int enumerate(const char *prefix, const json_t *objects, char ***ret) {
        char **paths = calloc(json_object_size(objects) + 1, sizeof(char *));
        const char *name;
        json_t *object;
        size_t n = 0;

        if (!paths)
                return -ENOMEM;
        json_object_foreach((json_t *)objects, name, object) {
                paths[n] = bus_object_path(prefix, name);
                if (!paths[n]) {
                        while (n > 0)
                                free(paths[--n]);
                        free(paths);
                        return -ENOMEM;
                }
                n++;
        }
        *ret = paths;
        return 0;
}

int network_bus_find(sd_bus *bus, const char *path, const char *interface, void *userdata, void **ret, sd_bus_error *error) {
        return find(path, NETWORK_NETWORK_PREFIX, ((const Manager *)userdata)->networks, ret);
}

int network_bus_enumerate(sd_bus *bus, const char *prefix, void *userdata, char ***ret, sd_bus_error *error) {
        return enumerate(NETWORK_NETWORK_PREFIX, ((const Manager *)userdata)->networks, ret);
}

int nic_bus_find(sd_bus *bus, const char *path, const char *interface, void *userdata, void **ret, sd_bus_error *error) {
        return find(path, NETWORK_NIC_PREFIX, ((const Manager *)userdata)->nics, ret);
}

int nic_bus_enumerate(sd_bus *bus, const char *prefix, void *userdata, char ***ret, sd_bus_error *error) {
        return enumerate(NETWORK_NIC_PREFIX, ((const Manager *)userdata)->nics, ret);
}
