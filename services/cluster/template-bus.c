/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The D-Bus face of templates. */

#include "bus-error.h"
#include "clock-util.h"
#include "dict.h"
#include "plan-template.h"
#include "snapshot-bus.h"
#include "spec.h"
#include "steps-call.h"

/* ---- made of a VM ---- */

static int plan_make(StepsCall *call, const Plan *plan, Change *change, sd_bus_error *error) {
        json_t *steps = NULL;
        char id[37];
        int r;

        r = plan_create_template(plan, call->self, call->description, realtime_usec(), change, &steps, id, error);
        return r < 0 ? r : steps_call_arguments(call, r, steps, json_pack("{s:s}", "new", id));
}

int vm_method_create_template(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        _cleanup_call_ StepsCall call = { .kind = "create-template", .verb = "create-template", .action = ACTION_CONFIGURE, .answer = "oj",
                                          .self = userdata, .busy = userdata, .plan = plan_make };
        int r;

        r = dict_read_checked(message, template_create_fields, "template", &call.description, error);
        return r < 0 ? r : steps_call_run(message, &call, call.description, error);
}

/* ---- used ---- */

static int plan_use(StepsCall *call, const Plan *plan, Change *change, sd_bus_error *error) {
        json_t *steps = NULL;
        char id[37];
        int r;

        r = plan_template_vm(plan, call->self, call->description, change, &steps, id, error);
        return r < 0 ? r : steps_call_arguments(call, r, steps, json_pack("{s:s}", "new", id));
}

static int method_create_vm(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        _cleanup_call_ StepsCall call = { .kind = "use-template", .verb = "use-template", .action = ACTION_CONFIGURE, .answer = "oj",
                                          .self = userdata, .busy = userdata, .plan = plan_use };
        int r;

        r = dict_read_checked(message, template_vm_fields, "VM", &call.description, error);
        return r < 0 ? r : steps_call_run(message, &call, call.description, error);
}

/* ---- removed ---- */

static int plan_drop(StepsCall *call, const Plan *plan, Change *change, sd_bus_error *error) {
        json_t *steps = NULL;
        int r;

        r = plan_remove_template(plan, call->self, change, &steps, error);
        return r < 0 ? r : steps_call_arguments(call, r, steps, json_object());
}

static int method_remove(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        _cleanup_call_ StepsCall call = { .kind = "remove-template", .verb = "remove", .action = ACTION_DESTROY, .answer = "j", .self = userdata,
                                          .busy = userdata, .plan = plan_drop };

        return steps_call_run(message, &call, NULL, error);
}

const sd_bus_vtable template_vtable[] = {
        SD_BUS_VTABLE_START(0),
        PROPERTY_CONST("Id", "s"),
        PROPERTY_CHANGING("Name", "s"),
        PROPERTY_CHANGING("Description", "s"),
        PROPERTY_CONST("Cluster", "s"),
        PROPERTY_CHANGING("State", "s"),
        PROPERTY_CHANGING("StateReason", "s"),
        PROPERTY_CHANGING("Job", "o"),
        PROPERTY_CONST("CreatedAt", "t"),
        PROPERTY_CONST("Spec", "a{sv}"),
        METHOD_UPDATE,
        SD_BUS_METHOD_WITH_ARGS("CreateVm", SD_BUS_ARGS("a{sv}", description, "a{sv}", options), SD_BUS_RESULT("o", vm, "o", job),
                                method_create_vm, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Export", SD_BUS_ARGS("s", domain, "a{sv}", options), SD_BUS_RESULT("o", job), template_method_export,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Remove", SD_BUS_ARGS("a{sv}", options), SD_BUS_RESULT("o", job), method_remove,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_VTABLE_END,
};
