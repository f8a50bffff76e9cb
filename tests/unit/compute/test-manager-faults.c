/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What callers, Storage and the disk below the records do wrong. */

#include <sys/stat.h>

#include "compute-world.h"

static void test_bad_input(void **state) {
        World *world = *state;
        size_t before = count_objects(world);

        assert_create(world, "{\"name\":\"a\",\"cpus\":0,\"memory\":134217728}", RHV_ERROR_INVALID_ARGUMENT);
        assert_create(world, "{\"name\":\"a\\nb\",\"cpus\":1,\"memory\":134217728}", RHV_ERROR_INVALID_ARGUMENT);
        assert_create(world, "{\"name\":\"a\",\"cpus\":1,\"memory\":134217728,\"colour\":1}", RHV_ERROR_UNKNOWN_OPTION);
        assert_create(world, "{\"name\":\"a\",\"cpus\":1,\"memory\":134217728,\"nics\":[{\"id\":\"" VM "\",\"network\":\"nowhere\"}]}", RHV_ERROR_NOT_FOUND);
        {
                static const char *const ids[] = { "", "..", "/org/rhv/Compute/vm/x", "../../etc/passwd", "CCCCCCCC-0000-4000-8000-000000000001" };

                for (size_t i = 0; i < ELEMENTSOF(ids); i++) {
                        _cleanup_free_ char *got = create_with(world, ids[i], SMALL, "{}");

                        assert_string_equal(got, RHV_ERROR_INVALID_ARGUMENT);
                }
        }
        {
                _cleanup_message_ sd_bus_message *reply = bus_pair_callf(&world->pair, COMPUTE_ROOT, COMPUTE_INTERFACE, "CreateVm", "sa{sv}a{sv}", VM, 3, "name", "s", "a",
                                                                         "cpus", "u", 1, "memory", "t", UINT64_C(1) << 63, 0);

                assert_string_equal(reply_error(reply), RHV_ERROR_INVALID_ARGUMENT);
        }
        {
                _cleanup_free_ char *got = create_with(world, VM, SMALL, "{\"colour\":1}");

                assert_string_equal(got, RHV_ERROR_UNKNOWN_OPTION);
        }
        assert_int_equal(count_objects(world), before);
        assert_int_equal(world->auth.asked, 0);
        started(world, SMALL);
        assert_call(world, "Shutdown", "{\"mode\":\"kick\"}", RHV_ERROR_INVALID_ARGUMENT);
        assert_call(world, "Shutdown", "{\"mode\":\"agent\"}", RHV_ERROR_INVALID_STATE);
        assert_call(world, "Shutdown", "{\"timeout\":1}", RHV_ERROR_INVALID_ARGUMENT);
        assert_call(world, "Pause", "{\"now\":true}", RHV_ERROR_UNKNOWN_OPTION);
        assert_call(world, "Forget", "{}", RHV_ERROR_INVALID_STATE);
        assert_vm(world, "State", "running");
}

static void test_again(void **state) {
        World *world = *state;
        _cleanup_free_ char *first = create_with(world, VM, SMALL, "{\"job_id\":\"" JOB "\"}"), *second = NULL, *other = NULL, *name = NULL;

        assert_string_equal(job_end(world, first), "done");
        second = create_with(world, VM, SMALL, "{\"job_id\":\"" JOB "\"}");
        assert_string_equal(second, first);
        other = create_with(world, VM, WITH_DISKS, "{\"job_id\":\"" JOB "\"}");
        assert_string_equal(other, RHV_ERROR_ALREADY_EXISTS);
        assert_create(world, SMALL, RHV_ERROR_ALREADY_EXISTS);
        name = create_with(world, "cccccccc-0000-4000-8000-000000000002", SMALL, "{}");
        assert_string_equal(name, RHV_ERROR_ALREADY_EXISTS);
        assert_int_equal(world->prepared, 0);
}

static void test_disk_fails(void **state) {
        World *world = *state;
        _cleanup_free_ char *job = NULL;

        (void) snprintf(world->refuse, sizeof(world->refuse), "%s", DISK2);
        job = create(world, WITH_DISKS);
        assert_string_equal(job_end(world, job), "failed " RHV_ERROR_NOT_FOUND);
        assert_vm(world, "State", "down");
        assert_vm(world, "StateReason", "start-failed");
        for (unsigned i = 0; world->torn_down < 2 && i < WAIT_TRIES; i++)
                world_turn(world);
        assert_int_equal(world->torn_down, 2); /* the one that was prepared, and the one that may have been */
        assert_int_equal(virConnectNumOfDomains(world->driver), 1);
        /* With the disk there the same guest starts. */
        world->refuse[0] = 0;
        started(world, WITH_DISKS);
}

