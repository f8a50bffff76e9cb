/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "fixture.h"

#include "bus-error.h"
#include "spec.h"

static void refused(const DictField *fields, json_t *description, const char *name) {
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;

        assert_non_null(description);
        assert_true(dict_check(description, fields, "test", &error) < 0);
        assert_true(sd_bus_error_has_name(&error, name));
        json_decref(description);
}

static void test_bad_descriptions(void **state) {
        const char *invalid = RHV_ERROR_INVALID_ARGUMENT;

        refused(vm_create_fields, json_pack("{}"), invalid);
        refused(vm_create_fields, json_pack("{s:s, s:i}", "name", "a", "cpus", 0), invalid);
        refused(vm_create_fields, json_pack("{s:s, s:i}", "name", "a", "cpus", 711), invalid);
        refused(vm_create_fields, json_pack("{s:s, s:I}", "name", "a", "memory", (json_int_t)INT64_MAX), invalid);
        refused(vm_create_fields, json_pack("{s:s, s:I}", "name", "a", "memory", (json_int_t)0), invalid);
        refused(vm_create_fields, json_pack("{s:s}", "name", "two\nlines"), invalid);
        refused(vm_create_fields, json_pack("{s:s}", "name", ""), invalid);
        refused(vm_create_fields, json_pack("{s:s, s:s}", "name", "a", "id", "../../etc"), invalid);
        refused(vm_create_fields, json_pack("{s:s, s:i}", "name", "a", "memroy", 5), RHV_ERROR_UNKNOWN_OPTION);
        refused(vm_create_fields, json_pack("{s:s, s:[{s:s, s:s}]}", "name", "a", "disks", "disk", "x", "bus", "ide"), invalid);
        refused(vm_create_fields, json_pack("{s:s, s:[{s:s, s:s}]}", "name", "a", "nics", "network", "x", "mac", "01:00:00:00:00:01"), invalid);
        refused(network_create_fields, json_pack("{s:s}", "name", "bond0"), invalid);
        refused(network_create_fields, json_pack("{s:s, s:i}", "name", "n", "vlan", 4095), invalid);
        refused(disk_create_fields, json_pack("{s:s, s:s, s:i}", "name", "d", "storage_domain", "s", "capacity", 0), invalid);
        refused(disk_create_fields, json_pack("{s:s, s:s, s:I}", "name", "d", "storage_domain", "s", "capacity", (json_int_t)INT64_MAX), invalid);
        refused(storage_domain_create_fields, json_pack("{s:s, s:s, s:s}", "name", "d", "type", "local", "path", "a/../b"), invalid);
        refused(storage_domain_create_fields, json_pack("{s:s, s:s, s:s}", "name", "d", "type", "gluster", "path", "/a"), invalid);
}

static void topology(json_t *spec, int cpus, int sockets, int cores, int threads) {
        assert_ok(vm_spec_complete(spec, NULL));
        assert_int_equal(dict_integer(spec, "cpus", 0), cpus);
        assert_int_equal(dict_integer(spec, "sockets", 0), sockets);
        assert_int_equal(dict_integer(spec, "cores", 0), cores);
        assert_int_equal(dict_integer(spec, "threads", 0), threads);
        assert_int_equal(dict_integer(spec, "memory", 0), VM_MEMORY_DEFAULT);
        json_decref(spec);
}

static void test_topology(void **state) {
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL, large = SD_BUS_ERROR_NULL;
        _cleanup_json_ json_t *odd = json_pack("{s:i, s:i}", "cpus", 3, "cores", 2);
        _cleanup_json_ json_t *huge = json_pack("{s:i, s:i}", "sockets", 710, "cores", 254);

        topology(json_pack("{}"), 1, 1, 1, 1);
        topology(json_pack("{s:i}", "cpus", 4), 4, 4, 1, 1);
        topology(json_pack("{s:i, s:i}", "cpus", 4, "cores", 2), 4, 2, 2, 1);
        topology(json_pack("{s:i, s:i, s:i}", "sockets", 2, "cores", 3, "threads", 2), 12, 2, 3, 2);
        assert_true(vm_spec_complete(odd, &error) < 0);
        assert_true(sd_bus_error_has_name(&error, RHV_ERROR_INVALID_ARGUMENT));
        assert_true(vm_spec_complete(huge, &large) < 0);
        assert_true(sd_bus_error_has_name(&large, RHV_ERROR_INVALID_ARGUMENT));
}

/* What Compute would refuse at the start is refused here, at once. */
static void test_as_compute_wants_it(void **state) {
        _cleanup_error_ sd_bus_error odd = SD_BUS_ERROR_NULL, large = SD_BUS_ERROR_NULL;
        _cleanup_json_ json_t *memory = json_pack("{s:I}", "memory", (json_int_t)(32 * MIB + 1)), *metadata = json_pack("{s:{}}", "metadata");
        json_t *text = json_object_get(metadata, "metadata");
        char value[4096];

        assert_true(vm_spec_complete(memory, &odd) < 0);
        assert_true(sd_bus_error_has_name(&odd, RHV_ERROR_INVALID_ARGUMENT));

        (void) memset(value, 'x', sizeof value - 1);
        value[sizeof value - 1] = 0;
        for (unsigned i = 0; i < 17; i++) {
                char key[16];

                (void) snprintf(key, sizeof key, "key-%u", i);
                if (i == 16)
                        assert_ok(vm_spec_complete(metadata, NULL));
                assert_int_equal(json_object_set_new(text, key, json_string(i == 15 ? "short" : value)), 0);
        }
        assert_true(vm_spec_complete(metadata, &large) < 0);
        assert_true(sd_bus_error_has_name(&large, RHV_ERROR_INVALID_ARGUMENT));
}

static void test_network_host_name(void **state) {
        _cleanup_free_ char *same = network_host_name("ovirtmgmt", "x"), *edge = network_host_name("exactly15chars_", "x"),
                            *hashed = network_host_name("a-name-of-twenty-one", "01234567-89ab-cdef-0123-456789abcdef");

        assert_string_equal(same, "ovirtmgmt");
        assert_string_equal(edge, "exactly15chars_");
        assert_string_equal(hashed, "on0123456789abc");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_bad_descriptions),
                cmocka_unit_test(test_topology),
                cmocka_unit_test(test_as_compute_wants_it),
                cmocka_unit_test(test_network_host_name),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
