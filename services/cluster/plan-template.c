/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plan-template.h"

#include <stdio.h>
#include <utlist.h>

#include "bus-error.h"
#include "description.h"
#include "dict.h"
#include "plan-copy.h"
#include "plan-internal.h"
#include "plan-snapshot.h"
#include "spec.h"

static json_t *disks_of(const Object *template_object) {
        return json_object_get(template_object->spec, "disks");
}

/* The first template with a disk whose value of key is that. */
static const Object *find_by(const Model *model, const char *key, const char *value) {
        for (const Object *found = model_first(model, KIND_TEMPLATE); found; found = found->next) {
                json_t *entry;
                size_t i;

                json_array_foreach(disks_of(found), i, entry)
                        if (streq(dict_string(entry, key, ""), value))
                                return found;
        }
        return NULL;
}

const Object *plan_template_of(const Model *model, const char *image) {
        return find_by(model, "image", image);
}

bool plan_template_has(const Model *model, const char *image) {
        return find_by(model, "image", image) != NULL;
}

const Object *plan_template_on(const Model *model, const Object *domain) {
        return find_by(model, "domain", domain->id);
}

/* ---- make ---- */

typedef struct Making {
        const Plan *plan;
        const char *domain; /* reference, or NULL: where each disk is */
        json_t *disks, *steps;
} Making;

/* The template's disk has the format it had at its base: one volume, whatever the chain. */
static int make_disk(const Making *making, const Link *link, sd_bus_error *error) {
        const Object *disk = link->other, *domain;
        const char *format = dict_string(disk->spec, "format", "raw");
        char image[UUID_STRING_MAX], volume[UUID_STRING_MAX];
        json_t *hangs = json_copy(link->spec), *step;
        _cleanup_json_ json_t *entry = NULL;
        int r;

        r = plan_check_disk_still(disk, "making a template of it", error);
        domain = r < 0 ? NULL : plan_copy_target(making->plan, disk->parent, making->domain, error);
        if (r >= 0 && !domain)
                r = -EINVAL;
        if (r >= 0)
                r = uuid_generate(image);
        if (r >= 0)
                r = uuid_generate(volume);
        if (r < 0 || !hangs) {
                json_decref(hangs);
                return r < 0 ? r : -ENOMEM;
        }
        (void) json_object_del(hangs, "serial");
        entry = json_pack("{s:s, s:s, s:s, s:s, s:s, s:I, s:o}", "name", disk->name, "domain", domain->id, "image", image,
                                                           "volume", volume, "format", format, "capacity",
                          (json_int_t)dict_integer(disk->spec, "capacity", 0), "link", hangs);
        if (!entry || plan_keep_disposal(entry, disk->spec) < 0 || json_array_append(making->disks, entry) < 0)
                return -ENOMEM;
        step = plan_copy_step(&(PlanCopy){ .from = disk->parent->id, .image = dict_string(disk->spec, "image", disk->id),
                                           .volume = dict_string(disk->spec, "volume", ""), .to = domain->id, .new_image = image,
                                           .new_volume = volume, .format = format, .allocation = "sparse", .name = disk->name, .onto = domain->spec, .shared = true });
        return step && json_array_append_new(making->steps, step) == 0 ? 0 : -ENOMEM;
}

static int make_disks(const Making *making, const Object *vm, sd_bus_error *error) {
        const Link *link;
        int r = 0;

        DL_FOREACH(vm->disks, link) {
                if (dict_boolean(link->other->spec, "shareable", false))
                        return sd_bus_error_setf(error, RHV_ERROR_INVALID_STATE, "The disk %s is shareable: it cannot be part of a template",
                                                 link->other->name);
                /* what is only read, an installation image, is no part of what the VM is */
                if (!dict_boolean(link->spec, "read_only", false))
                        r = make_disk(making, link, error);
                if (r < 0)
                        return r;
        }
        return 0;
}

