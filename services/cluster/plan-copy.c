/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plan-copy.h"

#include <stdio.h>
#include <utlist.h>

#include "bus-error.h"
#include "description.h"
#include "dict.h"
#include "domain-connection.h"
#include "plan-cd.h"
#include "plan-internal.h"
#include "plan-snapshot.h"
#include "plan-vnic.h"
#include "spec.h"

static const char *image_of(const Object *disk) {
        return dict_string(disk->spec, "image", disk->id);
}

static int add_step(json_t **ret, json_t *step) {
        json_t *steps = *ret ?: json_array();

        *ret = steps;
        return steps && step && json_array_append_new(steps, step) == 0 ? 0 : -ENOMEM;
}

/* Nobody writes to it, and no job works on it. */
int plan_check_disk_still(const Object *disk, const char *what, sd_bus_error *error) {
        const Link *user;

        if (disk->job[0])
                return sd_bus_error_setf(error, RHV_ERROR_BUSY, "The disk %s is busy with job %s", disk->name, disk->job);
        if (!streq(disk->state, "ok"))
                return sd_bus_error_setf(error, RHV_ERROR_INVALID_STATE, "The disk %s is %s: %s", disk->name, disk->state,
                                         dict_string(disk->spec, "reason", "a job works on it"));
        DL_FOREACH2(disk->users, user, other_next) {
                int r = plan_check_vm_still(user->vm, what, error);

                if (r < 0)
                        return r;
        }
        return 0;
}

Object *plan_copy_target(const Plan *plan, Object *own, const char *reference, sd_bus_error *error) {
        Object *domain = reference ? model_resolve(plan->model, KIND_STORAGE_DOMAIN, reference, NULL, error) : own;

        if (domain && !streq(domain->state, "attached")) {
                (void) sd_bus_error_setf(error, RHV_ERROR_INVALID_STATE, "The storage domain %s is %s", domain->name, domain->state);
                return NULL;
        }
        return domain && storage_domain_check_data(domain, error) < 0 ? NULL : domain;
}

json_t *plan_copy_step(const PlanCopy *copy) {
        json_t *undo = json_pack("{s:s, s:s, s:s, s:s}", "domain", copy->to, "method", "DeleteImage", "image", copy->new_image, "volume", "");

        return json_pack("{s:{s:s, s:s, s:s, s:s, s:s, s:s, s:b}, s:o, s:s, s:s, s:s, s:s}", "target", "domain", copy->to, "image", copy->new_image,
                          "volume", copy->new_volume, "format", copy->format, "allocation", domain_volume_allocation(copy->onto, copy->format, copy->allocation), "description", copy->name, "template",
                          (int)copy->shared, "undo", undo, "domain", copy->from, "method", "CopyVolume", "image", copy->image, "volume",
                          copy->volume);
}

/* What a guest sees at volume. */
static json_t *copy_step(const Object *disk, const char *volume, const Object *domain, const char *image, const char *new_volume,
                         const char *format, const char *allocation, const char *name) {
        _cleanup_free_ char *description = disk_description(disk, name);

        if (!description)
                return NULL;
        return plan_copy_step(&(PlanCopy){ .from = disk->parent->id, .image = image_of(disk), .volume = volume, .to = domain->id, .new_image = image,
                                           .new_volume = new_volume, .format = format, .allocation = allocation, .name = description, .onto = domain->spec });
}

/* The allocation a copy of a format has: a preallocated qcow2 volume serves nobody. */
static const char *allocation_of(const Object *disk, const char *format) {
        return streq(format, "raw") ? dict_string(disk->spec, "allocation", "sparse") : "sparse";
}

