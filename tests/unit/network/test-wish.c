/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "view-fixture.h"

#include "bond-options.h"
#include "dict.h"
#include "bus-error.h"
#include "macro.h"
#include "wish.h"

static void names(void **state) {
        static const char *const bad[] = { "", "-a", "a.b", "a:b", "a b", "a\tb", "a/b", "..", "lo", "all", "default", "sixteen-letters1", "m\303\274nchen" };

        assert_true(network_name_is_valid("ovirtmgmt"));
        assert_true(network_name_is_valid("fifteen-letters"));
        for (size_t i = 0; i < ELEMENTSOF(bad); i++)
                assert_false(network_name_is_valid(bad[i]));
        assert_true(bond_name_is_valid("bond0"));
        assert_true(bond_name_is_valid("bond_lan"));
        assert_false(bond_name_is_valid("bond"));
        assert_false(bond_name_is_valid("team0"));
        assert_false(bond_name_is_valid("bond-0"));
        assert_false(device_name_is_valid("a/b"));
        assert_false(device_name_is_valid(".."));
        assert_true(device_name_is_valid("enp3s0f1np1"));
}

static void defaults(void **state) {
        _cleanup_json_ json_t *request = quoted("{'nic': 'eth1'}"), *wish = NULL, *wanted = NULL;

        assert_int_equal(network_wish_read("vmnet", request, &wish, NULL), 1);
        wanted = quoted("{'name': 'vmnet', 'nic': 'eth1', 'bridged': true, 'stp': false, 'management': false, 'default_route': false,"
                        " 'ipv4': {'method': 'none'}, 'ipv6': {'method': 'none'}}");
        assert_true(json_equal(wish, wanted));
}

static void canonical(void **state) {
        _cleanup_json_ json_t *wish = NULL,
                              *request = quoted("{'nic': 'eth1', 'default_route': true, 'ipv6': {'addresses': ['2001:DB8:0::5/64'], 'gateway': 'FE80::1', 'nameservers':"
                                                " ['2001:db8:0:0::53', '10.0.0.1']}}");

        assert_int_equal(network_wish_read("n", request, &wish, NULL), 1);
        assert_string_equal(json_string_value(json_array_get(json_object_get(json_object_get(wish, "ipv6"), "addresses"), 0)), "2001:db8::5/64");
        assert_string_equal(json_string_value(json_object_get(json_object_get(wish, "ipv6"), "gateway")), "fe80::1");
        assert_string_equal(json_string_value(json_array_get(json_object_get(json_object_get(wish, "ipv6"), "nameservers"), 0)), "2001:db8::53");
        assert_string_equal(json_string_value(json_object_get(json_object_get(wish, "ipv6"), "method")), "static");
}

static void removal(void **state) {
        _cleanup_json_ json_t *wish = NULL, *alone = quoted("{'remove': true}"), *more = quoted("{'remove': true, 'nic': 'eth1'}"),
                              *no = quoted("{'remove': false, 'nic': 'eth1'}");
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;

        assert_int_equal(network_wish_read("n", alone, &wish, &error), 0);
        assert_true(network_wish_read("n", more, &wish, &error) < 0);
        assert_true(sd_bus_error_has_name(&error, RHV_ERROR_INVALID_ARGUMENT));
        assert_int_equal(network_wish_read("n", no, &wish, NULL), 1);
}

