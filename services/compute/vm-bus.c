/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The D-Bus face of a guest: every handler reads, checks, authorises, calls one vm_ function, replies. */

#include "bus-error.h"
#include "dict.h"
#include "log.h"
#include "manager.h"
#include "stats-bus.h"
#include "vm-bus.h"
#include "vm-cd.h"
#include "vm-nic.h"

/* ---- finding ---- */

int vm_bus_find(sd_bus *bus, const char *path, const char *interface, void *userdata, void **ret_found, sd_bus_error *error) {
        Vm *vm = manager_find_path(userdata, path);

        if (!vm)
                return 0;
        *ret_found = vm;
        return 1;
}

int vm_bus_enumerate(sd_bus *bus, const char *prefix, void *userdata, char ***ret_nodes, sd_bus_error *error) {
        Manager *manager = userdata;
        char **nodes = calloc(manager_count(manager) + 1, sizeof(char *));
        size_t n = 0;
        Vm *vm, *next;

        if (!nodes)
                return -ENOMEM;
        HASH_ITER(by_id, manager->vms_by_id, vm, next) {
                nodes[n] = strdup(vm->path);
                n += nodes[n] != NULL;
        }
        *ret_nodes = nodes;
        return 0;
}

/* ---- properties ---- */

#define GETTER(name) \
        static int name(sd_bus *bus, const char *path, const char *interface, const char *property, sd_bus_message *reply, void *userdata, sd_bus_error *error)

GETTER(property_id) {
        const Vm *vm = userdata;
        return sd_bus_message_append_basic(reply, 's', vm->id);
}

GETTER(property_name) {
        const Vm *vm = userdata;
        return sd_bus_message_append_basic(reply, 's', vm->name);
}

GETTER(property_managed) {
        const Vm *vm = userdata;
        int managed = vm->managed;
        return sd_bus_message_append_basic(reply, 'b', &managed);
}

GETTER(property_state) {
        return sd_bus_message_append_basic(reply, 's', vm_state_to_string(vm_shown(userdata)));
}

GETTER(property_state_reason) {
        const Vm *vm = userdata;
        return sd_bus_message_append_basic(reply, 's', vm->reason);
}

GETTER(property_exit_message) {
        const Vm *vm = userdata;
        return sd_bus_message_append_basic(reply, 's', vm->exit_message ?: "");
}

GETTER(property_description) {
        const Vm *vm = userdata;

        return vm->description ? dict_append(reply, vm->description) : sd_bus_message_append(reply, "a{sv}", 0);
}

GETTER(property_devices) {
        const Vm *vm = userdata;

        return dict_append_array(reply, vm->devices);
}

GETTER(property_guest_addresses) {
        const Vm *vm = userdata;
        return bus_append_strings(reply, (const char *const *)vm->addresses);
}

GETTER(property_agent_state) {
        const Vm *vm = userdata;
        return sd_bus_message_append_basic(reply, 's', agent_state_to_string(vm->agent));
}

GETTER(property_guest_hostname) {
        const Vm *vm = userdata;
        return sd_bus_message_append_basic(reply, 's', vm->hostname ?: "");
}

GETTER(property_started_at) {
        const Vm *vm = userdata;
        return sd_bus_message_append_basic(reply, 't', &vm->started_usec);
}

/* ---- jobs ---- */

static int allow(Vm *vm, sd_bus_message *message, const char *action, const char *verb, sd_bus_error *error) {
        return auth_check(vm->manager->daemon->auth, message, action, AUTH_DETAILS("verb", verb, "vm", vm->id, "name", vm->name), error);
}

int vm_bus_new_job(Vm *vm, sd_bus_message *message, const char *kind, const char *given_id, json_t *arguments,
                   int (*cancel)(Job *, void *, sd_bus_error *), Job **ret, sd_bus_error *error) {
        uid_t uid = (uid_t)-1;
        JobSpec spec = {
                .id = given_id,
                .kind = kind,
                .objects = (const char *const[]){ vm->path, NULL },
                .arguments = arguments,
                .cancel = cancel,
                .userdata = vm->manager,
        };

        (void) message_get_uid(message, &uid);
        spec.uid = uid;
        return job_new(vm->manager->daemon->jobs, &spec, ret, error);
}

