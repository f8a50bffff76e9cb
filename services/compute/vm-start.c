/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * One start, from the disks to the running guest. Every step begins from the loop and ends in the loop; whatever fails, what was
 * prepared is given back.
 */

#include <stdio.h>

#include "bus-error.h"
#include "clock-util.h"
#include "dict.h"
#include "lock-manager.h"
#include "log-ids.h"
#include "log.h"
#include "manager.h"
#include "storage-client.h"

/* A start whose answer was lost is a failure for its caller after this time; the guest's state stays "unknown" until libvirt tells. */
#define START_UNDECIDED_USEC (300 * USEC_PER_SEC)
/* A guest that libvirt is still starting is looked at again after this long. */
#define START_SEEN_AGAIN_USEC (200 * USEC_PER_MSEC)
/* After the daemon's own restart a request that libvirt had received but not begun may still turn into a guest. */
#define START_SETTLE_USEC (3 * USEC_PER_SEC)

static const json_t *disks_of(const Vm *vm) {
        return json_object_get(vm->description, "disks");
}

static bool is_cancelled(const Vm *vm) {
        return vm->job && job_state(vm->job) == JOB_ABORTING;
}

/* ---- failing ---- */

void vm_start_failed(Vm *vm, int r, const sd_bus_error *cause) {
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        bool aborted = r == -ECANCELED;
        const char *reason = aborted                               ? VM_REASON_START_ABORTED
                             : vm->activity == VM_ACTIVITY_INCOMING ? VM_REASON_INCOMING_FAILED
                                                                    : VM_REASON_START_FAILED;

        (void) sd_bus_error_copy(&error, cause);
        if (!sd_bus_error_is_set(&error) && aborted)
                (void) sd_bus_error_set(&error, RHV_ERROR_ABORTED, vm_reason_sentence(VM_REASON_START_ABORTED));
        else if (!sd_bus_error_is_set(&error))
                (void) sd_bus_error_set_errno(&error, r);
        if (aborted)
                log_full(LOG_INFO, NULL, LOG_FIELDS("RHV_VM", vm->id), "The start of VM %s was aborted", vm->name);
        else
                log_full(LOG_WARNING, MESSAGE_ID_VM_START_FAILED, LOG_FIELDS("RHV_VM", vm->id), "VM %s could not be started: %s", vm->name,
                         error.message);
        vm_set_exit_message(vm, aborted ? vm_reason_sentence(VM_REASON_START_ABORTED) : error.message);
        vm_set_state(vm, VM_DOWN, reason);
        vm->started_usec = 0;
        vm_changed(vm, "StartedAt");
        vm->phase = VM_START_NONE;
        if (vm->incoming)
                vm->incoming = operation_fail_errno(vm->incoming, r, &error);
        /* Released at once, but the caller need not wait for it: a new start does. */
        vm_release(vm);
        vm_finish(vm, r, &error, NULL);
        (void) vm_record_save(vm);
}

/* ---- launch ---- */

static json_t *start_result(const Vm *vm) {
        return json_pack("{s:s}", "state", vm_state_to_string(vm->observed));
}

static void start_succeeded(Vm *vm) {
        log_full(LOG_INFO, MESSAGE_ID_VM_RUNNING, LOG_FIELDS("RHV_VM", vm->id, "RHV_VM_NAME", vm->name), "VM %s is running", vm->name);
        vm->phase = VM_START_NONE;
        vm_set_exit_message(vm, NULL);
        vm_finish(vm, 0, NULL, start_result(vm));
        (void) vm_record_save(vm);
}

static int on_undecided_too_long(sd_event_source *source, uint64_t usec, void *userdata) {
        Vm *vm = userdata;
        Job *job = TAKE_PTR(vm->job);
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;

        (void) sd_bus_error_setf(&error, RHV_ERROR_TIMEOUT, "libvirt did not tell whether VM %s was started", vm->name);
        if (job)
                job_finish(job, -ETIMEDOUT, &error, NULL);
        return 0;
}

static void start_undecided(Vm *vm) {
        vm->phase = VM_START_UNDECIDED;
        vm->timer = sd_event_source_disable_unref(vm->timer);
        (void) sd_event_add_time_relative(vm->manager->daemon->event, &vm->timer, CLOCK_MONOTONIC, START_UNDECIDED_USEC, 0, on_undecided_too_long, vm);
        vm_decide_later(vm, START_SETTLE_USEC);
}

