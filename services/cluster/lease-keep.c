/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "lease-keep.h"

#include <stdio.h>

#include "bus-error.h"
#include "dict.h"
#include "domain-life.h"
#include "log.h"
#include "parse-util.h"
#include "remote.h"
#include "state-file.h"
#include "steps.h"
#include "vm-lease.h"
#include "work.h"

#define OURS_VERSION 1
#define OURS_FILE "vm-leases.json"

typedef struct WaitingStart {
        char job[37], vm[37];
        bool paused;
        uint64_t until; /* monotonic usec */
        struct WaitingStart *next;
} WaitingStart;

typedef struct LeaseKeep {
        Manager *manager;
        json_t *ours;   /* {domain: {VM: true}}: on disk before one is made, until it is deleted */
        json_t *known;  /* {domain: {VM: true}}: on the domain; of a domain that is not there, nothing is known */
        json_t *failed; /* {domain: {VM: {"again": monotonic usec, "reason": sentence}}} */
        json_t *unlisted; /* {domain: {"again": monotonic usec, "reason": sentence}}: when it is asked again what is on it */
        bool unsaved;     /* ours is more than the file has */
        char listing[37]; /* domain that is being asked; empty: none */
        char working[37]; /* job that is under way; empty: none */
        WaitingStart *starts;
        sd_bus_slot *call;
        sd_event_source *timer;
} LeaseKeep;

static uint64_t monotonic_now(const Manager *manager) {
        uint64_t now = 0;

        (void) sd_event_now(manager->daemon->event, CLOCK_MONOTONIC, &now);
        return now;
}

/* New, NULL when out of memory. */
static json_t *refusal(const Manager *manager, const char *reason) {
        const uint64_t again = monotonic_now(manager) + LEASE_KEEP_RETRY_USEC;

        return json_pack("{s:I, s:s}", "again", (json_int_t)again, "reason", reason);
}

static json_t *set_of(json_t *sets, const char *key) {
        json_t *set = json_object_get(sets, key);

        if (set)
                return set;
        set = json_object();
        return set && json_object_set_new(sets, key, set) >= 0 ? set : NULL;
}

/* ---- what is ours ---- */

static char *ours_path(const Manager *manager) {
        char *path;

        return asprintf(&path, "%s/" OURS_FILE, manager->daemon->state_directory) < 0 ? NULL : path;
}

static int save_ours(const LeaseKeep *keep) {
        _cleanup_free_ char *path = ours_path(keep->manager);
        _cleanup_json_ json_t *state = json_pack("{s:O}", "leases", keep->ours);
        int r = path && state ? state_file_save(path, state, OURS_VERSION) : -ENOMEM;

        return r < 0 ? log_warning_errno(r, "Cannot keep which leases of VMs are ours") : 0;
}

const json_t *lease_keep_ours(const Manager *manager, const Object *domain) {
        return manager->leases ? json_object_get(manager->leases->ours, domain->id) : NULL;
}

/* Domains that are gone took their leases along. */
static void forget_domains(LeaseKeep *keep) {
        const char *id;
        json_t *value;
        void *next;
        bool changed = false;

        json_object_foreach_safe(keep->ours, next, id, value)
                if (!model_find(keep->manager->model, KIND_STORAGE_DOMAIN, id)) {
                        (void) json_object_del(keep->ours, id);
                        (void) json_object_del(keep->known, id);
                        (void) json_object_del(keep->failed, id);
                        changed = true;
                }
        if (changed)
                (void) save_ours(keep);
}

/* ---- what is there ---- */

static void look_at(LeaseKeep *keep, uint64_t usec);