int plan_create_template(const Plan *plan, const Object *vm, const json_t *description, uint64_t now_usec, Change *change, json_t **ret_steps,
                         char ret_id[static 37], sd_bus_error *error) {
        _cleanup_json_ json_t *disks = json_array(), *steps = json_array(), *spec = NULL;
        const Making making = { .plan = plan, .domain = dict_string(description, "storage_domain", NULL), .disks = disks, .steps = steps };
        const char *name = dict_string(description, "name", "");
        int r;

        r = plan_new_id(plan, KIND_TEMPLATE, description, ret_id, error);
        if (r >= 0)
                r = plan_check_vm_still(vm, "making a template of it", error);
        if (r >= 0)
                r = plan_check_snapshots(plan->model, vm, error);
        if (r >= 0)
                r = plan_check_name(plan, KIND_TEMPLATE, name, vm->parent->parent, NULL, error);
        if (r >= 0)
                r = make_disks(&making, vm, error);
        if (r < 0)
                return r;
        spec = json_pack("{s:s, s:I, s:o, s:O}", "description", dict_string(description, "description", ""), "created", (json_int_t)now_usec,
                         "configuration", vm_configuration(vm), "disks", disks);
        r = spec ? change_put(change, "template",
                              json_pack("{s:s, s:s, s:s, s:s, s:s, s:O}", "id", ret_id, "name", name, "cluster", vm->parent->id, "data_center",
                                        vm->parent->parent->id, "state", "locked", "spec", spec))
                 : -ENOMEM;
        if (r >= 0)
                r = plan_put_outcome(change, KIND_TEMPLATE, ret_id);
        if (r >= 0)
                r = event_add(change, &plan->actor, EVENT_NORMAL, "template-create", EVENT_OBJECTS(vm->path),
                              "The template %s of the VM %s is being made", name, vm->name);
        if (r >= 0)
                *ret_steps = TAKE_PTR(steps);
        return r;
}

/* ---- from a definition ---- */

int plan_check_template(const Plan *plan, const json_t *description, Object **ret_cluster, sd_bus_error *error) {
        _cleanup_(change_freep) Change *scratch = change_new();
        _cleanup_json_ json_t *copy = json_copy((json_t *)description), *none = json_array();
        char id[UUID_STRING_MAX];
        Object *cluster;
        int r;

        r = uuid_generate(id);
        if (r < 0)
                return r;
        if (!scratch || !copy || !none || json_object_set(copy, "disks", none) < 0 || json_object_set_new(copy, "id", json_string(id)) < 0 ||
            json_object_set_new(copy, "name", json_string(id)) < 0)
                return -ENOMEM;
        cluster = plan_container(plan, KIND_CLUSTER, description, error);
        if (!cluster)
                return -EINVAL;
        r = vm_devices_check(json_object_get(description, "disks"), json_object_get(description, "nics"), error);
        if (r >= 0)
                r = plan_create_vm(plan, copy, scratch, error);
        if (r >= 0)
                r = plan_check_name(plan, KIND_TEMPLATE, dict_string(description, "name", ""), cluster->parent, NULL, error);
        if (r >= 0)
                *ret_cluster = cluster;
        return r;
}

int plan_make_configuration(const json_t *description, const Object *cluster, json_t **ret, sd_bus_error *error) {
        _cleanup_json_ json_t *configuration = spec_strip(description);
        int r;

        r = configuration ? vm_spec_complete(configuration, error) : -ENOMEM;
        if (r < 0)
                return r;
        if (json_object_set_new(configuration, "disks", json_array()) < 0 || json_object_set(configuration, "nics", json_object_get(description, "nics")) < 0 ||
            json_object_set(configuration, "name", json_object_get(description, "name")) < 0 ||
            json_object_set_new(configuration, "cluster", json_string(cluster->id)) < 0 || json_object_set_new(configuration, "autostart", json_false()) < 0)
                return -ENOMEM;
        *ret = TAKE_PTR(configuration);
        return 0;
}

