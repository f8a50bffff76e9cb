/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "fixture.h"
#include "host-network.h"
#include "kind.h"
#include "vm.h"

#define ID_A "5a1d0c2e-7c0f-4a52-9b1e-0c6f3f0d1e11"
#define ID_B "5a1d0c2e-7c0f-4a52-9b1e-0c6f3f0d1e12"

static json_t *tree(void) {
        return json_pack("{s:{s:{s:s,s:s}}, s:{s:{s:s,s:s}}, s:{s:{s:s,s:s}}}",
                         "/b", "org.rhv.Cluster.Disk", "Id", ID_B, "Name", "data",
                         "/a", "org.rhv.Cluster.Disk", "Id", ID_A, "Name", "data",
                         "/c", "org.rhv.Cluster.Vm", "Id", "7", "Name", ID_A);
}

static void test_find(void **state) {
        _cleanup_json_ json_t *objects = tree();
        const json_t *properties = NULL;
        const char *path = NULL;

        assert_int_equal(objects_find(objects, "org.rhv.Cluster.Disk", "data", &path, &properties), 2);
        assert_int_equal(objects_find(objects, "org.rhv.Cluster.Disk", ID_A, &path, &properties), 1);
        assert_string_equal(path, "/a");
        assert_int_equal(objects_find(objects, "org.rhv.Cluster.Vm", ID_A, &path, &properties), 1); /* by name */
        assert_int_equal(objects_find(objects, "org.rhv.Cluster.Vm", "data", &path, &properties), 0);
        assert_int_equal(objects_find(objects, "org.rhv.Cluster.Vm", "../7", &path, &properties), 0);
        assert_int_equal(objects_find(objects, "org.rhv.Cluster.Vm", "", &path, &properties), 0);
}

static void test_list(void **state) {
        _cleanup_json_ json_t *objects = tree(), *rows = objects_list(objects, "org.rhv.Cluster.Disk"),
                              *names = objects_names(objects);

        assert_int_equal(json_array_size(rows), 2);
        /* the same name: by path, so that the order never changes */
        assert_string_equal(json_string_value(json_object_get(json_array_get(rows, 0), "Path")), "/a");
        assert_string_equal(json_string_value(json_object_get(names, ID_B)), "data");
}

static void test_nic(void **state) {
        _cleanup_json_ json_t *spec = json_pack("{s:[{s:s,s:s,s:s},{s:s,s:s,s:s},{s:s,s:s,s:s}]}", "nics",
                                                "id", "1", "mac", "56:6f:00:00:00:01", "network", "red",
                                                "id", "2", "mac", "56:6f:00:00:00:02", "network", "red",
                                                "id", "3", "mac", "56:6f:00:00:00:03", "network", "blue");

        assert_string_equal(vm_find_nic(spec, "1"), "1");
        assert_string_equal(vm_find_nic(spec, "56:6f:00:00:00:02"), "2");
        assert_string_equal(vm_find_nic(spec, "blue"), "3");
        assert_null(vm_find_nic(spec, "red")); /* two of them */
        assert_null(vm_find_nic(spec, "green"));
        assert_null(vm_find_nic(NULL, "red"));
}

static void check_description(const char *local_text, const char *expected) {
        _cleanup_json_ json_t *spec = json_pack("{s:s}", "nic", "eth1"), *local = json_loads(local_text, 0, NULL), *made = NULL;
        _cleanup_free_ char *text = NULL;

        assert_ok(host_network_description(spec, local, &made));
        text = json_dumps(made, JSON_COMPACT | JSON_SORT_KEYS);
        assert_string_equal(text, expected);
}

static void test_description(void **state) {
        check_description("{}", "{\"nic\":\"eth1\"}");
        check_description("{\"ipv4\":[\"dhcp\"]}", "{\"ipv4\":{\"method\":\"dhcp\"},\"nic\":\"eth1\"}");
        check_description("{\"ipv6\":[\"none\"]}", "{\"ipv6\":{\"method\":\"none\"},\"nic\":\"eth1\"}");
        check_description("{\"ipv4\":[\"192.0.2.1/24\"],\"gateway\":\"192.0.2.254\"}",
                          "{\"ipv4\":{\"addresses\":[\"192.0.2.1/24\"],\"gateway\":\"192.0.2.254\",\"method\":\"static\"},\"nic\":\"eth1\"}");
        check_description("{\"ipv4\":[\"dhcp\"],\"dns\":[\"192.0.2.3\"],\"route\":{\"192.0.3.0/24\":\"192.0.2.9\"}}",
                          "{\"ipv4\":{\"method\":\"dhcp\",\"nameservers\":[\"192.0.2.3\"],\"routes\":[{\"to\":\"192.0.3.0/24\",\"via\":\"192.0.2.9\"}]},\"nic\":\"eth1\"}");
        check_description("{\"route\":{\"2001:db8::/64\":\"fe80::1\"}}", "{\"ipv6\":{\"routes\":[{\"to\":\"2001:db8::/64\",\"via\":\"fe80::1\"}]},\"nic\":\"eth1\"}");
}

int main(void) {
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_find),
                cmocka_unit_test(test_list),
                cmocka_unit_test(test_nic),
                cmocka_unit_test(test_description),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
