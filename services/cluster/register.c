/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "register.h"

#include <stdio.h>

#include "bus-error.h"
#include "dict.h"
#include "disk-alias.h"
#include "parse-util.h"
#include "plan.h"
#include "plan-template.h"
#include "spec.h"

/* ---- disks ---- */

static const json_t *find_image(const json_t *report, const char *image, sd_bus_error *error) {
        const json_t *found = json_object_get(json_object_get(report, "images"), image);

        if (!found)
                (void) sd_bus_error_setf(error, RHV_ERROR_NOT_FOUND, "The storage domain has no image %s", image);
        return found;
}

static int check_usable(const json_t *found, const char *image, sd_bus_error *error) {
        const char *type = dict_string(found, "disk_type", "DATA"),
                   *problem = json_string_value(json_array_get(json_object_get(found, "problems"), 0));

        if (!dict_boolean(found, "usable", false))
                return sd_bus_error_setf(error, RHV_ERROR_INVALID_STATE, "The image %s cannot be used: %s", image, problem ?: "no reason is known");
        /* "2" and "1" mean the same on old domains */
        if (!streq(type, "DATA") && !streq(type, "2") && !streq(type, "1") && !streq(type, DISK_TYPE_ISO))
                return sd_bus_error_setf(error, RHV_ERROR_NOT_SUPPORTED, "The image %s is no disk of a VM (%s)", image, type);
        return 0;
}

int register_disk(const json_t *report, const char *domain, const char *image, const json_t *changes, json_t **ret, sd_bus_error *error) {
        const json_t *found = find_image(report, image, error);
        _cleanup_free_ char *name = NULL;
        json_t *description;
        int r;

        if (!found)
                return -ENOENT;
        r = check_usable(found, image, error);
        if (r < 0)
                return r;
        name = disk_alias_read(dict_string(found, "description", ""), image);
        if (!name)
                return -ENOMEM;
        description = json_pack("{s:s, s:s, s:s, s:s, s:I, s:s, s:s, s:s*}", "id", image, "name", dict_string(changes, "name", name),
                                "storage_domain", domain, "volume", json_string_value(json_array_get(json_object_get(found, "chain"), 0)),
                                "capacity", (json_int_t)dict_integer(found, "capacity", 0), "format", dict_string(found, "format", "raw"),
                                "allocation",
                                streq(dict_string(found, "allocation", ""), "preallocated") ? "preallocated" : "sparse", "content_type",
                                streq(dict_string(found, "disk_type", ""), DISK_TYPE_ISO) ? DISK_CONTENT_ISO : NULL);
        if (!description || (json_object_get(changes, "description") &&
                             json_object_set(description, "description", json_object_get(changes, "description")) < 0)) {
                json_decref(description);
                return -ENOMEM;
        }
        *ret = description;
        return 0;
}

/* ---- VMs ---- */

/* One for each image: the definition lists every volume of a chain. */
int register_add_disks(const json_t *found, json_t *description) {
        json_t *disks = json_array();
        const json_t *disk;
        size_t i, k;

        if (!disks || json_object_set_new(description, "disks", disks) < 0)
                return -ENOMEM;
        json_array_foreach(json_object_get(found, "disks"), i, disk) {
                const char *image = dict_string(disk, "image", "");
                json_t *entry, *other;
                bool there = false;

                json_array_foreach(disks, k, other)
                        there = there || streq(dict_string(other, "disk", ""), image);
                if (there)
                        continue;
                entry = json_pack("{s:s, s:s}", "disk", image, "bus", dict_string(disk, "bus", "virtio"));
                if (!entry || json_array_append_new(disks, entry) < 0 ||
                    (dict_boolean(disk, "boot", false) && json_object_set_new(entry, "boot_order", json_integer(1)) < 0))
                        return -ENOMEM;
        }
        return 0;
}

int register_add_nics(const json_t *found, const char *vm, json_t *description, sd_bus_error *error) {
        json_t *nics = json_array();
        const json_t *nic;
        size_t i;

        if (!nics || json_object_set_new(description, "nics", nics) < 0)
                return -ENOMEM;
        json_array_foreach(json_object_get(found, "nics"), i, nic) {
                const char *network = dict_string(nic, "network", NULL), *mac = dict_string(nic, "mac", NULL);
                json_t *entry;

                /* in the engine a NIC may hang in the air; here each has a network */
                if (!network)
                        continue;
                entry = json_pack("{s:s, s:s}", "network", network, "model", dict_string(nic, "model", "virtio"));
                if (!entry || json_array_append_new(nics, entry) < 0)
                        return -ENOMEM;
                if (mac && !mac_is_valid(mac))
                        return sd_bus_error_setf(error, RHV_ERROR_BAD_FORMAT, "The definition of the VM %s has the MAC address \"%.20s\"", vm, mac);
                if (mac && json_object_set_new(entry, "mac", json_string(mac)) < 0)
                        return -ENOMEM;
        }
        return 0;
}

