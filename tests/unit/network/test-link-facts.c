/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The kernel's files as facts: a NIC with virtual functions, a LACP bond and its port, a bridge, and whatever else lies in such a directory. */

#include "remove-tree.h"
#include "view-fixture.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "dict.h"
#include "link-facts.h"
#include "macro.h"
#include "objects.h"

static void a_bond(void **state) {
        _cleanup_json_ json_t *files = quoted("{'mtu': '9000', 'carrier': '1', 'operstate': 'up', 'address': '02:00:00:00:00:01', 'speed': '-1', 'bonding/mode': '802.3ad 4',"
                                              " 'bonding/miimon': '100', 'bonding/active_slave': '', 'bonding/ad_aggregator': '2', 'bonding/ad_num_ports': '2',"
                                              " 'bonding/ad_actor_key': '15', 'bonding/ad_partner_key': '7', 'bonding/ad_partner_mac': '00:1c:73:00:00:01'}");
        _cleanup_json_ json_t *facts = link_facts_make(files), *wanted = NULL;

        wanted = quoted("{'mtu': 9000, 'carrier': true, 'operstate': 'up', 'address': '02:00:00:00:00:01', 'bond': {'mode': '802.3ad', 'options': {'mode': '802.3ad 4', 'miimon':"
                        " '100', 'active_slave': '', 'ad_aggregator': '2', 'ad_num_ports': '2', 'ad_actor_key': '15', 'ad_partner_key': '7', 'ad_partner_mac': '00:1c:73:00:00:01'},"
                        " 'lacp': {'aggregator': 2, 'ports': 2, 'actor_key': 15, 'partner_key': 7, 'partner_mac': '00:1c:73:00:00:01'}}}");
        assert_true(json_equal(facts, wanted));
}

static void a_port(void **state) {
        _cleanup_json_ json_t *files = quoted("{'mtu': '9000', 'carrier': '0', 'master': 'bond0', 'driver': 'ixgbe', 'speed': '10000', 'duplex': 'full', 'device/sriov_totalvfs': '63',"
                                              " 'device/sriov_numvfs': '4', 'bonding_slave/state': 'backup', 'bonding_slave/mii_status': 'down',"
                                              " 'bonding_slave/link_failure_count': '3', 'bonding_slave/perm_hwaddr': '02:00:00:00:00:09', 'bonding_slave/ad_aggregator_id': '2',"
                                              " 'bonding_slave/ad_actor_oper_port_state': '61', 'bonding_slave/ad_partner_oper_port_state': '300'}");
        _cleanup_json_ json_t *facts = link_facts_make(files), *wanted = NULL;

        /* a state that is no byte is none */
        wanted = quoted("{'mtu': 9000, 'carrier': false, 'master': 'bond0', 'driver': 'ixgbe', 'speed': 10000, 'duplex': 'full', 'vfs_total': 63, 'vfs': 4,"
                        " 'bond_port': {'state': 'backup', 'mii_status': 'down', 'failures': 3, 'permanent_mac': '02:00:00:00:00:09', 'aggregator': 2,"
                        " 'actor_state': ['activity', 'aggregation', 'synchronization', 'collecting', 'distributing']}}");
        assert_true(json_equal(facts, wanted));
}

static void nonsense_is_left_out(void **state) {
        _cleanup_json_ json_t *files = quoted("{'mtu': 'many', 'carrier': 'x', 'speed': '4294967295', 'duplex': 'unknown', 'device/sriov_numvfs': '-1', 'bridge/x': 1, 'bonding/mode': 4}");
        _cleanup_json_ json_t *facts = link_facts_make(files), *none = link_facts_make(NULL), *wanted = quoted("{'carrier': false}");

        assert_true(json_equal(none, wanted));
        assert_null(json_object_get(facts, "mtu"));
        assert_null(json_object_get(facts, "speed"));
        assert_null(json_object_get(facts, "bridge"));
}

static void options(void **state) {
        assert_true(link_option_is("802.3ad 4", "4"));
        assert_true(link_option_is("802.3ad 4", "802.3ad"));
        assert_false(link_option_is("802.3ad 4", "802.3"));
        assert_false(link_option_is("802.3ad 4", ""));
        assert_false(link_option_is("", "4"));
        assert_true(link_option_is("  layer2+3   2 ", "2"));
}

