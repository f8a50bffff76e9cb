/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "object-bus.h"

#include <stdio.h>
#include <utlist.h>

#include "bus-error.h"
#include "description.h"
#include "dict.h"
#include "domain-connection.h"
#include "domain-life.h"
#include "peer-bus.h"
#include "plan-host.h"
#include "plan-mac.h"
#include "plan-network.h"
#include "spec.h"

/* ---- properties ---- */

typedef enum Source {
        FROM_ROW,  /* a column */
        FROM_SPEC, /* what was configured */
        FROM_FACT, /* what a backend says */
        COMPUTED,
} Source;

typedef struct Property {
        const char *name;
        const char *type;
        Source source;
        const char *key;
        int (*append)(sd_bus_message *reply, const Object *object);
        bool fixed; /* never changes: no signal (the vtable says const) */
} Property;

static int append_state(sd_bus_message *reply, const Object *object) {
        const char *word = "";

        switch (object->kind) {
        case KIND_STORAGE_DOMAIN:
                word = storage_domain_state(object);
                break;
        case KIND_DISK:
        case KIND_SNAPSHOT:
        case KIND_TEMPLATE:
                word = object->state;
                break;
        case KIND_VM:
                word = vm_state(object);
                break;
        case KIND_HOST:
                word = dict_string(object->facts, "state", "non-responsive");
                break;
        case KIND_NETWORK:
                word = dict_string(object->facts, "state", "unknown");
                break;
        default:
                break;
        }
        return sd_bus_message_append(reply, "s", word);
}

static int append_disk_reason(sd_bus_message *reply, const Object *disk) {
        return sd_bus_message_append(reply, "s", dict_string(disk->spec, "reason", ""));
}

static int append_content_type(sd_bus_message *reply, const Object *disk) {
        return sd_bus_message_append(reply, "s", dict_string(disk->spec, "content_type", "data"));
}

static int append_host(sd_bus_message *reply, const Object *vm) {
        const Manager *manager = vm->owner;

        return sd_bus_message_append(reply, "s", vm_is_down(vm) || streq(vm_state(vm), "unknown") ? "" : manager->host_id);
}

static int append_job(sd_bus_message *reply, const Object *object) {
        _cleanup_free_ char *path = object->job[0] ? bus_object_path(CLUSTER_ROOT "/job", object->job) : strdup("/");

        return path ? sd_bus_message_append(reply, "o", path) : -ENOMEM;
}

static int append_users(sd_bus_message *reply, const Object *disk) {
        const Link *link;
        int r;

        r = sd_bus_message_open_container(reply, 'a', "s");
        if (r < 0)
                return r;
        DL_FOREACH2(disk->users, link, other_next) {
                r = sd_bus_message_append_basic(reply, 's', link->vm->id);
                if (r < 0)
                        return r;
        }
        return sd_bus_message_close_container(reply);
}

static int append_configuration(sd_bus_message *reply, const Object *vm) {
        _cleanup_json_ json_t *configuration = vm_configuration(vm);

        return configuration ? dict_append(reply, configuration) : -ENOMEM;
}

static int append_snapshot_disks(sd_bus_message *reply, const Object *snapshot) {
        const json_t *disks = json_object_get(snapshot->spec, "disks"), *entry;
        size_t i;
        int r;

        r = sd_bus_message_open_container(reply, 'a', "s");
        json_array_foreach((json_t *)disks, i, entry)
                if (r >= 0)
                        r = sd_bus_message_append_basic(reply, 's', dict_string(entry, "disk", ""));
        return r < 0 ? r : sd_bus_message_close_container(reply);
}

static int append_mode(sd_bus_message *reply, const Object *network) {
        return sd_bus_message_append(reply, "s", network_mode(network));
}

static int append_operational(sd_bus_message *reply, const Object *network) {
        return sd_bus_message_append(reply, "b", (int)dict_boolean(network->spec, "operational", false));
}