/* A job of that id is known: then a busy guest is no obstacle, the retry gets the same answer. */
static bool is_retry(Vm *vm, const json_t *options) {
        const char *id = dict_string(options, "job_id", NULL);

        return id && job_find(vm->manager->daemon->jobs, id);
}

static int reply_job(sd_bus_message *message, const Job *job) {
        return sd_bus_reply_method_return(message, "o", job_path(job));
}

/* ---- shutdown and reboot ---- */

static const char *const stop_modes[] = { "auto", "agent", "acpi", NULL };
static const DictField stop_fields[] = {
        { .key = "mode", .type = DICT_STRING, .words = stop_modes },
        { .key = "timeout", .type = DICT_INTEGER, .min = (int64_t)USEC_PER_SEC, .max = (int64_t)VM_STOP_TIMEOUT_MAX_USEC },
        { .key = "job_id", .type = DICT_STRING, .valid = uuid_is_valid, .expected = "a UUID" },
        {},
};

static int check_stop(Vm *vm, const json_t *options, unsigned *ret_ways, sd_bus_error *error) {
        int r;

        *ret_ways = vm_stop_ways(dict_string(options, "mode", "auto"), vm->agent, vm->agent_connected);
        if (is_retry(vm, options))
                return 0;
        r = vm_check_alive(vm, error);
        if (r >= 0)
                r = vm_check_free(vm, error);
        if (r >= 0)
                r = virt_check_ready(vm->manager->virt, error);
        if (r >= 0 && *ret_ways == 0)
                r = sd_bus_error_setf(error, RHV_ERROR_INVALID_STATE, "Nobody answers on the agent's channel of VM %s", vm->name);
        return r;
}

static int handle_stop(sd_bus_message *message, Vm *vm, const char *verb, sd_bus_error *error) {
        _cleanup_json_ json_t *options = NULL, *arguments = NULL;
        int64_t timeout;
        unsigned ways;
        Job *job;
        int r;

        if (manager_wait_for_backend(vm->manager, message))
                return 1;
        r = dict_read_checked(message, stop_fields, "options", &options, error);
        if (r >= 0)
                r = check_stop(vm, options, &ways, error);
        if (r < 0)
                return r;
        r = allow(vm, message, ACTION_COMPUTE_OPERATE, verb, error);
        if (r <= 0)
                return r < 0 ? r : 1;

        timeout = dict_integer(options, "timeout", (int64_t)VM_STOP_TIMEOUT_USEC);
        arguments = json_pack("{s:s, s:s, s:I}", "vm", vm->id, "mode", dict_string(options, "mode", "auto"), "timeout", (json_int_t)timeout);
        r = vm_bus_new_job(vm, message, verb, dict_string(options, "job_id", NULL), arguments, vm_stop_cancel, &job, error);
        if (r == 0)
                return reply_job(message, job);
        if (r > 0)
                r = streq(verb, "reboot") ? vm_reboot(vm, job, ways, (uint64_t)timeout, error) : vm_shutdown(vm, job, ways, (uint64_t)timeout, error);
        else
                return r;
        if (r < 0) {
                job_drop(job); /* its path was not told, the call's own error says why */
                return r;
        }
        return reply_job(message, job);
}

static int method_shutdown(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        return handle_stop(message, userdata, "shutdown", error);
}

static int method_reboot(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        return handle_stop(message, userdata, "reboot", error);
}

/* ---- power off ---- */

static const DictField job_fields[] = {
        { .key = "job_id", .type = DICT_STRING, .valid = uuid_is_valid, .expected = "a UUID" },
        {},
};

static int check_power_off(Vm *vm, const json_t *options, sd_bus_error *error) {
        int r;

        if (is_retry(vm, options))
                return 0;
        r = vm->activity == VM_ACTIVITY_START || vm->activity == VM_ACTIVITY_INCOMING || vm->activity == VM_ACTIVITY_POWER_OFF ? vm_check_free(vm, error) : vm_check_alive(vm, error);
        return r < 0 ? r : virt_check_ready(vm->manager->virt, error);
}

