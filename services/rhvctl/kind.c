/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "kind.h"

#include <stdio.h>

#include "dict.h"

/* ---- the kinds ---- */

static const Column data_center_columns[] = {
        { "NAME", "Name", FORMAT_TEXT, true },
        { "DESCRIPTION", "Description", FORMAT_TEXT, true },
        { "ID", "Id", FORMAT_TEXT, false },
        {},
};
static const Column cluster_columns[] = {
        { "NAME", "Name", FORMAT_TEXT, true },
        { "DATA CENTER", "DataCenter", FORMAT_REFERENCE, true },
        { "DESCRIPTION", "Description", FORMAT_TEXT, true },
        { "ID", "Id", FORMAT_TEXT, false },
        {},
};
static const Column vnic_profile_columns[] = {
        { "NAME", "Name", FORMAT_TEXT, true },
        { "NETWORK", "Network", FORMAT_REFERENCE, true },
        { "FILTER", "Filter", FORMAT_TEXT, false },
        { "DESCRIPTION", "Description", FORMAT_TEXT, true },
        { "ID", "Id", FORMAT_TEXT, false },
        {},
};
static const Column mac_pool_columns[] = {
        { "NAME", "Name", FORMAT_TEXT, true },
        { "RANGES", "Ranges", FORMAT_TEXT, true },
        { "ADDRESSES", "Total", FORMAT_TEXT, false, TABLE_RIGHT },
        { "FREE", "Free", FORMAT_TEXT, false, TABLE_RIGHT },
        { "ID", "Id", FORMAT_TEXT, false },
        {},
};
static const Column host_columns[] = {
        { "NAME", "Name", FORMAT_TEXT, true },
        { "STATE", "State", FORMAT_TEXT, false },
        { "CLUSTER", "Cluster", FORMAT_REFERENCE, true },
        { "CPU", "CpuPercent", FORMAT_PERCENT, false, TABLE_RIGHT },
        { "MEMORY", "MemoryTotal", FORMAT_SIZE, false, TABLE_RIGHT },
        { "FREE", "MemoryFree", FORMAT_SIZE, false, TABLE_RIGHT },
        { "VMS", "VmCount", FORMAT_TEXT, false, TABLE_RIGHT },
        { "ID", "Id", FORMAT_TEXT, false },
        {},
};
static const Column network_columns[] = {
        { "NAME", "Name", FORMAT_TEXT, true },
        { "STATE", "State", FORMAT_TEXT, false },
        { "MODE", "Mode", FORMAT_TEXT, false },
        { "DATA CENTER", "DataCenter", FORMAT_REFERENCE, true },
        { "DEVICE", "Device", FORMAT_TEXT, false },
        { "VLAN", "Vlan", FORMAT_TEXT, false, TABLE_RIGHT },
        { "MTU", "Mtu", FORMAT_TEXT, false, TABLE_RIGHT },
        { "ID", "Id", FORMAT_TEXT, false },
        {},
};
static const Column domain_columns[] = {
        { "NAME", "Name", FORMAT_TEXT, true },
        { "TYPE", "Type", FORMAT_TEXT, false },
        { "CLASS", "Class", FORMAT_TEXT, false },
        { "STATE", "State", FORMAT_TEXT, false },
        { "SIZE", "TotalBytes", FORMAT_SIZE, false, TABLE_RIGHT },
        { "FREE", "FreeBytes", FORMAT_SIZE, false, TABLE_RIGHT },
        { "PATH", "Path", FORMAT_TEXT, true },
        { "ID", "Id", FORMAT_TEXT, false },
        {},
};
static const Column disk_columns[] = {
        { "NAME", "Name", FORMAT_TEXT, true },
        { "STATE", "State", FORMAT_TEXT, false },
        { "SIZE", "Capacity", FORMAT_SIZE, false, TABLE_RIGHT },
        { "FORMAT", "Format", FORMAT_TEXT, false },
        { "DOMAIN", "StorageDomain", FORMAT_REFERENCE, true },
        { "VMS", "Vms", FORMAT_REFERENCE, true },
        { "ID", "Id", FORMAT_TEXT, false },
        {},
};
static const Column vm_columns[] = {
        { "NAME", "Name", FORMAT_TEXT, true },
        { "STATE", "State", FORMAT_TEXT, false },
        { "HOST", "Host", FORMAT_REFERENCE, true },
        { "CPUS", "Cpus", FORMAT_TEXT, false, TABLE_RIGHT },
        { "MEMORY", "Memory", FORMAT_SIZE, false, TABLE_RIGHT },
        { "ADDRESSES", "GuestAddresses", FORMAT_TEXT, true },
        { "ID", "Id", FORMAT_TEXT, false },
        {},
};