static int on_listed(sd_bus_message *message, void *userdata, sd_bus_error *ret_error) {
        LeaseKeep *keep = userdata;
        const sd_bus_error *error = sd_bus_message_get_error(message);
        _cleanup_json_ json_t *listed = NULL;
        json_t *known, *lease;
        char domain[37];
        size_t i;

        (void) memcpy(domain, keep->listing, sizeof domain);
        keep->listing[0] = 0;
        keep->call = sd_bus_slot_unref(keep->call);
        if (error || dict_read(message, &listed, NULL) < 0) {
                (void) json_object_set_new(keep->unlisted, domain, refusal(keep->manager, error && error->message ? error->message : "the list of its leases cannot be understood"));
                look_at(keep, 0);
                return 0;
        }
        (void) json_object_del(keep->unlisted, domain);
        known = set_of(keep->known, domain);
        json_array_foreach(listed, i, lease)
                if (known)
                        (void) json_object_set_new(known, dict_string(lease, "id", ""), json_true());
        look_at(keep, 0);
        return 0;
}

static void list(LeaseKeep *keep, const Object *domain) {
        _cleanup_message_ sd_bus_message *call = NULL;

        if (work_domain_message(keep->manager, domain->id, "Storage.Lockspace", "ListLeases", &call) < 0 || sd_bus_message_append(call, "a{sv}", 0) < 0 ||
            backend_send(keep->manager->backends[BACKEND_STORAGE], call, on_listed, keep, &keep->call) < 0)
                return;
        (void) memcpy(keep->listing, domain->id, sizeof keep->listing);
}

/* ---- one lease made or deleted ---- */

static void work(LeaseKeep *keep, const Object *domain, const char *method, const char *vm) {
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_json_ json_t *arguments = json_pack("{s:s, s:s, s:s, s:[{s:s, s:s, s:s, s:s}]}", "domain", domain->id, "vm", vm, "method", method, "steps", "domain", domain->id,
                                                     "interface", "Storage.Lockspace", "method", method, "lease", vm);
        char id[UUID_STRING_MAX];
        Job *job;

        if (!arguments || uuid_generate(id) < 0)
                return;
        if (remote_job_new(keep->manager, "vm-lease", id, NULL, 0, arguments, &job, &error) <= 0) {
                log_warning("Cannot work on the lease of the VM %s: %s", vm, error.message ?: "no reason was given");
                look_at(keep, LEASE_KEEP_RETRY_USEC);
                return;
        }
        (void) memcpy(keep->working, id, sizeof keep->working);
        steps_begin(keep->manager, job);
}

/* Once for each, until it has worked. */
static void tell(Manager *manager, const char *domain_id, const char *vm_id, bool made, const char *reason) {
        const Object *domain = model_find(manager->model, KIND_STORAGE_DOMAIN, domain_id), *vm = model_find(manager->model, KIND_VM, vm_id);

        if (domain)
                manager_event(manager, EVENT_WARNING, "vm-lease-failed", EVENT_OBJECTS(domain->path, vm ? vm->path : NULL),
                              "The lease of the VM %s on the storage domain %s could not be %s, and it is tried again: %s", vm ? vm->name : vm_id, domain->name,
                              made ? "made" : "deleted", reason);
}

void lease_keep_ended(Manager *manager, const Job *job, const char *reason) {
        LeaseKeep *keep = manager->leases;
        const json_t *arguments = job_arguments(job);
        const char *domain = dict_string(arguments, "domain", ""), *vm = dict_string(arguments, "vm", "");
        const bool made = streq(dict_string(arguments, "method", ""), "CreateLease");
        json_t *known = json_object_get(keep->known, domain), *failed;

        if (streq(keep->working, job_id(job)))
                keep->working[0] = 0;
        if (!reason) {
                (void) json_object_del(json_object_get(keep->failed, domain), vm);
                if (made && known)
                        (void) json_object_set_new(known, vm, json_true());
                else
                        (void) json_object_del(known, vm);
        } else {
                failed = set_of(keep->failed, domain);
                if (failed && !json_object_get(failed, vm))
                        tell(manager, domain, vm, made, reason);
                if (failed)
                        (void) json_object_set_new(failed, vm, refusal(manager, reason));
        }
        look_at(keep, 0);
}

/* ---- starts ---- */