static int check_definition(const json_t *found, const char *vm, const char *name, bool is_template, sd_bus_error *error) {
        if (dict_boolean(found, "template", false) && !is_template)
                return sd_bus_error_setf(error, RHV_ERROR_NOT_SUPPORTED, "%s is a template, and no VM", vm);
        if (!dict_boolean(found, "template", false) && is_template)
                return sd_bus_error_setf(error, RHV_ERROR_INVALID_ARGUMENT, "%s is a VM, and no template", vm);
        if (streq(dict_string(found, "firmware", "bios"), "uefi"))
                return sd_bus_error_setf(error, RHV_ERROR_NOT_SUPPORTED, "The VM %s boots by UEFI, which is not supported yet", vm);
        if (!name_is_valid(name, NAME_BYTES_MAX))
                return sd_bus_error_setf(error, RHV_ERROR_INVALID_ARGUMENT,
                                         "The VM %s is called \"%s\", which is no name here: give another one (name)", vm, name);
        return 0;
}

int register_hardware(const json_t *found, json_t *description) {
        static const char *const copied[] = { "memory", "cpus", "sockets", "cores", "threads" };
        static const int64_t most[] = { INT64_MAX, INT64_MAX, VM_SOCKETS_MAX, VM_CORES_MAX, VM_THREADS_MAX };
        bool fits = true;

        /* a division that cannot be had here is left to the number of CPUs alone */
        for (size_t i = 2; i < ELEMENTSOF(copied); i++)
                fits = fits && dict_integer(found, copied[i], 1) <= most[i];
        for (size_t i = 0; i < (fits ? ELEMENTSOF(copied) : 2); i++) {
                json_t *value = json_object_get(found, copied[i]);

                if (value && json_object_set(description, copied[i], value) < 0)
                        return -ENOMEM;
        }
        if (!json_object_get(description, "description") && label_is_valid(dict_string(found, "description", ""), DESCRIPTION_BYTES_MAX) &&
            json_object_set(description, "description", json_object_get(found, "description")) < 0)
                return -ENOMEM;
        return streq(dict_string(found, "chipset", "q35"), "i440fx") ? json_object_set_new(description, "machine", json_string("pc")) : 0;
}

static int register_definition(const json_t *report, const char *vm, bool is_template, const json_t *changes, json_t **ret, sd_bus_error *error) {
        const json_t *found = json_object_get(json_object_get(report, "vms"), vm);
        _cleanup_json_ json_t *description = json_copy((json_t *)changes);
        const char *name;
        int r;

        if (!description)
                return -ENOMEM;
        if (!found)
                return sd_bus_error_setf(error, RHV_ERROR_NOT_FOUND, "The storage domain has no definition of a %s %s", is_template ? "template" : "VM", vm);
        name = dict_string(changes, "name", dict_string(found, "name", ""));
        r = check_definition(found, vm, name, is_template, error);
        if (r < 0)
                return r;
        if (json_object_set_new(description, "id", json_string(vm)) < 0 || json_object_set_new(description, "name", json_string(name)) < 0)
                return -ENOMEM;
        r = register_hardware(found, description);
        if (r >= 0)
                r = register_add_disks(found, description);
        if (r >= 0)
                r = register_add_nics(found, vm, description, error);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(description);
        return 0;
}

int register_vm(const json_t *report, const char *vm, const json_t *changes, json_t **ret, sd_bus_error *error) {
        return register_definition(report, vm, false, changes, ret, error);
}

int register_template(const json_t *report, const char *template_id, const json_t *changes, json_t **ret, sd_bus_error *error) {
        return register_definition(report, template_id, true, changes, ret, error);
}

void register_drop_addresses(json_t *description) {
        json_t *nic;
        size_t i;

        json_array_foreach(json_object_get(description, "nics"), i, nic)
                (void) json_object_del(nic, "mac");
}

/* ---- what there is ---- */

static int list_disk(json_t *list, const char *image, const json_t *found) {
        _cleanup_free_ char *name = disk_alias_read(dict_string(found, "description", ""), image);
        json_t *entry = json_copy((json_t *)found);

        if (!name || !entry || json_object_set_new(entry, "id", json_string(image)) < 0 ||
            json_object_set_new(entry, "name", json_string(name)) < 0) {
                json_decref(entry);
                return -ENOMEM;
        }
        return json_array_append_new(list, entry) < 0 ? -ENOMEM : 0;
}

json_t *register_list(const Model *model, const json_t *report) {
        /* what lies on an export domain is a copy, also of what is here */
        const bool copies = streq(dict_string(report, "class", ""), STORAGE_CLASS_EXPORT);
        _cleanup_json_ json_t *disks = json_array(), *vms = json_array();
        const char *id;
        json_t *found;

        if (!disks || !vms)
                return NULL;
        json_object_foreach(json_object_get(report, "images"), id, found)
                if (!model_find(model, KIND_DISK, id) && !plan_template_has(model, id) &&
                    !streq(dict_string(found, "disk_type", ""), "OVFS") && list_disk(disks, id, found) < 0)
                        return NULL;
        json_object_foreach(json_object_get(report, "vms"), id, found) {
                _cleanup_json_ json_t *entry = json_copy(found);

                if (!copies && (model_find(model, KIND_VM, id) || model_find(model, KIND_TEMPLATE, id)))
                        continue;
                if (!entry || json_object_set_new(entry, "id", json_string(id)) < 0 || json_array_append(vms, entry) < 0)
                        return NULL;
        }
        return json_pack("{s:O, s:O}", "disks", disks, "vms", vms);
}
