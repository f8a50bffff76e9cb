/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plan-import.h"

#include <stdio.h>

#include "bus-error.h"
#include "dict.h"
#include "plan-copy.h"
#include "plan-internal.h"
#include "register.h"
#include "spec.h"

typedef struct Import {
        const Plan *plan;
        const Object *source, *target; /* storage domains */
        const json_t *report;
        const char *name;              /* of the VM or template */
        bool shared;                   /* the copies become a template's */
        json_t *taken;                 /* {name: true} of disks that this import makes */
        json_t *steps;
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
                                           .name = ret->name, .shared = import->shared });
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

/* Those of VMs that are made of a template are given then. */
static void drop_addresses(json_t *description) {
        json_t *nic;
        size_t i;

        json_array_foreach(json_object_get(description, "nics"), i, nic)
                (void) json_object_del(nic, "mac");
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
        drop_addresses(description);
        return json_object_set_new(description, "id", json_string(id ?: fresh)) < 0 ? -ENOMEM : 0;
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
        _cleanup_json_ json_t *description = NULL, *without = NULL, *taken = json_object(), *steps = json_array(), *none = json_array();
        Import import = { .plan = plan, .source = source, .report = report, .taken = taken, .steps = steps };
        const json_t *disks, *hangs;
        size_t i;
        int r;

        if (!taken || !steps || !none)
                return -ENOMEM;
        r = check_source(source, error);
        if (r < 0)
                return r;
        import.target = find_target(plan, given, error);
        if (!import.target)
                return -EINVAL;
        r = read_definition(report, vm, false, given, &description, error);
        if (r >= 0)
                r = take_id(given, description, error);
        if (r < 0)
                return r;
        import.name = dict_string(description, "name", "");
        disks = json_object_get(description, "disks");
        r = vm_devices_check(disks, json_object_get(description, "nics"), error);
        if (r < 0)
                return r;
        without = json_copy(description);
        if (!without || json_object_set(without, "disks", none) < 0)
                return -ENOMEM;
        r = plan_create_vm(plan, without, change, error);
        (void) snprintf(ret_id, 37, "%s", dict_string(description, "id", ""));
        json_array_foreach((json_t *)disks, i, hangs)
                if (r >= 0)
                        r = put_disk(&import, ret_id, hangs, (unsigned)i + 1, change, error);
        if (r >= 0)
                *ret_steps = TAKE_PTR(steps);
        return r;
}

/* ---- templates ---- */

/* What a VM that is made of it will be, and where it can be; checked now, with a VM that is not made. ret: the cluster. */
static int check_configuration(const Plan *plan, const json_t *description, Object **ret, sd_bus_error *error) {
        _cleanup_(change_freep) Change *scratch = change_new();
        _cleanup_json_ json_t *copy = json_copy((json_t *)description), *none = json_array();
        char id[UUID_STRING_MAX];
        int r;

        r = uuid_generate(id);
        if (r < 0)
                return r;
        if (!scratch || !copy || !none || json_object_set(copy, "disks", none) < 0 || json_object_set_new(copy, "id", json_string(id)) < 0 ||
            json_object_set_new(copy, "name", json_string(id)) < 0)
                return -ENOMEM;
        *ret = plan_container(plan, KIND_CLUSTER, description, error);
        if (!*ret)
                return -EINVAL;
        r = vm_devices_check(json_object_get(description, "disks"), json_object_get(description, "nics"), error);
        return r < 0 ? r : plan_create_vm(plan, copy, scratch, error);
}

/* As vm_configuration() tells it of a VM. */
static json_t *make_configuration(const json_t *description, const Object *cluster, sd_bus_error *error) {
        json_t *configuration = spec_strip(description);

        if (configuration && vm_spec_complete(configuration, error) >= 0 && json_object_set_new(configuration, "disks", json_array()) >= 0 &&
            json_object_set(configuration, "nics", json_object_get(description, "nics")) >= 0 &&
            json_object_set(configuration, "name", json_object_get(description, "name")) >= 0 &&
            json_object_set_new(configuration, "cluster", json_string(cluster->id)) >= 0 &&
            json_object_set_new(configuration, "autostart", json_false()) >= 0)
                return configuration;
        json_decref(configuration);
        return NULL;
}

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

static int put_template(const Plan *plan, const char *id, const json_t *description, const Object *cluster, uint64_t now_usec, json_t *disks, Change *change,
                        sd_bus_error *error) {
        _cleanup_json_ json_t *configuration = make_configuration(description, cluster, error), *spec = NULL;
        int r;

        if (!configuration)
                return sd_bus_error_is_set(error) ? -EINVAL : -ENOMEM;
        spec = json_pack("{s:s, s:I, s:O, s:O}", "description", dict_string(description, "description", ""), "created", (json_int_t)now_usec, "configuration",
                         configuration, "disks", disks);
        r = spec ? change_put(change, "template",
                              json_pack("{s:s, s:s, s:s, s:s, s:s, s:O}", "id", id, "name", dict_string(description, "name", ""), "cluster", cluster->id,
                                        "data_center", cluster->parent->id, "state", "locked", "spec", spec))
                 : -ENOMEM;
        return r < 0 ? r : plan_put_outcome(change, KIND_TEMPLATE, id);
}

int plan_import_template(const Plan *plan, const Object *source, const json_t *report, const char *template_id, const json_t *given, uint64_t now_usec,
                         Change *change, json_t **ret_steps, char ret_id[static 37], sd_bus_error *error) {
        _cleanup_json_ json_t *description = NULL, *taken = json_object(), *steps = json_array(), *disks = json_array();
        Import import = { .plan = plan, .source = source, .report = report, .taken = taken, .steps = steps, .shared = true };
        Object *cluster = NULL;
        const json_t *hangs;
        size_t i;
        int r;

        if (!taken || !steps || !disks)
                return -ENOMEM;
        r = check_source(source, error);
        if (r < 0)
                return r;
        import.target = find_target(plan, given, error);
        if (!import.target)
                return -EINVAL;
        r = read_definition(report, template_id, true, given, &description, error);
        if (r >= 0)
                drop_addresses(description);
        if (r >= 0)
                r = take_id(given, description, error);
        if (r >= 0)
                r = plan_new_id(plan, KIND_TEMPLATE, description, ret_id, error);
        if (r >= 0)
                r = check_configuration(plan, description, &cluster, error);
        if (r < 0)
                return r;
        import.name = dict_string(description, "name", "");
        r = plan_check_name(plan, KIND_TEMPLATE, import.name, cluster->parent, NULL, error);
        json_array_foreach(json_object_get(description, "disks"), i, hangs)
                if (r >= 0)
                        r = add_disk(&import, hangs, (unsigned)i + 1, disks, error);
        if (r >= 0)
                r = put_template(plan, ret_id, description, cluster, now_usec, disks, change, error);
        if (r >= 0)
                *ret_steps = TAKE_PTR(steps);
        return r;
}
