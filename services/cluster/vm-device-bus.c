/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "vm-device-bus.h"

#include "bus-error.h"
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
