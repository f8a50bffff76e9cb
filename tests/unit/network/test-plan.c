/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The planner on a small host: what a request becomes, what is refused, and what must hold for any request at all. */

#include "view-fixture.h"

#include "bus-error.h"
#include "dict.h"
#include "layers.h"
#include "macro.h"
#include "objects.h"
#include "plan.h"
#include "verify.h"
#include "view.h"
#include "wish.h"

static int plan_text(const json_t *view, const char *networks, const char *bonds, json_t **ret, sd_bus_error *error) {
        _cleanup_json_ json_t *n = quoted(networks), *b = quoted(bonds);

        return plan_make(view, n, b, NULL, ret, error);
}

/* Plans, and carries it out on the view. */
static void apply(json_t *view, const char *networks, const char *bonds) {
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_json_ json_t *plan = NULL;

        if (plan_text(view, networks, bonds, &plan, &error) < 0)
                fail_msg("%s: %s", networks, error.message);
        host_apply(view, plan);
}

static void management(void **state) {
        _cleanup_json_ json_t *view = host_new(), *plan = NULL;
        const json_t *bridge, *port, *expect;

        assert_int_equal(plan_text(view, "{'ovirtmgmt': {'management': true}}", "{}", &plan, NULL), 1);
        assert_int_equal(json_array_size(json_object_get(plan, "profiles")), 2);

        bridge = json_array_get(json_object_get(plan, "profiles"), 0); /* controllers first */
        assert_string_equal(dict_string(bridge, "iface", ""), "ovirtmgmt");
        assert_string_equal(dict_string(bridge, "inherit", ""), "e0e0e0e0-0000-4000-8000-000000000000");
        assert_null(json_object_get(bridge, "uuid"));
        bridge = json_object_get(bridge, "spec");
        assert_string_equal(dict_string(bridge, "mac", ""), "02:00:00:00:00:01");
        assert_int_equal(dict_integer(bridge, "mtu", 0), 1450); /* the NIC's, not 1500 */
        assert_false(dict_boolean(bridge, "stp", true));
        assert_true(dict_boolean(bridge, "default_route", false));
        assert_string_equal(dict_string(json_object_get(bridge, "ipv4"), "gateway", ""), "10.0.0.1");

        port = json_object_get(json_array_get(json_object_get(plan, "profiles"), 1), "spec");
        assert_string_equal(dict_string(port, "iface", ""), "eth0");
        assert_string_equal(dict_string(port, "master", ""), "ovirtmgmt");
        assert_null(json_object_get(port, "ipv4"));

        assert_true(json_array_has(json_object_get(plan, "devices"), "eth0"));
        expect = json_array_get(json_object_get(plan, "expect"), 0);
        assert_true(json_array_has(json_object_get(expect, "addresses"), "10.0.0.5/24"));
        assert_string_equal(dict_string(expect, "gateway", ""), "10.0.0.1");
        assert_string_equal(dict_string(expect, "uplink", ""), "eth0");
}

static void again_is_nothing(void **state) {
        _cleanup_json_ json_t *view = host_new(), *plan = NULL;
        static const char *const requests[][2] = {
                { "{'ovirtmgmt': {'management': true}}", "{}" },
                { "{'vmnet': {'nic': 'eth1', 'ipv4': {'addresses': ['10.1.0.1/24']}}}", "{}" },
                { "{'tag7': {'nic': 'eth1', 'vlan': 7, 'mtu': 9000}}", "{}" },
                { "{'inner': {}}", "{}" },
        };

        for (size_t i = 0; i < ELEMENTSOF(requests); i++) {
                apply(view, requests[i][0], requests[i][1]);
                json_decref(plan);
                plan = NULL;
                assert_int_equal(plan_text(view, requests[i][0], requests[i][1], &plan, NULL), 0);
                assert_int_equal(json_array_size(json_object_get(plan, "profiles")), 0);
        }
}

