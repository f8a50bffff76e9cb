/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plan-snapshot.h"

#include <utlist.h>

#include "bus-error.h"
#include "description.h"
#include "dict.h"
#include "plan-internal.h"
#include "spec.h"

/* ---- what there is ---- */

static json_t *entry_of(const Object *snapshot, const char *list, const char *disk) {
        json_t *entries = json_object_get(snapshot->spec, list), *entry;
        size_t i;

        json_array_foreach(entries, i, entry)
                if (streq(dict_string(entry, "disk", ""), disk))
                        return entry;
        return NULL;
}

static int64_t sequence_of(const Object *snapshot) {
        return dict_integer(snapshot->spec, "sequence", 0);
}

/* The first snapshot of the same VM after sequence that holds the disk (NULL: any). */
static const Object *next_snapshot(const Model *model, const Object *vm, int64_t sequence, const char *disk) {
        const Object *found = NULL;

        for (const Object *other = model_first(model, KIND_SNAPSHOT); other; other = other->next)
                if (other->parent == vm && sequence_of(other) > sequence && (!disk || entry_of(other, "disks", disk)) &&
                    (!found || sequence_of(other) < sequence_of(found)))
                        found = other;
        return found;
}

const Object *plan_snapshot_next(const Model *model, const Object *vm, const Object *snapshot) {
        return next_snapshot(model, vm, snapshot ? sequence_of(snapshot) : 0, NULL);
}

static int64_t last_sequence(const Model *model, const Object *vm) {
        int64_t last = 0;

        for (const Object *other = model_first(model, KIND_SNAPSHOT); other; other = other->next)
                if (other->parent == vm && sequence_of(other) > last)
                        last = sequence_of(other);
        return last;
}

int plan_check_no_snapshot(const Model *model, const Object *disk, const char *what, sd_bus_error *error) {
        for (const Object *snapshot = model_first(model, KIND_SNAPSHOT); snapshot; snapshot = snapshot->next)
                if (entry_of(snapshot, "disks", disk->id))
                        return sd_bus_error_setf(error, RHV_ERROR_INVALID_STATE,
                                                 "The snapshot %s of the VM %s holds a state of the disk %s: remove it before %s",
                                                 snapshot->name, snapshot->parent->name, disk->name, what);
        return 0;
}

int plan_check_snapshots(const Model *model, const Object *vm, sd_bus_error *error) {
        for (const Object *snapshot = model_first(model, KIND_SNAPSHOT); snapshot; snapshot = snapshot->next)
                if (snapshot->parent == vm && !streq(snapshot->state, "ok") && !streq(snapshot->state, "previewed"))
                        return sd_bus_error_setf(error, RHV_ERROR_INVALID_STATE,
                                                 "The snapshot %s of the VM %s is %s (its %s was not completed): do that again first", snapshot->name,
                                                 vm->name, snapshot->state, dict_string(snapshot->spec, "doing", "work"));
        return 0;
}

/* No other snapshot of the VM than the one with id self is being worked on, previewed or broken. */
static int check_others(const Model *model, const Object *vm, const char *self, sd_bus_error *error) {
        for (const Object *other = model_first(model, KIND_SNAPSHOT); other; other = other->next)
                if (other->parent == vm && !streq(other->id, self) && !streq(other->state, "ok"))
                        return sd_bus_error_setf(error, RHV_ERROR_INVALID_STATE, "The snapshot %s of the VM %s is %s: end that first", other->name,
                                                 vm->name, other->state);
        return 0;
}

/* ---- steps ---- */

json_t *plan_step(const Object *domain, const char *method, const char *image, const char *volume, json_t *extra) {
        json_t *step = json_pack("{s:s, s:s, s:s, s:s}", "domain", domain->id, "method", method, "image", image, "volume", volume ?: "");

        if (step && extra && json_object_update(step, extra) < 0) {
                json_decref(step);
                step = NULL;
        }
        json_decref(extra);
        return step;
}

json_t *plan_disposal(const json_t *spec) {
        json_t *options = json_object();

        if (options && dict_boolean(spec, "wipe_after_delete", false))
                (void) json_object_set_new(options, "wipe", json_true());
        if (options && dict_boolean(spec, "discard", false))
                (void) json_object_set_new(options, "discard", json_true());
        return options;
}