static int append_mac_pool(sd_bus_message *reply, const Object *cluster) {
        const Manager *manager = cluster->owner;
        const Object *pool = mac_pool_of(manager->model, cluster);

        return sd_bus_message_append(reply, "s", pool ? pool->id : "");
}

static int append_mac_total(sd_bus_message *reply, const Object *pool) {
        return sd_bus_message_append(reply, "t", mac_pool_total(pool));
}

static int append_mac_free(sd_bus_message *reply, const Object *pool) {
        const Manager *manager = pool->owner;

        return sd_bus_message_append(reply, "t", mac_pool_free(manager->model, pool));
}

static int append_filter(sd_bus_message *reply, const Object *profile) {
        return sd_bus_message_append(reply, "s", dict_string(profile->spec, "filter", "default"));
}

static int append_domain_reason(sd_bus_message *reply, const Object *domain) {
        return sd_bus_message_append(reply, "s", storage_domain_reason(domain));
}

static int append_connection(sd_bus_message *reply, const Object *domain) {
        _cleanup_json_ json_t *connection = domain_connection(domain->spec);

        return connection ? dict_append(reply, connection) : -ENOMEM;
}

static int append_place(sd_bus_message *reply, const Object *domain) {
        _cleanup_free_ char *place = domain_connection_place(domain->spec);

        return place ? sd_bus_message_append(reply, "s", place) : -ENOMEM;
}

static int append_lockspace_id(sd_bus_message *reply, const Object *host) {
        return sd_bus_message_append(reply, "u", host_lockspace_id(host));
}

static const Property common[] = {
        { "Id", "s", FROM_ROW, "id", NULL },
        { "Name", "s", FROM_ROW, "name", NULL },
        { "Description", "s", FROM_SPEC, "description", NULL },
        { "State", "s", COMPUTED, NULL, append_state },
        { "Job", "o", COMPUTED, NULL, append_job },
        { NULL },
};

