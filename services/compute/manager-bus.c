/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The D-Bus face of the Manager: org.rhv.Compute. */

#include <stdio.h>

#include "bus-error.h"
#include "config.h"
#include "dict.h"
#include "log.h"
#include "manager.h"
#include "network-bus.h"
#include "stats-bus.h"
#include "vm-bus.h"
#include "vm-description.h"
#include "vm-function.h"

/* ---- properties ---- */

static int property_version(sd_bus *bus, const char *path, const char *interface, const char *property, sd_bus_message *reply, void *userdata, sd_bus_error *error) {
        return sd_bus_message_append(reply, "s", RHV_VERSION);
}

static int property_features(sd_bus *bus, const char *path, const char *interface, const char *property, sd_bus_message *reply, void *userdata, sd_bus_error *error) {
        return sd_bus_message_append(reply, "as", 0);
}

static int property_backends(sd_bus *bus, const char *path, const char *interface, const char *property, sd_bus_message *reply, void *userdata, sd_bus_error *error) {
        const Manager *manager = userdata;

        return sd_bus_message_append(reply, "a(sss)", 1, "libvirt", virt_backend_to_string(virt_backend(manager->virt)), virt_backend_reason(manager->virt));
}

static int property_capabilities(sd_bus *bus, const char *path, const char *interface, const char *property, sd_bus_message *reply, void *userdata, sd_bus_error *error) {
        _cleanup_json_ json_t *capabilities = manager_capabilities(userdata);

        return capabilities ? dict_append(reply, capabilities) : -ENOMEM;
}

/* ---- CreateVm ---- */

static const DictField create_fields[] = {
        { .key = "paused", .type = DICT_BOOLEAN },
        { .key = "job_id", .type = DICT_STRING, .valid = uuid_is_valid, .expected = "a UUID" },
        {},
};

typedef struct CreateRequest {
        const char *id;
        json_t *description, *options;
} CreateRequest;

static void create_request_done(CreateRequest *request) {
        json_decref(request->description);
        json_decref(request->options);
}

static int read_create(sd_bus_message *message, CreateRequest *request, sd_bus_error *error) {
        int r;

        r = sd_bus_message_read(message, "s", &request->id);
        if (r < 0)
                return r;
        if (!uuid_is_valid(request->id))
                return sd_bus_error_set(error, RHV_ERROR_INVALID_ARGUMENT, "The VM's id must be a lower-case UUID");
        r = dict_read(message, &request->description, error);
        if (r >= 0)
                r = vm_description_check(request->description, error);
        if (r >= 0)
                r = dict_read_checked(message, create_fields, "options", &request->options, error);
        return r;
}

/* Bridges are looked at here, so that a misspelled network is refused at once and not by a job that fails later. */
int manager_check_bridges(const json_t *description, sd_bus_error *error) {
        const json_t *nics = json_object_get(description, "nics");

        for (size_t i = 0; i < json_array_size(nics); i++) {
                const json_t *nic = json_array_get(nics, i);
                char path[128];

                if (vm_nic_is_passthrough(nic))
                        continue;
                (void) snprintf(path, sizeof(path), "/sys/class/net/%s/bridge", vm_nic_bridge(nic));
                if (access(path, F_OK) < 0)
                        return sd_bus_error_setf(error, RHV_ERROR_NOT_FOUND, "Network %s has no bridge '%s' on this host",
                                                 dict_string(nic, "network", ""), vm_nic_bridge(nic));
        }
        return 0;
}

static int check_busy(const Manager *manager, VmActivity activity, sd_bus_error *error) {
        if (activity == VM_ACTIVITY_START && manager_count_busy(manager, activity) >= STARTS_MAX)
                return sd_bus_error_setf(error, RHV_ERROR_LIMIT_EXCEEDED, "%u VMs are being started on this host already", STARTS_MAX);
        if (activity == VM_ACTIVITY_INCOMING && manager_count_busy(manager, activity) >= MIGRATIONS_MAX)
                return sd_bus_error_setf(error, RHV_ERROR_LIMIT_EXCEEDED, "%u VMs are coming to this host already", MIGRATIONS_MAX);
        return 0;
}

