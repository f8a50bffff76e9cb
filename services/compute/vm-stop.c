/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Asking a guest to end or to reboot, as oVirt does: first through its agent, then by the ACPI power button, each for its share of the
 * time. A guest that does not follow is left as it is; only power off is by force.
 */

#include "bus-error.h"
#include "dict.h"
#include "log.h"
#include "manager.h"

/* ---- pure ---- */

unsigned vm_stop_ways(const char *mode, AgentState agent, bool agent_connected) {
        bool heard = agent_connected && agent != AGENT_FAILED;

        if (streq(mode, "agent"))
                return agent_connected ? VM_STOP_AGENT : 0;
        if (streq(mode, "acpi"))
                return VM_STOP_ACPI;
        return (heard ? VM_STOP_AGENT : 0) | VM_STOP_ACPI;
}

uint64_t vm_stop_step_usec(unsigned ways, uint64_t timeout_usec) {
        return ways == (VM_STOP_AGENT | VM_STOP_ACPI) ? timeout_usec / 2 : timeout_usec;
}

/* ---- the steps of shutdown and reboot ---- */

static void try_next(Vm *vm);

static void stop_failed(Vm *vm, int r, const sd_bus_error *error) {
        vm->end_asked = false;
        vm_finish(vm, r, error, NULL);
        (void) vm_record_save(vm);
}

static void no_way_left(Vm *vm) {
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;

        (void) sd_bus_error_setf(&error, RHV_ERROR_TIMEOUT, "VM %s did not %s in time; it goes on running", vm->name,
                                 vm->activity == VM_ACTIVITY_REBOOT ? "reboot" : "shut down");
        stop_failed(vm, -ETIMEDOUT, &error);
}

static int on_step_over(sd_event_source *source, uint64_t usec, void *userdata) {
        Vm *vm = userdata;

        vm->timer = sd_event_source_unref(vm->timer);
        try_next(vm);
        return 0;
}

static bool is_stopping(const Vm *vm) {
        return vm->activity == VM_ACTIVITY_SHUTDOWN || vm->activity == VM_ACTIVITY_REBOOT;
}

static void on_asked(const VirtOutcome *outcome, void *context, void *userdata) {
        Vm *vm = manager_find(userdata, outcome->id);
        bool agent = outcome->verb == VIRT_SHUTDOWN_AGENT || outcome->verb == VIRT_REBOOT_AGENT;

        if (!vm || !is_stopping(vm) || vm->stop_step != (agent ? VM_STOP_AGENT : VM_STOP_ACPI))
                return;
        /* Asked: the event decides. A lost answer may have been heard by the guest all the same. */
        if (outcome->r >= 0 || outcome->undecided)
                return;
        log_full(LOG_INFO, NULL, LOG_FIELDS("RHV_VM", vm->id), "VM %s: %s", vm->name, outcome->error->message);
        vm->stop_ways &= ~vm->stop_step;
        if (vm->stop_ways == 0)
                stop_failed(vm, outcome->r, outcome->error);
        else
                try_next(vm);
}

/* Begins the next way, or fails when there is none. */
static void try_next(Vm *vm) {
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        bool reboot = vm->activity == VM_ACTIVITY_REBOOT;
        uint64_t usec = vm_stop_step_usec(vm->stop_ways, vm->stop_timeout_usec);
        VirtRequest request = { .id = vm->id, .lane = vm->lane };
        int r;

        vm->timer = sd_event_source_disable_unref(vm->timer);
        if (vm->stop_step == 0 && (vm->stop_ways & VM_STOP_AGENT))
                vm->stop_step = VM_STOP_AGENT;
        else if (vm->stop_step != VM_STOP_ACPI && (vm->stop_ways & VM_STOP_ACPI))
                vm->stop_step = VM_STOP_ACPI;
        else {
                no_way_left(vm);
                return;
        }
        if (vm->stop_step == VM_STOP_AGENT)
                request.verb = reboot ? VIRT_REBOOT_AGENT : VIRT_SHUTDOWN_AGENT;
        else
                request.verb = reboot ? VIRT_REBOOT_ACPI : VIRT_SHUTDOWN_ACPI;

        r = virt_call(vm->manager->virt, &request, on_asked, NULL, NULL, &error);
        if (r >= 0)
                r = sd_event_add_time_relative(vm->manager->daemon->event, &vm->timer, CLOCK_MONOTONIC, usec, 0, on_step_over, vm);
        if (r < 0)
                stop_failed(vm, r, &error);
}

static int begin_stop(Vm *vm, VmActivity activity, Job *job, unsigned ways, uint64_t timeout_usec) {
        int r;

        vm->timer = sd_event_source_disable_unref(vm->timer);
        r = sd_event_add_time_relative(vm->manager->daemon->event, &vm->timer, CLOCK_MONOTONIC, 0, 0, on_step_over, vm);
        if (r < 0)
                return r;
        vm->stop_step = 0;
        vm->stop_ways = ways;
        vm->stop_timeout_usec = timeout_usec;
        vm->end_asked = activity == VM_ACTIVITY_SHUTDOWN;
        vm_set_activity(vm, activity, job);
        job_set_userdata(job, vm->manager);
        job_start(job);
        (void) vm_record_save(vm);
        return 0;
}

