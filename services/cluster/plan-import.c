/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plan-import.h"

#include <stdio.h>

#include "bus-error.h"
#include "dict.h"
#include "plan-copy.h"
#include "plan-internal.h"
#include "plan-template.h"
#include "register.h"
#include "spec.h"

typedef struct Import {
        const Plan *plan;
        const Object *source, *target; /* storage domains */
        const json_t *report;
        const char *name;              /* of the VM or template */
        bool shared;                   /* the copies become a template's */
        json_t *taken, *steps;         /* {name: true} of disks that this import makes; owned */
} Import;

/* One that was copied, and how it hangs on the VM. */
typedef struct Imported {
        char id[UUID_STRING_MAX], volume[UUID_STRING_MAX], name[NAME_BYTES_MAX + 1];
        const char *format;
        int64_t capacity;
        json_t *description, *link; /* owned */
} Imported;

static void imported_clear(Imported *imported) {
        json_decref(imported->description);
        json_decref(imported->link);
}

/* Where the copies go: what was said, or the only data domain. */
static Object *find_target(const Plan *plan, const json_t *given, sd_bus_error *error) {
        const char *reference = dict_string(given, "storage_domain", NULL);
        Object *only = NULL;

        if (reference)
                return plan_copy_target(plan, NULL, reference, error);
        for (Object *domain = model_first(plan->model, KIND_STORAGE_DOMAIN); domain; domain = domain->next) {
                if (!storage_domain_is_data(domain) || !streq(domain->state, "attached"))
                        continue;
                if (only) {
                        (void) sd_bus_error_set(error, RHV_ERROR_INVALID_ARGUMENT, "Say on which storage domain: there are several for disks");
                        return NULL;
                }
                only = domain;
        }
        if (!only)
                (void) sd_bus_error_set(error, RHV_ERROR_INVALID_ARGUMENT, "There is no storage domain for disks yet");
        return only;
}

static int check_source(const Object *source, sd_bus_error *error) {
        if (!streq(storage_domain_class(source), STORAGE_CLASS_EXPORT))
                return sd_bus_error_setf(error, RHV_ERROR_NOT_SUPPORTED, "The storage domain %s is no export domain: what lies on it is registered in place",
                                         source->name);
        if (source->job[0])
                return sd_bus_error_setf(error, RHV_ERROR_BUSY, "The storage domain %s is busy with job %s", source->name, source->job);
        return 0;
}

/* The name it had, or where that is taken the VM's with a number. */
static int name_disk(const Import *import, const char *had, unsigned number, char ret[static NAME_BYTES_MAX + 1], sd_bus_error *error) {
        int r;

        (void) snprintf(ret, NAME_BYTES_MAX + 1, "%s", had);
        if (json_object_get(import->taken, ret) || plan_name_is_taken(import->plan, KIND_DISK, ret, import->target))
                (void) snprintf(ret, NAME_BYTES_MAX + 1, "%.48s_disk%u", import->name, number);
        r = plan_check_name(import->plan, KIND_DISK, ret, import->target, NULL, error);
        if (r >= 0 && json_object_get(import->taken, ret))
                r = sd_bus_error_setf(error, RHV_ERROR_ALREADY_EXISTS, "Two disks of %s would be called %s", import->name, ret);
        return r < 0 ? r : json_object_set_new(import->taken, ret, json_true()) < 0 ? -ENOMEM : 0;
}

/* hangs: {disk: image, bus, boot_order?}. Whatever chain it is, the copy is one volume of what its top shows. */
static int import_disk(const Import *import, const json_t *hangs, unsigned number, Imported *ret, sd_bus_error *error) {
        const char *image = dict_string(hangs, "disk", "");
        json_t *step;
        int r;

        r = register_disk(import->report, import->source->id, image, NULL, &ret->description, error);
        if (r >= 0)
                r = name_disk(import, dict_string(ret->description, "name", ""), number, ret->name, error);
        if (r >= 0)
                r = uuid_generate(ret->id);
        if (r >= 0)
                r = uuid_generate(ret->volume);
        if (r < 0)
                return r;
        ret->format = dict_string(ret->description, "format", "raw");
        ret->capacity = dict_integer(ret->description, "capacity", 0);
        ret->link = json_copy((json_t *)hangs);
        if (!ret->link)
                return -ENOMEM;
        (void) json_object_del(ret->link, "disk");
        step = plan_copy_step(&(PlanCopy){ .from = import->source->id, .image = image, .volume = dict_string(ret->description, "volume", ""),
                                           .to = import->target->id, .new_image = ret->id, .new_volume = ret->volume, .format = ret->format,
                                           .allocation = streq(ret->format, "raw") && !import->shared ? dict_string(ret->description, "allocation", "sparse") : "sparse",
                                           .name = ret->name, .onto = import->target->spec, .shared = import->shared });
        return step && json_array_append_new(import->steps, step) == 0 ? 0 : -ENOMEM;
}

/* What register.h makes of the definition, under the name and in the cluster that were asked for. */
static int read_definition(const json_t *report, const char *id, bool is_template, const json_t *given, json_t **ret, sd_bus_error *error) {
        static const char *const kept[] = { "name", "description", "cluster" };
        _cleanup_json_ json_t *changes = json_object();

        if (!changes)
                return -ENOMEM;
        for (size_t i = 0; i < ELEMENTSOF(kept); i++)
                if (json_object_get(given, kept[i]) && json_object_set(changes, kept[i], json_object_get(given, kept[i])) < 0)
                        return -ENOMEM;
        return is_template ? register_template(report, id, changes, ret, error) : register_vm(report, id, changes, ret, error);
}