static void leased_management(void **state) {
        _cleanup_json_ json_t *view = host_new(), *plan = NULL;
        json_t *spec = json_object_get(json_object_get(json_object_get(view, "profiles"), "e0e0e0e0-0000-4000-8000-000000000000"), "spec");
        const json_t *expect;

        json_object_set_new(spec, "ipv4", quoted("{'method': 'dhcp'}"));
        assert_int_equal(plan_text(view, "{'ovirtmgmt': {'management': true}}", "{}", &plan, NULL), 1);
        expect = json_array_get(json_object_get(plan, "expect"), 0);
        /* the lease must be the same one, or our callers have lost us */
        assert_true(json_array_has(json_object_get(expect, "addresses"), "10.0.0.5/24"));
        assert_true(dict_boolean(expect, "dhcp", false));
}

static void tagged_management(void **state) {
        _cleanup_json_ json_t *view = host_new(), *plan = NULL;

        assert_int_equal(plan_text(view, "{'ovirtmgmt': {'management': true, 'vlan': 100}}", "{}", &plan, NULL), 1);
        assert_non_null(entry_for(plan, "eth0.100"));
        assert_string_equal(dict_string(json_object_get(entry_for(plan, "eth0.100"), "spec"), "master", ""), "ovirtmgmt");
        assert_string_equal(dict_string(json_object_get(json_object_get(entry_for(plan, "eth0"), "spec"), "ipv4") , "method", ""), "none");
}

static void bonded(void **state) {
        _cleanup_json_ json_t *view = host_new(), *plan = NULL;
        const json_t *profiles;

        assert_int_equal(plan_text(view, "{'ovirtmgmt': {'management': true, 'bonding': 'bond0', 'vlan': 100, 'mtu': 9000}}",
                                   "{'bond0': {'nics': ['eth1', 'eth0'], 'options': {'mode': '4'}}}", &plan, NULL), 1);
        profiles = json_object_get(plan, "profiles");
        assert_int_equal(json_array_size(profiles), 5);
        assert_string_equal(dict_string(json_array_get(profiles, 0), "iface", ""), "bond0");
        assert_string_equal(dict_string(json_array_get(profiles, 1), "iface", ""), "eth0");
        assert_string_equal(dict_string(json_array_get(profiles, 2), "iface", ""), "eth1");
        assert_string_equal(dict_string(json_array_get(profiles, 3), "iface", ""), "ovirtmgmt");
        assert_string_equal(dict_string(json_array_get(profiles, 4), "iface", ""), "bond0.100");
        for (size_t i = 0; i < 5; i++)
                assert_int_equal(dict_integer(json_object_get(json_array_get(profiles, i), "spec"), "mtu", 0), 9000);
        /* the MAC is that of the NIC with the address, though it is not the first */
        assert_string_equal(dict_string(json_object_get(json_array_get(profiles, 0), "spec"), "mac", ""), "02:00:00:00:00:01");
        assert_string_equal(dict_string(json_object_get(json_array_get(profiles, 3), "spec"), "mac", ""), "02:00:00:00:00:01");
        assert_string_equal(dict_string(json_object_get(json_array_get(profiles, 1), "spec"), "port", ""), "bond");
}

static void mtu_follows_the_largest(void **state) {
        _cleanup_json_ json_t *view = host_new(), *plan = NULL, *back = NULL;

        apply(view, "{'a': {'nic': 'eth1'}, 'b': {'nic': 'eth1', 'vlan': 5}}", "{}");
        assert_int_equal(plan_text(view, "{'b': {'nic': 'eth1', 'vlan': 5, 'mtu': 9000}}", "{}", &plan, NULL), 1);
        assert_int_equal(dict_integer(json_object_get(entry_for(plan, "eth1"), "spec"), "mtu", 0), 9000);
        assert_string_equal(dict_string(entry_for(plan, "eth1"), "how", ""), "reapply");
        assert_null(entry_for(plan, "a"));
        host_apply(view, plan);
        assert_int_equal(plan_text(view, "{'b': {'remove': true}}", "{}", &back, NULL), 1);
        assert_int_equal(dict_integer(json_object_get(entry_for(back, "eth1"), "spec"), "mtu", 0), 1500);
        assert_string_equal(dict_string(entry_for(back, "eth1.5"), "how", ""), "delete");
}