int plan_keep_disposal(json_t *to, const json_t *from) {
        static const char *const keys[] = { "wipe_after_delete", "discard" };

        for (size_t i = 0; i < ELEMENTSOF(keys); i++)
                if (dict_boolean(from, keys[i], false) && json_object_set_new(to, keys[i], json_true()) < 0)
                        return -ENOMEM;
        return 0;
}

json_t *plan_removal_step(const Object *disk, const char *method, const char *volume) {
        json_t *options = plan_disposal(disk->spec);

        return options ? plan_step(disk->parent, method, dict_string(disk->spec, "image", disk->id), volume, json_pack("{s:o}", "options", options)) : NULL;
}

static int add_step(json_t *steps, json_t *step) {
        return step && json_array_append_new(steps, step) == 0 ? 0 : -ENOMEM;
}

static const char *image_of(const Object *disk) {
        return dict_string(disk->spec, "image", disk->id);
}

/* A new volume over parent; taken back where a later step fails. branch: parent has a child already. */
static int add_layer(json_t *steps, const Object *disk, const char *volume, const char *parent, bool branch) {
        json_t *undo = plan_step(disk->parent, "DeleteVolume", image_of(disk), volume, NULL), *extra;

        extra = json_pack("{s:{s:s, s:s, s:b, s:s}, s:o}", "description", "format", "qcow2", "parent", parent, "branch", (int)branch,
                          "description", disk->name, "undo", undo);
        return extra ? add_step(steps, plan_step(disk->parent, "CreateVolume", image_of(disk), volume, extra)) : -ENOMEM;
}

static int add_removal(json_t *steps, const Object *disk, const char *method, const char *volume) {
        return add_step(steps, plan_removal_step(disk, method, volume));
}

/* ---- rows ---- */

static int put_disk(const Object *disk, const char *volume, const char *format, int64_t capacity, Change *change) {
        json_t *spec = json_copy(disk->spec);

        if (!spec || json_object_set_new(spec, "volume", json_string(volume)) < 0 ||
            json_object_set_new(spec, "format", json_string(format)) < 0 ||
            json_object_set_new(spec, "capacity", json_integer(capacity)) < 0) {
                json_decref(spec);
                return -ENOMEM;
        }
        return plan_put_row(disk, NULL, spec, change);
}

/* doing: NULL for what is at rest. */
static int put_snapshot(const Object *snapshot, const char *state, json_t *spec, const char *doing, const char *reason, Change *change) {
        if (!spec)
                return -ENOMEM;
        (void) json_object_del(spec, "reason");
        (void) json_object_del(spec, "doing");
        if ((doing && json_object_set_new(spec, "doing", json_string(doing)) < 0) ||
            (reason && json_object_set_new(spec, "reason", json_string(reason)) < 0)) {
                json_decref(spec);
                return -ENOMEM;
        }
        return plan_put_row(snapshot, state, spec, change);
}

/* ---- create ---- */

static int check_disk(const Link *link, sd_bus_error *error) {
        const Object *disk = link->other;
        const Link *user;

        if (dict_boolean(disk->spec, "shareable", false))
                return sd_bus_error_setf(error, RHV_ERROR_INVALID_STATE,
                                         "The disk %s is shareable: a snapshot cannot hold its state; detach it first", disk->name);
        DL_FOREACH2(disk->users, user, other_next)
                if (user->vm != link->vm)
                        return sd_bus_error_setf(error, RHV_ERROR_IN_USE, "The disk %s is attached to the VM %s too", disk->name, user->vm->name);
        if (disk->job[0])
                return sd_bus_error_setf(error, RHV_ERROR_BUSY, "The disk %s is busy with job %s", disk->name, disk->job);
        if (!streq(disk->state, "ok"))
                return sd_bus_error_setf(error, RHV_ERROR_INVALID_STATE, "The disk %s is %s: %s", disk->name, disk->state,
                                         dict_string(disk->spec, "reason", "a job works on it"));
        return 0;
}

static int check_create(const Plan *plan, const Object *vm, const char *name, sd_bus_error *error) {
        const Link *link;
        int r;

        r = plan_check_vm_still(vm, "making a snapshot of it", error);
        if (r >= 0)
                r = check_others(plan->model, vm, "", error);
        if (r >= 0)
                r = plan_check_name(plan, KIND_SNAPSHOT, name, vm, NULL, error);
        if (r < 0)
                return r;
        if (vm->children >= VM_SNAPSHOTS_MAX)
                return sd_bus_error_setf(error, RHV_ERROR_LIMIT_EXCEEDED, "The VM %s has %u snapshots: remove one first", vm->name, vm->children);
        /* what is only read stays as it is */
        DL_FOREACH(vm->disks, link)
                if (!dict_boolean(link->spec, "read_only", false) && (r = check_disk(link, error)) < 0)
                        return r;
        return 0;
}

