/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "fixture.h"

#include <stdio.h>
#include <utlist.h>

#include "bus-error.h"
#include "cluster-fixture.h"
#include "description.h"
#include "dict.h"
#include "nic-options.h"
#include "plan-vnic.h"
#include "spec.h"

static Object *new_profile(ClusterFixture *fixture, const char *name, const char *network, json_t *more) {
        json_t *description = json_pack("{s:s, s:s}", "name", name, "network", network);

        if (more)
                assert_int_equal(json_object_update(description, more), 0);
        json_decref(more);
        assert_ok(dict_check(description, vnic_profile_create_fields, "profile", NULL));
        return created(fixture, plan_create_vnic_profile, KIND_VNIC_PROFILE, description);
}

static void update_ok(ClusterFixture *fixture, Object *object, json_t *changes) {
        Change *change = change_new();

        assert_ok(plan_update(&fixture->plan, object, changes, change, NULL));
        commit_ok(fixture, change);
        json_decref(changes);
}

static void remove_ok(ClusterFixture *fixture, Object *object) {
        Change *change = change_new();

        assert_ok(plan_remove(&fixture->plan, object, change, NULL));
        commit_ok(fixture, change);
}

/* The first NIC as Compute is told it. */
static json_t *nic_of(const Model *model, const Object *vm, const json_t *filters) {
        _cleanup_json_ json_t *description = vm_description(model, vm, NULL, filters);

        assert_non_null(description);
        return json_incref(json_array_get(json_object_get(description, "nics"), 0));
}

static void test_network_has_its_own(void **state) {
        ClusterFixture fixture;
        Object *blue, *second;

        cluster_fixture_init(&fixture);
        assert_non_null(vnic_profile_find(fixture.model, "ovirtmgmt", "ovirtmgmt"));
        blue = created(&fixture, plan_create_network, KIND_NETWORK, json_pack("{s:s}", "name", "blue"));
        assert_non_null(vnic_profile_find(fixture.model, "blue", "blue"));
        /* none on a network VMs cannot use, and again one when they can */
        update_ok(&fixture, blue, json_pack("{s:b}", "bridged", 0));
        assert_int_equal(blue->children, 0);
        update_ok(&fixture, blue, json_pack("{s:b, s:s}", "bridged", 1, "name", "green"));
        assert_non_null(vnic_profile_find(fixture.model, "green", "green"));
        (void) new_profile(&fixture, "slow", "green", NULL);
        assert_int_equal(blue->children, 2);
        remove_ok(&fixture, blue);
        assert_int_equal(model_count(fixture.model, KIND_VNIC_PROFILE), 1);
        (void) created(&fixture, plan_create_network, KIND_NETWORK, json_pack("{s:s, s:b}", "name", "storage", "bridged", 0));
        assert_int_equal(model_count(fixture.model, KIND_VNIC_PROFILE), 1);
        /* an empty data center goes with its network and that one's profile */
        second = created(&fixture, plan_create_data_center, KIND_DATA_CENTER, json_pack("{s:s}", "name", "second"));
        assert_int_equal(model_count(fixture.model, KIND_VNIC_PROFILE), 2);
        remove_ok(&fixture, second);
        assert_int_equal(model_count(fixture.model, KIND_VNIC_PROFILE), 1);
        cluster_fixture_done(&fixture);
}

static void test_rules(void **state) {
        ClusterFixture fixture;
        _cleanup_json_ json_t *twice = json_pack("{s:s, s:s}", "name", "slow", "network", "ovirtmgmt"),
                              *no_bridge = json_pack("{s:s, s:s}", "name", "x", "network", "storage"),
                              *peak = json_pack("{s:{s:i, s:i}}", "inbound", "average_mbit", 10, "peak_mbit", 9),
                              *no_average = json_pack("{s:{s:i}}", "outbound", "burst_mib", 9),
                              *filter = json_pack("{s:s}", "filter", "no-such-filter"), *moved = json_pack("{s:s}", "network", "storage"),
                              *large = json_pack("{s:{s:i}}", "inbound", "average_mbit", 17180);
        Object *slow, *vm;
        Change *change;

        cluster_fixture_init(&fixture);
        (void) created(&fixture, plan_create_network, KIND_NETWORK, json_pack("{s:s, s:b}", "name", "storage", "bridged", 0));
        slow = new_profile(&fixture, "slow", "ovirtmgmt", NULL);
        assert_refused(plan_create_vnic_profile(&fixture.plan, twice, change, error), RHV_ERROR_ALREADY_EXISTS);
        assert_refused(plan_create_vnic_profile(&fixture.plan, no_bridge, change, error), RHV_ERROR_INVALID_ARGUMENT);
        assert_refused(plan_update(&fixture.plan, slow, peak, change, error), RHV_ERROR_INVALID_ARGUMENT);
        assert_refused(plan_update(&fixture.plan, slow, no_average, change, error), RHV_ERROR_INVALID_ARGUMENT);
        assert_refused(dict_check(large, vnic_profile_update_fields, "profile", error), RHV_ERROR_INVALID_ARGUMENT);
        assert_refused(dict_check(filter, vnic_profile_update_fields, "profile", error), RHV_ERROR_INVALID_ARGUMENT);
        assert_refused(dict_check(moved, vnic_profile_update_fields, "profile", error), RHV_ERROR_UNKNOWN_OPTION);

        vm = created(&fixture, plan_create_vm, KIND_VM, json_pack("{s:s, s:[{s:s}]}", "name", "v", "nics", "profile", "slow"));
        assert_ptr_equal(vm->nics->profile, slow);
        assert_refused(plan_remove(&fixture.plan, slow, change, error), RHV_ERROR_IN_USE);
        remove_ok(&fixture, vm);
        remove_ok(&fixture, slow);
        cluster_fixture_done(&fixture);
}

