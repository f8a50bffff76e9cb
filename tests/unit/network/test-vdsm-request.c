/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A request in VDSM's words: what a hook sees, what its changes become, and that what it leaves alone comes back as it was. */

#include "view-fixture.h"

#include "bus-error.h"
#include "dict.h"
#include "macro.h"
#include "vdsm-request.h"

static const char networks_text[] =
        "{'red': {'nic': 'eth1', 'vlan': 7, 'mtu': 9000, 'stp': true, 'bridge_options': {'ageing_time': '100', 'priority': '4096'}, 'custom': {'mine': 'x'}, 'ipv4': {'addresses':"
        " ['10.1.0.5/20', '10.2.0.1/24'], 'routes': [{'to': '10.9.0.0/16', 'via': '10.1.0.9'}]}, 'ipv6': {'method': 'auto'}},"
        " 'blue': {'bonding': 'bond0', 'bridged': false, 'default_route': true, 'ipv4': {'method': 'dhcp'}, 'ipv6': {'addresses': ['2001:db8::5/64'], 'gateway': 'fe80::1'}},"
        " 'green': {'label': 'guests'}, 'old': {'remove': true}}";
static const char bonds_text[] = "{'bond0': {'nics': ['eth2', 'eth3'], 'options': {'mode': '4', 'miimon': '100'}}, 'bond1': {'remove': true}}";

typedef struct Request {
        json_t *networks, *bonds, *sent, *left; /* left: to be changed as a hook would */
} Request;

static json_t *network_of(const Request *request, const char *name) {
        return json_object_get(json_object_get(json_object_get(request->left, "request"), "networks"), name);
}

static Request made(void) {
        Request request = { .networks = quoted(networks_text), .bonds = quoted(bonds_text) };

        request.sent = vdsm_request_make(request.networks, request.bonds);
        request.left = json_deep_copy(request.sent);
        assert_non_null(request.left);
        return request;
}

static void request_done(Request *request) {
        json_decref(request->networks);
        json_decref(request->bonds);
        json_decref(request->sent);
        json_decref(request->left);
}

static int read_back(const Request *request, json_t **networks, json_t **bonds, sd_bus_error *error) {
        _cleanup_free_ char *text = json_dumps(request->left, 0);

        return vdsm_request_read(request->sent, text, request->bonds, networks, bonds, error);
}

static void in_its_words(void **state) {
        Request request = made();
        const json_t *red = network_of(&request, "red"), *blue = network_of(&request, "blue"),
                     *bond = json_object_get(json_object_get(json_object_get(request.sent, "request"), "bondings"), "bond0");

        assert_string_equal(dict_string(red, "ipaddr", ""), "10.1.0.5");
        assert_string_equal(dict_string(red, "netmask", ""), "255.255.240.0");
        assert_string_equal(dict_string(red, "bootproto", ""), "none");
        assert_string_equal(dict_string(red, "switch", ""), "legacy");
        assert_true(dict_boolean(red, "ipv6autoconf", false));
        assert_true(dict_boolean(red, "bridged", false));
        assert_string_equal(dict_string(json_object_get(red, "custom"), "bridge_opts", ""), "ageing_time=100 priority=4096");
        assert_string_equal(dict_string(json_object_get(red, "custom"), "mine", ""), "x");
        assert_string_equal(dict_string(blue, "bootproto", ""), "dhcp");
        assert_true(dict_boolean(blue, "defaultRoute", false));
        assert_string_equal(dict_string(blue, "ipv6addr", ""), "2001:db8::5/64");
        assert_int_equal(dict_integer(network_of(&request, "green"), "mtu", 0), 1500);
        assert_string_equal(dict_string(bond, "options", ""), "mode=4 miimon=100");
        request_done(&request);
}

static void untouched_is_the_same(void **state) {
        _cleanup_json_ json_t *networks = NULL, *bonds = NULL;
        Request request = made();

        assert_int_equal(read_back(&request, &networks, &bonds, NULL), 0);
        assert_true(json_equal(networks, request.networks));
        assert_true(json_equal(bonds, request.bonds));
        request_done(&request);
}

