/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "cluster-fixture.h"

typedef struct Seen {
        unsigned added, changed, removed, events;
        unsigned nics_when_added;
} Seen;

static void on_added(Object *object, void *userdata) {
        Seen *seen = userdata;

        seen->added++;
        seen->nics_when_added = object->nics ? 1 : 0;
}

static void on_changed(Object *object, bool links_only, void *userdata) {
        ((Seen *)userdata)->changed++;
}

static void on_removed(Object *object, void *userdata) {
        ((Seen *)userdata)->removed++;
}

static void on_event(const json_t *event, void *userdata) {
        ((Seen *)userdata)->events++;
}

static const ModelListener listener = { on_added, on_changed, on_removed, on_event };

static void test_listener(void **state) {
        _cleanup_json_ json_t *vm_description = json_pack("{s:s, s:[{s:s}]}", "name", "one", "nics", "network", "ovirtmgmt");
        ClusterFixture fixture = {};
        Seen seen = { 0 };
        Change *change = change_new();
        Object *vm;

        assert_ok(store_open(NULL, &fixture.store));
        assert_ok(model_new(fixture.store, &listener, &seen, &fixture.model));
        fixture.plan = (Plan){ .model = fixture.model, .actor = actor_system, .mac_cursors = &fixture.cursors, .boot_id = BOOT_ID };
        assert_ok(plan_first_start(&fixture.plan, HOST_ID, "host1", change, NULL));
        assert_ok(plan_default_mac_pool(&fixture.plan, "56:6f:01:02", change));
        commit_ok(&fixture, change);
        assert_int_equal(seen.added, 6); /* data center, network, its profile, cluster, host, MAC pool */
        assert_int_equal(seen.events, 2);

        seen = (Seen){ 0 };
        vm = created(&fixture, plan_create_vm, KIND_VM, json_incref(vm_description));
        assert_int_equal(seen.added, 1);
        assert_int_equal(seen.nics_when_added, 1); /* announced whole */
        assert_ptr_equal(vm->owner, &seen);
        seen = (Seen){ 0 };
        change = change_new();
        assert_ok(plan_remove(&fixture.plan, vm, change, NULL));
        commit_ok(&fixture, change);
        assert_int_equal(seen.removed, 1);
        assert_int_equal(model_count(fixture.model, KIND_VM), 0);
        cluster_fixture_done(&fixture);
}

static void test_resolve(void **state) {
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        ClusterFixture fixture;
        Object *dc, *network, *second;

        cluster_fixture_init(&fixture);
        dc = model_first(fixture.model, KIND_DATA_CENTER);
        network = model_first(fixture.model, KIND_NETWORK);
        assert_ptr_equal(model_resolve(fixture.model, KIND_NETWORK, "ovirtmgmt", NULL, NULL), network);
        assert_ptr_equal(model_resolve(fixture.model, KIND_NETWORK, network->id, dc, NULL), network);
        assert_null(model_resolve(fixture.model, KIND_VM, network->id, NULL, NULL)); /* an id of another kind */
        second = created(&fixture, plan_create_data_center, KIND_DATA_CENTER, json_pack("{s:s}", "name", "Second"));
        assert_null(model_resolve(fixture.model, KIND_NETWORK, "ovirtmgmt", NULL, &error));
        assert_true(sd_bus_error_has_name(&error, RHV_ERROR_INVALID_ARGUMENT));
        assert_ptr_equal(model_resolve(fixture.model, KIND_NETWORK, "ovirtmgmt", dc, NULL), network);
        assert_null(model_resolve(fixture.model, KIND_NETWORK, network->id, second, NULL));
        cluster_fixture_done(&fixture);
}

/* Ten thousand made and removed: nothing is left, and it stays quick. */
static void test_ten_thousand(void **state) {
        enum { N = 10000 };
        ClusterFixture fixture;

        cluster_fixture_init(&fixture);
        for (unsigned i = 0; i < N; i += 100) {
                Change *change = change_new();

                for (unsigned k = i; k < i + 100; k++) {
                        char name[16];
                        _cleanup_json_ json_t *description = NULL;

                        (void) snprintf(name, sizeof name, "vm%u", k);
                        description = json_pack("{s:s}", "name", name);
                        assert_ok(plan_create_vm(&fixture.plan, description, change, NULL));
                }
                commit_ok(&fixture, change);
        }
        assert_int_equal(model_count(fixture.model, KIND_VM), N);
        while (model_first(fixture.model, KIND_VM)) {
                Object *vm = model_first(fixture.model, KIND_VM);
                Change *change = change_new();

                for (unsigned i = 0; vm && i < 10; i++, vm = vm->next)
                        assert_ok(plan_remove(&fixture.plan, vm, change, NULL));
                commit_ok(&fixture, change);
        }
        assert_int_equal(model_count(fixture.model, KIND_VM), 0);
        assert_int_equal(count_rows(fixture.store, "vm"), 0);
        assert_int_equal(count_rows(fixture.store, "vm_run"), 0);
        assert_int_equal(count_rows(fixture.store, "event"), STORE_EVENTS_MAX);
        cluster_fixture_done(&fixture);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_listener),
                cmocka_unit_test(test_resolve),
                cmocka_unit_test(test_ten_thousand),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
