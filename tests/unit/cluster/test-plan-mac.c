/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "fixture.h"

#include <utlist.h>

#include "bus-error.h"
#include "cluster-fixture.h"
#include "dict.h"

static Object *new_pool(ClusterFixture *fixture, const char *name, const char *range, bool duplicates) {
        return created(fixture, plan_create_mac_pool, KIND_MAC_POOL,
                       json_pack("{s:s, s:[s], s:b}", "name", name, "ranges", range, "allow_duplicates", (int)duplicates));
}

static Object *new_vm(ClusterFixture *fixture, const char *name, const char *mac) {
        return created(fixture, plan_create_vm, KIND_VM,
                       json_pack("{s:s, s:[{s:s, s:s*}]}", "name", name, "nics", "network", "ovirtmgmt", "mac", mac));
}

static void use_pool(ClusterFixture *fixture, const Object *pool) {
        _cleanup_json_ json_t *changes = json_pack("{s:s}", "mac_pool", pool->name);
        Change *change = change_new();

        assert_ok(plan_update(&fixture->plan, model_first(fixture->model, KIND_CLUSTER), changes, change, NULL));
        commit_ok(fixture, change);
}

static const char *mac_of(const Object *vm) {
        return dict_string(vm->nics->row, "mac", "");
}

static const char *event_of(const Change *change, size_t i) {
        return dict_string(json_array_get(change->events, i), "code", "");
}

static void test_pools(void **state) {
        ClusterFixture fixture;
        _cleanup_json_ json_t *inside = json_pack("{s:s, s:[s]}", "name", "b", "ranges", "56:6f:01:02:80:00-56:6f:01:03:00:00"),
                              *twice = json_pack("{s:s, s:[s, s]}", "name", "b", "ranges", "56:80:00:00:00:00-56:80:00:00:00:09",
                                                 "56:80:00:00:00:09-56:80:00:00:00:10"),
                              *same = json_pack("{s:s, s:[s]}", "name", "small", "ranges", "56:90:00:00:00:00-56:90:00:00:00:09"),
                              *grown = json_pack("{s:[s]}", "ranges", "56:80:00:00:00:00-56:80:00:00:00:1f"),
                              *onto = json_pack("{s:[s]}", "ranges", "56:6f:01:02:ff:ff-56:6f:01:03:00:00");
        Object *standard, *small;
        Change *change;

        cluster_fixture_init(&fixture);
        standard = mac_pool_default(fixture.model);
        assert_non_null(standard);
        assert_int_equal(mac_pool_total(standard), 65536);
        /* there is one only */
        change = change_new();
        assert_ok(plan_default_mac_pool(&fixture.plan, "56:6f:aa:bb", change));
        assert_true(change_is_empty(change));
        change_free(change);

        small = new_pool(&fixture, "small", "56:80:00:00:00:00-56:80:00:00:00:0f", false);
        assert_refused(plan_create_mac_pool(&fixture.plan, inside, change, error), RHV_ERROR_ALREADY_EXISTS);
        assert_refused(plan_create_mac_pool(&fixture.plan, twice, change, error), RHV_ERROR_INVALID_ARGUMENT);
        assert_refused(plan_create_mac_pool(&fixture.plan, same, change, error), RHV_ERROR_ALREADY_EXISTS);
        assert_refused(plan_update(&fixture.plan, small, onto, change, error), RHV_ERROR_ALREADY_EXISTS);
        change = change_new();
        assert_ok(plan_update(&fixture.plan, small, grown, change, NULL)); /* its own range is no obstacle */
        commit_ok(&fixture, change);
        assert_int_equal(mac_pool_total(small), 32);

        assert_refused(plan_remove(&fixture.plan, standard, change, error), RHV_ERROR_INVALID_ARGUMENT);
        use_pool(&fixture, small);
        assert_refused(plan_remove(&fixture.plan, small, change, error), RHV_ERROR_IN_USE);
        use_pool(&fixture, standard);
        change = change_new();
        assert_ok(plan_remove(&fixture.plan, small, change, NULL));
        commit_ok(&fixture, change);
        assert_int_equal(model_count(fixture.model, KIND_MAC_POOL), 1);
        cluster_fixture_done(&fixture);
}

