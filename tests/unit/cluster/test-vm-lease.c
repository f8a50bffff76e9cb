/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "cluster-fixture.h"
#include "vm-lease.h"

static Object *domain_made(ClusterFixture *f, const char *name, const char *type, const char *class) {
        _cleanup_free_ char *path = NULL;
        Object *domain;

        assert_true(asprintf(&path, "/mnt/%s", name) > 0);
        domain = created(f, plan_create_storage_domain, KIND_STORAGE_DOMAIN, json_pack("{s:s, s:s, s:s, s:s}", "name", name, "type", type, "path", path, "class", class));
        set_state(f, domain, "attached");
        return domain;
}

static Object *disk_on(ClusterFixture *f, const char *name, const char *domain) {
        Object *disk = created(f, plan_create_disk, KIND_DISK, json_pack("{s:s, s:s, s:I, s:b}", "name", name, "storage_domain", domain, "capacity", (json_int_t)GIB, "shareable", 1));

        set_state(f, disk, "ok");
        return disk;
}

static void test_wanted(void **state) {
        ClusterFixture *f = *state;
        Object *nfs = domain_made(f, "nfs", "nfs", "Data"), *local = model_first(f->model, KIND_STORAGE_DOMAIN), *two, *none, *reader;
        _cleanup_json_ json_t *wanted = NULL, *on_local = NULL;

        (void) disk_on(f, "a", "nfs");
        (void) disk_on(f, "b", "nfs");
        (void) disk_on(f, "c", "local");
        two = created(f, plan_create_vm, KIND_VM, json_pack("{s:s, s:[{s:s}, {s:s}, {s:s}]}", "name", "two", "disks", "disk", "a", "disk", "b", "disk", "c"));
        none = created(f, plan_create_vm, KIND_VM, json_pack("{s:s, s:[{s:s}]}", "name", "none", "disks", "disk", "c"));
        reader = created(f, plan_create_vm, KIND_VM, json_pack("{s:s, s:[{s:s, s:b}]}", "name", "reader", "disks", "disk", "a", "read_only", 1));
        assert_true(vm_lease_is_wanted(two, nfs));
        assert_false(vm_lease_is_wanted(none, nfs));
        assert_false(vm_lease_is_wanted(reader, nfs));
        assert_false(vm_lease_is_wanted(two, local));
        wanted = vm_lease_wanted(f->model, nfs);
        assert_int_equal(json_object_size(wanted), 1);
        assert_non_null(json_object_get(wanted, two->id));
        on_local = vm_lease_wanted(f->model, local);
        assert_int_equal(json_object_size(on_local), 0);
}

/* What each set has, "ab"; returns "+a" made, "-a" deleted, "!a" forgotten, "" nothing. */
static void next(const char *wanted, const char *ours, const char *known, const char *back, const char *expected) {
        const char *const texts[] = { wanted, ours, known, back };
        json_t *sets[4];
        const char *method, *vm = NULL;
        char text[8] = "";

        for (size_t i = 0; i < 4; i++) {
                sets[i] = json_object();
                for (const char *c = texts[i]; *c; c++)
                        assert_int_equal(json_object_set_new(sets[i], (const char[]){ *c, 0 }, json_true()), 0);
        }
        method = vm_lease_next(sets[0], sets[1], sets[2], sets[3], &vm);
        if (method)
                (void) snprintf(text, sizeof text, "%c%s", streq(method, "CreateLease") ? '+' : streq(method, "DeleteLease") ? '-' : '!', vm);
        assert_string_equal(text, expected);
        for (size_t i = 0; i < 4; i++)
                json_decref(sets[i]);
}

static void test_next(void **state) {
        next("", "", "", "", "");
        next("a", "a", "", "", "+a");
        next("a", "", "", "", "");    /* not noted yet */
        next("a", "a", "a", "", "");
        next("a", "a", "", "a", "");  /* failed a moment ago */
        next("ab", "ab", "", "a", "+b");
        next("", "a", "a", "", "-a");
        next("", "a", "", "", "!a");
        next("", "a", "a", "a", "");
        next("", "", "x", "", "");    /* of others */
        next("b", "ab", "a", "", "+b");
}

static void test_note(void **state) {
        _cleanup_json_ json_t *wanted = json_pack("{s:b, s:b}", "a", 1, "b", 1), *ours = json_pack("{s:b}", "b", 1);

        assert_int_equal(vm_lease_note(wanted, ours), 1);
        assert_int_equal(json_object_size(ours), 2);
        assert_int_equal(vm_lease_note(wanted, ours), 0);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_wanted, cluster_fixture_setup, cluster_fixture_teardown), cmocka_unit_test(test_next), cmocka_unit_test(test_note),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
