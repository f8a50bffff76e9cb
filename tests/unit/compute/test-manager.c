/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The whole of Compute on a socketpair, with libvirt's own test driver behind it and a small Storage at the client's end, by bus calls
 * alone. The driver's "default" host lives as long as a connection to it does, so a test that keeps one can play a restart.
 */

#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>
#include <sys/stat.h>
#include <time.h>

#include "bus-error.h"
#include "bus-pair.h"
#include "dict.h"
#include "fake-auth.h"
#include "fixture.h"
#include "manager.h"
#include "migration-place.h"
#include "remove-tree.h"
#include "state-file.h"
#include "vm-bus.h"

#define VM "cccccccc-0000-4000-8000-000000000001"
#define JOB "dddddddd-0000-4000-8000-000000000001"
#define DOMAIN "bbbbbbbb-0000-4000-8000-000000000001"
#define DISK1 "aaaaaaaa-0000-4000-8000-000000000001"
#define DISK2 "aaaaaaaa-0000-4000-8000-000000000002"
#define WAIT_TRIES 1000

typedef struct World {
        BusPair pair;
        FakeAuth auth;
        Daemon daemon;
        Manager *manager;
        virConnectPtr driver; /* keeps the driver's host, and plays the administrator */
        char base[32], directory[64]; /* ours, and in it the service's, beside which guests arrive */
        /* the fake Storage */
        unsigned prepared, torn_down;
        char refuse[UUID_STRING_MAX]; /* this image is refused */
        bool storage_fails;
        char obstruct[160]; /* a directory to make, in the way of a record, when the second image is prepared */
        char last_user[UUID_STRING_MAX];
        unsigned changed; /* PropertiesChanged of State seen */
} World;

/* ---- a small Storage ---- */

static int storage_prepare_image(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        World *world = userdata;
        const char *image, *volume;
        _cleanup_json_ json_t *options = NULL;

        assert_ok(sd_bus_message_read(message, "ss", &image, &volume));
        assert_ok(dict_read(message, &options, error));
        if (streq(image, world->refuse))
                return sd_bus_error_setf(error, RHV_ERROR_NOT_FOUND, "There is no image %s", image);
        (void) snprintf(world->last_user, sizeof(world->last_user), "%s", dict_string(options, "user", ""));
        world->prepared++;
        if (*world->obstruct && streq(image, DISK2))
                assert_return_code(mkdir(world->obstruct, 0700), errno);
        return sd_bus_reply_method_return(message, "a{sv}", 3, "path", "s", "/rhv/image", "format", "s", "raw", "backing", "as", 0);
}

static int storage_teardown_image(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        World *world = userdata;

        if (world->storage_fails)
                return sd_bus_error_set(error, RHV_ERROR_BACKEND_FAILED, "not now");
        world->torn_down++;
        return sd_bus_reply_method_return(message, "");
}

