/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* One VLAN-aware bridge for all networks of an uplink: what a request becomes, what changes when, what is refused, and which VLANs ports belong to. */

#include "view-fixture.h"

#include "bus-error.h"
#include "dict.h"
#include "macro.h"
#include "objects.h"
#include "plan.h"
#include "port-vlans.h"
#include "verify.h"
#include "view.h"

static int plan_text(const json_t *view, const char *networks, const char *bonds, const char *layouts, json_t **ret, sd_bus_error *error) {
        _cleanup_json_ json_t *n = quoted(networks), *b = quoted(bonds), *o = json_pack("{s:o}", "layouts", quoted(layouts));

        return plan_make(view, n, b, o, ret, error);
}

static json_t *apply(json_t *view, const char *networks, const char *bonds, const char *layouts) {
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        json_t *plan = NULL;

        if (plan_text(view, networks, bonds, layouts, &plan, &error) < 0)
                fail_msg("%s: %s", networks, error.message);
        host_apply(view, plan);
        return plan;
}

static const json_t *spec_for(const json_t *plan, const char *iface) {
        return json_object_get(entry_for(plan, iface), "spec");
}

static void nothing_differs(const json_t *view) {
        _cleanup_json_ json_t *differing = objects_differing(view);

        assert_int_equal(json_array_size(differing), 0);
}

#define THREE "{'plain': {'nic': 'eth1'}, 'red': {'nic': 'eth1', 'vlan': 100, 'mtu': 9000}, 'blue': {'nic': 'eth1', 'vlan': 200, 'ipv4': {'addresses': ['10.2.0.1/24']}}}"
#define AWARE "{'eth1': 'vlan-aware'}"

static void one_bridge(void **state) {
        _cleanup_json_ json_t *view = host_new(), *plan = NULL, *again = NULL, *networks = NULL;
        const json_t *bridge, *port, *above;

        plan = apply(view, THREE, "{}", AWARE);
        assert_int_equal(json_array_size(json_object_get(plan, "profiles")), 3);

        bridge = spec_for(plan, "br-eth1");
        assert_string_equal(dict_string(bridge, "kind", ""), "bridge");
        assert_true(dict_boolean(bridge, "vlan_aware", false));
        assert_string_equal(dict_string(bridge, "vlans", ""), "200"); /* where the host itself is; not in its guests' */
        assert_string_equal(dict_string(bridge, "mac", ""), "02:00:00:00:00:02");
        assert_int_equal(dict_integer(bridge, "mtu", 0), 9000);
        assert_non_null(json_object_get(json_object_get(bridge, "networks"), "red"));
        assert_non_null(json_object_get(json_object_get(bridge, "networks"), "plain"));
        assert_null(json_object_get(json_object_get(bridge, "networks"), "blue"));

        port = spec_for(plan, "eth1");
        assert_string_equal(dict_string(port, "master", ""), "br-eth1");
        assert_string_equal(dict_string(port, "vlans", ""), "1 pvid untagged, 100, 200");

        above = spec_for(plan, "200.blue");
        assert_string_equal(dict_string(above, "parent", ""), "br-eth1");
        assert_int_equal(dict_integer(above, "vlan", 0), 200);
        assert_int_equal(dict_integer(above, "mtu", 0), 1500);

        assert_int_equal(plan_text(view, THREE, "{}", AWARE, &again, NULL), 0);
        nothing_differs(view);
        networks = objects_networks(view, NULL);
        assert_int_equal(json_object_size(networks), 3);
        assert_string_equal(dict_string(json_object_get(networks, "red"), "Layout", ""), "vlan-aware");
        assert_string_equal(dict_string(json_object_get(networks, "red"), "Bridge", ""), "br-eth1");
        assert_int_equal(dict_integer(json_object_get(networks, "red"), "PortVlan", 0), 100);
        assert_int_equal(dict_integer(json_object_get(networks, "plain"), "PortVlan", 0), 1);
        assert_string_equal(dict_string(json_object_get(networks, "blue"), "Device", ""), "200.blue");
        assert_string_equal(dict_string(json_object_get(networks, "blue"), "State", ""), "active");
}

