/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plan-cd.h"

#include <stdio.h>
#include <utlist.h>

#include "bus-error.h"
#include "dict.h"
#include "disk-alias.h"
#include "domain-life.h"
#include "parse-util.h"
#include "spec.h"

/* ---- disks ---- */

bool disk_is_iso(const Object *disk) {
        return streq(dict_string(disk->spec, "content_type", ""), DISK_CONTENT_ISO);
}

char *disk_description(const Object *disk, const char *name) {
        return disk_is_iso(disk) ? disk_alias_write(name, dict_string(disk->spec, "description", "")) : strdup(name);
}

int disk_check_no_iso(const Object *disk, const char *what, sd_bus_error *error) {
        if (!disk_is_iso(disk))
                return 0;
        return sd_bus_error_setf(error, RHV_ERROR_NOT_SUPPORTED, "The disk %s is an ISO image, for CD-ROM drives: it is not %s", disk->name, what);
}

const Object *disk_drive_user(const Model *model, const Object *disk, bool running) {
        Medium medium;

        for (const Object *vm = disk_is_iso(disk) ? model_first(model, KIND_VM) : NULL; vm; vm = vm->next)
                if (vm_medium(model, vm->spec, &medium) && medium.disk == disk && (!running || !vm_is_down(vm)))
                        return vm;
        return NULL;
}

int disk_check_drives(const Model *model, const Object *disk, bool running, const char *what, sd_bus_error *error) {
        const Object *vm = disk_drive_user(model, disk, running);

        if (!vm)
                return 0;
        return sd_bus_error_setf(error, RHV_ERROR_IN_USE, "The VM %s has the disk %s in its CD-ROM drive: take it out before %s", vm->name, disk->name, what);
}

/* ---- media ---- */

/* Files end in .iso or .vfd, so none is called like a disk's id. */
static void set_medium(const Model *model, const char *domain, size_t length, const char *name, Medium *ret) {
        *ret = (Medium){ .file = name };
        (void) snprintf(ret->domain, sizeof(ret->domain), "%.*s", (int)length, domain);
        if (!uuid_is_valid(name))
                return;
        ret->file = NULL;
        ret->disk_id = name;
        ret->disk = model_find(model, KIND_DISK, name);
        if (ret->disk)
                (void) snprintf(ret->domain, sizeof(ret->domain), "%s", ret->disk->parent->id);
}

bool vm_medium(const Model *model, const json_t *spec, Medium *ret) {
        const char *medium = dict_string(spec, "cdrom", ""), *slash = strchr(medium, '/');

        if (slash)
                set_medium(model, medium, (size_t)(slash - medium), slash + 1, ret);
        return slash;
}

int medium_describe(const Medium *medium, json_t *entry) {
        json_t *more = medium->disk ? json_pack("{s:s, s:s, s:s}", "domain", medium->domain, "image", dict_string(medium->disk->spec, "image", medium->disk->id), "volume",
                                                dict_string(medium->disk->spec, "volume", ""))
                                    : json_pack("{s:s, s:s*}", "domain", medium->domain, "file", medium->file);

        return more && json_object_update_new(entry, more) == 0 ? 0 : -ENOMEM;
}

/* ---- resolved ---- */

static int resolve_disk(const Plan *plan, const Object *domain, const char *name, Medium *ret, sd_bus_error *error) {
        const Object *disk = model_resolve(plan->model, KIND_DISK, name, domain, error);

        if (!disk)
                return -ENOENT;
        if (!disk_is_iso(disk))
                return sd_bus_error_setf(error, RHV_ERROR_NOT_SUPPORTED, "The disk %s is no ISO image: attach it to the VM", disk->name);
        set_medium(plan->model, domain->id, strlen(domain->id), disk->id, ret);
        return 0;
}