static int hold_disk(const Object *disk, json_t *disks, json_t *steps) {
        const char *volume = dict_string(disk->spec, "volume", "");
        char next[UUID_STRING_MAX];
        int r;

        r = uuid_generate(next);
        if (r < 0)
                return r;
        if (json_array_append_new(disks, json_pack("{s:s, s:s, s:s, s:I, s:s}", "disk", disk->id, "volume", volume, "format",
                                                   dict_string(disk->spec, "format", "raw"), "capacity",
                                                   (json_int_t)dict_integer(disk->spec, "capacity", 0), "next", next)) < 0)
                return -ENOMEM;
        return add_layer(steps, disk, next, volume, false);
}

int plan_create_snapshot(const Plan *plan, const Object *vm, const json_t *description, uint64_t now_usec, Change *change,
                         json_t **ret_steps, sd_bus_error *error) {
        _cleanup_json_ json_t *steps = json_array(), *disks = json_array(), *spec = NULL;
        const int64_t sequence = last_sequence(plan->model, vm) + 1;
        const char *name = dict_string(description, "name", "");
        char id[UUID_STRING_MAX];
        const Link *link;
        int r;

        r = plan_new_id(plan, KIND_SNAPSHOT, description, id, error);
        if (r >= 0)
                r = check_create(plan, vm, name, error);
        if (r < 0)
                return r;
        DL_FOREACH(vm->disks, link)
                if (!dict_boolean(link->spec, "read_only", false) && (r = hold_disk(link->other, disks, steps)) < 0)
                        return r;
        spec = json_pack("{s:s, s:I, s:I, s:o, s:O, s:s}", "description", dict_string(description, "description", ""), "created",
                         (json_int_t)now_usec, "sequence", (json_int_t)sequence, "configuration",
                         vm_configuration(vm), "disks", disks, "doing", "create");
        if (!spec)
                return -ENOMEM;
        r = change_put(change, "snapshot", json_pack("{s:s, s:s, s:s, s:s, s:O}", "id", id, "name", name, "vm", vm->id, "state", "locked", "spec", spec));
        if (r >= 0)
                r = plan_put_outcome(change, KIND_SNAPSHOT, id);
        if (r >= 0)
                r = event_add(change, &plan->actor, EVENT_NORMAL, "snapshot-create", EVENT_OBJECTS(vm->path),
                              "The snapshot %s of the VM %s is being made", name, vm->name);
        if (r >= 0)
                *ret_steps = TAKE_PTR(steps);
        return r;
}

/* ---- work on one ---- */

typedef int (*each_t)(const Plan *plan, const Object *snapshot, const Object *disk, json_t *entry, json_t *spec, json_t *steps, sd_bus_error *error);

static int preview_disk(const Plan *plan, const Object *snapshot, const Object *disk, json_t *entry, json_t *spec, json_t *steps,
                        sd_bus_error *error) {
        const char *state = dict_string(entry, "volume", "");
        json_t *preview = json_object_get(spec, "preview");
        char volume[UUID_STRING_MAX];
        int r;

        r = uuid_generate(volume);
        if (r < 0)
                return r;
        if (!preview) {
                preview = json_array();
                if (json_object_set_new(spec, "preview", preview) < 0)
                        return -ENOMEM;
        }
        if (json_array_append_new(preview, json_pack("{s:s, s:s, s:s, s:s, s:I}", "disk", disk->id, "volume", volume, "leaf",
                                                     dict_string(disk->spec, "volume", ""), "format", dict_string(disk->spec, "format", ""),
                                                     "capacity", (json_int_t)dict_integer(disk->spec, "capacity", 0))) < 0)
                return -ENOMEM;
        return add_layer(steps, disk, volume, state, true);
}

/* From the former top down to the volume that holds the state, which stays. */
static int commit_disk(const Plan *plan, const Object *snapshot, const Object *disk, json_t *entry, json_t *spec, json_t *steps,
                       sd_bus_error *error) {
        const json_t *preview = entry_of(snapshot, "preview", disk->id);
        int64_t upper = INT64_MAX;
        int r;

        r = add_removal(steps, disk, "DeleteVolume", dict_string(preview, "leaf", ""));
        while (r >= 0) {
                const Object *last = NULL;

                for (const Object *other = next_snapshot(plan->model, snapshot->parent, sequence_of(snapshot), disk->id);
                     other && sequence_of(other) < upper;
                     other = next_snapshot(plan->model, snapshot->parent, sequence_of(other), disk->id))
                        last = other;
                if (!last)
                        return 0;
                upper = sequence_of(last);
                r = add_removal(steps, disk, "DeleteVolume", dict_string(entry_of(last, "disks", disk->id), "volume", ""));
        }
        return r;
}

