/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Disks and VMs of a foreign domain: names as the engine wrote them, descriptions for our model, and what is refused. */

#include "cluster-fixture.h"
#include "register.h"
#include "spec.h"

#define DOMAIN "dddddddd-0000-4000-8000-000000000000"
#define IMAGE "aaaaaaaa-0000-4000-8000-000000000001"
#define VOLUME "bbbbbbbb-0000-4000-8000-000000000001"
#define VM "eeeeeeee-0000-4000-8000-000000000001"

static void test_names(void **state) {
        static const struct {
                const char *description, *name;
        } cases[] = {
                { "{\"DiskAlias\":\"web1_Disk1\",\"DiskDescription\":\"\"}", "web1_Disk1" },
                { "{\"DiskAlias\":\"e900\",\"Enc\":\"1\"}", "é" },
                { "{\"DiskAlias\":\"3dd800de\",\"DiskDescription\":\"e900\",\"Enc\":\"3\"}", "😀" },
                { "{\"DiskAlias\":\"e900\",\"Enc\":\"2\"}", "e900" },
                { "{\"DiskAlias\":\"e9\",\"Enc\":\"1\"}", "e9" },       /* half a character: the text stays */
                { "{\"DiskAlias\":\"zzzz\",\"Enc\":\"1\"}", "zzzz" },
                { "{\"DiskAlias\":\"\"}", IMAGE },
                { "{\"DiskAlias\":7}", IMAGE },
                { "{}", IMAGE },
                { "", IMAGE },
                { "an old disk", "an old disk" },
                { " blanks at its ends ", IMAGE },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_free_ char *name = register_disk_name(cases[i].description, IMAGE);

                assert_string_equal(name, cases[i].name);
        }
}

static json_t *image_of(const char *type, bool usable) {
        return json_pack("{s:[s], s:I, s:I, s:s, s:s, s:s, s:s, s:b, s:[s]}", "chain", VOLUME, "capacity", (json_int_t)GIB, "true_size",
                         (json_int_t)MIB, "format", "qcow2", "allocation", "unknown", "description", "{\"DiskAlias\":\"d1\"}", "disk_type",
                         type, "usable", usable, "problems", "it has 2 top volumes");
}

static json_t *report_of(const char *type, bool usable) {
        return json_pack("{s:{s:o}, s:{s:{s:s, s:b, s:I, s:i, s:s, s:s, s:[{s:s, s:s, s:s, s:b}, {s:s, s:s}], s:[{s:s, s:s, s:s}, {s:s}]}}}", "images",
                         IMAGE, image_of(type, usable), "vms", VM, "name", "web1", "template", 0, "memory", (json_int_t)(2 * GIB), "cpus", 4,
                         "chipset", "i440fx", "firmware", "bios", "disks", "image", IMAGE, "volume", VOLUME, "bus", "scsi", "boot", 1, "image",
                         IMAGE, "volume", DOMAIN, "nics", "network", "ovirtmgmt", "mac", "56:6f:ef:88:00:00", "model", "e1000e", "model", "virtio");
}

static void test_disk(void **state) {
        _cleanup_json_ json_t *report = report_of("DATA", true), *changes = json_pack("{s:s, s:s}", "name", "mine", "description", "text"),
                              *plain = NULL, *changed = NULL;

        assert_ok(register_disk(report, DOMAIN, IMAGE, NULL, &plain, NULL));
        assert_string_equal(dict_string(plain, "id", ""), IMAGE);
        assert_string_equal(dict_string(plain, "name", ""), "d1");
        assert_string_equal(dict_string(plain, "volume", ""), VOLUME);
        assert_string_equal(dict_string(plain, "format", ""), "qcow2");
        assert_string_equal(dict_string(plain, "allocation", ""), "sparse");
        assert_int_equal(dict_integer(plain, "capacity", 0), GIB);
        assert_ok(register_disk(report, DOMAIN, IMAGE, changes, &changed, NULL));
        assert_string_equal(dict_string(changed, "name", ""), "mine");
        assert_string_equal(dict_string(changed, "description", ""), "text");
}

static void assert_disk_refused(json_t *report, const char *image, const char *wanted) {
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        json_t *description = NULL;

        assert_true(register_disk(report, DOMAIN, image, NULL, &description, &error) < 0);
        assert_string_equal(error.name, wanted);
        json_decref(report);
}

