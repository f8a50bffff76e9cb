/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "bus-error.h"
#include "fixture.h"
#include "network-xml.h"

static VirtualNetwork network_of(const char *name, const char *description) {
        _cleanup_json_ json_t *object = json_loads(description, 0, NULL);
        VirtualNetwork network;

        assert_non_null(object);
        assert_ok(virtual_network_parse(name, object, &network, NULL));
        return network;
}

#define LAB "{\"mode\":\"nat\",\"subnet\":\"192.168.150.0/24\",\"dhcp\":\"192.168.150.10-192.168.150.99\"}"

#define LAB6 "{\"mode\":\"nat\",\"subnet\":\"192.168.150.0/24\",\"subnet6\":\"fd00:0:0:7::/64\"}"
#define INNER6 "{\"mode\":\"isolated\",\"subnet6\":\"fd00:0:0:7::/64\"}"

static NetworkXml read_back(const char *xml) {
        NetworkXml network;

        assert_ok(network_xml_parse(xml, strlen(xml), &network));
        return network;
}

static void test_written(void **state) {
        VirtualNetwork network = network_of("lab", LAB);
        _cleanup_free_ char *xml = network_xml_build(&network, NULL);

        assert_non_null(xml);
        assert_non_null(strstr(xml, "<name>lab</name>"));
        assert_non_null(strstr(xml, "<forward mode=\"nat\"/>"));
        assert_non_null(strstr(xml, "<bridge name=\"lab\" stp=\"on\" delay=\"0\"/>"));
        assert_non_null(strstr(xml, "<ip address=\"192.168.150.1\" prefix=\"24\"><dhcp><range start=\"192.168.150.10\" end=\"192.168.150.99\"/></dhcp></ip>"));
}

static void test_written6(void **state) {
        VirtualNetwork network = network_of("lab", LAB6), inner = network_of("inner", INNER6);
        _cleanup_free_ char *xml = network_xml_build(&network, NULL), *isolated = network_xml_build(&inner, NULL);

        assert_non_null(strstr(xml, "<forward mode=\"nat\"><nat ipv6=\"yes\"/></forward>"));
        assert_non_null(strstr(xml, "<ip family=\"ipv6\" address=\"fd00:0:0:7::1\" prefix=\"64\"/>"));
        assert_non_null(strstr(isolated, "<ip family=\"ipv6\""));
        assert_null(strstr(isolated, "forward"));
}

static void test_back(void **state) {
        static const char *const descriptions[] = {
                LAB,
                "{\"mode\":\"nat\",\"subnet\":\"10.1.0.0/16\",\"dhcp\":\"none\"}",
                "{\"mode\":\"isolated\",\"subnet\":\"10.1.0.0/30\"}",
                "{\"mode\":\"isolated\"}",
                LAB6,
                INNER6,
        };

        for (size_t i = 0; i < ELEMENTSOF(descriptions); i++) {
                VirtualNetwork network = network_of("lab", descriptions[i]);
                _cleanup_free_ char *xml = network_xml_build(&network, NULL);
                NetworkXml back = read_back(xml);

                assert_true(back.ours);
                assert_true(virtual_network_equal(&back.wanted, &network));
                assert_int_equal(back.n_subnets, network.has_subnet);
                assert_int_equal(back.n_subnets6, network.has_subnet6);
                network_xml_done(&back);
        }
}

