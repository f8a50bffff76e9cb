/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What a service finds that was away, or came before libvirt did. */

#include "compute-world.h"

static void restart(World *world) {
        world_end(world);
        world_begin(world, "test:///default");
        world_wait_ready(world);
}

static void test_restart_adopts(void **state) {
        World *world = *state;
        _cleanup_free_ char *off = NULL;

        started(world, WITH_DISKS);
        restart(world);
        assert_vm(world, "State", "running");
        assert_vm(world, "Name", "web1");
        assert_int_equal(world->prepared, 2);
        assert_int_equal(world->torn_down, 0);
        off = vm_call(world, "PowerOff", "{}");
        assert_string_equal(job_end(world, off), "done");
        assert_int_equal(world->torn_down, 2);
        /* The record of one that is down stays over a restart, too. */
        restart(world);
        assert_vm(world, "State", "down");
        assert_vm(world, "StateReason", "destroyed");
        assert_call(world, "Forget", "{}", "");
        restart(world);
        assert_null(manager_find(world->manager, VM));
}

static void remove_records(World *world) {
        char command[256];

        (void) snprintf(command, sizeof(command), "rm -rf %s/vm %s/jobs", world->directory, world->directory);
        assert_int_equal(system(command), 0);
}

/* All that is needed stands in libvirt's metadata. */
static void test_restart_without_record(void **state) {
        World *world = *state;
        _cleanup_free_ char *off = NULL;

        started(world, WITH_DISKS);
        world_end(world);
        remove_records(world);
        world_begin(world, "test:///default");
        world_wait_ready(world);
        assert_vm(world, "State", "running");
        assert_true(manager_find(world->manager, VM)->managed);
        off = vm_call(world, "PowerOff", "{}");
        assert_string_equal(job_end(world, off), "done");
        assert_int_equal(world->torn_down, 2);
}

static void test_restart_lost(void **state) {
        World *world = *state;
        virDomainPtr domain;

        started(world, WITH_DISKS);
        world_end(world);
        domain = virDomainLookupByUUIDString(world->driver, VM);
        assert_return_code(virDomainDestroy(domain), 0);
        virDomainFree(domain);
        world_begin(world, "test:///default");
        world_wait_ready(world);
        wait_vm(world, "State", "down");
        assert_vm(world, "StateReason", "lost");
        assert_int_equal(world->torn_down, 2);
}

static void write_record(World *world, const char *phase) {
        char path[256];
        FILE *file;

        (void) snprintf(path, sizeof(path), "%s/vm/" VM ".json", world->directory);
        file = fopen(path, "we");
        assert_non_null(file);
        (void) fprintf(file, "{\"version\":1,\"id\":\"" VM "\",\"phase\":\"%s\",\"description\":" WITH_DISKS ",\"holds_disks\":true,\"reason\":\"unknown\"}", phase);
        (void) fclose(file);
}

/* Killed while disks were being prepared, and killed after libvirt had been asked: both are undone. */
static void test_restart_in_between(void **state) {
        static const char *const phases[] = { "preparing", "launching" };
        World *world = *state;

        for (size_t i = 0; i < ELEMENTSOF(phases); i++) {
                world_end(world);
                world->torn_down = 0;
                write_record(world, phases[i]);
                world_begin(world, "test:///default");
                world_wait_ready(world);
                wait_vm(world, "State", "down");
                assert_vm(world, "StateReason", "start-failed");
                for (unsigned k = 0; world->torn_down < 2 && k < WAIT_TRIES; k++)
                        world_turn(world);
                assert_int_equal(world->torn_down, 2);
        }
}

static void test_restart_rubbish(void **state) {
        World *world = *state;

        world_end(world);
        write_record(world, "running");
        {
                char path[256];

                (void) snprintf(path, sizeof(path), "%s/vm/" VM ".json", world->directory);
                assert_return_code(truncate(path, 40), errno);
        }
        world_begin(world, "test:///default");
        world_wait_ready(world);
        assert_null(manager_find(world->manager, VM));
        started(world, SMALL);
}

