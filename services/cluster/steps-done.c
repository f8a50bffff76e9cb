/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What becomes of snapshots, disks and clones when the last step of their job was taken. */

#include <stdio.h>

#include "bus-error.h"
#include "dict.h"
#include "domain-keep.h"
#include "domain-life.h"
#include "lease-keep.h"
#include "plan-copy.h"
#include "plan-snapshot.h"
#include "plan-template.h"
#include "steps.h"
#include "work.h"

typedef struct End {
        Manager *manager;
        const Plan *plan;
        Job *job;
        const json_t *arguments;
        size_t n_done;
        const char *reason; /* NULL: all went well */
        Change *change;
        json_t *result; /* of the last step; borrowed, may be NULL */
        const char *noun, *name, *path; /* out: what the event is of */
} End;

static int snapshot_ended(End *end) {
        const Object *snapshot = model_find(end->plan->model, KIND_SNAPSHOT, dict_string(end->arguments, "snapshot", ""));

        if (!snapshot || !streq(snapshot->state, "locked"))
                return 0; /* it was settled before */
        end->noun = "snapshot";
        end->name = snapshot->name;
        end->path = snapshot->path;
        return plan_snapshot_done(end->plan, snapshot, end->n_done, end->reason, end->change);
}

static const Object *disk_of(End *end, const char *id) {
        const Object *disk = model_find(end->plan->model, KIND_DISK, id);

        if (!disk || !streq(disk->state, "locked"))
                return NULL;
        end->noun = "disk";
        end->name = disk->name;
        end->path = disk->path;
        return disk;
}

static int extend_ended(End *end) {
        const Object *disk = disk_of(end, dict_string(end->arguments, "id", ""));
        const int64_t asked = dict_integer(end->arguments, "capacity", 0);

        return disk ? plan_extend_done(disk, dict_integer(end->result, "capacity", asked), end->reason, end->change) : 0;
}

static int sparsify_ended(End *end) {
        const Object *disk = disk_of(end, dict_string(end->arguments, "id", ""));

        /* whatever came of it: what the disk holds is the same */
        return disk ? plan_set_state(disk, "ok", NULL, end->change) : 0;
}

static int copy_ended(End *end) {
        const char *id = dict_string(end->arguments, "new", "");

        return disk_of(end, id) ? plan_copy_done(end->plan, id, end->reason, end->change) : 0;
}

static int move_ended(End *end) {
        const Object *disk = disk_of(end, dict_string(end->arguments, "id", ""));

        return disk ? plan_move_done(end->plan, disk, dict_string(end->arguments, "target", ""), dict_string(end->arguments, "volume", ""),
                                     end->n_done, end->reason, end->change)
                    : 0;
}

static int clone_ended(End *end) {
        const char *id = dict_string(end->arguments, "new", "");
        const Object *vm = model_find(end->plan->model, KIND_VM, id);

        if (!vm)
                return 0;
        end->noun = "VM";
        end->name = vm->name;
        end->path = vm->path;
        return plan_clone_done(end->plan, id, end->reason, end->change);
}

static int template_ended(End *end, const char *id, int (*done)(const Plan *, const char *, const char *, Change *)) {
        const Object *template_object = model_find(end->plan->model, KIND_TEMPLATE, id);

        if (!template_object)
                return 0;
        end->noun = "template";
        end->name = template_object->name;
        end->path = template_object->path;
        return done(end->plan, id, end->reason, end->change);
}

static int template_made(End *end) {
        return template_ended(end, dict_string(end->arguments, "new", ""), plan_template_made);
}

static int template_removed(End *end) {
        return template_ended(end, dict_string(end->arguments, "id", ""), plan_template_removed);
}

/* No row has changed: there is only something to tell. */
static int told(End *end, ObjectKind kind) {
        const Object *object = model_find(end->plan->model, kind, dict_string(end->arguments, "id", ""));

        if (object) {
                end->noun = object_kind_noun(kind);
                end->name = object->name;
                end->path = object->path;
        }
        return 0;
}

static int vm_exported(End *end) {
        return told(end, KIND_VM);
}

static int template_exported(End *end) {
        return told(end, KIND_TEMPLATE);
}