static const Column snapshot_columns[] = {
        { "NAME", "Name", FORMAT_TEXT, true },
        { "VM", "Vm", FORMAT_REFERENCE, true },
        { "STATE", "State", FORMAT_TEXT, false },
        { "CREATED", "CreatedAt", FORMAT_TIME, false },
        { "DISKS", "Disks", FORMAT_REFERENCE, true },
        { "DESCRIPTION", "Description", FORMAT_TEXT, true },
        { "ID", "Id", FORMAT_TEXT, false },
        {},
};

static const Column template_columns[] = {
        { "NAME", "Name", FORMAT_TEXT, true },
        { "STATE", "State", FORMAT_TEXT, false },
        { "CLUSTER", "Cluster", FORMAT_REFERENCE, true },
        { "CREATED", "CreatedAt", FORMAT_TIME, false },
        { "DESCRIPTION", "Description", FORMAT_TEXT, true },
        { "ID", "Id", FORMAT_TEXT, false },
        {},
};

static const Column peer_columns[] = {
        { "NAME", "Name", FORMAT_TEXT, true },
        { "STATE", "State", FORMAT_TEXT, false },
        { "ADDRESS", "Address", FORMAT_TEXT, true },
        { "REASON", "StateReason", FORMAT_TEXT, true },
        { "ID", "Id", FORMAT_TEXT, false },
        {},
};

#define DEFINE_KIND(variable, kind_word, kind_noun, element, name)                                                    \
        const Kind kind_##variable = { .word = kind_word, .noun = kind_noun, .prefix = "/org/rhv/Cluster/" element,     \
                                       .interface = "org.rhv.Cluster." name, .columns = variable##_columns }

DEFINE_KIND(data_center, "data center", "datacenter", "data_center", "DataCenter");
DEFINE_KIND(cluster, "cluster", "cluster", "cluster", "Cluster");
DEFINE_KIND(host, "host", "host", "host", "Host");
DEFINE_KIND(network, "network", "network", "network", "Network");
DEFINE_KIND(domain, "storage domain", "domain", "storage_domain", "StorageDomain");
DEFINE_KIND(disk, "disk", "disk", "disk", "Disk");
DEFINE_KIND(vm, "VM", "vm", "vm", "Vm");
DEFINE_KIND(snapshot, "snapshot", "snapshot", "snapshot", "Snapshot");
DEFINE_KIND(template, "template", "template", "template", "Template");
DEFINE_KIND(vnic_profile, "vNIC profile", "vnicprofile", "vnic_profile", "VnicProfile");
DEFINE_KIND(mac_pool, "MAC pool", "macpool", "mac_pool", "MacPool");
DEFINE_KIND(peer, "peer", "peer", "peer", "Peer");

const Kind *kind_of_source(CompletionSource source) {
        switch (source) {
        case COMPLETE_DATA_CENTER:
                return &kind_data_center;
        case COMPLETE_CLUSTER:
                return &kind_cluster;
        case COMPLETE_HOST:
                return &kind_host;
        case COMPLETE_NETWORK:
                return &kind_network;
        case COMPLETE_DOMAIN:
                return &kind_domain;
        case COMPLETE_DISK:
                return &kind_disk;
        case COMPLETE_VM:
                return &kind_vm;
        case COMPLETE_SNAPSHOT:
                return &kind_snapshot;
        case COMPLETE_TEMPLATE:
                return &kind_template;
        case COMPLETE_VNIC_PROFILE:
                return &kind_vnic_profile;
        case COMPLETE_MAC_POOL:
                return &kind_mac_pool;
        case COMPLETE_PEER:
                return &kind_peer;
        default:
                return NULL;
        }
}

/* ---- trees ---- */

size_t objects_find(const json_t *objects, const char *interface, const char *reference, const char **ret_path,
                    const json_t **ret) {
        const char *path;
        json_t *interfaces;
        size_t n = 0;

        json_object_foreach((json_t *)objects, path, interfaces) {
                const json_t *properties = json_object_get(interfaces, interface);
                bool is_id;

                if (!properties)
                        continue;
                is_id = streq(dict_string(properties, "Id", ""), reference);
                if (!is_id && !streq(dict_string(properties, "Name", ""), reference))
                        continue;

                if (n == 0 || is_id) {
                        *ret_path = path;
                        *ret = properties;
                }
                if (is_id)
                        return 1;
                n++;
        }

        return n;
}

