/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Disks and VMs of a foreign domain: names as the engine wrote them, descriptions for our model, and what is refused. */

#include "cluster-fixture.h"
#include "disk-alias.h"
#include "plan-register.h"
#include "plan-template.h"
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
                _cleanup_free_ char *name = disk_alias_read(cases[i].description, IMAGE);

                assert_string_equal(name, cases[i].name);
        }
}

/* Written as it is read, and never longer than the storage keeps. */
static void test_aliases(void **state) {
        static const struct {
                const char *alias, *description, *text;
        } cases[] = {
                { "debian.iso", "", "{\"DiskAlias\":\"debian.iso\",\"DiskDescription\":\"\"}" },
                { "a \"b\"", "c", "{\"DiskAlias\":\"a \\\"b\\\"\",\"DiskDescription\":\"c\"}" },
                { "é", "x", "{\"DiskAlias\":\"e900\",\"DiskDescription\":\"x\",\"Enc\":\"1\"}" },
                { "x", "é", "{\"DiskAlias\":\"x\",\"DiskDescription\":\"e900\",\"Enc\":\"2\"}" },
                { "😀", "é", "{\"DiskAlias\":\"3dd800de\",\"DiskDescription\":\"e900\",\"Enc\":\"3\"}" },
        };
        char longest[NAME_BYTES_MAX + 1] = "", description[DESCRIPTION_BYTES_MAX + 1] = "";
        _cleanup_free_ char *text = NULL, *name = NULL, *without = NULL;

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_free_ char *written = disk_alias_write(cases[i].alias, cases[i].description), *read = disk_alias_read(written, IMAGE);

                assert_string_equal(written, cases[i].text);
                assert_string_equal(read, cases[i].alias);
        }
        memset(longest, 'a', NAME_BYTES_MAX);
        memset(description, 'b', DESCRIPTION_BYTES_MAX);
        text = disk_alias_write(longest, description);
        name = disk_alias_read(text, IMAGE);
        assert_true(strlen(text) <= DISK_ALIAS_BYTES_MAX);
        assert_string_equal(name, longest);
        for (size_t i = 0; i < NAME_BYTES_MAX; i += 2)
                memcpy(longest + i, "é", 2);
        without = disk_alias_write(longest, "");
        assert_true(strlen(without) <= DISK_ALIAS_BYTES_MAX);
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
        (void) created(&fixture, plan_create_vm, KIND_VM, json_pack("{s:s, s:s}", "id", VM, "name", "web1"));
        json_decref(after);
        after = register_list(fixture.model, report);
        assert_int_equal(json_array_size(json_object_get(after, "vms")), 0);
        /* but on an export domain it is a copy */
        assert_int_equal(json_object_set_new(report, "class", json_string("Backup")), 0);
        json_decref(after);
        after = register_list(fixture.model, report);
        assert_int_equal(json_array_size(json_object_get(after, "vms")), 1);
        cluster_fixture_done(&fixture);
}

/* ---- snapshots ---- */

#define OLDER "cccccccc-0000-4000-8000-000000000001"
#define NEWER "cccccccc-0000-4000-8000-000000000002"
#define MIDDLE "bbbbbbbb-0000-4000-8000-000000000002"
#define BASE "bbbbbbbb-0000-4000-8000-000000000003"

/* A chain of three, of which two are held, told in the wrong order and with clocks that say nothing. */
static json_t *report_with_snapshots(const char *older, const char *newer) {
        json_t *report = report_of("DATA", true), *image = json_object_get(json_object_get(report, "images"), IMAGE);
        json_t *vm = json_object_get(json_object_get(report, "vms"), VM);

        assert_int_equal(json_object_set_new(image, "chain", json_pack("[s, s, s]", VOLUME, MIDDLE, BASE)), 0);
        assert_int_equal(json_object_set_new(image, "volumes", json_pack("[{s:s, s:s, s:I}, {s:s, s:s, s:I}, {s:s, s:s, s:I}]", "id", VOLUME, "format", "qcow2", "capacity",
                                                                         (json_int_t)GIB, "id", MIDDLE, "format", "qcow2", "capacity", (json_int_t)GIB, "id", BASE, "format", "raw",
                                                                         "capacity", (json_int_t)MIB)), 0);
        assert_int_equal(json_object_set_new(vm, "snapshots", json_pack("[{s:s, s:s, s:i, s:[{s:s, s:s}]}, {s:s, s:s, s:s, s:i, s:[{s:s, s:s}], s:{s:s, s:i, s:i, s:I, s:[{s:s, s:s, s:b}], s:[]}}]",
                                                                        "id", NEWER, "name", "a name that is longer than the 64 bytes a name of ours has, as the engine allows", "created", 7,
                                                                        "disks", "image", IMAGE, "volume", newer, "id", OLDER, "name", "before", "description", "why", "created", 7, "disks",
                                                                        "image", IMAGE, "volume", older, "configuration", "name", "then", "cpus", 1, "sockets", 1, "memory",
                                                                        (json_int_t)(512 * MIB), "disks", "image", IMAGE, "bus", "sata", "boot", 1, "nics")), 0);
        return report;
}