static const sd_bus_vtable storage_vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_METHOD("PrepareImage", "ssa{sv}", "a{sv}", storage_prepare_image, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("TeardownImage", "sa{sv}", "", storage_teardown_image, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_VTABLE_END,
};

static int storage_find(sd_bus *bus, const char *path, const char *interface, void *userdata, void **ret, sd_bus_error *error) {
        *ret = userdata;
        return 1;
}

/* ---- the world ---- */

static int on_changed(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        World *world = userdata;

        world->changed++;
        return 0;
}

static void begin_manager(World *world, const char *uri) {
        World *w = world;

        assert_ok(bus_changes_new(w->pair.server, &w->daemon.changes));
        {
                _cleanup_free_ char *jobs = NULL;

                assert_true(asprintf(&jobs, "%s/jobs", w->directory) > 0);
                assert_ok(job_manager_new(w->pair.server, w->daemon.changes, "Compute", jobs, &w->daemon.jobs));
        }
        assert_ok(manager_new(&w->daemon, uri, &w->manager));
}

static void end_manager(World *world) {
        world->manager = manager_free(world->manager);
        world->daemon.jobs = job_manager_free(world->daemon.jobs);
        world->daemon.changes = bus_changes_free(world->daemon.changes);
}

static void turn(World *world) {
        assert_ok(sd_event_run(world->pair.event, 10 * USEC_PER_MSEC));
}

static void wait_ready(World *world) {
        for (unsigned i = 0; !world->manager->inventory_known; i++) {
                assert_true(i < WAIT_TRIES);
                turn(world);
        }
}

/* The registered vtables hold the Manager's pointer, so a world's bus is made anew with each Manager. */
static void connect_bus(World *world) {
        bus_pair_init(&world->pair);
        fake_auth_init(&world->auth, world->pair.event);
        world->auth.answer = 1;
        world->daemon.event = world->pair.event;
        world->daemon.bus = world->pair.server;
        world->daemon.auth = world->auth.auth;
        world->daemon.runtime_directory = world->directory;
        assert_ok(sd_bus_add_fallback_vtable(world->pair.client, NULL, "/org/rhv/Storage/domain", "org.rhv.Storage.Domain", storage_vtable, storage_find, world));
}

static void begin(World *world, const char *uri) {
        connect_bus(world);
        begin_manager(world, uri);
        assert_ok(bus_objects_register(world->pair.server, COMPUTE_ROOT, compute_bus_objects, world->manager));
        assert_ok(job_manager_register(world->daemon.jobs, NULL));
        assert_ok(sd_bus_match_signal(world->pair.client, NULL, NULL, NULL, "org.freedesktop.DBus.Properties", "PropertiesChanged", on_changed, world));
}

static void end(World *world) {
        end_manager(world);
        fake_auth_done(&world->auth);
        bus_pair_done(&world->pair);
}

static int setup(void **state) {
        World *world = calloc(1, sizeof(World));

        assert_non_null(world);
        (void) snprintf(world->base, sizeof(world->base), "/tmp/rhv-test-XXXXXX");
        assert_non_null(mkdtemp(world->base));
        (void) snprintf(world->directory, sizeof(world->directory), "%s/compute", world->base);
        assert_ok(make_directory(world->directory, 0755));
        world->driver = virConnectOpen("test:///default");
        assert_non_null(world->driver);
        begin(world, "test:///default");
        wait_ready(world);
        *state = world;
        return 0;
}

static int teardown(void **state) {
        World *world = *state;
        virDomainPtr domain;

        end(world);
        /* A failed test may have left its guest, which the next one would find. */
        domain = virDomainLookupByUUIDString(world->driver, VM);
        if (domain) {
                (void) virDomainDestroy(domain);
                virDomainFree(domain);
        }
        virConnectClose(world->driver);
        assert_int_equal(remove_tree(world->base), 0);
        free(world);
        return 0;
}

/* ---- calls ---- */

static char *vm_path(const char *id) {
        return bus_object_path(COMPUTE_VM_PREFIX, id);
}

/* CreateVm with a description in JSON. Return: the error's name, or the job's path. */
static char *create_with(World *world, const char *id, const char *description, const char *options) {
        _cleanup_message_ sd_bus_message *call = NULL, *reply = NULL;
        _cleanup_json_ json_t *d = json_loads(description, 0, NULL), *o = json_loads(options, 0, NULL);
        const char *path, *job;

        assert_non_null(d);
        assert_non_null(o);
        assert_ok(sd_bus_message_new_method_call(world->pair.client, &call, NULL, COMPUTE_ROOT, COMPUTE_INTERFACE, "CreateVm"));
        assert_ok(sd_bus_message_append(call, "s", id));
        assert_ok(dict_append(call, d));
        assert_ok(dict_append(call, o));
        reply = bus_pair_call(&world->pair, call);
        if (*reply_error(reply))
                return strdup(reply_error(reply));
        assert_ok(sd_bus_message_read(reply, "oo", &path, &job));
        return strdup(job);
}

static char *create(World *world, const char *description) {
        return create_with(world, VM, description, "{}");
}

#define SMALL "{\"name\":\"web1\",\"cpus\":1,\"memory\":134217728}"
#define WITH_DISKS                                                                                                        \
        "{\"name\":\"web1\",\"cpus\":1,\"memory\":134217728,\"disks\":[{\"id\":\"" DISK1 "\",\"domain\":\"" DOMAIN "\",\"volume\":\"" DISK1 \
        "\"},{\"id\":\"" DISK2 "\",\"domain\":\"" DOMAIN "\",\"volume\":\"" DISK2 "\"}]}"

static char *vm_get(World *world, const char *property) {
        _cleanup_free_ char *path = vm_path(VM);

        return bus_pair_get_string(&world->pair, path, COMPUTE_VM_INTERFACE, property);
}

static void assert_vm(World *world, const char *property, const char *want) {
        _cleanup_free_ char *got = vm_get(world, property);

        assert_string_equal(got, want);
}

static void wait_vm(World *world, const char *property, const char *want) {
        for (unsigned i = 0; i < WAIT_TRIES; i++) {
                _cleanup_free_ char *got = vm_get(world, property);

                if (streq(got, want))
                        return;
                turn(world);
        }
        assert_vm(world, property, want);
}

/* Waits for a job's end. Return: its state, "failed" with the error's name behind it. */
static const char *job_end(World *world, const char *path) {
        static char text[160];

        for (unsigned i = 0; i < WAIT_TRIES; i++) {
                _cleanup_free_ char *got = bus_pair_get_string(&world->pair, path, JOB_INTERFACE, "State");
                _cleanup_free_ char *error = NULL;

                if (!streq(got, "done") && !streq(got, "failed") && !streq(got, "aborted")) {
                        turn(world);
                        continue;
                }
                error = bus_pair_get_string(&world->pair, path, JOB_INTERFACE, "ErrorName");
                (void) snprintf(text, sizeof(text), "%s%s%s", got, *error ? " " : "", error);
                return text;
        }
        return "it did not end";
}

/* A method of the guest with a{sv} only. Return: the error's name, "" or a job's path. */
static char *vm_call(World *world, const char *method, const char *options) {
        _cleanup_message_ sd_bus_message *call = NULL, *reply = NULL;
        _cleanup_free_ char *path = vm_path(VM);
        _cleanup_json_ json_t *o = json_loads(options, 0, NULL);
        const char *job = "";

        assert_ok(sd_bus_message_new_method_call(world->pair.client, &call, NULL, path, COMPUTE_VM_INTERFACE, method));
        assert_ok(dict_append(call, o));
        reply = bus_pair_call(&world->pair, call);
        if (*reply_error(reply))
                return strdup(reply_error(reply));
        if (sd_bus_message_has_signature(reply, "o"))
                assert_ok(sd_bus_message_read(reply, "o", &job));
        return strdup(job);
}

static void assert_call(World *world, const char *method, const char *options, const char *want) {
        _cleanup_free_ char *got = vm_call(world, method, options);

        assert_string_equal(got, want);
}

static void assert_create(World *world, const char *description, const char *want) {
        _cleanup_free_ char *got = create(world, description);

        assert_string_equal(got, want);
}

static size_t count_objects(World *world) {
        return manager_count(world->manager);
}

static void started(World *world, const char *description) {
        _cleanup_free_ char *job = create(world, description);

        assert_string_equal(job_end(world, job), "done");
        assert_vm(world, "State", "running");
}

/* PrepareIncoming. Return: the error's name, or the job's path; the paths are in ret_paths, one a line. */
static char *prepare_incoming(World *world, const char *description, char ret_paths[static 256]) {
        _cleanup_message_ sd_bus_message *call = NULL, *reply = NULL;
        _cleanup_json_ json_t *d = json_loads(description, 0, NULL);
        const char *vm, *job, *path;
        size_t length = 0;

        assert_ok(sd_bus_message_new_method_call(world->pair.client, &call, NULL, COMPUTE_ROOT, COMPUTE_INTERFACE, "PrepareIncoming"));
        assert_ok(sd_bus_message_append(call, "s", VM));
        assert_ok(dict_append(call, d));
        assert_ok(sd_bus_message_append(call, "a{sv}", 0));
        reply = bus_pair_call(&world->pair, call);
        if (*reply_error(reply))
                return strdup(reply_error(reply));
        assert_ok(sd_bus_message_read(reply, "oo", &vm, &job));
        assert_ok(sd_bus_message_enter_container(reply, 'a', "s"));
        while (sd_bus_message_read(reply, "s", &path) > 0)
                length += (size_t)snprintf(ret_paths + length, 256 - length, "%s\n", path);
        return strdup(job);
}

static char *open_incoming(World *world, const char *channel) {
        _cleanup_message_ sd_bus_message *call = NULL, *reply = NULL;
        _cleanup_free_ char *path = vm_path(VM);

        assert_ok(sd_bus_message_new_method_call(world->pair.client, &call, NULL, path, COMPUTE_VM_INTERFACE, "OpenIncoming"));
        assert_ok(sd_bus_message_append(call, "sa{sv}", channel, 0));
        reply = bus_pair_call(&world->pair, call);
        return strdup(reply_error(reply));
}

static void assert_open_incoming(World *world, const char *channel, const char *want) {
        _cleanup_free_ char *got = open_incoming(world, channel);

        assert_string_equal(got, want);
}

/* ---- tests ---- */

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
                turn(world);
        world->torn_down = 0;
        job = prepare_incoming(world, WITH_DISKS, paths);
        assert_true(startswith(job, "/"));
        assert_string_equal(paths, "/rhv/image\n/rhv/image\n");
        assert_vm(world, "State", "migrating-to");
        assert_open_incoming(world, "both", RHV_ERROR_INVALID_ARGUMENT);
        assert_open_incoming(world, "memory", RHV_ERROR_NOT_FOUND);
        assert_call(world, "PowerOff", "{}", RHV_ERROR_BUSY);
        assert_call(world, "Pause", "{}", RHV_ERROR_INVALID_STATE);

        end(world);
        begin(world, "test:///default");
        wait_ready(world);
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
                turn(world);
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
                turn(world);
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
                turn(world);
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
                turn(world);
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
                turn(world);
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
                turn(world);
        assert_int_equal(count_objects(world), before);
        virDomainFree(domain);
}