static void test_nics(void **state) {
        ClusterFixture fixture;
        _cleanup_json_ json_t *filters = json_pack("[s, s]", "clean-traffic", NIC_FILTER_SPOOFING), *nothing = json_object(),
                              *elsewhere = json_pack("{s:s, s:s}", "network", "blue", "profile", "slow"), *before = NULL, *without = NULL,
                              *slow_nic = NULL, *unlimited = NULL, *configuration = NULL;
        Object *slow, *vm, *own;
        Change *change;

        cluster_fixture_init(&fixture);
        (void) created(&fixture, plan_create_network, KIND_NETWORK, json_pack("{s:s}", "name", "blue"));
        slow = new_profile(&fixture, "slow", "ovirtmgmt",
                           json_pack("{s:s, s:{s:i, s:i}, s:{s:s}}", "filter", "none", "inbound", "average_mbit", 10, "peak_mbit", 20, "custom", "queue", "4"));
        /* a network alone means its own profile, whose filter is taken where it is there */
        vm = created(&fixture, plan_create_vm, KIND_VM, json_pack("{s:s, s:[{s:s}]}", "name", "own", "nics", "network", "ovirtmgmt"));
        before = nic_of(fixture.model, vm, filters);
        assert_string_equal(dict_string(before, "filter", ""), NIC_FILTER_SPOOFING);
        assert_null(json_object_get(before, "profile"));
        without = nic_of(fixture.model, vm, NULL);
        assert_null(json_object_get(without, "filter"));

        assert_refused(plan_add_nic(&fixture.plan, vm, nothing, change, error), RHV_ERROR_INVALID_ARGUMENT);
        assert_refused(plan_add_nic(&fixture.plan, vm, elsewhere, change, error), RHV_ERROR_NOT_FOUND);

        vm = created(&fixture, plan_create_vm, KIND_VM, json_pack("{s:s, s:[{s:s, s:s}]}", "name", "slow", "nics", "network", "ovirtmgmt", "profile", "slow"));
        configuration = vm_configuration(vm);
        assert_string_equal(dict_string(json_array_get(json_object_get(configuration, "nics"), 0), "profile", ""), "slow");
        slow_nic = nic_of(fixture.model, vm, filters);
        assert_null(json_object_get(slow_nic, "filter"));
        assert_int_equal(dict_integer(json_object_get(slow_nic, "inbound"), "peak_mbit", 0), 20);
        assert_string_equal(dict_string(json_object_get(slow_nic, "custom"), "queue", ""), "4");
        update_ok(&fixture, slow, json_pack("{s:{}, s:s}", "inbound", "filter", "clean-traffic"));
        unlimited = nic_of(fixture.model, vm, filters);
        assert_null(json_object_get(unlimited, "inbound"));
        assert_string_equal(dict_string(unlimited, "filter", ""), "clean-traffic");

        /* a network that lost its own profile still takes NICs */
        own = vnic_profile_find(fixture.model, "blue", "blue");
        remove_ok(&fixture, own);
        vm = created(&fixture, plan_create_vm, KIND_VM, json_pack("{s:s, s:[{s:s}]}", "name", "bare", "nics", "network", "blue"));
        assert_null(vm->nics->profile);
        cluster_fixture_done(&fixture);
}