static void live_changes_are_reapplied(void **state) {
        _cleanup_json_ json_t *view = host_new(), *plan = NULL;

        apply(view, "{'vmnet': {'nic': 'eth1', 'ipv4': {'addresses': ['10.1.0.1/24']}}}", "{}");
        assert_int_equal(plan_text(view, "{'vmnet': {'nic': 'eth1', 'ipv4': {'addresses': ['10.1.0.2/24']}}}", "{}", &plan, NULL), 1);
        assert_int_equal(json_array_size(json_object_get(plan, "profiles")), 1);
        assert_string_equal(dict_string(entry_for(plan, "vmnet"), "how", ""), "reapply");
        json_decref(plan);
        plan = NULL;
        /* another NIC: the bridge stays, the ports change */
        assert_int_equal(plan_text(view, "{'vmnet': {'nic': 'eth2', 'ipv4': {'addresses': ['10.1.0.1/24']}}}", "{}", &plan, NULL), 1);
        assert_string_equal(dict_string(entry_for(plan, "eth2"), "how", ""), "activate");
        assert_string_equal(dict_string(entry_for(plan, "eth1"), "how", ""), "delete");
        assert_string_equal(dict_string(json_array_get(json_object_get(plan, "deactivate"), 0), "iface", ""), "eth1");
}

static void removal(void **state) {
        _cleanup_json_ json_t *view = host_new(), *plan = NULL, *before = json_deep_copy(view);

        apply(view, "{'vmnet': {'nic': 'eth1', 'vlan': 9}}", "{}");
        assert_int_equal(plan_text(view, "{'vmnet': {'remove': true}}", "{}", &plan, NULL), 1);
        assert_string_equal(dict_string(json_array_get(json_object_get(plan, "deactivate"), 0), "iface", ""), "vmnet");
        assert_string_equal(dict_string(json_array_get(json_object_get(plan, "deactivate"), 1), "iface", ""), "eth1.9");
        assert_string_equal(dict_string(json_array_get(json_object_get(plan, "deactivate"), 2), "iface", ""), "eth1");
        host_apply(view, plan);
        assert_true(json_equal(json_object_get(view, "profiles"), json_object_get(before, "profiles")));
}

