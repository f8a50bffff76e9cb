/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Guests from their start to their end, by bus calls. */

#include "compute-world.h"
#include "migration-place.h"
#include "state-file.h"

/* A guest that is expected from another host and does not come: cancelled, and found by the next process. */
static void test_incoming(void **state) {
        World *world = *state;
        char paths[256] = "";
        _cleanup_free_ char *job = NULL, *again = NULL, *refused = NULL, *base = migration_base(world->directory);

        assert_ok(make_directory(base, 0755));
        (void) snprintf(world->refuse, sizeof world->refuse, "%s", DISK2);
        refused = prepare_incoming(world, WITH_DISKS, paths);
        assert_string_equal(refused, RHV_ERROR_NOT_FOUND);
        assert_vm(world, "StateReason", "incoming-failed");
        world->refuse[0] = 0;

        for (unsigned i = 0; world->torn_down < 2 && i < WAIT_TRIES; i++)
                world_turn(world);
        world->torn_down = 0;
        job = prepare_incoming(world, WITH_DISKS, paths);
        assert_true(startswith(job, "/"));
        assert_string_equal(paths, "/rhv/image\n/rhv/image\n");
        assert_vm(world, "State", "migrating-to");
        assert_open_incoming(world, "both", RHV_ERROR_INVALID_ARGUMENT);
        assert_open_incoming(world, "memory", RHV_ERROR_NOT_FOUND);
        assert_call(world, "PowerOff", "{}", RHV_ERROR_BUSY);
        assert_call(world, "Pause", "{}", RHV_ERROR_INVALID_STATE);

        world_end(world);
        world_begin(world, "test:///default");
        world_wait_ready(world);
        assert_vm(world, "State", "migrating-to");
        {
                _cleanup_message_ sd_bus_message *call = NULL, *reply = NULL;

                assert_ok(sd_bus_message_new_method_call(world->pair.client, &call, NULL, job, JOB_INTERFACE, "Cancel"));
                reply = bus_pair_call(&world->pair, call);
                assert_string_equal(reply_error(reply), "");
        }
        assert_string_equal(job_end(world, job), "aborted org.rhv.Error.Aborted");
        wait_vm(world, "State", "down");
        for (unsigned i = 0; world->torn_down < 2 && i < WAIT_TRIES; i++)
                world_turn(world);
        assert_int_equal(world->torn_down, 2);
        assert_open_incoming(world, "libvirt", RHV_ERROR_INVALID_STATE);
        started(world, SMALL);
        again = prepare_incoming(world, SMALL, paths);
        assert_string_equal(again, RHV_ERROR_ALREADY_EXISTS);
}

static void test_life(void **state) {
        World *world = *state;
        _cleanup_free_ char *job = create(world, WITH_DISKS), *off = NULL;
        size_t before = count_objects(world);

        assert_vm(world, "State", "starting");
        assert_string_equal(job_end(world, job), "done");
        assert_vm(world, "State", "running");
        assert_vm(world, "StateReason", "booted");
        assert_vm(world, "Name", "web1");
        assert_int_equal(world->prepared, 2);
        assert_string_equal(world->last_user, VM);

        assert_call(world, "Pause", "{}", "");
        wait_vm(world, "State", "paused");
        assert_vm(world, "StateReason", "user");
        assert_call(world, "Pause", "{}", "");
        assert_call(world, "Resume", "{}", "");
        wait_vm(world, "State", "running");

        off = vm_call(world, "PowerOff", "{}");
        assert_string_equal(job_end(world, off), "done");
        assert_vm(world, "State", "down");
        assert_vm(world, "StateReason", "destroyed");
        assert_vm(world, "ExitMessage", "The guest was powered off.");
        assert_int_equal(world->torn_down, 2);
        assert_int_equal(count_objects(world), before);
        assert_call(world, "Forget", "{}", "");
        assert_int_equal(count_objects(world), before - 1);
        assert_call(world, "Forget", "{}", SD_BUS_ERROR_UNKNOWN_OBJECT);
        assert_true(world->changed > 5);
}

