/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the faces of all kinds share: finding, listing, properties by table, Update and Remove. */

#include "request.h"

extern const BusObject cluster_bus_objects[];

/* The vtables of the kinds, each in its own file. */
extern const sd_bus_vtable root_vtable[], data_center_vtable[], cluster_vtable[], host_vtable[], network_vtable[],
        storage_domain_vtable[], disk_vtable[], vm_vtable[], snapshot_vtable[], template_vtable[], mac_pool_vtable[], vnic_profile_vtable[];

/* A getter for every property of every kind. */
int object_property(sd_bus *bus, const char *path, const char *interface, const char *property,
                    sd_bus_message *reply, void *userdata, sd_bus_error *error);
/* Everything that comes from the store may have changed. */
void object_bus_changed(Manager *manager, const Object *object);

/* Methods that every kind has; userdata is the Object. */
int object_method_update(sd_bus_message *message, void *userdata, sd_bus_error *error);
int object_method_remove(sd_bus_message *message, void *userdata, sd_bus_error *error);

/* A filter of messages, userdata is the Manager: answers the retry of a Remove whose object is gone. */
int replay_removed(sd_bus_message *message, void *userdata, sd_bus_error *error);

#define PROPERTY_CHANGING(name, type) \
        SD_BUS_PROPERTY(name, type, object_property, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE)
#define PROPERTY_CONST(name, type) SD_BUS_PROPERTY(name, type, object_property, 0, SD_BUS_VTABLE_PROPERTY_CONST)
#define METHOD_UPDATE                                                                                            \
        SD_BUS_METHOD_WITH_ARGS("Update", SD_BUS_ARGS("a{sv}", changes, "a{sv}", options), SD_BUS_NO_RESULT,      \
                                object_method_update, SD_BUS_VTABLE_UNPRIVILEGED)
#define METHOD_REMOVE                                                                                            \
        SD_BUS_METHOD_WITH_ARGS("Remove", SD_BUS_ARGS("a{sv}", options), SD_BUS_NO_RESULT, object_method_remove,  \
                                SD_BUS_VTABLE_UNPRIVILEGED)