static void refused(void **state) {
        static const struct {
                const char *request, *error;
        } cases[] = {
                { "{'colour': 1}", RHV_ERROR_UNKNOWN_OPTION },
                { "{'nic': 'eth1', 'vlan': 0}", RHV_ERROR_INVALID_ARGUMENT },
                { "{'bonding': 'bond0', 'vlan': 0, 'bridged': false}", RHV_ERROR_INVALID_ARGUMENT },
                { "{'nic': 'eth1', 'mtu': 1}", RHV_ERROR_INVALID_ARGUMENT },
                { "{'nic': 'eth1', 'label': 'two words'}", RHV_ERROR_INVALID_ARGUMENT },
                { "{'nic': 'eth1', 'roles': ['everything']}", RHV_ERROR_INVALID_ARGUMENT },
                { "{'nic': 'eth1', 'roles': ['migration']}", RHV_ERROR_INVALID_ARGUMENT },
                { "{'nic': 'eth1', 'bridge_options': {'colour': '1'}}", RHV_ERROR_UNKNOWN_OPTION },
                { "{'nic': 'eth1', 'bridge_options': {'ageing_time': '150'}}", RHV_ERROR_INVALID_ARGUMENT },
                { "{'nic': 'eth1', 'bridge_options': {'ageing_time': '-100'}}", RHV_ERROR_INVALID_ARGUMENT },
                { "{'nic': 'eth1', 'bridge_options': {'multicast_hash_max': '100'}}", RHV_ERROR_INVALID_ARGUMENT },
                { "{'nic': 'eth1', 'bridge_options': {'group_fwd_mask': '1'}}", RHV_ERROR_INVALID_ARGUMENT },
                { "{'nic': 'eth1', 'bridge_options': {'priority': '1'}}", RHV_ERROR_INVALID_ARGUMENT },
                { "{'nic': 'eth1', 'bridged': false, 'bridge_options': {'ageing_time': '100'}}", RHV_ERROR_INVALID_ARGUMENT },
                { "{'nic': 'eth1', 'ethtool_options': {'tso': 'off'}}", RHV_ERROR_UNKNOWN_OPTION },
                { "{'nic': 'eth1', 'ethtool_options': {'feature-': 'off'}}", RHV_ERROR_UNKNOWN_OPTION },
                { "{'nic': 'eth1', 'ethtool_options': {'feature-tso': 'perhaps'}}", RHV_ERROR_INVALID_ARGUMENT },
                { "{'nic': 'eth1', 'ethtool_options': {'ring-rx': 'on'}}", RHV_ERROR_INVALID_ARGUMENT },
                { "{'ethtool_options': {'ring-rx': '5'}}", RHV_ERROR_INVALID_ARGUMENT },
                { "{'nic': 'eth1', 'ipv4': {'routes': [{'to': '10.9.0.0/16', 'via': '10.1.0.1'}]}}", RHV_ERROR_INVALID_ARGUMENT },
                { "{'nic': 'eth1', 'ipv4': {'addresses': ['10.1.0.2/24'], 'routes': [{'to': '10.9.0.0/16', 'via': '10.2.0.1'}]}}", RHV_ERROR_INVALID_ARGUMENT },
                { "{'nic': 'eth1', 'ipv4': {'addresses': ['10.1.0.2/24'], 'routes': [{'to': '10.9.0.1/16', 'via': '10.1.0.1'}]}}", RHV_ERROR_INVALID_ARGUMENT },
                { "{'nic': 'eth1', 'ipv4': {'addresses': ['10.1.0.2/24'], 'routes': [{'to': '0.0.0.0/0', 'via': '10.1.0.1'}]}}", RHV_ERROR_INVALID_ARGUMENT },
                { "{'nic': 'eth1', 'ipv4': {'addresses': ['10.1.0.2/24'], 'routes': [{'to': '10.9.0.0/16'}]}}", RHV_ERROR_INVALID_ARGUMENT },
                { "{'nic': 'eth1', 'ipv4': {'method': 'dhcp', 'search': ['example.org']}}", RHV_ERROR_INVALID_ARGUMENT },
                { "{'nic': 'eth1', 'default_route': true, 'ipv4': {'method': 'dhcp', 'search': ['a..b']}}", RHV_ERROR_INVALID_ARGUMENT },
                { "{'nic': 7}", RHV_ERROR_INVALID_ARGUMENT },
                { "{'nic': 'a/b'}", RHV_ERROR_INVALID_ARGUMENT },
                { "{'nic': 'lo'}", RHV_ERROR_INVALID_ARGUMENT },
                { "{'nic': 'n'}", RHV_ERROR_INVALID_ARGUMENT },
                { "{'nic': 'eth1', 'bonding': 'bond0'}", RHV_ERROR_INVALID_ARGUMENT },
                { "{'vlan': 5}", RHV_ERROR_INVALID_ARGUMENT },
                { "{'bridged': false}", RHV_ERROR_INVALID_ARGUMENT },
                { "{'nic': 'eth1', 'vlan': 4095}", RHV_ERROR_INVALID_ARGUMENT },
                { "{'nic': 'eth1', 'vlan': -1}", RHV_ERROR_INVALID_ARGUMENT },
                { "{'nic': 'eleven-chars', 'vlan': 4000}", RHV_ERROR_INVALID_ARGUMENT },
                { "{'nic': 'eth1', 'mtu': 67}", RHV_ERROR_INVALID_ARGUMENT },
                { "{'nic': 'eth1', 'mtu': 9223372036854775807}", RHV_ERROR_INVALID_ARGUMENT },
                { "{'nic': 'eth1', 'mtu': 1200, 'ipv6': {'method': 'auto'}}", RHV_ERROR_INVALID_ARGUMENT },
                { "{'nic': 'eth1', 'ipv4': {'method': 'static'}}", RHV_ERROR_INVALID_ARGUMENT },
                { "{'nic': 'eth1', 'ipv4': {'method': 'auto'}}", RHV_ERROR_INVALID_ARGUMENT },
                { "{'nic': 'eth1', 'ipv4': {'method': 'dhcp', 'addresses': ['10.1.0.1/24']}}", RHV_ERROR_INVALID_ARGUMENT },
                { "{'nic': 'eth1', 'ipv4': {'addresses': ['10.1.0.1']}}", RHV_ERROR_INVALID_ARGUMENT },
                { "{'nic': 'eth1', 'ipv4': {'addresses': ['10.1.0.1/24'], 'gateway': '10.1.0.2'}}", RHV_ERROR_INVALID_ARGUMENT },
                { "{'nic': 'eth1', 'default_route': true, 'ipv4': {'addresses': ['10.1.0.1/24'], 'gateway': '10.2.0.2'}}", RHV_ERROR_INVALID_ARGUMENT },
                { "{'nic': 'eth1', 'default_route': true, 'ipv4': {'addresses': ['10.1.0.1/24'], 'gateway': '10.1.0.1'}}", RHV_ERROR_INVALID_ARGUMENT },
                { "{'nic': 'eth1', 'default_route': true, 'ipv4': {'method': 'dhcp', 'gateway': '10.1.0.1'}}", RHV_ERROR_INVALID_ARGUMENT },
                { "{'nic': 'eth1', 'ipv4': {'mask': '24'}}", RHV_ERROR_UNKNOWN_OPTION },
                { "{'nic': 'eth1', 'ipv4': {'nameservers': ['10.0.0.1']}}", RHV_ERROR_INVALID_ARGUMENT },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_json_ json_t *request = quoted(cases[i].request), *wish = NULL;
                _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;

                if (network_wish_read("n", request, &wish, &error) >= 0)
                        fail_msg("not refused: %s", cases[i].request);
                assert_string_equal(error.name, cases[i].error);
        }
}