int plan_put_new_disk(const Object *domain, const PlanDisk *disk, Change *change) {
        json_t *spec = json_pack("{s:s, s:s, s:s, s:s, s:s, s:I, s:s*}", "description", disk->description ?: "", "image", disk->id, "volume", disk->volume,
                                 "format", disk->format, "allocation", domain_volume_allocation(domain->spec, disk->format, disk->allocation), "capacity", (json_int_t)disk->capacity, "template",
                                 disk->template_id);

        /* what a disk holds, its copy holds */
        if (!spec || plan_keep_disposal(spec, disk->like) < 0 ||
            (json_object_get(disk->like, "content_type") && json_object_set(spec, "content_type", json_object_get(disk->like, "content_type")) < 0)) {
                json_decref(spec);
                return -ENOMEM;
        }
        return change_put(change, "disk",
                          json_pack("{s:s, s:s, s:s, s:s, s:o}", "id", disk->id, "name", disk->name, "storage_domain", domain->id, "state", "locked",
                                    "spec", spec));
}

static int put_new_disk(const Object *domain, const char *id, const char *name, const char *volume, const char *format, const char *allocation,
                        int64_t capacity, const char *description, const json_t *like, Change *change) {
        return plan_put_new_disk(domain, &(PlanDisk){ .id = id, .name = name, .volume = volume, .format = format, .allocation = allocation,
                                                      .capacity = capacity, .description = description, .like = like }, change);
}

/* ---- extend ---- */

int plan_extend_disk(const Plan *plan, const Object *disk, int64_t capacity_bytes, Change *change, json_t **ret_steps, sd_bus_error *error) {
        const int64_t present = dict_integer(disk->spec, "capacity", 0);
        int r;

        r = disk_check_no_iso(disk, "extended", error);
        if (r >= 0)
                r = plan_check_disk_still(disk, "extending its disk", error);
        if (r < 0)
                return r;
        if (capacity_bytes <= present)
                return sd_bus_error_setf(error, RHV_ERROR_INVALID_ARGUMENT, "The disk %s has %lld bytes already: a disk only grows", disk->name,
                                         (long long)present);
        r = plan_set_state(disk, "locked", NULL, change);
        if (r >= 0)
                r = event_add(change, &plan->actor, EVENT_NORMAL, "disk-extend", EVENT_OBJECTS(disk->path), "The disk %s is being extended to %lld bytes",
                              disk->name, (long long)capacity_bytes);
        return r < 0 ? r
                     : add_step(ret_steps, plan_step(disk->parent, "ExtendVolume", image_of(disk), dict_string(disk->spec, "volume", ""),
                                                     json_pack("{s:I}", "capacity", (json_int_t)capacity_bytes)));
}

int plan_extend_done(const Object *disk, int64_t capacity_bytes, const char *reason, Change *change) {
        json_t *spec = json_copy(disk->spec);

        /* what is not larger is what it was */
        if (spec && !reason)
                (void) json_object_set_new(spec, "capacity", json_integer(capacity_bytes));
        return spec ? plan_put_row(disk, "ok", spec, change) : -ENOMEM;
}

/* ---- sparsify ---- */

int plan_sparsify_disk(const Plan *plan, const Object *disk, Change *change, json_t **ret_steps, sd_bus_error *error) {
        int r;

        r = plan_check_disk_still(disk, "sparsifying its disk", error);
        if (r < 0)
                return r;
        if (streq(dict_string(disk->spec, "allocation", "sparse"), "preallocated"))
                return sd_bus_error_setf(error, RHV_ERROR_INVALID_ARGUMENT, "The disk %s is preallocated: it shall have all its blocks", disk->name);
        r = plan_set_state(disk, "locked", NULL, change);
        if (r >= 0)
                r = event_add(change, &plan->actor, EVENT_NORMAL, "disk-sparsify", EVENT_OBJECTS(disk->path), "The disk %s is being sparsified", disk->name);
        return r < 0 ? r : add_step(ret_steps, plan_step(disk->parent, "SparsifyVolume", image_of(disk), dict_string(disk->spec, "volume", ""), NULL));
}

/* ---- copy ---- */

