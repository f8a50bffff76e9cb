/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What a plan would do, told: the same steps in the same order, and of what is changed the old and the new value. */

#include "view-fixture.h"

#include "dict.h"
#include "macro.h"
#include "plan-report.h"
#include "plan.h"

static json_t *report_of(json_t *view, const char *networks, const char *bonds) {
        _cleanup_json_ json_t *n = quoted(networks), *b = quoted(bonds), *plan = NULL;
        size_t i, steps = 0;
        json_t *report, *step;

        assert_true(plan_make(view, n, b, NULL, &plan, NULL) >= 0);
        report = plan_report(view, plan);
        json_array_foreach(report, i, step)
                steps += !streq(dict_string(step, "action", ""), "warning");
        assert_int_equal(steps, json_array_size(json_object_get(plan, "profiles")));
        return report;
}

static void apply(json_t *view, const char *networks, const char *bonds) {
        _cleanup_json_ json_t *n = quoted(networks), *b = quoted(bonds), *plan = NULL;

        assert_true(plan_make(view, n, b, NULL, &plan, NULL) >= 0);
        host_apply(view, plan);
}

static void assert_step(const json_t *report, size_t i, const char *device, const char *action, const char *effect, size_t changes) {
        const json_t *step = json_array_get(report, i);

        assert_string_equal(dict_string(step, "device", ""), device);
        assert_string_equal(dict_string(step, "action", ""), action);
        assert_string_equal(dict_string(step, "effect", ""), effect);
        assert_int_equal(json_array_size(json_object_get(step, "changes")), changes);
}

static void test_create(void **state) {
        _cleanup_json_ json_t *view = host_new(), *report = report_of(view, "{'red': {'nic': 'eth1', 'vlan': 7}}", "{}");

        assert_step(report, 0, "red", "create", "activate", 0);
        for (size_t i = 1; i < json_array_size(report); i++)
                assert_string_equal(dict_string(json_array_get(report, i), "action", ""), "create");
}

/* After the steps; and not where there is nothing to do. */
static void test_warnings(void **state) {
        static const char request[] = "{'red': {'nic': 'eth1', 'ipv4': {'addresses': ['10.1.0.1/24']}}}";
        _cleanup_json_ json_t *view = host_new(), *report = report_of(view, request, "{}"), *again = NULL;

        assert_int_equal(json_array_size(report), 3);
        assert_step(report, 2, "red", "warning", "none", 1);
        apply(view, request, "{}");
        again = report_of(view, request, "{}");
        assert_int_equal(json_array_size(again), 0);
}

static const json_t *change_of(const json_t *report, const char *device, const char *field) {
        const json_t *step, *change;
        size_t i, k;

        json_array_foreach(report, i, step)
                json_array_foreach(json_object_get(step, "changes"), k, change)
                        if (streq(dict_string(step, "device", ""), device) && streq(dict_string(change, "field", ""), field))
                                return change;
        fail_msg("no change of %s of %s", field, device);
        return NULL;
}

static void test_change(void **state) {
        _cleanup_json_ json_t *view = host_new(), *report = NULL;
        const json_t *mtu, *ip;

        apply(view, "{'red': {'nic': 'eth1'}}", "{}");
        report = report_of(view, "{'red': {'nic': 'eth1', 'mtu': 1400, 'ipv4': {'method': 'static', 'addresses': ['192.0.2.5/24']}}}", "{}");
        mtu = change_of(report, "red", "mtu");
        assert_string_equal(dict_string(mtu, "from", ""), "1500");
        assert_string_equal(dict_string(mtu, "to", ""), "1400");
        ip = change_of(report, "red", "ipv4");
        assert_non_null(strstr(dict_string(ip, "to", ""), "192.0.2.5/24"));
        (void) change_of(report, "eth1", "mtu");
}

static void test_nothing(void **state) {
        _cleanup_json_ json_t *view = host_new(), *report = NULL;

        apply(view, "{'red': {'nic': 'eth1'}}", "{}");
        report = report_of(view, "{'red': {'nic': 'eth1'}}", "{}");
        assert_int_equal(json_array_size(report), 0);
}

static void test_remove(void **state) {
        _cleanup_json_ json_t *view = host_new(), *report = NULL;

        apply(view, "{'red': {'nic': 'eth1'}}", "{}");
        report = report_of(view, "{'red': {'remove': true}}", "{}");
        assert_true(json_array_size(report) >= 2);
        for (size_t i = 0; i < json_array_size(report); i++)
                assert_string_equal(dict_string(json_array_get(report, i), "action", ""), "remove");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                        cmocka_unit_test(test_create),
                cmocka_unit_test(test_warnings),
                        cmocka_unit_test(test_change),
                        cmocka_unit_test(test_nothing),
                        cmocka_unit_test(test_remove),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
