/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The D-Bus face of a VM: its life. What is attached to it is in vm-device-bus.c. */

#include <stdio.h>

#include "bus-error.h"
#include "dict.h"
#include "object-bus.h"
#include "parse-util.h"
#include "plan-cd.h"
#include "plan-internal.h"
#include "snapshot-bus.h"
#include "spec.h"
#include "vm-device-bus.h"
#include "vm-start.h"
#include "work.h"

static bool reference_is_valid(const char *s) {
        return uuid_is_valid(s) || name_is_valid(s, NAME_BYTES_MAX);
}

static int method_start(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        static const DictField fields[] = {
                OPTIONS_COMMON,
                { "host", DICT_STRING, .valid = reference_is_valid, .expected = "an id or a name" },
                { "paused", DICT_BOOLEAN },
                { NULL },
        };
        Object *vm = userdata;
        Manager *manager = vm->owner;
        _cleanup_request_ Request request = { NULL };
        _cleanup_(change_freep) Change *change = change_new();
        Job *job = NULL;
        Actor actor;
        Plan plan;
        int r;

        r = request_read(&request, manager, message, NULL, fields, error);
        if (r < 0)
                return r;
        if (!request.replay) {
                r = vm_start_check(manager, vm, dict_string(request.options, "host", NULL), error);
                if (r < 0)
                        return r;
        }
        r = request_authorise(&request, ACTION_OPERATE, "start", vm, NULL, error);
        if (r <= 0)
                return r < 0 ? r : 1;

        plan = request_plan(&request, &actor);
        r = change ? plan_touch(&plan, vm, change) : -ENOMEM;
        if (r >= 0)
                r = event_add(change, &actor, EVENT_NORMAL, "vm-start", EVENT_OBJECTS(vm->path), "The VM %s is being started",
                              vm->name);
        if (r >= 0)
                r = request_begin_job(&request, "start", vm, json_object(), change, &job, error);
        if (r < 0)
                return r;
        if (job)
                work_start_vm(manager, job, vm, dict_boolean(request.options, "paused", false));
        return request_reply(&request, "j");
}

static int check_runs(const Object *vm, bool cuts_in, sd_bus_error *error) {
        const Manager *manager = vm->owner;

        if (vm_is_down(vm))
                return sd_bus_error_setf(error, RHV_ERROR_INVALID_STATE, "The VM %s is %s", vm->name, vm_state(vm));
        if (vm->job[0] && !cuts_in)
                return sd_bus_error_setf(error, RHV_ERROR_BUSY, "The VM %s is busy with job %s", vm->name, vm->job);
        return backend_check(manager->backends[BACKEND_COMPUTE], error);
}

/* Shutdown, Reboot, PowerOff: a job of Compute. */
static int end_run(sd_bus_message *message, Object *vm, const DictField *fields, const char *kind, const char *code,
                   sd_bus_error *error) {
        static const char *const passed[] = { "mode", "timeout" };
        Manager *manager = vm->owner;
        _cleanup_request_ Request request = { NULL };
        _cleanup_(change_freep) Change *change = change_new();
        _cleanup_json_ json_t *options = json_object();
        bool off = streq(kind, "power-off");
        Job *job = NULL;
        Actor actor;
        Plan plan;
        int r;

        r = request_read(&request, manager, message, NULL, fields, error);
        if (r < 0)
                return r;
        if (!request.replay) {
                r = check_runs(vm, off, error);
                if (r < 0)
                        return r;
        }
        r = request_authorise(&request, ACTION_OPERATE, kind, vm, NULL, error);
        if (r <= 0)
                return r < 0 ? r : 1;

        for (size_t i = 0; options && i < ELEMENTSOF(passed); i++) {
                json_t *value = json_object_get(request.options, passed[i]);

                if (value)
                        (void) json_object_set(options, passed[i], value);
        }
        plan = request_plan(&request, &actor);
        r = change && options ? plan_touch(&plan, vm, change) : -ENOMEM;
        if (r >= 0)
                r = event_add(change, &actor, EVENT_NORMAL, code, EVENT_OBJECTS(vm->path), "The %s of the VM %s was asked for",
                              kind, vm->name);
        if (r >= 0)
                r = request_begin_job(&request, kind, vm, json_object(), change, &job, error);
        if (r < 0)
                return r;
        if (job)
                work_vm(manager, job, vm, streq(kind, "shutdown") ? "Shutdown" : off ? "PowerOff" : "Reboot", options);
        return request_reply(&request, "j");
}