int plan_put_template(const char *id, const json_t *description, const Object *cluster, uint64_t now_usec, const json_t *disks, const char *state, Change *change,
                      sd_bus_error *error) {
        _cleanup_json_ json_t *configuration = NULL, *spec = NULL;
        int r;

        r = plan_make_configuration(description, cluster, &configuration, error);
        if (r < 0)
                return r;
        spec = json_pack("{s:s, s:I, s:O, s:O}", "description", dict_string(description, "description", ""), "created", (json_int_t)now_usec, "configuration",
                         configuration, "disks", disks);
        r = spec ? change_put(change, "template",
                              json_pack("{s:s, s:s, s:s, s:s, s:s, s:O}", "id", id, "name", dict_string(description, "name", ""), "cluster", cluster->id,
                                        "data_center", cluster->parent->id, "state", state, "spec", spec))
                 : -ENOMEM;
        return r < 0 ? r : plan_put_outcome(change, KIND_TEMPLATE, id);
}

int plan_template_made(const Plan *plan, const char *id, const char *reason, Change *change) {
        const Object *made = model_find(plan->model, KIND_TEMPLATE, id);

        if (!made || !streq(made->state, "locked"))
                return 0;
        return reason ? change_delete(change, "template", json_pack("{s:s}", "id", id)) : plan_set_state(made, "ok", NULL, change);
}

/* ---- VMs ---- */

typedef struct Use {
        const Plan *plan;
        const Object *template_object;
        const char *vm, *name; /* the new VM's */
        const char *domain;
        bool clone;
        Change *change;
        json_t *steps;
} Use;

/* A layer of its own over the template's volume, in an image of its own. */
static json_t *layer_step(const Object *domain, const json_t *entry, const char *image, const char *volume, const char *name) {
        json_t *extra = json_pack("{s:{s:s, s:s, s:s, s:s}, s:o}", "description", "format", "qcow2", "parent", dict_string(entry, "volume", ""),
                                  "parent_image", dict_string(entry, "image", ""), "description", name, "undo",
                                  plan_step(domain, "DeleteImage", image, NULL, NULL));

        return extra ? plan_step(domain, "CreateVolume", image, volume, extra) : NULL;
}

static int use_disk(const Use *use, const json_t *entry, unsigned number, sd_bus_error *error) {
        Object *lies = model_find(use->plan->model, KIND_STORAGE_DOMAIN, dict_string(entry, "domain", ""));
        const Object *domain;
        const char *format = use->clone ? dict_string(entry, "format", "raw") : "qcow2";
        char id[UUID_STRING_MAX], volume[UUID_STRING_MAX], name[NAME_BYTES_MAX + 1];
        const PlanDisk disk = { .id = id, .name = name, .volume = volume, .format = format, .allocation = "sparse",
                                .capacity = dict_integer(entry, "capacity", 0), .template_id = use->clone ? NULL : use->template_object->id, .like = entry };
        json_t *step;
        int r;

        if (!lies)
                return sd_bus_error_setf(error, RHV_ERROR_NOT_FOUND, "The storage domain of the template %s is not there", use->template_object->name);
        domain = plan_copy_target(use->plan, lies, use->clone ? use->domain : NULL, error);
        if (!domain)
                return -EINVAL;
        (void) snprintf(name, sizeof name, "%.48s_disk%u", use->name, number);
        r = plan_check_name(use->plan, KIND_DISK, name, domain, NULL, error);
        if (r >= 0)
                r = uuid_generate(id);
        if (r >= 0)
                r = uuid_generate(volume);
        if (r >= 0)
                r = plan_put_new_disk(domain, &disk, use->change);
        if (r >= 0)
                r = change_put(use->change, "vm_disk", json_pack("{s:s, s:s, s:O}", "vm", use->vm, "id", id, "spec", json_object_get(entry, "link")));
        if (r < 0)
                return r;
        step = use->clone ? plan_copy_step(&(PlanCopy){ .from = lies->id, .image = dict_string(entry, "image", ""),
                                                        .volume = dict_string(entry, "volume", ""), .to = domain->id, .new_image = id,
                                                        .new_volume = volume, .format = format, .allocation = "sparse", .name = name, .onto = domain->spec })
                          : layer_step(domain, entry, id, volume, name);
        return step && json_array_append_new(use->steps, step) == 0 ? 0 : -ENOMEM;
}

