/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "bus-error.h"
#include "fixture.h"
#include "virtual-network.h"

/* Return: "" when it is accepted, else the error's name. */
static const char *parse(const char *name, const char *description, VirtualNetwork *ret) {
        static char text[128];
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_json_ json_t *object = json_loads(description, 0, NULL);

        assert_non_null(object);
        if (dict_check(object, virtual_network_fields, "network", &error) < 0 || virtual_network_parse(name, object, ret, &error) < 0) {
                assert_true(sd_bus_error_is_set(&error));
                assert_true(strlen(error.message) > 10);
                (void) snprintf(text, sizeof(text), "%s", error.name);
                return text;
        }
        return "";
}

static void test_refused(void **state) {
        static const struct {
                const char *name, *description, *error;
        } cases[] = {
                { "", "{\"mode\":\"isolated\"}", RHV_ERROR_INVALID_ARGUMENT },
                { "0123456789abcdef", "{\"mode\":\"isolated\"}", RHV_ERROR_INVALID_ARGUMENT },
                { "-x", "{\"mode\":\"isolated\"}", RHV_ERROR_INVALID_ARGUMENT },
                { "a b", "{\"mode\":\"isolated\"}", RHV_ERROR_INVALID_ARGUMENT },
                { "a/b", "{\"mode\":\"isolated\"}", RHV_ERROR_INVALID_ARGUMENT },
                { "default", "{\"mode\":\"isolated\"}", RHV_ERROR_INVALID_ARGUMENT },
                { "lab", "{}", RHV_ERROR_INVALID_ARGUMENT },
                { "lab", "{\"mode\":\"bridge\"}", RHV_ERROR_INVALID_ARGUMENT },
                { "lab", "{\"mode\":\"nat\"}", RHV_ERROR_INVALID_ARGUMENT },
                { "lab", "{\"mode\":\"nat\",\"subnet\":\"\"}", RHV_ERROR_INVALID_ARGUMENT },
                { "lab", "{\"mode\":\"nat\",\"subnet\":\"192.168.150.0\"}", RHV_ERROR_INVALID_ARGUMENT },
                { "lab", "{\"mode\":\"nat\",\"subnet\":\"192.168.150.0/\"}", RHV_ERROR_INVALID_ARGUMENT },
                { "lab", "{\"mode\":\"nat\",\"subnet\":\"192.168.150.0/ 24\"}", RHV_ERROR_INVALID_ARGUMENT },
                { "lab", "{\"mode\":\"nat\",\"subnet\":\"192.168.150.0/024\"}", RHV_ERROR_INVALID_ARGUMENT },
                { "lab", "{\"mode\":\"nat\",\"subnet\":\"192.168.150/24\"}", RHV_ERROR_INVALID_ARGUMENT },
                { "lab", "{\"mode\":\"nat\",\"subnet\":\"192.168.150.0/31\"}", RHV_ERROR_INVALID_ARGUMENT },
                { "lab", "{\"mode\":\"nat\",\"subnet\":\"192.168.150.0/32\"}", RHV_ERROR_INVALID_ARGUMENT },
                { "lab", "{\"mode\":\"nat\",\"subnet\":\"10.0.0.0/15\"}", RHV_ERROR_INVALID_ARGUMENT },
                { "lab", "{\"mode\":\"nat\",\"subnet\":\"192.168.150.1/24\"}", RHV_ERROR_INVALID_ARGUMENT },
                { "lab", "{\"mode\":\"nat\",\"subnet\":\"127.0.0.0/24\"}", RHV_ERROR_INVALID_ARGUMENT },
                { "lab", "{\"mode\":\"nat\",\"subnet\":\"0.0.0.0/24\"}", RHV_ERROR_INVALID_ARGUMENT },
                { "lab", "{\"mode\":\"nat\",\"subnet\":\"169.254.7.0/24\"}", RHV_ERROR_INVALID_ARGUMENT },
                { "lab", "{\"mode\":\"nat\",\"subnet\":\"224.0.1.0/24\"}", RHV_ERROR_INVALID_ARGUMENT },
                { "lab", "{\"mode\":\"nat\",\"subnet\":\"255.255.255.0/24\"}", RHV_ERROR_INVALID_ARGUMENT },
                { "lab", "{\"mode\":\"nat\",\"subnet\":\"fd00:1::/64\"}", RHV_ERROR_INVALID_ARGUMENT },
                { "lab", "{\"mode\":\"nat\",\"subnet\":\"10.9.8.0/24\",\"dhcp\":\"fd00::1-fd00::2\"}", RHV_ERROR_NOT_SUPPORTED },
                { "lab", "{\"mode\":\"isolated\",\"dhcp\":\"10.9.8.2-10.9.8.3\"}", RHV_ERROR_INVALID_ARGUMENT },
                { "lab", "{\"mode\":\"nat\",\"subnet\":\"10.9.8.0/24\",\"dhcp\":\"10.9.8.2\"}", RHV_ERROR_INVALID_ARGUMENT },
                { "lab", "{\"mode\":\"nat\",\"subnet\":\"10.9.8.0/24\",\"dhcp\":\"10.9.8.9-10.9.8.8\"}", RHV_ERROR_INVALID_ARGUMENT },
                { "lab", "{\"mode\":\"nat\",\"subnet\":\"10.9.8.0/24\",\"dhcp\":\"10.9.8.1-10.9.8.8\"}", RHV_ERROR_INVALID_ARGUMENT },
                { "lab", "{\"mode\":\"nat\",\"subnet\":\"10.9.8.0/24\",\"dhcp\":\"10.9.8.0-10.9.8.8\"}", RHV_ERROR_INVALID_ARGUMENT },
                { "lab", "{\"mode\":\"nat\",\"subnet\":\"10.9.8.0/24\",\"dhcp\":\"10.9.8.9-10.9.8.255\"}", RHV_ERROR_INVALID_ARGUMENT },
                { "lab", "{\"mode\":\"nat\",\"subnet\":\"10.9.8.0/24\",\"dhcp\":\"10.9.7.9-10.9.8.9\"}", RHV_ERROR_INVALID_ARGUMENT },
                { "lab", "{\"mode\":\"nat\",\"subnet\":\"10.9.8.0/24\",\"dhcp\":\"10.9.8.9-10.9.9.9\"}", RHV_ERROR_INVALID_ARGUMENT },
                { "lab", "{\"mode\":\"nat\",\"subnet\":\"10.9.8.0/24\",\"dhcp\":\"10.9.8.9-10.9.8.9x\"}", RHV_ERROR_INVALID_ARGUMENT },
                { "lab", "{\"mode\":\"nat\",\"subnet6\":\"fd00:1::/64\"}", RHV_ERROR_INVALID_ARGUMENT },
                { "lab", "{\"mode\":\"isolated\",\"subnet6\":\"10.9.8.0/24\"}", RHV_ERROR_INVALID_ARGUMENT },
                { "lab", "{\"mode\":\"isolated\",\"subnet6\":\"fd00:1::\"}", RHV_ERROR_INVALID_ARGUMENT },
                { "lab", "{\"mode\":\"isolated\",\"subnet6\":\"/64\"}", RHV_ERROR_INVALID_ARGUMENT },
                { "lab", "{\"mode\":\"isolated\",\"subnet6\":\"fd00:1::/\"}", RHV_ERROR_INVALID_ARGUMENT },
                { "lab", "{\"mode\":\"isolated\",\"subnet6\":\"fd00:1::/129\"}", RHV_ERROR_INVALID_ARGUMENT },
                { "lab", "{\"mode\":\"isolated\",\"subnet6\":\"fd00:1::/64 \"}", RHV_ERROR_INVALID_ARGUMENT },
                { "lab", "{\"mode\":\"isolated\",\"subnet6\":\"fd00:1::/63\"}", RHV_ERROR_INVALID_ARGUMENT },
                { "lab", "{\"mode\":\"isolated\",\"subnet6\":\"fd00:1::1/64\"}", RHV_ERROR_INVALID_ARGUMENT },
                { "lab", "{\"mode\":\"isolated\",\"subnet6\":\"fc00:1::/64\"}", RHV_ERROR_INVALID_ARGUMENT },
                { "lab", "{\"mode\":\"isolated\",\"subnet6\":\"2001:db8::/64\"}", RHV_ERROR_INVALID_ARGUMENT },
                { "lab", "{\"mode\":\"isolated\",\"subnet6\":\"fe80::/64\"}", RHV_ERROR_INVALID_ARGUMENT },
                { "lab", "{\"mode\":\"isolated\",\"vlan\":5}", RHV_ERROR_UNKNOWN_OPTION },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                VirtualNetwork network = { .name = "untouched" };

                assert_string_equal(parse(cases[i].name, cases[i].description, &network), cases[i].error);
                assert_string_equal(network.name, "untouched");
        }
}

