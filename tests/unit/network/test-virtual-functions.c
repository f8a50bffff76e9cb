/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* How many virtual functions a NIC has: what is asked for, planned, refused and verified; and which are free. */

#include "view-fixture.h"

#include "bus-error.h"
#include "dict.h"
#include "objects.h"
#include "plan.h"
#include "verify.h"
#include "view.h"
#include "virtual-functions.h"

/* eth1 can have seven and has as many as are given here; the first is eth5, and so on. eth9 is one of another card. */
static json_t *host_with(unsigned count) {
        json_t *view = host_new(), *devices = json_object_get(view, "devices"), *list = json_array(), *links;

        json_object_set_new(json_object_get(devices, "eth1"), "sriov", json_true());
        json_object_set_new(json_object_get(devices, "eth0"), "sriov", json_true());
        for (unsigned i = 0; i < count; i++) {
                char pci[16], name[8];

                snprintf(pci, sizeof pci, "0000:03:10.%u", 2 * i);
                snprintf(name, sizeof name, "eth%u", 5 + i);
                json_array_append_new(list, json_pack("{s:s, s:s, s:s}", "pci", pci, "driver", "igbvf", "device", name));
                json_object_set_new(devices, name, json_pack("{s:s, s:b, s:b, s:s, s:[], s:[]}", "kind", "nic", "carrier", 1, "managed", 1, "state", "disconnected", "addresses",
                                                             "addresses6"));
        }
        links = json_pack("{s:{s:i, s:i, s:o}, s:{s:i, s:i}, s:{s:s}, s:{}}", "eth1", "vfs_total", 7, "vfs", (int)count, "functions", list, "eth0", "vfs_total", 2, "vfs", 0, "eth9",
                          "vf_of", "eth8", "eth2");
        json_object_set_new(devices, "eth9", json_pack("{s:s, s:b, s:s, s:b}", "kind", "nic", "managed", 1, "state", "disconnected", "sriov", 0));
        json_object_set_new(view, "links", links);
        return view;
}

static json_t *facts_of(json_t *view, unsigned function) {
        return json_array_get(json_object_get(json_object_get(json_object_get(view, "links"), "eth1"), "functions"), function);
}

static int plan_text(const json_t *view, const char *networks, const char *counts, json_t **ret, sd_bus_error *error) {
        _cleanup_json_ json_t *n = quoted(networks), *b = json_object(), *o = json_pack("{s:o}", "vfs", quoted(counts));

        return plan_make(view, n, b, o, ret, error);
}

static json_t *apply(json_t *view, const char *networks, const char *counts) {
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        json_t *plan = NULL;

        if (plan_text(view, networks, counts, &plan, &error) < 0)
                fail_msg("%s %s: %s", networks, counts, error.message);
        host_apply(view, plan);
        return plan;
}

static void refused(json_t *view, const char *networks, const char *counts, const char *name) {
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_json_ json_t *plan = NULL, *before = json_deep_copy(view);

        if (plan_text(view, networks, counts, &plan, &error) >= 0)
                fail_msg("%s %s: accepted", networks, counts);
        if (!sd_bus_error_has_name(&error, name))
                fail_msg("%s %s: %s: %s", networks, counts, error.name, error.message);
        assert_true(json_equal(view, before));
}

static void a_free_nic(void **state) {
        _cleanup_json_ json_t *view = host_with(0), *plan = apply(view, "{}", "{'eth1': 4}"), *again = NULL, *none = NULL, *gone = NULL, *nics = NULL;
        const json_t *step = entry_for(plan, "eth1"), *functions = json_array_get(json_object_get(plan, "functions"), 0);

        assert_string_equal(dict_string(step, "how", ""), "activate");
        assert_int_equal(dict_integer(json_object_get(step, "spec"), "vfs", 0), 4);
        assert_string_equal(dict_string(json_object_get(json_object_get(step, "spec"), "ipv4"), "method", ""), "none");
        assert_int_equal(json_array_size(json_object_get(plan, "profiles")), 1);
        assert_string_equal(dict_string(functions, "nic", ""), "eth1");
        assert_int_equal(dict_integer(functions, "vfs", 0), 4);

        nics = objects_nics(view, NULL, NULL);
        assert_int_equal(dict_integer(json_object_get(nics, "eth1"), "VfsWanted", 0), 4);
        /* as it is now */
        json_object_set_new(json_object_get(json_object_get(view, "links"), "eth1"), "vfs", json_integer(4));
        assert_int_equal(plan_text(view, "{}", "{'eth1': 4}", &again, NULL), 0);
        assert_int_equal(json_array_size(json_object_get(again, "profiles")), 0);
        /* none any more: the NIC goes back to what others have for it */
        none = apply(view, "{}", "{'eth1': 0}");
        assert_string_equal(dict_string(entry_for(none, "eth1"), "how", ""), "delete");
        assert_int_equal(dict_integer(json_array_get(json_object_get(none, "functions"), 0), "vfs", 1), 0);
        assert_int_equal(plan_text(view, "{}", "{'eth1': 0}", &gone, NULL), 0);
}

