/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The D-Bus face of snapshots, and of what else Storage does in steps: clones, and disks that grow, are copied and moved. */

#include "snapshot-bus.h"

#include "bus-error.h"
#include "clock-util.h"
#include "dict.h"
#include "plan-copy.h"
#include "plan-snapshot.h"
#include "spec.h"
#include "steps-call.h"

/* ---- snapshots ---- */

static int plan_create(StepsCall *call, const Plan *plan, Change *change, sd_bus_error *error) {
        json_t *steps = NULL;
        int r;

        r = plan_create_snapshot(plan, call->self, call->description, realtime_usec(), change, &steps, error);
        if (r < 0)
                return r;
        return steps_call_arguments(call, r, steps,
                             json_pack("{s:O}", "snapshot", json_object_get(json_object_get(json_array_get(change->rows, 0), "row"), "id")));
}

int vm_method_create_snapshot(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        _cleanup_call_ StepsCall call = { .kind = "create-snapshot", .verb = "create-snapshot", .action = ACTION_CONFIGURE, .answer = "oj",
                                          .self = userdata, .busy = userdata, .plan = plan_create };
        int r;

        r = dict_read_checked(message, snapshot_create_fields, "snapshot", &call.description, error);
        return r < 0 ? r : steps_call_run(message, &call, call.description, error);
}

static int plan_work(StepsCall *call, const Plan *plan, Change *change, sd_bus_error *error) {
        json_t *steps = NULL;
        int r;

        r = plan_snapshot_work(plan, call->self, call->word, change, &steps, error);
        return r < 0 ? r : steps_call_arguments(call, r, steps, json_pack("{s:s}", "snapshot", call->self->id));
}

static int snapshot_work(sd_bus_message *message, Object *snapshot, const char *word, const char *kind, const char *action,
                         sd_bus_error *error) {
        _cleanup_call_ StepsCall call = { .kind = kind, .verb = kind, .action = action, .answer = "j", .self = snapshot,
                                          .busy = snapshot->parent, .word = word, .plan = plan_work };

        return steps_call_run(message, &call, NULL, error);
}

static int method_preview(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        return snapshot_work(message, userdata, "preview", "preview-snapshot", ACTION_CONFIGURE, error);
}

static int method_commit(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        return snapshot_work(message, userdata, "commit", "commit-snapshot", ACTION_DESTROY, error);
}

static int method_undo(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        return snapshot_work(message, userdata, "undo", "undo-snapshot", ACTION_CONFIGURE, error);
}

static int method_remove(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        return snapshot_work(message, userdata, "remove", "remove-snapshot", ACTION_DESTROY, error);
}

/* ---- clones ---- */

static int plan_clone(StepsCall *call, const Plan *plan, Change *change, sd_bus_error *error) {
        const Object *snapshot = call->self->kind == KIND_SNAPSHOT ? call->self : NULL;
        json_t *steps = NULL;
        char id[37];
        int r;

        r = plan_clone_vm(plan, call->busy, snapshot, call->description, change, &steps, id, error);
        if (r < 0) {
                json_decref(steps);
                return r;
        }
        return steps_call_arguments(call, r, steps, json_pack("{s:s}", "new", id));
}

static int clone(sd_bus_message *message, Object *self, Object *vm, sd_bus_error *error) {
        _cleanup_call_ StepsCall call = { .kind = "clone-vm", .verb = "clone", .action = ACTION_CONFIGURE, .answer = "oj", .self = self,
                                          .busy = vm, .plan = plan_clone };
        int r;

        r = dict_read_checked(message, snapshot_clone_fields, "clone", &call.description, error);
        return r < 0 ? r : steps_call_run(message, &call, call.description, error);
}

int vm_method_clone(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        return clone(message, userdata, userdata, error);
}

static int method_clone(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        Object *snapshot = userdata;

        return clone(message, snapshot, snapshot->parent, error);
}

/* ---- disks ---- */

static int plan_extend(StepsCall *call, const Plan *plan, Change *change, sd_bus_error *error) {
        json_t *steps = NULL;
        int r;

        r = plan_extend_disk(plan, call->self, call->capacity, change, &steps, error);
        return r < 0 ? r : steps_call_arguments(call, r, steps, json_pack("{s:I}", "capacity", (json_int_t)call->capacity));
}

