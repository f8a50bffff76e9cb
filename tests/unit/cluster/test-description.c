/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "cluster-fixture.h"

#include "description.h"
#include "ovf-definition.h"
#include "plan-snapshot.h"
#include "plan-template.h"

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
        description = vm_description(fixture.model, vm, NULL, NULL);
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
        description = vm_description(fixture.model, vm, NULL, NULL);
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
        second = vm_description(fixture.model, vm, hosts, NULL);
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

        first = ovf_definition(fixture.model, vm, here->parent);
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

        second = ovf_definition(fixture.model, vm, other);
        disk = json_array_get(json_object_get(second, "disks"), 0);
        assert_string_equal(dict_string(disk, "name", ""), "data");
        assert_string_equal(dict_string(disk, "bus", ""), "scsi");
        assert_true(dict_boolean(disk, "boot", false));

        /* a disk that is still being made is not there yet */
        set_state(&fixture, there, "locked");
        json_decref(second);
        second = ovf_definition(fixture.model, vm, other);
        assert_int_equal(json_array_size(json_object_get(second, "disks")), 0);
        cluster_fixture_done(&fixture);
}

static void snapshot_made(ClusterFixture *fixture, Object *vm, const char *name, uint64_t created_usec) {
        _cleanup_json_ json_t *description = json_pack("{s:s, s:s}", "name", name, "description", "why"), *steps = NULL;
        Change *change = change_new();
        const Object *snapshot;

        assert_ok(plan_create_snapshot(&fixture->plan, vm, description, created_usec, change, &steps, NULL));
        commit_ok(fixture, change);
        snapshot = model_resolve(fixture->model, KIND_SNAPSHOT, name, vm, NULL);
        change = change_new();
        assert_ok(plan_snapshot_done(&fixture->plan, snapshot, 1, NULL, change));
        commit_ok(fixture, change);
}

/* A VM's snapshots are kept with it, the oldest first, and what it was then; one that is being made is none. */
static void test_ovf_snapshots(void **state) {
        ClusterFixture fixture;
        _cleanup_json_ json_t *kept = NULL, *steps = NULL, *description = json_pack("{s:s}", "name", "third"), *renamed = json_pack("{s:s}", "name", "new");
        const json_t *snapshots, *first, *then, *disk;
        char base[37];
        Object *root, *vm;
        Change *change;

        cluster_fixture_init(&fixture);
        root = disk_ok(&fixture, "root", false);
        (void) snprintf(base, sizeof base, "%s", dict_string(root->spec, "volume", ""));
        vm = created(&fixture, plan_create_vm, KIND_VM,
                     json_pack("{s:s, s:s, s:[{s:s, s:s}], s:[{s:s}]}", "name", "one", "description", "mine", "disks", "disk", "root", "bus", "scsi", "nics", "network",
                               "ovirtmgmt"));
        snapshot_made(&fixture, vm, "first", 5 * USEC_PER_SEC);
        change = change_new();
        assert_ok(plan_update(&fixture.plan, vm, renamed, change, NULL));
        commit_ok(&fixture, change);
        snapshot_made(&fixture, vm, "second", 9 * USEC_PER_SEC);
        change = change_new();
        assert_ok(plan_create_snapshot(&fixture.plan, vm, description, 10, change, &steps, NULL));
        commit_ok(&fixture, change);

        kept = ovf_definition(fixture.model, vm, root->parent);
        snapshots = json_object_get(kept, "snapshots");
        assert_int_equal(json_array_size(snapshots), 2);
        first = json_array_get(snapshots, 0);
        assert_string_equal(dict_string(first, "name", ""), "first");
        assert_string_equal(dict_string(first, "description", ""), "why");
        assert_int_equal(dict_integer(first, "created", 0), 5);
        assert_string_equal(dict_string(json_array_get(snapshots, 1), "name", ""), "second");
        disk = json_array_get(json_object_get(first, "disks"), 0);
        assert_string_equal(dict_string(disk, "volume", ""), base);
        then = json_object_get(first, "configuration");
        assert_string_equal(dict_string(then, "name", ""), "one");
        assert_string_equal(dict_string(then, "cluster", ""), "Default");
        disk = json_array_get(json_object_get(then, "disks"), 0);
        assert_string_equal(dict_string(disk, "volume", ""), base);
        assert_string_equal(dict_string(disk, "bus", ""), "scsi");
        assert_true(dict_boolean(disk, "boot", false));
        assert_string_equal(dict_string(json_array_get(json_object_get(then, "nics"), 0), "mac", ""), "56:6f:01:02:00:00");
        disk = json_array_get(json_object_get(kept, "disks"), 0);
        assert_string_equal(dict_string(disk, "volume", ""), dict_string(root->spec, "volume", "?"));
        cluster_fixture_done(&fixture);
}

