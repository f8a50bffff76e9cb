/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Snapshots: which steps are taken, what the rows say afterwards, and what is refused. */

#include "bus-error.h"
#include "cluster-fixture.h"
#include "dict.h"
#include "plan-copy.h"
#include "plan-snapshot.h"
#include "steps.h"

typedef struct World {
        ClusterFixture f;
        Object *vm, *root, *more;
} World;

static void world_init(World *world) {
        cluster_fixture_init(&world->f);
        world->root = disk_ok(&world->f, "root", false);
        world->more = disk_ok(&world->f, "more", false);
        world->vm = created(&world->f, plan_create_vm, KIND_VM,
                            json_pack("{s:s, s:I, s:[{s:s}, {s:s}]}", "name", "web1", "memory", (json_int_t)GIB, "disks", "disk", "root", "disk",
                                      "more"));
}

static Object *snapshot_named(World *world, const char *name) {
        return model_resolve(world->f.model, KIND_SNAPSHOT, name, NULL, NULL);
}

/* Makes one and tells how it ended. Return: the steps. */
static json_t *take(World *world, const char *name, const char *reason) {
        _cleanup_json_ json_t *description = json_pack("{s:s}", "name", name);
        Change *change = change_new();
        json_t *steps = NULL;

        assert_ok(plan_create_snapshot(&world->f.plan, world->vm, description, 1, change, &steps, NULL));
        commit_ok(&world->f, change);
        assert_string_equal(snapshot_named(world, name)->state, "locked");
        change = change_new();
        assert_ok(plan_snapshot_done(&world->f.plan, snapshot_named(world, name), json_array_size(steps), reason, change));
        commit_ok(&world->f, change);
        return steps;
}

static json_t *work(World *world, const char *name, const char *doing, size_t n_done, const char *reason) {
        Change *change = change_new();
        json_t *steps = NULL;

        assert_ok(plan_snapshot_work(&world->f.plan, snapshot_named(world, name), doing, change, &steps, NULL));
        commit_ok(&world->f, change);
        change = change_new();
        assert_ok(plan_snapshot_done(&world->f.plan, snapshot_named(world, name), n_done == SIZE_MAX ? json_array_size(steps) : n_done, reason,
                                     change));
        commit_ok(&world->f, change);
        return steps;
}

static const char *step_word(const json_t *steps, size_t i, const char *key) {
        return dict_string(json_array_get(steps, i), key, "");
}

static const char *volume_of(const Object *disk) {
        return dict_string(disk->spec, "volume", "");
}

static void keep(char ret[static 37], const char *volume) {
        (void) snprintf(ret, 37, "%s", volume);
}

static void test_create(void **state) {
        char before[37];
        World world;

        world_init(&world);
        keep(before, volume_of(world.root));

        _cleanup_json_ json_t *steps = take(&world, "one", NULL);
        assert_int_equal(json_array_size(steps), 2);
        assert_string_equal(step_word(steps, 0, "method"), "CreateVolume");
        assert_string_equal(step_word(steps, 0, "image"), world.root->id);
        assert_string_equal(dict_string(json_object_get(json_array_get(steps, 0), "description"), "parent", ""), before);
        assert_string_equal(dict_string(json_object_get(json_array_get(steps, 0), "undo"), "method", ""), "DeleteVolume");
        /* the VM writes to the new one, the snapshot has the old */
        assert_string_equal(volume_of(world.root), step_word(steps, 0, "volume"));
        assert_string_equal(dict_string(world.root->spec, "format", ""), "qcow2");
        const json_t *held = json_array_get(json_object_get(snapshot_named(&world, "one")->spec, "disks"), 0);
        assert_string_equal(dict_string(held, "volume", ""), before);
        assert_string_equal(dict_string(held, "format", ""), "raw");
        assert_null(json_object_get(held, "next"));
        assert_int_equal(dict_integer(json_object_get(snapshot_named(&world, "one")->spec, "configuration"), "memory", 0), GIB);
        assert_int_equal(world.vm->children, 1);

        /* one that failed leaves nothing */
        keep(before, volume_of(world.root));
        _cleanup_json_ json_t *failed = take(&world, "two", "no space");
        assert_int_equal(json_array_size(failed), 2);
        assert_null(snapshot_named(&world, "two"));
        assert_string_equal(volume_of(world.root), before);
        cluster_fixture_done(&world.f);
}

