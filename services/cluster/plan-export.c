/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plan-export.h"

#include <stdio.h>
#include <utlist.h>

#include "bus-error.h"
#include "dict.h"
#include "ovf-definition.h"
#include "plan-copy.h"
#include "plan-internal.h"
#include "plan-snapshot.h"

typedef struct Export {
        const Plan *plan;
        const Object *object, *target;
        json_t *steps, *disks; /* owned; disks: of the definition */
        char image[UUID_STRING_MAX]; /* of the first copy; empty: there is none */
} Export;

static void export_clear(Export *export) {
        json_decref(export->steps);
        json_decref(export->disks);
}

static int check_export_domain(const Object *domain, sd_bus_error *error) {
        if (!streq(storage_domain_class(domain), STORAGE_CLASS_EXPORT))
                return sd_bus_error_setf(error, RHV_ERROR_NOT_SUPPORTED, "The storage domain %s is no export domain", domain->name);
        if (!streq(domain->state, "attached"))
                return sd_bus_error_setf(error, RHV_ERROR_INVALID_STATE, "The storage domain %s is %s", domain->name, domain->state);
        if (domain->job[0])
                return sd_bus_error_setf(error, RHV_ERROR_BUSY, "The storage domain %s is busy with job %s", domain->name, domain->job);
        return 0;
}

static const json_t *definition_in(const json_t *report, const char *id) {
        return json_object_get(json_object_get(report, "vms"), id);
}

/* ---- export ---- */

/* copy: from, image, volume, format, allocation and name; where it goes is filled in here. */
static int add_copy(Export *export, PlanCopy *copy, char ret_image[static UUID_STRING_MAX], char ret_volume[static UUID_STRING_MAX]) {
        json_t *step;
        int r;

        r = uuid_generate(ret_image);
        if (r >= 0)
                r = uuid_generate(ret_volume);
        if (r < 0)
                return r;
        if (!export->image[0])
                memcpy(export->image, ret_image, UUID_STRING_MAX);
        copy->to = export->target->id;
        copy->new_image = ret_image;
        copy->new_volume = ret_volume;
        step = plan_copy_step(copy);
        return step && json_array_append_new(export->steps, step) == 0 ? 0 : -ENOMEM;
}

static int copy_vm_disks(Export *export, sd_bus_error *error) {
        const Link *link;

        DL_FOREACH(export->object->disks, link) {
                const Object *disk = link->other;
                const char *format = dict_string(disk->spec, "format", "raw");
                PlanCopy copy = { .from = disk->parent->id, .image = dict_string(disk->spec, "image", disk->id), .volume = dict_string(disk->spec, "volume", ""), .format = format,
                                  .allocation = streq(format, "raw") ? dict_string(disk->spec, "allocation", "sparse") : "sparse", .name = disk->name };
                char image[UUID_STRING_MAX], volume[UUID_STRING_MAX];
                int r;

                /* it is several VMs', and would be in one of them only */
                if (dict_boolean(disk->spec, "shareable", false))
                        continue;
                r = plan_check_disk_still(disk, "exporting it", error);
                if (r >= 0)
                        r = add_copy(export, &copy, image, volume);
                if (r >= 0 && json_array_append_new(export->disks, ovf_vm_disk(export->object, link, image, volume)) < 0)
                        r = -ENOMEM;
                if (r < 0)
                        return r;
        }
        return 0;
}

static int copy_template_disks(Export *export) {
        const json_t *entry;
        size_t i;

        json_array_foreach(json_object_get(export->object->spec, "disks"), i, entry) {
                PlanCopy copy = { .from = dict_string(entry, "domain", ""), .image = dict_string(entry, "image", ""), .volume = dict_string(entry, "volume", ""),
                                  .format = dict_string(entry, "format", "raw"), .allocation = "sparse", .name = dict_string(entry, "name", ""), .shared = true };
                char image[UUID_STRING_MAX], volume[UUID_STRING_MAX];
                int r;

                r = add_copy(export, &copy, image, volume);
                if (r >= 0 && json_array_append_new(export->disks, ovf_template_disk(export->object, i, image, volume)) < 0)
                        r = -ENOMEM;
                if (r < 0)
                        return r;
        }
        return 0;
}

/* Taken back first, and only if it is of these copies: without them it must not be there. */
static int add_definition(Export *export) {
        json_t *definition = ovf_definition_with(export->object, json_incref(export->disks)), *undo = NULL, *step;

        if (export->image[0])
                undo = json_pack("{s:s, s:s, s:s, s:s, s:{s:s}}", "domain", export->target->id, "method", "DeleteDefinition", "image", export->object->id, "volume", "", "options",
                                 "image", export->image);
        step = json_pack("{s:s, s:s, s:s, s:s, s:o, s:o*}", "domain", export->target->id, "method", "WriteDefinition", "image", export->object->id, "volume", "", "description",
                         definition, "undo", undo);
        return step && json_array_append_new(export->steps, step) == 0 ? 0 : -ENOMEM;
}