static void restart(World *world) {
        end(world);
        begin(world, "test:///default");
        wait_ready(world);
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
        end(world);
        remove_records(world);
        begin(world, "test:///default");
        wait_ready(world);
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
        end(world);
        domain = virDomainLookupByUUIDString(world->driver, VM);
        assert_return_code(virDomainDestroy(domain), 0);
        virDomainFree(domain);
        begin(world, "test:///default");
        wait_ready(world);
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
                end(world);
                world->torn_down = 0;
                write_record(world, phases[i]);
                begin(world, "test:///default");
                wait_ready(world);
                wait_vm(world, "State", "down");
                assert_vm(world, "StateReason", "start-failed");
                for (unsigned k = 0; world->torn_down < 2 && k < WAIT_TRIES; k++)
                        turn(world);
                assert_int_equal(world->torn_down, 2);
        }
}

static void test_restart_rubbish(void **state) {
        World *world = *state;

        end(world);
        write_record(world, "running");
        {
                char path[256];

                (void) snprintf(path, sizeof(path), "%s/vm/" VM ".json", world->directory);
                assert_return_code(truncate(path, 40), errno);
        }
        begin(world, "test:///default");
        wait_ready(world);
        assert_null(manager_find(world->manager, VM));
        started(world, SMALL);
}