static void test_preview(void **state) {
        char first[37], leaf[37];
        World world;

        world_init(&world);
        keep(first, volume_of(world.root));
        json_decref(take(&world, "one", NULL));
        json_decref(take(&world, "two", NULL));
        keep(leaf, volume_of(world.root));

        json_t *steps = work(&world, "one", "preview", SIZE_MAX, NULL);
        assert_true(dict_boolean(json_object_get(json_array_get(steps, 0), "description"), "branch", false));
        assert_string_equal(dict_string(json_object_get(json_array_get(steps, 0), "description"), "parent", ""), first);
        assert_string_equal(volume_of(world.root), step_word(steps, 0, "volume"));
        assert_string_equal(snapshot_named(&world, "one")->state, "previewed");
        json_decref(steps);

        steps = work(&world, "one", "undo", SIZE_MAX, NULL);
        assert_string_equal(step_word(steps, 0, "method"), "DeleteVolume");
        assert_string_equal(volume_of(world.root), leaf);
        assert_string_equal(snapshot_named(&world, "one")->state, "ok");
        json_decref(steps);

        /* a preview that failed was taken back; one that was cut off is undone */
        json_decref(work(&world, "one", "preview", 0, "no space"));
        assert_string_equal(snapshot_named(&world, "one")->state, "ok");
        assert_string_equal(volume_of(world.root), leaf);
        cluster_fixture_done(&world.f);
}

static void test_commit(void **state) {
        char leaf[37], second[37];
        World world;

        world_init(&world);
        json_decref(take(&world, "one", NULL));
        keep(second, volume_of(world.root));
        json_decref(take(&world, "two", NULL));
        keep(leaf, volume_of(world.root));
        json_decref(work(&world, "one", "preview", SIZE_MAX, NULL));

        json_t *steps = work(&world, "one", "commit", SIZE_MAX, NULL);
        /* from the top down, for each disk */
        assert_int_equal(json_array_size(steps), 4);
        assert_string_equal(step_word(steps, 0, "volume"), leaf);
        assert_string_equal(step_word(steps, 1, "volume"), second);
        assert_null(snapshot_named(&world, "two"));
        assert_string_equal(snapshot_named(&world, "one")->state, "ok");
        assert_null(json_object_get(snapshot_named(&world, "one")->spec, "preview"));
        json_decref(steps);
        cluster_fixture_done(&world.f);
}

static void test_remove(void **state) {
        char first[37], second[37];
        World world;

        world_init(&world);
        keep(first, volume_of(world.root));
        json_decref(take(&world, "one", NULL));
        keep(second, volume_of(world.root));
        json_decref(take(&world, "two", NULL));

        /* the one in between: the later snapshot's volume is merged into its own */
        json_t *steps = work(&world, "one", "remove", SIZE_MAX, NULL);
        assert_string_equal(step_word(steps, 0, "method"), "MergeVolume");
        assert_string_equal(step_word(steps, 0, "volume"), second);
        assert_null(snapshot_named(&world, "one"));
        const json_t *held = json_array_get(json_object_get(snapshot_named(&world, "two")->spec, "disks"), 0);
        assert_string_equal(dict_string(held, "volume", ""), first);
        assert_string_equal(dict_string(held, "format", ""), "raw");
        json_decref(steps);

        /* one disk is merged, the other not: it says so, may not start, and the rest is done later */
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        json_decref(work(&world, "two", "remove", 1, "no space"));
        assert_string_equal(snapshot_named(&world, "two")->state, "broken");
        assert_string_equal(volume_of(world.root), first);
        assert_string_equal(dict_string(world.root->spec, "format", ""), "raw");
        assert_true(plan_check_snapshots(world.f.model, world.vm, &error) < 0);
        assert_string_equal(error.name, RHV_ERROR_INVALID_STATE);
        steps = work(&world, "two", "remove", SIZE_MAX, NULL);
        assert_int_equal(json_array_size(steps), 1);
        assert_string_equal(step_word(steps, 0, "image"), world.more->id);
        assert_null(snapshot_named(&world, "two"));
        assert_ok(plan_check_snapshots(world.f.model, world.vm, NULL));
        assert_int_equal(world.vm->children, 0);
        json_decref(steps);
        cluster_fixture_done(&world.f);
}

static void set_broken(World *world, const char *name) {
        set_state(&world->f, snapshot_named(world, name), "broken");
}

