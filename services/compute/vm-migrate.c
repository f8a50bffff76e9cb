/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * A guest that goes to another host. It runs here until libvirt says that it runs there; whatever breaks before leaves it running here.
 *
 *     vm_migrate ─ asked ──answer: failed, cancelled──> runs here
 *                    │ ──its end, "migrated"──────────> disks given back, down
 *                    │ ──no answer (libvirt or this service was restarted): asked how far it is, until it is over
 */

#include "bus-error.h"
#include "dict.h"
#include "log.h"
#include "manager.h"

/* How often progress is read, and a cancel repeated that libvirt may have heard too early. */
#define MIGRATE_POLL_USEC (1 * USEC_PER_SEC)
/* libvirt's answer and the event of the end come close together. */
#define MIGRATE_SETTLE_USEC (3 * USEC_PER_SEC)

static void poll_later(Vm *vm);

static bool is_cancelled(const Vm *vm) {
        return vm->job && job_state(vm->job) == JOB_ABORTING;
}

static void migrate_failed(Vm *vm, int r, const sd_bus_error *error) {
        log_full(LOG_WARNING, NULL, LOG_FIELDS("RHV_VM", vm->id, "RHV_VM_NAME", vm->name), "VM %s was not migrated, and goes on here: %s", vm->name,
                 error && error->message ? error->message : "no reason was given");
        vm->migrate_asked = false;
        vm_finish(vm, is_cancelled(vm) ? -ECANCELED : r, error, NULL);
        (void) vm_record_save(vm);
}

static void on_abort_asked(const VirtOutcome *outcome, void *context, void *userdata) {
        /* The migration's own end tells. */
}

static void ask_abort(const Vm *vm) {
        VirtRequest request = { .verb = VIRT_MIGRATE_ABORT, .id = vm->id };

        (void) virt_call(vm->manager->virt, &request, on_abort_asked, NULL, NULL, NULL);
}

/* It is over and nobody told how: the guest is here, so it did not go. */
static void ended_unseen(Vm *vm) {
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;

        if (vm->migrate_error)
                (void) sd_bus_error_setf(&error, RHV_ERROR_BACKEND_FAILED, "A connection broke, and the VM is still on this host: %s", vm->migrate_error);
        else
                (void) sd_bus_error_setf(&error, RHV_ERROR_INTERRUPTED,
                                         "The migration of VM %s ended while it was not watched; the VM is still on this host", vm->name);
        migrate_failed(vm, -EINTR, &error);
}

static void on_progress(const VirtOutcome *outcome, void *context, void *userdata) {
        Vm *vm = manager_find(userdata, outcome->id);

        if (!vm || vm->activity != VM_ACTIVITY_MIGRATE)
                return;
        if (outcome->r >= 0 && outcome->progress->active) {
                if (vm->job && !is_cancelled(vm))
                        job_set_progress(vm->job, outcome->progress->done_bytes, outcome->progress->done_bytes + outcome->progress->left_bytes);
                if (is_cancelled(vm))
                        ask_abort(vm);
        } else if (outcome->r >= 0 && !vm->migrate_asked) {
                ended_unseen(vm);
                return;
        } else if (outcome->r == -ENOENT && !vm->migrate_asked) {
                vm_gone(vm, VM_REASON_LOST);
                return;
        }
        poll_later(vm);
}

static int on_poll(sd_event_source *source, uint64_t usec, void *userdata) {
        Vm *vm = userdata;
        VirtRequest request = { .verb = VIRT_MIGRATE_STATS, .id = vm->id };

        vm->timer = sd_event_source_unref(vm->timer);
        if (virt_call(vm->manager->virt, &request, on_progress, NULL, NULL, NULL) < 0)
                poll_later(vm);
        return 0;
}