static void test_disk_refused(void **state) {
        assert_disk_refused(report_of("DATA", false), IMAGE, RHV_ERROR_INVALID_STATE);
        assert_disk_refused(report_of("OVFS", true), IMAGE, RHV_ERROR_NOT_SUPPORTED);
        assert_disk_refused(report_of("DATA", true), VM, RHV_ERROR_NOT_FOUND);
}

static void test_vm(void **state) {
        _cleanup_json_ json_t *report = report_of("DATA", true), *changes = json_pack("{s:s}", "cluster", "Default"), *vm = NULL;
        const json_t *disk, *nic;

        assert_ok(register_vm(report, VM, changes, &vm, NULL));
        assert_ok(dict_check(vm, vm_create_fields, "VM", NULL));
        assert_string_equal(dict_string(vm, "id", ""), VM);
        assert_string_equal(dict_string(vm, "machine", ""), "pc");
        assert_int_equal(dict_integer(vm, "memory", 0), 2 * GIB);
        assert_int_equal(json_array_size(json_object_get(vm, "disks")), 1); /* a chain is one disk */
        disk = json_array_get(json_object_get(vm, "disks"), 0);
        assert_string_equal(dict_string(disk, "bus", ""), "scsi");
        assert_int_equal(dict_integer(disk, "boot_order", 0), 1);
        assert_int_equal(json_array_size(json_object_get(vm, "nics")), 1); /* one that hangs in the air is left out */
        nic = json_array_get(json_object_get(vm, "nics"), 0);
        assert_string_equal(dict_string(nic, "mac", ""), "56:6f:ef:88:00:00");
}

static void assert_vm_refused(const char *key, json_t *value, const char *wanted) {
        _cleanup_json_ json_t *report = report_of("DATA", true), *changes = json_object();
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        json_t *vm = NULL;

        assert_int_equal(json_object_set_new(json_object_get(json_object_get(report, "vms"), VM), key, value), 0);
        assert_true(register_vm(report, VM, changes, &vm, &error) < 0);
        assert_string_equal(error.name, wanted);
}

static void test_vm_refused(void **state) {
        _cleanup_json_ json_t *report = report_of("DATA", true), *changes = json_object();
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        json_t *vm = NULL;

        assert_vm_refused("name", json_string("web1 é"), RHV_ERROR_INVALID_ARGUMENT);
        assert_vm_refused("template", json_true(), RHV_ERROR_NOT_SUPPORTED);
        assert_vm_refused("firmware", json_string("uefi"), RHV_ERROR_NOT_SUPPORTED);
        assert_vm_refused("nics", json_pack("[{s:s, s:s}]", "network", "x", "mac", "01:00:00:00:00:00"), RHV_ERROR_BAD_FORMAT);
        assert_true(register_vm(report, IMAGE, changes, &vm, &error) < 0);
        assert_string_equal(error.name, RHV_ERROR_NOT_FOUND);
}

/* What is registered is not listed again, and is an ordinary disk from then on. */
static void test_list(void **state) {
        ClusterFixture fixture;
        _cleanup_json_ json_t *report = report_of("DATA", true), *before = NULL, *after = NULL;
        json_t *description = NULL;
        Object *disk;

        cluster_fixture_init(&fixture);
        before = register_list(fixture.model, report);
        assert_int_equal(json_array_size(json_object_get(before, "disks")), 1);
        assert_int_equal(json_array_size(json_object_get(before, "vms")), 1);
        assert_string_equal(dict_string(json_array_get(json_object_get(before, "disks"), 0), "name", ""), "d1");
        assert_ok(register_disk(report, model_first(fixture.model, KIND_STORAGE_DOMAIN)->id, IMAGE, NULL, &description, NULL));
        disk = created(&fixture, plan_register_disk, KIND_DISK, description);
        assert_string_equal(disk->state, "ok");
        assert_string_equal(dict_string(disk->spec, "volume", ""), VOLUME);
        after = register_list(fixture.model, report);
        assert_int_equal(json_array_size(json_object_get(after, "disks")), 0);
        cluster_fixture_done(&fixture);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_names),      cmocka_unit_test(test_disk), cmocka_unit_test(test_disk_refused), cmocka_unit_test(test_vm),
                cmocka_unit_test(test_vm_refused), cmocka_unit_test(test_list),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