static void refused(void **state) {
        static const struct {
                const char *networks, *bonds, *error;
        } cases[] = {
                { "{'n': {'nic': 'eth9'}}", "{}", RHV_ERROR_NOT_FOUND },
                { "{'n': {'nic': 'br7'}}", "{}", RHV_ERROR_INVALID_ARGUMENT },
                { "{'n': {'nic': 'eth3'}}", "{}", RHV_ERROR_INVALID_STATE },
                { "{'n': {'nic': 'eth4'}}", "{}", RHV_ERROR_IN_USE },
                { "{'n': {'nic': 'eth0'}}", "{}", RHV_ERROR_INVALID_STATE },
                { "{'n': {'nic': 'eth0', 'vlan': 5}}", "{}", RHV_ERROR_INVALID_STATE },
                { "{'br7': {'nic': 'eth1'}}", "{}", RHV_ERROR_ALREADY_EXISTS },
                { "{'eth1': {'nic': 'eth2'}}", "{}", RHV_ERROR_ALREADY_EXISTS },
                { "{'n': {'bonding': 'bond0'}}", "{}", RHV_ERROR_NOT_FOUND },
                { "{'n': {'remove': true}}", "{}", RHV_ERROR_NOT_FOUND },
                { "{}", "{'bond0': {'remove': true}}", RHV_ERROR_NOT_FOUND },
                { "{'a': {'nic': 'eth1'}, 'b': {'nic': 'eth1'}}", "{}", RHV_ERROR_INVALID_ARGUMENT },
                { "{'a': {'nic': 'eth1', 'vlan': 3}, 'b': {'nic': 'eth1', 'vlan': 3}}", "{}", RHV_ERROR_INVALID_ARGUMENT },
                { "{'a': {'management': true}, 'b': {'nic': 'eth1', 'management': true, 'ipv4': {'addresses': ['10.1.0.1/24']}}}", "{}", RHV_ERROR_INVALID_ARGUMENT },
                { "{'a': {'nic': 'eth1', 'ipv4': {'addresses': ['10.1.0.1/24']}}, 'b': {'nic': 'eth2', 'ipv4': {'addresses': ['10.1.0.1/16']}}}", "{}",
                  RHV_ERROR_INVALID_ARGUMENT },
                { "{'m': {'management': true, 'nic': 'eth1'}}", "{}", RHV_ERROR_INVALID_STATE },
                { "{'m': {'management': true, 'nic': 'eth0', 'ipv4': {'method': 'none'}}}", "{}", RHV_ERROR_INVALID_ARGUMENT },
                { "{}", "{'bond0': {'nics': ['eth1']}, 'bond1': {'nics': ['eth1']}}", RHV_ERROR_IN_USE },
                { "{'n': {'nic': 'eth1'}}", "{'bond0': {'nics': ['eth1']}}", RHV_ERROR_IN_USE },
                { "{}", "{'bond0': {'nics': ['eth0', 'eth1']}}", RHV_ERROR_INVALID_STATE },
                { "{'n': {'bonding': 'bond0'}}", "{'bond0': {'nics': ['eth1'], 'options': {'mode': '6'}}}", RHV_ERROR_INVALID_ARGUMENT },
                { "{'bond0': {}}", "{'bond0': {'nics': ['eth1']}}", RHV_ERROR_INVALID_ARGUMENT },
                { "{'n': 'eth1'}", "{}", RHV_ERROR_INVALID_ARGUMENT },
                { "{'n': {'nic': 'eth1', 'ipv4': {'addresses': ['10.7.0.1/24']}}}", "{}", RHV_ERROR_ALREADY_EXISTS },
                { "{'a': {'nic': 'eth1', 'default_route': true, 'ipv4': {'method': 'dhcp'}}, 'b': {'nic': 'eth2', 'default_route': true, 'ipv4': {'method': 'dhcp'}}}", "{}",
                  RHV_ERROR_INVALID_ARGUMENT },
                { "{'a': {'nic': 'eth1', 'vlan': 1, 'ethtool_options': {'feature-tso': 'on'}}, 'b': {'nic': 'eth1', 'ethtool_options': {'feature-tso': 'off'}}}", "{}",
                  RHV_ERROR_INVALID_ARGUMENT },
        };
        _cleanup_json_ json_t *view = host_new(), *before = json_deep_copy(view);

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
                _cleanup_json_ json_t *plan = NULL;

                if (plan_text(view, cases[i].networks, cases[i].bonds, &plan, &error) >= 0)
                        fail_msg("not refused: %s %s", cases[i].networks, cases[i].bonds);
                if (!streq_ptr(error.name, cases[i].error))
                        fail_msg("%s %s: %s: %s", cases[i].networks, cases[i].bonds, error.name, error.message);
                assert_true(json_equal(view, before));
        }
}

static void refused_later(void **state) {
        static const struct {
                const char *networks, *bonds, *error;
        } cases[] = {
                { "{'ovirtmgmt': {'remove': true}}", "{}", RHV_ERROR_INVALID_STATE },
                { "{'ovirtmgmt': {'nic': 'eth0'}}", "{}", RHV_ERROR_INVALID_STATE },
                { "{'n': {'nic': 'eth0'}}", "{}", RHV_ERROR_INVALID_ARGUMENT },
                { "{}", "{'bond0': {'remove': true}}", RHV_ERROR_IN_USE },
                { "{}", "{'bond0': {'nics': ['eth0'], 'options': {'mode': '1'}}}", RHV_ERROR_IN_USE },
                { "{'x': {'nic': 'eth1'}}", "{}", RHV_ERROR_IN_USE },
        };
        _cleanup_json_ json_t *view = host_new();

        apply(view, "{'ovirtmgmt': {'management': true}, 'guests': {'bonding': 'bond0'}}", "{'bond0': {'nics': ['eth1', 'eth2'], 'options': {'mode': '1'}}}");
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
                _cleanup_json_ json_t *plan = NULL;

                if (plan_text(view, cases[i].networks, cases[i].bonds, &plan, &error) >= 0)
                        fail_msg("not refused: %s %s", cases[i].networks, cases[i].bonds);
                if (!streq_ptr(error.name, cases[i].error))
                        fail_msg("%s %s: %s: %s", cases[i].networks, cases[i].bonds, error.name, error.message);
        }
        /* a tagged one beside it is fine */
        apply(view, "{'n': {'nic': 'eth0', 'vlan': 5}}", "{}");
}