/* The sentence why the last try for that VM failed; NULL: it did not. */
static const char *failure(const LeaseKeep *keep, const Object *vm) {
        for (const Object *domain = model_first(keep->manager->model, KIND_STORAGE_DOMAIN); domain; domain = domain->next) {
                const char *reason = dict_string(json_object_get(json_object_get(keep->failed, domain->id), vm->id), "reason", NULL);

                reason = reason ?: dict_string(json_object_get(keep->unlisted, domain->id), "reason", NULL);
                if (reason && vm_lease_is_wanted(vm, domain))
                        return reason;
        }
        return NULL;
}

bool lease_keep_has(const Manager *manager, const Object *vm) {
        for (const Object *domain = manager->leases ? model_first(manager->model, KIND_STORAGE_DOMAIN) : NULL; domain; domain = domain->next)
                if (vm_lease_is_wanted(vm, domain) && !json_object_get(json_object_get(manager->leases->known, domain->id), vm->id))
                        return false;
        return true;
}

void lease_keep_await(Manager *manager, const Job *job, const Object *vm, bool paused) {
        LeaseKeep *keep = manager->leases;
        WaitingStart *start = calloc(1, sizeof *start);
        const char *domain;
        json_t *set;

        if (!start)
                return;
        (void) snprintf(start->job, sizeof start->job, "%s", job_id(job));
        (void) snprintf(start->vm, sizeof start->vm, "%s", vm->id);
        start->paused = paused;
        start->until = monotonic_now(manager) + LEASE_START_USEC;
        start->next = keep->starts;
        keep->starts = start;
        /* a person waits: what failed before is tried at once */
        json_object_foreach(keep->failed, domain, set)
                (void) json_object_del(set, vm->id);
        (void) json_object_clear(keep->unlisted);
        look_at(keep, 0);
}

/* Return: true when it does not wait any more. */
static bool settle_start(LeaseKeep *keep, const WaitingStart *start, uint64_t now) {
        Manager *manager = keep->manager;
        Job *job = job_find(manager->daemon->jobs, start->job);
        const Object *vm = model_find(manager->model, KIND_VM, start->vm);
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        const char *reason;

        if (!job)
                return true;
        if (job_state(job) == JOB_ABORTING)
                (void) sd_bus_error_set(&error, RHV_ERROR_ABORTED, "Cancelled before it began");
        else if (!vm)
                (void) sd_bus_error_set(&error, RHV_ERROR_NOT_FOUND, "The VM was removed");
        else if (lease_keep_has(manager, vm)) {
                work_start_vm(manager, job, vm, start->paused);
                return true;
        } else {
                reason = failure(keep, vm);
                if (!reason && now < start->until)
                        return false;
                (void) sd_bus_error_setf(&error, RHV_ERROR_INVALID_STATE, "A lease that the VM %s needs is not there: %s", vm->name, reason ?: "it was not made in time");
        }
        remote_fail(manager, job, &error);
        return true;
}

static bool settle_starts(LeaseKeep *keep) {
        const uint64_t now = monotonic_now(keep->manager);

        for (WaitingStart **at = &keep->starts; *at;) {
                WaitingStart *start = *at;

                if (!settle_start(keep, start, now)) {
                        at = &start->next;
                        continue;
                }
                *at = start->next;
                free(start);
        }
        return keep->starts != NULL;
}

/* ---- the look ---- */

/* {VM: …} of the failures whose time has not come. Return: new reference, NULL when out of memory. */
static json_t *held_back(const LeaseKeep *keep, const Object *domain, bool *ret_waits) {
        _cleanup_json_ json_t *set = json_object();
        const uint64_t now = monotonic_now(keep->manager);
        const char *vm;
        json_t *value;

        json_object_foreach(json_object_get(keep->failed, domain->id), vm, value)
                if (set && (uint64_t)dict_integer(value, "again", 0) > now) {
                        if (json_object_set_new(set, vm, json_true()) < 0)
                                return NULL;
                        *ret_waits = true;
                }
        return TAKE_PTR(set);
}