/* The description with a virtual function for each pass-through NIC, of those that no other guest here has. */
static int choose_functions(const Manager *manager, const char *id, const json_t *description, json_t **ret, sd_bus_error *error) {
        _cleanup_json_ json_t *taken = json_object();
        Vm *vm, *next;

        HASH_ITER(by_id, manager->vms_by_id, vm, next) {
                bool has = !streq(vm->id, id) && (vm->observed != VM_DOWN || vm_is_busy(vm));

                if (!taken || (has && vm_functions_note(vm->description, vm->name, taken) < 0))
                        return -ENOMEM;
        }
        return vm_functions_choose(description, taken, ret, error);
}

static int check_functions(const Manager *manager, const CreateRequest *request, VmActivity activity, sd_bus_error *error) {
        _cleanup_json_ json_t *description = NULL;
        const json_t *nic;
        size_t i;

        json_array_foreach(json_object_get(request->description, "nics"), i, nic)
                if (activity == VM_ACTIVITY_INCOMING && vm_nic_is_passthrough(nic))
                        return sd_bus_error_setf(error, RHV_ERROR_NOT_SUPPORTED, "NIC %zu is passed through: the VM cannot come from another host", i + 1);
        return choose_functions(manager, request->id, request->description, &description, error);
}

static int check_create(const Manager *manager, const CreateRequest *request, VmActivity activity, sd_bus_error *error) {
        const char *name = dict_string(request->description, "name", ""), *job = dict_string(request->options, "job_id", NULL);
        const Vm *vm = manager_find(manager, request->id), *other = manager_find_name(manager, name);
        VmXmlHost host;
        int r;

        if (job && job_find(manager->daemon->jobs, job))
                return 0; /* a retry: job_new() compares it with what was asked then */
        if (vm && (!vm->managed || vm_is_busy(vm) || vm->observed != VM_DOWN))
                return sd_bus_error_setf(error, RHV_ERROR_ALREADY_EXISTS, "VM %s is %s on this host already", vm->name, vm_state_to_string(vm_shown(vm)));
        if (other && other != vm)
                return sd_bus_error_setf(error, RHV_ERROR_ALREADY_EXISTS, "Another VM (%s) of the name %s is on this host", other->id, name);
        if (!vm && manager_count(manager) >= VMS_MAX)
                return sd_bus_error_setf(error, RHV_ERROR_LIMIT_EXCEEDED, "There are %u VMs on this host already", VMS_MAX);
        r = check_busy(manager, activity, error);
        if (r >= 0)
                r = manager_xml_host(manager, &host, error);
        if (r >= 0)
                r = manager_check_bridges(request->description, error);
        return r < 0 ? r : check_functions(manager, request, activity, error);
}

/* The record of the last run, or a new one. */
static Vm *guest_for(Manager *manager, CreateRequest *request, bool *ret_is_new) {
        const char *name = dict_string(request->description, "name", "");
        Vm *vm = manager_find(manager, request->id);

        *ret_is_new = !vm;
        if (!vm) {
                vm = vm_new(manager, request->id, name, true);
                if (vm)
                        vm_set_state(vm, VM_DOWN, "unknown");
        }
        return vm;
}

/* From here on the record is of the new run. */
static int take_description(Vm *vm, json_t *description, bool paused, sd_bus_error *error) {
        const char *name = dict_string(description, "name", "");

        /* Disks of the last run that are not given back yet are still those of the old description: it says what to release. */
        if (vm->holds_disks && !json_equal(json_object_get(vm->description, "disks"), json_object_get(description, "disks")))
                return sd_bus_error_setf(error, RHV_ERROR_BUSY, "The disks of the last run of VM %s are still being given back", vm->name);
        if (!streq(vm->name, name)) {
                char *copy = strdup(name);

                if (!copy)
                        return -ENOMEM;
                free(vm->name);
                vm->name = copy;
                vm_changed(vm, "Name");
        }
        json_decref(vm->description);
        vm->description = json_incref(description);
        vm_changed(vm, "Description");
        vm->paused = paused;
        return 0;
}