static void test_shutdown(void **state) {
        World *world = *state;
        _cleanup_free_ char *job = NULL;

        started(world, WITH_DISKS);
        job = vm_call(world, "Shutdown", "{\"mode\":\"acpi\"}");
        assert_string_equal(job_end(world, job), "done");
        assert_vm(world, "State", "down");
        assert_vm(world, "StateReason", "admin-shutdown");
        assert_int_equal(world->torn_down, 2);
        assert_call(world, "Shutdown", "{}", RHV_ERROR_INVALID_STATE);
        /* The record gives way to a new start. */
        started(world, SMALL);
        assert_vm(world, "ExitMessage", "");
}

/* Signals are merged and sent when the loop is idle. */
static void wait_changed(World *world, unsigned at_least) {
        for (unsigned i = 0; world->changed < at_least; i++) {
                assert_true(i < WAIT_TRIES);
                world_turn(world);
        }
}

/* VM-05: what somebody else does to the guest is seen, too, and told by signals. */
static void test_states(void **state) {
        World *world = *state;
        virDomainPtr domain;
        unsigned changed;

        started(world, WITH_DISKS);
        domain = virDomainLookupByUUIDString(world->driver, VM);
        assert_non_null(domain);
        changed = world->changed;
        assert_return_code(virDomainSuspend(domain), 0);
        wait_vm(world, "State", "paused");
        wait_changed(world, changed + 1);
        changed = world->changed;
        assert_return_code(virDomainResume(domain), 0);
        wait_vm(world, "State", "running");
        assert_vm(world, "StateReason", "unpaused");
        wait_changed(world, changed + 1);
        assert_return_code(virDomainShutdown(domain), 0);
        wait_vm(world, "State", "down");
        assert_vm(world, "StateReason", "shutdown");
        assert_int_equal(world->torn_down, 2);
        virDomainFree(domain);
}

static void test_stats(void **state) {
        World *world = *state;
        _cleanup_message_ sd_bus_message *all = NULL, *one = NULL, *bad = NULL, *unknown = NULL, *host = NULL;
        unsigned n = 0;

        started(world, SMALL);
        all = bus_pair_callf(&world->pair, COMPUTE_ROOT, COMPUTE_INTERFACE, "GetStats", "as", 0);
        assert_string_equal(reply_error(all), "");
        assert_ok(sd_bus_message_enter_container(all, 'a', "{sa{sv}}"));
        while (sd_bus_message_enter_container(all, 'e', "sa{sv}") > 0) {
                _cleanup_json_ json_t *stats = NULL;
                const char *id;

                assert_ok(sd_bus_message_read(all, "s", &id));
                assert_ok(dict_read(all, &stats, NULL));
                assert_string_equal(dict_string(stats, "state", ""), "running");
                assert_ok(sd_bus_message_exit_container(all));
                n++;
        }
        assert_int_equal(n, 2); /* the driver's own guest, and ours */
        one = bus_pair_callf(&world->pair, COMPUTE_ROOT, COMPUTE_INTERFACE, "GetStats", "as", 1, VM);
        assert_string_equal(reply_error(one), "");
        bad = bus_pair_callf(&world->pair, COMPUTE_ROOT, COMPUTE_INTERFACE, "GetStats", "as", 1, "../x");
        assert_string_equal(reply_error(bad), RHV_ERROR_INVALID_ARGUMENT);
        unknown = bus_pair_callf(&world->pair, COMPUTE_ROOT, COMPUTE_INTERFACE, "GetStats", "as", 1, JOB);
        assert_string_equal(reply_error(unknown), RHV_ERROR_NOT_FOUND);
        host = bus_pair_callf(&world->pair, COMPUTE_ROOT, COMPUTE_INTERFACE, "GetHostStats", "a{sv}", 0);
        assert_string_equal(reply_error(host), "");
        {
                _cleanup_json_ json_t *stats = NULL;

                assert_ok(dict_read(host, &stats, NULL));
                assert_true(dict_integer(stats, "memory_total", 0) > 0);
                assert_true(dict_integer(stats, "memory_free", 0) <= dict_integer(stats, "memory_total", 0));
                assert_int_equal(dict_integer(stats, "vms_running", 0), 2);
        }
}

