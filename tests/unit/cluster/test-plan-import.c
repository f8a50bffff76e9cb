/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* VMs and templates from an export domain: which rows and copies, what is refused, and what ISO and export domains are not for. */

#include "bus-error.h"
#include "cluster-fixture.h"
#include "description.h"
#include "dict.h"
#include "plan-cd.h"
#include "plan-copy.h"
#include "plan-import.h"
#include "plan-template.h"

#define VM "eeeeeeee-0000-4000-8000-000000000001"
#define TEMPLATE "eeeeeeee-0000-4000-8000-000000000002"
#define IMAGE "aaaaaaaa-0000-4000-8000-000000000001"
#define OTHER "aaaaaaaa-0000-4000-8000-000000000002"
#define TOP "bbbbbbbb-0000-4000-8000-000000000002"

typedef struct World {
        ClusterFixture f;
        Object *local, *export;
        json_t *report;
} World;

static Object *add_domain(World *world, const char *name, const char *path, const char *class) {
        Object *domain = created(&world->f, plan_create_storage_domain, KIND_STORAGE_DOMAIN,
                                 json_pack("{s:s, s:s, s:s, s:s}", "name", name, "type", "local", "path", path, "class", class));

        set_state(&world->f, domain, "attached");
        return domain;
}

static json_t *image_of(const char *volume, const char *format, const char *alias, bool usable) {
        return json_pack("{s:[s, s], s:I, s:s, s:s, s:o, s:s, s:b, s:[s]}", "chain", volume, IMAGE, "capacity", (json_int_t)GIB, "format", format,
                         "allocation", "preallocated", "description", json_sprintf("{\"DiskAlias\":\"%s\"}", alias), "disk_type", "2", "usable", usable,
                         "problems", "it is fake");
}

static json_t *definition_of(const char *name, bool is_template) {
        return json_pack("{s:s, s:b, s:I, s:i, s:[{s:s, s:s, s:b}, {s:s, s:s}], s:[{s:s, s:s}]}", "name", name, "template", is_template, "memory",
                         (json_int_t)(2 * GIB), "cpus", 2, "disks", "image", IMAGE, "bus", "scsi", "boot", 1, "image", OTHER, "bus", "virtio", "nics", "network",
                         "red", "mac", "56:6f:ef:88:00:00");
}

static void world_init(World *world) {
        cluster_fixture_init(&world->f);
        created(&world->f, plan_create_network, KIND_NETWORK, json_pack("{s:s}", "name", "red"));
        world->local = model_first(world->f.model, KIND_STORAGE_DOMAIN);
        world->export = add_domain(world, "old", "/export", "Backup");
        (void) add_domain(world, "isos", "/isos", "Iso");
        world->report = json_pack("{s:{s:o, s:o}, s:{s:o, s:o}}", "images", IMAGE, image_of(TOP, "qcow2", "d1", true), OTHER,
                                  image_of(TEMPLATE, "raw", "d1", true), "vms", VM, definition_of("web1", false), TEMPLATE, definition_of("golden", true));
        assert_non_null(world->report);
}

static void world_done(World *world) {
        json_decref(world->report);
        cluster_fixture_done(&world->f);
}

static json_t *import_vm(World *world, const json_t *given, char ret_id[static 37]) {
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        Change *change = change_new();
        json_t *steps = NULL;
        int r;

        r = plan_import_vm(&world->f.plan, world->export, world->report, VM, given, change, &steps, ret_id, &error);
        if (r < 0)
                print_error("%s\n", error.message);
        assert_ok(r);
        commit_ok(&world->f, change);
        return steps;
}

static void ended(World *world, const char *id, const char *reason) {
        Change *change = change_new();

        assert_ok(plan_clone_done(&world->f.plan, id, reason, change));
        commit_ok(&world->f, change);
}

