/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "vm-nic.h"

#include "bus-error.h"
#include "dict.h"
#include "manager.h"
#include "vm-description.h"

/* ---- what may change ---- */

/* Return: its place among the NICs, or how many there are. */
static size_t find_nic(const json_t *nics, const char *id) {
        json_t *nic;
        size_t i;

        json_array_foreach((json_t *)nics, i, nic)
                if (streq(dict_string(nic, "id", ""), id))
                        break;
        return i;
}

static bool same(const json_t *a, const json_t *b, json_t *value_of_none) {
        bool equal = json_equal(a ?: value_of_none, b ?: value_of_none);

        json_decref(value_of_none);
        return equal;
}

static const char *fixed_difference(const json_t *before, const json_t *after) {
        /* a pass-through NIC has nothing that libvirt could change */
        if (json_object_get(before, "vfs") || json_object_get(after, "vfs"))
                return "vfs";
        if (json_object_get(after, "mac") && !json_equal(json_object_get(before, "mac"), json_object_get(after, "mac")))
                return "mac";
        if (!same(json_object_get(before, "model"), json_object_get(after, "model"), json_string("virtio")))
                return "model";
        if (!same(json_object_get(before, "boot_order"), json_object_get(after, "boot_order"), json_integer(0)))
                return "boot_order";
        if (!same(json_object_get(before, "vlan"), json_object_get(after, "vlan"), json_integer(0)))
                return "vlan";
        return same(json_object_get(before, "mirror"), json_object_get(after, "mirror"), json_false()) ? NULL : "mirror";
}

static int keep(json_t *nic, const json_t *before, const char *key) {
        json_t *value = json_object_get(before, key);

        if (!value) {
                (void) json_object_del(nic, key);
                return 0;
        }
        return json_object_set(nic, key, value);
}

int vm_nic_change(const json_t *description, const json_t *nic, json_t **ret, sd_bus_error *error) {
        _cleanup_json_ json_t *changed = json_deep_copy(description), *copy = json_deep_copy(nic);
        const json_t *nics = json_object_get(description, "nics"), *before;
        const char *id = dict_string(nic, "id", ""), *fixed;
        size_t i = find_nic(nics, id);
        int r;

        before = json_array_get(nics, i);
        if (!before)
                return sd_bus_error_setf(error, RHV_ERROR_NOT_FOUND, "The guest has no NIC '%s'", id);
        if (!changed || !copy)
                return -ENOMEM;
        fixed = fixed_difference(before, nic);
        if (fixed)
                return sd_bus_error_setf(error, RHV_ERROR_NOT_SUPPORTED, "The '%s' of a NIC cannot be changed while the guest runs", fixed);
        if (keep(copy, before, "mac") < 0 || keep(copy, before, "address") < 0 || json_array_set(json_object_get(changed, "nics"), i, copy) < 0)
                return -ENOMEM;
        r = vm_description_check(changed, error);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(changed);
        return 0;
}

/* ---- the change ---- */

static void on_updated(const VirtOutcome *outcome, void *context, void *userdata) {
        Operation **operation = context;
        Vm *vm = manager_find(userdata, outcome->id);

        if (outcome->r < 0) {
                *operation = operation_fail_errno(*operation, outcome->r, outcome->error);
                return;
        }
        if (vm) {
                vm_apply(vm, outcome->domain, outcome->serial);
                (void) vm_record_save(vm);
        }
        *operation = operation_reply(*operation, "");
}

/* libvirt finds a NIC by its MAC address, which it chose itself where the description names none. */
static const char *live_mac(const Vm *vm, const char *id) {
        json_t *device;
        size_t i;

        json_array_foreach(vm->devices, i, device)
                if (streq(dict_string(device, "id", ""), id))
                        return dict_string(device, "mac", NULL);
        return NULL;
}

int vm_nic_update(Vm *vm, const json_t *description, const char *id, sd_bus_message *message, sd_bus_error *error) {
        _cleanup_free_ char *xml = NULL, *metadata = NULL;
        VirtRequest request = { .verb = VIRT_UPDATE_NIC, .id = vm->id, .lane = vm->lane };
        _cleanup_json_ json_t *nic = NULL;
        json_t *nics = json_object_get(description, "nics");
        const char *mac = live_mac(vm, id);
        int r;

        nic = json_copy(json_array_get(nics, find_nic(nics, id)));
        if (!nic || (mac && json_object_set_new(nic, "mac", json_string(mac)) < 0))
                return -ENOMEM;
        r = vm_xml_build_nic(nic, &xml);
        if (r >= 0)
                r = vm_xml_build_metadata(description, vm->started_usec, &metadata);
        if (r < 0)
                return r;
        request.xml = xml;
        request.metadata = metadata;
        return virt_call_parked(vm->manager->virt, &request, on_updated, message, error);
}
