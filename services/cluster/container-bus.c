/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The D-Bus faces of data centers, clusters, MAC pools, logical networks and vNIC profiles: they are nothing but rows. */

#include "object-bus.h"

const sd_bus_vtable data_center_vtable[] = {
        SD_BUS_VTABLE_START(0),
        PROPERTY_CONST("Id", "s"),
        PROPERTY_CHANGING("Name", "s"),
        PROPERTY_CHANGING("Description", "s"),
        METHOD_UPDATE,
        METHOD_REMOVE,
        SD_BUS_VTABLE_END,
};

const sd_bus_vtable cluster_vtable[] = {
        SD_BUS_VTABLE_START(0),
        PROPERTY_CONST("Id", "s"),
        PROPERTY_CHANGING("Name", "s"),
        PROPERTY_CHANGING("Description", "s"),
        PROPERTY_CONST("DataCenter", "s"),
        PROPERTY_CHANGING("RequireKvm", "b"),
        PROPERTY_CHANGING("MacPool", "s"),
        METHOD_UPDATE,
        METHOD_REMOVE,
        SD_BUS_VTABLE_END,
};

const sd_bus_vtable mac_pool_vtable[] = {
        SD_BUS_VTABLE_START(0),
        PROPERTY_CONST("Id", "s"),
        PROPERTY_CHANGING("Name", "s"),
        PROPERTY_CHANGING("Description", "s"),
        PROPERTY_CHANGING("Ranges", "as"),
        PROPERTY_CHANGING("AllowDuplicates", "b"),
        PROPERTY_CONST("Default", "b"),
        PROPERTY_CHANGING("Total", "t"),
        /* counted when it is asked for: it moves with every NIC */
        SD_BUS_PROPERTY("Free", "t", object_property, 0, 0),
        METHOD_UPDATE,
        METHOD_REMOVE,
        SD_BUS_VTABLE_END,
};

const sd_bus_vtable vnic_profile_vtable[] = {
        SD_BUS_VTABLE_START(0),
        PROPERTY_CONST("Id", "s"),
        PROPERTY_CHANGING("Name", "s"),
        PROPERTY_CHANGING("Description", "s"),
        PROPERTY_CONST("Network", "s"),
        PROPERTY_CHANGING("Filter", "s"),
        PROPERTY_CHANGING("Inbound", "a{sv}"),
        PROPERTY_CHANGING("Outbound", "a{sv}"),
        PROPERTY_CHANGING("PortMirroring", "b"),
        PROPERTY_CHANGING("Passthrough", "b"),
        PROPERTY_CHANGING("Custom", "a{sv}"),
        METHOD_UPDATE,
        METHOD_REMOVE,
        SD_BUS_VTABLE_END,
};

const sd_bus_vtable network_vtable[] = {
        SD_BUS_VTABLE_START(0),
        PROPERTY_CONST("Id", "s"),
        PROPERTY_CHANGING("Name", "s"),
        PROPERTY_CHANGING("Description", "s"),
        PROPERTY_CONST("DataCenter", "s"),
        PROPERTY_CHANGING("State", "s"),
        PROPERTY_CHANGING("Mode", "s"),
        PROPERTY_CHANGING("Subnet", "s"),
        PROPERTY_CHANGING("Dhcp", "s"),
        PROPERTY_CHANGING("Subnet6", "s"),
        PROPERTY_CHANGING("Vlan", "u"),
        PROPERTY_CHANGING("Mtu", "u"),
        PROPERTY_CHANGING("Bridged", "b"),
        PROPERTY_CHANGING("Required", "b"),
        PROPERTY_CONST("Management", "b"),
        PROPERTY_CHANGING("Operational", "b"),
        PROPERTY_CHANGING("Device", "s"),
        METHOD_UPDATE,
        METHOD_REMOVE,
        SD_BUS_VTABLE_END,
};