static int method_power_off(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        _cleanup_json_ json_t *options = NULL, *arguments = NULL;
        Vm *vm = userdata;
        Job *job;
        int r;

        if (manager_wait_for_backend(vm->manager, message))
                return 1;
        r = dict_read_checked(message, job_fields, "options", &options, error);
        if (r >= 0)
                r = check_power_off(vm, options, error);
        if (r < 0)
                return r;
        r = allow(vm, message, ACTION_COMPUTE_OPERATE, "power-off", error);
        if (r <= 0)
                return r < 0 ? r : 1;

        arguments = json_pack("{s:s}", "vm", vm->id);
        r = vm_bus_new_job(vm, message, "power-off", dict_string(options, "job_id", NULL), arguments, NULL, &job, error);
        if (r < 0)
                return r;
        if (r > 0) {
                r = vm_power_off(vm, job, error);
                if (r < 0) {
                        job_drop(job);
                        return r;
                }
        }
        return reply_job(message, job);
}

/* ---- to and from another host ---- */

/* MiB in a second: far above any network, and no overflow in libvirt. */
#define BANDWIDTH_MIB_MAX 1000000

static const DictField migrate_fields[] = {
        { .key = "bandwidth", .type = DICT_INTEGER, .min = 1, .max = BANDWIDTH_MIB_MAX },
        { .key = "auto_converge", .type = DICT_BOOLEAN },
        { .key = "job_id", .type = DICT_STRING, .valid = uuid_is_valid, .expected = "a UUID" },
        {},
};

static int check_migrate(Vm *vm, char **paths, const json_t *options, sd_bus_error *error) {
        int r;

        if (is_retry(vm, options))
                return 0;
        r = vm_check_alive(vm, error);
        if (r >= 0)
                r = vm_check_free(vm, error);
        if (r >= 0)
                r = virt_check_ready(vm->manager->virt, error);
        if (r >= 0 && vm->observed != VM_RUNNING && vm->observed != VM_BLOCKED && !(vm->observed == VM_PAUSED && streq(vm->reason, "user")))
                r = sd_bus_error_setf(error, RHV_ERROR_INVALID_STATE, "VM %s is %s (%s): only one that runs, or was paused by a user, can be migrated",
                                      vm->name, vm_state_to_string(vm->observed), vm->reason);
        if (r >= 0 && manager_count_busy(vm->manager, VM_ACTIVITY_MIGRATE) >= MIGRATIONS_MAX)
                r = sd_bus_error_setf(error, RHV_ERROR_LIMIT_EXCEEDED, "%u VMs are leaving this host already", MIGRATIONS_MAX);
        return r < 0 ? r : vm_migrate_check(vm, paths, error);
}

static int begin_migrate(Vm *vm, Job *job, const json_t *options, sd_bus_error *error) {
        const char *base = vm->manager->migration_base;
        _cleanup_free_ char *libvirt = migration_socket(base, vm->id, MIGRATION_LIBVIRT);
        _cleanup_free_ char *memory = migration_socket(base, vm->id, MIGRATION_MEMORY);
        VirtMigration migration = { .bandwidth_mib = (uint64_t)dict_integer(options, "bandwidth", 0),
                                    .auto_converge = dict_boolean(options, "auto_converge", false) };
        int r = -ENOMEM;

        if (!libvirt || !memory)
                return -ENOMEM;
        if (access(libvirt, F_OK) < 0 || access(memory, F_OK) < 0)
                return sd_bus_error_setf(error, RHV_ERROR_INVALID_STATE, "There is no way to another host for VM %s: org.rhv.Cluster makes it (MigrateVm)",
                                         vm->name);
        if (virt_migration_init(&migration, libvirt, memory) >= 0)
                r = vm_migrate(vm, job, &migration, error);
        virt_migration_done(&migration);
        return r;
}

static int read_migrate(sd_bus_message *message, char ***ret_paths, json_t **ret_options, sd_bus_error *error) {
        int r = sd_bus_message_read_strv(message, ret_paths);

        return r < 0 ? r : dict_read_checked(message, migrate_fields, "options", ret_options, error);
}