/* ret_started: false for the same request again, which starts nothing. */
static int begin(Manager *manager, sd_bus_message *message, CreateRequest *request, VmActivity activity, Vm **ret_vm, Job **ret_job,
                 bool *ret_started, sd_bus_error *error) {
        bool incoming = activity == VM_ACTIVITY_INCOMING;
        bool paused = dict_boolean(request->options, "paused", false), is_new;
        _cleanup_json_ json_t *arguments = json_pack("{s:s, s:o, s:b}", "vm", request->id, "description", vm_functions_forget(request->description), "paused", (int)paused);
        Vm *vm;
        Job *job;
        int r;

        vm = guest_for(manager, request, &is_new);
        if (!vm || !arguments)
                return -ENOMEM;
        r = vm_bus_new_job(vm, message, incoming ? "incoming" : "start", dict_string(request->options, "job_id", NULL), arguments,
                           incoming ? vm_incoming_cancel : vm_start_cancel, &job, error);
        *ret_started = r > 0;
        if (r > 0) {
                _cleanup_json_ json_t *description = NULL;

                r = choose_functions(manager, request->id, request->description, &description, error);
                if (r >= 0)
                        r = take_description(vm, description, paused, error);
                if (r >= 0)
                        r = vm_start(vm, job, activity, error);
                if (r < 0)
                        job_drop(job);
        }
        if (r < 0) {
                if (is_new)
                        vm_free(vm);
                return r;
        }
        if (is_new) {
                bus_changes_forget(manager->daemon->changes, vm->path);
                (void) sd_bus_emit_object_added(manager->daemon->bus, vm->path);
        }
        *ret_vm = vm;
        *ret_job = job;
        return 0;
}

static bool has_mirror(const json_t *description) {
        const json_t *nics = json_object_get(description, "nics");

        for (size_t i = 0; i < json_array_size(nics); i++)
                if (dict_boolean(json_array_get(nics, i), "mirror", false))
                        return true;
        return false;
}

/* Reads, checks and asks polkit. Return: 1 go on, 0 return 1 from the handler, negative: refused. */
static int admit(Manager *manager, sd_bus_message *message, CreateRequest *request, VmActivity activity, const char *action, const char *verb,
                 sd_bus_error *error) {
        int r;

        r = read_create(message, request, error);
        if (r >= 0)
                r = check_create(manager, request, activity, error);
        if (r < 0)
                return r;
        /* a guest that reads what others send is another question than a guest */
        if (activity == VM_ACTIVITY_START && has_mirror(request->description))
                verb = "create-mirroring";
        return auth_check(manager->daemon->auth, message, action,
                          AUTH_DETAILS("verb", verb, "vm", request->id, "name", dict_string(request->description, "name", NULL)), error);
}

static int method_create_vm(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        __attribute__((cleanup(create_request_done))) CreateRequest request = {};
        Manager *manager = userdata;
        bool started;
        Vm *vm;
        Job *job;
        int r;

        if (manager_wait_for_backend(manager, message))
                return 1;
        r = admit(manager, message, &request, VM_ACTIVITY_START, ACTION_COMPUTE_OPERATE, "create", error);
        if (r <= 0)
                return r < 0 ? r : 1;
        r = begin(manager, message, &request, VM_ACTIVITY_START, &vm, &job, &started, error);
        return r < 0 ? r : sd_bus_reply_method_return(message, "oo", vm->path, job_path(job));
}