/* An id of its own where it shall be another one than that which lies there; then its NICs have other addresses too. */
static int take_id(const json_t *given, json_t *description, sd_bus_error *error) {
        const char *id = dict_string(given, "id", NULL);
        char fresh[UUID_STRING_MAX];
        int r;

        if (!dict_boolean(given, "clone", false))
                return id ? sd_bus_error_set(error, RHV_ERROR_INVALID_ARGUMENT, "Only a clone has another id than what lies on the export domain") : 0;
        r = id ? 0 : uuid_generate(fresh);
        if (r < 0)
                return r;
        register_drop_addresses(description);
        return json_object_set_new(description, "id", json_string(id ?: fresh)) < 0 ? -ENOMEM : 0;
}

/* Who comes from where, goes where, and is what: everything before the first row. import: its plan, source, report and shared are set; description: new. */
static int begin(Import *import, const char *id, const json_t *given, json_t **ret_description, sd_bus_error *error) {
        _cleanup_json_ json_t *description = NULL;
        int r;

        import->taken = json_object();
        import->steps = json_array();
        if (!import->taken || !import->steps)
                return -ENOMEM;
        r = check_source(import->source, error);
        if (r < 0)
                return r;
        import->target = find_target(import->plan, given, error);
        if (!import->target)
                return -EINVAL;
        r = read_definition(import->report, id, import->shared, given, &description, error);
        if (r >= 0 && import->shared)
                register_drop_addresses(description);
        if (r >= 0)
                r = take_id(given, description, error);
        if (r < 0)
                return r;
        import->name = dict_string(description, "name", "");
        *ret_description = TAKE_PTR(description);
        return 0;
}

static void import_clear(Import *import) {
        json_decref(import->taken);
        json_decref(import->steps);
}

/* ---- VMs ---- */

static int put_disk(const Import *import, const char *vm, const json_t *hangs, unsigned number, Change *change, sd_bus_error *error) {
        _cleanup_(imported_clear) Imported disk = { .format = NULL };
        int r;

        r = import_disk(import, hangs, number, &disk, error);
        if (r >= 0)
                r = plan_put_new_disk(import->target, &(PlanDisk){ .id = disk.id, .name = disk.name, .volume = disk.volume, .format = disk.format,
                                                                   .allocation = streq(disk.format, "raw") ? dict_string(disk.description, "allocation", "sparse") : "sparse",
                                                                   .capacity = disk.capacity },
                                      change);
        return r < 0 ? r : change_put(change, "vm_disk", json_pack("{s:s, s:s, s:O}", "vm", vm, "id", disk.id, "spec", disk.link));
}

int plan_import_vm(const Plan *plan, const Object *source, const json_t *report, const char *vm, const json_t *given, Change *change, json_t **ret_steps,
                   char ret_id[static 37], sd_bus_error *error) {
        _cleanup_(import_clear) Import import = { .plan = plan, .source = source, .report = report };
        _cleanup_json_ json_t *description = NULL, *without = NULL, *none = json_array();
        const json_t *disks, *hangs;
        size_t i;
        int r;

        r = begin(&import, vm, given, &description, error);
        if (r < 0)
                return r;
        disks = json_object_get(description, "disks");
        r = vm_devices_check(disks, json_object_get(description, "nics"), error);
        if (r < 0)
                return r;
        without = json_copy(description);
        if (!without || !none || json_object_set(without, "disks", none) < 0)
                return -ENOMEM;
        r = plan_create_vm(plan, without, change, error);
        (void) snprintf(ret_id, 37, "%s", dict_string(description, "id", ""));
        json_array_foreach((json_t *)disks, i, hangs)
                if (r >= 0)
                        r = put_disk(&import, ret_id, hangs, (unsigned)i + 1, change, error);
        if (r >= 0)
                *ret_steps = TAKE_PTR(import.steps);
        return r;
}

/* ---- templates ---- */

static int add_disk(const Import *import, const json_t *hangs, unsigned number, json_t *disks, sd_bus_error *error) {
        _cleanup_(imported_clear) Imported disk = { .format = NULL };
        int r;

        r = import_disk(import, hangs, number, &disk, error);
        if (r < 0)
                return r;
        return json_array_append_new(disks, json_pack("{s:s, s:s, s:s, s:s, s:s, s:I, s:O}", "name", disk.name, "domain", import->target->id, "image", disk.id,
                                                      "volume", disk.volume, "format", disk.format, "capacity", (json_int_t)disk.capacity, "link",
                                                      disk.link)) < 0
                               ? -ENOMEM
                               : 0;
}

int plan_import_template(const Plan *plan, const Object *source, const json_t *report, const char *template_id, const json_t *given, uint64_t now_usec,
                         Change *change, json_t **ret_steps, char ret_id[static 37], sd_bus_error *error) {
        _cleanup_(import_clear) Import import = { .plan = plan, .source = source, .report = report, .shared = true };
        _cleanup_json_ json_t *description = NULL, *disks = json_array();
        Object *cluster = NULL;
        const json_t *hangs;
        size_t i;
        int r;

        r = disks ? begin(&import, template_id, given, &description, error) : -ENOMEM;
        if (r >= 0)
                r = plan_new_id(plan, KIND_TEMPLATE, description, ret_id, error);
        if (r >= 0)
                r = plan_check_template(plan, description, &cluster, error);
        json_array_foreach(json_object_get(description, "disks"), i, hangs)
                if (r >= 0)
                        r = add_disk(&import, hangs, (unsigned)i + 1, disks, error);
        if (r >= 0)
                r = plan_put_template(ret_id, description, cluster, now_usec, disks, "locked", change, error);
        if (r >= 0)
                *ret_steps = TAKE_PTR(import.steps);
        return r;
}