static const Property data_center_properties[] = { { NULL } };
static const Property cluster_properties[] = {
        { "DataCenter", "s", FROM_ROW, "data_center", NULL, true },
        { "RequireKvm", "b", FROM_SPEC, "require_kvm", NULL },
        { "MacPool", "s", COMPUTED, NULL, append_mac_pool },
        { NULL },
};
static const Property vnic_profile_properties[] = {
        { "Network", "s", FROM_ROW, "network", NULL, true },
        { "Filter", "s", COMPUTED, NULL, append_filter },
        { "Inbound", "a{sv}", FROM_SPEC, "inbound", NULL },
        { "Outbound", "a{sv}", FROM_SPEC, "outbound", NULL },
        { "PortMirroring", "b", FROM_SPEC, "port_mirroring", NULL },
        { "Passthrough", "b", FROM_SPEC, "passthrough", NULL },
        { "Custom", "a{sv}", FROM_SPEC, "custom", NULL },
        { NULL },
};
static const Property mac_pool_properties[] = {
        { "Ranges", "as", FROM_SPEC, "ranges", NULL },
        { "AllowDuplicates", "b", FROM_SPEC, "allow_duplicates", NULL },
        { "Default", "b", FROM_SPEC, "default", NULL, true },
        { "Total", "t", COMPUTED, NULL, append_mac_total },
        { "Free", "t", COMPUTED, NULL, append_mac_free, true },
        { NULL },
};
static const Property host_properties[] = {
        { "Cluster", "s", FROM_ROW, "cluster", NULL, true },
        { "HostId", "u", COMPUTED, NULL, append_lockspace_id },
        { "StateReason", "s", FROM_FACT, "state_reason", NULL },
        { "Capabilities", "a{sv}", FROM_FACT, "capabilities", NULL },
        { "MemoryTotal", "t", FROM_FACT, "memory_total", NULL },
        { "MemoryFree", "t", FROM_FACT, "memory_free", NULL },
        { "CpuPercent", "d", FROM_FACT, "cpu_percent", NULL },
        { "VmCount", "u", FROM_FACT, "vm_count", NULL },
        { NULL },
};
static const Property network_properties[] = {
        { "DataCenter", "s", FROM_ROW, "data_center", NULL, true },
        { "Mode", "s", COMPUTED, NULL, append_mode },
        { "Subnet", "s", FROM_SPEC, "subnet", NULL },
        { "Dhcp", "s", FROM_SPEC, "dhcp", NULL },
        { "Subnet6", "s", FROM_SPEC, "subnet6", NULL },
        { "Vlan", "u", FROM_SPEC, "vlan", NULL },
        { "Mtu", "u", FROM_SPEC, "mtu", NULL },
        { "Bridged", "b", FROM_SPEC, "bridged", NULL },
        { "Required", "b", FROM_SPEC, "required", NULL },
        { "Management", "b", FROM_SPEC, "management", NULL, true },
        { "Operational", "b", COMPUTED, NULL, append_operational },
        { "Device", "s", FROM_FACT, "device", NULL },
        { NULL },
};
static const Property storage_domain_properties[] = {
        { "DataCenter", "s", FROM_ROW, "data_center", NULL, true },
        { "Type", "s", FROM_SPEC, "type", NULL, true },
        { "Path", "s", COMPUTED, NULL, append_place },
        { "Connection", "a{sv}", COMPUTED, NULL, append_connection },
        { "Class", "s", FROM_FACT, "class", NULL },
        { "FormatVersion", "u", FROM_FACT, "format_version", NULL },
        { "StateReason", "s", COMPUTED, NULL, append_domain_reason },
        { "LockspaceState", "s", FROM_FACT, "lockspace_state", NULL },
        { "LeaseState", "s", FROM_FACT, "lease_state", NULL },
        { "LeaseVersion", "t", FROM_FACT, "lease_version", NULL },
        { "TotalBytes", "t", FROM_FACT, "total_bytes", NULL },
        { "FreeBytes", "t", FROM_FACT, "free_bytes", NULL },
        { NULL },
};
static const Property disk_properties[] = {
        { "StateReason", "s", COMPUTED, NULL, append_disk_reason },
        { "StorageDomain", "s", FROM_ROW, "storage_domain", NULL },
        { "Image", "s", FROM_SPEC, "image", NULL, true },
        { "Volume", "s", FROM_SPEC, "volume", NULL },
        { "Capacity", "t", FROM_SPEC, "capacity", NULL },
        { "Format", "s", FROM_SPEC, "format", NULL },
        { "Allocation", "s", FROM_SPEC, "allocation", NULL },
        { "ContentType", "s", COMPUTED, NULL, append_content_type, true },
        { "Shareable", "b", FROM_SPEC, "shareable", NULL, true },
        { "WipeAfterDelete", "b", FROM_SPEC, "wipe_after_delete", NULL },
        { "Discard", "b", FROM_SPEC, "discard", NULL },
        { "Vms", "as", COMPUTED, NULL, append_users },
        { NULL },
};
static const Property vm_properties[] = {
        { "Cluster", "s", FROM_ROW, "cluster", NULL },
        { "StateReason", "s", FROM_FACT, "state_reason", NULL },
        { "ExitMessage", "s", FROM_FACT, "exit_message", NULL },
        { "Host", "s", COMPUTED, NULL, append_host },
        { "Spec", "a{sv}", COMPUTED, NULL, append_configuration },
        { "Memory", "t", FROM_SPEC, "memory", NULL },
        { "Cpus", "u", FROM_SPEC, "cpus", NULL },
        { "Autostart", "b", FROM_ROW, "autostart", NULL },
        { "GuestAddresses", "as", FROM_FACT, "guest_addresses", NULL },
        { "GuestHostname", "s", FROM_FACT, "guest_hostname", NULL },
        { "AgentState", "s", FROM_FACT, "agent_state", NULL },
        { "StartedAt", "t", FROM_FACT, "started_at", NULL },
        { NULL },
};

