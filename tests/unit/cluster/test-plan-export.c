/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* VMs and templates on their way to an export domain: which copies, the definition last, how each is taken back, and what is refused. */

#include "bus-error.h"
#include "cluster-fixture.h"
#include "dict.h"
#include "plan-export.h"
#include "plan-template.h"

#define OTHER "eeeeeeee-0000-4000-8000-000000000002"
#define IMAGE "aaaaaaaa-0000-4000-8000-000000000001"
#define SHARED "aaaaaaaa-0000-4000-8000-000000000002"

typedef struct World {
        ClusterFixture f;
        Object *export, *root, *vm;
        json_t *nothing; /* a report of an empty domain */
} World;

static void world_init(World *world) {
        cluster_fixture_init(&world->f);
        world->root = disk_ok(&world->f, "root", false);
        (void) disk_ok(&world->f, "common", true);
        world->export = created(&world->f, plan_create_storage_domain, KIND_STORAGE_DOMAIN,
                                json_pack("{s:s, s:s, s:s, s:s}", "name", "out", "type", "local", "path", "/out", "class", "Backup"));
        set_state(&world->f, world->export, "attached");
        world->vm = created(&world->f, plan_create_vm, KIND_VM,
                            json_pack("{s:s, s:i, s:[{s:s, s:s}, {s:s}], s:[{s:s}]}", "name", "web1", "cpus", 3, "disks", "disk", "root", "bus", "scsi", "disk", "common", "nics",
                                      "network", "ovirtmgmt"));
        world->nothing = json_pack("{s:{}, s:{}}", "images", "vms");
}

static void world_done(World *world) {
        json_decref(world->nothing);
        cluster_fixture_done(&world->f);
}

static json_t *exported(World *world, const Object *object) {
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        Change *change = change_new();
        json_t *steps = NULL;
        int r = plan_export(&world->f.plan, object, world->export, world->nothing, change, &steps, &error);

        if (r < 0)
                print_error("%s\n", error.message);
        assert_ok(r);
        commit_ok(&world->f, change);
        return steps;
}

static void test_vm(void **state) {
        const json_t *copy, *target, *last, *definition, *disk;
        _cleanup_json_ json_t *steps = NULL;
        World world;

        world_init(&world);
        steps = exported(&world, world.vm);
        assert_int_equal(json_array_size(steps), 2); /* the shareable disk stays behind */
        copy = json_array_get(steps, 0);
        target = json_object_get(copy, "target");
        assert_string_equal(dict_string(copy, "method", ""), "CopyVolume");
        assert_string_equal(dict_string(copy, "domain", ""), world.root->parent->id);
        assert_string_equal(dict_string(copy, "volume", ""), dict_string(world.root->spec, "volume", "-"));
        assert_string_equal(dict_string(target, "domain", ""), world.export->id);
        assert_string_not_equal(dict_string(target, "image", ""), dict_string(world.root->spec, "image", ""));
        assert_false(dict_boolean(target, "template", true));
        assert_string_equal(dict_string(json_object_get(copy, "undo"), "domain", ""), world.export->id);
        assert_string_equal(dict_string(json_object_get(copy, "undo"), "image", ""), dict_string(target, "image", "-"));

        last = json_array_get(steps, 1);
        assert_string_equal(dict_string(last, "method", ""), "WriteDefinition");
        assert_string_equal(dict_string(last, "image", ""), world.vm->id);
        /* only that of these copies is taken back, not one that somebody else has put there */
        assert_string_equal(dict_string(json_object_get(last, "undo"), "method", ""), "DeleteDefinition");
        assert_string_equal(dict_string(json_object_get(json_object_get(last, "undo"), "options"), "image", ""), dict_string(target, "image", "-"));
        definition = json_object_get(last, "description");
        assert_string_equal(dict_string(definition, "name", ""), "web1");
        assert_int_equal(dict_integer(definition, "cpus", 0), 3);
        assert_null(json_object_get(definition, "snapshots"));
        assert_int_equal(json_array_size(json_object_get(definition, "disks")), 1);
        disk = json_array_get(json_object_get(definition, "disks"), 0);
        assert_string_equal(dict_string(disk, "image", ""), dict_string(target, "image", "-"));
        assert_string_equal(dict_string(disk, "volume", ""), dict_string(target, "volume", "-"));
        assert_string_equal(dict_string(disk, "bus", ""), "scsi");
        assert_true(dict_boolean(disk, "boot", false));
        assert_string_equal(dict_string(json_array_get(json_object_get(definition, "nics"), 0), "mac", ""), "56:6f:01:02:00:00");
        world_done(&world);
}

static void test_template(void **state) {
        _cleanup_json_ json_t *given = json_pack("{s:s}", "name", "golden"), *made = NULL, *steps = NULL;
        const json_t *definition;
        Object *template_object;
        Change *change;
        World world;
        char id[37];

        world_init(&world);
        change = change_new();
        assert_ok(plan_detach_disk(&world.f.plan, world.vm, "common", change, NULL));
        commit_ok(&world.f, change);
        change = change_new();
        assert_ok(plan_create_template(&world.f.plan, world.vm, given, 1, change, &made, id, NULL));
        commit_ok(&world.f, change);
        template_object = model_find(world.f.model, KIND_TEMPLATE, id);
        {
                json_t *steps_too_early = NULL;

                assert_refused(plan_export(&world.f.plan, template_object, world.export, world.nothing, change, &steps_too_early, error), RHV_ERROR_INVALID_STATE);
        }
        change = change_new();
        assert_ok(plan_template_made(&world.f.plan, id, NULL, change));
        commit_ok(&world.f, change);
        steps = exported(&world, template_object);
        assert_int_equal(json_array_size(steps), 2);
        assert_true(dict_boolean(json_object_get(json_array_get(steps, 0), "target"), "template", false));
        definition = json_object_get(json_array_get(steps, 1), "description");
        assert_true(dict_boolean(definition, "template", false));
        assert_null(json_object_get(json_array_get(json_object_get(definition, "nics"), 0), "mac"));
        world_done(&world);
}

