/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "cluster-fixture.h"
#include "domain-life.h"
#include "plan-host.h"
#include "steps.h"

typedef struct Fixture {
        ClusterFixture cluster;
        Object *local, *shared;
} Fixture;

static int setup(void **state) {
        Fixture *f = calloc(1, sizeof *f);

        assert_non_null(f);
        cluster_fixture_init(&f->cluster);
        f->local = model_first(f->cluster.model, KIND_STORAGE_DOMAIN);
        f->shared = created(&f->cluster, plan_create_storage_domain, KIND_STORAGE_DOMAIN, json_pack("{s:s, s:s, s:s}", "name", "nfs", "type", "nfs", "remote", "nas:/vm"));
        set_state(&f->cluster, f->shared, "attached");
        *state = f;
        return 0;
}

static int teardown(void **state) {
        Fixture *f = *state;

        cluster_fixture_done(&f->cluster);
        free(f);
        return 0;
}

static void facts(Object *domain, const char *state, const char *lockspace, const char *lease, int version) {
        (void) object_set_fact(domain, "state", json_string(state));
        (void) object_set_fact(domain, "lockspace_state", json_string(lockspace));
        (void) object_set_fact(domain, "lease_state", json_string(lease));
        (void) object_set_fact(domain, "lease_version", json_integer(version));
}

/* "Join 7 AcquireLease": the methods, with what they take. */
static void assert_steps(json_t *steps, const char *wanted) {
        char text[512] = "";
        const json_t *step;
        size_t i;

        assert_non_null(steps);
        json_array_foreach(steps, i, step) {
                size_t n = strlen(text);

                (void) snprintf(text + n, sizeof text - n, "%s%s", i > 0 ? " " : "", dict_string(step, "method", "?"));
                n = strlen(text);
                if (json_object_get(step, "host_id"))
                        (void) snprintf(text + n, sizeof text - n, " %d", (int)dict_integer(step, "host_id", 0));
                if (json_object_get(step, "lease"))
                        (void) snprintf(text + n, sizeof text - n, " %s", dict_string(step, "lease", ""));
        }
        assert_string_equal(text, wanted);
        json_decref(steps);
}

static void test_state(void **state) {
        static const struct {
                const char *opened, *lockspace, *wanted;
        } cases[] = {
                { "opening", "", "opening" },      { "failed", "held", "failed" },        { "failed", "lost", "failed" },
                { "active", "", "joining" },       { "active", "none", "joining" },       { "active", "joining", "joining" },
                { "active", "held", "active" },    { "active", "lost", "lockspace-lost" }, { "active", "leaving", "leaving" },
        };
        Fixture *f = *state;

        assert_string_equal(storage_domain_state(f->shared), "unknown");
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                facts(f->shared, cases[i].opened, cases[i].lockspace, "none", 0);
                assert_string_equal(storage_domain_state(f->shared), cases[i].wanted);
                assert_int_equal(storage_domain_is_active(f->shared), streq(cases[i].wanted, "active"));
        }
        /* one that nobody shares has no lockspace */
        (void) object_set_fact(f->local, "state", json_string("active"));
        assert_true(storage_domain_is_active(f->local));
        set_state(&f->cluster, f->local, "removing");
        assert_string_equal(storage_domain_state(f->local), "removing");
        assert_false(storage_domain_is_active(f->local));
}

static void test_reason(void **state) {
        Fixture *f = *state;

        facts(f->shared, "active", "none", "none", 0);
        (void) object_set_fact(f->shared, "life_error", json_string("another host has the id"));
        assert_string_equal(storage_domain_reason(f->shared), "another host has the id");
        (void) object_set_fact(f->shared, "lockspace_reason", json_string("no renewal"));
        assert_string_equal(storage_domain_reason(f->shared), "no renewal");
        facts(f->shared, "active", "held", "none", 0);
        assert_string_equal(storage_domain_reason(f->shared), "another host has the id");
        facts(f->shared, "active", "held", "held", 3);
        assert_string_equal(storage_domain_reason(f->shared), "");
        (void) object_set_fact(f->shared, "state_reason", json_string("no answer"));
        assert_string_equal(storage_domain_reason(f->shared), "no answer");
}

