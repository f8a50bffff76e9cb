/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "vm-cd.h"

#include "bus-error.h"
#include "dict.h"
#include "log.h"
#include "manager.h"
#include "storage-client.h"
#include "vm-description.h"

struct VmCd {
        Operation *operation;
        json_t *description; /* with the new medium */
        size_t drive;        /* its place among the disks */
        sd_bus_slot *slot;   /* Storage is asked */
        bool asked;          /* libvirt is: what it said before that was the answer to a guest that has ended */
};

/* ---- what may change ---- */

static bool is_drive(const json_t *disk) {
        return streq(dict_string(disk, "device", "disk"), "cdrom");
}

/* What says what is in a drive. */
static const char *const medium_keys[] = { "domain", "file", "image", "volume", NULL };

static bool is_medium_key(const char *key) {
        for (size_t i = 0; medium_keys[i]; i++)
                if (streq(medium_keys[i], key))
                        return true;
        return false;
}

int vm_cd_change(const json_t *description, const json_t *medium, json_t **ret, size_t *ret_drive, sd_bus_error *error) {
        _cleanup_json_ json_t *changed = json_deep_copy(description);
        json_t *disks = json_object_get(changed, "disks"), *disk, *value;
        const char *key;
        size_t i;
        int r;

        json_array_foreach(disks, i, disk)
                if (is_drive(disk))
                        break;
        if (i == json_array_size(disks))
                return sd_bus_error_set(error, RHV_ERROR_INVALID_STATE, "The guest has no CD-ROM drive");
        disk = json_array_get(disks, i);
        for (size_t k = 0; medium_keys[k]; k++)
                (void) json_object_del(disk, medium_keys[k]);
        json_object_foreach((json_t *)medium, key, value) {
                if (!is_medium_key(key))
                        return sd_bus_error_setf(error, RHV_ERROR_UNKNOWN_OPTION, "A medium has a \"domain\" and a \"file\", or an \"image\" and a \"volume\", and no \"%s\"", key);
                if (json_object_set(disk, key, value) < 0)
                        return -ENOMEM;
        }
        r = vm_description_check(changed, error);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(changed);
        *ret_drive = i;
        return 0;
}

/* ---- what is held ---- */

static const json_t *drive_of(const Vm *vm) {
        const json_t *disk;
        size_t i;

        json_array_foreach(json_object_get(vm->description, "disks"), i, disk)
                if (is_drive(disk))
                        return disk;
        return NULL;
}

/* Storage counts a guest once for each image, and for each ISO domain, whatever the file. */
static bool same_use(const json_t *a, const json_t *b) {
        return streq(dict_string(a, "domain", ""), dict_string(b, "domain", "")) && streq(dict_string(a, "image", ""), dict_string(b, "image", ""));
}

static int hold(Vm *vm, const json_t *disk) {
        const json_t *other;
        size_t i;

        if (!json_object_get(disk, "domain"))
                return 0;
        if (!vm->held_media)
                vm->held_media = json_array();
        json_array_foreach(vm->held_media, i, other)
                if (same_use(other, disk))
                        return 0;
        return json_array_append_new(vm->held_media, json_deep_copy(disk)) < 0 ? -ENOMEM : 0;
}

/* What is in the drive now is held by the description; the rest is given back, one after the other. What Storage does not take is left to the guest's end. */
static void give_back(Vm *vm);

static void on_given_back(int r, const sd_bus_error *error, const json_t *prepared, void *userdata) {
        Vm *vm = userdata;

        vm->media_call = sd_bus_slot_unref(vm->media_call);
        if (r < 0) {
                log_warning("The former medium of VM %s stays in use until its end: %s", vm->name, error->message ?: "");
                return;
        }
        (void) json_array_remove(vm->held_media, 0);
        (void) vm_record_save(vm);
        give_back(vm);
}

static void give_back(Vm *vm) {
        while (json_array_size(vm->held_media) > 0) {
                const json_t *disk = json_array_get(vm->held_media, 0);

                if (same_use(disk, drive_of(vm))) {
                        (void) json_array_remove(vm->held_media, 0);
                        continue;
                }
                if (!vm->media_call && storage_teardown(vm->manager->daemon->bus, vm->id, disk, on_given_back, vm, &vm->media_call) < 0)
                        log_warning("The former medium of VM %s stays in use until its end", vm->name);
                return;
        }
        (void) vm_record_save(vm);
}

/* ---- the change ---- */

static VmCd *cd_free(VmCd *cd) {
        if (!cd)
                return NULL;
        operation_free(cd->operation);
        json_decref(cd->description);
        sd_bus_slot_unref(cd->slot);
        free(cd);
        return NULL;
}