/* Under another name: the old bridge goes, the NIC and its VLAN change over, the address comes along. */
static void renamed(void **state) {
        _cleanup_json_ json_t *view = host_new(), *plan = NULL, *management = host_new(), *moved = NULL;

        apply(view, "{'red': {'nic': 'eth1', 'vlan': 7, 'ipv4': {'addresses': ['10.1.0.1/24']}}}", "{}");
        assert_int_equal(plan_text(view, "{'red': {'remove': true}, 'rot': {'nic': 'eth1', 'vlan': 7, 'ipv4': {'addresses': ['10.1.0.1/24']}}}", "{}", &plan, NULL), 1);
        assert_string_equal(dict_string(entry_for(plan, "red"), "how", ""), "delete");
        assert_string_equal(dict_string(entry_for(plan, "rot"), "how", ""), "activate");
        assert_string_equal(dict_string(json_object_get(entry_for(plan, "eth1.7"), "spec"), "master", ""), "rot");
        assert_null(entry_for(plan, "eth1"));

        apply(management, "{'ovirtmgmt': {'management': true}}", "{}");
        assert_int_equal(plan_text(management, "{'ovirtmgmt': {'remove': true}, 'mgmt': {'management': true}}", "{}", &moved, NULL), 1);
        assert_string_equal(dict_string(entry_for(moved, "ovirtmgmt"), "how", ""), "delete");
        assert_string_equal(dict_string(json_object_get(entry_for(moved, "eth0"), "spec"), "master", ""), "mgmt");
        assert_string_equal(dict_string(json_object_get(json_object_get(entry_for(moved, "mgmt"), "spec"), "ipv4"), "gateway", ""), "10.0.0.1");
}

/* To another NIC: the bridge stays where guests are connected, the old NIC is left plain. */
static void moved_to_another_nic(void **state) {
        _cleanup_json_ json_t *view = host_new(), *plan = NULL;

        apply(view, "{'red': {'nic': 'eth1', 'vlan': 7}, 'blue': {'nic': 'eth1', 'vlan': 8}}", "{}");
        assert_int_equal(plan_text(view, "{'red': {'nic': 'eth2', 'vlan': 7}}", "{}", &plan, NULL), 1);
        assert_string_equal(dict_string(entry_for(plan, "eth1.7"), "how", ""), "delete");
        assert_string_equal(dict_string(json_object_get(entry_for(plan, "eth2.7"), "spec"), "master", ""), "red");
        assert_null(entry_for(plan, "eth1")); /* blue is still on it */
        assert_null(entry_for(plan, "eth1.8"));
        assert_non_null(entry_for(plan, "red"));
}

static void three_hundred_at_once(void **state) {
        _cleanup_json_ json_t *view = host_new(), *networks = json_object(), *bonds = json_object(), *plan = NULL, *again = NULL, *differing = NULL, *many = NULL;
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;

        for (int i = 1; i <= 300; i++) {
                char name[16];

                snprintf(name, sizeof name, "net%d", i);
                json_object_set_new(networks, name, json_pack("{s:s, s:i, s:i}", "nic", "eth1", "vlan", i, "mtu", 1500 + i));
        }
        assert_int_equal(plan_make(view, networks, bonds, NULL, &plan, NULL), 1);
        assert_int_equal(json_array_size(json_object_get(plan, "profiles")), 601);
        assert_int_equal(dict_integer(json_object_get(entry_for(plan, "eth1"), "spec"), "mtu", 0), 1800);
        host_apply(view, plan);
        assert_int_equal(plan_make(view, networks, bonds, NULL, &again, NULL), 0);
        differing = objects_differing(view);
        assert_int_equal(json_array_size(differing), 0);

        many = json_object();
        for (int i = 1; i <= 513; i++) {
                char name[16];

                snprintf(name, sizeof name, "more%d", i);
                json_object_set_new(many, name, json_pack("{s:s, s:i}", "nic", "eth2", "vlan", i));
        }
        assert_true(plan_make(view, many, bonds, NULL, &again, &error) < 0);
        assert_string_equal(error.name, RHV_ERROR_LIMIT_EXCEEDED);
}

