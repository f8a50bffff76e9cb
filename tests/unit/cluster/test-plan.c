/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "cluster-fixture.h"

#define NIC_ID "88888888-0000-4000-8000-000000000001"

static void test_first_start(void **state) {
        ClusterFixture fixture;
        Change *change = change_new();

        cluster_fixture_init(&fixture);
        assert_string_equal(model_first(fixture.model, KIND_DATA_CENTER)->name, "Default");
        assert_string_equal(model_first(fixture.model, KIND_CLUSTER)->name, "Default");
        assert_string_equal(model_first(fixture.model, KIND_HOST)->id, HOST_ID);
        assert_string_equal(model_first(fixture.model, KIND_NETWORK)->name, "ovirtmgmt");
        assert_ptr_equal(model_first(fixture.model, KIND_HOST)->parent, model_first(fixture.model, KIND_CLUSTER));
        /* the second start finds itself */
        assert_ok(plan_first_start(&fixture.plan, HOST_ID, "host1", change, NULL));
        assert_true(change_is_empty(change));
        change_free(change);
        cluster_fixture_done(&fixture);
}

static void test_names_and_ids(void **state) {
        ClusterFixture fixture;
        _cleanup_json_ json_t *again = json_pack("{s:s}", "name", "web1"), *other = NULL, *rename = json_pack("{s:s}", "name", "web1"),
                              *same_id = NULL, *second = json_pack("{s:s}", "name", "Second");
        Object *vm, *two, *dc;
        Change *change;

        cluster_fixture_init(&fixture);
        vm = created(&fixture, plan_create_vm, KIND_VM, json_pack("{s:s}", "name", "web1"));
        two = created(&fixture, plan_create_vm, KIND_VM, json_pack("{s:s}", "name", "web2"));
        assert_refused(plan_create_vm(&fixture.plan, again, change, error), RHV_ERROR_ALREADY_EXISTS);
        assert_refused(plan_update(&fixture.plan, two, rename, change, error), RHV_ERROR_ALREADY_EXISTS);
        same_id = json_pack("{s:s, s:s}", "name", "web3", "id", vm->id);
        assert_refused(plan_create_vm(&fixture.plan, same_id, change, error), RHV_ERROR_ALREADY_EXISTS);

        /* names are unique in a data center, not beyond; the id stays over a rename */
        dc = created(&fixture, plan_create_data_center, KIND_DATA_CENTER, json_incref(second));
        (void) created(&fixture, plan_create_cluster, KIND_CLUSTER,
                       json_pack("{s:s, s:s}", "name", "C2", "data_center", dc->id));
        other = json_pack("{s:s, s:s}", "name", "web1", "cluster", "C2");
        (void) created(&fixture, plan_create_vm, KIND_VM, json_incref(other));
        assert_refused(plan_create_vm(&fixture.plan, again, change, error), RHV_ERROR_INVALID_ARGUMENT); /* which cluster? */
        change = change_new();
        json_object_set_new(rename, "name", json_string("web9"));
        assert_ok(plan_update(&fixture.plan, vm, rename, change, NULL));
        commit_ok(&fixture, change);
        assert_string_equal(vm->name, "web9");
        assert_ptr_equal(model_find(fixture.model, KIND_VM, vm->id), vm);
        cluster_fixture_done(&fixture);
}