/* A VM without disks has its definition and nothing to be taken back. */
static void test_bare(void **state) {
        _cleanup_json_ json_t *steps = NULL;
        World world;

        world_init(&world);
        steps = exported(&world, created(&world.f, plan_create_vm, KIND_VM, json_pack("{s:s}", "name", "bare")));
        assert_int_equal(json_array_size(steps), 1);
        assert_null(json_object_get(json_array_get(steps, 0), "undo"));
        world_done(&world);
}

static void test_refused(void **state) {
        _cleanup_json_ json_t *there = NULL;
        json_t *steps = NULL;
        Change *change;
        World world;

        world_init(&world);
        there = json_pack("{s:{}, s:{s:{s:s}}}", "images", "vms", world.vm->id, "name", "web1");
        assert_refused(plan_export(&world.f.plan, world.vm, world.export, there, change, &steps, error), RHV_ERROR_ALREADY_EXISTS);
        assert_refused(plan_export(&world.f.plan, world.vm, world.root->parent, world.nothing, change, &steps, error), RHV_ERROR_NOT_SUPPORTED);
        (void) object_set_fact(world.vm, "state", json_string("running"));
        assert_refused(plan_export(&world.f.plan, world.vm, world.export, world.nothing, change, &steps, error), RHV_ERROR_INVALID_STATE);
        (void) object_set_fact(world.vm, "state", json_string("down"));
        set_state(&world.f, world.root, "locked");
        assert_refused(plan_export(&world.f.plan, world.vm, world.export, world.nothing, change, &steps, error), RHV_ERROR_INVALID_STATE);
        set_state(&world.f, world.root, "ok");
        (void) snprintf(world.export->job, sizeof world.export->job, "%s", OTHER);
        assert_refused(plan_export(&world.f.plan, world.vm, world.export, world.nothing, change, &steps, error), RHV_ERROR_BUSY);
        world.export->job[0] = 0;
        set_state(&world.f, world.export, "removing");
        assert_refused(plan_export(&world.f.plan, world.vm, world.export, world.nothing, change, &steps, error), RHV_ERROR_INVALID_STATE);
        assert_null(steps);
        world_done(&world);
}

/* The definition goes first; an image that another definition has stays, and one that is not there is not asked for. */
static void test_remove(void **state) {
        _cleanup_json_ json_t *report = NULL, *steps = NULL;
        json_t *none = NULL;
        Change *change;
        World world;

        world_init(&world);
        report = json_pack("{s:{s:{}, s:{}}, s:{s:{s:s, s:[{s:s}, {s:s}, {s:s}, {s:s}]}, s:{s:s, s:[{s:s}]}}}", "images", IMAGE, SHARED, "vms", world.vm->id, "name", "web1", "disks",
                           "image", IMAGE, "image", IMAGE, "image", SHARED, "image", OTHER, OTHER, "name", "other", "disks", "image", SHARED);
        change = change_new();
        assert_ok(plan_remove_exported(&world.f.plan, world.export, world.vm->id, report, change, &steps, NULL));
        commit_ok(&world.f, change);
        assert_int_equal(json_array_size(steps), 2);
        assert_string_equal(dict_string(json_array_get(steps, 0), "method", ""), "DeleteDefinition");
        assert_string_equal(dict_string(json_array_get(steps, 0), "image", ""), world.vm->id);
        assert_string_equal(dict_string(json_array_get(steps, 1), "method", ""), "DeleteImage");
        assert_string_equal(dict_string(json_array_get(steps, 1), "image", ""), IMAGE);
        assert_refused(plan_remove_exported(&world.f.plan, world.export, IMAGE, report, change, &none, error), RHV_ERROR_NOT_FOUND);
        assert_refused(plan_remove_exported(&world.f.plan, world.root->parent, world.vm->id, report, change, &none, error), RHV_ERROR_NOT_SUPPORTED);
        assert_null(none);
        world_done(&world);
}

/* What an export that was cut off by a reboot has left: an image that no definition has. One that a definition has is not removed without it. */
static void test_left_over(void **state) {
        _cleanup_json_ json_t *report = NULL, *steps = NULL;
        json_t *none = NULL;
        Change *change;
        World world;

        world_init(&world);
        report = json_pack("{s:{s:{}, s:{}}, s:{s:{s:s, s:[{s:s}]}}}", "images", IMAGE, SHARED, "vms", OTHER, "name", "other", "disks", "image", SHARED);
        change = change_new();
        assert_ok(plan_remove_exported(&world.f.plan, world.export, IMAGE, report, change, &steps, NULL));
        commit_ok(&world.f, change);
        assert_int_equal(json_array_size(steps), 1);
        assert_string_equal(dict_string(json_array_get(steps, 0), "method", ""), "DeleteImage");
        assert_string_equal(dict_string(json_array_get(steps, 0), "image", ""), IMAGE);
        assert_refused(plan_remove_exported(&world.f.plan, world.export, SHARED, report, change, &none, error), RHV_ERROR_NOT_FOUND);
        assert_refused(plan_remove_exported(&world.f.plan, world.root->parent, IMAGE, report, change, &none, error), RHV_ERROR_NOT_SUPPORTED);
        assert_null(none);
        world_done(&world);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_vm), cmocka_unit_test(test_template), cmocka_unit_test(test_bare), cmocka_unit_test(test_refused), cmocka_unit_test(test_remove), cmocka_unit_test(test_left_over),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