int plan_copy_disk(const Plan *plan, const Object *disk, const json_t *description, Change *change, json_t **ret_steps,
                   char ret_id[static 37], sd_bus_error *error) {
        const char *name = dict_string(description, "name", ""), *format = dict_string(description, "format", dict_string(disk->spec, "format", "raw"));
        const char *allocation = dict_string(description, "allocation", allocation_of(disk, format));
        char volume[UUID_STRING_MAX];
        Object *domain;
        int r;

        r = plan_new_id(plan, KIND_DISK, description, ret_id, error);
        if (r >= 0)
                r = plan_check_disk_still(disk, "copying its disk", error);
        if (r < 0)
                return r;
        domain = plan_copy_target(plan, disk->parent, dict_string(description, "storage_domain", NULL), error);
        if (!domain)
                return -EINVAL;
        if (disk_is_iso(disk) && !streq(format, "raw"))
                return sd_bus_error_setf(error, RHV_ERROR_INVALID_ARGUMENT, "The disk %s is an ISO image: its copy is raw", disk->name);
        r = plan_check_allocation(domain, format, dict_string(description, "allocation", NULL), error);
        if (r >= 0)
                r = plan_check_name(plan, KIND_DISK, name, domain, NULL, error);
        if (r >= 0)
                r = uuid_generate(volume);
        if (r >= 0)
                r = put_new_disk(domain, ret_id, name, volume, format, allocation, dict_integer(disk->spec, "capacity", 0),
                                 dict_string(description, "description", ""), disk->spec, change);
        if (r >= 0)
                r = plan_put_outcome(change, KIND_DISK, ret_id);
        if (r >= 0)
                r = event_add(change, &plan->actor, EVENT_NORMAL, "disk-copy", EVENT_OBJECTS(disk->path), "The disk %s is being copied to %s on %s",
                              disk->name, name, domain->name);
        return r < 0 ? r
                     : add_step(ret_steps, copy_step(disk, dict_string(disk->spec, "volume", ""), domain, ret_id, volume, format, allocation, name));
}

int plan_copy_done(const Plan *plan, const char *id, const char *reason, Change *change) {
        const Object *disk = model_find(plan->model, KIND_DISK, id);

        if (!disk)
                return 0;
        return reason ? change_delete(change, "disk", json_pack("{s:s}", "id", id)) : plan_set_state(disk, "ok", NULL, change);
}

/* ---- move ---- */

int plan_move_disk(const Plan *plan, const Object *disk, const char *reference, Change *change, json_t **ret_steps, char ret_volume[static 37],
                   sd_bus_error *error) {
        const char *format = dict_string(disk->spec, "format", "raw");
        Object *domain = plan_copy_target(plan, disk->parent, reference, error);
        int r;

        if (!domain)
                return -EINVAL;
        if (domain == disk->parent)
                return sd_bus_error_setf(error, RHV_ERROR_INVALID_ARGUMENT, "The disk %s is on %s already", disk->name, domain->name);
        r = plan_check_disk_still(disk, "moving its disk", error);
        if (r >= 0)
                r = disk_check_drives(plan->model, disk, true, "moving it", error);
        if (r >= 0)
                r = plan_check_no_snapshot(plan->model, disk, "moving it", error);
        if (r >= 0)
                r = plan_check_name(plan, KIND_DISK, disk->name, domain, disk, error);
        if (r >= 0)
                r = uuid_generate(ret_volume);
        if (r >= 0)
                r = plan_set_state(disk, "locked", NULL, change);
        if (r >= 0)
                r = event_add(change, &plan->actor, EVENT_NORMAL, "disk-move", EVENT_OBJECTS(disk->path, domain->path),
                              "The disk %s is being moved to %s", disk->name, domain->name);
        if (r >= 0)
                r = add_step(ret_steps, copy_step(disk, dict_string(disk->spec, "volume", ""), domain, image_of(disk), ret_volume, format,
                                                  allocation_of(disk, format), disk->name));
        return r < 0 ? r : add_step(ret_steps, plan_removal_step(disk, "DeleteImage", NULL));
}