static int compare_names(const void *a, const void *b) {
        const json_t *const *x = a, *const *y = b;
        int r = strcmp(dict_string(*x, "Name", ""), dict_string(*y, "Name", ""));

        return r != 0 ? r : strcmp(dict_string(*x, "Path", ""), dict_string(*y, "Path", ""));
}

static json_t *sorted(json_t *array) {
        size_t n = json_array_size(array);
        _cleanup_free_ json_t **items = calloc(n + 1, sizeof *items);
        json_t *result = json_array();

        if (!items || !result) {
                json_decref(result);
                return NULL;
        }

        for (size_t i = 0; i < n; i++)
                items[i] = json_array_get(array, i);
        qsort(items, n, sizeof *items, compare_names);
        for (size_t i = 0; i < n; i++)
                if (json_array_append(result, items[i]) < 0) {
                        json_decref(result);
                        return NULL;
                }

        return result;
}

json_t *objects_list(const json_t *objects, const char *interface) {
        _cleanup_json_ json_t *array = json_array();
        json_t *interfaces;
        const char *path;

        json_object_foreach((json_t *)objects, path, interfaces) {
                json_t *properties = json_object_get(interfaces, interface);
                _cleanup_json_ json_t *row = NULL;

                if (!properties)
                        continue;
                row = json_pack("{s:s}", "Path", path);
                if (!row || json_object_update(row, properties) < 0 || json_array_append(array, row) < 0)
                        return NULL;
        }

        return array ? sorted(array) : NULL;
}

json_t *objects_names(const json_t *objects) {
        json_t *names = json_object(), *interfaces, *properties;
        const char *path, *interface;

        json_object_foreach((json_t *)objects, path, interfaces)
                json_object_foreach(interfaces, interface, properties) {
                        const char *id = dict_string(properties, "Id", NULL), *name = dict_string(properties, "Name", NULL);

                        if (id && name)
                                (void) json_object_set_new(names, id, json_string(name));
                }

        return names;
}

/* ---- of the client ---- */

int client_load_objects(Client *client) {
        return client->objects ? 0 : client_get_objects(client, "Cluster", &client->objects);
}

int client_find(Client *client, const Kind *kind, const char *reference, const char **ret_path, const json_t **ret) {
        const json_t *properties;
        size_t n;
        int r;

        r = client_load_objects(client);
        if (r < 0)
                return r;

        n = objects_find(client->objects, kind->interface, reference, ret_path, &properties);
        if (n == 0)
                return client_fail(client, "%s '%s' does not exist; `rhvctl %s list` shows those there are", kind->word,
                                   reference, kind->noun);
        if (n > 1)
                return client_fail(client, "%zu %ss are called '%s'; give the id instead, `rhvctl %s list` shows it", n,
                                   kind->word, reference, kind->noun);

        if (ret)
                *ret = properties;
        return 0;
}

static int add_row(Table *table, const json_t *row, const Column *columns, const json_t *names) {
        for (; columns->header; columns++) {
                _cleanup_free_ char *text = render_value(json_object_get(row, columns->property), columns->format,
                                                         columns->property, names);
                int r = text ? table_add_cell(table, text) : -ENOMEM;

                if (r < 0)
                        return r;
        }

        return 0;
}

static int print_table(Client *client, const json_t *rows, const Column *columns, const json_t *names) {
        _cleanup_(table_freep) Table *table = NULL;
        _cleanup_free_ char *text = NULL;
        json_t *row;
        size_t i;
        int r;

        r = table_new(&table);
        for (const Column *c = columns; c->header && r >= 0; c++)
                r = table_add_column(table, c->header, c->align, c->shrink);
        json_array_foreach(rows, i, row)
                if (r >= 0)
                        r = add_row(table, row, columns, names);
        if (r < 0)
                return client_no_memory(client);

        text = table_format(table, client_width(client), !client->settings->no_legend);
        if (!text)
                return client_no_memory(client);
        fputs(text, stdout);
        return 0;
}

int client_print_rows(Client *client, const json_t *rows, const Column *columns, const json_t *names) {
        if (client->settings->json)
                return client_print_json(client, rows);
        return print_table(client, rows, columns, names);
}

int client_print_object(Client *client, const json_t *object, const json_t *names) {
        _cleanup_free_ char *text = NULL;

        if (client->settings->json)
                return client_print_json(client, object);

        text = render_object(object, names);
        if (!text)
                return client_no_memory(client);
        fputs(text, stdout);
        return 0;
}