static void test_snapshots(void **state) {
        _cleanup_json_ json_t *report = report_with_snapshots(BASE, MIDDLE), *changes = json_object(), *vm = NULL, *snapshots = NULL;
        ClusterFixture fixture;
        const json_t *one, *was;
        const Object *snapshot;
        json_t *disk = NULL;
        Change *change;

        assert_ok(register_vm(report, VM, changes, &vm, NULL));
        snapshots = register_snapshots(report, VM, vm);
        assert_int_equal(json_array_size(snapshots), 2);
        one = json_array_get(snapshots, 0);
        assert_string_equal(dict_string(one, "id", ""), OLDER);
        assert_string_equal(dict_string(one, "name", ""), "before");
        assert_string_equal(dict_string(one, "description", ""), "why");
        assert_int_equal(dict_integer(one, "created", 0), 7 * USEC_PER_SEC);
        assert_string_equal(dict_string(json_array_get(json_object_get(one, "disks"), 0), "volume", ""), BASE);
        assert_string_equal(dict_string(json_array_get(json_object_get(one, "disks"), 0), "format", ""), "raw");
        assert_int_equal(dict_integer(json_array_get(json_object_get(one, "disks"), 0), "capacity", 0), MIB);
        was = json_object_get(one, "vm");
        assert_int_equal(dict_integer(was, "memory", 0), 512 * MIB);
        assert_string_equal(dict_string(json_array_get(json_object_get(was, "disks"), 0), "bus", ""), "sata");
        assert_string_equal(dict_string(json_array_get(json_object_get(was, "disks"), 0), "name", ""), "d1");
        one = json_array_get(snapshots, 1);
        assert_string_equal(dict_string(one, "name", ""), "snapshot-cccccccc");
        assert_non_null(strstr(dict_string(one, "description", ""), "longer than"));
        assert_int_equal(dict_integer(json_object_get(one, "vm"), "memory", 0), 2 * GIB); /* nobody said: as it is now */

        /* and what becomes of them */
        cluster_fixture_init(&fixture);
        assert_ok(register_disk(report, model_first(fixture.model, KIND_STORAGE_DOMAIN)->id, IMAGE, NULL, &disk, NULL));
        (void) created(&fixture, plan_register_disk, KIND_DISK, disk);
        change = change_new();
        assert_ok(plan_create_vm(&fixture.plan, vm, change, NULL));
        assert_ok(plan_register_snapshots(&fixture.plan, VM, model_first(fixture.model, KIND_CLUSTER), snapshots, change, NULL));
        commit_ok(&fixture, change);
        snapshot = model_find(fixture.model, KIND_SNAPSHOT, OLDER);
        assert_string_equal(snapshot->state, "ok");
        assert_int_equal(dict_integer(snapshot->spec, "sequence", 0), 1);
        assert_int_equal(dict_integer(model_find(fixture.model, KIND_SNAPSHOT, NEWER)->spec, "sequence", 0), 2);
        was = json_object_get(snapshot->spec, "configuration");
        assert_string_equal(dict_string(was, "name", ""), "then");
        assert_int_equal(dict_integer(was, "cores", 0), 1);
        assert_string_equal(dict_string(was, "cluster", ""), model_first(fixture.model, KIND_CLUSTER)->id);
        cluster_fixture_done(&fixture);
}

static void assert_no_snapshots(json_t *report) {
        _cleanup_json_ json_t *changes = json_object(), *vm = NULL, *snapshots = NULL;

        assert_ok(register_vm(report, VM, changes, &vm, NULL));
        snapshots = register_snapshots(report, VM, vm);
        assert_int_equal(json_array_size(snapshots), 0);
        json_decref(report);
}

/* Where a merge would take another volume than it means there are none: the top, a volume nobody holds in between, one of no chain, a disk the VM has not. */
static void test_snapshots_of_no_chain(void **state) {
        json_t *report = report_with_snapshots(BASE, MIDDLE), *vm = json_object_get(json_object_get(report, "vms"), VM);

        assert_no_snapshots(report_with_snapshots(MIDDLE, VOLUME));
        assert_no_snapshots(report_with_snapshots(BASE, VOLUME));
        assert_no_snapshots(report_with_snapshots(BASE, DOMAIN));
        assert_no_snapshots(report_with_snapshots(BASE, BASE));
        assert_int_equal(json_array_remove(json_object_get(vm, "snapshots"), 0), 0); /* BASE alone: MIDDLE is in between */
        assert_no_snapshots(json_deep_copy(report));
        json_decref(report);
        report = report_with_snapshots(BASE, MIDDLE);
        vm = json_object_get(json_object_get(report, "vms"), VM);
        assert_int_equal(json_array_remove(json_object_get(vm, "snapshots"), 1), 0); /* MIDDLE alone: what is below is nobody's */
        {
                _cleanup_json_ json_t *changes = json_object(), *description = NULL, *snapshots = NULL;

                assert_ok(register_vm(report, VM, changes, &description, NULL));
                snapshots = register_snapshots(report, VM, description);
                assert_int_equal(json_array_size(snapshots), 1);
                json_decref(snapshots);
                assert_int_equal(json_object_set_new(json_array_get(json_object_get(json_array_get(json_object_get(vm, "snapshots"), 0), "disks"), 0), "image", json_string(DOMAIN)), 0);
                snapshots = register_snapshots(report, VM, description);
                assert_int_equal(json_array_size(snapshots), 0);
        }
        json_decref(report);
}