int vm_shutdown(Vm *vm, Job *job, unsigned ways, uint64_t timeout_usec, sd_bus_error *error) {
        return begin_stop(vm, VM_ACTIVITY_SHUTDOWN, job, ways, timeout_usec);
}

int vm_reboot(Vm *vm, Job *job, unsigned ways, uint64_t timeout_usec, sd_bus_error *error) {
        return begin_stop(vm, VM_ACTIVITY_REBOOT, job, ways, timeout_usec);
}

static int on_cancelled(sd_event_source *source, uint64_t usec, void *userdata) {
        Vm *vm = userdata;

        vm->timer = sd_event_source_unref(vm->timer);
        stop_failed(vm, -ECANCELED, NULL);
        return 0;
}

int vm_stop_cancel(Job *job, void *userdata, sd_bus_error *error) {
        Vm *vm = manager_find(userdata, json_string_value(json_object_get(job_arguments(job), "vm")) ?: "");

        if (!vm || vm->job != job || !is_stopping(vm))
                return sd_bus_error_set(error, RHV_ERROR_INVALID_STATE, "The work has come too far to be cancelled");
        /* The guest may follow what it was told already; only the waiting ends, with the next turn of the loop. */
        vm->timer = sd_event_source_disable_unref(vm->timer);
        return sd_event_add_time_relative(vm->manager->daemon->event, &vm->timer, CLOCK_MONOTONIC, 0, 0, on_cancelled, vm);
}

void vm_stop_adopt(Vm *vm, Job *job, VmActivity activity, uint64_t left_usec) {
        vm->stop_step = VM_STOP_ACPI; /* nothing is asked again: the guest heard it before */
        vm->stop_ways = VM_STOP_ACPI;
        vm->end_asked = activity != VM_ACTIVITY_REBOOT;
        vm_set_activity(vm, activity, job);
        vm->timer = sd_event_source_disable_unref(vm->timer);
        (void) sd_event_add_time_relative(vm->manager->daemon->event, &vm->timer, CLOCK_MONOTONIC, left_usec, 0, on_step_over, vm);
}

void vm_on_reboot(Vm *vm) {
        vm_agent_forget(vm);
        if (vm->activity == VM_ACTIVITY_REBOOT)
                vm_finish(vm, 0, NULL, NULL);
}

/* ---- power off ---- */

static void on_destroyed(const VirtOutcome *outcome, void *context, void *userdata) {
        Vm *vm = manager_find(userdata, outcome->id);

        if (!vm || vm->activity != VM_ACTIVITY_POWER_OFF)
                return; /* its end was heard first */
        if (outcome->r >= 0 || outcome->r == -ENOENT)
                vm_gone(vm, VM_REASON_DESTROYED);
        else
                stop_failed(vm, outcome->r, outcome->error);
}

int vm_power_off(Vm *vm, Job *job, sd_bus_error *error) {
        VirtRequest request = { .verb = VIRT_DESTROY, .id = vm->id };
        Job *before = TAKE_PTR(vm->job);
        int r;

        /* Not in the guest's lane: it must overtake a shutdown that waits for an agent. */
        r = virt_call(vm->manager->virt, &request, on_destroyed, NULL, NULL, error);
        if (r < 0) {
                vm->job = before;
                return r;
        }
        if (before) {
                _cleanup_error_ sd_bus_error aborted = SD_BUS_ERROR_NULL;

                (void) sd_bus_error_setf(&aborted, RHV_ERROR_ABORTED, "VM %s is powered off", vm->name);
                job_finish(before, -ECANCELED, &aborted, NULL);
        }
        vm->timer = sd_event_source_disable_unref(vm->timer);
        vm->end_asked = true;
        vm_set_activity(vm, VM_ACTIVITY_POWER_OFF, job);
        job_set_userdata(job, vm->manager);
        job_start(job);
        (void) vm_record_save(vm);
        return 0;
}

/* ---- pause and resume ---- */

static void on_suspended(const VirtOutcome *outcome, void *context, void *userdata) {
        Operation **operation = context;

        if (outcome->r < 0)
                *operation = operation_fail_errno(*operation, outcome->r, outcome->error);
        else
                *operation = operation_reply(*operation, "");
}

int vm_suspend(Vm *vm, sd_bus_message *message, bool suspend, sd_bus_error *error) {
        VirtRequest request = { .verb = suspend ? VIRT_SUSPEND : VIRT_RESUME, .id = vm->id, .lane = vm->lane };

        return virt_call_parked(vm->manager->virt, &request, on_suspended, message, error);
}
