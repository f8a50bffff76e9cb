/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * A guest's record in the runtime directory: what cannot be asked of libvirt when the daemon was killed in between. That is how far a
 * start was, which disks are held, and why a guest that is no more ended. It is gone with the host's next boot, as the guests are.
 */

#include <dirent.h>
#include <stdio.h>

#include "dict.h"
#include "log.h"
#include "manager.h"
#include "parse-util.h"
#include "state-file.h"
#include "vm-description.h"

#define RECORD_VERSION 1

static char *record_path(const Manager *manager, const char *id) {
        char *path;

        return asprintf(&path, "%s/%s.json", manager->record_directory, id) < 0 ? NULL : path;
}

/* Words of the phase "starting": from "launching" on a process may exist. */
static const char *record_phase(const Vm *vm) {
        if (vm->activity == VM_ACTIVITY_START)
                return vm->phase >= VM_START_LAUNCH ? "launching" : "preparing";
        if (vm->activity == VM_ACTIVITY_INCOMING)
                return vm->phase == VM_START_INCOMING ? "incoming" : "preparing";
        if (vm->activity == VM_ACTIVITY_MIGRATE)
                return "migrating";
        return vm->observed == VM_DOWN || vm->activity == VM_ACTIVITY_RELEASE ? "down" : "running";
}

int vm_record_save(Vm *vm) {
        _cleanup_free_ char *path = record_path(vm->manager, vm->id);
        _cleanup_json_ json_t *record = NULL;
        int r = -ENOMEM;

        if (!vm->managed)
                return 0;
        record = json_pack("{s:s, s:s, s:O*, s:O?, s:s, s:s, s:I, s:b, s:s}", "id", vm->id, "phase", record_phase(vm), "held_media", vm->held_media, "description",
                           vm->description, "reason", vm->activity == VM_ACTIVITY_RELEASE && vm->end_hint ? vm->end_hint : vm->reason,
                           "message", vm->exit_message ?: "", "started_usec", (json_int_t)vm->started_usec, "holds_disks",
                           (int)vm->holds_disks, "job", vm->job ? job_id(vm->job) : "");
        if (path && record)
                r = state_file_save(path, record, RECORD_VERSION);
        if (r < 0)
                log_full_errno(LOG_WARNING, r, NULL, LOG_FIELDS("RHV_VM", vm->id), "Cannot write the record of VM %s", vm->name);
        return r;
}

void vm_record_remove(Vm *vm) {
        _cleanup_free_ char *path = record_path(vm->manager, vm->id);
        int r;

        if (!vm->managed || !path)
                return;
        r = state_file_remove(path);
        if (r < 0 && r != -ENOENT)
                log_warning_errno(r, "Cannot remove %s", path);
}

/* Reasons are literals elsewhere: one of the known words, or "unknown". */
static const char *known_reason(const char *word) {
        static const char *const words[] = { VM_REASON_SHUTDOWN,     VM_REASON_ADMIN_SHUTDOWN, VM_REASON_HOST_SHUTDOWN, VM_REASON_DESTROYED,
                                             VM_REASON_CRASHED,      VM_REASON_FAILED,         VM_REASON_START_FAILED,  VM_REASON_START_ABORTED,
                                             VM_REASON_MIGRATED,     VM_REASON_INCOMING_FAILED, VM_REASON_SAVED,         VM_REASON_LOST };

        for (size_t i = 0; i < ELEMENTSOF(words); i++)
                if (streq_ptr(words[i], word))
                        return words[i];
        return "unknown";
}

static int record_apply(Manager *manager, const char *id, const json_t *record) {
        const char *phase = json_string_value(json_object_get(record, "phase"));
        json_t *description = json_object_get(record, "description");
        Vm *vm;

        if (!phase || !streq_ptr(json_string_value(json_object_get(record, "id")), id) || vm_description_check(description, NULL) < 0)
                return -EBADMSG;
        vm = vm_new(manager, id, dict_string(description, "name", id), true);
        if (!vm)
                return -ENOMEM;
        vm->description = json_incref(description);
        vm->started_usec = (uint64_t)json_integer_value(json_object_get(record, "started_usec"));
        vm->holds_disks = json_is_true(json_object_get(record, "holds_disks"));
        if (json_is_array(json_object_get(record, "held_media")))
                vm->held_media = json_deep_copy(json_object_get(record, "held_media"));
        vm_set_exit_message(vm, json_string_value(json_object_get(record, "message")));

        if (streq(phase, "down")) {
                vm_set_state(vm, VM_DOWN, known_reason(json_string_value(json_object_get(record, "reason"))));
                if (vm->holds_disks)
                        vm_release(vm);
        } else if (streq(phase, "preparing")) {
                /* libvirt was never asked: no process, whatever else is unknown. */
                vm_set_exit_message(vm, "The service was restarted while the guest's disks were being prepared.");
                vm_set_state(vm, VM_DOWN, VM_REASON_START_FAILED);
                if (vm->holds_disks)
                        vm_release(vm);
                (void) vm_record_save(vm);
        } else if (streq(phase, "launching")) {
                vm_set_activity(vm, VM_ACTIVITY_START, NULL);
                vm->phase = VM_START_UNDECIDED;
        } else if (streq(phase, "incoming")) {
                vm_set_state(vm, VM_DOWN, "unknown");
                vm_incoming_resume(vm);
        } else {
                vm_set_state(vm, VM_UNKNOWN, "recovering");
                if (streq(phase, "migrating"))
                        vm_migrate_adopt(vm, NULL);
        }
        return 0;
}

int vm_records_load(Manager *manager) {
        const struct dirent *entry;
        DIR *directory;
        int r;

        r = make_directory(manager->record_directory, 0700);
        if (r < 0)
                return log_error_errno(r, "Cannot make %s", manager->record_directory);
        directory = opendir(manager->record_directory);
        if (!directory)
                return log_error_errno(-errno, "Cannot read %s", manager->record_directory);

        while ((entry = readdir(directory))) {
                _cleanup_free_ char *path = NULL;
                _cleanup_json_ json_t *record = NULL;
                char id[UUID_STRING_MAX];

                if (strlen(entry->d_name) != UUID_STRING_MAX - 1 + strlen(".json") || !streq(entry->d_name + UUID_STRING_MAX - 1, ".json"))
                        continue;
                (void) snprintf(id, sizeof(id), "%.*s", (int)UUID_STRING_MAX - 1, entry->d_name);
                if (!uuid_is_valid(id))
                        continue;
                path = record_path(manager, id);
                r = path ? state_file_load(path, RECORD_VERSION, &record) : -ENOMEM;
                if (r >= 0)
                        r = record_apply(manager, id, record);
                if (r < 0)
                        log_warning_errno(r, "The record %s is left alone", entry->d_name);
        }
        (void) closedir(directory);
        return 0;
}