static void bonds(void **state) {
        static const char *const bad[] = {
                "{}", "{'nics': []}", "{'nics': ['eth1', 'eth1']}", "{'nics': ['eth1'], 'options': {'mode': '7'}}", "{'nics': ['eth1'], 'options': {'speed': 'fast'}}",
                "{'nics': ['eth1'], 'options': {'mode': '1', 'lacp_rate': 'fast'}}", "{'nics': ['eth1'], 'options': {'mode': '4', 'lacp_rate': 'warp'}}",
                "{'nics': ['eth1'], 'options': {'miimon': '-1'}}", "{'nics': ['eth1'], 'options': {'mode': '1', 'arp_interval': '100', 'arp_ip_target': '10.0.0.1', 'miimon': '100'}}",
                "{'nics': ['eth1'], 'options': {'mode': '1', 'arp_interval': '100'}}", "{'nics': ['eth1'], 'hwaddr': 'x'}",
                "{'nics': ['eth1'], 'options': {'mode': '1', 'arp_interval': '100', 'arp_ip_target': '10.0.0.1,,10.0.0.2'}}",
        };
        _cleanup_json_ json_t *request = quoted("{'nics': ['eth1', 'eth2'], 'options': {'mode': '4', 'xmit_hash_policy': 'layer2+3'}}"), *wish = NULL,
                              *wanted = quoted("{'mode': '802.3ad', 'miimon': '100', 'xmit_hash_policy': 'layer2+3'}");

        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                _cleanup_json_ json_t *wrong = quoted(bad[i]), *none = NULL;

                if (bond_wish_read("bond0", wrong, &none, NULL) >= 0)
                        fail_msg("not refused: %s", bad[i]);
        }
        assert_int_equal(bond_wish_read("bond0", request, &wish, NULL), 1);
        assert_true(json_equal(json_object_get(wish, "options"), wanted));
        /* none named: oVirt's default, which carries guests */
        {
                _cleanup_json_ json_t *plain = json_object(), *made = NULL;

                assert_int_equal(bond_options_read("bond0", plain, &made, NULL), 0);
                assert_string_equal(dict_string(made, "mode", ""), "802.3ad");
        }
        assert_true(bond_mode_fits_bridge("802.3ad"));
        assert_false(bond_mode_fits_bridge("balance-alb"));
        assert_false(bond_mode_fits_bridge("balance-rr"));
        assert_null(bond_mode_word("7"));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(names),   cmocka_unit_test(defaults), cmocka_unit_test(canonical),
                cmocka_unit_test(removal), cmocka_unit_test(refused),  cmocka_unit_test(bonds),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
