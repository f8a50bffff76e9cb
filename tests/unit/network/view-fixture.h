/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A small host for the tests of what decides: eth0 holds the management address by a profile of others, eth1 and eth2 are free. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "dict.h"
#include "macro.h"

static const char host_text[] =
        "{'devices': {"
        "  'lo':   {'kind': 'other', 'mtu': 65536, 'carrier': true, 'managed': true, 'state': 'activated', 'addresses': ['127.0.0.1/8'], 'addresses6': []},"
        "  'eth0': {'kind': 'nic', 'mac': '02:00:00:00:00:01', 'mtu': 1450, 'carrier': true, 'managed': true, 'state': 'activated',"
        "           'profile': 'e0e0e0e0-0000-4000-8000-000000000000', 'addresses': ['10.0.0.5/24'], 'addresses6': [], 'gateway': '10.0.0.1', 'default_route': true},"
        "  'eth1': {'kind': 'nic', 'mac': '02:00:00:00:00:02', 'mtu': 1500, 'carrier': true, 'managed': true, 'state': 'disconnected', 'addresses': [], 'addresses6': []},"
        "  'eth2': {'kind': 'nic', 'mac': '02:00:00:00:00:03', 'mtu': 1500, 'carrier': false, 'managed': true, 'state': 'unavailable', 'addresses': [], 'addresses6': []},"
        "  'eth3': {'kind': 'nic', 'mac': '02:00:00:00:00:04', 'mtu': 1500, 'carrier': true, 'managed': false, 'state': 'unmanaged', 'addresses': [], 'addresses6': []},"
        "  'eth4': {'kind': 'nic', 'mac': '02:00:00:00:00:05', 'mtu': 1500, 'carrier': true, 'managed': true, 'state': 'activated', 'master': 'br7',"
        "           'profile': 'b7b7b7b7-0000-4000-8000-000000000001', 'addresses': [], 'addresses6': []},"
        "  'br7':  {'kind': 'bridge', 'mac': '02:00:00:00:00:05', 'mtu': 1500, 'carrier': true, 'managed': true, 'state': 'activated',"
        "           'profile': 'b7b7b7b7-0000-4000-8000-000000000000', 'addresses': ['10.7.0.1/24'], 'addresses6': []}},"
        " 'profiles': {"
        "  'e0e0e0e0-0000-4000-8000-000000000000': {'id': 'wired', 'iface': 'eth0', 'ours': false, 'saved': true, 'spec': {'iface': 'eth0', 'kind': 'nic', 'mtu': 0,"
        "     'default_route': true, 'ipv4': {'method': 'static', 'addresses': ['10.0.0.5/24'], 'gateway': '10.0.0.1'}, 'ipv6': {'method': 'none'}}},"
        "  'e1e1e1e1-0000-4000-8000-000000000000': {'id': 'spare', 'iface': 'eth1', 'ours': false, 'saved': true, 'spec': {'iface': 'eth1', 'kind': 'nic', 'mtu': 0,"
        "     'default_route': true, 'ipv4': {'method': 'dhcp'}, 'ipv6': {'method': 'none'}}},"
        "  'b7b7b7b7-0000-4000-8000-000000000000': {'id': 'br7', 'iface': 'br7', 'ours': false, 'saved': true, 'spec': {'iface': 'br7', 'kind': 'bridge'}},"
        "  'b7b7b7b7-0000-4000-8000-000000000001': {'id': 'br7-eth4', 'iface': 'eth4', 'ours': false, 'saved': true, 'spec': {'iface': 'eth4', 'kind': 'nic', 'master': 'br7'}}}}";

/* JSON with ' for ", to be readable in C. New. */
static inline json_t *quoted(const char *text) {
        char *copy = strdup(text);
        json_error_t error;
        json_t *value;

        assert_non_null(copy);
        for (char *p = copy; *p; p++)
                if (*p == '\'')
                        *p = '"';
        value = json_loads(copy, JSON_REJECT_DUPLICATES, &error);
        if (!value)
                fail_msg("%s: %s", error.text, text);
        free(copy);
        return value;
}

static inline json_t *host_new(void) {
        return quoted(host_text);
}

/* What NetworkManager would show after the plan was carried out: profiles there, devices up. Changes view. */
static inline void host_apply(json_t *view, const json_t *plan) {
        json_t *entry, *profiles = json_object_get(view, "profiles"), *devices = json_object_get(view, "devices");
        static unsigned count;
        size_t i;

        json_array_foreach(json_object_get(plan, "profiles"), i, entry) {
                const char *iface = json_string_value(json_object_get(entry, "iface")), *uuid = json_string_value(json_object_get(entry, "uuid"));
                json_t *spec = json_object_get(entry, "spec"), *device, *old = json_object_get(devices, iface), *addresses, *addresses6;
                char fresh[40];

                if (!spec) {
                        json_object_del(profiles, uuid);
                        if (strcmp(json_string_value(json_object_get(old, "kind")), "nic") != 0)
                                json_object_del(devices, iface);
                        else {
                                json_object_del(old, "master");
                                json_object_del(old, "profile");
                                json_object_set_new(old, "addresses", json_array());
                                json_object_set_new(old, "state", json_string("disconnected"));
                        }
                        continue;
                }
                if (!uuid) {
                        snprintf(fresh, sizeof fresh, "00000000-0000-4000-8000-%012u", ++count);
                        uuid = fresh;
                }
                json_object_set_new(profiles, uuid, json_pack("{s:s, s:s, s:b, s:b, s:O}", "id", iface, "iface", iface, "ours", 1, "saved", 1, "spec", spec));

                addresses = json_object_get(json_object_get(spec, "ipv4"), "addresses");
                addresses6 = json_object_get(json_object_get(spec, "ipv6"), "addresses");
                device = json_pack("{s:O, s:s, s:b, s:b, s:s, s:O, s:o, s:o, s:s}", "kind", json_object_get(spec, "kind"), "mac", "02:00:00:00:00:99", "carrier",
                                   1, "managed", 1, "state", "activated", "mtu", json_object_get(spec, "mtu"), "addresses",
                                   addresses ? json_incref(addresses) : json_array(), "addresses6", addresses6 ? json_incref(addresses6) : json_array(), "profile", uuid);
                if (json_object_get(json_object_get(spec, "ipv4"), "routes"))
                        json_object_set(device, "routes", json_object_get(json_object_get(spec, "ipv4"), "routes"));
                if (json_object_get(json_object_get(spec, "ipv6"), "routes"))
                        json_object_set(device, "routes6", json_object_get(json_object_get(spec, "ipv6"), "routes"));
                if (old && json_object_get(old, "mac"))
                        json_object_set(device, "mac", json_object_get(old, "mac"));
                if (old && json_object_get(old, "sriov"))
                        json_object_set(device, "sriov", json_object_get(old, "sriov"));
                if (json_object_get(spec, "master"))
                        json_object_set(device, "master", json_object_get(spec, "master"));
                if (json_object_get(json_object_get(spec, "ipv4"), "gateway")) {
                        json_object_set(device, "gateway", json_object_get(json_object_get(spec, "ipv4"), "gateway"));
                        json_object_set_new(device, "default_route", json_true());
                }
                json_object_set_new(devices, iface, device);
        }
}

/* What a plan does with the profile of that device; NULL: nothing. */
static inline const json_t *entry_for(const json_t *plan, const char *iface) {
        json_t *entry;
        size_t i;

        json_array_foreach(json_object_get(plan, "profiles"), i, entry)
                if (streq(dict_string(entry, "iface", ""), iface))
                        return entry;
        return NULL;
}