static void on_created(const VirtOutcome *outcome, void *context, void *userdata) {
        Manager *manager = userdata;
        Vm *vm = manager_find(manager, outcome->id);
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;

        if (outcome->r < 0 && !outcome->undecided)
                manager_start_over(manager, outcome->id);
        if (!vm || vm->phase != VM_START_LAUNCH)
                return;
        if (outcome->r < 0 && outcome->undecided) {
                start_undecided(vm);
                return;
        }
        if (outcome->r < 0) {
                vm_start_failed(vm, outcome->r, outcome->error);
                return;
        }
        /* It may have ended before this answer arrived: then the event that said so is the newer truth. */
        if (vm->event_serial > outcome->serial && vm->observed == VM_DOWN) {
                (void) sd_bus_error_setf(&error, RHV_ERROR_BACKEND_FAILED, "VM %s ended right after its start (%s)", vm->name, vm->reason);
                vm_start_failed(vm, -EIO, &error);
                return;
        }
        vm_apply(vm, outcome->domain, outcome->serial);
        start_succeeded(vm);
}

static bool has_leases(const Vm *vm) {
        const json_t *one;
        size_t i;

        json_array_foreach(vm->prepared, i, one)
                if (json_object_get(one, "lease"))
                        return true;
        return false;
}

static void launch(Vm *vm) {
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_free_ char *xml = NULL;
        VirtRequest request = { .verb = VIRT_CREATE, .id = vm->id, .lane = vm->lane, .paused = vm->paused };
        VmXmlHost host;
        int r;

        r = manager_xml_host(vm->manager, &host, &error);
        if (r >= 0) {
                vm->started_usec = realtime_usec();
                r = vm_xml_build(vm->id, vm->description, vm->prepared, &host, vm->started_usec, &xml);
        }
        if (r >= 0) {
                vm->phase = VM_START_LAUNCH;
                vm->decide_tries = 0;
                /* A record that goes on saying "preparing" would, after a kill, give away the disks of a guest that runs. */
                r = vm_record_save(vm);
                if (r < 0)
                        (void) bus_error_errno(&error, r, "The record of VM %s cannot be written", vm->name);
        }
        if (r >= 0) {
                request.xml = xml;
                r = virt_call(vm->manager->virt, &request, on_created, NULL, NULL, &error);
        }
        if (r < 0) {
                vm_start_failed(vm, r, &error);
                return;
        }
        manager_expect_start(vm->manager, vm->id);
        vm_changed(vm, "StartedAt");
}

/* ---- disks ---- */

static void disks_prepared(Vm *vm) {
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        int r = has_leases(vm) ? lock_manager_check(&error) : 0;

        if (r < 0)
                vm_start_failed(vm, r, &error);
        else if (vm->activity == VM_ACTIVITY_INCOMING)
                vm_incoming_ready(vm);
        else
                launch(vm);
}

static void prepare_next(Vm *vm);

static void on_prepared(int r, const sd_bus_error *error, const json_t *prepared, void *userdata) {
        Vm *vm = userdata;

        vm->storage_call = sd_bus_slot_unref(vm->storage_call);
        if (vm->phase != VM_START_PREPARE)
                return;
        if (r < 0) {
                vm_start_failed(vm, r, error);
                return;
        }
        if (json_array_append_new(vm->prepared, prepared ? json_deep_copy(prepared) : json_object()) < 0) {
                vm_start_failed(vm, -ENOMEM, NULL);
                return;
        }
        vm->next_disk++;
        if (vm->job)
                job_set_progress(vm->job, vm->next_disk, json_array_size(disks_of(vm)) + 1);
        prepare_next(vm);
}

static void prepare_next(Vm *vm) {
        const json_t *disk = json_array_get(disks_of(vm), vm->next_disk);
        int r;

        if (is_cancelled(vm)) {
                vm_start_failed(vm, -ECANCELED, NULL);
                return;
        }
        if (!disk) {
                disks_prepared(vm);
                return;
        }
        if (!json_object_get(disk, "domain")) {
                on_prepared(0, NULL, NULL, vm); /* an empty drive */
                return;
        }
        r = storage_prepare(vm->manager->daemon->bus, vm->id, disk, on_prepared, vm, &vm->storage_call);
        if (r < 0)
                vm_start_failed(vm, r, NULL);
}

