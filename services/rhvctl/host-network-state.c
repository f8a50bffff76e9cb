/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "host-network-state.h"

#include "dict.h"
#include "kind.h"

#define NETWORK_PATH "/org/rhv/Network"
#define NETWORK_INTERFACE "org.rhv.Network"

static const Column difference_columns[] = {
        { "NETWORK", "network", FORMAT_TEXT, false },
        { "DEVICE", "device", FORMAT_TEXT, false },
        { "FIELD", "field", FORMAT_TEXT, false },
        { "IS", "is", FORMAT_TEXT, true },
        { "WANTED", "wanted", FORMAT_TEXT, true },
        { "SEEN IN", "source", FORMAT_TEXT, false },
        {},
};
static const Column bond_columns[] = {
        { "NAME", "name", FORMAT_TEXT, false },
        { "STATE", "state", FORMAT_TEXT, false },
        { "MODE", "mode", FORMAT_TEXT, false },
        { "NICS", "ports", FORMAT_TEXT, true },
        { "ACTIVE", "active", FORMAT_TEXT, false },
        { "MBIT/S", "speed", FORMAT_TEXT, false, TABLE_RIGHT },
        { "LABEL", "label", FORMAT_TEXT, false },
        { "LACP PARTNER", "partner", FORMAT_TEXT, false },
        {},
};

static const Column forwarding_columns[] = {
        { "ADDRESS", "mac", FORMAT_TEXT, false },
        { "PORT", "port", FORMAT_TEXT, false },
        { "THE HOST'S", "local", FORMAT_TEXT, false },
        { "AGE MS", "age_msec", FORMAT_TEXT, false, TABLE_RIGHT },
        {},
};

static int add_differences(json_t *rows, const char *name, const json_t *differences) {
        json_t *entry;
        size_t i;

        json_array_foreach((json_t *)differences, i, entry) {
                json_t *row = json_pack("{s:s}", "network", name);

                if (!row || json_object_update(row, entry) < 0 || json_array_append_new(rows, row) < 0)
                        return -ENOMEM;
        }
        return 0;
}

json_t *host_network_differences(const json_t *objects, const json_t *bonds, const char *name, size_t *ret_known) {
        _cleanup_json_ json_t *networks = objects_list(objects, "org.rhv.Network.Network"), *rows = json_array();
        const char *bond;
        json_t *entry;
        size_t i;

        *ret_known = 0;
        if (!networks || !rows)
                return NULL;
        json_array_foreach(networks, i, entry) {
                const char *network = dict_string(entry, "Name", "");

                if (name && !streq(name, network))
                        continue;
                ++*ret_known;
                if (add_differences(rows, network, json_object_get(entry, "Differences")) < 0)
                        return NULL;
        }
        json_object_foreach((json_t *)bonds, bond, entry) {
                if (name && !streq(name, bond))
                        continue;
                ++*ret_known;
                if (add_differences(rows, bond, json_object_get(entry, "differences")) < 0)
                        return NULL;
        }
        return TAKE_PTR(rows);
}

int host_network_run_differences(Client *client, const Invocation *invocation) {
        const char *name = dict_string(invocation->local, "NAME", NULL);
        _cleanup_json_ json_t *objects = NULL, *capabilities = NULL, *rows = NULL;
        size_t known;
        int r;

        r = client_get_objects(client, "Network", &objects);
        if (r >= 0)
                r = client_query(client, NETWORK_PATH, NETWORK_INTERFACE, "GetCapabilities", &capabilities, "");
        if (r < 0)
                return r;
        rows = host_network_differences(objects, json_object_get(capabilities, "bonds"), name, &known);
        if (!rows)
                return client_no_memory(client);
        if (name && known == 0)
                return client_fail(client, "the host has no network or bond '%s'; `rhvctl host-network list` and `rhvctl host-network bonds` show those there are", name);
        if (json_array_size(rows) == 0 && !client->settings->json) {
                client_say(client, "nothing differs: all is as asked for");
                return 0;
        }
        return client_print_rows(client, rows, difference_columns, NULL);
}

int host_network_run_bonds(Client *client, const Invocation *invocation) {
        _cleanup_json_ json_t *capabilities = NULL, *rows = json_array();
        const char *name;
        json_t *bond;
        int r;

        r = client_query(client, NETWORK_PATH, NETWORK_INTERFACE, "GetCapabilities", &capabilities, "");
        if (r < 0)
                return r;
        json_object_foreach(json_object_get(capabilities, "bonds"), name, bond) {
                if (!rows || json_object_set_new(bond, "name", json_string(name)) < 0 ||
                    json_object_set_new(bond, "partner", json_string(dict_string(json_object_get(bond, "lacp"), "partner_mac", ""))) < 0 ||
                    json_array_append(rows, bond) < 0)
                        return client_no_memory(client);
        }
        return client_print_rows(client, rows, bond_columns, NULL);
}

int host_network_run_forwarding(Client *client, const Invocation *invocation) {
        _cleanup_json_ json_t *entries = NULL, *options = json_object();
        int r;

        if (!options)
                return client_no_memory(client);
        r = client_query(client, NETWORK_PATH, NETWORK_INTERFACE, "GetForwardingTable", &entries, "s@", local_string(invocation, "NAME"), options);
        return r < 0 ? r : client_print_rows(client, entries, forwarding_columns, NULL);
}
