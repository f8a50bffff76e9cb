/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Labels: networks follow them on, off and to another device; what contradicts is refused; the plan that comes of it is an ordinary one. */

#include "view-fixture.h"

#include "bus-error.h"
#include "dict.h"
#include "labels.h"
#include "macro.h"
#include "plan.h"
#include "view.h"

/* Expands, plans, carries out. labels: changed. */
static int run(json_t *view, json_t **labels, const char *changes, const char *networks, const char *bonds, sd_bus_error *error) {
        _cleanup_json_ json_t *c = changes ? quoted(changes) : NULL, *n = quoted(networks), *b = quoted(bonds), *expanded = NULL, *after = NULL, *plan = NULL;
        int r;

        r = labels_expand(view, *labels, c, n, b, &expanded, &after, error);
        if (r >= 0)
                r = plan_make(view, expanded, b, NULL, &plan, error);
        if (r < 0)
                return r;
        host_apply(view, plan);
        json_decref(*labels);
        *labels = TAKE_PTR(after);
        assert_true(labels_is_valid(*labels));
        return r;
}

static int ok(json_t *view, json_t **labels, const char *changes, const char *networks, const char *bonds) {
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        int r = run(view, labels, changes, networks, bonds, &error);

        if (r < 0)
                fail_msg("%s %s: %s", changes ?: "-", networks ?: "-", error.message);
        return r;
}

/* "red@eth1 blue@bond0" of all networks on the host, by name. */
static void assert_placed(const json_t *view, const char *expected) {
        _cleanup_json_ json_t *wishes = view_wishes(view);
        char text[512] = "";
        size_t n = 0;
        json_t *sorted = json_object_get(wishes, "networks"), *wish;
        const char *names[32], *name;
        size_t count = 0;

        json_object_foreach(sorted, name, wish)
                names[count++] = name;
        for (size_t i = 1; i < count; i++)
                for (size_t k = i; k > 0 && strcmp(names[k - 1], names[k]) > 0; k--) {
                        name = names[k];
                        names[k] = names[k - 1];
                        names[k - 1] = name;
                }
        for (size_t i = 0; i < count; i++) {
                wish = json_object_get(sorted, names[i]);
                n += (size_t)snprintf(text + n, sizeof text - n, "%s%s@%s", i ? " " : "", names[i],
                                      dict_string(wish, "nic", dict_string(wish, "bonding", "")));
        }
        assert_string_equal(text, expected);
}

static void networks_follow_their_label(void **state) {
        _cleanup_json_ json_t *view = host_new();
        json_t *labels = labels_new();
        _cleanup_json_ json_t *waiting = NULL;

        /* known before any device has the label */
        assert_int_equal(ok(view, &labels, NULL, "{'red': {'label': 'guests', 'vlan': 5}, 'blue': {'label': 'guests', 'vlan': 6}, 'own': {'nic': 'eth1'}}", "{}"), 1);
        assert_placed(view, "own@eth1");
        waiting = labels_waiting(labels);
        assert_int_equal(json_array_size(waiting), 2);
        /* the label brings both, beside what is there */
        assert_int_equal(ok(view, &labels, "{'eth1': 'guests'}", "{}", "{}"), 1);
        assert_placed(view, "blue@eth1 own@eth1 red@eth1");
        /* another network with it is set up at once */
        assert_int_equal(ok(view, &labels, NULL, "{'green': {'label': 'guests', 'vlan': 7}, 'other': {'label': 'storage'}}", "{}"), 1);
        assert_placed(view, "blue@eth1 green@eth1 own@eth1 red@eth1");
        assert_string_equal(labels_device(labels, "guests"), "eth1");
        /* to another device: one request */
        assert_int_equal(ok(view, &labels, "{'eth1': '', 'eth2': 'guests'}", "{}", "{}"), 1);
        assert_placed(view, "blue@eth2 green@eth2 own@eth1 red@eth2");
        /* another label: old ones go, new ones come */
        assert_int_equal(ok(view, &labels, "{'eth2': 'storage'}", "{}", "{}"), 1);
        assert_placed(view, "other@eth2 own@eth1");
        /* and none */
        assert_int_equal(ok(view, &labels, "{'eth2': ''}", "{}", "{}"), 1);
        assert_placed(view, "own@eth1");
        /* the same again is nothing */
        assert_int_equal(ok(view, &labels, "{'eth2': ''}", "{}", "{}"), 0);
        json_decref(labels);
}

static void networks_change_and_go(void **state) {
        _cleanup_json_ json_t *view = host_new();
        json_t *labels = labels_new();

        ok(view, &labels, "{'eth1': 'guests'}", "{'red': {'label': 'guests', 'vlan': 5}}", "{}");
        /* its label is changed: it leaves, and waits */
        ok(view, &labels, NULL, "{'red': {'label': 'storage', 'vlan': 5}}", "{}");
        assert_placed(view, "");
        ok(view, &labels, "{'eth2': 'storage'}", "{}", "{}");
        assert_placed(view, "red@eth2");
        /* its own NIC in place of the label */
        ok(view, &labels, NULL, "{'red': {'nic': 'eth1', 'vlan': 5}}", "{}");
        assert_placed(view, "red@eth1");
        ok(view, &labels, "{'eth2': ''}", "{}", "{}");
        assert_placed(view, "red@eth1");
        /* removal, also of one that waits */
        ok(view, &labels, NULL, "{'red': {'label': 'nowhere', 'vlan': 5}}", "{}");
        assert_placed(view, "");
        assert_int_equal(ok(view, &labels, NULL, "{'red': {'remove': true}}", "{}"), 0);
        assert_int_equal(json_object_size(json_object_get(labels, "networks")), 0);
        json_decref(labels);
}

