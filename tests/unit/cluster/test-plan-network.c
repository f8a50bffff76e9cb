/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Networks of one host alone, in the record. */

#include "bus-error.h"
#include "cluster-fixture.h"
#include "dict.h"
#include "plan-network.h"
#include "spec.h"

static json_t *parsed(const char *text) {
        json_t *value = json_loads(text, 0, NULL);

        assert_non_null(value);
        return value;
}

static void test_refused(void **state) {
        static const struct {
                const char *description, *error;
        } cases[] = {
                { "{\"name\":\"lab\",\"subnet\":\"10.9.8.0/24\"}", RHV_ERROR_INVALID_ARGUMENT },
                { "{\"name\":\"lab\",\"mode\":\"bridge\",\"dhcp\":\"none\"}", RHV_ERROR_INVALID_ARGUMENT },
                { "{\"name\":\"lab\",\"mode\":\"nat\"}", RHV_ERROR_INVALID_ARGUMENT },
                { "{\"name\":\"lab\",\"mode\":\"nat\",\"subnet\":\"10.9.8.0/31\"}", RHV_ERROR_INVALID_ARGUMENT },
                { "{\"name\":\"lab\",\"mode\":\"nat\",\"subnet\":\"fd00::/64\"}", RHV_ERROR_INVALID_ARGUMENT },
                { "{\"name\":\"lab\",\"subnet6\":\"fd00::/64\"}", RHV_ERROR_INVALID_ARGUMENT },
                { "{\"name\":\"lab\",\"mode\":\"isolated\",\"subnet6\":\"2001:db8::/64\"}", RHV_ERROR_INVALID_ARGUMENT },
                { "{\"name\":\"lab\",\"mode\":\"isolated\",\"vlan\":5}", RHV_ERROR_INVALID_ARGUMENT },
                { "{\"name\":\"lab\",\"mode\":\"isolated\",\"mtu\":9000}", RHV_ERROR_INVALID_ARGUMENT },
                { "{\"name\":\"lab\",\"mode\":\"isolated\",\"bridged\":false}", RHV_ERROR_INVALID_ARGUMENT },
                { "{\"name\":\"lab\",\"mode\":\"isolated\",\"required\":true}", RHV_ERROR_INVALID_ARGUMENT },
                { "{\"name\":\"a-name-of-16-char\",\"mode\":\"isolated\"}", RHV_ERROR_INVALID_ARGUMENT },
                { "{\"name\":\"default\",\"mode\":\"isolated\"}", RHV_ERROR_INVALID_ARGUMENT },
        };
        ClusterFixture fixture;
        Change *change;

        cluster_fixture_init(&fixture);
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_json_ json_t *description = parsed(cases[i].description);

                assert_ok(dict_check(description, network_create_fields, "network", NULL));
                assert_refused(plan_create_network(&fixture.plan, description, change, error), cases[i].error);
        }
        cluster_fixture_done(&fixture);
}

static void refuse_update(ClusterFixture *fixture, Object *network, const char *changes, const char *want) {
        _cleanup_json_ json_t *object = parsed(changes);
        Change *change;

        assert_ok(dict_check(object, network_update_fields, "changes", NULL));
        assert_refused(plan_update(&fixture->plan, network, object, change, error), want);
}

static void test_changed(void **state) {
        ClusterFixture fixture;
        Object *blue, *lab;
        Change *change;

        cluster_fixture_init(&fixture);
        blue = created(&fixture, plan_create_network, KIND_NETWORK, parsed("{\"name\":\"blue\"}"));
        lab = created(&fixture, plan_create_network, KIND_NETWORK, parsed("{\"name\":\"lab\",\"mode\":\"nat\",\"subnet\":\"10.9.8.0/24\"}"));
        assert_false(network_is_virtual(blue));
        assert_string_equal(network_mode(blue), "bridge");
        assert_true(network_is_virtual(lab));
        assert_int_equal(lab->children, 1); /* its vNIC profile */

        refuse_update(&fixture, blue, "{\"mode\":\"nat\",\"subnet\":\"10.9.8.0/24\"}", RHV_ERROR_INVALID_ARGUMENT);
        refuse_update(&fixture, blue, "{\"subnet\":\"10.9.8.0/24\"}", RHV_ERROR_INVALID_ARGUMENT);
        refuse_update(&fixture, lab, "{\"mode\":\"bridge\"}", RHV_ERROR_INVALID_ARGUMENT);
        refuse_update(&fixture, lab, "{\"subnet\":\"\"}", RHV_ERROR_INVALID_ARGUMENT);
        refuse_update(&fixture, lab, "{\"required\":true}", RHV_ERROR_INVALID_ARGUMENT);
        refuse_update(&fixture, lab, "{\"dhcp\":\"10.9.9.2-10.9.9.9\"}", RHV_ERROR_INVALID_ARGUMENT);
        refuse_update(&fixture, lab, "{\"name\":\"a-name-of-16-char\"}", RHV_ERROR_INVALID_ARGUMENT);
        {
                _cleanup_json_ json_t *changes = parsed("{\"mode\":\"isolated\",\"dhcp\":\"none\",\"name\":\"lab2\"}");

                change = change_new();
                assert_ok(plan_update(&fixture.plan, lab, changes, change, NULL));
                commit_ok(&fixture, change);
                assert_string_equal(network_mode(lab), "isolated");
        }

        /* on a host it keeps its name, and is not forgotten */
        assert_true(object_set_fact(lab, "state", json_string("active")));
        refuse_update(&fixture, lab, "{\"name\":\"lab3\"}", RHV_ERROR_IN_USE);
        assert_refused(plan_remove(&fixture.plan, lab, change, error), RHV_ERROR_IN_USE);
        assert_true(object_set_fact(lab, "state", json_string("absent")));
        change = change_new();
        assert_ok(plan_remove(&fixture.plan, lab, change, NULL));
        commit_ok(&fixture, change);
        cluster_fixture_done(&fixture);
}

static void test_state(void **state) {
        _cleanup_json_ json_t *as_wanted = parsed("{\"State\":\"active\",\"Mode\":\"nat\",\"Subnet\":\"10.9.8.0/24\",\"Dhcp\":\"10.9.8.2-10.9.8.254\"}");
        _cleanup_json_ json_t *other = parsed("{\"State\":\"active\",\"Mode\":\"nat\",\"Subnet\":\"10.9.8.0/24\",\"Dhcp\":\"none\"}");
        _cleanup_json_ json_t *failed = parsed("{\"State\":\"failed\",\"Mode\":\"nat\",\"Subnet\":\"10.9.8.0/24\",\"Dhcp\":\"none\"}");
        ClusterFixture fixture;
        Object *lab;

        cluster_fixture_init(&fixture);
        lab = created(&fixture, plan_create_network, KIND_NETWORK, parsed("{\"name\":\"lab\",\"mode\":\"nat\",\"subnet\":\"10.9.8.0/24\"}"));
        assert_string_equal(network_virtual_state(lab, NULL), "absent");
        assert_string_equal(network_virtual_state(lab, as_wanted), "active");
        assert_string_equal(network_virtual_state(lab, other), "out-of-sync");
        assert_string_equal(network_virtual_state(lab, failed), "failed");
        assert_ok(json_object_set_new(as_wanted, "Subnet6", json_string("fd00::/64")));
        assert_string_equal(network_virtual_state(lab, as_wanted), "out-of-sync");
        cluster_fixture_done(&fixture);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_refused),
                cmocka_unit_test(test_changed),
                cmocka_unit_test(test_state),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