/* Mirroring is told to Compute, is another question than a NIC without, and stays while a NIC has the profile. */
static void test_mirroring(void **state) {
        ClusterFixture fixture;
        _cleanup_json_ json_t *on = json_pack("{s:b}", "port_mirroring", 1), *off = json_pack("{s:b}", "port_mirroring", 0), *told = NULL, *plain = NULL,
                              *renamed = json_pack("{s:s, s:b}", "name", "watch", "port_mirroring", 1), *nic = json_pack("{s:s, s:s}", "network", "ovirtmgmt", "profile", "mirror"),
                              *own = json_pack("{s:s}", "network", "ovirtmgmt");
        Object *mirror, *vm;
        Change *change;

        cluster_fixture_init(&fixture);
        mirror = new_profile(&fixture, "mirror", "ovirtmgmt", json_pack("{s:b, s:s}", "port_mirroring", 1, "filter", "none"));
        vm = created(&fixture, plan_create_vm, KIND_VM, json_pack("{s:s, s:[{s:s}]}", "name", "plain", "nics", "network", "ovirtmgmt"));
        plain = nic_of(fixture.model, vm, NULL);
        assert_null(json_object_get(plain, "mirror"));

        change = change_new();
        assert_ok(plan_add_nic(&fixture.plan, vm, own, change, NULL));
        assert_string_equal(change_verb(change, "add-nic"), "add-nic");
        change_free(change);
        change = change_new();
        assert_ok(plan_add_nic(&fixture.plan, vm, nic, change, NULL));
        assert_string_equal(change_verb(change, "add-nic"), "mirror");
        change_free(change);
        assert_string_equal(change_verb(NULL, "add-nic"), "add-nic");

        /* nobody has it: it may change */
        update_ok(&fixture, mirror, json_incref(off));
        update_ok(&fixture, mirror, json_incref(on));
        vm = created(&fixture, plan_create_vm, KIND_VM, json_pack("{s:s, s:[{s:s}]}", "name", "watcher", "nics", "profile", "mirror"));
        told = nic_of(fixture.model, vm, NULL);
        assert_true(dict_boolean(told, "mirror", false));
        assert_refused(plan_update(&fixture.plan, mirror, off, change, error), RHV_ERROR_IN_USE);
        update_ok(&fixture, mirror, json_incref(renamed));
        assert_refused(plan_update(&fixture.plan, vnic_profile_find(fixture.model, "ovirtmgmt", "ovirtmgmt"), on, change, error), RHV_ERROR_IN_USE);
        cluster_fixture_done(&fixture);
}