int disk_method_extend(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        _cleanup_call_ StepsCall call = { .kind = "extend-disk", .verb = "extend", .action = ACTION_CONFIGURE, .answer = "j", .self = userdata,
                                          .busy = userdata, .plan = plan_extend };
        _cleanup_json_ json_t *asked = NULL;
        uint64_t capacity;
        int r;

        r = sd_bus_message_read(message, "t", &capacity);
        if (r < 0)
                return r;
        if (capacity > (uint64_t)DISK_CAPACITY_MAX || capacity % 512 != 0)
                return sd_bus_error_set(error, RHV_ERROR_INVALID_ARGUMENT, "capacity must be a multiple of 512 bytes, at most 256 TiB");
        call.capacity = (int64_t)capacity;
        asked = json_pack("[I]", (json_int_t)capacity);
        return asked ? steps_call_run(message, &call, asked, error) : -ENOMEM;
}

static int plan_sparsify(StepsCall *call, const Plan *plan, Change *change, sd_bus_error *error) {
        json_t *steps = NULL;
        int r;

        r = plan_sparsify_disk(plan, call->self, change, &steps, error);
        return r < 0 ? r : steps_call_arguments(call, r, steps, json_object());
}

int disk_method_sparsify(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        _cleanup_call_ StepsCall call = { .kind = "sparsify-disk", .verb = "sparsify", .action = ACTION_CONFIGURE, .answer = "j", .self = userdata,
                                          .busy = userdata, .plan = plan_sparsify };

        return steps_call_run(message, &call, NULL, error);
}

static int plan_copy(StepsCall *call, const Plan *plan, Change *change, sd_bus_error *error) {
        json_t *steps = NULL;
        char id[37];
        int r;

        r = plan_copy_disk(plan, call->self, call->description, change, &steps, id, error);
        return r < 0 ? r : steps_call_arguments(call, r, steps, json_pack("{s:s}", "new", id));
}

int disk_method_copy(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        _cleanup_call_ StepsCall call = { .kind = "copy-disk", .verb = "copy", .action = ACTION_CONFIGURE, .answer = "oj", .self = userdata,
                                          .busy = userdata, .plan = plan_copy };
        int r;

        r = dict_read_checked(message, disk_copy_fields, "disk", &call.description, error);
        return r < 0 ? r : steps_call_run(message, &call, call.description, error);
}

static int plan_move(StepsCall *call, const Plan *plan, Change *change, sd_bus_error *error) {
        const Object *domain = model_resolve(plan->model, KIND_STORAGE_DOMAIN, call->word, NULL, error);
        json_t *steps = NULL;
        char volume[37];
        int r;

        if (!domain)
                return -ENOENT;
        r = plan_move_disk(plan, call->self, domain->id, change, &steps, volume, error);
        return r < 0 ? r : steps_call_arguments(call, r, steps, json_pack("{s:s, s:s}", "target", domain->id, "volume", volume));
}

int disk_method_move(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        _cleanup_call_ StepsCall call = { .kind = "move-disk", .verb = "move", .action = ACTION_CONFIGURE, .answer = "j", .self = userdata,
                                          .busy = userdata, .plan = plan_move };
        _cleanup_json_ json_t *asked = NULL;
        int r;

        r = sd_bus_message_read(message, "s", &call.word);
        if (r < 0)
                return r;
        asked = json_pack("[s]", call.word);
        return asked ? steps_call_run(message, &call, asked, error) : -ENOMEM;
}

const sd_bus_vtable snapshot_vtable[] = {
        SD_BUS_VTABLE_START(0),
        PROPERTY_CONST("Id", "s"),
        PROPERTY_CHANGING("Name", "s"),
        PROPERTY_CHANGING("Description", "s"),
        PROPERTY_CONST("Vm", "s"),
        PROPERTY_CHANGING("State", "s"),
        PROPERTY_CHANGING("StateReason", "s"),
        PROPERTY_CONST("CreatedAt", "t"),
        PROPERTY_CHANGING("Disks", "as"),
        PROPERTY_CONST("Spec", "a{sv}"),
        METHOD_UPDATE,
        SD_BUS_METHOD_WITH_ARGS("Preview", SD_BUS_ARGS("a{sv}", options), SD_BUS_RESULT("o", job), method_preview,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Commit", SD_BUS_ARGS("a{sv}", options), SD_BUS_RESULT("o", job), method_commit,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Undo", SD_BUS_ARGS("a{sv}", options), SD_BUS_RESULT("o", job), method_undo,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Clone", SD_BUS_ARGS("a{sv}", description, "a{sv}", options), SD_BUS_RESULT("o", vm, "o", job), method_clone,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Remove", SD_BUS_ARGS("a{sv}", options), SD_BUS_RESULT("o", job), method_remove,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_VTABLE_END,
};
