/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "register-bus.h"

#include <stdio.h>

#include "bus-error.h"
#include "clock-util.h"
#include "parse-util.h"
#include "plan-cd.h"
#include "plan-internal.h"
#include "plan-register.h"
#include "register.h"
#include "report-call.h"
#include "spec.h"

/* ---- list ---- */

static int list_then(ReportCall *call, Object *domain, const json_t *report, sd_bus_error *error) {
        _cleanup_json_ json_t *list = register_list(call->request.manager->model, report);
        _cleanup_message_ sd_bus_message *reply = NULL;
        int r;

        if (!list)
                return -ENOMEM;
        r = sd_bus_message_new_method_return(operation_message(call->request.operation), &reply);
        if (r >= 0)
                r = dict_append(reply, list);
        if (r < 0)
                return r;
        call->request.operation = operation_reply_message(call->request.operation, reply);
        return 0;
}

int storage_domain_method_list_unregistered(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        static const DictField fields[] = { { NULL } };
        Object *domain = userdata;
        _cleanup_request_ Request request = { .unrecorded = true };
        int r;

        r = request_read(&request, domain->owner, message, NULL, fields, error);
        if (r >= 0)
                r = report_call_check(domain, error);
        if (r < 0)
                return r;
        r = request_authorise(&request, ACTION_CONFIGURE, "list-unregistered", domain, NULL, error);
        if (r <= 0)
                return r < 0 ? r : 1;
        return report_call(&request, domain, "", NULL, NULL, list_then);
}

/* ---- register ---- */

/* One disk with the name it had, or where another has that, with some of its id behind it. last: the request is done with it. */
static int commit_disk(ReportCall *call, const Object *domain, const json_t *report, const char *image, bool last,
                       json_t **ret_outcome, sd_bus_error *error) {
        _cleanup_(change_freep) Change *change = change_new();
        _cleanup_json_ json_t *description = NULL;
        Actor actor;
        Plan plan = pending_plan(&call->request, &actor);
        const char *name = last ? dict_string(call->changes, "name", NULL) : NULL;
        int r;

        if (!change)
                return -ENOMEM;
        r = register_disk(report, domain->id, image, last ? call->changes : NULL, &description, error);
        if (r >= 0)
                r = plan_join_template(&plan, report, description, error);
        if (r < 0)
                return r;
        if (!name && plan_name_is_taken(&plan, KIND_DISK, dict_string(description, "name", ""), domain)) {
                json_t *longer = json_sprintf("%.*s-%.8s", (int)NAME_BYTES_MAX - 9, dict_string(description, "name", ""), image);

                if (json_object_set_new(description, "name", longer) < 0)
                        return -ENOMEM;
        }
        r = plan_register_disk(&plan, description, change, error);
        if (r < 0)
                return r;
        return last ? pending_commit(&call->request, change, ret_outcome, error)
                    : store_commit(call->request.manager->store, NULL, NULL, change, ret_outcome, error);
}

static int disk_then(ReportCall *call, Object *domain, const json_t *report, sd_bus_error *error) {
        _cleanup_json_ json_t *outcome = NULL;
        int r;

        r = commit_disk(call, domain, report, call->reference, true, &outcome, error);
        if (r >= 0)
                pending_answer(&call->request, outcome);
        return r;
}

/* Everything about the VM but disks that are not there yet, and those for themselves: nothing is registered for a VM that cannot be. */
static int check_vm(const ReportCall *call, const Object *domain, const json_t *report, const json_t *description,
                    sd_bus_error *error) {
        _cleanup_(change_freep) Change *scratch = change_new();
        _cleanup_json_ json_t *copy = json_copy((json_t *)description), *known = json_array();
        Actor actor;
        Plan plan = pending_plan(&call->request, &actor);
        const json_t *disk;
        size_t i;
        int r;

        if (!scratch || !copy || !known || json_object_set(copy, "disks", known) < 0)
                return -ENOMEM;
        json_array_foreach(json_object_get(description, "disks"), i, disk) {
                const char *image = dict_string(disk, "disk", "");
                _cleanup_json_ json_t *planned = NULL;

                if (model_find(call->request.manager->model, KIND_DISK, image)) {
                        if (json_array_append(known, (json_t *)disk) < 0)
                                return -ENOMEM;
                        continue;
                }
                r = register_disk(report, domain->id, image, NULL, &planned, error);
                if (r >= 0)
                        r = plan_join_template(&plan, report, planned, error);
                if (r < 0)
                        return r;
        }
        r = plan_create_vm(&plan, copy, scratch, error);
        if (r >= 0 && scratch->mirrors) /* the caller was not asked about that */
                return sd_bus_error_set(error, RHV_ERROR_INVALID_STATE,
                                        "A network of the VM has port mirroring in the vNIC profile of its own name: take it out of that before, and give the NIC such a profile afterwards");
        return r;
}

