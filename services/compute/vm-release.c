/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The end of a guest: its disks go back to Storage first, then the world is told it is down, so that who hears "down" may use them. */

#include <stdio.h>

#include "bus-error.h"
#include "dict.h"
#include "log-ids.h"
#include "log.h"
#include "manager.h"
#include "storage-client.h"
#include "vm-cd.h"

/* A Storage that does not take the disks back delays the word "down" only so long; the giving back goes on. */
#define RELEASE_LIMIT_USEC (15 * USEC_PER_SEC)
#define RELEASE_RETRY_MIN_USEC (1 * USEC_PER_SEC)
#define RELEASE_RETRY_MAX_USEC (30 * USEC_PER_SEC)

static void release_next(Vm *vm);

/* ---- down ---- */

static void now_down(Vm *vm) {
        const char *reason = vm->end_hint ?: VM_REASON_LOST;

        vm->release_limit = sd_event_source_disable_unref(vm->release_limit);
        if (!vm->exit_message)
                vm_set_exit_message(vm, vm_reason_sentence(reason));
        log_full(vm_reason_is_normal(reason) ? LOG_INFO : LOG_WARNING, MESSAGE_ID_VM_DOWN,
                 LOG_FIELDS("RHV_VM", vm->id, "RHV_VM_NAME", vm->name, "RHV_REASON", reason), "VM %s is down: %s", vm->name, reason);
        vm_set_state(vm, VM_DOWN, reason);
        vm_finish(vm, 0, NULL, json_pack("{s:s}", "reason", reason));
        vm->end_hint = NULL;
        vm->end_asked = false;
        (void) vm_record_save(vm);
}

static int on_release_limit(sd_event_source *source, uint64_t usec, void *userdata) {
        Vm *vm = userdata;

        now_down(vm);
        return 0;
}

/* The socket is left behind by QEMU; it lies in our directory. */
static void remove_console(Vm *vm) {
        vm->console = console_free(vm->console);
        if (vm->managed && vm->console_path && startswith(vm->console_path, vm->manager->console_directory))
                (void) unlink(vm->console_path);
        free(TAKE_PTR(vm->console_path));
}

void vm_gone(Vm *vm, const char *reason) {
        Job *job = vm->job;

        if (vm->activity == VM_ACTIVITY_RELEASE || (vm->observed == VM_DOWN && !vm_is_busy(vm)))
                return; /* the first reason stays */
        /* Known best by who asked for it, next by the event that came before the end, last by the end itself. */
        if (vm->end_asked && (!reason || streq(reason, VM_REASON_SHUTDOWN) || streq(reason, VM_REASON_DESTROYED)))
                reason = vm->activity == VM_ACTIVITY_POWER_OFF || streq_ptr(reason, VM_REASON_DESTROYED) ? VM_REASON_DESTROYED : VM_REASON_ADMIN_SHUTDOWN;
        else if (vm->end_hint && (!reason || streq(reason, VM_REASON_SHUTDOWN)))
                reason = vm->end_hint;
        vm->end_hint = reason ?: VM_REASON_LOST;
        vm->timer = sd_event_source_disable_unref(vm->timer);
        vm->decide_timer = sd_event_source_disable_unref(vm->decide_timer);
        remove_console(vm);
        vm_cd_end(vm);
        vm->started_usec = 0;
        vm_changed(vm, "StartedAt");
        vm_agent_channel(vm, VM_CHANNEL_ABSENT);

        /* The shutdown's or power-off's job ends with the guest; a reboot that became an end has failed. */
        if (job && (vm->activity == VM_ACTIVITY_REBOOT || (vm->activity == VM_ACTIVITY_MIGRATE && !streq(vm->end_hint, VM_REASON_MIGRATED)))) {
                _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;

                (void) sd_bus_error_setf(&error, RHV_ERROR_BACKEND_FAILED, "VM %s ended instead of %s (%s)", vm->name,
                                         vm->activity == VM_ACTIVITY_REBOOT ? "rebooting" : "being migrated", vm->end_hint);
                vm->job = NULL;
                job_finish(job, -EIO, &error, NULL);
        }
        vm_set_activity(vm, VM_ACTIVITY_RELEASE, vm->job);
        (void) vm_record_save(vm);
        if (!vm->holds_disks) {
                now_down(vm);
                return;
        }
        (void) sd_event_add_time_relative(vm->manager->daemon->event, &vm->release_limit, CLOCK_MONOTONIC, RELEASE_LIMIT_USEC, 0, on_release_limit, vm);
        vm_release(vm);
}

/* ---- giving back ---- */

static void released(Vm *vm) {
        vm->holds_disks = false;
        vm->release_failures = 0;
        free(TAKE_PTR(vm->release_error));
        json_decref(vm->prepared);
        vm->prepared = NULL;
        json_decref(vm->held_media);
        vm->held_media = NULL;
        if (vm->activity == VM_ACTIVITY_RELEASE)
                now_down(vm);
        else if (vm->phase == VM_START_RELEASE)
                vm_start_go_on(vm);
        else
                (void) vm_record_save(vm);
}

static int on_retry(sd_event_source *source, uint64_t usec, void *userdata) {
        Vm *vm = userdata;

        vm->release_timer = sd_event_source_unref(vm->release_timer);
        release_next(vm);
        return 0;
}

static void retry_later(Vm *vm) {
        uint64_t usec = RELEASE_RETRY_MIN_USEC << (vm->release_failures < 5 ? vm->release_failures : 5);

        if (vm->release_failures++ == 0)
                log_full(LOG_WARNING, MESSAGE_ID_VM_RELEASE_FAILED, LOG_FIELDS("RHV_VM", vm->id),
                         "The disks of VM %s cannot be given back to Storage yet, trying again: %s", vm->name, vm->release_error ?: "");
        (void) sd_event_add_time_relative(vm->manager->daemon->event, &vm->release_timer, CLOCK_MONOTONIC,
                                          usec < RELEASE_RETRY_MAX_USEC ? usec : RELEASE_RETRY_MAX_USEC, 0, on_retry, vm);
}

static void on_released(int r, const sd_bus_error *error, const json_t *prepared, void *userdata) {
        Vm *vm = userdata;

        vm->storage_call = sd_bus_slot_unref(vm->storage_call);
        if (r < 0) {
                free(vm->release_error);
                vm->release_error = strdup(error->message ?: "");
                retry_later(vm);
                return;
        }
        vm->next_release++;
        release_next(vm);
}

/* Its disks, and then what is held of media that came and went. */
static const json_t *to_release(const Vm *vm) {
        const json_t *disks = json_object_get(vm->description, "disks");
        const size_t n = json_array_size(disks);

        return vm->next_release < n ? json_array_get(disks, vm->next_release) : json_array_get(vm->held_media, vm->next_release - n);
}

/* An empty drive has nothing to be given back. */
static const json_t *next_to_release(Vm *vm) {
        const json_t *disk;

        while ((disk = to_release(vm)) && !json_object_get(disk, "domain"))
                vm->next_release++;
        return disk;
}

static void release_next(Vm *vm) {
        const json_t *disk = next_to_release(vm);

        if (!disk) {
                released(vm);
                return;
        }
        if (storage_teardown(vm->manager->daemon->bus, vm->id, disk, on_released, vm, &vm->storage_call) < 0)
                retry_later(vm);
}

void vm_release(Vm *vm) {
        if (!vm->holds_disks || vm->release_timer)
                return;
        vm->storage_call = sd_bus_slot_unref(vm->storage_call);
        vm->next_release = 0;
        vm->release_failures = 0;
        release_next(vm);
}
