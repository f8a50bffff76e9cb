/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "vm-device-bus.h"

#include "bus-error.h"
#include "description.h"
#include "dict.h"
#include "spec.h"

typedef enum Device { ATTACH_DISK, DETACH_DISK, REMOVE_NIC } Device;

static const struct {
        const char *verb;
        const DictField *fields;
} devices[] = {
        [ATTACH_DISK] = { "attach-disk", vm_disk_fields },
        [DETACH_DISK] = { "detach-disk", options_common },
        [REMOVE_NIC] = { "remove-nic", options_common },
};

static int plan_device(const Plan *plan, Device device, Object *vm, const char *reference, const Request *request,
                       Change *change, sd_bus_error *error) {
        switch (device) {
        case ATTACH_DISK:
                return plan_attach_disk(plan, vm, reference, request->options, change, error);
        case DETACH_DISK:
                return plan_detach_disk(plan, vm, reference, change, error);
        case REMOVE_NIC:
                return plan_remove_nic(plan, vm, reference, change, error);
        }
        return -EINVAL;
}

static int change_device(sd_bus_message *message, Object *vm, Device device, sd_bus_error *error) {
        _cleanup_request_ Request request = { NULL };
        _cleanup_(change_freep) Change *change = change_new();
        _cleanup_json_ json_t *arguments = NULL;
        const char *reference;
        Actor actor;
        Plan plan;
        int r;

        r = sd_bus_message_read_basic(message, 's', &reference);
        if (r < 0)
                return r;
        arguments = json_pack("[s]", reference);
        r = request_read(&request, vm->owner, message, arguments, devices[device].fields, error);
        if (r < 0)
                return r;
        if (!request.replay) {
                plan = request_plan(&request, &actor);
                r = change ? plan_device(&plan, device, vm, reference, &request, change, error) : -ENOMEM;
                if (r < 0)
                        return r;
        }
        r = request_authorise(&request, ACTION_CONFIGURE, devices[device].verb, vm, NULL, error);
        if (r <= 0)
                return r < 0 ? r : 1;
        r = request_commit(&request, change, false, error);
        if (r < 0)
                return r;
        return request_reply(&request, "");
}

int vm_method_attach_disk(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        return change_device(message, userdata, ATTACH_DISK, error);
}

int vm_method_detach_disk(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        return change_device(message, userdata, DETACH_DISK, error);
}

int vm_method_remove_nic(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        return change_device(message, userdata, REMOVE_NIC, error);
}

int vm_method_add_nic(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        Object *vm = userdata;
        _cleanup_request_ Request request = { NULL };
        _cleanup_(change_freep) Change *change = change_new();
        _cleanup_json_ json_t *nic = NULL;
        Actor actor;
        Plan plan;
        int r;

        r = dict_read_checked(message, vm_nic_fields, "NIC", &nic, error);
        if (r < 0)
                return r;
        r = request_read(&request, vm->owner, message, nic, options_common, error);
        if (r < 0)
                return r;
        if (!request.replay) {
                plan = request_plan(&request, &actor);
                r = change ? plan_add_nic(&plan, vm, nic, change, error) : -ENOMEM;
                if (r < 0)
                        return r;
        }
        r = request_authorise(&request, ACTION_CONFIGURE, change_verb(change, "add-nic"), vm, NULL, error);
        if (r <= 0)
                return r < 0 ? r : 1;
        r = request_commit(&request, change, false, error);
        if (r < 0)
                return r;
        bus_changes_flush(request.manager->daemon->changes);
        return sd_bus_reply_method_return(message, "s", dict_string(request.outcome, "nic", ""));
}

/* ---- UpdateNic ---- */

/* A change of a NIC whose guest runs: Compute has it changed there first, and what it did is committed. Killed in between nothing was acknowledged: the guest has the change until its
 * end, and who asks again gets it for good. */
typedef struct NicUpdate {
        PendingRequest request;
        char vm[37], nic[37];
        json_t *changes;
        sd_bus_slot *slot;
} NicUpdate;

static NicUpdate *nic_update_free(NicUpdate *update) {
        if (!update)
                return NULL;
        pending_done(&update->request);
        json_decref(update->changes);
        sd_bus_slot_unref(update->slot);
        free(update);
        return NULL;
}
DEFINE_CLEANUP(NicUpdate *, nic_update_free)

