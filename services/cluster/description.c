/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "description.h"

#include <utlist.h>

#include "dict.h"
#include "plan-cd.h"
#include "plan.h"
#include "plan-vnic.h"
#include "spec.h"

/* Of every ISO domain. */
#define ISO_IMAGE "11111111-1111-1111-1111-111111111111"

static int set_new(json_t *object, const char *key, json_t *value) {
        return json_object_set_new(object, key, value);
}

static int set_address(json_t *device, const Object *vm, const char *id) {
        json_t *address = json_object_get(vm->addresses, id);

        return address ? json_object_set(device, "address", address) : 0;
}

/* Boot order 0 means: not booted from. When nobody said anything, the first disk boots. */
bool vm_has_boot_order(const Object *vm) {
        const Link *link;

        if (dict_integer(vm->spec, "cdrom_boot_order", 0) > 0)
                return true;
        DL_FOREACH(vm->disks, link)
                if (dict_integer(link->spec, "boot_order", 0) > 0)
                        return true;
        DL_FOREACH(vm->nics, link)
                if (dict_integer(link->spec, "boot_order", 0) > 0)
                        return true;
        return false;
}

static json_t *disk_entry(const Object *vm, const Link *link, bool first) {
        const Object *disk = link->other;
        json_t *entry = json_copy(link->spec);

        if (!entry)
                return NULL;

        if (first && !vm_has_boot_order(vm) && set_new(entry, "boot_order", json_integer(1)) < 0)
                goto fail;
        if (dict_integer(entry, "boot_order", 0) == 0)
                (void) json_object_del(entry, "boot_order");
        if (set_new(entry, "id", json_string(dict_string(disk->spec, "image", disk->id))) < 0 ||
            set_new(entry, "domain", json_string(disk->parent->id)) < 0 ||
            set_new(entry, "volume", json_string(dict_string(disk->spec, "volume", ""))) < 0 ||
            set_new(entry, "shared", json_boolean(dict_boolean(disk->spec, "shareable", false))) < 0 ||
            (dict_boolean(disk->spec, "discard", false) && set_new(entry, "discard", json_true()) < 0) ||
            set_address(entry, vm, dict_string(disk->spec, "image", disk->id)) < 0)
                goto fail;
        return entry;

fail:
        json_decref(entry);
        return NULL;
}

/* Only where the bridge is shared by networks: else it has the network's name, which Compute takes by itself. */
static int set_place(json_t *entry, const json_t *properties) {
        int64_t vlan = dict_integer(properties, "PortVlan", 0);

        if (vlan == 0)
                return 0;
        return set_new(entry, "bridge", json_string(dict_string(properties, "Bridge", ""))) < 0 ? -ENOMEM : set_new(entry, "vlan", json_integer(vlan));
}

/* Of a pass-through NIC: which virtual functions it may get, and the tag that the host's NIC puts on what the guest sends. */
static int set_functions(json_t *entry, const json_t *properties) {
        int64_t vlan = dict_integer(properties, "Vlan", 0);
        json_t *list = json_object_get(properties, "FreeVfs");

        (void) json_object_del(entry, "link");
        if (vlan > 0 && set_new(entry, "vlan", json_integer(vlan)) < 0)
                return -ENOMEM;
        return set_new(entry, "vfs", list ? json_incref(list) : json_array()) < 0 ? -ENOMEM : 0;
}

static json_t *nic_entry(const Object *vm, const Link *link, const json_t *host_networks, const json_t *filters) {
        _cleanup_free_ char *network = network_host_name(link->other->name, link->other->id);
        const char *id = dict_string(link->row, "id", "");
        json_t *entry = json_copy(link->spec);

        if (!entry || !network)
                goto fail;

        if (dict_integer(entry, "boot_order", 0) == 0)
                (void) json_object_del(entry, "boot_order");
        (void) json_object_del(entry, "profile");
        if (vnic_profile_describe(link->profile, filters, entry) < 0 || set_new(entry, "id", json_string(id)) < 0 || set_new(entry, "network", json_string(network)) < 0 ||
            set_new(entry, "mac", json_string(dict_string(link->row, "mac", ""))) < 0 || set_address(entry, vm, id) < 0 ||
            (vnic_profile_passes(link->profile) ? set_functions : set_place)(entry, json_object_get(host_networks, network)) < 0)
                goto fail;
        return entry;

fail:
        json_decref(entry);
        return NULL;
}

json_t *vm_nic_description(const Model *model, const Object *vm, const json_t *row, const json_t *host_networks, const json_t *filters) {
        json_t *spec = json_object_get(row, "spec");
        Link link = {
                .vm = (Object *)vm,
                .other = model_find(model, KIND_NETWORK, dict_string(row, "network", "")),
                .profile = model_find(model, KIND_VNIC_PROFILE, dict_string(spec, "profile", "")),
                .row = (json_t *)row,
                .spec = spec,
        };

        return link.other ? nic_entry(vm, &link, host_networks, filters) : NULL;
}

