/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Nothing differs right after any layout was applied, also after libnm has had it; what is then changed, by profile or past NetworkManager, is named. */

#include "view-fixture.h"

#include "bus-error.h"
#include "dict.h"
#include "differences.h"
#include "macro.h"
#include "nm-profile.h"
#include "objects.h"
#include "plan.h"
#include "view.h"

/* networks, bonds */
static const char *const layouts[][2] = {
        { "{'ovirtmgmt': {'management': true}}", "{}" },
        { "{'ovirtmgmt': {'management': true, 'vlan': 100, 'mtu': 9000}}", "{}" },
        { "{'red': {'nic': 'eth1'}}", "{}" },
        { "{'red': {'nic': 'eth1', 'stp': true, 'ipv4': {'method': 'dhcp'}, 'ipv6': {'method': 'auto'}}}", "{}" },
        { "{'red': {'nic': 'eth1', 'bridged': false, 'ipv4': {'addresses': ['10.1.0.1/24', '10.2.0.1/16']}, 'ipv6': {'addresses': ['2001:db8::5/64']}}}", "{}" },
        { "{'red': {'nic': 'eth1', 'vlan': 7, 'mtu': 9000}, 'blue': {'nic': 'eth1'}, 'green': {'nic': 'eth1', 'vlan': 8, 'bridged': false, 'ipv6': {'method': 'link-local'}}}", "{}" },
        { "{'inner': {}}", "{}" },
        { "{'red': {'nic': 'eth1', 'stp': true, 'bridge_options': {'forward_delay': '400', 'hello_time': '200', 'priority': '4096', 'ageing_time': '0', 'multicast_snooping': '0',"
          " 'multicast_router': '2', 'multicast_query_interval': '6000', 'group_fwd_mask': '16384', 'multicast_hash_max': '512'}, 'ethtool_options': {'feature-tso': 'off',"
          " 'ring-rx': '512', 'pause-rx': 'off', 'pause-autoneg': 'off'}}, 'blue': {'nic': 'eth1', 'vlan': 7, 'ethtool_options': {'feature-tso': 'off', 'feature-gro': 'on'}}}", "{}" },
        { "{'red': {'bonding': 'bond0', 'ethtool_options': {'coalesce-rx-usecs': '10'}}}", "{'bond0': {'nics': ['eth1', 'eth2']}}" },
        { "{'red': {'nic': 'eth1', 'default_route': true, 'roles': ['migration', 'display'], 'custom': {'a': 'b'}, 'ipv4': {'addresses': ['10.1.0.2/24'], 'gateway': '10.1.0.1', 'nameservers':"
          " ['10.1.0.3'], 'search': ['example.org', 'a.b'], 'routes': [{'to': '10.9.0.0/16', 'via': '10.1.0.9'}, {'to': '10.8.0.0/16', 'via': '10.1.0.9', 'metric': 50}]}, 'ipv6': {'addresses':"
          " ['2001:db8::5/64'], 'routes': [{'to': '2001:db8:1::/48', 'via': 'fe80::1'}]}}}", "{}" },
        { "{'red': {'bonding': 'bond0'}}", "{'bond0': {'nics': ['eth1', 'eth2']}}" },
        { "{'red': {'bonding': 'bond0', 'vlan': 5}, 'blue': {'bonding': 'bond0', 'vlan': 6, 'ipv4': {'method': 'dhcp'}}}",
          "{'bond0': {'nics': ['eth1', 'eth2'], 'options': {'mode': '1', 'primary': 'eth1'}}}" },
        { "{'storage': {'bonding': 'bond0', 'bridged': false, 'ipv4': {'addresses': ['10.1.0.1/24']}}}", "{'bond0': {'nics': ['eth1'], 'options': {'mode': 'balance-alb'}}}" },
        { "{'wan': {'nic': 'eth1', 'default_route': true, 'ipv4': {'addresses': ['10.1.0.2/24'], 'gateway': '10.1.0.1', 'nameservers': ['10.1.0.3']}}}", "{}" },
};