static int commit_nic_update(NicUpdate *update, sd_bus_error *error) {
        const Object *vm = model_find(update->request.manager->model, KIND_VM, update->vm);
        _cleanup_(change_freep) Change *change = change_new();
        _cleanup_json_ json_t *outcome = NULL;
        Actor actor;
        Plan plan = pending_plan(&update->request, &actor);
        int r;

        if (!vm)
                return sd_bus_error_set(error, RHV_ERROR_NOT_FOUND, "The VM was removed");
        r = change ? plan_update_nic(&plan, vm, update->nic, update->changes, change, error) : -ENOMEM;
        return r < 0 ? r : pending_commit(&update->request, change, &outcome, error);
}

static int on_nic_updated(sd_bus_message *message, void *userdata, sd_bus_error *ret_error) {
        _cleanup_(nic_update_freep) NicUpdate *update = userdata;
        const sd_bus_error *error = sd_bus_message_get_error(message);
        _cleanup_error_ sd_bus_error named = SD_BUS_ERROR_NULL;
        int r;

        update->slot = sd_bus_slot_unref(update->slot);
        r = error ? bus_error_forward(&named, error, "The NIC cannot be changed while the VM runs") : commit_nic_update(update, &named);
        if (r < 0)
                pending_fail(&update->request, r, &named);
        else
                pending_answer_empty(&update->request);
        return 0;
}

/* change: the plan's, with the row as it shall be. */
static int update_guest(Request *request, const Object *vm, const char *nic, const json_t *changes, const Change *change, sd_bus_error *error) {
        Manager *manager = request->manager;
        Backend *compute = manager->backends[BACKEND_COMPUTE];
        _cleanup_(nic_update_freep) NicUpdate *update = calloc(1, sizeof *update);
        _cleanup_json_ json_t *description = vm_nic_description(manager->model, vm, json_object_get(json_array_get(change->rows, 0), "row"), manager->host_networks,
                                                                json_object_get(manager->capabilities, "network_filters"));
        _cleanup_free_ char *path = bus_object_path("/vm", vm->id);
        _cleanup_message_ sd_bus_message *call = NULL;
        int r;

        if (!update || !description || !path)
                return -ENOMEM;
        r = backend_check(compute, error);
        if (r < 0)
                return r;
        pending_keep(&update->request, request);
        update->changes = json_incref((json_t *)changes);
        (void) snprintf(update->vm, sizeof update->vm, "%s", vm->id);
        (void) snprintf(update->nic, sizeof update->nic, "%s", nic);
        r = backend_message(compute, path, "Compute.Vm", "UpdateNic", &call);
        if (r >= 0)
                r = dict_append(call, description);
        if (r >= 0)
                r = sd_bus_message_append(call, "a{sv}", 0);
        if (r >= 0)
                r = backend_send(compute, call, on_nic_updated, update, &update->slot);
        if (r >= 0)
                r = pending_park(&update->request, request->message);
        if (r < 0)
                return r;
        (void) TAKE_PTR(update);
        return 1;
}

int vm_method_update_nic(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        Object *vm = userdata;
        _cleanup_request_ Request request = { NULL };
        _cleanup_(change_freep) Change *change = change_new();
        _cleanup_json_ json_t *changes = NULL, *arguments = NULL;
        const char *nic;
        Actor actor;
        Plan plan;
        int r;

        r = sd_bus_message_read_basic(message, 's', &nic);
        if (r >= 0)
                r = dict_read_checked(message, vm_nic_update_fields, "NIC", &changes, error);
        if (r < 0)
                return r;
        arguments = json_pack("[s, O]", nic, changes);
        r = request_read(&request, vm->owner, message, arguments, options_common, error);
        if (r < 0)
                return r;
        if (!request.replay) {
                plan = request_plan(&request, &actor);
                r = change ? plan_update_nic(&plan, vm, nic, changes, change, error) : -ENOMEM;
                if (r < 0)
                        return r;
        }
        r = request_authorise(&request, ACTION_CONFIGURE, change_verb(change, "update-nic"), vm, NULL, error);
        if (r <= 0)
                return r < 0 ? r : 1;
        if (!request.replay && !vm_is_down(vm))
                return update_guest(&request, vm, nic, changes, change, error);
        r = request_commit(&request, change, false, error);
        return r < 0 ? r : request_reply(&request, "");
}