static void expect_copy(const World *world, const json_t *step, const char *image, const char *volume, const char *format, const char *allocation, bool shared) {
        const json_t *target = json_object_get(step, "target"), *undo = json_object_get(step, "undo");

        assert_string_equal(dict_string(step, "method", ""), "CopyVolume");
        assert_string_equal(dict_string(step, "domain", ""), world->export->id);
        assert_string_equal(dict_string(step, "image", ""), image);
        assert_string_equal(dict_string(step, "volume", ""), volume);
        assert_string_equal(dict_string(target, "domain", ""), world->local->id);
        assert_string_equal(dict_string(target, "format", ""), format);
        assert_string_equal(dict_string(target, "allocation", ""), allocation);
        assert_int_equal(dict_boolean(target, "template", false), shared);
        /* what would be taken back is the copy, and the copy has an id nobody has */
        assert_string_equal(dict_string(undo, "domain", ""), world->local->id);
        assert_string_equal(dict_string(undo, "image", ""), dict_string(target, "image", "-"));
        assert_string_not_equal(dict_string(target, "image", ""), image);
}

static void test_vm(void **state) {
        const Link *link;
        json_t *steps;
        Object *vm;
        World world;
        char id[37];

        world_init(&world);
        steps = import_vm(&world, NULL, id);
        assert_string_equal(id, VM);
        assert_int_equal(json_array_size(steps), 2);
        expect_copy(&world, json_array_get(steps, 0), IMAGE, TOP, "qcow2", "sparse", false);
        expect_copy(&world, json_array_get(steps, 1), OTHER, TEMPLATE, "raw", "preallocated", false);
        vm = model_find(world.f.model, KIND_VM, VM);
        assert_string_equal(vm->name, "web1");
        assert_int_equal(dict_integer(vm->spec, "memory", 0), 2 * GIB);
        assert_string_equal(dict_string(vm->nics->row, "mac", ""), "56:6f:ef:88:00:00");
        link = vm->disks;
        assert_string_equal(link->other->state, "locked");
        assert_string_equal(link->other->name, "d1");
        assert_string_equal(dict_string(link->spec, "bus", ""), "scsi");
        assert_int_equal(dict_integer(link->spec, "boot_order", 0), 1);
        assert_string_equal(dict_string(link->other->spec, "volume", ""), dict_string(json_object_get(json_array_get(steps, 0), "target"), "volume", "-"));
        assert_string_equal(link->next->other->name, "web1_disk2"); /* both were called d1 */
        assert_string_equal(link->next->other->id, dict_string(json_object_get(json_array_get(steps, 1), "target"), "image", "-"));
        ended(&world, id, NULL);
        assert_string_equal(vm->disks->other->state, "ok");
        json_decref(steps);
        world_done(&world);
}

/* What failed leaves nothing, and can be asked for again. */
static void test_failed(void **state) {
        World world;
        char id[37];

        world_init(&world);
        for (unsigned i = 0; i < 2; i++) {
                json_decref(import_vm(&world, NULL, id));
                /* a Cluster that has just started does not know which guests run */
                (void) object_set_fact(model_find(world.f.model, KIND_VM, id), "state", json_string("unknown"));
                ended(&world, id, "no space");
                assert_null(model_first(world.f.model, KIND_VM));
                assert_null(model_first(world.f.model, KIND_DISK));
        }
        world_done(&world);
}

static void test_clone(void **state) {
        _cleanup_json_ json_t *given = json_pack("{s:s, s:b}", "name", "web2", "clone", 1), *with_id = json_pack("{s:s}", "id", OTHER);
        json_t *steps = NULL;
        Change *change;
        World world;
        char id[37];

        world_init(&world);
        json_decref(import_vm(&world, NULL, id));
        ended(&world, id, NULL);
        assert_refused(plan_import_vm(&world.f.plan, world.export, world.report, VM, NULL, change, &steps, id, error), RHV_ERROR_ALREADY_EXISTS);
        assert_refused(plan_import_vm(&world.f.plan, world.export, world.report, VM, with_id, change, &steps, id, error), RHV_ERROR_INVALID_ARGUMENT);
        json_decref(import_vm(&world, given, id));
        assert_string_not_equal(id, VM);
        assert_string_not_equal(dict_string(model_find(world.f.model, KIND_VM, id)->nics->row, "mac", ""), "56:6f:ef:88:00:00");
        world_done(&world);
}