/* No libvirt: the service is there and says why it cannot. */
static void test_no_libvirt(void **state) {
        World *world = *state;
        _cleanup_message_ sd_bus_message *stats = NULL;
        bool failed = false;

        started(world, SMALL);
        end(world);
        begin(world, "test:///does/not/exist.xml");
        for (unsigned i = 0; !failed && i < WAIT_TRIES; i++) {
                turn(world);
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

        end(world);
        begin(world, "test:///default");
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
                turn(world);
        assert_int_equal(json_object_size(world->manager->starts_untold), 0); /* libvirt did say so */

        manager_expect_start(world->manager, VM); /* as before it did, and when it had not told of the run before either */
        manager_expect_start(world->manager, VM);
        manager_event(&begun, world->manager);
        manager_event(&stopped, world->manager);
        assert_vm(world, "State", "running");
        for (unsigned i = 0; i < WAIT_TRIES && vm->decide_timer; i++)
                turn(world);
        assert_null(vm->decide_timer);
        assert_call(world, "Pause", "{}", ""); /* libvirt was asked before this, and has answered */
        wait_vm(world, "State", "paused");
        assert_int_equal(world->torn_down, 0);

        manager_event(&begun, world->manager);
        manager_event(&stopped, world->manager);
        wait_vm(world, "State", "down");
        assert_int_equal(world->torn_down, 2);
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

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(test_life),
                TEST(test_incoming),           TEST(test_shutdown),     TEST(test_states),         TEST(test_bad_input),
                TEST(test_again),          TEST(test_disk_fails),   TEST(test_release_fails),  TEST(test_denied),
                TEST(test_stats),          TEST(test_capabilities), TEST(test_foreign),        TEST(test_restart_adopts),
                TEST(test_restart_without_record), TEST(test_restart_lost), TEST(test_restart_in_between), TEST(test_restart_rubbish),
                TEST(test_record_fails),   TEST(test_job_cannot_be_kept),
                TEST(test_no_libvirt),     TEST(test_first_call_waits), TEST(test_either_order), TEST(test_end_of_run_before), TEST(test_many),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