static void test_disk_rules(void **state) {
        ClusterFixture fixture;
        _cleanup_json_ json_t *none = json_object(), *read_only = json_pack("{s:b}", "read_only", 1),
                              *missing = json_pack("{s:s, s:[{s:s}]}", "name", "x", "disks", "disk", "nothing"),
                              *twice = NULL, *sata = json_pack("{s:b, s:s}", "read_only", 1, "bus", "sata");
        Object *one, *two, *disk, *shared, *locked;
        Change *change;

        cluster_fixture_init(&fixture);
        disk = disk_ok(&fixture, "root", false);
        shared = disk_ok(&fixture, "both", true);
        assert_refused(plan_create_vm(&fixture.plan, missing, change, error), RHV_ERROR_NOT_FOUND);
        twice = json_pack("{s:s, s:[{s:s}, {s:s}]}", "name", "x", "disks", "disk", "root", "disk", disk->id);
        assert_refused(plan_create_vm(&fixture.plan, twice, change, error), RHV_ERROR_INVALID_ARGUMENT);
        one = created(&fixture, plan_create_vm, KIND_VM,
                      json_pack("{s:s, s:[{s:s}, {s:s}]}", "name", "one", "disks", "disk", "root", "disk", "both"));
        two = created(&fixture, plan_create_vm, KIND_VM, json_pack("{s:s}", "name", "two"));

        assert_refused(plan_attach_disk(&fixture.plan, two, "root", none, change, error), RHV_ERROR_IN_USE);
        assert_refused(plan_attach_disk(&fixture.plan, two, "root", read_only, change, error), RHV_ERROR_IN_USE);
        assert_refused(plan_attach_disk(&fixture.plan, one, "root", none, change, error), RHV_ERROR_ALREADY_EXISTS);
        assert_refused(plan_attach_disk(&fixture.plan, two, "both", sata, change, error), RHV_ERROR_INVALID_ARGUMENT);
        change = change_new();
        assert_ok(plan_attach_disk(&fixture.plan, two, shared->id, none, change, NULL));
        commit_ok(&fixture, change);
        assert_refused(plan_remove(&fixture.plan, disk, change, error), RHV_ERROR_IN_USE);
        assert_refused(plan_remove(&fixture.plan, disk->parent, change, error), RHV_ERROR_IN_USE);
        assert_ok(plan_check_start(one, NULL));

        /* what is not whole cannot be used */
        locked = created(&fixture, plan_create_disk, KIND_DISK,
                         json_pack("{s:s, s:s, s:i}", "name", "new", "storage_domain", "local", "capacity", 4096));
        change = change_new();
        assert_ok(plan_attach_disk(&fixture.plan, two, "new", none, change, NULL));
        commit_ok(&fixture, change);
        assert_refused(plan_check_start(two, error), RHV_ERROR_INVALID_STATE);
        set_state(&fixture, locked, "illegal");
        assert_refused(plan_check_start(two, error), RHV_ERROR_INVALID_STATE);

        /* a running VM is not changed, and keeps its disks */
        assert_true(object_set_fact(one, "state", json_string("running")));
        assert_refused(plan_detach_disk(&fixture.plan, one, "root", change, error), RHV_ERROR_INVALID_STATE);
        assert_refused(plan_remove(&fixture.plan, one, change, error), RHV_ERROR_INVALID_STATE);
        assert_refused(plan_check_start(one, error), RHV_ERROR_INVALID_STATE);
        assert_true(object_set_fact(one, "state", json_string("down")));
        change = change_new();
        assert_ok(plan_detach_disk(&fixture.plan, one, "root", change, NULL));
        commit_ok(&fixture, change);
        assert_null(disk->users);
        cluster_fixture_done(&fixture);
}

/* Several VMs may write a shareable disk, each has it once. */
static void test_shareable_twice(void **state) {
        ClusterFixture fixture;
        _cleanup_json_ json_t *none = json_object(), *scsi = json_pack("{s:s}", "bus", "scsi");
        Object *vm;
        Change *change;

        cluster_fixture_init(&fixture);
        (void) disk_ok(&fixture, "both", true);
        vm = created(&fixture, plan_create_vm, KIND_VM, json_pack("{s:s, s:[{s:s}]}", "name", "one", "disks", "disk", "both"));
        assert_refused(plan_attach_disk(&fixture.plan, vm, "both", scsi, change, error), RHV_ERROR_ALREADY_EXISTS);
        assert_string_equal(dict_string(vm->disks->spec, "bus", ""), "virtio");
        vm = created(&fixture, plan_create_vm, KIND_VM, json_pack("{s:s}", "name", "two"));
        change = change_new();
        assert_ok(plan_attach_disk(&fixture.plan, vm, "both", none, change, NULL));
        commit_ok(&fixture, change);
        cluster_fixture_done(&fixture);
}