static void test_template(void **state) {
        _cleanup_json_ json_t *use = json_pack("{s:s}", "name", "thin");
        Object *template_object, *vm;
        json_t *steps = NULL;
        Change *change;
        World world;
        char id[37];

        world_init(&world);
        change = change_new();
        assert_ok(plan_import_template(&world.f.plan, world.export, world.report, TEMPLATE, NULL, 7, change, &steps, id, NULL));
        commit_ok(&world.f, change);
        assert_string_equal(id, TEMPLATE);
        expect_copy(&world, json_array_get(steps, 0), IMAGE, TOP, "qcow2", "sparse", true);
        expect_copy(&world, json_array_get(steps, 1), OTHER, TEMPLATE, "raw", "sparse", true);
        json_decref(steps);
        steps = NULL;
        change = change_new();
        assert_ok(plan_template_made(&world.f.plan, id, NULL, change));
        commit_ok(&world.f, change);
        template_object = model_find(world.f.model, KIND_TEMPLATE, id);
        assert_string_equal(template_object->name, "golden");

        change = change_new();
        assert_ok(plan_template_vm(&world.f.plan, template_object, use, change, &steps, id, NULL));
        commit_ok(&world.f, change);
        json_decref(steps);
        vm = model_find(world.f.model, KIND_VM, id);
        assert_int_equal(dict_integer(vm->spec, "memory", 0), 2 * GIB);
        assert_int_equal(dict_integer(vm->spec, "cpus", 0), 2);
        assert_string_equal(dict_string(vm->disks->spec, "bus", ""), "scsi");
        assert_string_equal(vm->nics->other->name, "red");
        world_done(&world);
}

static int refused_with(World *world, const char *vm, const json_t *given, Change *change, json_t **steps, sd_bus_error *error) {
        char id[37];

        return plan_import_vm(&world->f.plan, world->export, world->report, vm, given, change, steps, id, error);
}

static void test_refused(void **state) {
        _cleanup_json_ json_t *iso = json_pack("{s:s}", "storage_domain", "isos"), *itself = json_pack("{s:s}", "storage_domain", "old");
        json_t *steps = NULL, *images;
        Change *change;
        World world;
        char id[37];

        world_init(&world);
        assert_refused(refused_with(&world, IMAGE, NULL, change, &steps, error), RHV_ERROR_NOT_FOUND);
        assert_refused(refused_with(&world, TEMPLATE, NULL, change, &steps, error), RHV_ERROR_NOT_SUPPORTED);
        assert_refused(refused_with(&world, VM, iso, change, &steps, error), RHV_ERROR_NOT_SUPPORTED);
        assert_refused(refused_with(&world, VM, itself, change, &steps, error), RHV_ERROR_NOT_SUPPORTED);
        assert_refused(plan_import_vm(&world.f.plan, world.local, world.report, VM, NULL, change, &steps, id, error), RHV_ERROR_NOT_SUPPORTED);
        assert_refused(plan_import_template(&world.f.plan, world.export, world.report, VM, NULL, 1, change, &steps, id, error), RHV_ERROR_INVALID_ARGUMENT);
        images = json_object_get(world.report, "images");
        assert_int_equal(json_object_set_new(images, OTHER, image_of(TOP, "raw", "d1", false)), 0);
        assert_refused(refused_with(&world, VM, NULL, change, &steps, error), RHV_ERROR_INVALID_STATE);
        assert_int_equal(json_object_del(images, OTHER), 0);
        assert_refused(refused_with(&world, VM, NULL, change, &steps, error), RHV_ERROR_NOT_FOUND);
        (void) add_domain(&world, "second", "/second", "Data");
        assert_refused(refused_with(&world, VM, NULL, change, &steps, error), RHV_ERROR_INVALID_ARGUMENT);
        (void) snprintf(world.export->job, sizeof world.export->job, "%s", IMAGE);
        assert_refused(refused_with(&world, VM, NULL, change, &steps, error), RHV_ERROR_BUSY);
        assert_null(steps);
        world_done(&world);
}

/* Disks are on data domains only. */
static void test_classes(void **state) {
        static const char *const names[] = { "old", "isos" };
        json_t *steps = NULL;
        Change *change;
        Object *disk;
        World world;
        char id[37];

        world_init(&world);
        disk = disk_ok(&world.f, "d", false);
        for (size_t i = 0; i < ELEMENTSOF(names); i++) {
                _cleanup_json_ json_t *description = json_pack("{s:s, s:s, s:I}", "name", "x", "storage_domain", names[i], "capacity", (json_int_t)GIB);

                assert_refused(plan_create_disk(&world.f.plan, description, change, error), RHV_ERROR_NOT_SUPPORTED);
                assert_refused(plan_copy_disk(&world.f.plan, disk, description, change, &steps, id, error), RHV_ERROR_NOT_SUPPORTED);
                assert_refused(plan_move_disk(&world.f.plan, disk, names[i], change, &steps, id, error), RHV_ERROR_NOT_SUPPORTED);
        }
        assert_null(steps);
        assert_string_equal(storage_domain_class(world.local), "Data");
        assert_false(storage_domain_is_data(world.export));
        world_done(&world);
}