static void test_check_lease(void **state) {
        Fixture *f = *state;
        Change *change;

        assert_ok(storage_domain_check_lease(f->local, NULL));
        assert_refused(storage_domain_check_lease(f->shared, error), RHV_ERROR_BACKEND_UNAVAILABLE);
        facts(f->shared, "active", "joining", "none", 0);
        assert_refused(storage_domain_check_lease(f->shared, error), RHV_ERROR_BACKEND_UNAVAILABLE);
        facts(f->shared, "active", "held", "acquiring", 0);
        assert_refused(storage_domain_check_lease(f->shared, error), RHV_ERROR_INVALID_STATE);
        facts(f->shared, "active", "held", "releasing", 3);
        assert_refused(storage_domain_check_lease(f->shared, error), RHV_ERROR_INVALID_STATE);
        facts(f->shared, "active", "held", "held", 3);
        assert_ok(storage_domain_check_lease(f->shared, NULL));
        assert_int_equal(storage_domain_lease(f->shared), 3);
        /* what has to go before it is closed goes under the lease */
        set_state(&f->cluster, f->shared, "removing");
        assert_ok(storage_domain_check_lease(f->shared, NULL));
        set_state(&f->cluster, f->shared, "attached");
        facts(f->shared, "active", "lost", "held", 3);
        assert_refused(storage_domain_check_lease(f->shared, error), RHV_ERROR_BACKEND_UNAVAILABLE);
}

static void test_life_steps(void **state) {
        static const struct {
                const char *opened, *lockspace, *lease, *wanted;
        } cases[] = {
                { "opening", "", "", "" },
                { "failed", "none", "none", "" },
                { "active", "", "", "Join 7 AcquireLease" },
                { "active", "none", "none", "Join 7 AcquireLease" },
                { "active", "joining", "none", "" },
                { "active", "leaving", "none", "" },
                { "active", "lost", "none", "" },
                { "active", "held", "none", "AcquireLease" },
                { "active", "held", "acquiring", "" },
                { "active", "held", "releasing", "" },
                { "active", "held", "held", "" },
        };
        Fixture *f = *state;

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                facts(f->shared, cases[i].opened, cases[i].lockspace, cases[i].lease, 0);
                assert_steps(domain_life_steps(f->shared, 7), cases[i].wanted);
        }
        facts(f->local, "active", "none", "none", 0);
        assert_steps(domain_life_steps(f->local, 7), "");
        facts(f->shared, "active", "none", "none", 0);
        set_state(&f->cluster, f->shared, "removing");
        assert_steps(domain_life_steps(f->shared, 7), "");
}

/* ISO and export domains have no leases, whatever they are on. */
static void test_classes(void **state) {
        Fixture *f = *state;
        Object *isos = created(&f->cluster, plan_create_storage_domain, KIND_STORAGE_DOMAIN,
                               json_pack("{s:s, s:s, s:s, s:s}", "name", "isos", "type", "nfs", "remote", "nas:/isos", "class", "Iso"));

        set_state(&f->cluster, isos, "attached");
        facts(isos, "active", "", "", 0);
        assert_true(storage_domain_is_active(isos));
        assert_steps(domain_life_steps(isos, 1), "");
        assert_steps(domain_leave_steps(isos, NULL), "Close");
}

static void test_leave_steps(void **state) {
        Fixture *f = *state;
        _cleanup_json_ json_t *leases = json_pack("{s:b}", "vm1", 1);

        facts(f->shared, "active", "held", "held", 3);
        assert_steps(domain_leave_steps(f->shared, leases), "DeleteLease vm1 ReleaseLease Leave Close");
        facts(f->shared, "failed", "lost", "none", 0);
        assert_steps(domain_leave_steps(f->shared, leases), "ReleaseLease Leave Close");
}

static void owners(Object *domain, const char *a, const char *b) {
        (void) object_set_fact(domain, "data_centers", a ? json_pack("[s, s*]", a, b) : json_array());
}