/* ---- templates ---- */

#define THIN "aaaaaaaa-0000-4000-8000-000000000002"
#define GOLDEN "eeeeeeee-0000-4000-8000-000000000002"

static void test_template(void **state) {
        _cleanup_json_ json_t *report = report_of("DATA", true), *changes = json_object(), *description = NULL, *thin = json_pack("{s:s}", "id", THIN);
        json_t *vms = json_object_get(report, "vms"), *definition = json_incref(json_object_get(vms, VM)), *images = json_object_get(report, "images");
        ClusterFixture fixture;
        const Object *domain, *found;
        const json_t *disk;
        Change *change;

        cluster_fixture_init(&fixture);
        domain = model_first(fixture.model, KIND_STORAGE_DOMAIN);
        assert_int_equal(json_object_del(vms, VM), 0);
        assert_int_equal(json_object_set_new(definition, "template", json_true()), 0);
        assert_int_equal(json_object_set_new(vms, GOLDEN, definition), 0);
        assert_int_equal(json_object_set_new(images, THIN, json_pack("{s:[s, s], s:s}", "chain", MIDDLE, VOLUME, "template_image", IMAGE)), 0);

        /* one that can be written to is no template's */
        assert_ok(register_template(report, GOLDEN, changes, &description, NULL));
        assert_refused(plan_register_template(&fixture.plan, domain, report, description, 1, change, error), RHV_ERROR_INVALID_STATE);
        assert_int_equal(json_object_set_new(json_object_get(images, IMAGE), "template", json_true()), 0);
        /* and it is no VM's; what is built on it comes after it */
        {
                _cleanup_json_ json_t *as_disk = json_pack("{s:s}", "id", IMAGE);

                assert_refused(plan_join_template(&fixture.plan, report, as_disk, error), RHV_ERROR_NOT_SUPPORTED);
        }
        assert_refused(plan_join_template(&fixture.plan, report, thin, error), RHV_ERROR_INVALID_STATE);
        change = change_new();
        assert_ok(plan_register_template(&fixture.plan, domain, report, description, 1, change, NULL));
        commit_ok(&fixture, change);
        found = model_find(fixture.model, KIND_TEMPLATE, GOLDEN);
        assert_string_equal(found->state, "ok");
        assert_ptr_equal(plan_template_on(fixture.model, domain), found);
        disk = json_array_get(json_object_get(found->spec, "disks"), 0);
        assert_string_equal(dict_string(disk, "image", ""), IMAGE);
        assert_string_equal(dict_string(disk, "volume", ""), VOLUME);
        assert_string_equal(dict_string(json_object_get(disk, "link"), "bus", ""), "scsi");
        assert_null(json_object_get(json_array_get(json_object_get(json_object_get(found->spec, "configuration"), "nics"), 0), "mac"));
        assert_ok(plan_join_template(&fixture.plan, report, thin, NULL));
        assert_string_equal(dict_string(thin, "template", ""), GOLDEN);
        json_decref(description);
        description = NULL;
        assert_ok(register_template(report, GOLDEN, changes, &description, NULL));
        assert_refused(plan_register_template(&fixture.plan, domain, report, description, 1, change, error), RHV_ERROR_ALREADY_EXISTS);
        assert_int_equal(json_object_set_new(description, "id", json_string(VM)), 0);
        assert_int_equal(json_object_set_new(description, "name", json_string("again")), 0);
        assert_refused(plan_register_template(&fixture.plan, domain, report, description, 1, change, error), RHV_ERROR_IN_USE);

        /* nobody defines it any more: its layer is a disk all the same */
        assert_int_equal(json_object_del(vms, GOLDEN), 0);
        assert_int_equal(json_object_set_new(json_object_get(images, THIN), "template_image", json_string(DOMAIN)), 0);
        assert_int_equal(json_object_del(thin, "template"), 0);
        assert_ok(plan_join_template(&fixture.plan, report, thin, NULL));
        assert_null(json_object_get(thin, "template"));
        cluster_fixture_done(&fixture);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_names), cmocka_unit_test(test_aliases), cmocka_unit_test(test_disk), cmocka_unit_test(test_disk_refused), cmocka_unit_test(test_vm),
                cmocka_unit_test(test_vm_refused), cmocka_unit_test(test_list), cmocka_unit_test(test_snapshots), cmocka_unit_test(test_snapshots_of_no_chain),
                cmocka_unit_test(test_template),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