/* A disk whose data are to be wiped: so are those of a removed layer, of what moves away, and of its copies. */
static void test_disposal(void **state) {
        json_t *steps, *copies = NULL;
        Change *change;
        World world;
        char id[37];

        world_init(&world);
        json_decref(take(&world, "one", NULL));
        steps = work(&world, "one", "remove", 0, "not yet");
        assert_int_equal(json_object_size(json_object_get(json_array_get(steps, 0), "options")), 0);
        json_decref(steps);
        assert_int_equal(json_object_set_new(world.root->spec, "wipe_after_delete", json_true()), 0);
        steps = work(&world, "one", "remove", SIZE_MAX, NULL);
        assert_true(dict_boolean(json_object_get(json_array_get(steps, 0), "options"), "wipe", false));
        assert_null(json_object_get(json_object_get(json_array_get(steps, 0), "options"), "discard"));
        json_decref(steps);
        assert_int_equal(json_object_set_new(world.root->spec, "discard", json_true()), 0);
        change = change_new();
        _cleanup_json_ json_t *description = json_pack("{s:s}", "name", "copy");
        assert_ok(plan_copy_disk(&world.f.plan, world.root, description, change, &copies, id, NULL));
        commit_ok(&world.f, change);
        assert_true(dict_boolean(model_find(world.f.model, KIND_DISK, id)->spec, "wipe_after_delete", false));
        assert_true(dict_boolean(model_find(world.f.model, KIND_DISK, id)->spec, "discard", false));
        json_decref(copies);
        cluster_fixture_done(&world.f);
}

/* The process ended in the middle: what can be done then is what takes it to an end. */
static void test_cut_off(void **state) {
        _cleanup_json_ json_t *description = json_pack("{s:s}", "name", "one");
        json_t *steps = NULL;
        Change *change = change_new();
        World world;

        world_init(&world);
        assert_ok(plan_create_snapshot(&world.f.plan, world.vm, description, 1, change, &steps, NULL));
        json_decref(steps);
        commit_ok(&world.f, change);
        set_broken(&world, "one");
        assert_refused(plan_snapshot_work(&world.f.plan, snapshot_named(&world, "one"), "preview", change, &steps, error), RHV_ERROR_INVALID_STATE);
        steps = work(&world, "one", "remove", 0, "not yet");
        assert_string_equal(step_word(steps, 0, "method"), "DeleteVolume");
        json_decref(steps);
        assert_string_equal(snapshot_named(&world, "one")->state, "broken");
        steps = work(&world, "one", "remove", SIZE_MAX, NULL);
        assert_string_equal(step_word(steps, 0, "method"), "DeleteVolume");
        json_decref(steps);
        assert_null(snapshot_named(&world, "one"));
        cluster_fixture_done(&world.f);
}

static void test_refused(void **state) {
        _cleanup_json_ json_t *one = json_pack("{s:s}", "name", "one"), *two = json_pack("{s:s}", "name", "two");
        json_t *steps = NULL;
        Change *change;
        World world;

        world_init(&world);
        json_decref(take(&world, "one", NULL));
        assert_refused(plan_create_snapshot(&world.f.plan, world.vm, one, 1, change, &steps, error), RHV_ERROR_ALREADY_EXISTS);
        assert_refused(plan_snapshot_work(&world.f.plan, snapshot_named(&world, "one"), "commit", change, &steps, error), RHV_ERROR_INVALID_STATE);
        assert_refused(plan_snapshot_work(&world.f.plan, snapshot_named(&world, "one"), "undo", change, &steps, error), RHV_ERROR_INVALID_STATE);
        assert_refused(plan_remove(&world.f.plan, world.vm, change, error), RHV_ERROR_IN_USE);
        assert_refused(plan_detach_disk(&world.f.plan, world.vm, "more", change, error), RHV_ERROR_INVALID_STATE);
        (void) object_set_fact(world.vm, "state", json_string("running"));
        assert_refused(plan_create_snapshot(&world.f.plan, world.vm, two, 1, change, &steps, error), RHV_ERROR_INVALID_STATE);
        assert_refused(plan_snapshot_work(&world.f.plan, snapshot_named(&world, "one"), "remove", change, &steps, error), RHV_ERROR_INVALID_STATE);
        (void) object_set_fact(world.vm, "state", json_string("down"));
        set_state(&world.f, world.more, "illegal");
        assert_refused(plan_create_snapshot(&world.f.plan, world.vm, two, 1, change, &steps, error), RHV_ERROR_INVALID_STATE);
        set_state(&world.f, world.more, "ok");

        (void) disk_ok(&world.f, "both", true);
        change = change_new();
        _cleanup_json_ json_t *options = json_object();
        assert_ok(plan_attach_disk(&world.f.plan, world.vm, "both", options, change, NULL));
        commit_ok(&world.f, change);
        assert_refused(plan_create_snapshot(&world.f.plan, world.vm, two, 1, change, &steps, error), RHV_ERROR_INVALID_STATE);
        assert_null(steps);
        cluster_fixture_done(&world.f);
}