static void test_accepted(void **state) {
        static const struct {
                const char *description, *subnet, *dhcp, *subnet6, *address6;
        } cases[] = {
                { "{\"mode\":\"nat\",\"subnet\":\"192.168.150.0/24\"}", "192.168.150.0/24", "192.168.150.2-192.168.150.254" },
                { "{\"mode\":\"nat\",\"subnet\":\"192.168.150.0/24\",\"dhcp\":\"none\"}", "192.168.150.0/24", "none" },
                { "{\"mode\":\"nat\",\"subnet\":\"10.9.8.128/30\"}", "10.9.8.128/30", "10.9.8.130-10.9.8.130" },
                { "{\"mode\":\"isolated\",\"subnet\":\"10.9.0.0/16\",\"dhcp\":\"10.9.8.2-10.9.8.2\"}", "10.9.0.0/16", "10.9.8.2-10.9.8.2" },
                { "{\"mode\":\"isolated\",\"subnet\":\"223.255.255.0/24\"}", "223.255.255.0/24", "223.255.255.2-223.255.255.254" },
                { "{\"mode\":\"isolated\"}", "", "none" },
                { "{\"mode\":\"isolated\",\"subnet\":\"\",\"dhcp\":\"none\"}", "", "none" },
                { "{\"mode\":\"isolated\",\"subnet6\":\"FD12:3456:789a:0001:0::/64\"}", "", "none", "fd12:3456:789a:1::/64", "fd12:3456:789a:1::1" },
                { "{\"mode\":\"nat\",\"subnet\":\"10.9.8.0/24\",\"dhcp\":\"none\",\"subnet6\":\"fd00::/64\"}", "10.9.8.0/24", "none", "fd00::/64", "fd00::1" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_json_ json_t *described = NULL;
                _cleanup_free_ char *again = NULL;
                VirtualNetwork network, same;

                assert_string_equal(parse("lab-0123456789a", cases[i].description, &network), "");
                described = virtual_network_describe(&network);
                assert_string_equal(dict_string(described, "subnet", "?"), cases[i].subnet);
                assert_string_equal(dict_string(described, "dhcp", "?"), cases[i].dhcp);
                assert_string_equal(dict_string(described, "subnet6", "?"), cases[i].subnet6 ?: "");
                if (network.has_subnet6) {
                        char address[INET6_ADDRSTRLEN];

                        virtual_network_address6(&network, address);
                        assert_string_equal(address, cases[i].address6);
                }
                again = json_dumps(described, 0);
                assert_string_equal(parse("lab-0123456789a", again, &same), "");
                assert_true(virtual_network_equal(&network, &same));
                if (network.has_subnet) {
                        same.subnet.prefix--;
                        assert_false(virtual_network_equal(&network, &same));
                        same = network;
                }
                if (network.has_subnet6) {
                        same.subnet6.network.s6_addr[7]++;
                        assert_false(virtual_network_equal(&network, &same));
                        same = network;
                        same.has_subnet6 = false;
                        assert_false(virtual_network_equal(&network, &same));
                }
        }
}

static void assert_overlap(const char *a, const char *b, bool want) {
        Subnet4 one, other;

        assert_ok(subnet4_parse(a, &one));
        assert_ok(subnet4_parse(b, &other));
        assert_int_equal(subnet4_overlap(one, other), want);
        assert_int_equal(subnet4_overlap(other, one), want);
}

static void test_overlap(void **state) {
        assert_overlap("10.0.0.0/8", "10.9.8.0/24", true);
        assert_overlap("10.9.8.0/25", "10.9.8.128/25", false);
        assert_overlap("10.9.8.0/24", "10.9.8.77/32", true);
        assert_overlap("10.9.8.0/24", "10.9.9.0/24", false);
        assert_overlap("0.0.0.0/0", "10.9.9.0/24", true);
}

static void assert_overlap6(const char *a, const char *b, bool want) {
        Subnet6 one, other;

        assert_ok(subnet6_parse(a, &one));
        assert_ok(subnet6_parse(b, &other));
        assert_int_equal(subnet6_overlap(&one, &other), want);
        assert_int_equal(subnet6_overlap(&other, &one), want);
}

static void test_overlap6(void **state) {
        char text[SUBNET6_TEXT_MAX];
        Subnet6 subnet;

        assert_overlap6("fd00::/8", "fd12:3456::/64", true);
        assert_overlap6("fd00:0:0:2::/63", "fd00:0:0:3::/64", true);
        assert_overlap6("fd00:0:0:2::/64", "fd00:0:0:3::/64", false);
        assert_overlap6("::/0", "fd00::/64", true);
        assert_overlap6("fd00::1/128", "fd00::2/128", false);
        assert_ok(subnet6_parse("fd00:ffff:ffff:ffff:ffff:ffff:ffff:ffff/61", &subnet));
        subnet6_mask(&subnet);
        subnet6_format(&subnet, text);
        assert_string_equal(text, "fd00:ffff:ffff:fff8::/61");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_refused),
                cmocka_unit_test(test_accepted),
                cmocka_unit_test(test_overlap),
                cmocka_unit_test(test_overlap6),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