/* ---- files ---- */

static void put(const char *root, const char *name, const char *text) {
        char path[256];
        int fd;

        snprintf(path, sizeof path, "%s/%s", root, name);
        for (char *p = path + strlen(root) + 1; (p = strchr(p, '/')); p++) {
                *p = 0;
                mkdir(path, 0700);
                *p = '/';
        }
        fd = open(path, O_WRONLY | O_CREAT, 0600);
        assert_true(fd >= 0);
        assert_int_equal(write(fd, text, strlen(text)), strlen(text));
        close(fd);
}

static void a_directory(void **state) {
        char root[] = "/tmp/rhv-links-XXXXXX", path[64], large[3 * LINK_FILE_BYTES_MAX];
        _cleanup_json_ json_t *links = NULL, *nothing = NULL;
        const json_t *eth0, *bridge;

        assert_non_null(mkdtemp(root));
        memset(large, 'x', sizeof large - 1);
        large[sizeof large - 1] = 0;
        put(root, "eth0/mtu", "1500\n");
        put(root, "eth0/carrier", "1\n");
        put(root, "eth0/address", "\xff\xfe not UTF-8\n");
        put(root, "eth0/operstate", large);
        put(root, "eth0/uevent", "INTERFACE=eth0\nIFINDEX=2\n");
        put(root, "eth0/speed", "1000\n");
        put(root, "br0/uevent", "DEVTYPE=bridge\nINTERFACE=br0\nIFINDEX=3\n");
        put(root, "br0/speed", "1000\n");
        put(root, "br0/bridge/stp_state", "1\n");
        put(root, "br0/bridge/hello_timer", "77\n");
        put(root, "vnet0/tun_flags", "0x5002\n");
        put(root, "vnet0/mtu", "1400\n");
        put(root, "br0/bridge/ageing_time", "30000 \n");
        put(root, "bonding_masters", "bond0\n");
        snprintf(path, sizeof path, "%s/eth0/master", root);
        assert_int_equal(symlink("../../br0", path), 0);
        snprintf(path, sizeof path, "%s/gone", root);
        assert_int_equal(symlink("nowhere", path), 0);

        assert_int_equal(link_facts_read(root, NULL, NULL, &links), 0);
        assert_int_equal(json_object_size(links), 3);
        assert_true(dict_boolean(json_object_get(links, "vnet0"), "tap", false));
        assert_false(dict_boolean(json_object_get(links, "eth0"), "tap", false));
        eth0 = json_object_get(links, "eth0");
        assert_int_equal(dict_integer(eth0, "mtu", 0), 1500);
        assert_true(dict_boolean(eth0, "carrier", false));
        assert_int_equal(dict_integer(eth0, "speed", 0), 1000);
        assert_string_equal(dict_string(eth0, "master", ""), "br0");
        assert_null(json_object_get(eth0, "address"));
        bridge = json_object_get(json_object_get(links, "br0"), "bridge");
        assert_string_equal(dict_string(bridge, "ageing_time", ""), "30000");
        assert_null(json_object_get(bridge, "hello_timer"));
        assert_null(json_object_get(json_object_get(links, "br0"), "speed")); /* not asked for */

        assert_int_equal(remove_tree(root), 0);
        assert_int_equal(link_facts_read(root, NULL, NULL, &nothing), -ENOENT);
}

static void assert_names(const json_t *names, const char *wanted) {
        _cleanup_json_ json_t *object = quoted(wanted);

        if (!json_equal(names, object)) {
                _cleanup_free_ char *text = json_dumps(names, JSON_SORT_KEYS);

                fail_msg("%s in place of %s", text, wanted);
        }
}