/* A NIC with such a profile is told to Compute with what it may get, has nothing that only a port of a bridge has, and stays what it is while its VM runs. */
static void test_passthrough(void **state) {
        ClusterFixture fixture;
        _cleanup_json_ json_t *off = json_pack("{s:b}", "passthrough", 0), *filter = json_pack("{s:s}", "filter", "clean-traffic"), *mirror = json_pack("{s:b}", "port_mirroring", 1),
                              *limit = json_pack("{s:{s:i}}", "inbound", "average_mbit", 10), *on = json_pack("{s:b}", "passthrough", 1),
                              *hosts = json_pack("{s:{s:s, s:i, s:i, s:[s, s]}}", "ovirtmgmt", "Bridge", "br-eth0", "PortVlan", 100, "Vlan", 100, "FreeVfs", "0000:03:10.0", "0000:03:10.2"),
                              *plain_hosts = json_pack("{s:{s:i, s:[s]}}", "ovirtmgmt", "Vlan", 0, "FreeVfs", "0000:03:10.0"), *unlinked = NULL, *unlink = json_pack("{s:b}", "link", 0),
                              *own = json_pack("{s:s}", "profile", "ovirtmgmt"), *description = NULL, *plain = NULL, *filters = json_pack("[s]", NIC_FILTER_SPOOFING);
        Object *fast, *vm, *slow;
        const json_t *nic;
        Change *change;
        char id[64];

        cluster_fixture_init(&fixture);
        fast = new_profile(&fixture, "fast", "ovirtmgmt", json_pack("{s:b, s:{s:s}}", "passthrough", 1, "custom", "a", "b"));
        slow = new_profile(&fixture, "slow", "ovirtmgmt", json_pack("{s:{s:i}}", "outbound", "average_mbit", 10));
        assert_refused(plan_update(&fixture.plan, fast, filter, change, error), RHV_ERROR_INVALID_ARGUMENT);
        assert_refused(plan_update(&fixture.plan, fast, mirror, change, error), RHV_ERROR_INVALID_ARGUMENT);
        assert_refused(plan_update(&fixture.plan, fast, limit, change, error), RHV_ERROR_INVALID_ARGUMENT);
        assert_refused(plan_update(&fixture.plan, slow, on, change, error), RHV_ERROR_INVALID_ARGUMENT);

        unlinked = json_pack("{s:s, s:[{s:s, s:b}]}", "name", "dark", "nics", "profile", "fast", "link", 0);
        assert_refused(plan_create_vm(&fixture.plan, unlinked, change, error), RHV_ERROR_INVALID_ARGUMENT);
        vm = created(&fixture, plan_create_vm, KIND_VM, json_pack("{s:s, s:[{s:s}]}", "name", "web", "nics", "profile", "fast"));
        (void) snprintf(id, sizeof id, "%s", dict_string(vm->nics->row, "id", ""));
        description = vm_description(fixture.model, vm, hosts, filters);
        nic = json_array_get(json_object_get(description, "nics"), 0);
        assert_int_equal(json_array_size(json_object_get(nic, "vfs")), 2);
        assert_int_equal(dict_integer(nic, "vlan", 0), 100);
        assert_string_equal(dict_string(json_object_get(nic, "custom"), "a", ""), "b");
        assert_null(json_object_get(nic, "filter")); /* not the default one */
        assert_null(json_object_get(nic, "bridge"));
        assert_null(json_object_get(nic, "link"));
        plain = vm_description(fixture.model, vm, plain_hosts, filters);
        assert_null(json_object_get(json_array_get(json_object_get(plain, "nics"), 0), "vlan"));

        assert_refused(plan_update(&fixture.plan, fast, off, change, error), RHV_ERROR_IN_USE);
        assert_refused(plan_update_nic(&fixture.plan, vm, id, unlink, change, error), RHV_ERROR_INVALID_ARGUMENT);
        (void) object_set_fact(vm, "state", json_string("running"));
        assert_refused(plan_update_nic(&fixture.plan, vm, id, own, change, error), RHV_ERROR_INVALID_STATE);
        (void) object_set_fact(vm, "state", json_string("down"));
        change = change_new();
        assert_ok(plan_update_nic(&fixture.plan, vm, id, own, change, NULL));
        commit_ok(&fixture, change);
        update_ok(&fixture, fast, json_incref(off)); /* nobody has it any more */
        cluster_fixture_done(&fixture);
}

static json_t *row_of(const Change *change) {
        return json_object_get(json_array_get(change->rows, 0), "row");
}