/* The data center is written on it last, and taken off first; somebody else's is not asked for. */
static void test_owner(void **state) {
        Fixture *f = *state;
        const char *ours = f->local->parent->id, *theirs = "99999999-0000-4000-8000-00000000000f";
        _cleanup_json_ json_t *nobody = json_array(), *mine = json_pack("[s]", ours), *other = json_pack("[s]", theirs), *steps = NULL;
        Change *change = change_new();

        facts(f->local, "active", "", "", 0);
        owners(f->local, NULL, NULL);
        assert_steps(domain_life_steps(f->local, 7), "Attach");
        assert_steps(domain_leave_steps(f->local, NULL), "Close");
        owners(f->local, theirs, NULL);
        assert_steps(domain_life_steps(f->local, 7), "Attach");
        assert_steps(domain_leave_steps(f->local, NULL), "Close");
        (void) object_set_fact(f->local, "life_error", json_string("it is theirs"));
        assert_string_equal(storage_domain_reason(f->local), "it is theirs");
        owners(f->local, theirs, ours);
        assert_string_equal(storage_domain_reason(f->local), "");
        assert_steps(domain_life_steps(f->local, 7), "");
        assert_steps(domain_leave_steps(f->local, NULL), "Detach Close");
        facts(f->local, "failed", "", "", 0);
        assert_steps(domain_leave_steps(f->local, NULL), "Close");

        facts(f->shared, "active", "none", "none", 0);
        owners(f->shared, NULL, NULL);
        assert_steps(domain_life_steps(f->shared, 7), "Join 7 AcquireLease Attach");
        facts(f->shared, "active", "held", "acquiring", 0);
        assert_steps(domain_life_steps(f->shared, 7), "");
        facts(f->shared, "active", "held", "held", 3);
        assert_ok(plan_set_spec(f->shared, "take_over", json_true(), change));
        commit_ok(&f->cluster, change);
        steps = domain_life_steps(f->shared, 7);
        assert_true(dict_boolean(json_object_get(json_array_get(steps, 0), "options"), "take_over", false));
        assert_string_equal(dict_string(json_array_get(steps, 0), "data_center", ""), ours);
        change = change_new();
        assert_ok(plan_unset_spec(f->shared, "take_over", change));
        commit_ok(&f->cluster, change);
        assert_null(json_object_get(f->shared->spec, "take_over"));
        owners(f->shared, ours, NULL);
        assert_steps(domain_life_steps(f->shared, 7), "");
        assert_steps(domain_leave_steps(f->shared, NULL), "Detach ReleaseLease Leave Close");

        assert_int_equal(storage_domain_check_owner(nobody, ours, "Data", false, NULL), 0);
        assert_int_equal(storage_domain_check_owner(mine, ours, "Data", false, NULL), 0);
        assert_int_equal(storage_domain_check_owner(other, ours, "Iso", false, NULL), 0);
        assert_int_equal(storage_domain_check_owner(other, ours, "Data", true, NULL), 1);
        /* there is nothing to take over, now or later */
        assert_int_equal(storage_domain_check_owner(nobody, ours, "Data", true, NULL), 0);
        assert_int_equal(storage_domain_check_owner(mine, ours, "Data", true, NULL), 0);
        assert_int_equal(storage_domain_check_owner(other, ours, "Iso", true, NULL), 0);
        assert_refused(storage_domain_check_owner(other, ours, "Data", false, error), RHV_ERROR_IN_USE);
        assert_refused(storage_domain_check_owner(other, ours, "Backup", false, error), RHV_ERROR_IN_USE);
}

static json_t *step(const char *method, const char *domain, const char *target) {
        return json_pack("{s:s, s:s, s:{s:s*}}", "method", method, "domain", domain, "target", "domain", target);
}

static void assert_structural(json_t *taken, const char *wanted) {
        const char *domain = storage_step_structural(taken);

        if (wanted)
                assert_string_equal(domain, wanted);
        else
                assert_null(domain);
        json_decref(taken);
}

static void test_structural(void **state) {
        static const char *const needing[] = { "CreateVolume", "DeleteVolume", "DeleteImage", "ExtendVolume", "MergeVolume", "ReduceVolume", "CreateLease", "DeleteLease", "WriteOvfStore", "Attach", "Detach" },
                          *const free_ones[] = { "Upload", "Download", "SparsifyVolume", "MeasureVolume", "WriteDefinition", "DeleteDefinition", "Join", "Leave", "AcquireLease",
                                                 "ReleaseLease", "Close" };

        for (size_t i = 0; i < ELEMENTSOF(needing); i++)
                assert_structural(step(needing[i], "a", NULL), "a");
        for (size_t i = 0; i < ELEMENTSOF(free_ones); i++)
                assert_structural(step(free_ones[i], "a", NULL), NULL);
        assert_structural(step("CopyVolume", "a", NULL), "a");
        assert_structural(step("CopyVolume", "a", "b"), "b");
}

/* What a leaving that was cut off finds gone is as good as done; else a reason is one. */
static void test_done_already(void **state) {
        static const struct {
                const char *method, *error;
                bool done;
        } cases[] = {
                { "ReleaseLease", RHV_ERROR_INVALID_STATE, true }, { "Leave", RHV_ERROR_INVALID_STATE, true }, { "Leave", RHV_ERROR_IN_USE, false },
                { "Close", RHV_ERROR_NOT_FOUND, true },            { "Close", RHV_ERROR_IN_USE, false },       { "DeleteLease", RHV_ERROR_NOT_FOUND, true },
                { "DeleteLease", RHV_ERROR_IN_USE, false },        { "Join", RHV_ERROR_IN_USE, false },        { "AcquireLease", RHV_ERROR_IN_USE, false },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                const sd_bus_error error = SD_BUS_ERROR_MAKE_CONST(cases[i].error, "x");
                _cleanup_json_ json_t *taken = json_pack("{s:s}", "method", cases[i].method);

                assert_int_equal(steps_is_done_already(taken, &error), cases[i].done);
        }
}