static void test_ovf_template(void **state) {
        ClusterFixture fixture;
        _cleanup_json_ json_t *kept = NULL, *thin = NULL, *steps = NULL, *layers = NULL, *given = json_pack("{s:s, s:s}", "name", "golden", "description", "all of it"),
                              *use = json_pack("{s:s}", "name", "two");
        Object *root, *vm, *template_object, *other;
        const json_t *disk;
        Change *change;
        char id[37];

        cluster_fixture_init(&fixture);
        root = disk_ok(&fixture, "root", false);
        other = created(&fixture, plan_create_storage_domain, KIND_STORAGE_DOMAIN, json_pack("{s:s, s:s, s:s}", "name", "far", "type", "local", "path", "/far"));
        set_state(&fixture, other, "attached");
        vm = created(&fixture, plan_create_vm, KIND_VM,
                     json_pack("{s:s, s:i, s:[{s:s, s:s}], s:[{s:s}]}", "name", "one", "cpus", 3, "disks", "disk", "root", "bus", "sata", "nics", "network", "ovirtmgmt"));
        change = change_new();
        assert_ok(plan_create_template(&fixture.plan, vm, given, 7 * USEC_PER_SEC, change, &steps, id, NULL));
        commit_ok(&fixture, change);
        change = change_new();
        assert_ok(plan_template_made(&fixture.plan, id, NULL, change));
        commit_ok(&fixture, change);
        template_object = model_find(fixture.model, KIND_TEMPLATE, id);
        assert_true(ovf_is_kept_on(fixture.model, template_object, root->parent));
        assert_false(ovf_is_kept_on(fixture.model, template_object, other));

        kept = ovf_definition(fixture.model, template_object, root->parent);
        assert_true(dict_boolean(kept, "template", false));
        assert_string_equal(dict_string(kept, "name", ""), "golden");
        assert_string_equal(dict_string(kept, "description", ""), "all of it");
        assert_int_equal(dict_integer(kept, "cpus", 0), 3);
        assert_int_equal(dict_integer(kept, "created", 0), 7);
        assert_null(json_object_get(json_array_get(json_object_get(kept, "nics"), 0), "mac"));
        disk = json_array_get(json_object_get(kept, "disks"), 0);
        assert_string_equal(dict_string(disk, "bus", ""), "sata");
        assert_string_equal(dict_string(disk, "image", ""), dict_string(json_object_get(json_array_get(steps, 0), "target"), "image", "?"));

        change = change_new();
        assert_ok(plan_template_vm(&fixture.plan, template_object, use, change, &layers, id, NULL));
        commit_ok(&fixture, change);
        thin = ovf_definition(fixture.model, model_find(fixture.model, KIND_VM, id), root->parent);
        assert_string_equal(dict_string(thin, "template_id", ""), template_object->id);
        assert_string_equal(dict_string(thin, "template_name", ""), "golden");
        cluster_fixture_done(&fixture);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_description),
                cmocka_unit_test(test_ovf),
                cmocka_unit_test(test_ovf_snapshots),
                cmocka_unit_test(test_ovf_template),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