static const Property snapshot_properties[] = {
        { "Vm", "s", FROM_ROW, "vm", NULL, true },
        { "StateReason", "s", COMPUTED, NULL, append_disk_reason },
        { "CreatedAt", "t", FROM_SPEC, "created", NULL, true },
        { "Disks", "as", COMPUTED, NULL, append_snapshot_disks },
        { "Spec", "a{sv}", FROM_SPEC, "configuration", NULL, true },
        { NULL },
};

static const Property template_properties[] = {
        { "Cluster", "s", FROM_ROW, "cluster", NULL, true },
        { "StateReason", "s", COMPUTED, NULL, append_disk_reason },
        { "CreatedAt", "t", FROM_SPEC, "created", NULL, true },
        { "Spec", "a{sv}", FROM_SPEC, "configuration", NULL, true },
        { NULL },
};

static const Property *const properties_of[_KIND_MAX] = {
        [KIND_DATA_CENTER] = data_center_properties,
        [KIND_CLUSTER] = cluster_properties,
        [KIND_HOST] = host_properties,
        [KIND_NETWORK] = network_properties,
        [KIND_STORAGE_DOMAIN] = storage_domain_properties,
        [KIND_DISK] = disk_properties,
        [KIND_VM] = vm_properties,
        [KIND_SNAPSHOT] = snapshot_properties,
        [KIND_TEMPLATE] = template_properties,
        [KIND_VNIC_PROFILE] = vnic_profile_properties,
        [KIND_MAC_POOL] = mac_pool_properties,
};

static const Property *property_find(const Property *properties, const char *name) {
        for (; properties->name; properties++)
                if (streq(properties->name, name))
                        return properties;
        return NULL;
}

static int append_strings(sd_bus_message *reply, const json_t *array) {
        const json_t *value;
        size_t i;
        int r;

        r = sd_bus_message_open_container(reply, 'a', "s");
        if (r < 0)
                return r;
        json_array_foreach((json_t *)array, i, value) {
                r = sd_bus_message_append_basic(reply, 's', json_string_value(value) ?: "");
                if (r < 0)
                        return r;
        }
        return sd_bus_message_close_container(reply);
}

/* What is not known has the type's zero: a getter always appends. */
static int append_typed(sd_bus_message *reply, const char *type, const json_t *value) {
        switch (type[0]) {
        case 's':
                return sd_bus_message_append(reply, "s", json_string_value(value) ?: "");
        case 't':
                return sd_bus_message_append(reply, "t", (uint64_t)json_integer_value(value));
        case 'u':
                return sd_bus_message_append(reply, "u", (uint32_t)json_integer_value(value));
        case 'd':
                return sd_bus_message_append(reply, "d", json_number_value(value));
        case 'b':
                return sd_bus_message_append(reply, "b", (int)(json_is_true(value) || json_integer_value(value) > 0));
        case 'a':
                if (type[1] == 's')
                        return append_strings(reply, value);
                return value ? dict_append(reply, value) : sd_bus_message_append(reply, "a{sv}", 0);
        default:
                return -EINVAL;
        }
}

int object_property(sd_bus *bus, const char *path, const char *interface, const char *name, sd_bus_message *reply,
                    void *userdata, sd_bus_error *error) {
        const Object *object = userdata;
        const Property *property = property_find(common, name) ?: property_find(properties_of[object->kind], name);
        const json_t *from;

        if (!property)
                return -EINVAL;
        if (property->source == COMPUTED)
                return property->append(reply, object);
        if (property->source == FROM_SPEC && streq(name, "Bridged"))
                return sd_bus_message_append(reply, "b", (int)dict_boolean(object->spec, "bridged", true));

        from = property->source == FROM_ROW    ? object->row
               : property->source == FROM_SPEC ? object->spec
                                               : object->facts;
        return append_typed(reply, property->type, json_object_get(from, property->key));
}

static bool kind_has_state(ObjectKind kind) {
        return kind != KIND_DATA_CENTER && kind != KIND_CLUSTER && kind != KIND_MAC_POOL && kind != KIND_VNIC_PROFILE;
}