/* With our mark, but changed by somebody into what we do not make; or without it. */
static void test_foreign(void **state) {
        static const char *const texts[] = {
                "<network><name>lab</name><bridge name='lab'/></network>",
                "<network><name>lab</name><metadata><network xmlns='urn:other'/></metadata><bridge name='lab'/></network>",
                "<network><name>lab</name><metadata><r:network xmlns:r='urn:org.rhv:compute:1'/></metadata><bridge name='other'/></network>",
                "<network><name>lab</name><metadata><r:network xmlns:r='urn:org.rhv:compute:1'/></metadata></network>",
                "<network><name>lab</name><metadata><r:network xmlns:r='urn:org.rhv:compute:1'/></metadata><forward mode='route'/><bridge name='lab'/></network>",
                "<network><name>lab</name><metadata><r:network xmlns:r='urn:org.rhv:compute:1'/></metadata><bridge name='lab'/>"
                "<ip family='ipv6' address='2001:db8::1' prefix='64'/></network>",
                "<network><name>lab</name><metadata><r:network xmlns:r='urn:org.rhv:compute:1'/></metadata><bridge name='lab'/>"
                "<ip family='ipv6' address='fd00::1' prefix='64'/><ip family='ipv6' address='fd01::1' prefix='64'/></network>",
                "<network><name>lab</name><metadata><r:network xmlns:r='urn:org.rhv:compute:1'/></metadata><bridge name='lab'/>"
                "<ip family='ipv6' address='fd00::1' prefix='64'><dhcp><range start='fd00::2' end='fd00::9'/></dhcp></ip></network>",
                "<network><name>lab</name><metadata><r:network xmlns:r='urn:org.rhv:compute:1'/></metadata><forward mode='nat'/><bridge name='lab'/>"
                "<ip address='10.1.0.1' prefix='24'/><ip family='ipv6' address='fd00::1' prefix='64'/></network>",
                "<network><name>lab</name><metadata><r:network xmlns:r='urn:org.rhv:compute:1'/></metadata><forward mode='nat'><nat ipv6='yes'/></forward><bridge name='lab'/>"
                "<ip address='10.1.0.1' prefix='24'/></network>",
                "<network><name>a-name-that-is-too-long</name><metadata><r:network xmlns:r='urn:org.rhv:compute:1'/></metadata>"
                "<bridge name='a-name-that-is-too-long'/></network>",
        };
        static const char *const no_networks[] = { "", "<", "<domain><name>x</name></domain>", "<network/>", "<network><name/></network>" };
        NetworkXml network;

        for (size_t i = 0; i < ELEMENTSOF(texts); i++) {
                network = read_back(texts[i]);
                assert_false(network.ours);
                network_xml_done(&network);
        }
        for (size_t i = 0; i < ELEMENTSOF(no_networks); i++)
                assert_int_equal(network_xml_parse(no_networks[i], strlen(no_networks[i]), &network), -EBADMSG);
}

static void test_subnets(void **state) {
        NetworkXml network = read_back("<network><name>x</name><ip address='192.168.122.1' netmask='255.255.255.0'/><ip family='ipv6' address='fd00::1' prefix='64'/>"
                                       "<ip address='10.1.2.3' prefix='99'/><ip address='10.4.5.6'/><ip address='10.7.0.1' netmask='255.0.255.0'/>"
                                       "<route address='10.8.0.0' prefix='16' gateway='192.168.122.9'/></network>");

        assert_int_equal(network.n_subnets, 3);
        assert_int_equal(network.subnets[0].network, 0xc0a87a00);
        assert_int_equal(network.subnets[0].prefix, 24);
        assert_int_equal(network.subnets[1].prefix, 32);
        assert_int_equal(network.subnets[2].network, 0x0a080000);
        assert_int_equal(network.n_subnets6, 1);
        assert_int_equal(network.subnets6[0].prefix, 64);
        network_xml_done(&network);
}

#define HEADING "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n"
#define ROUTES HEADING "eth0\t00000000\t01004D0A\t0003\t0\t0\t0\t00000000\t0\t0\t0\n" "eth0\t00004D0A\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n" \
        "lab\t0096A8C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n"

#define ROUTES6 "00000000000000000000000000000000 00 00000000000000000000000000000000 00 fe800000000000000000000000000001 00000400 00000001 00000000 00450003     eth0\n" \
        "fd000000000000070000000000000000 40 00000000000000000000000000000000 00 00000000000000000000000000000000 00000100 00000001 00000000 00000001      lab\n" \
        "fd000000000000070000000000000001 80 00000000000000000000000000000000 00 00000000000000000000000000000000 00000000 00000002 00000000 80200001       lo\n" \
        "fd000000000100000000000000000000 30 00000000000000000000000000000000 00 00000000000000000000000000000000 00000400 00000001 00000000 00000003     eth0\n"

static const char *check(const char *name, const char *description, const NetworkXml *others, size_t n, const char *routes) {
        static char text[512];
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        VirtualNetwork network = network_of(name, description);

        if (network_xml_check(&network, others, n, routes, ROUTES6, &error) < 0)
                (void) snprintf(text, sizeof(text), "%s: %s", error.name, error.message);
        else
                (void) snprintf(text, sizeof(text), "fine");
        return text;
}