static void on_a_bond(void **state) {
        _cleanup_json_ json_t *view = host_new(), *wishes = NULL;
        json_t *labels = labels_new();
        const json_t *red;

        /* bond, label and network in one request; a role network gets an address */
        ok(view, &labels, "{'bond0': 'guests'}", "{'red': {'label': 'guests', 'roles': ['migration'], 'bridged': false}}", "{'bond0': {'nics': ['eth1', 'eth2']}}");
        assert_placed(view, "red@bond0");
        wishes = view_wishes(view);
        red = json_object_get(json_object_get(wishes, "networks"), "red");
        assert_string_equal(dict_string(json_object_get(red, "ipv4"), "method", ""), "dhcp");
        assert_string_equal(dict_string(red, "label", ""), "guests");
        /* the bond goes with its label and network */
        ok(view, &labels, "{'bond0': ''}", "{}", "{'bond0': {'remove': true}}");
        assert_placed(view, "");
        json_decref(labels);
}

static void refused(void **state) {
        static const struct {
                const char *changes, *networks, *bonds, *error;
        } cases[] = {
                { "{'eth2': 'two words'}", "{}", "{}", RHV_ERROR_INVALID_ARGUMENT },
                { "{'eth9': 'x'}", "{}", "{}", RHV_ERROR_NOT_FOUND },
                { "{'eth9': ''}", "{}", "{}", RHV_ERROR_NOT_FOUND },
                { "{'br7': 'x'}", "{}", "{}", RHV_ERROR_INVALID_ARGUMENT },
                { "{'eth2': 'guests'}", "{}", "{}", RHV_ERROR_ALREADY_EXISTS },
                { "{'eth2': 'x'}", "{}", "{'bond1': {'nics': ['eth2']}}", RHV_ERROR_IN_USE },
                { NULL, "{}", "{'bond1': {'nics': ['eth1']}}", RHV_ERROR_IN_USE },
                { NULL, "{'n': {'label': 'guests', 'nic': 'eth2'}}", "{}", RHV_ERROR_INVALID_ARGUMENT },
                { NULL, "{'n': {'label': 'two words'}}", "{}", RHV_ERROR_INVALID_ARGUMENT },
                { NULL, "{'n': {'label': 'later', 'vlan': 5000}}", "{}", RHV_ERROR_INVALID_ARGUMENT },
                { NULL, "{'../n': {'label': 'later'}}", "{}", RHV_ERROR_INVALID_ARGUMENT },
                /* two untagged on one NIC refuse the whole label */
                { "{'eth2': 'both'}", "{'a': {'label': 'both'}, 'b': {'label': 'both'}}", "{}", RHV_ERROR_INVALID_ARGUMENT },
                /* nor may it take the management NIC */
                { "{'eth0': 'later'}", "{'n': {'label': 'later'}}", "{}", RHV_ERROR_INVALID_STATE },
                /* guests over a mode that cannot carry them */
                { "{'bond0': 'x'}", "{'n': {'label': 'x'}}", "{'bond0': {'nics': ['eth2'], 'options': {'mode': '6'}}}", RHV_ERROR_INVALID_ARGUMENT },
        };
        _cleanup_json_ json_t *view = host_new(), *before = NULL, *labels_before = NULL;
        json_t *labels = labels_new();

        ok(view, &labels, "{'eth1': 'guests'}", "{'red': {'label': 'guests', 'vlan': 5}}", "{}");
        before = json_deep_copy(view);
        labels_before = json_deep_copy(labels);
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;

                if (run(view, &labels, cases[i].changes, cases[i].networks, cases[i].bonds, &error) >= 0)
                        fail_msg("not refused: %s %s %s", cases[i].changes, cases[i].networks, cases[i].bonds);
                if (!streq_ptr(error.name, cases[i].error))
                        fail_msg("%s %s %s: %s: %s", cases[i].changes, cases[i].networks, cases[i].bonds, error.name, error.message);
                assert_true(json_equal(view, before));
                assert_true(json_equal(labels, labels_before));
        }
        json_decref(labels);
}

static void files(void **state) {
        static const char *const bad[] = { "{}", "{'devices': [], 'networks': {}}", "{'devices': {'a/b': 'x'}, 'networks': {}}", "{'devices': {'eth0': 'a b'}, 'networks': {}}",
                                           "{'devices': {'eth0': 7}, 'networks': {}}", "{'devices': {}, 'networks': {'red': {}}}", "{'devices': {}, 'networks': {'../x': {'label': 'a'}}}" };

        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                _cleanup_json_ json_t *labels = quoted(bad[i]);

                assert_false(labels_is_valid(labels));
        }
        assert_false(labels_is_valid(NULL));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(networks_follow_their_label),
                cmocka_unit_test(networks_change_and_go),
                cmocka_unit_test(on_a_bond),
                cmocka_unit_test(refused),
                cmocka_unit_test(files),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
