/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A cluster in memory: store, model and a plan, with a data center, a cluster, a host and one attached domain. */

#include "model.h"
#include "plan.h"
#include "plan-mac.h"
#include "store-fixture.h"

#define HOST_ID "99999999-0000-4000-8000-000000000001"
#define BOOT_ID "0123456789abcdef0123456789abcdef"

typedef struct ClusterFixture {
        Store *store;
        Model *model;
        MacCursors cursors;
        Plan plan;
} ClusterFixture;

static inline _unused_ void commit_ok(ClusterFixture *fixture, Change *change) {
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        int r = store_commit(fixture->store, NULL, NULL, change, NULL, &error);

        if (r < 0)
                print_error("%s\n", error.message);
        assert_int_equal(r, 1);
        change_free(change);
}

static inline _unused_ Object *created(ClusterFixture *fixture, plan_create_t planner, ObjectKind kind,
                                       json_t *description) {
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        Change *change = change_new();
        char id[40];
        int r = planner(&fixture->plan, description, change, &error);

        if (r < 0)
                print_error("%s\n", error.message);
        assert_ok(r);
        (void) snprintf(id, sizeof id, "%s",
                        dict_string(json_object_get(json_array_get(change->rows, 0), "row"), "id", ""));
        commit_ok(fixture, change);
        json_decref(description);
        assert_non_null(model_find(fixture->model, kind, id));
        return model_find(fixture->model, kind, id);
}

static inline _unused_ void set_state(ClusterFixture *fixture, Object *object, const char *word) {
        Change *change = change_new();

        assert_ok(plan_set_state(object, word, NULL, change));
        commit_ok(fixture, change);
}

static inline _unused_ Object *disk_ok(ClusterFixture *fixture, const char *name, bool shareable) {
        Object *disk = created(fixture, plan_create_disk, KIND_DISK,
                               json_pack("{s:s, s:s, s:I, s:b}", "name", name, "storage_domain", "local", "capacity",
                                         (json_int_t)GIB, "shareable", shareable));

        set_state(fixture, disk, "ok");
        return disk;
}

static inline _unused_ void cluster_fixture_init(ClusterFixture *fixture) {
        Change *change = change_new();

        *fixture = (ClusterFixture){};
        assert_ok(store_open(NULL, &fixture->store));
        assert_ok(model_new(fixture->store, NULL, NULL, &fixture->model));
        fixture->plan = (Plan){ .model = fixture->model, .actor = actor_system,
                                .mac_cursors = &fixture->cursors, .boot_id = BOOT_ID };
        assert_ok(plan_first_start(&fixture->plan, HOST_ID, "host1", change, NULL));
        assert_ok(plan_default_mac_pool(&fixture->plan, "56:6f:01:02", change));
        commit_ok(fixture, change);
        set_state(fixture, created(fixture, plan_create_storage_domain, KIND_STORAGE_DOMAIN,
                          json_pack("{s:s, s:s, s:s}", "name", "local", "type", "local", "path", "/data")),
                  "attached");
}

static inline _unused_ void cluster_fixture_done(ClusterFixture *fixture) {
        model_free(fixture->model);
        mac_cursors_done(&fixture->cursors);
        store_close(fixture->store);
}

/* For cmocka: *state is a ClusterFixture. */
static inline _unused_ int cluster_fixture_setup(void **state) {
        ClusterFixture *f = calloc(1, sizeof *f);

        assert_non_null(f);
        cluster_fixture_init(f);
        *state = f;
        return 0;
}

static inline _unused_ int cluster_fixture_teardown(void **state) {
        cluster_fixture_done(*state);
        free(*state);
        return 0;
}

/* The plan refuses with that error; the expression uses `error` and the function's own `change`. */
#define assert_refused(expression, wanted)                                                                        \
        do {                                                                                                      \
                sd_bus_error _error = SD_BUS_ERROR_NULL, *error = &_error;                                        \
                int _r;                                                                                           \
                change = change_new();                                                                            \
                _r = (expression);                                                                                \
                if (_r >= 0 || !sd_bus_error_has_name(error, wanted))                                             \
                        print_error("%s: %d %s %s\n", #expression, _r, _error.name ?: "", _error.message ?: "");  \
                assert_true(_r < 0);                                                                              \
                assert_true(sd_bus_error_has_name(error, wanted));                                                \
                sd_bus_error_free(error);                                                                         \
                change = change_free(change);                                                                     \
        } while (0)