int plan_resolve_medium(const Plan *plan, const Object *data_center, const char *medium, Medium *ret, sd_bus_error *error) {
        const char *slash = strchr(medium, '/'); /* no name of a domain has one */
        _cleanup_free_ char *reference = slash ? strndup(medium, (size_t)(slash - medium)) : NULL;
        const Object *domain;

        if (!slash || slash == medium || !slash[1])
                return sd_bus_error_setf(error, RHV_ERROR_INVALID_ARGUMENT, "A CD-ROM is named as DOMAIN/FILE or DOMAIN/DISK, not \"%.64s\"", medium);
        domain = reference ? model_resolve(plan->model, KIND_STORAGE_DOMAIN, reference, NULL, error) : NULL;
        if (!domain)
                return reference ? -ENOENT : -ENOMEM;
        if (streq(storage_domain_class(domain), STORAGE_CLASS_EXPORT))
                return sd_bus_error_setf(error, RHV_ERROR_NOT_SUPPORTED, "The storage domain %s is an export domain: no guest has anything from it in its drive", domain->name);
        if (domain->parent != data_center || !streq(domain->state, "attached"))
                return sd_bus_error_setf(error, RHV_ERROR_INVALID_STATE, "The storage domain %s is not attached to the data center of the VM", domain->name);
        if (storage_domain_is_data(domain))
                return resolve_disk(plan, domain, slash + 1, ret, error);
        set_medium(plan->model, domain->id, strlen(domain->id), slash + 1, ret);
        return 0;
}

int plan_resolve_cdrom(const Plan *plan, const Object *data_center, json_t *spec, sd_bus_error *error) {
        const char *given = dict_string(spec, "cdrom", "");
        Medium medium = {};
        int r;

        if (!*given) {
                (void) json_object_del(spec, "cdrom");
                return 0;
        }
        r = plan_resolve_medium(plan, data_center, given, &medium, error);
        if (r < 0)
                return r;
        return json_object_set_new(spec, "cdrom", json_sprintf("%s/%s", medium.domain, medium.disk_id ?: medium.file)) < 0 ? -ENOMEM : 0;
}

/* ---- at the start ---- */

/* The drive has one of SATA's places. */
static int check_drive(const Object *vm, sd_bus_error *error) {
        unsigned sata = 0;
        const Link *link;

        DL_FOREACH(vm->disks, link)
                sata += streq(dict_string(link->spec, "bus", "virtio"), "sata");
        if (sata >= VM_SATA_MAX)
                return sd_bus_error_setf(error, RHV_ERROR_INVALID_STATE, "The VM %s has %u SATA disks: there is no place for a CD-ROM", vm->name, sata);
        return 0;
}

int plan_check_medium(const Model *model, const Object *vm, const Medium *medium, sd_bus_error *error) {
        const Object *domain = model_find(model, KIND_STORAGE_DOMAIN, medium->domain);

        if (medium->disk_id && !medium->disk)
                return sd_bus_error_setf(error, RHV_ERROR_NOT_FOUND, "There is no disk %s any more, which the VM %s has in its CD-ROM drive", medium->disk_id, vm->name);
        if (medium->disk && !streq(medium->disk->state, "ok"))
                return sd_bus_error_setf(error, RHV_ERROR_INVALID_STATE, "The disk %s, in the CD-ROM drive of the VM %s, is %s", medium->disk->name, vm->name, medium->disk->state);
        if (!domain || !storage_domain_is_active(domain))
                return sd_bus_error_setf(error, RHV_ERROR_BACKEND_UNAVAILABLE, "The storage domain %s, with the CD-ROM of the VM %s, is not active",
                                         domain ? domain->name : medium->domain, vm->name);
        return 0;
}

int plan_check_cdrom(const Model *model, const Object *vm, sd_bus_error *error) {
        Medium medium;
        int r;

        if (!vm_medium(model, vm->spec, &medium))
                return dict_boolean(vm->spec, "cdrom_drive", false) ? check_drive(vm, error) : 0;
        r = plan_check_medium(model, vm, &medium, error);
        return r < 0 ? r : check_drive(vm, error);
}