static void changes_are_taken_over(void **state) {
        _cleanup_json_ json_t *networks = NULL, *bonds = NULL, *wanted = NULL, *wanted_bonds = NULL;
        Request request = made();
        json_t *all = json_object_get(json_object_get(request.left, "request"), "networks"), *red = network_of(&request, "red");

        json_object_set_new(red, "mtu", json_integer(1400));
        json_object_del(red, "vlan");
        json_object_set_new(red, "netmask", json_string("255.255.255.0"));
        json_object_set_new(json_object_get(red, "custom"), "bridge_opts", json_string("ageing_time=200"));
        json_object_set_new(network_of(&request, "blue"), "bootproto", json_string("none"));
        json_object_set_new(json_object_get(network_of(&request, "green"), "rhv"), "roles", quoted("['display']"));
        json_object_del(all, "old");
        json_object_set_new(all, "new", quoted("{'nic': 'eth4', 'ipaddr': '10.3.0.1', 'prefix': 16, 'bridged': false}"));
        json_object_set_new(json_object_get(json_object_get(json_object_get(request.left, "request"), "bondings"), "bond0"), "options", json_string("mode=1 primary=eth2"));

        assert_int_equal(read_back(&request, &networks, &bonds, NULL), 0);
        wanted = quoted("{'red': {'nic': 'eth1', 'mtu': 1400, 'stp': true, 'bridge_options': {'ageing_time': '200'}, 'custom': {'mine': 'x'}, 'ipv4': {'addresses': ['10.1.0.5/24']},"
                        " 'ipv6': {'method': 'auto'}}, 'blue': {'bonding': 'bond0', 'bridged': false, 'default_route': true, 'ipv4': {'method': 'none'}, 'ipv6': {'addresses':"
                        " ['2001:db8::5/64'], 'gateway': 'fe80::1'}}, 'green': {'label': 'guests', 'roles': ['display']},"
                        " 'new': {'nic': 'eth4', 'bridged': false, 'ipv4': {'addresses': ['10.3.0.1/16']}}}");
        wanted_bonds = quoted("{'bond0': {'nics': ['eth2', 'eth3'], 'options': {'mode': '1', 'primary': 'eth2'}}, 'bond1': {'remove': true}}");
        assert_true(json_equal(networks, wanted));
        assert_true(json_equal(bonds, wanted_bonds));
        request_done(&request);
}

static void nonsense_fails(void **state) {
        static const char *const texts[] = { "", "nonsense", "[]", "{}", "{\"request\": 7}", "{\"request\": {\"networks\": {}}}", "{\"request\": {\"networks\": [], \"bondings\": {}}}",
                                             "{\"request\": {\"networks\": {\"red\": 7}, \"bondings\": {}}}", "{\"request\": {\"networks\": {}, \"bondings\": {\"bond0\": \"x\"}}}",
                                             "{\"request\": {\"networks\": {\"n\": {\"ipaddr\": \"10.0.0.1\"}}, \"bondings\": {}}}",
                                             "{\"request\": {\"networks\": {\"n\": {\"ipaddr\": \"10.0.0.1\", \"netmask\": \"255.0.255.0\"}}, \"bondings\": {}}}" };
        Request request = made();

        for (size_t i = 0; i < ELEMENTSOF(texts); i++) {
                _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
                json_t *networks = NULL, *bonds = NULL;

                if (vdsm_request_read(request.sent, texts[i], request.bonds, &networks, &bonds, &error) >= 0)
                        fail_msg("taken: %s", texts[i]);
                assert_true(sd_bus_error_has_name(&error, RHV_ERROR_HOOK_FAILED));
                assert_null(networks);
        }
        request_done(&request);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(in_its_words),
                cmocka_unit_test(untouched_is_the_same),
                cmocka_unit_test(changes_are_taken_over),
                cmocka_unit_test(nonsense_fails),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
