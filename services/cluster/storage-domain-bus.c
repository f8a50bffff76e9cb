/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The D-Bus face of a storage domain. */

#include "bus-error.h"
#include "dict.h"
#include "domain-connection.h"
#include "domain-life.h"
#include "lease-keep.h"
#include "object-bus.h"
#include "parse-util.h"
#include "plan-cd.h"
#include "plan-template.h"
#include "register-bus.h"
#include "steps.h"
#include "work.h"

static int check_cdroms(const Object *domain, sd_bus_error *error) {
        const Manager *manager = domain->owner;
        Medium medium;

        for (const Object *vm = model_first(manager->model, KIND_VM); vm; vm = vm->next)
                if (vm_medium(manager->model, vm->spec, &medium) && streq(medium.domain, domain->id) && (medium.file || medium.disk))
                        return sd_bus_error_setf(error, RHV_ERROR_IN_USE, "The VM %s has the %s %s in its CD-ROM drive: take it out first", vm->name,
                                                 medium.disk ? "disk" : "file", medium.disk ? medium.disk->name : medium.file);
        return 0;
}

/* Detached, a domain takes its disks along: they are there again when it is imported. */
static int check_detach(const Object *domain, sd_bus_error *error) {
        const Manager *manager = domain->owner;

        for (const Object *disk = model_first(manager->model, KIND_DISK); disk; disk = disk->next) {
                if (disk->parent != domain)
                        continue;
                if (disk->job[0])
                        return sd_bus_error_setf(error, RHV_ERROR_BUSY, "The disk %s is busy with job %s", disk->name, disk->job);
                if (disk->users)
                        return sd_bus_error_setf(error, RHV_ERROR_IN_USE, "The VM %s uses the disk %s: detach it there or remove the VM first",
                                                 disk->users->vm->name, disk->name);
        }
        return 0;
}

static int check_remove(const Object *domain, bool destroy, sd_bus_error *error) {
        const Manager *manager = domain->owner;
        const Object *template_object;
        int r;

        if (domain->job[0])
                return sd_bus_error_setf(error, RHV_ERROR_BUSY, "The storage domain %s is busy with job %s", domain->name,
                                         domain->job);
        template_object = plan_template_on(manager->model, domain);
        if (template_object)
                return sd_bus_error_setf(error, RHV_ERROR_IN_USE, "The template %s is on the storage domain %s: remove it first",
                                         template_object->name, domain->name);
        r = check_cdroms(domain, error);
        if (r < 0)
                return r;
        if (destroy && domain_type_is_shared(dict_string(domain->spec, "type", "local")))
                return sd_bus_error_setf(error, RHV_ERROR_NOT_SUPPORTED, "The storage domain %s is shared, and other hosts may use it: it is detached, not destroyed", domain->name);
        if (!destroy) {
                r = check_detach(domain, error);
                if (r < 0)
                        return r;
        } else if (domain->children > 0)
                return sd_bus_error_setf(error, RHV_ERROR_IN_USE, "The storage domain %s holds %u disks: remove them first",
                                         domain->name, domain->children);
        return backend_check(manager->backends[BACKEND_STORAGE], error);
}

static int method_remove(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        static const DictField fields[] = { OPTIONS_COMMON, { "destroy", DICT_BOOLEAN }, { NULL } };
        Object *domain = userdata;
        Manager *manager = domain->owner;
        _cleanup_request_ Request request = { NULL };
        _cleanup_(change_freep) Change *change = change_new();
        bool destroy, leave;
        json_t *arguments;
        Job *job = NULL;
        int r;

        r = request_read(&request, manager, message, NULL, fields, error);
        if (r < 0)
                return r;
        destroy = dict_boolean(request.options, "destroy", true);
        if (!request.replay) {
                r = check_remove(domain, destroy, error);
                if (r >= 0)
                        r = change ? plan_set_state(domain, "removing", NULL, change) : -ENOMEM;
                if (r < 0)
                        return r;
        }
        r = request_authorise(&request, ACTION_DESTROY, destroy ? "destroy" : "detach", domain, NULL, error);
        if (r <= 0)
                return r < 0 ? r : 1;
        /* what stays on the storage is left before it is closed */
        leave = !destroy || storage_domain_is_leased(domain);
        arguments = leave ? json_pack("{s:o}", "steps", domain_leave_steps(domain, lease_keep_ours(manager, domain))) : json_pack("{s:b}", "destroy", destroy);
        r = request_begin_job(&request, leave ? "detach-storage-domain" : "remove-storage-domain", domain, arguments, change, &job, error);
        if (r < 0)
                return r;
        if (job && leave)
                steps_begin(manager, job);
        else if (job)
                work_remove_domain(manager, job, domain, destroy);
        return request_reply(&request, "j");
}

const sd_bus_vtable storage_domain_vtable[] = {
        SD_BUS_VTABLE_START(0),
        PROPERTY_CONST("Id", "s"),
        PROPERTY_CHANGING("Name", "s"),
        PROPERTY_CHANGING("Description", "s"),
        PROPERTY_CONST("DataCenter", "s"),
        PROPERTY_CHANGING("State", "s"),
        PROPERTY_CHANGING("StateReason", "s"),
        PROPERTY_CHANGING("Job", "o"),
        PROPERTY_CONST("Type", "s"),
        PROPERTY_CHANGING("Path", "s"),
        PROPERTY_CHANGING("Connection", "a{sv}"),
        PROPERTY_CHANGING("LockspaceState", "s"),
        PROPERTY_CHANGING("LeaseState", "s"),
        PROPERTY_CHANGING("LeaseVersion", "t"),
        PROPERTY_CHANGING("Class", "s"),
        PROPERTY_CHANGING("FormatVersion", "u"),
        PROPERTY_CHANGING("TotalBytes", "t"),
        PROPERTY_CHANGING("FreeBytes", "t"),
        METHOD_UPDATE,
        SD_BUS_METHOD_WITH_ARGS("ListUnregistered", SD_BUS_ARGS("a{sv}", options), SD_BUS_RESULT("a{sv}", found),
                                storage_domain_method_list_unregistered, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("RegisterDisk", SD_BUS_ARGS("s", image, "a{sv}", changes, "a{sv}", options), SD_BUS_RESULT("o", disk),
                                storage_domain_method_register_disk, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("RegisterVm", SD_BUS_ARGS("s", vm, "a{sv}", changes, "a{sv}", options), SD_BUS_RESULT("o", path),
                                storage_domain_method_register_vm, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("RegisterTemplate", SD_BUS_ARGS("s", template, "a{sv}", changes, "a{sv}", options), SD_BUS_RESULT("o", path),
                                storage_domain_method_register_template, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("ImportVm", SD_BUS_ARGS("s", vm, "a{sv}", description, "a{sv}", options), SD_BUS_RESULT("o", path, "o", job),
                                storage_domain_method_import_vm, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("ImportTemplate", SD_BUS_ARGS("s", template, "a{sv}", description, "a{sv}", options), SD_BUS_RESULT("o", path, "o", job),
                                storage_domain_method_import_template, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("RemoveExported", SD_BUS_ARGS("s", id, "a{sv}", options), SD_BUS_RESULT("o", job),
                                storage_domain_method_remove_exported, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Remove", SD_BUS_ARGS("a{sv}", options), SD_BUS_RESULT("o", job), method_remove,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_VTABLE_END,
};