static void strv_free(char ***strings) {
        for (char **s = *strings; s && *s; s++)
                free(*s);
        free(*strings);
}

static int method_migrate(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        _cleanup_json_ json_t *options = NULL, *arguments = NULL;
        _cleanup_(strv_free) char **paths = NULL;
        Vm *vm = userdata;
        Job *job;
        int r;

        if (manager_wait_for_backend(vm->manager, message))
                return 1;
        r = read_migrate(message, &paths, &options, error);
        if (r >= 0)
                r = check_migrate(vm, paths, options, error);
        if (r < 0)
                return r;
        r = allow(vm, message, ACTION_COMPUTE_OPERATE, "migrate", error);
        if (r <= 0)
                return r < 0 ? r : 1;
        arguments = json_pack("{s:s}", "vm", vm->id);
        r = vm_bus_new_job(vm, message, "migrate", dict_string(options, "job_id", NULL), arguments, vm_migrate_cancel, &job, error);
        if (r < 0)
                return r;
        if (r > 0) {
                r = begin_migrate(vm, job, options, error);
                if (r < 0) {
                        job_drop(job);
                        return r;
                }
        }
        return reply_job(message, job);
}

static int method_open_incoming(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        _cleanup_close_ int fd = -EBADF;
        MigrationChannel channel;
        Vm *vm = userdata;
        const char *word;
        int r;

        r = sd_bus_message_read(message, "s", &word);
        if (r >= 0)
                r = dict_read_empty(message, error);
        if (r < 0)
                return r;
        channel = migration_channel_from_string(word);
        if (channel < 0)
                return sd_bus_error_set(error, RHV_ERROR_INVALID_ARGUMENT, "The channel must be libvirt or memory");
        r = allow(vm, message, ACTION_COMPUTE_CARRY, "open-incoming", error);
        if (r <= 0)
                return r < 0 ? r : 1;
        fd = vm_incoming_open(vm, channel, error);
        return fd < 0 ? fd : sd_bus_reply_method_return(message, "h", fd);
}

/* ---- pause, resume, forget ---- */

static int handle_suspend(sd_bus_message *message, Vm *vm, bool suspend, sd_bus_error *error) {
        VmState wanted = suspend ? VM_PAUSED : VM_RUNNING;
        int r;

        if (manager_wait_for_backend(vm->manager, message))
                return 1;
        r = dict_read_empty(message, error);
        if (r >= 0)
                r = vm_check_alive(vm, error);
        if (r >= 0)
                r = virt_check_ready(vm->manager->virt, error);
        if (r < 0)
                return r;
        r = allow(vm, message, ACTION_COMPUTE_OPERATE, suspend ? "pause" : "resume", error);
        if (r <= 0)
                return r < 0 ? r : 1;
        if (vm->observed == wanted)
                return sd_bus_reply_method_return(message, "");
        return vm_suspend(vm, message, suspend, error);
}

static int method_pause(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        return handle_suspend(message, userdata, true, error);
}

static int method_resume(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        return handle_suspend(message, userdata, false, error);
}

static int check_forget(const Vm *vm, sd_bus_error *error) {
        if (!vm->managed)
                return sd_bus_error_setf(error, RHV_ERROR_INVALID_STATE, "VM %s was not started here: its definition belongs to libvirt", vm->name);
        if (vm->observed != VM_DOWN || vm_is_busy(vm))
                return sd_bus_error_setf(error, RHV_ERROR_INVALID_STATE, "VM %s is %s, not down", vm->name, vm_state_to_string(vm_shown(vm)));
        if (vm->holds_disks)
                return sd_bus_error_setf(error, RHV_ERROR_BUSY, "The disks of VM %s are still being given back: %s", vm->name,
                                         vm->release_error ?: "Storage has not answered yet");
        return 0;
}