/* ---- begin ---- */

static int on_begin(sd_event_source *source, uint64_t usec, void *userdata) {
        Vm *vm = userdata;

        vm->timer = sd_event_source_unref(vm->timer);
        if (vm->phase == VM_START_RELEASE && !vm->holds_disks)
                vm_start_go_on(vm);
        return 0;
}

/* An earlier run's disks that Storage will not take back keep a new start waiting only so long. */
#define START_RELEASE_USEC (90 * USEC_PER_SEC)

static int on_release_too_long(sd_event_source *source, uint64_t usec, void *userdata) {
        Vm *vm = userdata;
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;

        (void) sd_bus_error_setf(&error, RHV_ERROR_BUSY, "The disks of VM %s are still held from its last run: %s", vm->name,
                                 vm->release_error ?: "Storage does not answer");
        vm_start_failed(vm, -EBUSY, &error);
        return 0;
}

int vm_start(Vm *vm, Job *job, VmActivity activity, sd_bus_error *error) {
        uint64_t usec = vm->holds_disks ? START_RELEASE_USEC : 0;
        int r;

        vm->timer = sd_event_source_disable_unref(vm->timer);
        /* Work never ends inside the call that starts it: it begins with the next turn of the loop. */
        r = sd_event_add_time_relative(vm->manager->daemon->event, &vm->timer, CLOCK_MONOTONIC, usec, 0, usec > 0 ? on_release_too_long : on_begin, vm);
        if (r < 0)
                return r;
        vm->end_hint = NULL;
        vm->end_asked = false;
        vm->phase = VM_START_RELEASE;
        vm_set_exit_message(vm, NULL);
        vm_set_activity(vm, activity, job);
        job_set_userdata(job, vm->manager);
        job_start(job);
        (void) vm_record_save(vm);
        return 0;
}

void vm_start_go_on(Vm *vm) {
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        int r;

        vm->timer = sd_event_source_disable_unref(vm->timer);
        /* not before: what an earlier run still had is dropped with its release */
        json_decref(vm->prepared);
        vm->prepared = json_array();
        vm->next_disk = 0;
        vm->phase = VM_START_PREPARE;
        vm->holds_disks = json_array_size(disks_of(vm)) > 0;
        /* Prepared disks that no record names would be held for ever after a kill. */
        r = vm_record_save(vm);
        if (r < 0) {
                vm->holds_disks = false;
                (void) bus_error_errno(&error, r, "The record of VM %s cannot be written", vm->name);
                vm_start_failed(vm, r, &error);
                return;
        }
        prepare_next(vm);
}

int vm_start_cancel(Job *job, void *userdata, sd_bus_error *error) {
        /* Seen between two steps; once libvirt has been asked the guest is there, and power off is the way. */
        const json_t *id = json_object_get(job_arguments(job), "vm");
        Vm *vm = manager_find(userdata, json_string_value(id) ?: "");

        if (vm && vm->phase >= VM_START_LAUNCH)
                return sd_bus_error_setf(error, RHV_ERROR_INVALID_STATE, "VM %s is being launched already; power it off instead", vm->name);
        return 0;
}

void vm_start_seen(Vm *vm, const VirtDomain *domain) {
        if (vm->phase != VM_START_UNDECIDED || !domain->active)
                return;
        /* libvirt lets QEMU begin paused and resumes it when all is in place: until then it is not started, and may fail to. */
        if (domain->words.state == VM_PAUSED && streq_ptr(domain->words.reason, "starting-up"))
                vm_decide_later(vm, START_SEEN_AGAIN_USEC);
        else
                vm_start_decided(vm, true);
}

void vm_start_decided(Vm *vm, bool there) {
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;

        vm->decide_timer = sd_event_source_disable_unref(vm->decide_timer);
        if (there) {
                start_succeeded(vm);
                return;
        }
        (void) sd_bus_error_setf(&error, RHV_ERROR_INTERRUPTED, "libvirt was interrupted while it started VM %s", vm->name);
        vm_start_failed(vm, -EINTR, &error);
}