static void test_routes(void **state) {
        assert_string_equal(check("lab", LAB, NULL, 0, ROUTES), "fine");
        assert_string_equal(check("lab", LAB, NULL, 0, ""), "fine");
        assert_string_equal(check("lab", LAB, NULL, 0, "rubbish\nlab\t1\t2\n\t\t\t\t\t\t\t\t\nx\tzz96A8C0\t0\t0\t0\t0\t0\t00FFFFFF\n"), "fine");
        assert_string_equal(check("other", LAB, NULL, 0, ROUTES),
                            RHV_ERROR_INVALID_ARGUMENT ": The subnet 192.168.150.0/24 overlaps 192.168.150.0/24, which this host reaches by lab");
        assert_string_equal(check("new", "{\"mode\":\"nat\",\"subnet\":\"10.77.0.128/25\"}", NULL, 0, ROUTES),
                            RHV_ERROR_INVALID_ARGUMENT ": The subnet 10.77.0.128/25 overlaps 10.77.0.0/24, which this host reaches by eth0");
        assert_string_equal(check("new", "{\"mode\":\"isolated\"}", NULL, 0, ROUTES), "fine");
}

static void test_routes6(void **state) {
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        VirtualNetwork network = network_of("lab", LAB6);

        assert_string_equal(check("lab", LAB6, NULL, 0, ""), "fine");
        assert_string_equal(check("lab", INNER6, NULL, 0, ""), "fine");
        assert_string_equal(check("new", INNER6, NULL, 0, ""), RHV_ERROR_INVALID_ARGUMENT ": The subnet fd00:0:0:7::/64 overlaps fd00:0:0:7::/64, which this host reaches by lab");
        assert_string_equal(check("new", "{\"mode\":\"isolated\",\"subnet6\":\"fd00:0:1:9::/64\"}", NULL, 0, ""),
                            RHV_ERROR_INVALID_ARGUMENT ": The subnet fd00:0:1:9::/64 overlaps fd00:0:1::/48, which this host reaches by eth0");
        assert_string_equal(check("new", "{\"mode\":\"isolated\",\"subnet6\":\"fd00:0:2:9::/64\"}", NULL, 0, ""), "fine");
        /* what is no route is none */
        assert_ok(network_xml_check(&network, NULL, 0, "", "rubbish\nzd000000000000070000000000000000 40 0 0 0 0 0 0 0 x\nfd00 40 0 0 0 0 0 0 0 x\n"
                                                           "fd000000000000070000000000000000 zz\nfd000000000000070000000000000000 ff 0 0 0 0 0 0 0 x\n\n", &error));
}

static void test_others(void **state) {
        VirtualNetwork ours = network_of("lab", LAB);
        _cleanup_free_ char *xml = network_xml_build(&ours, NULL);
        NetworkXml others[] = { read_back(xml), read_back("<network><name>their</name><bridge name='their0'/><ip address='192.168.90.1' prefix='24'/></network>") };

        assert_string_equal(check("lab", "{\"mode\":\"nat\",\"subnet\":\"192.168.150.0/25\"}", others, 2, ""), "fine");
        assert_non_null(strstr(check("new", "{\"mode\":\"nat\",\"subnet\":\"192.168.150.0/25\"}", others, 2, ""), "overlaps 192.168.150.0/24 of libvirt's network lab"));
        assert_non_null(strstr(check("new", "{\"mode\":\"nat\",\"subnet\":\"192.168.0.0/16\"}", others, 2, ""), RHV_ERROR_INVALID_ARGUMENT));
        assert_non_null(strstr(check("their", "{\"mode\":\"isolated\"}", others, 2, ""), RHV_ERROR_ALREADY_EXISTS));
        assert_non_null(strstr(check("their0", "{\"mode\":\"isolated\"}", others, 2, ""), RHV_ERROR_ALREADY_EXISTS));
        for (size_t i = 0; i < ELEMENTSOF(others); i++)
                network_xml_done(&others[i]);

        others[0] = read_back("<network><name>their</name><bridge name='their0'/><ip family='ipv6' address='fd00:0:2:9::1' prefix='48'/></network>");
        assert_non_null(strstr(check("new", "{\"mode\":\"isolated\",\"subnet6\":\"fd00:0:2:7::/64\"}", others, 1, ""), "overlaps fd00:0:2::/48 of libvirt's network their"));
        assert_string_equal(check("new", "{\"mode\":\"isolated\",\"subnet6\":\"fd00:0:3:7::/64\"}", others, 1, ""), "fine");
        network_xml_done(&others[0]);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_written), cmocka_unit_test(test_back),   cmocka_unit_test(test_foreign),
                cmocka_unit_test(test_subnets), cmocka_unit_test(test_routes), cmocka_unit_test(test_others),
                cmocka_unit_test(test_written6), cmocka_unit_test(test_routes6),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
