/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "vm.h"

#include <stdio.h>
#include <time.h>

#include "bus-error.h"
#include "log-ids.h"
#include "log.h"
#include "manager.h"
#include "vm-cd.h"

/* ---- life ---- */

Vm *vm_new(Manager *manager, const char *id, const char *name, bool managed) {
        Vm *vm = calloc(1, sizeof(Vm));

        if (!vm)
                return NULL;
        vm->manager = manager;
        vm->id = strdup(id);
        vm->name = strdup(name);
        vm->path = bus_object_path(COMPUTE_VM_PREFIX, id);
        vm->devices = json_array();
        vm->managed = managed;
        vm->observed = VM_UNKNOWN;
        vm->reason = "unknown";
        vm->lane = ++manager->next_lane;
        if (!vm->id || !vm->name || !vm->path || !vm->devices) {
                free(vm->id);
                free(vm->name);
                free(vm->path);
                json_decref(vm->devices);
                free(vm);
                return NULL;
        }
        manager_link(manager, vm);
        return vm;
}

Vm *vm_free(Vm *vm) {
        if (!vm)
                return NULL;
        manager_unlink(vm->manager, vm);
        sd_event_source_disable_unref(vm->agent_timer);
        sd_event_source_disable_unref(vm->timer);
        sd_event_source_disable_unref(vm->release_timer);
        sd_event_source_disable_unref(vm->release_limit);
        sd_event_source_disable_unref(vm->decide_timer);
        sd_bus_slot_unref(vm->storage_call);
        console_free(vm->console);
        json_decref(vm->description);
        json_decref(vm->devices);
        json_decref(vm->disk_paths);
        vm_cd_end(vm);
        json_decref(vm->held_media);
        json_decref(vm->prepared);
        operation_free(vm->incoming);
        for (char **address = vm->addresses; address && *address; address++)
                free(*address);
        free(vm->addresses);
        free(vm->hostname);
        free(vm->console_path);
        free(vm->exit_message);
        free(vm->migrate_error);
        free(vm->release_error);
        free(vm->id);
        free(vm->path);
        free(vm->name);
        free(vm);
        return NULL;
}

/* ---- questions ---- */

VmState vm_shown(const Vm *vm) {
        return vm_state_shown(vm->observed, vm->activity);
}

bool vm_is_busy(const Vm *vm) {
        return vm->activity != VM_ACTIVITY_NONE;
}

bool vm_is_at_rest(const Vm *vm) {
        return vm->observed == VM_DOWN && !vm_is_busy(vm) && !vm->holds_disks;
}

int vm_check_alive(const Vm *vm, sd_bus_error *error) {
        if (vm->activity == VM_ACTIVITY_START)
                return sd_bus_error_setf(error, RHV_ERROR_INVALID_STATE, "VM %s is being started", vm->name);
        if (vm->activity == VM_ACTIVITY_INCOMING)
                return sd_bus_error_setf(error, RHV_ERROR_INVALID_STATE, "VM %s is on its way to this host", vm->name);
        if (vm->observed == VM_DOWN || vm->activity == VM_ACTIVITY_RELEASE)
                return sd_bus_error_setf(error, RHV_ERROR_INVALID_STATE, "VM %s is not running", vm->name);
        return 0;
}

int vm_check_free(const Vm *vm, sd_bus_error *error) {
        if (!vm_is_busy(vm))
                return 0;
        return sd_bus_error_setf(error, RHV_ERROR_BUSY, "VM %s is busy with %s%s%s", vm->name, vm_activity_to_string(vm->activity),
                                 vm->job ? ", job " : "", vm->job ? job_path(vm->job) : "");
}

/* ---- changes ---- */

void vm_changed(Vm *vm, const char *property) {
        bus_changed(vm->manager->daemon->changes, vm->path, COMPUTE_VM_INTERFACE, property);
}

void vm_set_state(Vm *vm, VmState state, const char *reason) {
        if (vm->observed == state && streq(vm->reason, reason))
                return;
        log_full(LOG_DEBUG, NULL, LOG_FIELDS("RHV_VM", vm->id), "VM %s: %s -> %s (%s)", vm->name, vm_state_to_string(vm->observed),
                 vm_state_to_string(state), reason);
        vm->observed = state;
        vm->reason = reason;
        vm_changed(vm, "State");
        vm_changed(vm, "StateReason");
}

void vm_set_activity(Vm *vm, VmActivity activity, Job *job) {
        vm->activity = activity;
        vm->job = job;
        vm_changed(vm, "State");
}

void vm_set_exit_message(Vm *vm, const char *text) {
        if (streq_ptr(vm->exit_message, text))
                return;
        free(vm->exit_message);
        vm->exit_message = text && *text ? strdup(text) : NULL;
        vm_changed(vm, "ExitMessage");
}