/* An uplink keeps its layout, and a network that comes takes no device down. */
static void one_more(void **state) {
        _cleanup_json_ json_t *view = host_new(), *plan = NULL, *more = NULL, *less = NULL;

        plan = apply(view, THREE, "{}", AWARE);
        more = apply(view, "{'green': {'nic': 'eth1', 'vlan': 300}}", "{}", "{}");
        assert_int_equal(json_array_size(json_object_get(more, "profiles")), 2);
        assert_string_equal(dict_string(entry_for(more, "br-eth1"), "how", ""), "none");
        assert_string_equal(dict_string(entry_for(more, "eth1"), "how", ""), "none");
        assert_string_equal(dict_string(spec_for(more, "eth1"), "vlans", ""), "1 pvid untagged, 100, 200, 300");
        less = apply(view, "{'red': {'remove': true}, 'blue': {'remove': true}}", "{}", "{}");
        assert_string_equal(dict_string(entry_for(less, "200.blue"), "how", ""), "delete");
        assert_string_equal(dict_string(spec_for(less, "eth1"), "vlans", ""), "1 pvid untagged, 300");
        nothing_differs(view);
}

static void there_and_back(void **state) {
        _cleanup_json_ json_t *view = host_new(), *first = apply(view, THREE, "{}", "{}"), *there = NULL, *back = NULL;

        assert_non_null(entry_for(first, "eth1.100"));
        there = apply(view, "{}", "{}", AWARE);
        assert_string_equal(dict_string(entry_for(there, "red"), "how", ""), "delete");
        assert_string_equal(dict_string(entry_for(there, "eth1.100"), "how", ""), "delete");
        assert_string_equal(dict_string(entry_for(there, "br-eth1"), "how", ""), "activate");
        nothing_differs(view);
        back = apply(view, "{}", "{}", "{'eth1': 'classic'}");
        assert_string_equal(dict_string(entry_for(back, "br-eth1"), "how", ""), "delete");
        assert_string_equal(dict_string(spec_for(back, "eth1.100"), "master", ""), "red");
        assert_null(json_object_get(spec_for(back, "eth1"), "vlans"));
        nothing_differs(view);
        assert_null(view_device(view, "br-eth1"));
}

/* The address moves to the bridge, or to a VLAN above it, with all that belongs to it. */
static void management(void **state) {
        static const char *const requests[][3] = {
                { "{'ovirtmgmt': {'management': true}}", "br-eth0", "1 pvid untagged" },
                { "{'ovirtmgmt': {'management': true, 'vlan': 7}}", "7.ovirtmgmt", "7" },
        };

        for (size_t i = 0; i < ELEMENTSOF(requests); i++) {
                _cleanup_json_ json_t *view = host_new(), *plan = NULL, *moved = NULL;
                const json_t *top, *expect;

                plan = apply(view, requests[i][0], "{}", "{'eth0': 'vlan-aware'}");
                top = entry_for(plan, requests[i][1]);
                assert_string_equal(dict_string(top, "inherit", ""), "e0e0e0e0-0000-4000-8000-000000000000");
                assert_string_equal(dict_string(json_object_get(json_object_get(top, "spec"), "ipv4"), "gateway", ""), "10.0.0.1");
                assert_true(dict_boolean(json_object_get(top, "spec"), "default_route", false));
                assert_string_equal(dict_string(spec_for(plan, "br-eth0"), "vlans", ""), requests[i][2]);
                expect = json_array_get(json_object_get(plan, "expect"), 0);
                assert_string_equal(dict_string(expect, "iface", ""), requests[i][1]);
                assert_string_equal(dict_string(expect, "bridge", ""), "br-eth0");

                /* once there, by its own profile, and in both directions */
                moved = apply(view, "{}", "{}", "{'eth0': 'classic'}");
                assert_non_null(json_object_get(entry_for(moved, "ovirtmgmt"), "inherit"));
                nothing_differs(view);
        }
}

static void over_a_bond(void **state) {
        _cleanup_json_ json_t *view = host_new(), *plan = NULL;

        plan = apply(view, "{'red': {'bonding': 'bond0', 'vlan': 100}}", "{'bond0': {'nics': ['eth1', 'eth2'], 'options': {'mode': '1'}}}", "{'bond0': 'vlan-aware'}");
        assert_string_equal(dict_string(spec_for(plan, "bond0"), "master", ""), "br-bond0");
        assert_string_equal(dict_string(spec_for(plan, "bond0"), "vlans", ""), "100");
        assert_null(json_object_get(spec_for(plan, "eth1"), "vlans"));
        assert_string_equal(dict_string(spec_for(plan, "br-bond0"), "vlans", "none"), "none");
        nothing_differs(view);
}