static int exported_removed(End *end) {
        return told(end, KIND_STORAGE_DOMAIN);
}

/* A domain that is refused again and again is told of once. */
static int domain_attached(End *end) {
        Object *domain = model_find(end->plan->model, KIND_STORAGE_DOMAIN, dict_string(end->arguments, "id", ""));
        const bool known = domain && end->reason && *dict_string(domain->facts, "life_error", "");
        bool all;
        int r = 0;

        if (!domain)
                return 0;
        /* somebody else may have done it meanwhile */
        all = storage_domain_is_ours(domain) && (!storage_domain_is_leased(domain) || storage_domain_lease(domain) > 0);
        domain_keep_ended(domain->owner, domain, all ? NULL : end->reason);
        /* said once: from here on somebody who takes it over from us is not answered in kind */
        if (!end->reason && json_object_get(domain->spec, "take_over"))
                r = plan_unset_spec(domain, "take_over", end->change);
        if (r < 0)
                return r;
        return known ? 0 : told(end, KIND_STORAGE_DOMAIN);
}

static int domain_detached(End *end) {
        const Object *domain = model_find(end->plan->model, KIND_STORAGE_DOMAIN, dict_string(end->arguments, "id", ""));

        if (!domain)
                return 0;
        (void) told(end, KIND_STORAGE_DOMAIN);
        return end->reason ? plan_set_state(domain, "attached", NULL, end->change) : plan_forget_domain(end->plan->model, domain, end->change);
}

static int lease_worked(End *end) {
        lease_keep_ended(end->manager, end->job, end->reason);
        return 0;
}

static const struct {
        const char *kind;
        int (*ended)(End *end);
} ends[] = {
        { "create-snapshot", snapshot_ended }, { "preview-snapshot", snapshot_ended }, { "commit-snapshot", snapshot_ended },
        { "undo-snapshot", snapshot_ended },   { "remove-snapshot", snapshot_ended },  { "clone-vm", clone_ended },
        { "create-template", template_made },  { "remove-template", template_removed }, { "use-template", clone_ended },
        { "import-vm", clone_ended },          { "import-template", template_made },
        { "export-vm", vm_exported },          { "export-template", template_exported }, { "remove-exported", exported_removed },
        { "sparsify-disk", sparsify_ended },   { "attach-storage-domain", domain_attached }, { "detach-storage-domain", domain_detached },
        { "vm-lease", lease_worked },
        { "extend-disk", extend_ended },       { "copy-disk", copy_ended },            { "move-disk", move_ended },
};

static int add_event(const End *end, const Actor *actor) {
        char code[64];

        if (!end->noun)
                return 0;
        (void) snprintf(code, sizeof code, "%s%s", job_kind(end->job), end->reason ? "-failed" : "-done");
        if (end->reason)
                return event_add(end->change, actor, EVENT_ERROR, code, EVENT_OBJECTS(end->path), "%s of the %s %s failed: %s", job_kind(end->job),
                                 end->noun, end->name, end->reason);
        return event_add(end->change, actor, EVENT_NORMAL, code, EVENT_OBJECTS(end->path), "%s of the %s %s is complete", job_kind(end->job),
                         end->noun, end->name);
}

void steps_end(Manager *manager, Job *job, size_t n_done, int r, const sd_bus_error *error, const json_t *result) {
        _cleanup_(change_freep) Change *change = change_new();
        JobActor buffer;
        Plan plan = manager_plan(manager, job_actor(job, &buffer));
        End end = {
                .manager = manager,
                .plan = &plan,
                .job = job,
                .arguments = job_arguments(job),
                .n_done = n_done,
                .reason = r >= 0 ? NULL : error && error->message ? error->message : strerror(-r),
                .change = change,
                .result = (json_t *)result,
        };
        int k = change ? 0 : -ENOMEM;

        for (size_t i = 0; i < ELEMENTSOF(ends) && k >= 0; i++)
                if (streq(ends[i].kind, job_kind(job)))
                        k = ends[i].ended(&end);
        if (k >= 0)
                k = add_event(&end, &buffer.actor);
        if (k < 0 && r >= 0)
                r = k;
        work_finish(manager, job, k < 0 ? NULL : change, r, error, result);
        if (k < 0)
                manager_settle_later(manager);
}