void vm_finish(Vm *vm, int r, const sd_bus_error *error, json_t *result) {
        Job *job = TAKE_PTR(vm->job);

        vm->timer = sd_event_source_disable_unref(vm->timer);
        vm->phase = VM_START_NONE;
        vm_set_activity(vm, VM_ACTIVITY_NONE, NULL);
        /* Who hears that the job has ended must read the new state. */
        bus_changes_flush(vm->manager->daemon->changes);
        if (job)
                job_finish(job, r, error, result);
        else
                json_decref(result);
}

/* ---- what libvirt says ---- */

static void replace_json(json_t **to, json_t *from) {
        json_decref(*to);
        *to = from;
}

static void apply_definition(Vm *vm, VirtDomain *domain) {
        VmLive *live = &domain->live;

        if (!streq(vm->name, domain->name) && !vm->managed) {
                free(vm->name);
                vm->name = TAKE_PTR(domain->name);
                vm_changed(vm, "Name");
        }
        /* while it runs, what stands with the guest is the truth: a NIC may have been changed just before this service was killed */
        if (live->description && (!vm->description || (vm->managed && domain->active && !vm_is_busy(vm))) && !json_equal(vm->description, live->description)) {
                replace_json(&vm->description, TAKE_PTR(live->description));
                vm_changed(vm, "Description");
        }
        if (!json_equal(vm->devices, live->devices)) {
                replace_json(&vm->devices, TAKE_PTR(live->devices));
                vm_changed(vm, "Devices");
        }
        replace_json(&vm->disk_paths, TAKE_PTR(live->disk_paths));
        vm->persistent = domain->persistent;
        vm->graphics = live->graphics;
        free(vm->console_path);
        vm->console_path = TAKE_PTR(live->console_path);
}

void vm_apply(Vm *vm, VirtDomain *domain, uint64_t serial) {
        /* In libvirt but neither running nor kept: it is on its way up or down, and an event will say which. */
        bool passing = !domain->active && !domain->persistent;

        apply_definition(vm, domain);
        if (vm->event_serial > serial || passing)
                return;
        if (domain->active && vm->started_usec == 0) {
                vm->started_usec = domain->live.created_usec;
                vm_changed(vm, "StartedAt");
        }
        if (!domain->active && vm->started_usec != 0) {
                vm->started_usec = 0;
                vm_changed(vm, "StartedAt");
        }
        vm_set_state(vm, domain->words.state, domain->words.reason);
        vm_agent_channel(vm, domain->active ? domain->live.channel : VM_CHANNEL_ABSENT);
}

/* ---- asking again ---- */

/* A guest on its way up or down is asked for this often, and after so many tries is left to its events. */
#define DECIDE_USEC (1 * USEC_PER_SEC)
#define DECIDE_TRIES_MAX 120U

static void on_decided(const VirtOutcome *outcome, void *context, void *userdata) {
        Manager *manager = userdata;
        Vm *vm = manager_find(manager, outcome->id);

        if (!vm || outcome->serial < vm->ask_serial) /* a later question is under way */
                return;
        if (outcome->r >= 0 && outcome->domain->active) {
                vm_apply(vm, outcome->domain, outcome->serial);
                vm_start_seen(vm, outcome->domain);
                vm_incoming_seen(vm, outcome->domain);
        } else if (outcome->r == -ENOENT && vm->phase != VM_START_LAUNCH) {
                if (vm->phase == VM_START_UNDECIDED)
                        vm_start_decided(vm, false);
                else if (vm->managed && vm_state_is_alive(vm->observed) && vm->activity != VM_ACTIVITY_RELEASE)
                        vm_gone(vm, vm->end_hint ? NULL : VM_REASON_LOST);
        } else if (++vm->decide_tries < DECIDE_TRIES_MAX)
                vm_decide_later(vm, DECIDE_USEC);
}

static int on_decide(sd_event_source *source, uint64_t usec, void *userdata) {
        Vm *vm = userdata;
        VirtRequest request = { .verb = VIRT_FETCH, .id = vm->id };

        vm->decide_timer = sd_event_source_unref(vm->decide_timer);
        /* Not ready: the inventory after the next connect decides. */
        (void) virt_call(vm->manager->virt, &request, on_decided, NULL, NULL, NULL);
        return 0;
}

void vm_decide_later(Vm *vm, uint64_t usec) {
        if (vm->decide_timer)
                return;
        (void) sd_event_add_time_relative(vm->manager->daemon->event, &vm->decide_timer, CLOCK_MONOTONIC, usec, 0, on_decide, vm);
}