/* A VM's CD-ROM is a file of an ISO domain; a clone has none. */
static void test_cdrom(void **state) {
        static const char *const bad[][2] = { { "old/a.iso", RHV_ERROR_NOT_SUPPORTED }, { "local/a.iso", RHV_ERROR_NOT_FOUND }, { "none/a.iso", RHV_ERROR_NOT_FOUND } };
        _cleanup_json_ json_t *eject = json_pack("{s:s}", "cdrom", ""), *disks = NULL, *cloned = NULL, *configuration = NULL;
        const Object *isos;
        const json_t *drive;
        Change *change;
        Object *vm;
        World world;

        world_init(&world);
        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                _cleanup_json_ json_t *description = json_pack("{s:s, s:s}", "name", "x", "cdrom", bad[i][0]);

                assert_refused(plan_create_vm(&world.f.plan, description, change, error), bad[i][1]);
        }
        vm = created(&world.f, plan_create_vm, KIND_VM, json_pack("{s:s, s:s, s:i}", "name", "cd1", "cdrom", "isos/sub/a b.iso", "cdrom_boot_order", 2));
        isos = model_resolve(world.f.model, KIND_STORAGE_DOMAIN, "isos", NULL, NULL);
        disks = vm_description(world.f.model, vm, NULL, NULL);
        assert_null(json_object_get(disks, "cdrom"));
        drive = json_array_get(json_object_get(disks, "disks"), 0);
        assert_string_equal(dict_string(drive, "domain", ""), isos->id);
        assert_string_equal(dict_string(drive, "file", ""), "sub/a b.iso");
        assert_string_equal(dict_string(drive, "device", ""), "cdrom");
        assert_int_equal(dict_integer(drive, "boot_order", 0), 2);

        assert_refused(plan_check_cdrom(world.f.model, vm, error), RHV_ERROR_BACKEND_UNAVAILABLE);
        (void) object_set_fact((Object *)isos, "state", json_string("active"));
        assert_ok(plan_check_cdrom(world.f.model, vm, NULL));
        configuration = vm_configuration(vm);
        cloned = plan_clone_description(world.f.model, configuration, NULL, OTHER, "cd2", vm->parent->id);
        assert_null(json_object_get(cloned, "cdrom"));

        change = change_new();
        assert_ok(plan_update(&world.f.plan, vm, eject, change, NULL));
        commit_ok(&world.f, change);
        assert_null(json_object_get(vm->spec, "cdrom"));

        /* a drive with nothing in it */
        {
                _cleanup_json_ json_t *with_drive = json_pack("{s:b}", "cdrom_drive", 1), *description = NULL;
                const json_t *empty;

                change = change_new();
                assert_ok(plan_update(&world.f.plan, vm, with_drive, change, NULL));
                commit_ok(&world.f, change);
                description = vm_description(world.f.model, vm, NULL, NULL);
                assert_null(json_object_get(description, "cdrom_drive"));
                empty = json_array_get(json_object_get(description, "disks"), 0);
                assert_string_equal(dict_string(empty, "device", ""), "cdrom");
                assert_null(json_object_get(empty, "domain"));
                assert_null(json_object_get(empty, "file"));
                assert_ok(plan_check_cdrom(world.f.model, vm, NULL));
        }
        world_done(&world);
}

static Object *add_iso(World *world, const char *name) {
        Object *disk = created(&world->f, plan_create_disk, KIND_DISK,
                               json_pack("{s:s, s:s, s:I, s:s}", "name", name, "storage_domain", "local", "capacity", (json_int_t)MIB, "content_type", "iso"));

        set_state(&world->f, disk, "ok");
        return disk;
}