/* One drive, with the id of the image that has an ISO domain's files; it may be empty. */
static int add_cdrom(const Model *model, const Object *vm, json_t *disks) {
        const int64_t order = dict_integer(vm->spec, "cdrom_boot_order", 0);
        Medium medium;
        const bool full = vm_medium(model, vm->spec, &medium);
        json_t *entry;

        if (!full && !dict_boolean(vm->spec, "cdrom_drive", false))
                return 0;
        entry = json_pack("{s:s, s:s, s:s, s:b}", "id", ISO_IMAGE, "device", "cdrom", "bus", "sata", "read_only", 1);
        if (!entry || json_array_append_new(disks, entry) < 0 || set_address(entry, vm, ISO_IMAGE) < 0 || (full && medium_describe(&medium, entry) < 0))
                return -ENOMEM;
        return order > 0 ? set_new(entry, "boot_order", json_integer(order)) : 0;
}

json_t *vm_description(const Model *model, const Object *vm, const json_t *host_networks, const json_t *filters) {
        _cleanup_json_ json_t *description = json_copy(vm->spec), *disks = json_array(), *nics = json_array();
        const Link *link;

        if (!description || !disks || !nics)
                return NULL;

        (void) json_object_del(description, "description");
        (void) json_object_del(description, "cdrom");
        (void) json_object_del(description, "cdrom_boot_order");
        (void) json_object_del(description, "cdrom_drive");
        DL_FOREACH(vm->disks, link)
                if (json_array_append_new(disks, disk_entry(vm, link, link == vm->disks)) < 0)
                        return NULL;
        if (add_cdrom(model, vm, disks) < 0)
                return NULL;
        DL_FOREACH(vm->nics, link)
                if (json_array_append_new(nics, nic_entry(vm, link, host_networks, filters)) < 0)
                        return NULL;

        if (set_new(description, "name", json_string(vm->name)) < 0 || json_object_set(description, "disks", disks) < 0 ||
            json_object_set(description, "nics", nics) < 0)
                return NULL;
        return TAKE_PTR(description);
}

json_t *vm_configuration(const Object *vm) {
        _cleanup_json_ json_t *configuration = json_copy(vm->spec), *disks = json_array(), *nics = json_array();
        const Link *link;

        if (!configuration || !disks || !nics)
                return NULL;

        DL_FOREACH(vm->disks, link) {
                json_t *entry = json_copy(link->spec);

                if (!entry || set_new(entry, "disk", json_string(link->other->id)) < 0 ||
                    set_new(entry, "name", json_string(link->other->name)) < 0 ||
                    json_array_append_new(disks, entry) < 0)
                        return NULL;
        }
        DL_FOREACH(vm->nics, link) {
                json_t *entry = json_copy(link->spec);

                if (!entry || json_object_set(entry, "id", json_object_get(link->row, "id")) < 0 ||
                    json_object_set(entry, "mac", json_object_get(link->row, "mac")) < 0 ||
                    set_new(entry, "network", json_string(link->other->name)) < 0 ||
                    (link->profile && set_new(entry, "profile", json_string(link->profile->name)) < 0) ||
                    json_array_append_new(nics, entry) < 0)
                        return NULL;
        }

        if (set_new(configuration, "name", json_string(vm->name)) < 0 ||
            set_new(configuration, "cluster", json_string(vm->parent->id)) < 0 ||
            set_new(configuration, "autostart", json_boolean(dict_integer(vm->row, "autostart", 0))) < 0 ||
            json_object_set(configuration, "disks", disks) < 0 || json_object_set(configuration, "nics", nics) < 0)
                return NULL;
        return TAKE_PTR(configuration);
}

static bool is_own_device(const Object *vm, const char *id) {
        const Link *link;

        if (link_find(vm->nics, id))
                return true;
        DL_FOREACH(vm->disks, link)
                if (streq(dict_string(link->other->spec, "image", link->other->id), id))
                        return true;
        return false;
}

json_t *vm_new_addresses(const Object *vm, const json_t *devices) {
        _cleanup_json_ json_t *found = json_object();
        const json_t *device;
        size_t i;

        if (!found)
                return NULL;

        json_array_foreach((json_t *)devices, i, device) {
                const char *id = dict_string(device, "id", NULL);
                json_t *address = json_object_get(device, "address");

                if (!id || !json_is_object(address) || json_object_size(address) == 0 || !is_own_device(vm, id))
                        continue;
                if (json_equal(json_object_get(vm->addresses, id), address))
                        continue;
                if (json_object_set(found, id, address) < 0)
                        return NULL;
        }

        return json_object_size(found) > 0 ? TAKE_PTR(found) : NULL;
}
