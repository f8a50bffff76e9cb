/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The kernel's table of what a bridge has learnt, and what is worth a second look of a network. */

#include "view-fixture.h"

#include <linux/if_bridge.h>

#include "dict.h"
#include "forwarding.h"
#include "macro.h"
#include "warnings.h"

static void table(void **state) {
        const struct __fdb_entry entries[] = {
                { .mac_addr = { 2, 0, 0, 0, 0, 0x1f }, .port_no = 1, .is_local = 1, .ageing_timer_value = 7 },
                { .mac_addr = { 0x56, 0x6f, 0, 0, 0, 2 }, .port_no = 2, .ageing_timer_value = 150 },
                { .mac_addr = { 0x56, 0x6f, 0, 0, 0, 3 }, .port_no = 1, .port_hi = 1 },
        };
        _cleanup_json_ json_t *ports = quoted("{'1': 'eth1', '2': 'vnet0', '257': 'vnet9'}"), *list = NULL, *wanted = NULL, *none = NULL;

        assert_int_equal(forwarding_parse(entries, sizeof entries, ports, &list), 0);
        wanted = quoted("[{'mac': '02:00:00:00:00:1f', 'port': 'eth1', 'local': true, 'age_msec': 0}, {'mac': '56:6f:00:00:00:02', 'port': 'vnet0', 'local': false, 'age_msec': 1500},"
                        " {'mac': '56:6f:00:00:00:03', 'port': 'vnet9', 'local': false, 'age_msec': 0}]");
        assert_true(json_equal(list, wanted));
        assert_int_equal(forwarding_parse(entries, sizeof entries - 1, ports, &none), -EBADMSG);
        assert_int_equal(forwarding_parse("", 0, ports, &none), 0);
        assert_int_equal(json_array_size(none), 0);
        assert_int_equal(forwarding_read("/nowhere", "red", &none), -ENOENT);
        assert_int_equal(forwarding_read("/sys/class/net", "nosuchbridge", &none), -ENODEV);
}

/* The words before the colons, joined. */
static void assert_words(json_t *warnings, const char *expected) {
        char text[256] = "";
        json_t *warning;
        size_t i;

        assert_non_null(warnings);
        json_array_foreach(warnings, i, warning) {
                const char *sentence = json_string_value(warning);

                snprintf(text + strlen(text), sizeof text - strlen(text), "%s%.*s", i ? " " : "", (int)strcspn(sentence, ":"), sentence);
        }
        assert_string_equal(text, expected);
        json_decref(warnings);
}

static void warned(void **state) {
        _cleanup_json_ json_t *view = quoted("{'devices': {'red': {'addresses': ['10.0.0.1/24']}, 'blue': {'addresses': [], 'addresses6': ['fe80::1/64']}},"
                                             " 'links': {'red': {'bridge': {'nf_call_iptables': '0', 'nf_call_ip6tables': '0'}}, 'blue': {'bridge': {'nf_call_iptables': '1'}},"
                                             " 'bond0': {'bond': {'lacp': {'partner_mac': '00:00:00:00:00:00'}}}, 'bond1': {'bond': {'lacp': {'partner_mac': '00:1c:73:00:00:01'}}},"
                                             " 'a': {'master': 'bond0', 'driver': 'ixgbe', 'speed': 10000}, 'b': {'master': 'bond0', 'driver': 'e1000e', 'speed': 1000},"
                                             " 'c': {'master': 'bond1', 'driver': 'ixgbe', 'speed': 10000}, 'd': {'master': 'bond1', 'driver': 'ixgbe'}}}"),
                              *red = quoted("{'name': 'red', 'nic': 'eth1', 'bridged': true, 'ipv4': {'method': 'dhcp'}}"),
                              *blue = quoted("{'name': 'blue', 'bonding': 'bond0', 'bridged': true}"),
                              *plain = quoted("{'name': 'red', 'bonding': 'bond1', 'bridged': false, 'ipv4': {'method': 'dhcp'}}");

        assert_words(warnings_network(view, red), "host-addressable");
        assert_words(warnings_network(view, blue), "filtered unlike-nics unlike-nics no-lacp-partner");
        assert_words(warnings_network(view, plain), "");
        assert_words(warnings_wish(red), "host-addressable");
        assert_words(warnings_wish(blue), "");
        assert_words(warnings_wish(plain), "");
}

/* On a bridge of its own any port's failure counts, on one that networks share that of the network's VLAN; a network without a bridge has no ports. */
static void not_mirrored(void **state) {
        _cleanup_json_ json_t *view = quoted("{'devices': {}, 'links': {'red': {'bridge': {}}, 'br-eth2': {'bridge': {}}, 'm0-00000001': {'master': 'red', 'mirror_error': 'why'},"
                                             " 'm0-00000002': {'master': 'red'}, 'm7-00000003': {'master': 'br-eth2', 'mirror_error': 'why'}, 'm8-00000004': {'master': 'br-eth2'}}}"),
                              *red = quoted("{'name': 'red', 'nic': 'eth1', 'bridged': true}"), *plain = quoted("{'name': 'red', 'nic': 'eth1', 'bridged': false}"),
                              *seven = quoted("{'name': 'seven', 'nic': 'eth2', 'vlan': 7, 'bridged': true, 'layout': 'vlan-aware'}"),
                              *eight = quoted("{'name': 'eight', 'nic': 'eth2', 'vlan': 8, 'bridged': true, 'layout': 'vlan-aware'}"), *list = NULL;

        list = warnings_network(view, red);
        assert_int_equal(json_array_size(list), 1);
        assert_string_equal(json_string_value(json_array_get(list, 0)), "not-mirrored: the port m0-00000001 gets no copies: why");
        assert_words(warnings_network(view, plain), "");
        assert_words(warnings_network(view, seven), "not-mirrored");
        assert_words(warnings_network(view, eight), "");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(table),
                cmocka_unit_test(warned),
                cmocka_unit_test(not_mirrored),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
