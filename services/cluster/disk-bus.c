/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The D-Bus face of a disk. */

#include <utlist.h>

#include "bus-error.h"
#include "dict.h"
#include "domain-life.h"
#include "object-bus.h"
#include "parse-util.h"
#include "plan-cd.h"
#include "plan-snapshot.h"
#include "snapshot-bus.h"
#include "spec.h"
#include "work.h"

static int check_idle(const Object *disk, const char *what, bool writing, sd_bus_error *error) {
        const Manager *manager = disk->owner;
        const Link *user;

        if (disk->job[0])
                return sd_bus_error_setf(error, RHV_ERROR_BUSY, "The disk %s is busy with job %s", disk->name, disk->job);
        DL_FOREACH2(disk->users, user, other_next) {
                if (user->vm->job[0] && vm_is_down(user->vm))
                        return sd_bus_error_setf(error, RHV_ERROR_BUSY, "The VM %s is busy with job %s", user->vm->name, user->vm->job);
                if (!vm_is_down(user->vm) && (writing || !dict_boolean(user->spec, "read_only", false)))
                        return sd_bus_error_setf(error, RHV_ERROR_IN_USE, "The VM %s uses the disk %s: shut it down before %s",
                                                 user->vm->name, disk->name, what);
        }
        return backend_check(manager->backends[BACKEND_STORAGE], error);
}

/* Only a disk of one volume takes a whole one. */
static int check_alone(const Object *disk, sd_bus_error *error) {
        const Manager *manager = disk->owner;

        if (json_object_get(disk->spec, "template"))
                return sd_bus_error_setf(error, RHV_ERROR_INVALID_STATE, "The disk %s is built on a template; nothing is uploaded to it", disk->name);
        return plan_check_no_snapshot(manager->model, disk, "uploading to it", error);
}

static int transfer(sd_bus_message *message, Object *disk, bool upload, sd_bus_error *error) {
        static const DictField fields[] = {
                OPTIONS_COMMON, { "size", DICT_INTEGER, .min = 0, .max = DISK_CAPACITY_MAX }, { NULL },
        };
        Manager *manager = disk->owner;
        _cleanup_request_ Request request = { NULL };
        _cleanup_(change_freep) Change *change = change_new();
        Actor actor;
        Job *job = NULL;
        int fd, r;

        r = sd_bus_message_read(message, "h", &fd);
        if (r < 0)
                return r;
        r = request_read(&request, manager, message, NULL, upload ? fields : options_common, error);
        if (r < 0)
                return r;
        if (!request.replay) {
                r = check_idle(disk, upload ? "uploading to it" : "downloading it", upload, error);
                if (r < 0)
                        return r;
                if (upload) {
                        r = check_alone(disk, error);
                        if (r >= 0)
                                r = disk_check_drives(manager->model, disk, true, "uploading to it", error);
                        if (r < 0)
                                return r;
                }
                if (!upload && !streq(disk->state, "ok"))
                        return sd_bus_error_setf(error, RHV_ERROR_INVALID_STATE, "The disk %s is %s: %s", disk->name,
                                                 disk->state, dict_string(disk->spec, "reason", "it is being worked on"));
        }
        r = request_authorise(&request, upload ? ACTION_CONFIGURE : ACTION_OPERATE, upload ? "upload" : "download", disk,
                              NULL, error);
        if (r <= 0)
                return r < 0 ? r : 1;

        actor = request_actor(&request);
        r = change ? 0 : -ENOMEM;
        if (r >= 0 && upload)
                r = plan_set_state(disk, "locked", NULL, change);
        if (r >= 0)
                r = event_add(change, &actor, EVENT_NORMAL, upload ? "disk-upload" : "disk-download",
                              EVENT_OBJECTS(disk->path), upload ? "The disk %s is being uploaded" : "The disk %s is being downloaded",
                              disk->name);
        if (r >= 0)
                r = request_begin_job(&request, upload ? "upload" : "download", disk, json_object(), change, &job, error);
        if (r < 0)
                return r;
        if (job)
                work_transfer(manager, job, disk, upload, fd, (uint64_t)dict_integer(request.options, "size", 0));
        return request_reply(&request, "j");
}