static int method_forget(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        Vm *vm = userdata;
        Manager *manager = vm->manager;
        int r;

        r = dict_read_empty(message, error);
        if (r >= 0)
                r = check_forget(vm, error);
        if (r < 0)
                return r;
        r = allow(vm, message, ACTION_COMPUTE_OPERATE, "forget", error);
        if (r <= 0)
                return r < 0 ? r : 1;

        vm_record_remove(vm);
        bus_changes_forget(manager->daemon->changes, vm->path);
        (void) sd_bus_emit_object_removed(manager->daemon->bus, vm->path);
        vm_free(vm);
        return sd_bus_reply_method_return(message, "");
}

/* ---- devices ---- */

/* What a device of a running guest shall be. ret: new. */
static int read_device(Vm *vm, sd_bus_message *message, json_t **ret, sd_bus_error *error) {
        int r;

        r = dict_read(message, ret, error);
        if (r >= 0)
                r = dict_read_empty(message, error);
        if (r >= 0)
                r = vm_check_alive(vm, error);
        if (r >= 0)
                r = vm_check_free(vm, error);
        if (r >= 0 && !vm->managed)
                r = sd_bus_error_setf(error, RHV_ERROR_INVALID_STATE, "VM %s was not started here: its definition belongs to libvirt", vm->name);
        return r;
}

static int method_update_nic(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        _cleanup_json_ json_t *nic = NULL, *description = NULL;
        Vm *vm = userdata;
        int r;

        if (manager_wait_for_backend(vm->manager, message))
                return 1;
        r = read_device(vm, message, &nic, error);
        if (r >= 0)
                r = vm_nic_change(vm->description, nic, &description, error);
        if (r >= 0)
                r = manager_check_bridges(description, error);
        if (r >= 0)
                r = virt_check_ready(vm->manager->virt, error);
        if (r < 0)
                return r;
        r = allow(vm, message, ACTION_COMPUTE_OPERATE, "update-nic", error);
        if (r <= 0)
                return r < 0 ? r : 1;
        return vm_nic_update(vm, description, dict_string(nic, "id", ""), message, error);
}

static int method_change_cd(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        _cleanup_json_ json_t *medium = NULL, *description = NULL;
        Vm *vm = userdata;
        size_t drive = 0;
        int r;

        if (manager_wait_for_backend(vm->manager, message))
                return 1;
        r = read_device(vm, message, &medium, error);
        if (r >= 0)
                r = vm_cd_change(vm->description, medium, &description, &drive, error);
        if (r >= 0)
                r = virt_check_ready(vm->manager->virt, error);
        if (r < 0)
                return r;
        r = allow(vm, message, ACTION_COMPUTE_OPERATE, "change-cd", error);
        if (r <= 0)
                return r < 0 ? r : 1;
        return vm_cd_begin(vm, description, drive, message, error);
}

/* ---- console and display ---- */

static const DictField console_fields[] = {
        { .key = "force", .type = DICT_BOOLEAN },
        {},
};

static void on_console_closed(Console *console, void *userdata) {
        Vm *vm = userdata;

        vm->console = console_free(vm->console);
}

static int check_console(const Vm *vm, bool force, sd_bus_error *error) {
        int r;

        r = vm_check_alive(vm, error);
        if (r < 0)
                return r;
        if (!vm->console_path)
                return sd_bus_error_setf(error, RHV_ERROR_NOT_SUPPORTED, "VM %s has no serial console that can be opened", vm->name);
        if (vm->console && !force)
                return sd_bus_error_setf(error, RHV_ERROR_BUSY, "The console of VM %s is open already; the option 'force' takes it over", vm->name);
        return 0;
}

static int method_open_console(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        _cleanup_json_ json_t *options = NULL;
        _cleanup_close_ int fd = -EBADF;
        Vm *vm = userdata;
        int r;

        r = dict_read_checked(message, console_fields, "options", &options, error);
        if (r >= 0)
                r = check_console(vm, dict_boolean(options, "force", false), error);
        if (r < 0)
                return r;
        r = allow(vm, message, ACTION_COMPUTE_CONSOLE, "open-console", error);
        if (r <= 0)
                return r < 0 ? r : 1;

        vm->console = console_free(vm->console);
        r = console_open(vm->manager->daemon->event, vm->console_path, on_console_closed, vm, &vm->console, &fd);
        if (r < 0)
                return bus_error_errno(error, r, "Cannot open the console of VM %s", vm->name);
        return sd_bus_reply_method_return(message, "h", fd);
}