/* Every profile of ours goes through libnm, as NetworkManager would store it and show it again. */
static void through_libnm(json_t *view) {
        const char *uuid;
        json_t *profile;

        json_object_foreach(json_object_get(view, "profiles"), uuid, profile) {
                g_autoptr(NMConnection) connection = NULL, stored = NULL;
                g_autoptr(GVariant) settings = NULL;
                g_autoptr(GError) error = NULL;
                _cleanup_free_ char *text = NULL;

                if (!dict_boolean(profile, "ours", false))
                        continue;
                connection = nm_profile_build(uuid, json_object_get(profile, "spec"), NULL, &error);
                if (!connection)
                        fail_msg("%s", error->message);
                text = nm_profile_print(connection);
                settings = nm_profile_parse(text, &error);
                stored = nm_simple_connection_new_from_dbus(settings, &error);
                assert_non_null(stored);
                json_object_set_new(profile, "spec", nm_profile_read(stored));
        }
}

static json_t *applied(const char *const layout[2]) {
        _cleanup_json_ json_t *networks = quoted(layout[0]), *bonds = quoted(layout[1]), *plan = NULL;
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        json_t *view = host_new();

        if (plan_make(view, networks, bonds, NULL, &plan, &error) < 0)
                fail_msg("%s: %s", layout[0], error.message);
        host_apply(view, plan);
        through_libnm(view);
        return view;
}

static void assert_none(const json_t *view, const char *what) {
        _cleanup_json_ json_t *wishes = view_wishes(view), *names = objects_differing(view);
        const char *name;
        json_t *wish;

        json_object_foreach(json_object_get(wishes, "networks"), name, wish) {
                _cleanup_json_ json_t *differences = differences_network(view, wishes, name);
                _cleanup_free_ char *text = differences_text(differences);

                if (json_array_size(differences) > 0)
                        fail_msg("%s: %s", what, text);
        }
        json_object_foreach(json_object_get(wishes, "bonds"), name, wish) {
                _cleanup_json_ json_t *differences = differences_bond(view, wishes, name);

                assert_int_equal(json_array_size(differences), 0);
        }
        assert_int_equal(json_array_size(names), 0);
}

static void fresh_layouts_have_none(void **state) {
        for (size_t i = 0; i < ELEMENTSOF(layouts); i++) {
                _cleanup_json_ json_t *view = applied(layouts[i]);

                assert_none(view, layouts[i][0]);
        }
}

static json_t *own_spec(json_t *view, const char *iface) {
        const char *uuid = NULL;

        assert_non_null(view_own_profile(view, iface, &uuid));
        return json_object_get(json_object_get(json_object_get(view, "profiles"), uuid), "spec");
}

/* One difference and what it says; the plan to put it right says the same of the same device. */
static void assert_one(const json_t *view, const char *name, const char *device, const char *field, const char *wanted, const char *is, const char *source) {
        _cleanup_json_ json_t *wishes = view_wishes(view), *plan = NULL, *names = json_pack("[s]", name), *differences = NULL;
        bool bond = json_object_get(json_object_get(wishes, "bonds"), name);
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_free_ char *text = NULL;
        const json_t *entry;

        differences = bond ? differences_bond(view, wishes, name) : differences_network(view, wishes, name);
        text = differences_text(differences);
        if (json_array_size(differences) != 1)
                fail_msg("%s.%s: %s", device, field, text);
        entry = json_array_get(differences, 0);
        assert_string_equal(dict_string(entry, "device", ""), device);
        assert_string_equal(dict_string(entry, "field", ""), field);
        assert_string_equal(dict_string(entry, "wanted", ""), wanted);
        assert_string_equal(dict_string(entry, "is", ""), is);
        assert_string_equal(dict_string(entry, "source", ""), source);

        if (plan_sync(view, names, &plan, &error) != 1)
                fail_msg("%s.%s: the plan does nothing", device, field);
        assert_string_equal(dict_string(json_array_get(json_object_get(plan, "profiles"), 0), "iface", ""), device);
}

typedef struct Change {
        const char *network;      /* whose difference it is */
        const char *device, *key; /* what is set on the profile or the device */
        const char *value;
        const char *field, *wanted, *is;
} Change;

static const char *const varied[2] = {
        "{'red': {'nic': 'eth1', 'vlan': 7, 'ipv4': {'addresses': ['10.1.0.1/24']}}, 'blue': {'bonding': 'bond0'}}",
        "{'bond0': {'nics': ['eth2'], 'options': {'mode': '1', 'miimon': '200'}}}",
};