/* Of a VM that runs as of one that is down, but for mirroring. */
static void test_update_nic(void **state) {
        ClusterFixture fixture;
        _cleanup_json_ json_t *slow_profile = json_pack("{s:s}", "profile", "slow"), *unplug = json_pack("{s:b}", "link", 0), *move = json_pack("{s:s}", "network", "blue"),
                              *mirror_profile = json_pack("{s:s}", "profile", "mirror"), *nowhere = json_pack("{s:s}", "profile", "none-such"), *nothing = json_object(),
                              *storage = json_pack("{s:s}", "network", "storage"), *told = NULL;
        char nic[64];
        Object *vm, *slow;
        Change *change;

        cluster_fixture_init(&fixture);
        (void) created(&fixture, plan_create_network, KIND_NETWORK, json_pack("{s:s}", "name", "blue"));
        (void) created(&fixture, plan_create_network, KIND_NETWORK, json_pack("{s:s, s:b}", "name", "storage", "bridged", 0));
        slow = new_profile(&fixture, "slow", "ovirtmgmt", json_pack("{s:{s:i}}", "inbound", "average_mbit", 10));
        (void) new_profile(&fixture, "slow", "blue", NULL); /* the same name elsewhere */
        (void) new_profile(&fixture, "mirror", "ovirtmgmt", json_pack("{s:b}", "port_mirroring", 1));
        vm = created(&fixture, plan_create_vm, KIND_VM, json_pack("{s:s, s:[{s:s}, {s:s}]}", "name", "web", "nics", "network", "ovirtmgmt", "network", "blue"));
        (void) snprintf(nic, sizeof nic, "%s", dict_string(vm->nics->row, "id", ""));

        for (unsigned running = 0; running < 2; running++) {
                (void) object_set_fact(vm, "state", json_string(running ? "running" : "down"));
                change = change_new();
                assert_ok(plan_update_nic(&fixture.plan, vm, nic, slow_profile, change, NULL));
                assert_string_equal(dict_string(json_object_get(row_of(change), "spec"), "profile", ""), slow->id);
                assert_string_equal(change_verb(change, "update-nic"), "update-nic");
                told = vm_nic_description(fixture.model, vm, row_of(change), NULL, NULL);
                assert_int_equal(dict_integer(json_object_get(told, "inbound"), "average_mbit", 0), 10);
                assert_string_equal(dict_string(told, "id", ""), nic);
                json_decref(told);
                told = NULL;
                commit_ok(&fixture, change);
                assert_ptr_equal(vm->nics->profile, slow);
                assert_string_equal(dict_string(vm->nics->row, "id", ""), nic); /* the order stays */

                change = change_new();
                assert_ok(plan_update_nic(&fixture.plan, vm, nic, unplug, change, NULL));
                commit_ok(&fixture, change);
                assert_false(dict_boolean(vm->nics->spec, "link", true));
                assert_ptr_equal(vm->nics->profile, slow);

                change = change_new();
                assert_ok(plan_update_nic(&fixture.plan, vm, nic, nothing, change, NULL));
                assert_true(json_equal(row_of(change), vm->nics->row));
                change_free(change);

                change = change_new();
                assert_ok(plan_update_nic(&fixture.plan, vm, nic, move, change, NULL));
                commit_ok(&fixture, change);
                assert_string_equal(vm->nics->other->name, "blue");
                assert_string_equal(vm->nics->profile->name, "blue");
                change = change_new(); /* back, by a profile of another network's */
                assert_ok(plan_update_nic(&fixture.plan, vm, nic, json_object_set_new(nothing, "profile", json_string(slow->id)) == 0 ? nothing : NULL, change, NULL));
                json_object_clear(nothing);
                commit_ok(&fixture, change);
                assert_string_equal(vm->nics->other->name, "ovirtmgmt");

                assert_refused(plan_update_nic(&fixture.plan, vm, nic, nowhere, change, error), RHV_ERROR_NOT_FOUND);
                assert_refused(plan_update_nic(&fixture.plan, vm, nic, storage, change, error), RHV_ERROR_INVALID_ARGUMENT);
                assert_refused(plan_update_nic(&fixture.plan, vm, "none-such", unplug, change, error), RHV_ERROR_NOT_FOUND);
        }
        assert_refused(plan_update_nic(&fixture.plan, vm, nic, mirror_profile, change, error), RHV_ERROR_INVALID_STATE);
        (void) object_set_fact(vm, "state", json_string("unknown"));
        assert_refused(plan_update_nic(&fixture.plan, vm, nic, unplug, change, error), RHV_ERROR_BACKEND_UNAVAILABLE);
        (void) object_set_fact(vm, "state", json_string("down"));
        change = change_new();
        assert_ok(plan_update_nic(&fixture.plan, vm, nic, mirror_profile, change, NULL));
        assert_string_equal(change_verb(change, "update-nic"), "mirror");
        commit_ok(&fixture, change);
        change = change_new(); /* it has it already: nothing new is asked */
        assert_ok(plan_update_nic(&fixture.plan, vm, nic, unplug, change, NULL));
        assert_string_equal(change_verb(change, "update-nic"), "update-nic");
        change_free(change);
        (void) snprintf(vm->job, sizeof vm->job, "%s", "11111111-2222-4333-8444-000000000009");
        assert_refused(plan_update_nic(&fixture.plan, vm, nic, unplug, change, error), RHV_ERROR_BUSY);
        vm->job[0] = 0;
        cluster_fixture_done(&fixture);
}

/* A store made before there were profiles: those of its networks are made, its NICs stay as they were. */
static void test_before_profiles(void **state) {
        ClusterFixture fixture;
        Change *change;
        Object *vm;

        cluster_fixture_init(&fixture);
        remove_ok(&fixture, vnic_profile_find(fixture.model, "ovirtmgmt", "ovirtmgmt"));
        vm = created(&fixture, plan_create_vm, KIND_VM, json_pack("{s:s, s:[{s:s}]}", "name", "old", "nics", "network", "ovirtmgmt"));
        change = change_new();
        assert_ok(plan_default_vnic_profiles(&fixture.plan, change));
        commit_ok(&fixture, change);
        assert_non_null(vnic_profile_find(fixture.model, "ovirtmgmt", "ovirtmgmt"));
        assert_null(vm->nics->profile);
        change = change_new();
        assert_ok(plan_default_vnic_profiles(&fixture.plan, change));
        assert_true(change_is_empty(change));
        change_free(change);
        cluster_fixture_done(&fixture);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_network_has_its_own),
                cmocka_unit_test(test_rules),
                cmocka_unit_test(test_nics),
                cmocka_unit_test(test_mirroring),
                cmocka_unit_test(test_passthrough),
                cmocka_unit_test(test_update_nic),
                cmocka_unit_test(test_before_profiles),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