void object_bus_changed(Manager *manager, const Object *object) {
        manager_changed(manager, object, "Name");
        manager_changed(manager, object, "Description");
        if (kind_has_state(object->kind))
                manager_changed(manager, object, "State");
        for (const Property *property = properties_of[object->kind]; property->name; property++)
                if (property->source != FROM_FACT && !property->fixed)
                        manager_changed(manager, object, property->name);
}

/* ---- the tree ---- */

static ObjectKind kind_of_path(const char *path, char **ret_id) {
        for (ObjectKind kind = 0; kind < _KIND_MAX; kind++)
                if (bus_object_id(path, object_kind_prefix(kind), ret_id) > 0)
                        return kind;
        return _KIND_INVALID;
}

static int object_find(sd_bus *bus, const char *path, const char *interface, void *userdata, void **ret_found,
                       sd_bus_error *error) {
        Manager *manager = userdata;
        _cleanup_free_ char *id = NULL;
        ObjectKind kind = kind_of_path(path, &id);
        Object *object = kind < 0 ? NULL : model_find(manager->model, kind, id);

        if (!object)
                return 0;
        *ret_found = object;
        return 1;
}

static int enumerate_kind(Manager *manager, ObjectKind kind, char ***ret_nodes) {
        size_t n = 0;
        char **nodes = calloc(model_count(manager->model, kind) + 1, sizeof *nodes);

        if (!nodes)
                return -ENOMEM;
        for (Object *object = model_first(manager->model, kind); object; object = object->next) {
                nodes[n] = strdup(object->path);
                if (!nodes[n++]) {
                        while (n-- > 0)
                                free(nodes[n]);
                        free(nodes);
                        return -ENOMEM;
                }
        }
        *ret_nodes = nodes;
        return 1;
}

#define DEFINE_ENUMERATE(name, kind)                                                                              \
        static int name(sd_bus *bus, const char *prefix, void *userdata, char ***ret_nodes, sd_bus_error *error) { \
                return enumerate_kind(userdata, kind, ret_nodes);                                                 \
        }
DEFINE_ENUMERATE(enumerate_data_centers, KIND_DATA_CENTER)
DEFINE_ENUMERATE(enumerate_clusters, KIND_CLUSTER)
DEFINE_ENUMERATE(enumerate_hosts, KIND_HOST)
DEFINE_ENUMERATE(enumerate_networks, KIND_NETWORK)
DEFINE_ENUMERATE(enumerate_storage_domains, KIND_STORAGE_DOMAIN)
DEFINE_ENUMERATE(enumerate_disks, KIND_DISK)
DEFINE_ENUMERATE(enumerate_vms, KIND_VM)
DEFINE_ENUMERATE(enumerate_snapshots, KIND_SNAPSHOT)
DEFINE_ENUMERATE(enumerate_templates, KIND_TEMPLATE)
DEFINE_ENUMERATE(enumerate_vnic_profiles, KIND_VNIC_PROFILE)
DEFINE_ENUMERATE(enumerate_mac_pools, KIND_MAC_POOL)