static void changed_profiles_are_named(void **state) {
        static const Change changes[] = {
                { "red", "red", "mtu", "1400", "mtu", "1500", "1400" },
                { "red", "red", "stp", "true", "stp", "false", "true" },
                { "red", "red", "mac", "'02:00:00:00:00:77'", "mac", "02:00:00:00:00:02", "02:00:00:00:00:77" },
                { "red", "red", "default_route", "true", "default_route", "false", "true" },
                { "red", "red", "ipv4", "{'method': 'static', 'addresses': ['10.1.0.9/24']}", "ipv4.addresses", "[\"10.1.0.1/24\"]", "[\"10.1.0.9/24\"]" },
                { "red", "red", "ipv4", "{'method': 'static', 'addresses': ['10.1.0.1/24'], 'gateway': '10.1.0.254'}", "ipv4.gateway", "", "10.1.0.254" },
                { "red", "red", "ipv6", "{'method': 'auto'}", "ipv6.method", "none", "auto" },
                { "red", "red", "bridge_options", "{'ageing_time': '100'}", "bridge_options.ageing_time", "", "100" },
                { "red", "eth1.7", "ethtool_options", "{'feature-tso': 'off'}", "ethtool_options.feature-tso", "", "off" },
                { "red", "eth1.7", "vlan", "8", "vlan", "7", "8" },
                { "red", "eth1.7", "parent", "'eth3'", "parent", "eth1", "eth3" },
                { "red", "eth1.7", "mtu", "1000", "mtu", "1500", "1000" },
                { "red", "eth1.7", "master", "'other'", "master", "red", "other" },
                { "bond0", "bond0", "options", "{'mode': 'active-backup', 'miimon': '50'}", "options.miimon", "200", "50" },
                { "bond0", "bond0", "options", "{'mode': '802.3ad', 'miimon': '200'}", "options.mode", "active-backup", "802.3ad" },
                { "bond0", "bond0", "options", "{'mode': 'active-backup', 'miimon': '200', 'primary': 'eth2'}", "options.primary", "", "eth2" },
                { "bond0", "eth2", "master", "'blue'", "master", "bond0", "blue" },
        };

        for (size_t i = 0; i < ELEMENTSOF(changes); i++) {
                _cleanup_json_ json_t *view = applied(varied), *value = NULL, *wrapped = NULL;
                _cleanup_free_ char *text = NULL;

                assert_true(asprintf(&text, "[%s]", changes[i].value) > 0);
                wrapped = quoted(text);
                json_object_set(own_spec(view, changes[i].device), changes[i].key, json_array_get(wrapped, 0));
                assert_one(view, changes[i].network, changes[i].device, changes[i].field, changes[i].wanted, changes[i].is, "profile");
        }
}

/* facts: set in links; else in devices. */
static void changed_devices_are_named(void **state) {
        static const Change changes[] = {
                { "red", "red", "links", "{'mtu': 1300}", "mtu", "1500", "1300" },
                { "red", "red", "links", "{'mtu': 1500, 'bridge': {'stp_state': '1'}}", "stp", "false", "true" },
                { "red", "red", "links", "{'mtu': 1500, 'address': '02:00:00:00:00:77'}", "mac", "02:00:00:00:00:02", "02:00:00:00:00:77" },
                { "red", "eth1.7", "links", "{'mtu': 1500}", "master", "red", "" },
                { "red", "eth1.7", "links", "{'mtu': 1500, 'master': 'other'}", "master", "red", "other" },
                { "red", "red", "addresses", "[]", "ipv4.addresses", "[\"10.1.0.1/24\"]", "[]" },
                { "red", "red", "addresses6", "['fe80::1/64', '2001:db8::9/64']", "ipv6.addresses", "", "[\"fe80::1/64\",\"2001:db8::9/64\"]" },
                { "bond0", "bond0", "links", "{'mtu': 1500, 'master': 'blue', 'bond': {'options': {'mode': 'active-backup 1', 'miimon': '100'}}}", "options.miimon", "200", "100" },
                { "bond0", "bond0", "links", "{'mtu': 1500, 'master': 'blue', 'bond': {'options': {'mode': '802.3ad 4', 'miimon': '200'}}}", "options.mode", "active-backup", "802.3ad 4" },
                { "bond0", "bond0", "mtu", "9000", "mtu", "1500", "9000" },
        };

        for (size_t i = 0; i < ELEMENTSOF(changes); i++) {
                _cleanup_json_ json_t *view = applied(varied), *wrapped = NULL;
                _cleanup_free_ char *text = NULL;

                assert_true(asprintf(&text, "[%s]", changes[i].value) > 0);
                wrapped = quoted(text);
                if (streq(changes[i].key, "links"))
                        json_object_set_new(view, "links", json_pack("{s:O}", changes[i].device, json_array_get(wrapped, 0)));
                else
                        json_object_set(json_object_get(json_object_get(view, "devices"), changes[i].device), changes[i].key, json_array_get(wrapped, 0));
                assert_one(view, changes[i].network, changes[i].device, changes[i].field, changes[i].wanted, changes[i].is, "kernel");
        }
}