static int undo_disk(const Plan *plan, const Object *snapshot, const Object *disk, json_t *entry, json_t *spec, json_t *steps,
                     sd_bus_error *error) {
        const json_t *preview = entry_of(snapshot, "preview", disk->id);

        return preview ? add_removal(steps, disk, "DeleteVolume", dict_string(preview, "volume", "")) : 0;
}

static bool is_unmade(const char *was) {
        return streq(was, "create") || streq(was, "discard");
}

static int remove_disk(const Plan *plan, const Object *snapshot, const Object *disk, json_t *entry, json_t *spec, json_t *steps,
                       sd_bus_error *error) {
        const Object *next = next_snapshot(plan->model, snapshot->parent, sequence_of(snapshot), disk->id);
        const char *above;

        /* one that was never complete: its new volumes go, where they are */
        if (is_unmade(dict_string(snapshot->spec, "doing", "")))
                return add_removal(steps, disk, "DeleteVolume", dict_string(entry, "next", ""));
        above = next ? dict_string(entry_of(next, "disks", disk->id), "volume", "") : dict_string(disk->spec, "volume", "");
        return add_removal(steps, disk, "MergeVolume", above);
}

static const struct {
        const char *doing, *from; /* the state in which it may begin; broken ones only go on with what they were doing */
        each_t each;
} works[] = {
        { "preview", "ok", preview_disk },
        { "commit", "previewed", commit_disk },
        { "undo", "previewed", undo_disk },
        { "remove", "ok", remove_disk },
};

static bool may_go_on(const char *was, const char *doing) {
        return streq(was, doing) || (is_unmade(was) && streq(doing, "remove")) || (streq(was, "preview") && streq(doing, "undo"));
}

static int check_work(const Plan *plan, const Object *snapshot, const char *doing, const char *from, sd_bus_error *error) {
        const char *was = dict_string(snapshot->spec, "doing", "");
        const Object *vm = snapshot->parent;
        int r;

        r = plan_check_vm_still(vm, "working on its snapshots", error);
        if (r >= 0)
                r = check_others(plan->model, vm, snapshot->id, error);
        if (r < 0)
                return r;
        if (streq(snapshot->state, from) || (streq(snapshot->state, "broken") && may_go_on(was, doing)))
                return 0;
        if (streq(snapshot->state, "broken"))
                return sd_bus_error_setf(error, RHV_ERROR_INVALID_STATE, "The snapshot %s is broken: its %s was not completed", snapshot->name, was);
        return sd_bus_error_setf(error, RHV_ERROR_INVALID_STATE, "The snapshot %s is %s: %s is for one that is %s", snapshot->name,
                                 snapshot->state, doing, from);
}

/* A disk that only later snapshots hold would keep their volumes, and nobody would know. */
static int check_commit(const Plan *plan, const Object *snapshot, sd_bus_error *error) {
        const Link *link;

        DL_FOREACH(snapshot->parent->disks, link)
                if (!entry_of(snapshot, "disks", link->other->id) &&
                    next_snapshot(plan->model, snapshot->parent, sequence_of(snapshot), link->other->id))
                        return sd_bus_error_setf(error, RHV_ERROR_INVALID_STATE,
                                                 "The disk %s is held by later snapshots only: remove those first", link->other->name);
        return 0;
}

static int each_disk(const Plan *plan, const Object *snapshot, each_t each, json_t *spec, json_t *steps, sd_bus_error *error) {
        json_t *entries = json_object_get(snapshot->spec, "disks"), *entry;
        size_t i;
        int r = 0;

        json_array_foreach(entries, i, entry) {
                const Object *disk = model_find(plan->model, KIND_DISK, dict_string(entry, "disk", ""));
                const Link *link = disk ? link_find(snapshot->parent->disks, disk->id) : NULL;

                if (!link)
                        return sd_bus_error_setf(error, RHV_ERROR_INVALID_STATE, "A disk of the snapshot %s is not attached to the VM any more",
                                                 snapshot->name);
                r = check_disk(link, error);
                if (r >= 0)
                        r = each(plan, snapshot, disk, entry, spec, steps, error);
                if (r < 0)
                        return r;
        }
        return r;
}

