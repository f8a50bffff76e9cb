/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * A guest that comes from another host: its disks are prepared, a place is made where QEMU listens, and then the other host's libvirt starts it
 * here. Until libvirt lets its CPUs go it runs there, so whatever fails here gives back what was prepared, and ends no guest.
 *
 *     vm_start(incoming) ─> disks prepared ─> answered, waiting ─> libvirt has it, CPUs stopped ─> running
 *                               │                │ nobody came in INCOMING_USEC     │ libvirt ended it
 *                               └────────────────┴──────────────────────────────────┴──> disks given back, down
 */

#include <sys/acl.h>

#include <stdio.h>
#include <sys/socket.h>

#include "bus-error.h"
#include "log-ids.h"
#include "log.h"
#include "manager.h"
#include "migration-place.h"
#include "unix-socket.h"

/* The other host begins at once when it is told; its libvirt asks ours after it has connected. */
#define INCOMING_USEC (60 * USEC_PER_SEC)

/* The daemons that may serve QEMU's guests. Source: libvirt's "Daemons". */
static const char *const libvirt_sockets[] = { "/run/libvirt/libvirt-sock", "/run/libvirt/virtqemud-sock" };

/* ---- the end ---- */

static void incoming_over(Vm *vm) {
        migration_place_remove(vm->manager->migration_base, vm->id);
        vm->incoming_seen = false;
        vm->incoming_cancelled = false;
}

static void incoming_failed(Vm *vm, int r, const sd_bus_error *error) {
        incoming_over(vm);
        vm_start_failed(vm, r, error);
}

static void incoming_succeeded(Vm *vm) {
        log_full(LOG_INFO, MESSAGE_ID_VM_RUNNING, LOG_FIELDS("RHV_VM", vm->id, "RHV_VM_NAME", vm->name), "VM %s has come to this host", vm->name);
        incoming_over(vm);
        vm_set_exit_message(vm, NULL);
        vm_finish(vm, 0, NULL, json_pack("{s:s}", "state", vm_state_to_string(vm->observed)));
        (void) vm_record_save(vm);
}

void vm_incoming_gone(Vm *vm) {
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;

        vm_set_state(vm, VM_DOWN, VM_REASON_INCOMING_FAILED);
        (void) sd_bus_error_setf(&error, RHV_ERROR_BACKEND_FAILED, "The migration of VM %s to this host ended before it was there", vm->name);
        incoming_failed(vm, -EIO, &error);
}

void vm_incoming_seen(Vm *vm, const VirtDomain *domain) {
        if (vm->activity != VM_ACTIVITY_INCOMING || vm->phase != VM_START_INCOMING || !domain->active)
                return;
        vm->incoming_seen = true;
        vm->timer = sd_event_source_disable_unref(vm->timer);
        if (domain->words.state == VM_PAUSED && (streq(domain->words.reason, "migration") || streq(domain->words.reason, "starting-up")))
                return;
        incoming_succeeded(vm);
}

/* ---- waiting ---- */

static int on_nobody_came(sd_event_source *source, uint64_t usec, void *userdata) {
        Vm *vm = userdata;
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;

        vm->timer = sd_event_source_unref(vm->timer);
        if (vm->incoming_cancelled) {
                incoming_failed(vm, -ECANCELED, NULL);
                return 0;
        }
        (void) sd_bus_error_setf(&error, RHV_ERROR_TIMEOUT, "VM %s did not come to this host in time", vm->name);
        incoming_failed(vm, -ETIMEDOUT, &error);
        return 0;
}

static int wait_for_it(Vm *vm, uint64_t usec) {
        vm->timer = sd_event_source_disable_unref(vm->timer);
        return sd_event_add_time_relative(vm->manager->daemon->event, &vm->timer, CLOCK_MONOTONIC, usec, 0, on_nobody_came, vm);
}

void vm_incoming_resume(Vm *vm) {
        vm->phase = VM_START_INCOMING;
        vm_set_activity(vm, VM_ACTIVITY_INCOMING, NULL);
        (void) wait_for_it(vm, INCOMING_USEC);
}