int plan_move_done(const Plan *plan, const Object *disk, const char *domain, const char *volume, size_t n_done, const char *reason,
                   Change *change) {
        const Object *target = model_find(plan->model, KIND_STORAGE_DOMAIN, domain);
        const char *format = dict_string(disk->spec, "format", "raw");
        json_t *row, *spec;

        /* The copy was taken back, and the source is untouched. */
        if (reason)
                return plan_set_state(disk, n_done == 0 ? "ok" : "illegal", n_done == 0 ? NULL : "it was not removed from its former storage domain",
                                      change);
        row = json_copy(disk->row);
        spec = json_copy(disk->spec);
        if (!row || !spec || json_object_set_new(spec, "volume", json_string(volume)) < 0 ||
            json_object_set_new(row, "storage_domain", json_string(domain)) < 0 || json_object_set_new(row, "state", json_string("ok")) < 0) {
                json_decref(row);
                json_decref(spec);
                return -ENOMEM;
        }
        (void) json_object_del(spec, "reason");
        if (target)
                (void) json_object_set_new(spec, "allocation", json_string(domain_volume_allocation(target->spec, format, allocation_of(disk, format))));
        (void) json_object_del(spec, "template"); /* the copy is whole */
        if (json_object_set_new(row, "spec", spec) < 0) {
                json_decref(row);
                return -ENOMEM;
        }
        return change_put(change, "disk", row);
}

/* ---- clone ---- */

typedef struct Clone {
        const Plan *plan;
        const Object *snapshot;
        const char *id, *name; /* of the new VM */
        const char *domain;    /* reference, or NULL: where each disk is */
        Change *change;
        json_t **steps;
} Clone;

json_t *plan_clone_description(const Model *model, const json_t *configuration, const json_t *given, const char *id, const char *name, const char *cluster) {
        json_t *description = spec_strip(configuration), *nics = json_array(), *nic;
        size_t i;

        json_array_foreach(json_object_get(configuration, "nics"), i, nic) {
                json_t *copy = json_copy(nic);

                if (copy) {
                        (void) json_object_del(copy, "id");
                        (void) json_object_del(copy, "mac");
                        /* one that was removed since: that of the network's name instead */
                        if (!vnic_profile_find(model, dict_string(copy, "network", ""), dict_string(copy, "profile", "")))
                                (void) json_object_del(copy, "profile");
                }
                (void) json_array_append_new(nics, copy);
        }
        if (!description || !nics || json_object_set_new(description, "nics", nics) < 0 ||
            json_object_set_new(description, "id", json_string(id)) < 0 ||
            json_object_set_new(description, "name", json_string(name)) < 0 ||
            json_object_set_new(description, "cluster", json_string(cluster)) < 0) {
                json_decref(description);
                return NULL;
        }
        /* a medium belongs to the drive it is in */
        (void) json_object_del(description, "cdrom");
        (void) json_object_del(description, "cdrom_boot_order");
        if (json_object_get(given, "description"))
                (void) json_object_set(description, "description", json_object_get(given, "description"));
        return description;
}

/* link: how it hangs on the other VM; volume, format, capacity: of the state to be copied. */
static int clone_disk(const Clone *clone, const json_t *link, const Object *disk, const char *volume, int64_t capacity, unsigned number,
                      sd_bus_error *error) {
        const char *format = dict_string(disk->spec, "format", "raw"), *allocation = allocation_of(disk, format);
        char id[UUID_STRING_MAX], new_volume[UUID_STRING_MAX], name[NAME_BYTES_MAX + 1];
        json_t *spec = json_copy((json_t *)link);
        Object *domain = plan_copy_target(clone->plan, disk->parent, clone->domain, error);
        int r;

        if (!spec || !domain) {
                json_decref(spec);
                return domain ? -ENOMEM : -EINVAL;
        }
        (void) json_object_del(spec, "disk");
        (void) json_object_del(spec, "name");
        (void) json_object_del(spec, "serial"); /* it tells two disks apart */
        (void) snprintf(name, sizeof name, "%.48s_disk%u", clone->name, number);
        r = plan_check_name(clone->plan, KIND_DISK, name, domain, NULL, error);
        if (r >= 0)
                r = uuid_generate(id);
        if (r >= 0)
                r = uuid_generate(new_volume);
        if (r >= 0)
                r = put_new_disk(domain, id, name, new_volume, format, allocation, capacity, "", disk->spec, clone->change);
        if (r >= 0)
                r = change_put(clone->change, "vm_disk", json_pack("{s:s, s:s, s:O}", "vm", clone->id, "id", id, "spec", spec));
        json_decref(spec);
        return r < 0 ? r : add_step(clone->steps, copy_step(disk, volume, domain, id, new_volume, format, allocation, name));
}