static void refused(void **state) {
        static const struct {
                const char *networks, *bonds, *layouts, *name;
        } cases[] = {
                { THREE, "{}", "{'eth1': 'flat'}", RHV_ERROR_INVALID_ARGUMENT },
                { THREE, "{}", "{'no/name': 'classic'}", RHV_ERROR_INVALID_ARGUMENT },
                { "{}", "{}", "{'eth1': 'vlan-aware'}", RHV_ERROR_NOT_FOUND },
                { "{'a': {'nic': 'eth1', 'vlan': 0}}", "{}", AWARE, RHV_ERROR_INVALID_ARGUMENT },
                { "{'a': {'nic': 'eth1', 'vlan': 1}, 'b': {'nic': 'eth1'}}", "{}", AWARE, RHV_ERROR_INVALID_ARGUMENT },
                { "{'a': {'nic': 'eth1', 'vlan': 2, 'bridge_options': {'ageing_time': '1000'}}, 'b': {'nic': 'eth1', 'bridge_options': {'ageing_time': '2000'}}}", "{}", AWARE,
                  RHV_ERROR_INVALID_ARGUMENT },
                { "{'br-eth1': {'nic': 'eth1', 'vlan': 2}}", "{}", AWARE, RHV_ERROR_INVALID_ARGUMENT },
                { "{'a': {'nic': 'eth1', 'vlan': 2}, 'br-eth1': {'nic': 'eth2'}}", "{}", AWARE, RHV_ERROR_INVALID_ARGUMENT },
                { "{'a_long_name_a': {'nic': 'eth1', 'vlan': 2, 'bridged': false}, 'a_long_name_b': {'nic': 'eth2', 'vlan': 2, 'bridged': false}}", "{}",
                  "{'eth1': 'vlan-aware', 'eth2': 'vlan-aware'}", RHV_ERROR_INVALID_ARGUMENT },
                { "{'a': {'bonding': 'bond0', 'bridged': false}}", "{'bond0': {'nics': ['eth1', 'eth2'], 'options': {'mode': '6'}}}", "{'bond0': 'vlan-aware'}",
                  RHV_ERROR_INVALID_ARGUMENT },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
                _cleanup_json_ json_t *view = host_new(), *before = json_deep_copy(view), *plan = NULL;

                if (plan_text(view, cases[i].networks, cases[i].bonds, cases[i].layouts, &plan, &error) >= 0)
                        fail_msg("case %zu was accepted", i);
                if (!streq_ptr(error.name, cases[i].name))
                        fail_msg("case %zu: %s: %s", i, error.name, error.message);
                assert_true(json_equal(view, before));
        }
}

/* What somebody else made of a wish must not lead to half of each. */
static void mixed(void **state) {
        _cleanup_json_ json_t *view = host_new(), *plan = apply(view, THREE, "{}", AWARE), *other = NULL;
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        const char *uuid;
        json_t *profile;

        json_object_foreach(json_object_get(view, "profiles"), uuid, profile)
                json_object_del(json_object_get(json_object_get(json_object_get(profile, "spec"), "networks"), "red"), "layout");
        assert_true(plan_text(view, "{'other': {'nic': 'eth2'}}", "{}", "{}", &other, &error) < 0);
        assert_string_equal(error.name, RHV_ERROR_INVALID_ARGUMENT);
        assert_non_null(strstr(error.message, "classic"));
}

/* ---- the kernel ---- */

/* Links of the host after THREE, with guests' ports. */
static void set_links(json_t *view, const char *uplink, const char *guest_port, const char *guest_vlans) {
        json_t *links = quoted("{'br-eth1': {'mtu': 9000, 'bridge': {'vlan_filtering': '1', 'default_pvid': '0', 'stp_state': '0'}, 'vlans': '200'}, "
                               "'eth1': {'master': 'br-eth1', 'mtu': 9000}, 'tap0': {'master': 'br-eth1', 'vlans': '100 pvid untagged'}}");

        json_object_set_new(json_object_get(links, "eth1"), "vlans", json_string(uplink));
        json_object_set_new(links, guest_port, json_pack("{s:s, s:s}", "master", "br-eth1", "vlans", guest_vlans));
        json_object_set_new(view, "links", links);
}

static const char *wanted_of(const json_t *view, const char *device) {
        static char text[128];
        _cleanup_json_ json_t *wrong = port_vlans_wrong(view);
        json_t *entry;
        size_t i;

        assert_non_null(wrong);
        json_array_foreach(wrong, i, entry)
                if (streq(dict_string(entry, "device", ""), device)) {
                        snprintf(text, sizeof text, "%s", dict_string(entry, "wanted", ""));
                        return text;
                }
        return "right";
}