static void no_management_device(void **state) {
        _cleanup_json_ json_t *view = host_new(), *plan = NULL;
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;

        /* without a default route two devices hold addresses: nobody can tell */
        json_object_del(json_object_get(json_object_get(view, "devices"), "eth0"), "default_route");
        assert_true(plan_text(view, "{'m': {'management': true}}", "{}", &plan, &error) < 0);
        assert_string_equal(error.name, RHV_ERROR_INVALID_STATE);
        sd_bus_error_free(&error);
        /* two addresses, and neither is known to be the one: a NIC of others with an address is left alone, a free one is not */
        assert_true(plan_text(view, "{'n': {'nic': 'eth0', 'vlan': 5}}", "{}", &plan, &error) < 0);
        assert_string_equal(error.name, RHV_ERROR_INVALID_STATE);
        assert_int_equal(plan_text(view, "{'n': {'nic': 'eth1'}}", "{}", &plan, NULL), 1);
}

static void out_of_sync(void **state) {
        _cleanup_json_ json_t *view = host_new(), *networks = NULL;
        const json_t *vmnet;

        apply(view, "{'vmnet': {'nic': 'eth1'}}", "{}");
        json_object_set_new(json_object_get(json_object_get(view, "devices"), "eth1"), "mtu", json_integer(1400));
        networks = objects_networks(view, NULL);
        vmnet = json_object_get(networks, "vmnet");
        assert_string_equal(dict_string(vmnet, "State", ""), "out-of-sync");
        assert_string_equal(dict_string(vmnet, "StateReason", ""), "eth1: mtu is 1400, not 1500");
        assert_int_equal(json_array_size(json_object_get(vmnet, "Differences")), 1);
}

static void verified(void **state) {
        _cleanup_json_ json_t *view = host_new(), *plan = NULL;
        char *reason = NULL;

        assert_int_equal(plan_text(view, "{'ovirtmgmt': {'management': true}}", "{}", &plan, NULL), 1);
        assert_int_equal(verify_expectations(json_object_get(plan, "expect"), view, &reason), 0);
        assert_string_equal(reason, "there is no device ovirtmgmt");
        free(reason);
        host_apply(view, plan);
        assert_int_equal(verify_expectations(json_object_get(plan, "expect"), view, &reason), 1);
        json_object_set_new(json_object_get(json_object_get(view, "devices"), "ovirtmgmt"), "addresses", json_array());
        reason = NULL;
        assert_int_equal(verify_expectations(json_object_get(plan, "expect"), view, &reason), 0);
        assert_string_equal(reason, "ovirtmgmt does not have the address 10.0.0.5/24");
        free(reason);
}

/* ---- whatever is asked ---- */

static uint32_t next(uint32_t *seed) {
        *seed = *seed * 1664525U + 1013904223U;
        return *seed >> 8;
}

