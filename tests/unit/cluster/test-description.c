/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "cluster-fixture.h"

#include "description.h"
#include "ovf-keep.h"

static void test_description(void **state) {
        ClusterFixture fixture;
        _cleanup_json_ json_t *description = NULL, *devices = NULL, *fresh = NULL, *second = NULL, *again = NULL, *configuration = NULL, *hosts = NULL;
        const json_t *disk, *nic;
        Object *vm, *image;
        char nic_id[37];
        Change *change;

        cluster_fixture_init(&fixture);
        image = disk_ok(&fixture, "root", false);
        vm = created(&fixture, plan_create_vm, KIND_VM,
                     json_pack("{s:s, s:s, s:[{s:s}], s:[{s:s}]}", "name", "one", "description", "mine", "disks", "disk", "root",
                               "nics", "network", "ovirtmgmt"));
        (void) snprintf(nic_id, sizeof nic_id, "%s", dict_string(vm->nics->row, "id", ""));
        description = vm_description(vm, NULL, NULL);
        assert_string_equal(dict_string(description, "name", ""), "one");
        assert_null(json_object_get(description, "description"));
        disk = json_array_get(json_object_get(description, "disks"), 0);
        assert_string_equal(dict_string(disk, "id", ""), image->id);
        assert_string_equal(dict_string(disk, "domain", ""), image->parent->id);
        assert_string_equal(dict_string(disk, "volume", ""), dict_string(image->spec, "volume", "?"));
        assert_int_equal(dict_integer(disk, "boot_order", 0), 1); /* nobody said: the first disk boots */
        assert_null(json_object_get(disk, "discard"));
        assert_int_equal(json_object_set_new(image->spec, "discard", json_true()), 0);
        json_decref(description);
        description = vm_description(vm, NULL, NULL);
        disk = json_array_get(json_object_get(description, "disks"), 0);
        assert_true(json_is_true(json_object_get(disk, "discard")));
        nic = json_array_get(json_object_get(description, "nics"), 0);
        assert_string_equal(dict_string(nic, "network", ""), "ovirtmgmt");
        assert_string_equal(dict_string(nic, "mac", ""), "56:6f:01:02:00:00");
        assert_null(json_object_get(nic, "boot_order"));
        assert_null(json_object_get(nic, "address"));
        assert_null(json_object_get(nic, "bridge")); /* Compute's own choice: the network's name */

        /* DEV-02: what the guest got is given again */
        devices = json_pack("[{s:s, s:s, s:s, s:{s:s, s:s}}, {s:s, s:s, s:{}}, {s:s, s:s, s:{s:s}}]", "alias", "net0", "type", "interface", "id",
                            nic_id, "address", "type", "pci", "slot", "0x05", "alias", "x", "id", image->id, "address", "alias", "y",
                            "id", "77777777-0000-4000-8000-000000000001", "address", "type", "pci");
        fresh = vm_new_addresses(vm, devices);
        assert_int_equal(json_object_size(fresh), 1); /* an empty address and a stranger's device are not kept */
        change = change_new();
        assert_ok(plan_addresses(vm, fresh, change));
        commit_ok(&fixture, change);
        again = vm_new_addresses(vm, devices);
        assert_null(again);
        hosts = json_pack("{s:{s:s, s:i}}", "ovirtmgmt", "Bridge", "br-eth0", "PortVlan", 1);
        second = vm_description(vm, hosts, NULL);
        nic = json_array_get(json_object_get(second, "nics"), 0);
        assert_string_equal(dict_string(json_object_get(nic, "address"), "slot", ""), "0x05");
        assert_string_equal(dict_string(nic, "bridge", ""), "br-eth0");
        assert_int_equal(dict_integer(nic, "vlan", 0), 1);

        configuration = vm_configuration(vm);
        assert_string_equal(dict_string(configuration, "description", ""), "mine");
        assert_string_equal(dict_string(json_array_get(json_object_get(configuration, "disks"), 0), "name", ""), "root");
        change = change_new();
        assert_ok(plan_remove_nic(&fixture.plan, vm, nic_id, change, NULL));
        commit_ok(&fixture, change);
        assert_null(vm->addresses); /* the address goes with its device */
        cluster_fixture_done(&fixture);
}