static void test_open_place(void **state) {
        Fixture *f = *state;
        _cleanup_json_ json_t *place = NULL, *devices = NULL, *wanted = json_pack("{s:[s, s]}", "devices", "/dev/a", "/dev/b");
        Object *block = created(&f->cluster, plan_create_storage_domain, KIND_STORAGE_DOMAIN, json_pack("{s:s, s:s, s:[s]}", "name", "lun", "type", "fcp", "devices", "/dev/a"));

        (void) object_set_fact(f->shared, "path", json_string("/rhev/data-center/mnt/nas:_vm"));
        place = domain_open_place(f->shared);
        assert_string_equal(dict_string(place, "path", ""), "/rhev/data-center/mnt/nas:_vm");
        (void) object_set_fact(block, "path", json_string("/dev/a,/dev/b"));
        devices = domain_open_place(block);
        assert_true(json_equal(devices, wanted));
}

static void moved(Object *domain, const char *path, const char *wanted) {
        _cleanup_json_ json_t *devices = NULL, *kept = json_loads(wanted ?: "null", JSON_DECODE_ANY, NULL);

        (void) object_set_fact(domain, "path", json_string(path));
        devices = domain_devices_moved(domain);
        if (wanted)
                assert_true(json_equal(devices, kept));
        else
                assert_null(devices);
}

static void test_devices_moved(void **state) {
        Fixture *f = *state;
        Object *block = created(&f->cluster, plan_create_storage_domain, KIND_STORAGE_DOMAIN,
                                json_pack("{s:s, s:s, s:[s, s]}", "name", "lun", "type", "fcp", "devices", "/dev/a", "/dev/b"));

        moved(block, "/dev/a,/dev/c", NULL); /* it is being made */
        set_state(&f->cluster, block, "attached");
        (void) object_set_fact(block, "state", json_string("active"));
        moved(block, "", NULL);
        moved(block, "/dev/a,/dev/b", NULL);
        moved(block, "/dev/b,/dev/a", NULL);
        moved(block, "/dev/a,/dev/b,/dev/c", "[\"/dev/a\", \"/dev/b\", \"/dev/c\"]");
        moved(block, "/dev/x", "[\"/dev/x\"]");
        (void) object_set_fact(block, "state", json_string("failed"));
        moved(block, "/dev/x", NULL);
        facts(f->shared, "active", "held", "held", 1);
        moved(f->shared, "/rhev/x", NULL);
}

static void test_pause(void **state) {
        assert_int_equal(domain_life_pause_usec(1), 5 * USEC_PER_SEC);
        assert_int_equal(domain_life_pause_usec(2), 10 * USEC_PER_SEC);
        assert_int_equal(domain_life_pause_usec(100), 60 * USEC_PER_SEC);
}

static void test_host_id(void **state) {
        Fixture *f = *state;
        Object *host = model_first(f->cluster.model, KIND_HOST), *second;
        Change *change = change_new();
        _cleanup_json_ json_t *taken = json_pack("{s:i}", "host_id", 1), *third = json_pack("{s:i}", "host_id", 3);

        assert_int_equal(host_lockspace_id(host), 1);
        assert_int_equal(plan_free_lockspace_id(f->cluster.model, host->parent->parent, NULL), 2);
        assert_ok(plan_first_start(&f->cluster.plan, "99999999-0000-4000-8000-000000000002", "host2", change, NULL));
        commit_ok(&f->cluster, change);
        second = model_find(f->cluster.model, KIND_HOST, "99999999-0000-4000-8000-000000000002");
        assert_int_equal(host_lockspace_id(second), 2);
        assert_refused(plan_update(&f->cluster.plan, second, taken, change, error), RHV_ERROR_ALREADY_EXISTS);
        /* the shared domain is attached */
        assert_refused(plan_update(&f->cluster.plan, second, third, change, error), RHV_ERROR_IN_USE);
        change = change_new();
        assert_ok(plan_forget_domain(f->cluster.model, f->shared, change));
        commit_ok(&f->cluster, change);
        change = change_new();
        assert_ok(plan_update(&f->cluster.plan, second, third, change, NULL));
        commit_ok(&f->cluster, change);
        assert_int_equal(host_lockspace_id(second), 3);
        assert_int_equal(plan_free_lockspace_id(f->cluster.model, host->parent->parent, NULL), 2);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(test_state), TEST(test_reason), TEST(test_check_lease), TEST(test_life_steps), TEST(test_classes), TEST(test_leave_steps), TEST(test_owner),
                TEST(test_open_place), TEST(test_devices_moved), TEST(test_host_id), cmocka_unit_test(test_structural), cmocka_unit_test(test_done_already), cmocka_unit_test(test_pause),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