int vm_incoming_cancel(Job *job, void *userdata, sd_bus_error *error) {
        Vm *vm = manager_find(userdata, json_string_value(json_object_get(job_arguments(job), "vm")) ?: "");

        if (!vm || vm->job != job || vm->activity != VM_ACTIVITY_INCOMING)
                return sd_bus_error_set(error, RHV_ERROR_INVALID_STATE, "The work has come too far to be cancelled");
        if (vm->phase != VM_START_INCOMING)
                return 0; /* seen between two disks */
        /* From here on it may run here with the next breath; only its source can tell. */
        if (vm->incoming_seen)
                return sd_bus_error_setf(error, RHV_ERROR_INVALID_STATE, "VM %s is arriving: cancel the migration on the host it comes from", vm->name);
        vm->incoming_cancelled = true;
        return wait_for_it(vm, 0);
}

/* ---- ready ---- */

/* QEMU makes its listening socket itself, as a user of its own. */
static int let_qemu_in(const char *directory, uid_t uid) {
        char text[64];
        acl_t acl;
        int r = 0;

        (void) snprintf(text, sizeof text, "u::rwx,u:%u:rwx,g::---,m::rwx,o::---", uid);
        acl = acl_from_text(text);
        if (!acl)
                return -errno;
        if (acl_set_file(directory, ACL_TYPE_ACCESS, acl) < 0)
                r = -errno;
        (void) acl_free(acl);
        return r;
}

static int make_place(Vm *vm, sd_bus_error *error) {
        const Manager *manager = vm->manager;
        const HostVirt *virt = virt_host(manager->virt);
        _cleanup_free_ char *directory = migration_directory(manager->migration_base, vm->id);
        int r;

        r = directory ? migration_place_make(manager->migration_base, vm->id) : -ENOMEM;
        if (r >= 0 && virt && virt->qemu_uid > 0)
                r = let_qemu_in(directory, (uid_t)virt->qemu_uid);
        return r < 0 ? bus_error_errno(error, r, "Cannot make the place where QEMU listens, %s", directory ?: "") : 0;
}

static int answer(Vm *vm) {
        _cleanup_message_ sd_bus_message *reply = NULL;
        const json_t *one;
        size_t i;
        int r;

        if (!vm->incoming)
                return 0;
        r = sd_bus_message_new_method_return(operation_message(vm->incoming), &reply);
        if (r >= 0)
                r = sd_bus_message_append(reply, "oo", vm->path, vm->job ? job_path(vm->job) : "/");
        if (r >= 0)
                r = sd_bus_message_open_container(reply, 'a', "s");
        json_array_foreach(vm->prepared, i, one)
                if (r >= 0)
                        r = sd_bus_message_append(reply, "s", json_string_value(json_object_get(one, "path")) ?: "");
        if (r >= 0)
                r = sd_bus_message_close_container(reply);
        if (r < 0)
                return r;
        bus_changes_flush(vm->manager->daemon->changes);
        vm->incoming = operation_reply_message(vm->incoming, reply);
        return 0;
}

void vm_incoming_ready(Vm *vm) {
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        int r;

        r = make_place(vm, &error);
        if (r >= 0) {
                vm->phase = VM_START_INCOMING;
                r = vm_record_save(vm);
        }
        if (r >= 0)
                r = wait_for_it(vm, INCOMING_USEC);
        if (r >= 0)
                r = answer(vm);
        if (r < 0)
                incoming_failed(vm, r, &error);
}

/* ---- the way in ---- */

static int connect_any(const char *const *paths, size_t n) {
        int r = -ENOENT;

        for (size_t i = 0; i < n && r < 0; i++)
                r = unix_connect(paths[i], SOCK_STREAM);
        return r;
}

int vm_incoming_open(const Vm *vm, MigrationChannel channel, sd_bus_error *error) {
        _cleanup_free_ char *memory = NULL;
        int r;

        if (vm->activity != VM_ACTIVITY_INCOMING || vm->phase != VM_START_INCOMING)
                return sd_bus_error_setf(error, RHV_ERROR_INVALID_STATE, "VM %s is not expected from another host", vm->name);
        if (channel == MIGRATION_LIBVIRT) {
                r = connect_any(libvirt_sockets, ELEMENTSOF(libvirt_sockets));
                return r < 0 ? bus_error_errno(error, r, "Cannot connect to libvirt") : r;
        }
        memory = migration_socket(vm->manager->migration_base, vm->id, channel);
        r = memory ? connect_any((const char *const *)&memory, 1) : -ENOMEM;
        return r < 0 ? bus_error_errno(error, r, "QEMU does not listen for VM %s", vm->name) : r;
}