static void poll_later(Vm *vm) {
        vm->timer = sd_event_source_disable_unref(vm->timer);
        (void) sd_event_add_time_relative(vm->manager->daemon->event, &vm->timer, CLOCK_MONOTONIC, MIGRATE_POLL_USEC, 0, on_poll, vm);
}

static void on_migrated(const VirtOutcome *outcome, void *context, void *userdata) {
        Vm *vm = manager_find(userdata, outcome->id);

        if (!vm || vm->activity != VM_ACTIVITY_MIGRATE)
                return; /* its end was heard first, or it was powered off */
        vm->migrate_asked = false;
        if (outcome->r < 0 && !outcome->undecided) {
                migrate_failed(vm, outcome->r, outcome->error);
                return;
        }
        if (outcome->r < 0)
                vm->migrate_error = strdup(outcome->error->message ?: "");
        else {
                vm->end_hint = VM_REASON_MIGRATED;
                vm_decide_later(vm, MIGRATE_SETTLE_USEC);
        }
}

static void begin(Vm *vm, Job *job, bool asked) {
        vm->migrate_asked = asked;
        vm->end_hint = NULL;
        vm->end_asked = false;
        free(TAKE_PTR(vm->migrate_error));
        vm_set_activity(vm, VM_ACTIVITY_MIGRATE, job);
        poll_later(vm);
}

int vm_migrate(Vm *vm, Job *job, const VirtMigration *migration, sd_bus_error *error) {
        /* not in the guest's lane: it may be paused and powered off meanwhile */
        VirtRequest request = { .verb = VIRT_MIGRATE, .id = vm->id, .migration = migration };
        int r;

        r = virt_call(vm->manager->virt, &request, on_migrated, NULL, NULL, error);
        if (r < 0)
                return r;
        begin(vm, job, true);
        job_set_userdata(job, vm->manager);
        job_start(job);
        (void) vm_record_save(vm);
        return 0;
}

int vm_migrate_cancel(Job *job, void *userdata, sd_bus_error *error) {
        const Vm *vm = manager_find(userdata, json_string_value(json_object_get(job_arguments(job), "vm")) ?: "");

        if (!vm || vm->job != job || vm->activity != VM_ACTIVITY_MIGRATE)
                return sd_bus_error_set(error, RHV_ERROR_INVALID_STATE, "The work has come too far to be cancelled");
        /* libvirt may not have begun: then it is said again */
        ask_abort(vm);
        return 0;
}

void vm_migrate_adopt(Vm *vm, Job *job) {
        begin(vm, job, false);
}

int vm_migrate_check(const Vm *vm, char **paths, sd_bus_error *error) {
        const json_t *disk;
        size_t i, n = 0;
        int r;

        while (paths && paths[n])
                n++;
        if (!vm->managed || !vm->description)
                return sd_bus_error_setf(error, RHV_ERROR_NOT_SUPPORTED, "VM %s was not started by this service: its disks are not known", vm->name);
        if (n != json_array_size(json_object_get(vm->description, "disks")))
                return sd_bus_error_setf(error, RHV_ERROR_INVALID_ARGUMENT, "VM %s has %zu disks, and there are %zu paths", vm->name,
                                         json_array_size(json_object_get(vm->description, "disks")), n);
        r = networks_check_leave(vm->manager, vm->name, vm->description, error);
        if (r < 0)
                return r;
        json_array_foreach(json_object_get(vm->description, "disks"), i, disk) {
                const char *here = dict_string(vm->disk_paths, dict_string(disk, "id", ""), NULL);

                /* an empty drive is nowhere */
                if (!json_object_get(disk, "domain"))
                        continue;
                if (!paths || !streq_ptr(here, paths[i]))
                        return sd_bus_error_setf(error, RHV_ERROR_NOT_SUPPORTED,
                                                 "Disk %s is at %s on this host and at %s on the other: mount its domain at the same place on both",
                                                 dict_string(disk, "id", ""), here ?: "no known place", paths ? paths[i] : "none");
        }
        return 0;
}