static void on_graphics(const VirtOutcome *outcome, void *context, void *userdata) {
        Operation **operation = context;

        if (outcome->r < 0)
                *operation = operation_fail_errno(*operation, outcome->r, outcome->error);
        else
                *operation = operation_reply(*operation, "h", *outcome->fd);
}

static int method_open_graphics(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        Vm *vm = userdata;
        VirtRequest request = { .verb = VIRT_GRAPHICS, .id = vm->id, .lane = vm->lane };
        int r;

        if (manager_wait_for_backend(vm->manager, message))
                return 1;
        r = dict_read_empty(message, error);
        if (r >= 0)
                r = vm_check_alive(vm, error);
        if (r >= 0 && !vm->graphics)
                r = sd_bus_error_setf(error, RHV_ERROR_NOT_SUPPORTED, "VM %s has no display", vm->name);
        if (r >= 0)
                r = virt_check_ready(vm->manager->virt, error);
        if (r < 0)
                return r;
        r = allow(vm, message, ACTION_COMPUTE_CONSOLE, "open-graphics", error);
        if (r <= 0)
                return r < 0 ? r : 1;
        return virt_call_parked(vm->manager->virt, &request, on_graphics, message, error);
}

/* ---- statistics ---- */

static int method_get_stats(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        Vm *vm = userdata;
        const char *ids[] = { vm->id, NULL };
        int r;

        if (manager_wait_for_backend(vm->manager, message))
                return 1;
        r = vm_check_alive(vm, error);
        return r < 0 ? r : stats_ask(vm->manager, message, ids, true, error);
}

const sd_bus_vtable vm_vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_METHOD_WITH_ARGS("Shutdown", SD_BUS_ARGS("a{sv}", options), SD_BUS_RESULT("o", job), method_shutdown, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Reboot", SD_BUS_ARGS("a{sv}", options), SD_BUS_RESULT("o", job), method_reboot, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("PowerOff", SD_BUS_ARGS("a{sv}", options), SD_BUS_RESULT("o", job), method_power_off, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Pause", SD_BUS_ARGS("a{sv}", options), SD_BUS_NO_RESULT, method_pause, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Resume", SD_BUS_ARGS("a{sv}", options), SD_BUS_NO_RESULT, method_resume, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Migrate", SD_BUS_ARGS("as", paths, "a{sv}", options), SD_BUS_RESULT("o", job), method_migrate, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("OpenIncoming", SD_BUS_ARGS("s", channel, "a{sv}", options), SD_BUS_RESULT("h", stream), method_open_incoming,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("UpdateNic", SD_BUS_ARGS("a{sv}", nic, "a{sv}", options), SD_BUS_NO_RESULT, method_update_nic, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("ChangeCd", SD_BUS_ARGS("a{sv}", medium, "a{sv}", options), SD_BUS_NO_RESULT, method_change_cd, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Forget", SD_BUS_ARGS("a{sv}", options), SD_BUS_NO_RESULT, method_forget, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("OpenConsole", SD_BUS_ARGS("a{sv}", options), SD_BUS_RESULT("h", console), method_open_console, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("OpenGraphics", SD_BUS_ARGS("a{sv}", options), SD_BUS_RESULT("h", display), method_open_graphics, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("GetStats", SD_BUS_NO_ARGS, SD_BUS_RESULT("a{sv}", stats), method_get_stats, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_PROPERTY("Id", "s", property_id, 0, SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_PROPERTY("Name", "s", property_name, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("Managed", "b", property_managed, 0, SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_PROPERTY("State", "s", property_state, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("StateReason", "s", property_state_reason, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("ExitMessage", "s", property_exit_message, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("Description", "a{sv}", property_description, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("Devices", "aa{sv}", property_devices, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("GuestAddresses", "as", property_guest_addresses, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("AgentState", "s", property_agent_state, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("GuestHostname", "s", property_guest_hostname, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("StartedAt", "t", property_started_at, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_VTABLE_END,
};
