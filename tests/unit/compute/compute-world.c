/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "compute-world.h"

#include <sys/stat.h>

#include "remove-tree.h"
#include "state-file.h"
#include "vm-bus.h"

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

static void world_begin_manager(World *world, const char *uri) {
        World *w = world;

        assert_ok(bus_changes_new(w->pair.server, &w->daemon.changes));
        {
                _cleanup_free_ char *jobs = NULL;

                assert_true(asprintf(&jobs, "%s/jobs", w->directory) > 0);
                assert_ok(job_manager_new(w->pair.server, w->daemon.changes, "Compute", jobs, &w->daemon.jobs));
        }
        assert_ok(manager_new(&w->daemon, uri, &w->manager));
}

static void world_end_manager(World *world) {
        world->manager = manager_free(world->manager);
        world->daemon.jobs = job_manager_free(world->daemon.jobs);
        world->daemon.changes = bus_changes_free(world->daemon.changes);
}

void world_turn(World *world) {
        assert_ok(sd_event_run(world->pair.event, 10 * USEC_PER_MSEC));
}

void world_wait_ready(World *world) {
        for (unsigned i = 0; !world->manager->inventory_known; i++) {
                assert_true(i < WAIT_TRIES);
                world_turn(world);
        }
}

/* The registered vtables hold the Manager's pointer, so a world's bus is made anew with each Manager. */
static void world_connect_bus(World *world) {
        bus_pair_init(&world->pair);
        fake_auth_init(&world->auth, world->pair.event);
        world->auth.answer = 1;
        world->daemon.event = world->pair.event;
        world->daemon.bus = world->pair.server;
        world->daemon.auth = world->auth.auth;
        world->daemon.runtime_directory = world->directory;
        assert_ok(sd_bus_add_fallback_vtable(world->pair.client, NULL, "/org/rhv/Storage/domain", "org.rhv.Storage.Domain", storage_vtable, storage_find, world));
}

void world_begin(World *world, const char *uri) {
        world_connect_bus(world);
        world_begin_manager(world, uri);
        assert_ok(bus_objects_register(world->pair.server, COMPUTE_ROOT, compute_bus_objects, world->manager));
        assert_ok(job_manager_register(world->daemon.jobs, NULL));
        assert_ok(sd_bus_match_signal(world->pair.client, NULL, NULL, NULL, "org.freedesktop.DBus.Properties", "PropertiesChanged", on_changed, world));
}

void world_end(World *world) {
        world_end_manager(world);
        fake_auth_done(&world->auth);
        bus_pair_done(&world->pair);
}

int world_setup(void **state) {
        World *world = calloc(1, sizeof(World));

        assert_non_null(world);
        (void) snprintf(world->base, sizeof(world->base), "/tmp/rhv-test-XXXXXX");
        assert_non_null(mkdtemp(world->base));
        (void) snprintf(world->directory, sizeof(world->directory), "%s/compute", world->base);
        assert_ok(make_directory(world->directory, 0755));
        world->driver = virConnectOpen("test:///default");
        assert_non_null(world->driver);
        world_begin(world, "test:///default");
        world_wait_ready(world);
        *state = world;
        return 0;
}

int world_teardown(void **state) {
        World *world = *state;
        virDomainPtr domain;

        world_end(world);
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

char *create_with(World *world, const char *id, const char *description, const char *options) {
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

char *create(World *world, const char *description) {
        return create_with(world, VM, description, "{}");
}

static char *vm_get(World *world, const char *property) {
        _cleanup_free_ char *path = vm_path(VM);

        return bus_pair_get_string(&world->pair, path, COMPUTE_VM_INTERFACE, property);
}

void assert_vm(World *world, const char *property, const char *want) {
        _cleanup_free_ char *got = vm_get(world, property);

        assert_string_equal(got, want);
}

void wait_vm(World *world, const char *property, const char *want) {
        for (unsigned i = 0; i < WAIT_TRIES; i++) {
                _cleanup_free_ char *got = vm_get(world, property);

                if (streq(got, want))
                        return;
                world_turn(world);
        }
        assert_vm(world, property, want);
}

const char *job_end(World *world, const char *path) {
        static char text[160];

        for (unsigned i = 0; i < WAIT_TRIES; i++) {
                _cleanup_free_ char *got = bus_pair_get_string(&world->pair, path, JOB_INTERFACE, "State");
                _cleanup_free_ char *error = NULL;

                if (!streq(got, "done") && !streq(got, "failed") && !streq(got, "aborted")) {
                        world_turn(world);
                        continue;
                }
                error = bus_pair_get_string(&world->pair, path, JOB_INTERFACE, "ErrorName");
                (void) snprintf(text, sizeof(text), "%s%s%s", got, *error ? " " : "", error);
                return text;
        }
        return "it did not end";
}

char *vm_call(World *world, const char *method, const char *options) {
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

void assert_call(World *world, const char *method, const char *options, const char *want) {
        _cleanup_free_ char *got = vm_call(world, method, options);

        assert_string_equal(got, want);
}

void assert_create(World *world, const char *description, const char *want) {
        _cleanup_free_ char *got = create(world, description);

        assert_string_equal(got, want);
}

size_t count_objects(World *world) {
        return manager_count(world->manager);
}

void started(World *world, const char *description) {
        _cleanup_free_ char *job = create(world, description);

        assert_string_equal(job_end(world, job), "done");
        assert_vm(world, "State", "running");
}

char *prepare_incoming(World *world, const char *description, char ret_paths[static 256]) {
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

void assert_open_incoming(World *world, const char *channel, const char *want) {
        _cleanup_free_ char *got = open_incoming(world, channel);

        assert_string_equal(got, want);
}
