/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Templates: which steps are taken, what becomes of the rows, and what keeps a template. */

#include "bus-error.h"
#include "cluster-fixture.h"
#include "dict.h"
#include "plan-copy.h"
#include "plan-template.h"

typedef struct World {
        ClusterFixture f;
        Object *vm, *root;
} World;

static void world_init(World *world) {
        cluster_fixture_init(&world->f);
        world->root = disk_ok(&world->f, "root", false);
        world->vm = created(&world->f, plan_create_vm, KIND_VM,
                            json_pack("{s:s, s:I, s:[{s:s, s:s}]}", "name", "web1", "memory", (json_int_t)(2 * GIB), "disks", "disk", "root", "bus",
                                      "scsi"));
}

static Object *made(World *world, const char *name, const char *reason) {
        _cleanup_json_ json_t *description = json_pack("{s:s}", "name", name), *steps = NULL;
        Change *change = change_new();
        char id[37];

        assert_ok(plan_create_template(&world->f.plan, world->vm, description, 1, change, &steps, id, NULL));
        commit_ok(&world->f, change);
        assert_int_equal(json_array_size(steps), 1);
        assert_true(dict_boolean(json_object_get(json_array_get(steps, 0), "target"), "template", false));
        assert_string_equal(dict_string(json_array_get(steps, 0), "method", ""), "CopyVolume");
        change = change_new();
        assert_ok(plan_template_made(&world->f.plan, id, reason, change));
        commit_ok(&world->f, change);
        return model_find(world->f.model, KIND_TEMPLATE, id);
}

static json_t *use(World *world, const Object *template_object, const char *name, bool clone, char ret_id[static 37]) {
        _cleanup_json_ json_t *description = json_pack("{s:s, s:b}", "name", name, "clone", (int)clone);
        Change *change = change_new();
        json_t *steps = NULL;

        assert_ok(plan_template_vm(&world->f.plan, template_object, description, change, &steps, ret_id, NULL));
        commit_ok(&world->f, change);
        change = change_new();
        assert_ok(plan_clone_done(&world->f.plan, ret_id, NULL, change));
        commit_ok(&world->f, change);
        return steps;
}

static void test_make(void **state) {
        Object *template_object;
        World world;

        world_init(&world);
        assert_null(made(&world, "model", "no space"));
        template_object = made(&world, "model", NULL);
        assert_string_equal(template_object->state, "ok");
        assert_ptr_equal(plan_template_on(world.f.model, world.root->parent), template_object);
        cluster_fixture_done(&world.f);
}

static void test_thin(void **state) {
        const json_t *disk, *step;
        Object *template_object, *vm;
        Change *change;
        json_t *steps;
        char id[37];
        World world;

        world_init(&world);
        template_object = made(&world, "model", NULL);
        disk = json_array_get(json_object_get(template_object->spec, "disks"), 0);
        steps = use(&world, template_object, "thin", false, id);
        step = json_array_get(steps, 0);
        assert_string_equal(dict_string(step, "method", ""), "CreateVolume");
        assert_string_equal(dict_string(json_object_get(step, "description"), "parent", ""), dict_string(disk, "volume", "-"));
        assert_string_equal(dict_string(json_object_get(step, "description"), "parent_image", ""), dict_string(disk, "image", "-"));
        json_decref(steps);
        vm = model_find(world.f.model, KIND_VM, id);
        assert_int_equal(dict_integer(vm->spec, "memory", 0), 2 * GIB);
        assert_string_equal(dict_string(vm->disks->spec, "bus", ""), "scsi");
        assert_string_equal(dict_string(vm->disks->other->spec, "format", ""), "qcow2");
        assert_string_equal(vm->disks->other->state, "ok");

        steps = NULL;
        assert_refused(plan_remove_template(&world.f.plan, template_object, change, &steps, error), RHV_ERROR_IN_USE);
        assert_null(steps);
        change = change_new();
        assert_ok(plan_remove(&world.f.plan, vm, change, NULL));
        commit_ok(&world.f, change);
        change = change_new();
        assert_ok(change_delete(change, "disk", json_pack("{s:s}", "id", model_resolve(world.f.model, KIND_DISK, "thin_disk1", NULL, NULL)->id)));
        commit_ok(&world.f, change);
        change = change_new();
        assert_ok(plan_remove_template(&world.f.plan, template_object, change, &steps, NULL));
        commit_ok(&world.f, change);
        assert_string_equal(dict_string(json_array_get(steps, 0), "method", ""), "DeleteImage");
        json_decref(steps);
        /* one that could not be removed is illegal, and can be removed again */
        char gone[37];
        (void) snprintf(gone, sizeof gone, "%s", template_object->id);
        change = change_new();
        assert_ok(plan_template_removed(&world.f.plan, gone, "no answer", change));
        commit_ok(&world.f, change);
        assert_string_equal(template_object->state, "illegal");
        change = change_new();
        assert_ok(plan_template_removed(&world.f.plan, gone, NULL, change));
        commit_ok(&world.f, change);
        assert_null(model_find(world.f.model, KIND_TEMPLATE, gone));
        cluster_fixture_done(&world.f);
}

static void test_clone(void **state) {
        Object *template_object;
        json_t *steps;
        char id[37];
        World world;

        world_init(&world);
        template_object = made(&world, "model", NULL);
        steps = use(&world, template_object, "whole", true, id);
        assert_string_equal(dict_string(json_array_get(steps, 0), "method", ""), "CopyVolume");
        assert_false(dict_boolean(json_object_get(json_array_get(steps, 0), "target"), "template", true));
        json_decref(steps);
        assert_null(json_object_get(model_find(world.f.model, KIND_VM, id)->disks->other->spec, "template"));
        cluster_fixture_done(&world.f);
}

static void test_refused(void **state) {
        _cleanup_json_ json_t *again = json_pack("{s:s}", "name", "model"), *thin = json_pack("{s:s, s:s}", "name", "x", "storage_domain", "local");
        Object *template_object;
        json_t *steps = NULL;
        Change *change;
        char id[37];
        World world;

        world_init(&world);
        template_object = made(&world, "model", NULL);
        assert_refused(plan_create_template(&world.f.plan, world.vm, again, 1, change, &steps, id, error), RHV_ERROR_ALREADY_EXISTS);
        assert_refused(plan_template_vm(&world.f.plan, template_object, thin, change, &steps, id, error), RHV_ERROR_INVALID_ARGUMENT);
        (void) object_set_fact(world.vm, "state", json_string("running"));
        (void) json_object_set_new(again, "name", json_string("model2"));
        assert_refused(plan_create_template(&world.f.plan, world.vm, again, 1, change, &steps, id, error), RHV_ERROR_INVALID_STATE);
        (void) object_set_fact(world.vm, "state", json_string("down"));
        set_state(&world.f, template_object, "illegal");
        (void) json_object_del(thin, "storage_domain");
        assert_refused(plan_template_vm(&world.f.plan, template_object, thin, change, &steps, id, error), RHV_ERROR_INVALID_STATE);
        assert_null(steps);
        cluster_fixture_done(&world.f);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_make), cmocka_unit_test(test_thin), cmocka_unit_test(test_clone), cmocka_unit_test(test_refused),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