/* What Compute would refuse at the start is refused when it is said. */
static void test_devices_fit_together(void **state) {
        ClusterFixture fixture;
        _cleanup_json_ json_t *orders = json_pack("{s:s, s:[{s:s, s:i}], s:[{s:s, s:i}]}", "name", "v", "disks", "disk", "d0", "boot_order", 2,
                                                  "nics", "network", "ovirtmgmt", "boot_order", 2),
                              *serials = json_pack("{s:s, s:[{s:s, s:s}, {s:s, s:s}]}", "name", "v", "disks", "disk", "d0", "serial", "A", "disk",
                                                   "d1", "serial", "A"),
                              *twice = json_pack("{s:s, s:[{s:s, s:s}, {s:s, s:s}]}", "name", "v", "nics", "id", NIC_ID, "network", "ovirtmgmt",
                                                 "id", NIC_ID, "network", "ovirtmgmt"),
                              *order_1 = json_pack("{s:i}", "boot_order", 1), *serial = json_pack("{s:s}", "serial", "A"),
                              *sata = json_pack("{s:s}", "bus", "sata"), *nic_1 = json_pack("{s:s, s:i}", "network", "ovirtmgmt", "boot_order", 1);
        const char *invalid = RHV_ERROR_INVALID_ARGUMENT;
        Object *vm;
        Change *change;

        cluster_fixture_init(&fixture);
        for (char name[] = "d0"; name[1] <= '8'; name[1]++)
                (void) disk_ok(&fixture, name, false);
        assert_refused(plan_create_vm(&fixture.plan, orders, change, error), invalid);
        assert_refused(plan_create_vm(&fixture.plan, serials, change, error), invalid);
        assert_refused(plan_create_vm(&fixture.plan, twice, change, error), RHV_ERROR_ALREADY_EXISTS);

        vm = created(&fixture, plan_create_vm, KIND_VM,
                     json_pack("{s:s, s:[{s:s, s:i, s:s}]}", "name", "v", "disks", "disk", "d0", "boot_order", 1, "serial", "A"));
        assert_refused(plan_attach_disk(&fixture.plan, vm, "d1", order_1, change, error), invalid);
        assert_refused(plan_attach_disk(&fixture.plan, vm, "d1", serial, change, error), invalid);
        assert_refused(plan_add_nic(&fixture.plan, vm, nic_1, change, error), invalid);
        /* the chip set has six ports */
        for (char name[] = "d1"; name[1] <= '6'; name[1]++) {
                change = change_new();
                assert_ok(plan_attach_disk(&fixture.plan, vm, name, sata, change, NULL));
                commit_ok(&fixture, change);
        }
        assert_refused(plan_attach_disk(&fixture.plan, vm, "d7", sata, change, error), invalid);
        cluster_fixture_done(&fixture);
}

/* Before Compute has told nobody knows whether a VM runs: that is no state of the VM but a service that is not there. */
static void test_unknown_is_not_a_state(void **state) {
        ClusterFixture fixture;
        Object *vm, *other;
        Change *change;

        cluster_fixture_init(&fixture);
        (void) disk_ok(&fixture, "both", true);
        vm = created(&fixture, plan_create_vm, KIND_VM, json_pack("{s:s, s:[{s:s}]}", "name", "one", "disks", "disk", "both"));
        other = created(&fixture, plan_create_vm, KIND_VM, json_pack("{s:s}", "name", "two"));
        assert_true(object_set_fact(vm, "state", json_string("unknown")));
        assert_refused(plan_check_start(vm, error), RHV_ERROR_BACKEND_UNAVAILABLE);
        assert_refused(plan_remove(&fixture.plan, vm, change, error), RHV_ERROR_BACKEND_UNAVAILABLE);
        assert_refused(plan_detach_disk(&fixture.plan, vm, "both", change, error), RHV_ERROR_BACKEND_UNAVAILABLE);
        assert_ok(plan_check_start(other, NULL));
        cluster_fixture_done(&fixture);
}