/* What goes into an OVF store: of a VM's disks those on that domain; a VM without any is on the first one. */
static void test_ovf(void **state) {
        ClusterFixture fixture;
        Object *here, *there, *other, *vm, *bare;
        _cleanup_json_ json_t *first = NULL, *second = NULL;
        const json_t *disk, *nic;

        cluster_fixture_init(&fixture);
        here = disk_ok(&fixture, "root", false);
        other = created(&fixture, plan_create_storage_domain, KIND_STORAGE_DOMAIN, json_pack("{s:s, s:s, s:s}", "name", "far", "type", "local", "path", "/far"));
        set_state(&fixture, other, "attached");
        there = created(&fixture, plan_create_disk, KIND_DISK, json_pack("{s:s, s:s, s:I}", "name", "data", "storage_domain", "far", "capacity", (json_int_t)GIB));
        set_state(&fixture, there, "ok");
        vm = created(&fixture, plan_create_vm, KIND_VM,
                     json_pack("{s:s, s:s, s:i, s:I, s:[{s:s}, {s:s, s:s, s:i}], s:[{s:s, s:b}]}", "name", "one", "description", "mine", "cpus", 2, "memory",
                               (json_int_t)(256 * MIB), "disks", "disk", "root", "disk", "data", "bus", "scsi", "boot_order", 1, "nics", "network", "ovirtmgmt",
                               "link", 0));
        bare = created(&fixture, plan_create_vm, KIND_VM, json_pack("{s:s}", "name", "bare"));

        assert_true(ovf_is_kept_on(fixture.model, vm, here->parent) && ovf_is_kept_on(fixture.model, vm, other));
        assert_true(ovf_is_kept_on(fixture.model, bare, here->parent));
        assert_false(ovf_is_kept_on(fixture.model, bare, other));

        first = ovf_definition(vm, here->parent);
        assert_string_equal(dict_string(first, "name", ""), "one");
        assert_string_equal(dict_string(first, "cluster", ""), "Default");
        assert_string_equal(dict_string(first, "description", ""), "mine");
        assert_int_equal(dict_integer(first, "cpus", 0), 2);
        assert_int_equal(dict_integer(first, "memory", 0), 256 * MIB);
        assert_int_equal(json_array_size(json_object_get(first, "disks")), 1);
        disk = json_array_get(json_object_get(first, "disks"), 0);
        assert_string_equal(dict_string(disk, "image", ""), dict_string(here->spec, "image", here->id));
        assert_string_equal(dict_string(disk, "volume", ""), dict_string(here->spec, "volume", "?"));
        assert_false(dict_boolean(disk, "boot", true)); /* the other one was said to boot */
        nic = json_array_get(json_object_get(first, "nics"), 0);
        assert_string_equal(dict_string(nic, "network", ""), "ovirtmgmt");
        assert_string_equal(dict_string(nic, "mac", ""), "56:6f:01:02:00:00");
        assert_false(dict_boolean(nic, "link", true));

        second = ovf_definition(vm, other);
        disk = json_array_get(json_object_get(second, "disks"), 0);
        assert_string_equal(dict_string(disk, "name", ""), "data");
        assert_string_equal(dict_string(disk, "bus", ""), "scsi");
        assert_true(dict_boolean(disk, "boot", false));

        /* a disk that is still being made is not there yet */
        set_state(&fixture, there, "locked");
        json_decref(second);
        second = ovf_definition(vm, other);
        assert_int_equal(json_array_size(json_object_get(second, "disks")), 0);
        cluster_fixture_done(&fixture);
}

int main(void) {
        const struct CMUnitTest tests[] = { cmocka_unit_test(test_description), cmocka_unit_test(test_ovf) };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