static void ports(void **state) {
        _cleanup_json_ json_t *view = host_new(), *plan = apply(view, THREE, "{}", AWARE);

        set_links(view, "1 pvid untagged, 100, 200", "v100-0a0b0c0d", "");
        assert_string_equal(wanted_of(view, "v100-0a0b0c0d"), "100 pvid untagged");
        assert_string_equal(wanted_of(view, "eth1"), "right");
        assert_string_equal(wanted_of(view, "br-eth1"), "right");
        assert_string_equal(wanted_of(view, "tap0"), "right"); /* whose it is we do not know */
        set_links(view, "1 pvid untagged", "v100-0a0b0c0d", "100 pvid untagged");
        assert_string_equal(wanted_of(view, "v100-0a0b0c0d"), "right");
        assert_string_equal(wanted_of(view, "eth1"), "1 pvid untagged, 100, 200");
        set_links(view, "1 pvid untagged, 100, 200", "v1-0a0b0c0d", "7 pvid untagged");
        assert_string_equal(wanted_of(view, "v1-0a0b0c0d"), "1 pvid untagged");
        /* of no network here: it reaches nobody */
        set_links(view, "1 pvid untagged, 100, 200", "v101-0a0b0c0d", "101 pvid untagged");
        assert_string_equal(wanted_of(view, "v101-0a0b0c0d"), "");
        /* of a bridge of others */
        json_object_set_new(json_object_get(json_object_get(view, "links"), "v101-0a0b0c0d"), "master", json_string("br7"));
        assert_string_equal(wanted_of(view, "v101-0a0b0c0d"), "right");
}

static void verified(void **state) {
        _cleanup_json_ json_t *view = host_new(), *plan = apply(view, THREE, "{}", AWARE), *differing = NULL;
        char *reason = NULL;

        set_links(view, "1 pvid untagged, 100, 200", "v100-0a0b0c0d", "");
        assert_int_equal(verify_expectations(json_object_get(plan, "expect"), view, &reason), 1);
        nothing_differs(view);
        set_links(view, "1 pvid untagged, 200", "v100-0a0b0c0d", "");
        assert_int_equal(verify_expectations(json_object_get(plan, "expect"), view, &reason), 0);
        assert_string_equal(reason, "eth1 is not in VLAN 100 of br-eth1");
        free(reason);
        differing = objects_differing(view);
        assert_true(json_array_has(differing, "red"));
        set_links(view, "1 pvid untagged, 100, 200", "v100-0a0b0c0d", "");
        json_object_set_new(json_object_get(json_object_get(json_object_get(view, "links"), "br-eth1"), "bridge"), "vlan_filtering", json_string("0"));
        assert_int_equal(verify_expectations(json_object_get(plan, "expect"), view, &reason), 0);
        assert_string_equal(reason, "br-eth1 does not filter VLANs");
        free(reason);
}

static void guests_keep_their_network(void **state) {
        _cleanup_json_ json_t *view = host_new(), *plan = apply(view, THREE, "{}", AWARE), *none = NULL, *fine = NULL;
        static const char *const requests[][2] = {
                { "{}", "{'eth1': 'classic'}" },
                { "{'red': {'nic': 'eth1', 'vlan': 101}}", "{}" },
                { "{'red': {'nic': 'eth2', 'vlan': 100}}", "{}" },
        };

        set_links(view, "1 pvid untagged, 100, 200", "v100-0a0b0c0d", "100 pvid untagged");
        for (size_t i = 0; i < ELEMENTSOF(requests); i++) {
                _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;

                assert_true(plan_text(view, requests[i][0], "{}", requests[i][1], &none, &error) < 0);
                assert_string_equal(error.name, RHV_ERROR_IN_USE);
                assert_non_null(strstr(error.message, "v100-0a0b0c0d"));
        }
        assert_int_equal(plan_text(view, "{'blue': {'nic': 'eth1', 'vlan': 201}}", "{}", "{}", &fine, NULL), 1);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(one_bridge),
                cmocka_unit_test(one_more),
                cmocka_unit_test(there_and_back),
                cmocka_unit_test(management),
                cmocka_unit_test(over_a_bond),
                cmocka_unit_test(refused),
                cmocka_unit_test(mixed),
                cmocka_unit_test(ports),
                cmocka_unit_test(verified),
                cmocka_unit_test(guests_keep_their_network),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