/* Compute's own limit for a graceful end; its default where not given. */
#define SHUTDOWN_TIMEOUT_MAX (24 * 3600 * (int64_t)USEC_PER_SEC)

static int method_shutdown(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        static const char *const modes[] = { "auto", "agent", "acpi", NULL };
        static const DictField fields[] = {
                OPTIONS_COMMON,
                { "mode", DICT_STRING, .words = modes },
                { "timeout", DICT_INTEGER, .min = USEC_PER_SEC, .max = SHUTDOWN_TIMEOUT_MAX },
                { NULL },
        };

        return end_run(message, userdata, fields, "shutdown", "vm-shutdown-requested", error);
}

static int method_reboot(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        return end_run(message, userdata, options_common, "reboot", "vm-reboot-requested", error);
}

static int method_power_off(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        return end_run(message, userdata, options_common, "power-off", "vm-power-off-requested", error);
}

/* ---- calls whose answer is Compute's ---- */

typedef struct ForwardKind {
        const char *verb, *method;
        const char *types;        /* of the answer: "", "h" or "a{sv}" */
        const char *noun, *done;  /* "The <noun> web1 was <done>" */
} ForwardKind;

static const ForwardKind forward_pause = { "pause", "Pause", "", "VM", "paused" };
static const ForwardKind forward_resume = { "resume", "Resume", "", "VM", "resumed" };
static const ForwardKind forward_console = { "open-console", "OpenConsole", "h", "console of the VM", "opened" };
static const ForwardKind forward_cd = { "change-cd", "ChangeCd", "", "CD-ROM of the VM", "changed" };
static const ForwardKind forward_graphics = { "open-graphics", "OpenGraphics", "h", "display of the VM", "opened" };
/* the one that changes nothing: no options, no event */
static const ForwardKind forward_stats = { "get-stats", "GetStats", "a{sv}", "load of the VM", "read" };

typedef struct Forward {
        Manager *manager;
        Operation *operation;
        const ForwardKind *kind;
        char vm_id[37], vm_name[NAME_BYTES_MAX + 1], user[64], correlation[37];
        uid_t uid;
        sd_bus_slot *slot;
} Forward;

static Forward *forward_free(Forward *forward) {
        if (!forward)
                return NULL;
        operation_free(forward->operation);
        sd_bus_slot_unref(forward->slot);
        free(forward);
        return NULL;
}
DEFINE_CLEANUP(Forward *, forward_free)

static void forward_event(const Forward *forward) {
        Manager *manager = forward->manager;
        Actor actor = { .uid = forward->uid, .user = forward->user, .correlation = forward->correlation };
        const Object *vm = model_find(manager->model, KIND_VM, forward->vm_id);
        char code[48];
        Change *change = change_new();

        (void) snprintf(code, sizeof code, "vm-%s", forward->kind->verb);
        if (change && event_add(change, &actor, EVENT_NORMAL, code, EVENT_OBJECTS(vm ? vm->path : NULL),
                                "The %s %s was %s", forward->kind->noun, forward->vm_name, forward->kind->done) >= 0)
                manager_commit(manager, change, "an event");
        else
                change_free(change);
}

static int copy_answer(sd_bus_message *reply, sd_bus_message *answer, const char *types) {
        _cleanup_json_ json_t *dict = NULL;
        int fd, r;

        if (streq(types, "h")) {
                r = sd_bus_message_read(answer, "h", &fd);
                return r < 0 ? r : sd_bus_message_append(reply, "h", fd);
        }
        if (streq(types, "a{sv}")) {
                r = dict_read(answer, &dict, NULL);
                return r < 0 ? r : dict_append(reply, dict);
        }
        return 0;
}

static int on_forwarded(sd_bus_message *answer, void *userdata, sd_bus_error *ret_error) {
        Forward *forward = userdata;
        const sd_bus_error *error = sd_bus_message_get_error(answer);
        _cleanup_error_ sd_bus_error named = SD_BUS_ERROR_NULL;
        _cleanup_message_ sd_bus_message *reply = NULL;
        int r;

        if (error)
                r = bus_error_forward(&named, error, "The %s %s cannot be %s", forward->kind->noun, forward->vm_name,
                                      forward->kind->done);
        else {
                r = sd_bus_message_new_method_return(operation_message(forward->operation), &reply);
                if (r >= 0)
                        r = copy_answer(reply, answer, forward->kind->types);
        }
        if (r < 0)
                forward->operation = operation_fail_errno(forward->operation, r, &named);
        else {
                if (forward->kind != &forward_stats)
                        forward_event(forward);
                forward->operation = operation_reply_message(forward->operation, reply);
        }
        forward_free(forward);
        return 0;
}