int plan_snapshot_work(const Plan *plan, const Object *snapshot, const char *doing, Change *change, json_t **ret_steps,
                       sd_bus_error *error) {
        _cleanup_json_ json_t *steps = json_array(), *spec = json_copy(snapshot->spec);
        const bool unmade = is_unmade(dict_string(snapshot->spec, "doing", ""));
        size_t w = 0;
        int r;

        while (w < ELEMENTSOF(works) && !streq(works[w].doing, doing))
                w++;
        if (w == ELEMENTSOF(works))
                return -EINVAL;
        if (!steps || !spec)
                return -ENOMEM;
        r = check_work(plan, snapshot, doing, works[w].from, error);
        if (r >= 0 && streq(doing, "commit"))
                r = check_commit(plan, snapshot, error);
        if (r < 0)
                return r;
        if (streq(doing, "preview"))
                (void) json_object_del(spec, "preview");
        r = each_disk(plan, snapshot, works[w].each, spec, steps, error);
        if (r >= 0)
                r = put_snapshot(snapshot, "locked", TAKE_PTR(spec), unmade ? "discard" : doing, NULL, change);
        if (r >= 0)
                r = event_add(change, &plan->actor, EVENT_NORMAL, "snapshot-work", EVENT_OBJECTS(snapshot->path, snapshot->parent->path),
                              "The %s of the snapshot %s of the VM %s was begun", doing, snapshot->name, snapshot->parent->name);
        if (r >= 0)
                *ret_steps = TAKE_PTR(steps);
        return r;
}

/* ---- how it ended ---- */

static const Object *disk_of(const Plan *plan, const json_t *entry) {
        return model_find(plan->model, KIND_DISK, dict_string(entry, "disk", ""));
}

static int created(const Plan *plan, const Object *snapshot, Change *change) {
        json_t *spec = json_deep_copy(snapshot->spec), *entry;
        size_t i;
        int r = spec ? 0 : -ENOMEM;

        json_array_foreach(json_object_get(spec, "disks"), i, entry) {
                const Object *disk = disk_of(plan, entry);

                if (r >= 0 && disk)
                        r = put_disk(disk, dict_string(entry, "next", ""), "qcow2", dict_integer(entry, "capacity", 0), change);
                (void) json_object_del(entry, "next");
        }
        if (r < 0) {
                json_decref(spec);
                return r;
        }
        return put_snapshot(snapshot, "ok", spec, NULL, NULL, change);
}

static int previewed(const Plan *plan, const Object *snapshot, Change *change) {
        json_t *entry;
        size_t i;
        int r = 0;

        json_array_foreach(json_object_get(snapshot->spec, "preview"), i, entry) {
                const Object *disk = disk_of(plan, entry);
                const json_t *held = entry_of(snapshot, "disks", dict_string(entry, "disk", ""));

                if (r >= 0 && disk)
                        r = put_disk(disk, dict_string(entry, "volume", ""), "qcow2", dict_integer(held, "capacity", 0), change);
        }
        return r < 0 ? r : put_snapshot(snapshot, "previewed", json_copy(snapshot->spec), NULL, NULL, change);
}

/* The VM is what it was then, as far as it is a matter of its own row. */
static int committed(const Plan *plan, const Object *snapshot, Change *change) {
        json_t *spec = json_copy(snapshot->spec);
        const Object *vm = snapshot->parent;
        _cleanup_json_ json_t *own = spec_strip(json_object_get(spec, "configuration"));
        int r;

        for (const Object *later = next_snapshot(plan->model, vm, sequence_of(snapshot), NULL); later;
             later = next_snapshot(plan->model, vm, sequence_of(later), NULL)) {
                r = change_delete(change, "snapshot", json_pack("{s:s}", "id", later->id));
                if (r < 0) {
                        json_decref(spec);
                        return r;
                }
        }
        (void) json_object_del(spec, "preview");
        r = own ? plan_put_row(vm, NULL, json_incref(own), change) : -ENOMEM;
        if (r < 0) {
                json_decref(spec);
                return r;
        }
        return put_snapshot(snapshot, "ok", spec, NULL, NULL, change);
}

