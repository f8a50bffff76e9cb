/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Each data/<name>.json is a description with what Storage prepared; data/<name>.xml is what must come out. RHV_REWRITE=1 writes them anew. */

#include <jansson.h>

#include "dict.h"
#include "fixture.h"
#include "vm-description.h"
#include "vm-live.h"
#include "vm-xml.h"

#define ID "cccccccc-0000-4000-8000-000000000001"

static char *read_file(const char *path) {
        FILE *file = fopen(path, "re");
        char *text = calloc(1, 256 * 1024);

        assert_non_null(text);
        if (file) {
                (void) !fread(text, 1, 256 * 1024 - 1, file);
                (void) fclose(file);
        }
        return text;
}

static char *build(const char *name, json_t **ret_description) {
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_json_ json_t *input = NULL;
        VmXmlHost host = { .virt_type = "qemu", .arch = "x86_64", .machine = "q35", .console_directory = "/run/rhv/compute/console", .tcg_tb_cache_bytes = 32 * MIB };
        char path[512], *xml;

        (void) snprintf(path, sizeof(path), TEST_DATA "/%s.json", name);
        input = json_load_file(path, 0, NULL);
        assert_non_null(input);
        host.virt_type = dict_string(input, "virt_type", "qemu");
        if (vm_description_check(json_object_get(input, "description"), &error) < 0)
                fail_msg("%s: %s", name, error.message);
        assert_ok(vm_xml_build(ID, json_object_get(input, "description"), json_object_get(input, "prepared"), &host, 1700000000000000, &xml));
        if (ret_description)
                *ret_description = json_incref(json_object_get(input, "description"));
        return xml;
}

static void compare(const char *name) {
        _cleanup_free_ char *xml = build(name, NULL), *want = NULL;
        char path[512];

        (void) snprintf(path, sizeof(path), TEST_DATA "/%s.xml", name);
        if (getenv("RHV_REWRITE")) {
                FILE *file = fopen(path, "we");

                assert_non_null(file);
                (void) fputs(xml, file);
                (void) fclose(file);
        }
        want = read_file(path);
        assert_string_equal(xml, want);
}

static void test_expected(void **state) {
        compare("vm-minimal");
        compare("vm-lease");
        compare("vm-full");
        compare("vm-again");
        compare("vm-function");
}

/* What the guest's metadata hold is what was asked, to the letter. */
static void test_round_trip(void **state) {
        static const char *const names[] = { "vm-minimal", "vm-full", "vm-again", "vm-function" };

        for (size_t i = 0; i < ELEMENTSOF(names); i++) {
                _cleanup_json_ json_t *description = NULL;
                _cleanup_free_ char *xml = build(names[i], &description);
                VmLive live;

                assert_ok(vm_live_parse(xml, strlen(xml), &live));
                assert_true(json_equal(live.description, description));
                assert_int_equal(live.created_usec, 1700000000000000);
                assert_int_equal(live.memory_bytes, dict_integer(description, "memory", 0));
                assert_int_equal(live.cpus, dict_integer(description, "cpus", 0));
                vm_live_done(&live);
        }
}

/* DEV-02: with the addresses of the first run, a device that is left keeps its place when another is gone. */
static void test_addresses_stay(void **state) {
        _cleanup_free_ char *xml = build("vm-again", NULL);
        VmLive live;
        bool disk = false, rng = false;

        assert_ok(vm_live_parse(xml, strlen(xml), &live));
        for (size_t i = 0; i < json_array_size(live.devices); i++) {
                const json_t *device = json_array_get(live.devices, i), *address = json_object_get(device, "address");

                if (streq(dict_string(device, "alias", ""), "ua-aaaaaaaa-0000-4000-8000-000000000002")) {
                        assert_string_equal(dict_string(address, "bus", ""), "0x07");
                        disk = true;
                }
                if (streq(dict_string(device, "alias", ""), VM_ALIAS_RNG)) {
                        assert_string_equal(dict_string(address, "bus", ""), "0x0a");
                        rng = true;
                }
        }
        assert_true(disk && rng);
        vm_live_done(&live);
}

static void test_mismatch(void **state) {
        VmXmlHost host = { .virt_type = "qemu", .arch = "x86_64", .console_directory = "/run" };
        _cleanup_json_ json_t *description = json_pack("{s:s, s:i, s:i, s:[{s:s}]}", "name", "a", "cpus", 1, "memory", 16777216, "disks", "id", ID);
        char *xml;

        assert_int_equal(vm_xml_build(ID, description, NULL, &host, 0, &xml), -EINVAL);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_expected),
                cmocka_unit_test(test_round_trip),
                cmocka_unit_test(test_addresses_stay),
                cmocka_unit_test(test_mismatch),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