const BusObject cluster_bus_objects[] = {
        { CLUSTER_ROOT, CLUSTER_INTERFACE, root_vtable, NULL, NULL },
        { CLUSTER_ROOT "/data_center", CLUSTER_INTERFACE ".DataCenter", data_center_vtable, object_find,
          enumerate_data_centers },
        { CLUSTER_ROOT "/cluster", CLUSTER_INTERFACE ".Cluster", cluster_vtable, object_find, enumerate_clusters },
        { CLUSTER_ROOT "/host", CLUSTER_INTERFACE ".Host", host_vtable, object_find, enumerate_hosts },
        { CLUSTER_ROOT "/network", CLUSTER_INTERFACE ".Network", network_vtable, object_find, enumerate_networks },
        { CLUSTER_ROOT "/storage_domain", CLUSTER_INTERFACE ".StorageDomain", storage_domain_vtable, object_find,
          enumerate_storage_domains },
        { CLUSTER_ROOT "/disk", CLUSTER_INTERFACE ".Disk", disk_vtable, object_find, enumerate_disks },
        { CLUSTER_ROOT "/vm", CLUSTER_INTERFACE ".Vm", vm_vtable, object_find, enumerate_vms },
        { CLUSTER_ROOT "/snapshot", CLUSTER_INTERFACE ".Snapshot", snapshot_vtable, object_find, enumerate_snapshots },
        { CLUSTER_ROOT "/template", CLUSTER_INTERFACE ".Template", template_vtable, object_find, enumerate_templates },
        { CLUSTER_ROOT "/vnic_profile", CLUSTER_INTERFACE ".VnicProfile", vnic_profile_vtable, object_find, enumerate_vnic_profiles },
        { CLUSTER_ROOT "/mac_pool", CLUSTER_INTERFACE ".MacPool", mac_pool_vtable, object_find, enumerate_mac_pools },
        { CLUSTER_ROOT "/peer", PEER_OBJECT_INTERFACE, peer_vtable, peer_find, peer_enumerate },
        { NULL },
};

/* ---- methods of all kinds ---- */

static const DictField *const update_fields[_KIND_MAX] = {
        [KIND_DATA_CENTER] = data_center_update_fields,
        [KIND_CLUSTER] = cluster_update_fields,
        [KIND_HOST] = host_update_fields,
        [KIND_NETWORK] = network_update_fields,
        [KIND_STORAGE_DOMAIN] = storage_domain_update_fields,
        [KIND_DISK] = disk_update_fields,
        [KIND_VM] = vm_update_fields,
        [KIND_SNAPSHOT] = snapshot_update_fields,
        [KIND_TEMPLATE] = template_update_fields,
        [KIND_VNIC_PROFILE] = vnic_profile_update_fields,
        [KIND_MAC_POOL] = mac_pool_update_fields,
};

int object_method_update(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        Object *object = userdata;
        _cleanup_request_ Request request = { NULL };
        _cleanup_json_ json_t *changes = NULL;
        _cleanup_(change_freep) Change *change = change_new();
        Actor actor;
        Plan plan;
        int r;

        r = dict_read_checked(message, update_fields[object->kind], object_kind_noun(object->kind), &changes, error);
        if (r < 0)
                return r;
        r = request_read(&request, object->owner, message, changes, options_common, error);
        if (r < 0)
                return r;
        if (!request.replay) {
                plan = request_plan(&request, &actor);
                r = change ? plan_update(&plan, object, changes, change, error) : -ENOMEM;
                if (r < 0)
                        return r;
        }
        r = request_authorise(&request, ACTION_CONFIGURE, "update", object, NULL, error);
        if (r <= 0)
                return r < 0 ? r : 1;
        r = request_commit(&request, change, false, error);
        if (r < 0)
                return r;
        return request_reply(&request, "");
}

int object_method_remove(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        Object *object = userdata;
        Manager *manager = object->owner;
        _cleanup_request_ Request request = { NULL };
        _cleanup_(change_freep) Change *change = change_new();
        Actor actor;
        Plan plan;
        int r;

        r = request_read(&request, manager, message, NULL, options_common, error);
        if (r < 0)
                return r;
        if (object->kind == KIND_HOST && streq(object->id, manager->host_id))
                return sd_bus_error_setf(error, RHV_ERROR_INVALID_STATE,
                                         "The host %s is the one this service runs on: it cannot remove itself",
                                         object->name);
        plan = request_plan(&request, &actor);
        r = change ? plan_remove(&plan, object, change, error) : -ENOMEM;
        if (r < 0)
                return r;
        r = request_authorise(&request, ACTION_DESTROY, "remove", object, NULL, error);
        if (r <= 0)
                return r < 0 ? r : 1;
        r = request_commit(&request, change, false, error);
        if (r < 0)
                return r;
        return request_reply(&request, "");
}