static json_t *random_network(uint32_t *seed) {
        static const char *const bases[] = { "eth1", "eth2", "eth1", "eth2", "eth1", "eth2", "eth0", "eth0", "eth3", "eth4", "br7", "bond0" };
        json_t *entry = json_object();
        char address[32];

        if (next(seed) % 6 == 0) {
                json_object_set_new(entry, "remove", json_true());
                return entry;
        }
        if (next(seed) % 8)
                json_object_set_new(entry, next(seed) % 8 ? "nic" : "bonding", json_string(bases[next(seed) % ELEMENTSOF(bases)]));
        if (next(seed) % 2)
                json_object_set_new(entry, "vlan", json_integer(1 + next(seed) % 4));
        if (next(seed) % 4 == 0)
                json_object_set_new(entry, "bridged", json_false());
        if (next(seed) % 4 == 0)
                json_object_set_new(entry, "mtu", json_integer(1000 + next(seed) % 8000));
        if (next(seed) % 4 == 0)
                json_object_set_new(entry, "management", json_true());
        if (next(seed) % 3 == 0) {
                snprintf(address, sizeof address, "10.%u.0.%u/24", next(seed) % 3, 1 + next(seed) % 4);
                json_object_set_new(entry, "ipv4", json_pack("{s:[s]}", "addresses", address));
        }
        return entry;
}

static json_t *random_request(uint32_t *seed, json_t **ret_bonds) {
        static const char *const names[] = { "a", "b", "vmnet", "ovirtmgmt", "bond0", "eth1", "br7" };
        json_t *networks = json_object();

        *ret_bonds = json_object();
        for (unsigned i = next(seed) % 4; i > 0; i--)
                json_object_set_new(networks, names[next(seed) % ELEMENTSOF(names)], random_network(seed));
        if (next(seed) % 3 == 0) {
                char a[8], b[8];

                snprintf(a, sizeof a, "eth%u", next(seed) % 5);
                snprintf(b, sizeof b, "eth%u", next(seed) % 5);
                json_object_set_new(*ret_bonds, next(seed) % 2 ? "bond0" : "bond1",
                                    next(seed) % 4 ? json_pack("{s:[s,s], s:{s:s}}", "nics", a, b, "options", "mode", "1") : json_pack("{s:b}", "remove", 1));
        }
        return networks;
}

/* Profiles of others are never in a plan; every layer of it is named once and in order of rank; and while the management address is on a plain NIC, that NIC is only
 * touched by a network that has the management address. */
static void check_plan(const json_t *view, const json_t *plan, uint32_t seed) {
        _cleanup_json_ json_t *seen = json_object();
        int rank = -1;
        json_t *entry;
        size_t i;

        json_array_foreach(json_object_get(plan, "profiles"), i, entry) {
                const char *uuid = dict_string(entry, "uuid", NULL), *iface = dict_string(entry, "iface", "");
                const json_t *spec = json_object_get(entry, "spec");

                if (uuid && !dict_boolean(json_object_get(json_object_get(view, "profiles"), uuid), "ours", false))
                        fail_msg("seed %u: a profile of others is in the plan", seed);
                if (json_object_get(seen, iface))
                        fail_msg("seed %u: %s is planned twice", seed, iface);
                json_object_set_new(seen, iface, json_true());
                if (!spec)
                        continue;
                if (layer_rank(spec) < rank)
                        fail_msg("seed %u: %s comes too late", seed, iface);
                rank = layer_rank(spec);
        }
        json_array_foreach(json_object_get(plan, "deactivate"), i, entry)
                if (!dict_boolean(json_object_get(json_object_get(view, "profiles"), dict_string(entry, "uuid", "")), "ours", false))
                        fail_msg("seed %u: a profile of others would be deactivated", seed);
}

static bool asks_to_remove(const json_t *entries) {
        const char *name;
        json_t *entry;

        json_object_foreach((json_t *)entries, name, entry)
                if (dict_boolean(entry, "remove", false))
                        return true;
        return false;
}

static bool has_management(const json_t *view) {
        const char *holder = view_management_device(view, NULL), *name;
        json_t *device;

        if (holder)
                return true;
        json_object_foreach(json_object_get(view, "devices"), name, device)
                if (!streq(name, "lo") && !streq(name, "br7") && json_array_size(json_object_get(device, "addresses")) > 0)
                        return true;
        return false;
}

/* Of 400 x 12 requests. */
#define ACCEPTED_MIN 300U
/* And among them such that make or change a vlan-aware uplink. */
#define AWARE_MIN 30U