static int commit_vm(ReportCall *call, const json_t *report, const json_t *description, json_t **ret_outcome, sd_bus_error *error) {
        _cleanup_(change_freep) Change *change = change_new();
        _cleanup_json_ json_t *snapshots = register_snapshots(report, call->reference, description);
        Actor actor;
        Plan plan = pending_plan(&call->request, &actor);
        const Object *cluster;
        int r;

        r = change && snapshots ? plan_create_vm(&plan, description, change, error) : -ENOMEM;
        if (r < 0)
                return r;
        cluster = plan_container(&plan, KIND_CLUSTER, description, error);
        r = cluster ? plan_register_snapshots(&plan, call->reference, cluster, snapshots, change, error) : -EINVAL;
        if (r >= 0)
                r = event_add(change, &actor, EVENT_NORMAL, "vm-registered", EVENT_OBJECTS(dict_string(change->outcome, "object", NULL)),
                              "The VM %s, which was defined on a storage domain, was registered", dict_string(description, "name", ""));
        if (r < 0)
                return r;
        return pending_commit(&call->request, change, ret_outcome, error);
}

/* What the definition has in its drive, where that is an ISO image that is a disk here, or becomes one. Names of files do not say of which domain they are. */
static int add_medium(ReportCall *call, Object *domain, const json_t *report, json_t *description, sd_bus_error *error) {
        const char *image = dict_string(json_object_get(json_object_get(report, "vms"), call->reference), "cdrom", "");
        const json_t *found = json_object_get(json_object_get(report, "images"), image);
        const Object *disk;
        int r;

        if (!uuid_is_valid(image))
                return 0;
        if (found && !model_find(call->request.manager->model, KIND_DISK, image) && streq(dict_string(found, "disk_type", ""), DISK_TYPE_ISO) &&
            dict_boolean(found, "usable", false)) {
                r = commit_disk(call, domain, report, image, false, NULL, error);
                if (r < 0)
                        return r;
        }
        disk = model_find(call->request.manager->model, KIND_DISK, image);
        if (!disk || !disk_is_iso(disk))
                return 0;
        return json_object_set_new(description, "cdrom", json_sprintf("%s/%s", disk->parent->id, disk->id)) < 0 ? -ENOMEM : 0;
}

static int vm_then(ReportCall *call, Object *domain, const json_t *report, sd_bus_error *error) {
        _cleanup_json_ json_t *description = NULL, *outcome = NULL;
        const json_t *disk;
        size_t i;
        int r;

        r = register_vm(report, call->reference, call->changes, &description, error);
        if (r >= 0)
                r = check_vm(call, domain, report, description, error);
        if (r < 0)
                return r;
        json_array_foreach(json_object_get(description, "disks"), i, disk) {
                const char *image = dict_string(disk, "disk", "");

                if (model_find(call->request.manager->model, KIND_DISK, image))
                        continue;
                r = commit_disk(call, domain, report, image, false, NULL, error);
                if (r < 0)
                        return r;
        }
        r = add_medium(call, domain, report, description, error);
        if (r >= 0)
                r = commit_vm(call, report, description, &outcome, error);
        if (r >= 0)
                pending_answer(&call->request, outcome);
        return r;
}

static int template_then(ReportCall *call, Object *domain, const json_t *report, sd_bus_error *error) {
        _cleanup_(change_freep) Change *change = change_new();
        _cleanup_json_ json_t *description = NULL, *outcome = NULL;
        Actor actor;
        Plan plan = pending_plan(&call->request, &actor);
        int r;

        r = change ? register_template(report, call->reference, call->changes, &description, error) : -ENOMEM;
        if (r >= 0)
                r = plan_register_template(&plan, domain, report, description, realtime_usec(), change, error);
        if (r >= 0)
                r = pending_commit(&call->request, change, &outcome, error);
        if (r >= 0)
                pending_answer(&call->request, outcome);
        return r;
}

static int method_register(sd_bus_message *message, Object *domain, const DictField *fields, ObjectKind kind,
                           report_then_t then, sd_bus_error *error) {
        Manager *manager = domain->owner;
        _cleanup_request_ Request request = { NULL };
        _cleanup_json_ json_t *changes = NULL;
        const char *reference;
        int r;

        r = sd_bus_message_read(message, "s", &reference);
        if (r < 0)
                return r;
        if (!uuid_is_valid(reference))
                return sd_bus_error_setf(error, RHV_ERROR_INVALID_ARGUMENT, "The id of a %s must be a UUID in lower-case, not \"%.64s\"",
                                         object_kind_noun(kind), reference);
        r = dict_read_checked(message, fields, object_kind_noun(kind), &changes, error);
        if (r >= 0)
                r = request_read(&request, manager, message, changes, options_common, error);
        if (r < 0)
                return r;
        if (!request.replay) {
                r = report_call_check(domain, error);
                if (r >= 0)
                        r = storage_domain_check_data(domain, error);
                if (r >= 0 && model_find(manager->model, kind, reference))
                        r = sd_bus_error_setf(error, RHV_ERROR_ALREADY_EXISTS, "The %s %s is registered already",
                                              object_kind_noun(kind), reference);
                if (r < 0)
                        return r;
        }
        r = request_authorise(&request, ACTION_CONFIGURE, "register", domain, NULL, error);
        if (r <= 0)
                return r < 0 ? r : 1;
        return request.replay ? request_reply(&request, "o") : report_call(&request, domain, reference, NULL, changes, then);
}

int storage_domain_method_register_disk(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        return method_register(message, userdata, disk_register_fields, KIND_DISK, disk_then, error);
}

int storage_domain_method_register_vm(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        return method_register(message, userdata, vm_register_fields, KIND_VM, vm_then, error);
}

int storage_domain_method_register_template(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        return method_register(message, userdata, vm_register_fields, KIND_TEMPLATE, template_then, error);
}
