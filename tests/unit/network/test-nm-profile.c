/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Specs to profiles and back: what was asked for is read again as it was, also through the journal's text; libnm accepts each kind. */

#include "view-fixture.h"

#include "dict.h"
#include "macro.h"
#include "nm-profile.h"

#define UUID "6f0a1c0e-63d5-4a4e-9c3b-0d3f0a5be001"

static const char *const specs[] = {
        "{'iface': 'vmnet', 'kind': 'bridge', 'mtu': 1500, 'mac': '02:00:00:00:00:01', 'stp': false, 'default_route': false, 'ipv4': {'method': 'static', 'addresses':"
        " ['10.1.0.1/24', '10.2.0.1/16']}, 'ipv6': {'method': 'auto'}, 'network': {'name': 'vmnet', 'nic': 'eth1'}}",
        "{'iface': 'ovirtmgmt', 'kind': 'bridge', 'mtu': 9000, 'stp': true, 'default_route': true, 'ipv4': {'method': 'static', 'addresses': ['10.0.0.5/24'], 'gateway':"
        " '10.0.0.1', 'nameservers': ['10.0.0.2']}, 'ipv6': {'method': 'static', 'addresses': ['2001:db8::5/64'], 'gateway': 'fe80::1'}, 'network': {'name': 'ovirtmgmt'}}",
        "{'iface': 'eth1', 'kind': 'nic', 'mtu': 1500, 'master': 'vmnet', 'port': 'bridge'}",
        "{'iface': 'eth1', 'kind': 'nic', 'mtu': 9000, 'master': 'bond0', 'port': 'bond'}",
        "{'iface': 'eth1', 'kind': 'nic', 'mtu': 1500, 'default_route': false, 'ipv4': {'method': 'dhcp'}, 'ipv6': {'method': 'dhcp'}, 'network': {'name': 'plain'}}",
        "{'iface': 'eth1', 'kind': 'nic', 'mtu': 0, 'vfs': 4, 'default_route': false, 'ipv4': {'method': 'none'}, 'ipv6': {'method': 'none'}, 'nic': {'name': 'eth1', 'vfs': 4}}",
        "{'iface': 'bond0', 'kind': 'bond', 'mtu': 9000, 'mac': '02:00:00:00:00:01', 'options': {'mode': '802.3ad', 'miimon': '100', 'xmit_hash_policy': 'layer2+3'},"
        " 'default_route': false, 'ipv4': {'method': 'none'}, 'ipv6': {'method': 'none'}, 'bond': {'name': 'bond0', 'nics': ['eth1']}}",
        "{'iface': 'eth1.7', 'kind': 'vlan', 'mtu': 1500, 'parent': 'eth1', 'vlan': 7, 'master': 'tagged', 'port': 'bridge'}",
        "{'iface': 'eth1.7', 'kind': 'vlan', 'mtu': 1500, 'parent': 'eth1', 'vlan': 7, 'default_route': false, 'ipv4': {'method': 'none'}, 'ipv6': {'method': 'link-local'},"
        " 'network': {'name': 'tagged'}}",
        "{'iface': 'br-eth1', 'kind': 'bridge', 'mtu': 1500, 'stp': false, 'vlan_aware': true, 'vlans': '1 pvid untagged, 200', 'default_route': false, 'ipv4': {'method': 'none'},"
        " 'ipv6': {'method': 'none'}, 'networks': {'red': {'name': 'red', 'vlan': 100}, 'blue': {'name': 'blue'}}}",
        "{'iface': 'eth1', 'kind': 'nic', 'mtu': 1500, 'master': 'br-eth1', 'port': 'bridge', 'vlans': '1 pvid untagged, 100, 101, 102, 4094'}",
};

static void there_and_back(void **state) {
        for (size_t i = 0; i < ELEMENTSOF(specs); i++) {
                _cleanup_json_ json_t *spec = quoted(specs[i]), *read = NULL, *again = NULL;
                g_autoptr(NMConnection) connection = NULL, other = NULL;
                g_autoptr(GVariant) settings = NULL;
                _cleanup_free_ char *text = NULL;
                g_autoptr(GError) error = NULL;

                connection = nm_profile_build(UUID, spec, NULL, &error);
                if (!connection)
                        fail_msg("%s: %s", specs[i], error->message);
                assert_true(nm_profile_is_ours(connection));
                read = nm_profile_read(connection);
                if (!json_equal(read, spec)) {
                        char *dump = json_dumps(read, JSON_SORT_KEYS);

                        print_message("%s\n", dump);
                        fail_msg("%s", specs[i]);
                }

                text = nm_profile_print(connection);
                settings = nm_profile_parse(text, &error);
                assert_non_null(settings);
                other = nm_simple_connection_new_from_dbus(settings, &error);
                assert_non_null(other);
                assert_true(nm_connection_compare(connection, other, NM_SETTING_COMPARE_FLAG_EXACT));
                again = nm_profile_read(other);
                assert_true(json_equal(again, spec));
        }
}

/* All IP settings move, also those we have no word for; and the bridge is still ours. */
static void inherits(void **state) {
        _cleanup_json_ json_t *spec = quoted(specs[1]);
        g_autoptr(NMConnection) source = nm_simple_connection_new(), bridge = NULL;
        NMSettingIPConfig *ip4 = NM_SETTING_IP_CONFIG(nm_setting_ip4_config_new()), *got;
        NMIPRoute *route = nm_ip_route_new(AF_INET, "10.9.0.0", 16, "10.0.0.9", -1, NULL);
        g_autoptr(GError) error = NULL;

        g_object_set(ip4, NM_SETTING_IP_CONFIG_METHOD, "auto", NM_SETTING_IP4_CONFIG_DHCP_CLIENT_ID, "01:02", NULL);
        nm_setting_ip_config_add_route(ip4, route);
        nm_setting_ip_config_add_dns_search(ip4, "example.org");
        nm_connection_add_setting(source, NM_SETTING(ip4));

        bridge = nm_profile_build(UUID, spec, source, &error);
        assert_non_null(bridge);
        got = nm_connection_get_setting_ip4_config(bridge);
        assert_string_equal(nm_setting_ip_config_get_method(got), "auto");
        assert_string_equal(nm_setting_ip4_config_get_dhcp_client_id(NM_SETTING_IP4_CONFIG(got)), "01:02");
        assert_int_equal(nm_setting_ip_config_get_num_routes(got), 1);
        assert_string_equal(nm_setting_ip_config_get_dns_search(got, 0), "example.org");
        assert_true(nm_profile_is_ours(bridge));
        assert_false(nm_profile_is_ours(source));
        nm_ip_route_unref(route);
}

static void refuses(void **state) {
        _cleanup_json_ json_t *spec = quoted("{'iface': 'bond0', 'kind': 'bond', 'mtu': 1500, 'options': {'mode': 'balance-rr', 'nonsense': '1'}}");
        g_autoptr(GError) error = NULL, parse = NULL;

        assert_null(nm_profile_build(UUID, spec, NULL, &error));
        assert_non_null(error);
        assert_null(nm_profile_parse("{'connection': <'wrong'>", &parse));
        assert_non_null(parse);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(there_and_back),
                cmocka_unit_test(inherits),
                cmocka_unit_test(refuses),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