/* A disk that is an ISO image: in drives of as many VMs as like, and what is not done to it. */
static void test_iso_disk(void **state) {
        _cleanup_json_ json_t *description = NULL, *copy = json_pack("{s:s}", "name", "copy"), *qcow2 = json_pack("{s:s, s:s}", "name", "copy", "format", "qcow2"),
                              *options = json_object(), *steps = NULL, *rename = json_pack("{s:s}", "description", "x");
        Change *change, *copying = change_new();
        Object *iso, *plain, *first, *second;
        char id[37], text[75];
        const json_t *drive;
        World world;

        world_init(&world);
        {
                _cleanup_json_ json_t *wrong = json_pack("{s:s, s:s, s:I, s:s, s:s}", "name", "x", "storage_domain", "local", "capacity", (json_int_t)MIB, "content_type", "iso",
                                                         "format", "qcow2");

                assert_refused(plan_create_disk(&world.f.plan, wrong, change, error), RHV_ERROR_INVALID_ARGUMENT);
        }
        iso = add_iso(&world, "cd");
        plain = created(&world.f, plan_create_disk, KIND_DISK, json_pack("{s:s, s:s, s:I}", "name", "plain", "storage_domain", "local", "capacity", (json_int_t)MIB));
        set_state(&world.f, plain, "ok");
        {
                _cleanup_json_ json_t *none = json_pack("{s:s, s:s}", "name", "x", "cdrom", "local/plain");

                assert_refused(plan_create_vm(&world.f.plan, none, change, error), RHV_ERROR_NOT_SUPPORTED);
        }
        first = created(&world.f, plan_create_vm, KIND_VM, json_pack("{s:s, s:s}", "name", "cd1", "cdrom", "local/cd"));
        second = created(&world.f, plan_create_vm, KIND_VM, json_pack("{s:s, s:s}", "name", "cd2", "cdrom", "local/cd"));
        (void) snprintf(text, sizeof text, "%s/%s", world.local->id, iso->id);
        assert_string_equal(dict_string(first->spec, "cdrom", ""), text);
        (void) object_set_fact(world.local, "state", json_string("active"));
        assert_ok(plan_check_cdrom(world.f.model, second, NULL));
        description = vm_description(world.f.model, second, NULL, NULL);
        drive = json_array_get(json_object_get(description, "disks"), 0);
        assert_string_equal(dict_string(drive, "image", ""), dict_string(iso->spec, "image", "?"));
        assert_string_equal(dict_string(drive, "volume", ""), dict_string(iso->spec, "volume", "?"));
        assert_string_equal(dict_string(drive, "domain", ""), world.local->id);
        assert_null(json_object_get(drive, "file"));

        /* attached, extended, a qcow2 copy, removed while a VM names it */
        assert_refused(plan_attach_disk(&world.f.plan, first, "cd", options, change, error), RHV_ERROR_NOT_SUPPORTED);
        assert_refused(plan_extend_disk(&world.f.plan, iso, (int64_t)(2 * MIB), change, &steps, error), RHV_ERROR_NOT_SUPPORTED);
        assert_refused(plan_copy_disk(&world.f.plan, iso, qcow2, change, &steps, id, error), RHV_ERROR_INVALID_ARGUMENT);
        assert_null(steps);
        assert_refused(disk_check_drives(world.f.model, iso, false, "removing it", error), RHV_ERROR_IN_USE);
        assert_ok(disk_check_drives(world.f.model, iso, true, "moving it", NULL));
        assert_ok(disk_check_drives(world.f.model, plain, false, "removing it", NULL));

        /* a copy is an ISO image too */
        assert_ok(plan_copy_disk(&world.f.plan, iso, copy, copying, &steps, id, NULL));
        commit_ok(&world.f, copying);
        assert_true(disk_is_iso(model_find(world.f.model, KIND_DISK, id)));

        /* gone all the same, as a domain that was detached takes it along: nothing but the start is refused */
        change = change_new();
        assert_ok(plan_remove(&world.f.plan, iso, change, NULL));
        commit_ok(&world.f, change);
        assert_refused(plan_check_cdrom(world.f.model, second, error), RHV_ERROR_NOT_FOUND);
        change = change_new();
        assert_ok(plan_update(&world.f.plan, second, rename, change, NULL));
        commit_ok(&world.f, change);
        world_done(&world);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_vm),    cmocka_unit_test(test_failed),  cmocka_unit_test(test_clone), cmocka_unit_test(test_template),
                cmocka_unit_test(test_refused), cmocka_unit_test(test_classes), cmocka_unit_test(test_cdrom), cmocka_unit_test(test_iso_disk),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