static void test_exhausted(void **state) {
        ClusterFixture fixture;
        _cleanup_json_ json_t *nic = json_pack("{s:s}", "network", "ovirtmgmt"), *two = json_pack("{s:s, s:[{s:s}, {s:s}]}", "name", "two", "nics",
                                                                                                  "network", "ovirtmgmt", "network", "ovirtmgmt");
        Object *pool, *vm;
        Change *change;

        cluster_fixture_init(&fixture);
        pool = new_pool(&fixture, "few", "56:80:00:00:00:00-56:80:00:00:00:0b", false);
        use_pool(&fixture, pool);
        /* an address given by hand counts wherever it is used */
        (void) new_vm(&fixture, "hand", "56:80:00:00:00:05");
        assert_int_equal(mac_pool_free(fixture.model, pool), 11);
        vm = new_vm(&fixture, "v", NULL);
        assert_string_equal(mac_of(vm), "56:80:00:00:00:00");
        for (unsigned left = 10; left-- > 1;) {
                change = change_new();
                assert_ok(plan_add_nic(&fixture.plan, vm, nic, change, NULL));
                assert_string_equal(event_of(change, 0), "mac-pool-almost-empty");
                commit_ok(&fixture, change);
                assert_int_equal(mac_pool_free(fixture.model, pool), left);
        }
        assert_refused(plan_create_vm(&fixture.plan, two, change, error), RHV_ERROR_LIMIT_EXCEEDED);
        change = change_new();
        assert_ok(plan_add_nic(&fixture.plan, vm, nic, change, NULL));
        assert_string_equal(event_of(change, 0), "mac-pool-empty");
        commit_ok(&fixture, change);
        assert_refused(plan_add_nic(&fixture.plan, vm, nic, change, error), RHV_ERROR_LIMIT_EXCEEDED);
        cluster_fixture_done(&fixture);
}

static void test_duplicates(void **state) {
        ClusterFixture fixture;
        _cleanup_json_ json_t *again = json_pack("{s:s, s:s}", "network", "ovirtmgmt", "mac", "56:80:00:00:00:05"),
                              *strict = json_pack("{s:b}", "allow_duplicates", 0), *standard = json_pack("{s:s}", "mac_pool", "Default");
        Object *pool, *one, *two;
        Change *change;
        char id[40];

        cluster_fixture_init(&fixture);
        one = new_vm(&fixture, "one", "56:80:00:00:00:05");
        two = created(&fixture, plan_create_vm, KIND_VM, json_pack("{s:s}", "name", "two"));
        assert_refused(plan_add_nic(&fixture.plan, two, again, change, error), RHV_ERROR_ALREADY_EXISTS);

        pool = new_pool(&fixture, "loose", "56:80:00:00:00:00-56:80:00:00:00:0f", true);
        use_pool(&fixture, pool);
        assert_refused(plan_add_nic(&fixture.plan, one, again, change, error), RHV_ERROR_ALREADY_EXISTS); /* not twice in one VM */
        change = change_new();
        assert_ok(plan_add_nic(&fixture.plan, two, again, change, NULL));
        commit_ok(&fixture, change);
        assert_int_equal(model_mac_uses(fixture.model, "56:80:00:00:00:05"), 2);
        assert_int_equal(mac_pool_free(fixture.model, pool), 15);
        assert_refused(plan_update(&fixture.plan, pool, strict, change, error), RHV_ERROR_IN_USE);
        assert_refused(plan_update(&fixture.plan, model_first(fixture.model, KIND_CLUSTER), standard, change, error), RHV_ERROR_IN_USE);

        /* the other NIC still has it when one goes */
        (void) snprintf(id, sizeof id, "%s", dict_string(two->nics->row, "id", ""));
        change = change_new();
        assert_ok(plan_remove_nic(&fixture.plan, two, id, change, NULL));
        commit_ok(&fixture, change);
        assert_int_equal(model_mac_uses(fixture.model, "56:80:00:00:00:05"), 1);
        change = change_new();
        assert_ok(plan_update(&fixture.plan, pool, strict, change, NULL));
        commit_ok(&fixture, change);
        cluster_fixture_done(&fixture);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_pools),
                cmocka_unit_test(test_exhausted),
                cmocka_unit_test(test_duplicates),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