/* Of an uplink that the request names, so that it is not refused for that alone. */
static json_t *random_layouts(const json_t *networks, uint32_t *seed) {
        const char *name;
        json_t *entry;

        json_object_foreach((json_t *)networks, name, entry) {
                const char *base = network_wish_base(entry);

                if (base && next(seed) % 4 == 0)
                        return json_pack("{s:s}", base, next(seed) % 3 ? "vlan-aware" : "classic");
        }
        return NULL;
}

/* One layout on each uplink, and each network on the bridge that goes with it. */
static unsigned check_layouts(const json_t *view, uint32_t seed) {
        _cleanup_json_ json_t *wishes = view_wishes(view), *seen = json_object();
        const char *name;
        unsigned aware = 0;
        json_t *wish;

        json_object_foreach(json_object_get(wishes, "networks"), name, wish) {
                const char *base = network_wish_base(wish), *layout = dict_string(wish, "layout", "classic");
                char buffer[NETWORK_NAME_MAX + 1];
                const char *bridge = network_wish_bridge(wish, buffer);

                if (base && !streq(dict_string(seen, base, layout), layout))
                        fail_msg("seed %u: two layouts on %s", seed, base);
                if (base)
                        json_object_set_new(seen, base, json_string(layout));
                if (bridge && !view_device(view, bridge))
                        fail_msg("seed %u: %s has no bridge %s", seed, name, bridge);
                if (network_wish_is_aware(wish) && !streq_ptr(dict_string(view_device(view, base), "master", ""), bridge))
                        fail_msg("seed %u: %s is no port of %s", seed, base, bridge);
                aware += network_wish_is_aware(wish);
        }
        return aware;
}

static void anything(void **state) {
        unsigned accepted = 0, aware = 0;

        for (uint32_t seed = 1; seed <= 400; seed++) {
                _cleanup_json_ json_t *view = host_new();
                uint32_t random = seed, layout_random = seed * 7919U;

                for (unsigned round = 0; round < 12; round++) {
                        _cleanup_json_ json_t *plan = NULL, *again = NULL, *bonds = NULL, *networks = random_request(&random, &bonds), *before = json_deep_copy(view),
                                              *then = json_deep_copy(networks), *options = json_pack("{s:o*}", "layouts", random_layouts(networks, &layout_random)), *once_more = NULL;
                        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
                        int r = plan_make(view, networks, bonds, options, &plan, &error);

                        assert_true(json_equal(view, before));
                        assert_true(json_equal(networks, then));
                        if (r < 0) {
                                if (!error.name || !startswith(error.name, RHV_ERROR_PREFIX))
                                        fail_msg("seed %u: refused without a name (%d)", seed, r);
                                continue;
                        }
                        accepted += r > 0;
                        check_plan(view, plan, seed);
                        host_apply(view, plan);
                        if (!has_management(view))
                                fail_msg("seed %u: the management address is lost", seed);
                        aware += r > 0 && check_layouts(view, seed) > 0;
                        if (asks_to_remove(networks) || asks_to_remove(bonds))
                                continue;
                        if (plan_make(view, networks, bonds, options, &once_more, NULL) != 0)
                                fail_msg("seed %u: what was asked for is not what is there", seed);
                }
        }
        if (accepted < ACCEPTED_MIN)
                fail_msg("only %u accepted: the requests are not worth asking", accepted);
        if (aware < AWARE_MIN)
                fail_msg("only %u with vlan-aware uplinks", aware);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(management),
                cmocka_unit_test(again_is_nothing),
                cmocka_unit_test(leased_management),
                cmocka_unit_test(tagged_management),
                cmocka_unit_test(bonded),
                cmocka_unit_test(mtu_follows_the_largest),
                cmocka_unit_test(live_changes_are_reapplied),
                cmocka_unit_test(removal),
                cmocka_unit_test(refused),
                cmocka_unit_test(refused_later),
                cmocka_unit_test(renamed),
                cmocka_unit_test(moved_to_another_nic),
                cmocka_unit_test(three_hundred_at_once),
                cmocka_unit_test(no_management_device),
                cmocka_unit_test(out_of_sync),
                cmocka_unit_test(verified),
                cmocka_unit_test(anything),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
