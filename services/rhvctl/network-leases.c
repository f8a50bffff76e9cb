/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "network-leases.h"

#include "bus-object.h"
#include "dict.h"

static const Column lease_columns[] = {
        { "ADDRESS", "address", FORMAT_TEXT, false },
        { "MAC", "mac", FORMAT_TEXT, false },
        { "HOSTNAME", "hostname", FORMAT_TEXT, true },
        { "UNTIL", "expires_at", FORMAT_TIME, false },
        {},
};

int network_run_leases(Client *client, const Invocation *invocation) {
        _cleanup_json_ json_t *leases = NULL, *options = json_object();
        _cleanup_free_ char *path = NULL;
        const json_t *properties;
        const char *name, *object;
        int r;

        r = client_find(client, &kind_network, local_string(invocation, "NETWORK"), &object, &properties);
        if (r < 0)
                return r;
        name = dict_string(properties, "Name", "");
        if (streq(dict_string(properties, "Mode", "bridge"), "bridge"))
                return client_fail(client, "network '%s' is a bridge over a NIC: addresses come from elsewhere", name);
        if (isempty(dict_string(properties, "Device", "")))
                return client_fail(client, "network '%s' is not on this host; `rhvctl network attach %s HOST` makes it there", name, name);

        path = bus_object_path("/org/rhv/Compute/network", name);
        if (!path || !options)
                return client_no_memory(client);
        r = client_query(client, path, "org.rhv.Compute.Network", "GetLeases", &leases, "@", options);
        return r < 0 ? r : client_print_rows(client, leases, lease_columns, NULL);
}