static int method_upload(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        return transfer(message, userdata, true, error);
}

static int method_download(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        return transfer(message, userdata, false, error);
}

static int method_remove(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        Object *disk = userdata;
        Manager *manager = disk->owner;
        _cleanup_request_ Request request = { NULL };
        _cleanup_(change_freep) Change *change = change_new();
        Job *job = NULL;
        int r;

        r = request_read(&request, manager, message, NULL, options_common, error);
        if (r < 0)
                return r;
        if (!request.replay) {
                r = check_idle(disk, "removing it", true, error);
                if (r < 0)
                        return r;
                if (disk->users)
                        return sd_bus_error_setf(error, RHV_ERROR_IN_USE,
                                                 "The disk %s is attached to the VM %s: detach it first", disk->name,
                                                 disk->users->vm->name);
                r = storage_domain_check_lease(disk->parent, error);
                if (r >= 0)
                        r = disk_check_drives(manager->model, disk, false, "removing it", error);
                if (r >= 0)
                        r = change ? plan_set_state(disk, "locked", NULL, change) : -ENOMEM;
                if (r < 0)
                        return r;
        }
        r = request_authorise(&request, ACTION_DESTROY, "remove", disk, NULL, error);
        if (r <= 0)
                return r < 0 ? r : 1;
        r = request_begin_job(&request, "remove-disk", disk, json_pack("{s:b}", "usable", streq(disk->state, "ok")), change, &job, error);
        if (r < 0)
                return r;
        if (job)
                work_delete_image(manager, job, disk);
        return request_reply(&request, "j");
}

const sd_bus_vtable disk_vtable[] = {
        SD_BUS_VTABLE_START(0),
        PROPERTY_CONST("Id", "s"),
        PROPERTY_CHANGING("Name", "s"),
        PROPERTY_CHANGING("Description", "s"),
        PROPERTY_CHANGING("State", "s"),
        PROPERTY_CHANGING("StateReason", "s"),
        PROPERTY_CHANGING("Job", "o"),
        PROPERTY_CHANGING("StorageDomain", "s"),
        PROPERTY_CONST("Image", "s"),
        PROPERTY_CHANGING("Volume", "s"),
        PROPERTY_CHANGING("Capacity", "t"),
        PROPERTY_CHANGING("Format", "s"),
        PROPERTY_CHANGING("Allocation", "s"),
        PROPERTY_CONST("ContentType", "s"),
        PROPERTY_CONST("Shareable", "b"),
        PROPERTY_CHANGING("WipeAfterDelete", "b"),
        PROPERTY_CHANGING("Discard", "b"),
        PROPERTY_CHANGING("Vms", "as"),
        METHOD_UPDATE,
        SD_BUS_METHOD_WITH_ARGS("Remove", SD_BUS_ARGS("a{sv}", options), SD_BUS_RESULT("o", job), method_remove,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Upload", SD_BUS_ARGS("h", data, "a{sv}", options), SD_BUS_RESULT("o", job),
                                method_upload, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Download", SD_BUS_ARGS("h", data, "a{sv}", options), SD_BUS_RESULT("o", job),
                                method_download, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Extend", SD_BUS_ARGS("t", capacity, "a{sv}", options), SD_BUS_RESULT("o", job),
                                disk_method_extend, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Sparsify", SD_BUS_ARGS("a{sv}", options), SD_BUS_RESULT("o", job), disk_method_sparsify,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Copy", SD_BUS_ARGS("a{sv}", description, "a{sv}", options), SD_BUS_RESULT("o", copy, "o", job),
                                disk_method_copy, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Move", SD_BUS_ARGS("s", storage_domain, "a{sv}", options), SD_BUS_RESULT("o", job),
                                disk_method_move, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_VTABLE_END,
};