/* What the kernel says of devices that are as they should be; what DHCP and routers bring is no difference. */
static void the_usual_is_none(void **state) {
        static const char *const leased[2] = { "{'red': {'nic': 'eth1', 'ipv4': {'method': 'dhcp'}, 'ipv6': {'method': 'auto'}}}", "{}" };
        _cleanup_json_ json_t *view = applied(varied), *dhcp = applied(leased);
        json_t *device = json_object_get(json_object_get(dhcp, "devices"), "red");

        json_object_set_new(view, "links", quoted("{'red': {'mtu': 1500, 'address': '02:00:00:00:00:02', 'bridge': {'stp_state': '0', 'ageing_time': '30000'}},"
                                                  " 'eth1.7': {'mtu': 1500, 'master': 'red'}, 'bond0': {'mtu': 1500, 'master': 'blue', 'bond': {'mode': 'active-backup',"
                                                  " 'options': {'mode': 'active-backup 1', 'miimon': '200', 'lp_interval': '1'}}}}"));
        assert_none(view, "links");
        json_object_set_new(device, "addresses", quoted("['10.9.0.5/24']"));
        json_object_set_new(device, "addresses6", quoted("['fe80::1/64', '2001:db8::9/64']"));
        json_object_set_new(device, "gateway", json_string("10.9.0.1"));
        assert_none(dhcp, "leased");
}

/* As the kernel spells it: lists with spaces, masks in hexadecimal, delays rounded to miimon, and the active port its own affair. */
static void spelled_by_the_kernel(void **state) {
        static const char *const arp[2] = { "{'red': {'bonding': 'bond0', 'bridge_options': {'group_fwd_mask': '16384'}}}",
                                            "{'bond0': {'nics': ['eth1', 'eth2'], 'options': {'mode': '1', 'arp_interval': '100', 'arp_ip_target': '10.0.0.1,10.0.0.2'}}}" };
        static const char *const mii[2] = { "{'red': {'bonding': 'bond0'}}",
                                            "{'bond0': {'nics': ['eth1', 'eth2'], 'options': {'mode': '1', 'miimon': '100', 'updelay': '250'}}}" };
        _cleanup_json_ json_t *view = applied(arp), *rounded = applied(mii);

        json_object_set_new(view, "links", quoted("{'red': {'bridge': {'group_fwd_mask': '0x4000'}}, 'bond0': {'master': 'red', 'bond': {'options': {'mode': 'active-backup 1',"
                                                  " 'arp_interval': '100', 'arp_ip_target': '10.0.0.1 10.0.0.2'}}}}"));
        assert_none(view, "arp");
        json_object_set_new(rounded, "links", quoted("{'bond0': {'master': 'red', 'bond': {'options': {'mode': 'active-backup 1', 'miimon': '100', 'updelay': '200',"
                                                     " 'active_slave': 'eth2'}}}}"));
        assert_none(rounded, "mii");
        json_object_set_new(view, "links", quoted("{'bond0': {'master': 'red', 'bond': {'options': {'arp_ip_target': '10.0.0.1 10.0.0.3'}}}}"));
        assert_one(view, "bond0", "bond0", "options.arp_ip_target", "10.0.0.1,10.0.0.2", "10.0.0.1 10.0.0.3", "kernel");
        json_object_set_new(view, "links", quoted("{'red': {'bridge': {'group_fwd_mask': '0x8'}}}"));
        assert_one(view, "red", "red", "bridge_options.group_fwd_mask", "16384", "0x8", "kernel");
}

static void profiles_of_others(void **state) {
        _cleanup_json_ json_t *view = applied(varied), *gone = applied(varied);
        const char *uuid = NULL;

        json_object_set_new(json_object_get(json_object_get(view, "devices"), "eth1"), "profile", json_string("e1e1e1e1-0000-4000-8000-000000000000"));
        assert_one(view, "red", "eth1", "profile", "rhv-eth1", "spare", "other-profile");
        assert_non_null(view_own_profile(gone, "eth1.7", &uuid));
        json_object_del(json_object_get(gone, "profiles"), uuid);
        json_object_del(json_object_get(gone, "devices"), "eth1.7");
        assert_one(gone, "red", "eth1.7", "profile", "rhv-eth1.7", "", "profile");
}