static int undone(const Plan *plan, const Object *snapshot, Change *change) {
        json_t *spec = json_copy(snapshot->spec), *entry;
        size_t i;
        int r = spec ? 0 : -ENOMEM;

        json_array_foreach(json_object_get(snapshot->spec, "preview"), i, entry) {
                const Object *disk = disk_of(plan, entry);

                if (r >= 0 && disk)
                        r = put_disk(disk, dict_string(entry, "leaf", ""), dict_string(entry, "format", ""), dict_integer(entry, "capacity", 0),
                                     change);
        }
        (void) json_object_del(spec, "preview");
        if (r < 0) {
                json_decref(spec);
                return r;
        }
        return put_snapshot(snapshot, "ok", spec, NULL, NULL, change);
}

/* What holds the state of a merged disk now: the snapshot after it, or the disk itself. capacity: the volume above may be larger. */
static int hand_down(const Plan *plan, const Object *snapshot, const json_t *entry, json_t *others, Change *change) {
        const char *volume = dict_string(entry, "volume", ""), *format = dict_string(entry, "format", "raw");
        const Object *disk = disk_of(plan, entry), *next;
        json_t *spec, *theirs;
        size_t i;

        if (!disk)
                return 0;
        next = next_snapshot(plan->model, snapshot->parent, sequence_of(snapshot), disk->id);
        if (!next)
                return put_disk(disk, volume, format, dict_integer(disk->spec, "capacity", 0), change);
        spec = json_object_get(others, next->id);
        if (!spec) {
                spec = json_deep_copy(next->spec);
                if (!spec || json_object_set_new(others, next->id, spec) < 0)
                        return -ENOMEM;
        }
        json_array_foreach(json_object_get(spec, "disks"), i, theirs)
                if (streq(dict_string(theirs, "disk", ""), disk->id) &&
                    (json_object_set_new(theirs, "volume", json_string(volume)) < 0 || json_object_set_new(theirs, "format", json_string(format)) < 0))
                        return -ENOMEM;
        return 0;
}

/* n of its disks are merged; all of them: it goes. */
static int removed(const Plan *plan, const Object *snapshot, size_t n, const char *reason, Change *change) {
        _cleanup_json_ json_t *others = json_object(), *left = json_array();
        json_t *entry, *spec, *theirs;
        const char *id;
        size_t i;
        int r = others && left ? 0 : -ENOMEM;

        json_array_foreach(json_object_get(snapshot->spec, "disks"), i, entry) {
                if (r < 0)
                        return r;
                if (i < n)
                        r = hand_down(plan, snapshot, entry, others, change);
                else if (json_array_append(left, entry) < 0)
                        r = -ENOMEM;
        }
        json_object_foreach(others, id, theirs) {
                const Object *other = model_find(plan->model, KIND_SNAPSHOT, id);

                if (r >= 0 && other)
                        r = plan_put_row(other, NULL, json_incref(theirs), change);
        }
        if (r < 0)
                return r;
        if (!reason)
                return change_delete(change, "snapshot", json_pack("{s:s}", "id", snapshot->id));
        spec = json_copy(snapshot->spec);
        if (spec)
                (void) json_object_set(spec, "disks", left);
        return put_snapshot(snapshot, "broken", spec, "remove", reason, change);
}

static int failed(const Object *snapshot, const char *doing, const char *reason, Change *change) {
        json_t *spec;

        /* its new volumes were taken back */
        if (streq(doing, "create"))
                return change_delete(change, "snapshot", json_pack("{s:s}", "id", snapshot->id));
        spec = json_copy(snapshot->spec);
        if (!streq(doing, "preview"))
                return put_snapshot(snapshot, "broken", spec, doing, reason, change);
        (void) json_object_del(spec, "preview");
        return put_snapshot(snapshot, "ok", spec, NULL, NULL, change);
}

int plan_snapshot_done(const Plan *plan, const Object *snapshot, size_t n_done, const char *reason, Change *change) {
        const char *doing = dict_string(snapshot->spec, "doing", "");

        if (streq(doing, "remove"))
                return removed(plan, snapshot, n_done, reason, change);
        if (reason)
                return failed(snapshot, doing, reason, change);
        if (streq(doing, "discard"))
                return change_delete(change, "snapshot", json_pack("{s:s}", "id", snapshot->id));
        if (streq(doing, "create"))
                return created(plan, snapshot, change);
        if (streq(doing, "preview"))
                return previewed(plan, snapshot, change);
        return streq(doing, "commit") ? committed(plan, snapshot, change) : undone(plan, snapshot, change);
}