/* first: what the method takes before its options; may be NULL. */
static int forward_send(Request *request, Object *vm, const ForwardKind *kind, const json_t *first, sd_bus_error *error) {
        _cleanup_(forward_freep) Forward *forward = calloc(1, sizeof *forward);
        _cleanup_message_ sd_bus_message *call = NULL;
        Backend *compute = request->manager->backends[BACKEND_COMPUTE];
        _cleanup_free_ char *path = bus_object_path("/vm", vm->id);
        Actor actor = request_actor(request);
        int r;

        if (!forward || !path)
                return -ENOMEM;
        forward->manager = request->manager;
        forward->kind = kind;
        forward->uid = request->uid;
        (void) snprintf(forward->vm_id, sizeof forward->vm_id, "%s", vm->id);
        (void) snprintf(forward->vm_name, sizeof forward->vm_name, "%s", vm->name);
        (void) snprintf(forward->user, sizeof forward->user, "%s", request->user);
        (void) snprintf(forward->correlation, sizeof forward->correlation, "%s", actor.correlation);

        r = backend_message(compute, path, "Compute.Vm", kind->method, &call);
        if (r >= 0 && first)
                r = dict_append(call, first);
        if (r >= 0 && kind != &forward_stats)
                r = sd_bus_message_append(call, "a{sv}", 0);
        if (r >= 0)
                r = backend_send(compute, call, on_forwarded, forward, &forward->slot);
        if (r < 0)
                return r;
        forward->operation = operation_new(request->message);
        if (!forward->operation)
                return -ENOMEM;
        (void) TAKE_PTR(forward);
        return 1;
}

static int forward(sd_bus_message *message, Object *vm, const ForwardKind *kind, sd_bus_error *error) {
        _cleanup_request_ Request request = { .unrecorded = true };
        int r;

        r = request_read(&request, vm->owner, message, NULL, options_common, error);
        if (r >= 0)
                r = check_runs(vm, true, error);
        if (r < 0)
                return r;
        r = request_authorise(&request, ACTION_OPERATE, kind->verb, vm, NULL, error);
        if (r <= 0)
                return r < 0 ? r : 1;
        return forward_send(&request, vm, kind, NULL, error);
}

static int method_pause(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        return forward(message, userdata, &forward_pause, error);
}

static int method_resume(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        return forward(message, userdata, &forward_resume, error);
}

static int method_open_console(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        return forward(message, userdata, &forward_console, error);
}

static int method_open_graphics(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        return forward(message, userdata, &forward_graphics, error);
}

/* What the guest has in its drive until its end; at its next start it has what the VM says. */
static int method_change_cd(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        Object *vm = userdata;
        _cleanup_request_ Request request = { .unrecorded = true };
        _cleanup_json_ json_t *medium = json_object(), *asked = NULL;
        const char *given;
        Medium found = {};
        Actor actor;
        Plan plan;
        int r;

        r = sd_bus_message_read_basic(message, 's', &given);
        asked = r >= 0 ? json_pack("[s]", given) : NULL;
        if (r >= 0)
                r = asked && medium ? request_read(&request, vm->owner, message, asked, options_common, error) : -ENOMEM;
        if (r >= 0)
                r = check_runs(vm, true, error);
        if (r < 0)
                return r;
        plan = request_plan(&request, &actor);
        if (*given) {
                r = plan_resolve_medium(&plan, object_data_center(vm), given, &found, error);
                if (r >= 0)
                        r = plan_check_medium(plan.model, vm, &found, error);
                if (r >= 0)
                        r = medium_describe(&found, medium);
                if (r < 0)
                        return r;
        }
        r = request_authorise(&request, ACTION_OPERATE, forward_cd.verb, vm, NULL, error);
        if (r <= 0)
                return r < 0 ? r : 1;
        return forward_send(&request, vm, &forward_cd, medium, error);
}