int plan_template_vm(const Plan *plan, const Object *template_object, const json_t *given, Change *change, json_t **ret_steps,
                     char ret_id[static 37], sd_bus_error *error) {
        _cleanup_json_ json_t *steps = json_array(), *description = NULL;
        const Use use = { .plan = plan, .template_object = template_object, .vm = ret_id, .name = dict_string(given, "name", ""),
                          .domain = dict_string(given, "storage_domain", NULL), .clone = dict_boolean(given, "clone", false), .change = change,
                          .steps = steps };
        json_t *entry;
        size_t i;
        int r;

        if (!streq(template_object->state, "ok"))
                return sd_bus_error_setf(error, RHV_ERROR_INVALID_STATE, "The template %s is %s", template_object->name, template_object->state);
        if (template_object->job[0])
                return sd_bus_error_setf(error, RHV_ERROR_BUSY, "The template %s is busy with job %s", template_object->name, template_object->job);
        if (use.domain && !use.clone)
                return sd_bus_error_set(error, RHV_ERROR_INVALID_ARGUMENT,
                                        "The disks of a thin VM are where the template's are: storage_domain is for a clone");
        r = plan_new_id(plan, KIND_VM, given, ret_id, error);
        if (r < 0)
                return r;
        description = plan_clone_description(plan->model, json_object_get(template_object->spec, "configuration"), given, ret_id, use.name,
                                             template_object->parent->id);
        r = description ? plan_create_vm(plan, description, change, error) : -ENOMEM;
        json_array_foreach(disks_of(template_object), i, entry)
                if (r >= 0)
                        r = use_disk(&use, entry, (unsigned)i + 1, error);
        if (r >= 0)
                *ret_steps = TAKE_PTR(steps);
        return r;
}

/* ---- removal ---- */

int plan_remove_template(const Plan *plan, const Object *template_object, Change *change, json_t **ret_steps, sd_bus_error *error) {
        _cleanup_json_ json_t *steps = json_array();
        json_t *entry;
        size_t i;
        int r;

        if (template_object->job[0])
                return sd_bus_error_setf(error, RHV_ERROR_BUSY, "The template %s is busy with job %s", template_object->name, template_object->job);
        for (const Object *disk = model_first(plan->model, KIND_DISK); disk; disk = disk->next)
                if (streq(dict_string(disk->spec, "template", ""), template_object->id))
                        return sd_bus_error_setf(error, RHV_ERROR_IN_USE, "The disk %s is built on the template %s: remove it first", disk->name,
                                                 template_object->name);
        json_array_foreach(disks_of(template_object), i, entry) {
                const Object *domain = model_find(plan->model, KIND_STORAGE_DOMAIN, dict_string(entry, "domain", ""));
                json_t *options = plan_disposal(entry);
                json_t *step = domain && options ? plan_step(domain, "DeleteImage", dict_string(entry, "image", ""), NULL,
                                                             json_pack("{s:O}", "options", options)) : NULL;

                json_decref(options);
                if (domain && (!step || json_array_append_new(steps, step) < 0))
                        return -ENOMEM;
        }
        r = plan_set_state(template_object, "locked", NULL, change);
        if (r >= 0)
                *ret_steps = TAKE_PTR(steps);
        return r;
}

int plan_template_removed(const Plan *plan, const char *id, const char *reason, Change *change) {
        const Object *gone = model_find(plan->model, KIND_TEMPLATE, id);

        if (!gone)
                return 0;
        return reason ? plan_set_state(gone, "illegal", reason, change) : change_delete(change, "template", json_pack("{s:s}", "id", id));
}