static void below_a_network(void **state) {
        _cleanup_json_ json_t *view = host_with(0), *made = apply(view, "{'red': {'nic': 'eth1', 'vlan': 100}}", "{}"), *more = NULL, *without = NULL, *none = NULL;
        const json_t *step;

        more = apply(view, "{}", "{'eth1': 2}");
        assert_int_equal(json_array_size(json_object_get(more, "profiles")), 1);
        step = entry_for(more, "eth1");
        assert_string_equal(dict_string(step, "how", ""), "activate");
        assert_int_equal(dict_integer(json_object_get(step, "spec"), "vfs", 0), 2);
        json_object_set_new(json_object_get(json_object_get(view, "links"), "eth1"), "vfs", json_integer(2));
        /* the network goes, the functions stay; and the other way round */
        without = apply(view, "{'red': {'remove': true}}", "{}");
        assert_string_not_equal(dict_string(entry_for(without, "eth1"), "how", ""), "activate");
        assert_string_equal(dict_string(entry_for(without, "eth1.100"), "how", ""), "delete");
        json_decref(made);
        made = apply(view, "{'red': {'nic': 'eth1', 'vlan': 100}}", "{}");
        assert_string_not_equal(dict_string(entry_for(made, "eth1"), "how", ""), "activate");
        none = apply(view, "{}", "{'eth1': 0}");
        assert_string_equal(dict_string(entry_for(none, "eth1"), "how", ""), "activate");
        assert_null(json_object_get(json_object_get(entry_for(none, "eth1"), "spec"), "vfs"));
}

static void management(void **state) {
        _cleanup_json_ json_t *view = host_with(0), *made = NULL, *plan = NULL;
        const json_t *expect;

        /* its profile of others has the address */
        refused(view, "{}", "{'eth0': 1}", RHV_ERROR_INVALID_STATE);
        made = apply(view, "{'ovirtmgmt': {'management': true}}", "{'eth0': 1}");
        assert_int_equal(dict_integer(json_object_get(entry_for(made, "eth0"), "spec"), "vfs", 0), 1);
        plan = apply(view, "{}", "{'eth0': 2}");
        /* whatever is changed, the management network is verified */
        expect = json_array_get(json_object_get(plan, "expect"), 0);
        assert_string_equal(dict_string(expect, "network", ""), "ovirtmgmt");
        assert_string_equal(dict_string(expect, "uplink", ""), "eth0");
}

static void what_is_wrong(void **state) {
        _cleanup_json_ json_t *view = host_with(0), *links_gone = host_with(0);

        refused(view, "{}", "{'eth1': 8}", RHV_ERROR_LIMIT_EXCEEDED);
        refused(view, "{}", "{'eth2': 1}", RHV_ERROR_NOT_SUPPORTED);
        refused(view, "{}", "{'eth9': 1}", RHV_ERROR_INVALID_ARGUMENT);
        refused(view, "{}", "{'eth77': 1}", RHV_ERROR_NOT_FOUND);
        refused(view, "{}", "{'eth77': 0}", RHV_ERROR_NOT_FOUND);
        refused(view, "{}", "{'no/name': 1}", RHV_ERROR_INVALID_ARGUMENT);
        json_object_set_new(json_object_get(json_object_get(view, "devices"), "eth1"), "managed", json_false());
        refused(view, "{}", "{'eth1': 1}", RHV_ERROR_INVALID_STATE);
        json_object_set_new(json_object_get(json_object_get(view, "devices"), "eth1"), "sriov", json_false());
        refused(view, "{}", "{'eth1': 1}", RHV_ERROR_NOT_SUPPORTED);
        json_object_del(links_gone, "links");
        refused(links_gone, "{}", "{'eth1': 1}", RHV_ERROR_NOT_SUPPORTED);
}

/* Who has one of them keeps it, whatever would take it away. */
static void used(void **state) {
        static const struct {
                const char *key, *value;
        } uses[] = {
                { "master", "'br9'" },
                { "addresses", "['10.9.0.1/24']" },
                { "addresses6", "['2001:db8::9/64']" },
        };
        for (size_t i = 0; i < ELEMENTSOF(uses); i++) {
                _cleanup_json_ json_t *view = host_with(3), *value = NULL, *of_link_alone = json_pack("[s]", "fe80::1/64"), *plan = NULL;
                char text[64];

                snprintf(text, sizeof text, "[%s]", uses[i].value);
                value = quoted(text);
                json_object_set(json_object_get(json_object_get(view, "devices"), "eth6"), uses[i].key, json_array_get(value, 0));
                refused(view, "{}", "{'eth1': 5}", RHV_ERROR_IN_USE);
                json_object_set_new(json_object_get(json_object_get(view, "devices"), "eth6"), "master", json_string(""));
                json_object_set(json_object_get(json_object_get(view, "devices"), "eth6"), "addresses", of_link_alone);
                json_object_set(json_object_get(json_object_get(view, "devices"), "eth6"), "addresses6", of_link_alone);
                assert_int_equal(plan_text(view, "{}", "{'eth1': 5}", &plan, NULL), 1);
        }
}