/* With a device those whose facts hang on its own, and those of which the kernel keeps silent. */
static void affected(void **state) {
        _cleanup_json_ json_t *links = quoted("{'eth0': {'master': 'red'}, 'red': {}, 'eth1': {'master': 'bond0', 'bond_port': {}}, 'bond0': {'bond': {}}, 'eth2': {'vfs_total': 4}, 'v0': {'vf_of': 'eth2'},"
                                              " 'eth3': {}}"),
                              *none = json_object(), *names = quoted("{'eth0': true, 'new': true, 'eth3': true}"), *some = link_facts_affected(links, names),
                              *least = link_facts_affected(links, none), *nothing = link_facts_affected(none, none);

        assert_names(some, "{'eth0': true, 'new': true, 'eth3': true, 'red': true, 'eth1': true, 'bond0': true, 'eth2': true, 'v0': true}");
        assert_names(least, "{'eth1': true, 'bond0': true, 'eth2': true, 'v0': true}");
        assert_names(nothing, "{}");
}

/* Only those that are named are read again; one that is gone goes, and what was read before stays as it was for who has it. */
static void only_some(void **state) {
        _cleanup_json_ json_t *links = NULL, *before = NULL, *fresh = NULL, *names = quoted("{'eth0': true, 'eth1': true, 'gone': true, '../up': true}");
        char root[] = "/tmp/rhv-links-XXXXXX", path[64];

        assert_non_null(mkdtemp(root));
        put(root, "eth0/mtu", "1500\n");
        put(root, "eth1/mtu", "1500\n");
        put(root, "eth2/mtu", "1500\n");
        assert_int_equal(link_facts_read(root, NULL, NULL, &links), 0);
        before = json_deep_copy(links);
        put(root, "eth0/mtu", "9000\n");
        put(root, "eth2/mtu", "9000\n");
        put(root, "eth3/mtu", "9000\n");
        snprintf(path, sizeof path, "%s/eth1/mtu", root);
        assert_int_equal(unlink(path), 0);
        snprintf(path, sizeof path, "%s/eth1", root);
        assert_int_equal(rmdir(path), 0);
        assert_int_equal(link_facts_read(root, links, names, &fresh), 0);
        assert_true(json_equal(links, before));
        assert_int_equal(json_object_size(fresh), 2);
        assert_int_equal(dict_integer(json_object_get(fresh, "eth0"), "mtu", 0), 9000);
        assert_int_equal(dict_integer(json_object_get(fresh, "eth2"), "mtu", 0), 1500);
        assert_int_equal(remove_tree(root), 0);
}

/* A guest's end of a bridge is listed by the kernel's word alone. */
static void vnics(void **state) {
        _cleanup_json_ json_t *view = json_pack("{s:{}, s:{}, s:{s:{s:b, s:s, s:s, s:i, s:b, s:s}, s:{s:s}}}", "devices", "profiles", "links", "vnet0", "tap", 1, "master", "red", "address",
                                                "fe:6f:00:00:00:01", "mtu", 1400, "carrier", 1, "operstate", "unknown", "eth0", "master", "red"),
                              *labels = json_pack("{s:{}, s:{}}", "devices", "networks"), *capabilities = objects_capabilities(view, labels);
        const json_t *list = json_object_get(capabilities, "vnics"), *vnic = json_object_get(list, "vnet0");

        assert_int_equal(json_object_size(list), 1);
        assert_string_equal(dict_string(vnic, "bridge", ""), "red");
        assert_string_equal(dict_string(vnic, "mac", ""), "fe:6f:00:00:00:01");
        assert_int_equal(dict_integer(vnic, "mtu", 0), 1400);
        assert_true(dict_boolean(vnic, "carrier", false));
}

static void link_to(const char *root, const char *name, const char *target) {
        char path[256];

        snprintf(path, sizeof path, "%s/%s", root, name);
        assert_int_equal(symlink(target, path), 0);
}