/* VM-22: the values equal virNodeGetInfo(). */
static void test_capabilities(void **state) {
        World *world = *state;
        _cleanup_message_ sd_bus_message *reply = bus_pair_callf(&world->pair, COMPUTE_ROOT, "org.freedesktop.DBus.Properties", "Get", "ss", COMPUTE_INTERFACE, "Capabilities");
        _cleanup_json_ json_t *capabilities = NULL;
        virNodeInfo info;

        assert_return_code(virNodeGetInfo(world->driver, &info), 0);
        assert_ok(dict_read(reply, &capabilities, NULL));
        assert_int_equal(dict_integer(capabilities, "cpus", 0), info.cpus);
        assert_int_equal(dict_integer(capabilities, "sockets", 0), info.nodes * info.sockets);
        assert_int_equal(dict_integer(capabilities, "cores_per_socket", 0), info.cores);
        assert_int_equal(dict_integer(capabilities, "threads_per_core", 0), info.threads);
        assert_int_equal(dict_integer(capabilities, "memory", 0), info.memory * KIB);
        assert_int_equal(json_array_size(json_object_get(capabilities, "numa_nodes")), info.nodes);
        assert_true(json_array_size(json_object_get(capabilities, "cpu_flags")) > 0);
        assert_false(dict_boolean(capabilities, "kvm", true));
        assert_non_null(strstr(dict_string(capabilities, "kvm_reason", ""), "Virtualization hardware is unavailable"));
}

/* VM-23: guests that others defined are shown as well, also inactive ones, and go when their definition goes. */
static void test_foreign(void **state) {
        World *world = *state;
        virDomainPtr domain = virDomainDefineXML(world->driver, "<domain type='test'><name>theirs</name><uuid>" VM "</uuid><memory>1024</memory><os><type>hvm</type></os></domain>");
        size_t before = count_objects(world);

        assert_non_null(domain);
        for (unsigned i = 0; count_objects(world) == before && i < WAIT_TRIES; i++)
                world_turn(world);
        assert_int_equal(count_objects(world), before + 1);
        assert_vm(world, "State", "down");
        assert_vm(world, "Name", "theirs");
        assert_call(world, "Forget", "{}", RHV_ERROR_INVALID_STATE);
        assert_create(world, SMALL, RHV_ERROR_ALREADY_EXISTS);
        assert_return_code(virDomainCreate(domain), 0);
        wait_vm(world, "State", "running");
        assert_return_code(virDomainDestroy(domain), 0);
        wait_vm(world, "State", "down");
        assert_return_code(virDomainUndefine(domain), 0);
        for (unsigned i = 0; count_objects(world) > before && i < WAIT_TRIES; i++)
                world_turn(world);
        assert_int_equal(count_objects(world), before);
        virDomainFree(domain);
}

static void test_many(void **state) {
        World *world = *state;
        _cleanup_message_ sd_bus_message *reply = NULL;
        size_t before = count_objects(world);

        for (unsigned i = 0; i < 30; i++) {
                _cleanup_free_ char *job = create(world, SMALL), *off = NULL;

                assert_string_equal(job_end(world, job), "done");
                off = vm_call(world, "PowerOff", "{}");
                assert_string_equal(job_end(world, off), "done");
                assert_call(world, "Forget", "{}", "");
        }
        assert_int_equal(count_objects(world), before);
        reply = bus_pair_callf(&world->pair, COMPUTE_ROOT, "org.freedesktop.DBus.ObjectManager", "GetManagedObjects", NULL);
        assert_string_equal(reply_error(reply), "");
}



#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)
int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(test_life),
                TEST(test_incoming),
                TEST(test_shutdown),
                TEST(test_states),
                TEST(test_stats),
                TEST(test_capabilities),
                TEST(test_foreign),
                TEST(test_many),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