static void used_by_a_guest(void **state) {
        _cleanup_json_ json_t *view = host_with(0), *made = apply(view, "{'red': {'nic': 'eth1'}}", "{'eth1': 3}"), *with = host_with(3), *now = NULL;

        json_object_set(view, "links", json_object_get(with, "links"));
        json_object_set_new(json_object_get(json_object_get(view, "links"), "eth1"), "master", json_string("red"));
        json_object_set_new(facts_of(view, 1), "driver", json_string("vfio-pci"));
        json_object_del(facts_of(view, 1), "device");
        refused(view, "{}", "{'eth1': 0}", RHV_ERROR_IN_USE);
        /* the NIC would come up anew as a port of a bond or of another bridge, and NetworkManager would make its functions anew */
        refused(view, "{'blue': {'nic': 'eth1'}, 'red': {'remove': true}}", "{}", RHV_ERROR_IN_USE);
        /* what leaves the NIC as it is may be done */
        now = apply(view, "{'green': {'nic': 'eth1', 'vlan': 7}}", "{}");
        assert_null(entry_for(now, "eth1"));
}

static void used_by_a_network(void **state) {
        _cleanup_json_ json_t *view = host_with(3), *made = NULL, *networks = NULL;
        _cleanup_json_ json_t *on_function = apply(view, "{'red': {'nic': 'eth6', 'bridged': false}, 'blue': {'nic': 'eth1', 'vlan': 5}}", "{}"), *free_ones = NULL;

        refused(view, "{}", "{'eth1': 1}", RHV_ERROR_IN_USE);
        refused(view, "{'red': {'remove': true}}", "{'eth1': 1}", RHV_ERROR_IN_USE);
        json_object_set_new(facts_of(view, 2), "driver", json_string("vfio-pci"));
        networks = objects_networks(view, NULL);
        free_ones = quoted("['0000:03:10.0']");
        assert_true(json_equal(json_object_get(json_object_get(networks, "blue"), "FreeVfs"), free_ones));
        assert_int_equal(json_array_size(json_object_get(json_object_get(networks, "red"), "FreeVfs")), 0);
        json_object_del(facts_of(view, 0), "driver"); /* bound to nothing */
        json_object_del(facts_of(view, 0), "device");
        json_decref(networks);
        networks = objects_networks(view, NULL);
        assert_true(json_equal(json_object_get(json_object_get(networks, "blue"), "FreeVfs"), free_ones));
}

static void verified(void **state) {
        _cleanup_json_ json_t *view = host_with(3), *functions = quoted("[{'nic': 'eth1', 'vfs': 4}]"), *none = quoted("[{'nic': 'eth1', 'vfs': 0}]");
        json_t *device = json_object_get(json_object_get(view, "devices"), "eth1");
        char *reason = NULL;

        assert_int_equal(verify_functions(functions, view, &reason), 0);
        assert_string_equal(reason, "eth1 is not active (disconnected)");
        free(reason);
        json_object_set_new(device, "state", json_string("activated"));
        assert_int_equal(verify_functions(functions, view, &reason), 0);
        assert_string_equal(reason, "eth1 has 3 virtual functions in place of 4");
        free(reason);
        assert_int_equal(verify_functions(none, view, &reason), 0);
        free(reason);
        json_object_set_new(json_object_get(json_object_get(view, "links"), "eth1"), "vfs", json_integer(4));
        assert_int_equal(verify_functions(functions, view, &reason), 1);
        json_object_set_new(device, "state", json_string("disconnected"));
        json_object_set_new(json_object_get(json_object_get(view, "links"), "eth1"), "vfs", json_integer(0));
        assert_int_equal(verify_functions(none, view, &reason), 1);
}

/* Somebody else changed their number; a note that was damaged is none. */
static void put_right(void **state) {
        _cleanup_json_ json_t *view = host_with(0), *made = apply(view, "{}", "{'eth1': 4}"), *names = quoted("['eth1']"), *plan = NULL, *wishes = NULL;
        json_t *links = json_object_get(view, "links");
        const char *uuid;
        json_t *profile;

        json_object_set_new(json_object_get(links, "eth1"), "vfs", json_integer(2));
        assert_int_equal(plan_sync(view, names, &plan, NULL), 1);
        assert_string_equal(dict_string(entry_for(plan, "eth1"), "how", ""), "activate");
        json_object_foreach(json_object_get(view, "profiles"), uuid, profile)
                if (dict_boolean(profile, "ours", false))
                        json_object_set_new(json_object_get(json_object_get(profile, "spec"), "nic"), "vfs", json_string("many"));
        wishes = view_wishes(view);
        assert_int_equal(json_object_size(json_object_get(wishes, "nics")), 0);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_free_nic),
                cmocka_unit_test(below_a_network),
                cmocka_unit_test(management),
                cmocka_unit_test(what_is_wrong),
                cmocka_unit_test(used),
                cmocka_unit_test(used_by_a_guest),
                cmocka_unit_test(used_by_a_network),
                cmocka_unit_test(verified),
                cmocka_unit_test(put_right),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