static int clone_disks(const Clone *clone, const json_t *configuration, sd_bus_error *error) {
        const json_t *links = json_object_get(configuration, "disks");
        json_t *link, *held;
        size_t i, k;
        int r = 0;

        json_array_foreach((json_t *)links, i, link) {
                const Object *disk = model_find(clone->plan->model, KIND_DISK, dict_string(link, "disk", ""));
                const char *volume = NULL;
                int64_t capacity = 0;

                if (disk && !clone->snapshot) {
                        volume = dict_string(disk->spec, "volume", "");
                        capacity = dict_integer(disk->spec, "capacity", 0);
                }
                json_array_foreach(clone->snapshot ? json_object_get(clone->snapshot->spec, "disks") : NULL, k, held)
                        if (disk && streq(dict_string(held, "disk", ""), disk->id)) {
                                volume = dict_string(held, "volume", "");
                                capacity = dict_integer(held, "capacity", 0);
                        }
                /* what was only read is not part of a snapshot */
                if (!volume)
                        continue;
                r = plan_check_disk_still(disk, "cloning it", error);
                if (r >= 0)
                        r = clone_disk(clone, link, disk, volume, capacity, (unsigned)i + 1, error);
                if (r < 0)
                        return r;
        }
        return 0;
}

int plan_clone_vm(const Plan *plan, const Object *vm, const Object *snapshot, const json_t *given, Change *change, json_t **ret_steps,
                  char ret_id[static 37], sd_bus_error *error) {
        _cleanup_json_ json_t *configuration = snapshot ? json_incref(json_object_get(snapshot->spec, "configuration")) : vm_configuration(vm),
                              *description = NULL;
        const Clone clone = { .plan = plan, .snapshot = snapshot, .id = ret_id, .name = dict_string(given, "name", ""),
                              .domain = dict_string(given, "storage_domain", NULL), .change = change, .steps = ret_steps };
        int r;

        if (!configuration)
                return -ENOMEM;
        r = plan_new_id(plan, KIND_VM, given, ret_id, error);
        if (r >= 0)
                r = plan_check_vm_still(vm, "cloning it", error);
        if (r < 0)
                return r;
        if (snapshot && !streq(snapshot->state, "ok"))
                return sd_bus_error_setf(error, RHV_ERROR_INVALID_STATE, "The snapshot %s is %s", snapshot->name, snapshot->state);
        description = plan_clone_description(plan->model, configuration, given, ret_id, clone.name, vm->parent->id);
        r = description ? plan_create_vm(plan, description, change, error) : -ENOMEM;
        if (r >= 0)
                r = clone_disks(&clone, configuration, error);
        if (r >= 0 && !*ret_steps)
                *ret_steps = json_array();
        return r;
}

int plan_clone_done(const Plan *plan, const char *id, const char *reason, Change *change) {
        const Object *vm = model_find(plan->model, KIND_VM, id);
        const Link *link;
        int r = 0;

        if (!vm)
                return 0;
        if (reason)
                r = plan_take_back(plan, vm, change);
        DL_FOREACH(vm->disks, link)
                if (r >= 0 && streq(link->other->state, "locked"))
                        r = reason ? change_delete(change, "disk", json_pack("{s:s}", "id", link->other->id))
                                   : plan_set_state(link->other, "ok", NULL, change);
        return r;
}