/* Storage does not take the disks back: "down" waits for it, a Forget is refused, a new start waits. */
static void test_release_fails(void **state) {
        World *world = *state;
        _cleanup_free_ char *off = NULL;

        started(world, WITH_DISKS);
        world->storage_fails = true;
        off = vm_call(world, "PowerOff", "{}");
        wait_vm(world, "State", "powering-down");
        world->storage_fails = false;
        assert_string_equal(job_end(world, off), "done");
        assert_vm(world, "State", "down");
        assert_int_equal(world->torn_down, 2);
}

/* Without a record that it was launched a kill would be told wrong, so it is not launched. */
static void test_record_fails(void **state) {
        World *world = *state;
        _cleanup_free_ char *job = NULL;

        (void) snprintf(world->obstruct, sizeof world->obstruct, "%s/vm/" VM ".json.tmp", world->directory);
        job = create(world, WITH_DISKS);
        assert_string_equal(job_end(world, job), "failed " RHV_ERROR_BACKEND_FAILED);
        assert_vm(world, "State", "down");
        for (unsigned i = 0; world->torn_down < 2 && i < WAIT_TRIES; i++)
                world_turn(world);
        assert_int_equal(world->torn_down, 2);
        assert_int_equal(virConnectNumOfDomains(world->driver), 1);
        assert_int_equal(rmdir(world->obstruct), 0);
        world->obstruct[0] = 0;
        started(world, WITH_DISKS);
}

/* A job that cannot be kept is not begun and leaves nothing; the same call works when it can be. */
static void test_job_cannot_be_kept(void **state) {
        World *world = *state;
        _cleanup_free_ char *refused = NULL, *again = NULL, *off = NULL;
        size_t before = count_objects(world);
        char path[160];

        (void) snprintf(path, sizeof path, "%s/jobs/" JOB ".json.tmp", world->directory);
        assert_return_code(mkdir(path, 0700), errno);
        refused = create_with(world, VM, SMALL, "{\"job_id\":\"" JOB "\"}");
        assert_string_equal(refused, RHV_ERROR_BACKEND_FAILED);
        assert_int_equal(count_objects(world), before);
        assert_int_equal(rmdir(path), 0);
        again = create_with(world, VM, SMALL, "{\"job_id\":\"" JOB "\"}");
        assert_string_equal(job_end(world, again), "done");

        /* nor does the record of the last run change when the next one is refused */
        off = vm_call(world, "PowerOff", "{}");
        assert_string_equal(job_end(world, off), "done");
        (void) snprintf(path, sizeof path, "%s/jobs/" DISK1 ".json.tmp", world->directory);
        assert_return_code(mkdir(path, 0700), errno);
        free(refused);
        refused = create_with(world, VM, "{\"name\":\"other\",\"cpus\":2,\"memory\":134217728}", "{\"job_id\":\"" DISK1 "\"}");
        assert_string_equal(refused, RHV_ERROR_BACKEND_FAILED);
        assert_vm(world, "Name", "web1");
        assert_int_equal(rmdir(path), 0);
}

static void test_denied(void **state) {
        World *world = *state;
        size_t before = count_objects(world);

        world->auth.answer = 0;
        assert_create(world, SMALL, RHV_ERROR_ACCESS_DENIED);
        assert_int_equal(count_objects(world), before);
        assert_string_equal(world->auth.action, ACTION_COMPUTE_OPERATE);
        assert_string_equal(world->auth.details, "verb=create vm=" VM " name=web1");
        world->auth.answer = 1;
        started(world, SMALL);
        world->auth.answer = 0;
        {
                static const struct {
                        const char *method, *action;
                } methods[] = { { "Shutdown", ACTION_COMPUTE_OPERATE }, { "Reboot", ACTION_COMPUTE_OPERATE }, { "PowerOff", ACTION_COMPUTE_OPERATE },
                                { "Pause", ACTION_COMPUTE_OPERATE },    { "Resume", ACTION_COMPUTE_OPERATE }, { "OpenConsole", ACTION_COMPUTE_CONSOLE } };

                for (size_t i = 0; i < ELEMENTSOF(methods); i++) {
                        assert_call(world, methods[i].method, "{}", RHV_ERROR_ACCESS_DENIED);
                        assert_string_equal(world->auth.action, methods[i].action);
                }
        }
        assert_vm(world, "State", "running");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)
int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(test_bad_input),
                TEST(test_again),
                TEST(test_disk_fails),
                TEST(test_release_fails),
                TEST(test_denied),
                TEST(test_record_fails),
                TEST(test_job_cannot_be_kept),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