/* No libvirt: the service is there and says why it cannot. */
static void test_no_libvirt(void **state) {
        World *world = *state;
        _cleanup_message_ sd_bus_message *stats = NULL;
        bool failed = false;

        started(world, SMALL);
        world_end(world);
        world_begin(world, "test:///does/not/exist.xml");
        for (unsigned i = 0; !failed && i < WAIT_TRIES; i++) {
                world_turn(world);
                failed = virt_backend(world->manager->virt) == VIRT_FAILED;
        }
        assert_true(failed);
        {
                _cleanup_message_ sd_bus_message *reply = bus_pair_get(&world->pair, COMPUTE_ROOT, COMPUTE_INTERFACE, "Backends");
                const char *name, *word, *text;

                assert_ok(sd_bus_message_enter_container(reply, 'a', "(sss)"));
                assert_ok(sd_bus_message_read(reply, "(sss)", &name, &word, &text));
                assert_string_equal(name, "libvirt");
                assert_string_equal(word, "failed");
                assert_true(strlen(text) > 10);
        }
        assert_vm(world, "State", "unknown");
        {
                _cleanup_free_ char *got = create_with(world, JOB, "{\"name\":\"web2\",\"cpus\":1,\"memory\":134217728}", "{}");

                assert_string_equal(got, RHV_ERROR_BACKEND_UNAVAILABLE);
        }
        assert_call(world, "Pause", "{}", RHV_ERROR_BACKEND_UNAVAILABLE);
        assert_call(world, "PowerOff", "{}", RHV_ERROR_BACKEND_UNAVAILABLE);
        stats = bus_pair_callf(&world->pair, COMPUTE_ROOT, COMPUTE_INTERFACE, "GetStats", "as", 0);
        assert_string_equal(reply_error(stats), RHV_ERROR_BACKEND_UNAVAILABLE);
}

/* The call that activates the service is answered, not refused. */
static void test_first_call_waits(void **state) {
        World *world = *state;
        _cleanup_free_ char *job = NULL;

        world_end(world);
        world_begin(world, "test:///default");
        assert_false(world->manager->inventory_known);
        job = create(world, SMALL);
        assert_string_equal(job_end(world, job), "done");
}

/* Whichever comes first, the answer of a call or the event it caused: a guest that ends at once is down, with its disks given back. */
static void test_either_order(void **state) {
        World *world = *state;

        for (unsigned i = 0; i < 10; i++) {
                _cleanup_free_ char *job = NULL, *off = NULL;

                started(world, WITH_DISKS);
                world->torn_down = 0;
                job = vm_call(world, "Shutdown", "{\"mode\":\"acpi\",\"timeout\":20000000}");
                off = vm_call(world, "PowerOff", "{}"); /* too late, or just in time */
                (void) job_end(world, job);
                wait_vm(world, "State", "down");
                assert_int_equal(world->torn_down, 2);
        }
}

/* The end of a run that was answered before it was heard, heard when the guest runs again. Each before and after the new start is heard. */
static void test_end_of_run_before(void **state) {
        VirtEvent stopped = { .kind = VIRT_EVENT_LIFECYCLE, .id = VM, .words = virt_event_words(VIR_DOMAIN_EVENT_STOPPED, VIR_DOMAIN_EVENT_STOPPED_DESTROYED) };
        VirtEvent begun = { .kind = VIRT_EVENT_LIFECYCLE, .id = VM, .words = virt_event_words(VIR_DOMAIN_EVENT_STARTED, VIR_DOMAIN_EVENT_STARTED_BOOTED) };
        World *world = *state;
        Vm *vm;

        started(world, WITH_DISKS);
        vm = manager_find(world->manager, VM);
        for (unsigned i = 0; i < WAIT_TRIES && json_object_size(world->manager->starts_untold) > 0; i++)
                world_turn(world);
        assert_int_equal(json_object_size(world->manager->starts_untold), 0); /* libvirt did say so */

        manager_expect_start(world->manager, VM); /* as before it did, and when it had not told of the run before either */
        manager_expect_start(world->manager, VM);
        manager_event(&begun, world->manager);
        manager_event(&stopped, world->manager);
        assert_vm(world, "State", "running");
        for (unsigned i = 0; i < WAIT_TRIES && vm->decide_timer; i++)
                world_turn(world);
        assert_null(vm->decide_timer);
        assert_call(world, "Pause", "{}", ""); /* libvirt was asked before this, and has answered */
        wait_vm(world, "State", "paused");
        assert_int_equal(world->torn_down, 0);

        manager_event(&begun, world->manager);
        manager_event(&stopped, world->manager);
        wait_vm(world, "State", "down");
        assert_int_equal(world->torn_down, 2);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)
int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(test_restart_adopts),
                TEST(test_restart_without_record),
                TEST(test_restart_lost),
                TEST(test_restart_in_between),
                TEST(test_restart_rubbish),
                TEST(test_no_libvirt),
                TEST(test_first_call_waits),
                TEST(test_either_order),
                TEST(test_end_of_run_before),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