/* A shared bond is raised to the larger MTU: no difference of the network with the smaller one. */
static void shared_mtu_is_none(void **state) {
        static const char *const shared[2] = { "{'red': {'nic': 'eth1', 'vlan': 7, 'mtu': 1400}, 'blue': {'nic': 'eth1', 'vlan': 8, 'mtu': 9000}}", "{}" };
        _cleanup_json_ json_t *view = applied(shared);

        assert_none(view, "shared");
}

/* What two networks lie on is compared once, and told of both. */
static void a_shared_device_is_told_of_each(void **state) {
        static const char *const shared[2] = { "{'red': {'nic': 'eth1', 'vlan': 7}, 'blue': {'nic': 'eth1', 'vlan': 8}}", "{}" };
        _cleanup_json_ json_t *view = applied(shared);

        json_object_set_new(view, "links", quoted("{'eth1': {'mtu': 1400}, 'eth1.7': {'mtu': 1300, 'master': 'red'}, 'eth1.8': {'master': 'blue'}}"));
        {
                _cleanup_json_ json_t *wishes = view_wishes(view), *all = differences_all(view, wishes), *red = differences_network(view, wishes, "red");
                const json_t *networks = json_object_get(all, "networks");

                assert_int_equal(json_array_size(json_object_get(networks, "red")), 2);
                assert_int_equal(json_array_size(json_object_get(networks, "blue")), 1);
                assert_string_equal(dict_string(json_array_get(json_object_get(networks, "blue"), 0), "device", ""), "eth1");
                assert_true(json_equal(json_object_get(networks, "red"), red));
        }
}

static void nics_know_their_networks(void **state) {
        static const char *const layout[2] = { "{'red': {'bonding': 'bond0', 'vlan': 7}, 'blue': {'bonding': 'bond0'}, 'green': {'bridged': true}}",
                                               "{'bond0': {'nics': ['eth1', 'eth2'], 'options': {'mode': '1'}}}" };
        _cleanup_json_ json_t *view = applied(layout), *nics = objects_nics(view, NULL, NULL);
        static const char *const ports[] = { "eth1", "eth2" };

        for (size_t i = 0; i < ELEMENTSOF(ports); i++) {
                const json_t *networks = json_object_get(json_object_get(nics, ports[i]), "Networks");

                assert_int_equal(json_array_size(networks), 2);
                assert_true(json_array_has(networks, "red") && json_array_has(networks, "blue"));
        }
        assert_int_equal(json_array_size(json_object_get(json_object_get(nics, "eth0"), "Networks")), 0);
        assert_true(json_is_array(json_object_get(json_object_get(nics, "eth0"), "Networks")));
}

static void sync_refuses(void **state) {
        _cleanup_json_ json_t *view = applied(varied), *names = json_pack("[s]", "nothing"), *plan = NULL, *right = json_pack("[s, s]", "red", "bond0");
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;

        assert_true(plan_sync(view, names, &plan, &error) < 0);
        assert_true(sd_bus_error_has_name(&error, RHV_ERROR_NOT_FOUND));
        assert_int_equal(plan_sync(view, right, &plan, NULL), 0);
        assert_int_equal(json_array_size(json_object_get(plan, "profiles")), 0);
}

static void in_words(void **state) {
        _cleanup_json_ json_t *list = quoted("[{'device': 'eth1', 'field': 'mtu', 'wanted': '1500', 'is': '1400'}, {'device': 'eth1', 'field': 'profile', 'wanted': 'rhv-eth1',"
                                             " 'is': ''}, {'device': 'red', 'field': 'ipv6.addresses', 'wanted': '', 'is': 'x'}]");
        _cleanup_free_ char *text = differences_text(list);

        assert_string_equal(text, "eth1: mtu is 1400, not 1500; eth1: profile rhv-eth1 is missing; red: ipv6.addresses is x, and should not be");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(fresh_layouts_have_none),
                cmocka_unit_test(changed_profiles_are_named),
                cmocka_unit_test(changed_devices_are_named),
                cmocka_unit_test(the_usual_is_none),
                cmocka_unit_test(spelled_by_the_kernel),
                cmocka_unit_test(profiles_of_others),
                cmocka_unit_test(shared_mtu_is_none),
                cmocka_unit_test(a_shared_device_is_told_of_each),
                cmocka_unit_test(nics_know_their_networks),
                cmocka_unit_test(sync_refuses),
                cmocka_unit_test(in_words),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