/* As the kernel lays out an 82576 with one of its virtual functions (igb and igbvf), whose PCI devices are apart from the network's; and a NIC of a paravirtual bus. */
static void virtual_functions(void **state) {
        char root[] = "/tmp/rhv-links-XXXXXX", class[64];
        _cleanup_json_ json_t *links = NULL;
        const json_t *parent, *function, *functions, *other;

        assert_non_null(mkdtemp(root));
        put(root, "bus/pci/x", "");
        put(root, "bus/virtio/x", "");
        put(root, "bus/pci/drivers/igb/x", "");
        put(root, "bus/pci/drivers/igbvf/x", "");
        put(root, "devices/0000:03:00.0/sriov_totalvfs", "7\n");
        put(root, "devices/0000:03:00.0/sriov_numvfs", "1\n");
        put(root, "devices/0000:03:00.0/net/enp3s0f1/x", "");
        put(root, "devices/0000:03:00.0/net/enp3s0f0/x", "");
        put(root, "devices/0000:03:10.0/x", "");
        put(root, "devices/virtio1/x", "");
        link_to(root, "devices/0000:03:00.0/subsystem", "../../bus/pci");
        link_to(root, "devices/0000:03:00.0/driver", "../../bus/pci/drivers/igb");
        link_to(root, "devices/0000:03:10.0/subsystem", "../../bus/pci");
        link_to(root, "devices/0000:03:10.0/driver", "../../bus/pci/drivers/igbvf");
        link_to(root, "devices/0000:03:10.0/physfn", "../0000:03:00.0");
        put(root, "devices/0000:03:10.0/net/enp3s0f0v0/x", "");
        put(root, "bus/pci/drivers/vfio-pci/x", "");
        put(root, "devices/0000:03:10.2/x", "");
        link_to(root, "devices/0000:03:10.2/driver", "../../bus/pci/drivers/vfio-pci");
        link_to(root, "devices/0000:03:00.0/virtfn0", "../0000:03:10.0");
        link_to(root, "devices/0000:03:00.0/virtfn1", "../0000:03:10.2");
        link_to(root, "devices/0000:03:00.0/virtfn3", "../0000:03:10.6");
        link_to(root, "devices/virtio1/subsystem", "../../bus/virtio");
        put(root, "net/enp3s0f0/carrier", "1\n");
        put(root, "net/enp3s0f0v0/carrier", "0\n");
        put(root, "net/eth7/carrier", "1\n");
        link_to(root, "net/enp3s0f0/device", "../../devices/0000:03:00.0");
        link_to(root, "net/enp3s0f0v0/device", "../../devices/0000:03:10.0");
        link_to(root, "net/eth7/device", "../../devices/virtio1");
        snprintf(class, sizeof class, "%s/net", root);

        assert_int_equal(link_facts_read(class, NULL, NULL, &links), 0);
        parent = json_object_get(links, "enp3s0f0");
        function = json_object_get(links, "enp3s0f0v0");
        other = json_object_get(links, "eth7");
        assert_int_equal(dict_integer(parent, "vfs_total", 0), 7);
        assert_int_equal(dict_integer(parent, "vfs", 0), 1);
        assert_string_equal(dict_string(parent, "driver", ""), "igb");
        functions = json_object_get(parent, "functions");
        assert_int_equal(json_array_size(functions), 2);
        assert_string_equal(dict_string(json_array_get(functions, 0), "pci", ""), "0000:03:10.0");
        assert_string_equal(dict_string(json_array_get(functions, 0), "driver", ""), "igbvf");
        assert_string_equal(dict_string(json_array_get(functions, 0), "device", ""), "enp3s0f0v0");
        assert_string_equal(dict_string(json_array_get(functions, 1), "driver", ""), "vfio-pci");
        assert_null(json_object_get(json_array_get(functions, 1), "device"));
        assert_string_equal(dict_string(parent, "pci", ""), "0000:03:00.0");
        assert_null(json_object_get(parent, "vf_of"));
        assert_string_equal(dict_string(function, "driver", ""), "igbvf");
        assert_string_equal(dict_string(function, "pci", ""), "0000:03:10.0");
        assert_string_equal(dict_string(function, "vf_of", ""), "enp3s0f0");
        assert_null(json_object_get(function, "vfs_total"));
        assert_non_null(other);
        assert_null(json_object_get(other, "pci"));
        assert_null(json_object_get(other, "vf_of"));
        assert_int_equal(remove_tree(root), 0);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_bond),
                cmocka_unit_test(a_port),
                cmocka_unit_test(nonsense_is_left_out),
                cmocka_unit_test(options),
                cmocka_unit_test(a_directory),
                cmocka_unit_test(affected),
                cmocka_unit_test(only_some),
                cmocka_unit_test(vnics),
                cmocka_unit_test(virtual_functions),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