static int method_get_stats(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        Object *vm = userdata;
        Request request = { .manager = vm->owner, .message = message };
        int r;

        r = check_runs(vm, true, error);
        if (r < 0)
                return r;
        return forward_send(&request, vm, &forward_stats, NULL, error);
}

const sd_bus_vtable vm_vtable[] = {
        SD_BUS_VTABLE_START(0),
        PROPERTY_CONST("Id", "s"),
        PROPERTY_CHANGING("Name", "s"),
        PROPERTY_CHANGING("Description", "s"),
        PROPERTY_CHANGING("Cluster", "s"),
        PROPERTY_CHANGING("State", "s"),
        PROPERTY_CHANGING("StateReason", "s"),
        PROPERTY_CHANGING("ExitMessage", "s"),
        PROPERTY_CHANGING("Job", "o"),
        PROPERTY_CHANGING("Host", "s"),
        PROPERTY_CHANGING("Spec", "a{sv}"),
        PROPERTY_CHANGING("Memory", "t"),
        PROPERTY_CHANGING("Cpus", "u"),
        PROPERTY_CHANGING("Autostart", "b"),
        PROPERTY_CHANGING("GuestAddresses", "as"),
        PROPERTY_CHANGING("GuestHostname", "s"),
        PROPERTY_CHANGING("AgentState", "s"),
        PROPERTY_CHANGING("StartedAt", "t"),
        METHOD_UPDATE,
        METHOD_REMOVE,
        SD_BUS_METHOD_WITH_ARGS("CreateSnapshot", SD_BUS_ARGS("a{sv}", description, "a{sv}", options),
                                SD_BUS_RESULT("o", snapshot, "o", job), vm_method_create_snapshot, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("CreateTemplate", SD_BUS_ARGS("a{sv}", description, "a{sv}", options),
                                SD_BUS_RESULT("o", made, "o", job), vm_method_create_template, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Clone", SD_BUS_ARGS("a{sv}", description, "a{sv}", options),
                                SD_BUS_RESULT("o", vm, "o", job), vm_method_clone, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Export", SD_BUS_ARGS("s", domain, "a{sv}", options), SD_BUS_RESULT("o", job), vm_method_export,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Start", SD_BUS_ARGS("a{sv}", options), SD_BUS_RESULT("o", job), method_start,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Shutdown", SD_BUS_ARGS("a{sv}", options), SD_BUS_RESULT("o", job), method_shutdown,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Reboot", SD_BUS_ARGS("a{sv}", options), SD_BUS_RESULT("o", job), method_reboot,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("PowerOff", SD_BUS_ARGS("a{sv}", options), SD_BUS_RESULT("o", job), method_power_off,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Pause", SD_BUS_ARGS("a{sv}", options), SD_BUS_NO_RESULT, method_pause,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Resume", SD_BUS_ARGS("a{sv}", options), SD_BUS_NO_RESULT, method_resume,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("OpenConsole", SD_BUS_ARGS("a{sv}", options), SD_BUS_RESULT("h", console),
                                method_open_console, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("OpenGraphics", SD_BUS_ARGS("a{sv}", options), SD_BUS_RESULT("h", graphics),
                                method_open_graphics, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("ChangeCd", SD_BUS_ARGS("s", medium, "a{sv}", options), SD_BUS_NO_RESULT, method_change_cd,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("GetStats", SD_BUS_NO_ARGS, SD_BUS_RESULT("a{sv}", stats), method_get_stats,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("AttachDisk", SD_BUS_ARGS("s", disk, "a{sv}", options), SD_BUS_NO_RESULT,
                                vm_method_attach_disk, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("DetachDisk", SD_BUS_ARGS("s", disk, "a{sv}", options), SD_BUS_NO_RESULT,
                                vm_method_detach_disk, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("AddNic", SD_BUS_ARGS("a{sv}", nic, "a{sv}", options), SD_BUS_RESULT("s", nic),
                                vm_method_add_nic, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("UpdateNic", SD_BUS_ARGS("s", nic, "a{sv}", changes, "a{sv}", options), SD_BUS_NO_RESULT,
                                vm_method_update_nic, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("RemoveNic", SD_BUS_ARGS("s", nic, "a{sv}", options), SD_BUS_NO_RESULT,
                                vm_method_remove_nic, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_VTABLE_END,
};