static void test_clone(void **state) {
        _cleanup_json_ json_t *given = json_pack("{s:s}", "name", "web2");
        Change *change = change_new();
        json_t *steps = NULL;
        char id[37], first[37];
        World world;

        world_init(&world);
        keep(first, volume_of(world.root));
        json_decref(take(&world, "one", NULL));
        assert_ok(plan_clone_vm(&world.f.plan, world.vm, snapshot_named(&world, "one"), given, change, &steps, id, NULL));
        commit_ok(&world.f, change);
        assert_int_equal(json_array_size(steps), 2);
        assert_string_equal(step_word(steps, 0, "method"), "CopyVolume");
        assert_string_equal(step_word(steps, 0, "volume"), first);
        json_decref(steps);

        Object *clone = model_find(world.f.model, KIND_VM, id);
        assert_string_equal(clone->name, "web2");
        assert_string_equal(clone->disks->other->state, "locked");
        change = change_new();
        assert_ok(plan_clone_done(&world.f.plan, id, NULL, change));
        commit_ok(&world.f, change);
        assert_string_equal(clone->disks->other->state, "ok");
        assert_string_equal(clone->disks->next->other->state, "ok");

        /* where it fails nothing stays */
        _cleanup_json_ json_t *again = json_pack("{s:s}", "name", "web3");
        size_t disks = model_count(world.f.model, KIND_DISK);
        steps = NULL;
        change = change_new();
        assert_ok(plan_clone_vm(&world.f.plan, world.vm, NULL, again, change, &steps, id, NULL));
        commit_ok(&world.f, change);
        json_decref(steps);
        assert_int_equal(model_count(world.f.model, KIND_DISK), disks + 2);
        change = change_new();
        assert_ok(plan_clone_done(&world.f.plan, id, "no space", change));
        commit_ok(&world.f, change);
        assert_null(model_find(world.f.model, KIND_VM, id));
        assert_int_equal(model_count(world.f.model, KIND_DISK), disks);
        cluster_fixture_done(&world.f);
}

static void test_move(void **state) {
        Object *other;
        Change *change;
        json_t *steps = NULL;
        char volume[37];
        World world;

        world_init(&world);
        other = created(&world.f, plan_create_storage_domain, KIND_STORAGE_DOMAIN,
                        json_pack("{s:s, s:s, s:s}", "name", "other", "type", "local", "path", "/other"));
        set_state(&world.f, other, "attached");
        assert_refused(plan_move_disk(&world.f.plan, world.root, "local", change, &steps, volume, error), RHV_ERROR_INVALID_ARGUMENT);
        change = change_new();
        assert_ok(plan_move_disk(&world.f.plan, world.root, "other", change, &steps, volume, NULL));
        commit_ok(&world.f, change);
        assert_string_equal(step_word(steps, 0, "method"), "CopyVolume");
        assert_string_equal(step_word(steps, 1, "method"), "DeleteImage");
        json_decref(steps);
        change = change_new();
        assert_ok(plan_move_done(&world.f.plan, world.root, other->id, volume, 2, NULL, change));
        commit_ok(&world.f, change);
        assert_ptr_equal(world.root->parent, other);
        assert_string_equal(volume_of(world.root), volume);
        assert_string_equal(world.root->state, "ok");
        cluster_fixture_done(&world.f);
}

static void test_steps(void **state) {
        _cleanup_json_ json_t *make = json_pack("{s:s}", "method", "CreateVolume"), *merge = json_pack("{s:s}", "method", "MergeVolume"),
                              *copy = json_pack("{s:s}", "method", "CopyVolume");
        const sd_bus_error exists = SD_BUS_ERROR_MAKE_CONST(RHV_ERROR_ALREADY_EXISTS, "x"), gone = SD_BUS_ERROR_MAKE_CONST(RHV_ERROR_NOT_FOUND, "x");
        char id[37];

        steps_id("aaaaaaaa-0000-4000-8000-00000000fffe", 0, id);
        assert_string_equal(id, "aaaaaaaa-0000-4000-8000-00000000fffe");
        steps_id("aaaaaaaa-0000-4000-8000-00000000fffe", 3, id);
        assert_string_equal(id, "aaaaaaaa-0000-4000-8000-00000000fffd");
        steps_id("aaaaaaaa-0000-4000-8000-00000000fffe", 0x8000, id);
        assert_string_equal(id, "aaaaaaaa-0000-4000-8000-000000007ffe");
        assert_true(steps_is_done_already(make, &exists));
        assert_false(steps_is_done_already(make, &gone));
        assert_true(steps_is_done_already(merge, &gone));
        assert_false(steps_is_done_already(merge, &exists));
        assert_false(steps_is_done_already(copy, &exists));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_create), cmocka_unit_test(test_preview), cmocka_unit_test(test_commit),
                cmocka_unit_test(test_remove), cmocka_unit_test(test_disposal), cmocka_unit_test(test_cut_off), cmocka_unit_test(test_refused),
                cmocka_unit_test(test_clone),  cmocka_unit_test(test_move),    cmocka_unit_test(test_steps),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