static int check_object(const Export *export, sd_bus_error *error) {
        const Object *object = export->object;
        int r;

        if (object->kind == KIND_VM) {
                r = plan_check_vm_still(object, "exporting it", error);
                return r < 0 ? r : plan_check_snapshots(export->plan->model, object, error);
        }
        if (!streq(object->state, "ok"))
                return sd_bus_error_setf(error, RHV_ERROR_INVALID_STATE, "The template %s is %s", object->name, object->state);
        return object->job[0] ? sd_bus_error_setf(error, RHV_ERROR_BUSY, "The template %s is busy with job %s", object->name, object->job) : 0;
}

int plan_export(const Plan *plan, const Object *object, const Object *target, const json_t *report, Change *change, json_t **ret_steps, sd_bus_error *error) {
        _cleanup_(export_clear) Export export = { .plan = plan, .object = object, .target = target, .steps = json_array(), .disks = json_array() };
        int r;

        if (!export.steps || !export.disks)
                return -ENOMEM;
        r = check_export_domain(target, error);
        if (r >= 0)
                r = check_object(&export, error);
        if (r >= 0 && definition_in(report, object->id))
                r = sd_bus_error_setf(error, RHV_ERROR_ALREADY_EXISTS, "The export domain %s has a definition of %s already: remove that first", target->name, object->id);
        if (r >= 0)
                r = object->kind == KIND_VM ? copy_vm_disks(&export, error) : copy_template_disks(&export);
        if (r >= 0)
                r = add_definition(&export);
        if (r >= 0)
                r = event_add(change, &plan->actor, EVENT_NORMAL, object->kind == KIND_VM ? "vm-export" : "template-export", EVENT_OBJECTS(object->path, target->path),
                              "The %s %s is being exported to %s", object_kind_noun(object->kind), object->name, target->name);
        if (r >= 0)
                *ret_steps = TAKE_PTR(export.steps);
        return r;
}

/* ---- removal ---- */

static bool others_have(const json_t *report, const char *id, const char *image) {
        const char *other;
        json_t *found, *disk;
        size_t i;

        json_object_foreach(json_object_get(report, "vms"), other, found)
                json_array_foreach(json_object_get(found, "disks"), i, disk)
                        if (!streq(other, id) && streq(dict_string(disk, "image", ""), image))
                                return true;
        return false;
}

static bool is_step_of(const json_t *steps, const char *image) {
        const json_t *step;
        size_t i;

        json_array_foreach(steps, i, step)
                if (streq(dict_string(step, "image", ""), image))
                        return true;
        return false;
}

/* What an export has left that a reboot cut off: it writes the definition last. */
static bool is_left_over(const json_t *report, const char *image) {
        return json_object_get(json_object_get(report, "images"), image) && !others_have(report, "", image);
}

static int remove_left_over(const Plan *plan, const Object *source, const char *image, Change *change, json_t **ret_steps) {
        _cleanup_json_ json_t *steps = json_array();
        int r;

        if (!steps || json_array_append_new(steps, plan_step(source, "DeleteImage", image, NULL, NULL)) < 0)
                return -ENOMEM;
        r = event_add(change, &plan->actor, EVENT_NORMAL, "exported-remove", EVENT_OBJECTS(source->path), "The image %s, which no definition has, is being removed from %s", image,
                      source->name);
        if (r >= 0)
                *ret_steps = TAKE_PTR(steps);
        return r;
}

int plan_remove_exported(const Plan *plan, const Object *source, const char *id, const json_t *report, Change *change, json_t **ret_steps, sd_bus_error *error) {
        _cleanup_json_ json_t *steps = json_array();
        const json_t *found = definition_in(report, id), *disk;
        size_t i;
        int r;

        r = check_export_domain(source, error);
        if (r < 0)
                return r;
        if (!found && is_left_over(report, id))
                return remove_left_over(plan, source, id, change, ret_steps);
        if (!found)
                return sd_bus_error_setf(error, RHV_ERROR_NOT_FOUND, "The export domain %s has no definition of %s", source->name, id);
        /* first: what has lost a disk must not be there */
        if (!steps || json_array_append_new(steps, plan_step(source, "DeleteDefinition", id, NULL, NULL)) < 0)
                return -ENOMEM;
        json_array_foreach(json_object_get(found, "disks"), i, disk) {
                const char *image = dict_string(disk, "image", "");

                if (!json_object_get(json_object_get(report, "images"), image) || is_step_of(steps, image) || others_have(report, id, image))
                        continue;
                if (json_array_append_new(steps, plan_step(source, "DeleteImage", image, NULL, NULL)) < 0)
                        return -ENOMEM;
        }
        r = event_add(change, &plan->actor, EVENT_NORMAL, "exported-remove", EVENT_OBJECTS(source->path), "%s is being removed from %s", dict_string(found, "name", id),
                      source->name);
        if (r >= 0)
                *ret_steps = TAKE_PTR(steps);
        return r;
}