/* Begins what is to be done next on the domain. Return: true where something waits for its time. */
static bool look_at_domain(LeaseKeep *keep, const Object *domain) {
        json_t *ours = set_of(keep->ours, domain->id), *known = json_object_get(keep->known, domain->id);
        bool waits = false;
        _cleanup_json_ json_t *wanted = vm_lease_wanted(keep->manager->model, domain), *back = held_back(keep, domain, &waits);
        const char *vm, *method;
        int r;

        if (!ours || !wanted || !back)
                return true;
        r = vm_lease_note(wanted, ours);
        if (r < 0)
                return true;
        keep->unsaved |= r > 0;
        while ((method = vm_lease_next(wanted, ours, known, back, &vm)) && !*method) {
                (void) json_object_del(ours, vm);
                keep->unsaved = true;
        }
        /* what is not noted is not made */
        if (keep->unsaved && save_ours(keep) < 0)
                return true;
        keep->unsaved = false;
        if (method)
                work(keep, domain, method, vm);
        return waits;
}

static int on_look(sd_event_source *source, uint64_t usec, void *userdata) {
        LeaseKeep *keep = userdata;
        Manager *manager = keep->manager;
        bool again = false;

        keep->timer = sd_event_source_disable_unref(keep->timer);
        forget_domains(keep);
        for (const Object *domain = model_first(manager->model, KIND_STORAGE_DOMAIN); domain; domain = domain->next) {
                if (!storage_domain_is_leased(domain))
                        continue;
                if (!storage_domain_is_active(domain)) {
                        (void) json_object_del(keep->known, domain->id);
                        (void) json_object_del(keep->unlisted, domain->id);
                        continue;
                }
                if (!json_object_get(keep->known, domain->id)) {
                        if ((uint64_t)dict_integer(json_object_get(keep->unlisted, domain->id), "again", 0) > monotonic_now(manager))
                                again = true;
                        else if (!keep->listing[0])
                                list(keep, domain);
                } else if (!keep->working[0] && storage_domain_check_lease(domain, NULL) >= 0)
                        again |= look_at_domain(keep, domain);
        }
        again |= settle_starts(keep);
        if (again)
                look_at(keep, keep->starts ? USEC_PER_SEC : LEASE_KEEP_RETRY_USEC);
        return 0;
}

static void look_at(LeaseKeep *keep, uint64_t usec) {
        if (keep->timer && usec > 0)
                return;
        keep->timer = sd_event_source_disable_unref(keep->timer);
        if (sd_event_add_time_relative(keep->manager->daemon->event, &keep->timer, CLOCK_MONOTONIC, usec, 0, on_look, keep) >= 0)
                /* after whatever else the loop has to take in first */
                (void) sd_event_source_set_priority(keep->timer, SD_EVENT_PRIORITY_NORMAL + 10);
}

void lease_keep_later(Manager *manager) {
        if (manager->leases)
                look_at(manager->leases, 0);
}

/* ---- life ---- */

int lease_keep_start(Manager *manager) {
        LeaseKeep *keep = calloc(1, sizeof *keep);
        _cleanup_free_ char *path = ours_path(manager);
        _cleanup_json_ json_t *state = NULL;

        if (!keep || !path) {
                free(keep);
                return -ENOMEM;
        }
        keep->manager = manager;
        manager->leases = keep;
        keep->ours = state_file_load(path, OURS_VERSION, &state) >= 0 && json_is_object(json_object_get(state, "leases")) ? json_deep_copy(json_object_get(state, "leases"))
                                                                                                                         : json_object();
        keep->known = json_object();
        keep->failed = json_object();
        keep->unlisted = json_object();
        return keep->ours && keep->known && keep->failed && keep->unlisted ? 0 : -ENOMEM;
}

void lease_keep_stop(Manager *manager) {
        LeaseKeep *keep = TAKE_PTR(manager->leases);

        if (!keep)
                return;
        for (WaitingStart *start = keep->starts, *next; start; start = next) {
                next = start->next;
                free(start);
        }
        sd_bus_slot_unref(keep->call);
        sd_event_source_disable_unref(keep->timer);
        json_decref(keep->ours);
        json_decref(keep->known);
        json_decref(keep->failed);
        json_decref(keep->unlisted);
        free(keep);
}