/* Answered when the disks are prepared: by vm-incoming.c. */
static int method_prepare_incoming(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        __attribute__((cleanup(create_request_done))) CreateRequest request = {};
        Manager *manager = userdata;
        bool started;
        Vm *vm;
        Job *job;
        int r;

        if (manager_wait_for_backend(manager, message))
                return 1;
        r = admit(manager, message, &request, VM_ACTIVITY_INCOMING, ACTION_COMPUTE_CARRY, "prepare-incoming", error);
        if (r <= 0)
                return r < 0 ? r : 1;
        r = begin(manager, message, &request, VM_ACTIVITY_INCOMING, &vm, &job, &started, error);
        if (r < 0)
                return r;
        if (!started)
                return sd_bus_error_setf(error, RHV_ERROR_ALREADY_EXISTS, "The job %s is under way", job_id(job));
        vm->incoming = operation_new(message);
        return vm->incoming ? 1 : -ENOMEM;
}

/* ---- statistics ---- */

#define STATS_IDS_MAX VMS_MAX

static int method_get_stats(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        Manager *manager = userdata;
        char **ids = NULL;
        size_t n = 0;
        int r;

        if (manager_wait_for_backend(manager, message))
                return 1;
        r = sd_bus_message_read_strv(message, &ids);
        for (; r >= 0 && ids && ids[n]; n++) {
                if (n >= STATS_IDS_MAX)
                        r = sd_bus_error_setf(error, RHV_ERROR_INVALID_ARGUMENT, "More than %u ids", STATS_IDS_MAX);
                else if (!uuid_is_valid(ids[n]))
                        r = sd_bus_error_set(error, RHV_ERROR_INVALID_ARGUMENT, "An id must be a lower-case UUID");
                else if (!manager_find(manager, ids[n]))
                        r = sd_bus_error_setf(error, RHV_ERROR_NOT_FOUND, "There is no VM %s on this host", ids[n]);
        }
        if (r >= 0)
                r = stats_ask(manager, message, (const char *const *)ids, false, error);
        for (char **id = ids; id && *id; id++)
                free(*id);
        free(ids);
        return r;
}

static int method_get_host_stats(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        _cleanup_message_ sd_bus_message *reply = NULL;
        _cleanup_json_ json_t *stats = NULL;
        int r;

        r = dict_read_empty(message, error);
        if (r < 0)
                return r;
        stats = manager_host_stats(userdata);
        if (!stats)
                return -ENOMEM;
        r = sd_bus_message_new_method_return(message, &reply);
        if (r >= 0)
                r = dict_append(reply, stats);
        return r < 0 ? r : sd_bus_message_send(reply);
}

static const sd_bus_vtable manager_vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_METHOD_WITH_ARGS("CreateVm", SD_BUS_ARGS("s", id, "a{sv}", description, "a{sv}", options), SD_BUS_RESULT("o", vm, "o", job), method_create_vm,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("PrepareIncoming", SD_BUS_ARGS("s", id, "a{sv}", description, "a{sv}", options),
                                SD_BUS_RESULT("o", vm, "o", job, "as", paths), method_prepare_incoming, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("SetupNetwork", SD_BUS_ARGS("s", name, "a{sv}", description, "a{sv}", options), SD_BUS_RESULT("o", network),
                                network_method_setup, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("GetStats", SD_BUS_ARGS("as", ids), SD_BUS_RESULT("a{sa{sv}}", stats), method_get_stats, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("GetHostStats", SD_BUS_ARGS("a{sv}", options), SD_BUS_RESULT("a{sv}", stats), method_get_host_stats, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_PROPERTY("Version", "s", property_version, 0, SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_PROPERTY("Features", "as", property_features, 0, SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_PROPERTY("Backends", "a(sss)", property_backends, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("Capabilities", "a{sv}", property_capabilities, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_VTABLE_END,
};

const BusObject compute_bus_objects[] = {
        { .path = COMPUTE_ROOT, .interface = COMPUTE_INTERFACE, .vtable = manager_vtable },
        { .path = COMPUTE_VM_PREFIX, .interface = COMPUTE_VM_INTERFACE, .vtable = vm_vtable, .find = vm_bus_find, .enumerate = vm_bus_enumerate },
        { .path = COMPUTE_NETWORK_PREFIX, .interface = COMPUTE_NETWORK_INTERFACE, .vtable = network_vtable, .find = network_bus_find,
          .enumerate = network_bus_enumerate },
        {},
};