void vm_cd_end(Vm *vm) {
        VmCd *cd = TAKE_PTR(vm->cd);
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;

        vm->media_call = sd_bus_slot_unref(vm->media_call);
        if (!cd)
                return;
        (void) sd_bus_error_setf(&error, RHV_ERROR_INVALID_STATE, "VM %s has ended", vm->name);
        cd->operation = operation_fail_errno(cd->operation, -ESTALE, &error);
        cd_free(cd);
}

static void failed(Vm *vm, int r, const sd_bus_error *error) {
        VmCd *cd = TAKE_PTR(vm->cd);

        cd->operation = operation_fail_errno(cd->operation, r, error);
        cd_free(cd);
        give_back(vm);
}

static void on_changed(const VirtOutcome *outcome, void *context, void *userdata) {
        Vm *vm = manager_find(userdata, outcome->id);
        VmCd *cd = vm ? vm->cd : NULL;

        if (!cd || !cd->asked)
                return; /* it has ended */
        if (outcome->r < 0 && outcome->undecided) {
                /* nobody knows which of the two it has: both stay held */
                cd->operation = operation_fail_errno(cd->operation, outcome->r, outcome->error);
                vm->cd = cd_free(cd);
                return;
        }
        if (outcome->r < 0) {
                failed(vm, outcome->r, outcome->error);
                return;
        }
        (void) hold(vm, drive_of(vm));
        vm_apply(vm, outcome->domain, outcome->serial);
        cd->operation = operation_reply(cd->operation, "");
        vm->cd = cd_free(cd);
        give_back(vm);
}

/* libvirt finds a drive by its target. */
static const char *live_target(const Vm *vm, const char *id) {
        const json_t *device;
        size_t i;

        json_array_foreach(vm->devices, i, device)
                if (streq(dict_string(device, "id", ""), id))
                        return dict_string(device, "target", NULL);
        return NULL;
}

/* prepared: NULL for an empty drive. */
static int put_in(Vm *vm, const json_t *prepared, sd_bus_error *error) {
        const json_t *disk = json_array_get(json_object_get(vm->cd->description, "disks"), vm->cd->drive);
        const char *target = live_target(vm, dict_string(disk, "id", ""));
        VirtRequest request = { .verb = VIRT_UPDATE_CD, .id = vm->id, .lane = vm->lane };
        _cleanup_free_ char *xml = NULL, *metadata = NULL;
        int r;

        if (!target)
                return sd_bus_error_setf(error, RHV_ERROR_INVALID_STATE, "The guest %s has lost its CD-ROM drive", vm->name);
        r = vm_xml_build_cdrom(disk, prepared, target, &xml);
        if (r >= 0)
                r = vm_xml_build_metadata(vm->cd->description, vm->started_usec, &metadata);
        if (r < 0)
                return r;
        request.xml = xml;
        request.metadata = metadata;
        vm->cd->asked = true;
        return virt_call(vm->manager->virt, &request, on_changed, NULL, NULL, error);
}

static void on_prepared(int r, const sd_bus_error *error, const json_t *prepared, void *userdata) {
        _cleanup_error_ sd_bus_error own = SD_BUS_ERROR_NULL;
        Vm *vm = userdata;

        vm->cd->slot = sd_bus_slot_unref(vm->cd->slot);
        if (r >= 0)
                r = put_in(vm, prepared, &own);
        if (r < 0)
                failed(vm, r, sd_bus_error_is_set(&own) ? &own : error);
}

/* Held in the record before Storage is asked. */
static int prepare(Vm *vm, const json_t *disk, sd_bus_error *error) {
        int r;

        r = hold(vm, disk);
        if (r >= 0)
                r = vm_record_save(vm);
        if (r < 0)
                return bus_error_errno(error, r, "The record of VM %s cannot be written", vm->name);
        return storage_prepare(vm->manager->daemon->bus, vm->id, disk, on_prepared, vm, &vm->cd->slot);
}

int vm_cd_begin(Vm *vm, const json_t *description, size_t drive, sd_bus_message *message, sd_bus_error *error) {
        const json_t *disk = json_array_get(json_object_get(description, "disks"), drive);
        VmCd *cd;
        int r;

        if (vm->cd)
                return sd_bus_error_setf(error, RHV_ERROR_BUSY, "The CD-ROM of VM %s is being changed", vm->name);
        cd = calloc(1, sizeof(*cd));
        if (!cd)
                return -ENOMEM;
        cd->description = json_incref((json_t *)description);
        cd->drive = drive;
        vm->cd = cd;
        r = json_object_get(disk, "domain") ? prepare(vm, disk, error) : put_in(vm, NULL, error);
        if (r >= 0) {
                cd->operation = operation_new(message);
                r = cd->operation ? 1 : -ENOMEM;
        }
        if (r < 0)
                vm->cd = cd_free(cd);
        return r;
}