static void test_nics(void **state) {
        ClusterFixture fixture;
        _cleanup_json_ json_t *nic = json_pack("{s:s}", "network", "ovirtmgmt"), *taken = NULL,
                              *unknown = json_pack("{s:s}", "network", "red");
        Object *vm, *network;
        char id[40];
        Change *change;

        cluster_fixture_init(&fixture);
        vm = created(&fixture, plan_create_vm, KIND_VM,
                     json_pack("{s:s, s:[{s:s}, {s:s}]}", "name", "one", "nics", "network", "ovirtmgmt", "network", "ovirtmgmt"));
        assert_true(model_mac_uses(fixture.model, "56:6f:01:02:00:00"));
        assert_true(model_mac_uses(fixture.model, "56:6f:01:02:00:01"));
        taken = json_pack("{s:s, s:s}", "network", "ovirtmgmt", "mac", "56:6f:01:02:00:01");
        assert_refused(plan_add_nic(&fixture.plan, vm, taken, change, error), RHV_ERROR_ALREADY_EXISTS);
        assert_refused(plan_add_nic(&fixture.plan, vm, unknown, change, error), RHV_ERROR_NOT_FOUND);
        network = model_first(fixture.model, KIND_NETWORK);
        assert_refused(plan_remove(&fixture.plan, network, change, error), RHV_ERROR_INVALID_ARGUMENT);

        (void) snprintf(id, sizeof id, "%s", dict_string(vm->nics->row, "id", ""));
        change = change_new();
        assert_ok(plan_remove_nic(&fixture.plan, vm, id, change, NULL));
        commit_ok(&fixture, change);
        assert_false(model_mac_uses(fixture.model, "56:6f:01:02:00:00"));
        /* the freed one is not given at once */
        change = change_new();
        assert_ok(plan_add_nic(&fixture.plan, vm, nic, change, NULL));
        commit_ok(&fixture, change);
        assert_true(model_mac_uses(fixture.model, "56:6f:01:02:00:02"));
        change = change_new();
        assert_ok(plan_remove(&fixture.plan, vm, change, NULL));
        commit_ok(&fixture, change);
        assert_false(model_mac_uses(fixture.model, "56:6f:01:02:00:02"));
        assert_null(network->users);
        cluster_fixture_done(&fixture);
}

static void test_networks(void **state) {
        ClusterFixture fixture;
        _cleanup_json_ json_t *mtu = json_pack("{s:s, s:i}", "name", "blue", "mtu", 67), *name = json_pack("{s:s}", "name", "green"),
                              *no_bridge = json_pack("{s:b}", "bridged", 0);
        Object *blue, *management;
        Change *change;

        cluster_fixture_init(&fixture);
        management = model_first(fixture.model, KIND_NETWORK);
        assert_refused(plan_create_network(&fixture.plan, mtu, change, error), RHV_ERROR_INVALID_ARGUMENT);
        assert_refused(plan_update(&fixture.plan, management, name, change, error), RHV_ERROR_INVALID_ARGUMENT);
        blue = created(&fixture, plan_create_network, KIND_NETWORK, json_pack("{s:s, s:i}", "name", "blue", "vlan", 5));
        (void) created(&fixture, plan_create_vm, KIND_VM, json_pack("{s:s, s:[{s:s}]}", "name", "v", "nics", "network", "blue"));
        assert_refused(plan_remove(&fixture.plan, blue, change, error), RHV_ERROR_IN_USE);
        assert_refused(plan_update(&fixture.plan, blue, name, change, error), RHV_ERROR_IN_USE);
        assert_refused(plan_update(&fixture.plan, blue, no_bridge, change, error), RHV_ERROR_IN_USE);
        /* containers with something in them stay */
        assert_refused(plan_remove(&fixture.plan, model_first(fixture.model, KIND_DATA_CENTER), change, error), RHV_ERROR_IN_USE);
        assert_refused(plan_remove(&fixture.plan, model_first(fixture.model, KIND_CLUSTER), change, error), RHV_ERROR_IN_USE);
        cluster_fixture_done(&fixture);
}

static void test_update_topology(void **state) {
        ClusterFixture fixture;
        _cleanup_json_ json_t *six = json_pack("{s:i}", "cpus", 6), *cores = json_pack("{s:i, s:i}", "cpus", 6, "cores", 3);
        Object *vm;
        Change *change;

        cluster_fixture_init(&fixture);
        vm = created(&fixture, plan_create_vm, KIND_VM, json_pack("{s:s, s:i, s:i}", "name", "v", "cpus", 4, "cores", 4));
        change = change_new();
        assert_ok(plan_update(&fixture.plan, vm, six, change, NULL));
        commit_ok(&fixture, change);
        assert_int_equal(dict_integer(vm->spec, "sockets", 0), 6);
        change = change_new();
        assert_ok(plan_update(&fixture.plan, vm, cores, change, NULL));
        commit_ok(&fixture, change);
        assert_int_equal(dict_integer(vm->spec, "sockets", 0), 2);
        assert_string_equal(vm->boot, BOOT_ID);
        cluster_fixture_done(&fixture);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_first_start), cmocka_unit_test(test_names_and_ids), cmocka_unit_test(test_disk_rules),
                cmocka_unit_test(test_nics),        cmocka_unit_test(test_networks),      cmocka_unit_test(test_update_topology),
                cmocka_unit_test(test_shareable_twice), cmocka_unit_test(test_devices_fit_together), cmocka_unit_test(test_unknown_is_not_a_state),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
