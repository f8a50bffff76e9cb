/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "kind.h"

static const struct {
        const char *prefix, *interface, *noun;
        ObjectKind parent;
} kinds[_KIND_MAX] = {
        [KIND_DATA_CENTER] = { CLUSTER_ROOT "/data_center", CLUSTER_INTERFACE ".DataCenter", "data center",
                               _KIND_INVALID },
        [KIND_CLUSTER] = { CLUSTER_ROOT "/cluster", CLUSTER_INTERFACE ".Cluster", "cluster", KIND_DATA_CENTER },
        [KIND_HOST] = { CLUSTER_ROOT "/host", CLUSTER_INTERFACE ".Host", "host", KIND_CLUSTER },
        [KIND_NETWORK] = { CLUSTER_ROOT "/network", CLUSTER_INTERFACE ".Network", "network", KIND_DATA_CENTER },
        [KIND_STORAGE_DOMAIN] = { CLUSTER_ROOT "/storage_domain", CLUSTER_INTERFACE ".StorageDomain",
                                  "storage domain", KIND_DATA_CENTER },
        [KIND_DISK] = { CLUSTER_ROOT "/disk", CLUSTER_INTERFACE ".Disk", "disk", KIND_STORAGE_DOMAIN },
        [KIND_VM] = { CLUSTER_ROOT "/vm", CLUSTER_INTERFACE ".Vm", "VM", KIND_CLUSTER },
        [KIND_SNAPSHOT] = { CLUSTER_ROOT "/snapshot", CLUSTER_INTERFACE ".Snapshot", "snapshot", KIND_VM },
        [KIND_TEMPLATE] = { CLUSTER_ROOT "/template", CLUSTER_INTERFACE ".Template", "template", KIND_CLUSTER },
        [KIND_VNIC_PROFILE] = { CLUSTER_ROOT "/vnic_profile", CLUSTER_INTERFACE ".VnicProfile", "vNIC profile", KIND_NETWORK },
        [KIND_MAC_POOL] = { CLUSTER_ROOT "/mac_pool", CLUSTER_INTERFACE ".MacPool", "MAC pool", _KIND_INVALID },
};

static const char *const object_kind_table[_KIND_MAX] = {
        [KIND_DATA_CENTER] = "data_center",
        [KIND_CLUSTER] = "cluster",
        [KIND_HOST] = "host",
        [KIND_NETWORK] = "network",
        [KIND_STORAGE_DOMAIN] = "storage_domain",
        [KIND_DISK] = "disk",
        [KIND_VM] = "vm",
        [KIND_SNAPSHOT] = "snapshot",
        [KIND_TEMPLATE] = "template",
        [KIND_VNIC_PROFILE] = "vnic_profile",
        [KIND_MAC_POOL] = "mac_pool",
};
DEFINE_STRING_TABLE(object_kind, ObjectKind, _KIND_MAX)

const char *object_kind_prefix(ObjectKind kind) {
        return kinds[kind].prefix;
}

const char *object_kind_interface(ObjectKind kind) {
        return kinds[kind].interface;
}

const char *object_kind_noun(ObjectKind kind) {
        return kinds[kind].noun;
}

ObjectKind object_kind_parent(ObjectKind kind) {
        return kinds[kind].parent;
}
