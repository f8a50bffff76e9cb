/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* VMs with their disks and NICs. */

#include "plan-internal.h"

#include <stdio.h>
#include <utlist.h>

#include "bus-error.h"
#include "dict.h"
#include "parse-util.h"
#include "plan-cd.h"
#include "plan-mac.h"
#include "plan-snapshot.h"
#include "plan-vnic.h"
#include "spec.h"

const char *vm_state(const Object *vm) {
        const char *state = dict_string(vm->facts, "state", "down");

        /* a start in flight is "starting" before Compute has an object for it */
        return streq(state, "down") && streq(dict_string(vm->facts, "doing", ""), "start") ? "starting" : state;
}

bool vm_is_down(const Object *vm) {
        return streq(vm_state(vm), "down") || streq(vm_state(vm), "crashed");
}

/* "unknown" is no answer to the question whether it runs. */
static int check_known(const Object *vm, sd_bus_error *error) {
        if (!streq(vm_state(vm), "unknown"))
                return 0;
        return sd_bus_error_setf(error, RHV_ERROR_BACKEND_UNAVAILABLE, "It is not known yet whether the VM %s runs", vm->name);
}

/* ---- VMs ---- */

int plan_touch(const Plan *plan, const Object *vm, Change *change) {
        if (streq(vm->boot, plan->boot_id))
                return 0;
        return change_put(change, "vm_run", json_pack("{s:s, s:s}", "vm", vm->id, "boot", plan->boot_id));
}

int plan_addresses(const Object *vm, const json_t *addresses, Change *change) {
        const char *device;
        json_t *address;
        int r;

        json_object_foreach((json_t *)addresses, device, address) {
                r = change_put(change, "vm_address",
                               json_pack("{s:s, s:s, s:O}", "vm", vm->id, "device", device, "address", address));
                if (r < 0)
                        return r;
        }
        return 0;
}

/* A disk may be used read-write by one VM, unless it is made to be shared; read-only by any. */
static int check_disk_use(const Object *disk, const char *vm_id, bool read_only, sd_bus_error *error) {
        const Link *user;

        if (!streq(disk->parent->state, "attached"))
                return sd_bus_error_setf(error, RHV_ERROR_INVALID_STATE, "The storage domain of the disk %s is %s", disk->name,
                                         disk->parent->state);
        if (streq(disk->state, "illegal"))
                return sd_bus_error_setf(error, RHV_ERROR_INVALID_STATE, "The disk %s is not usable: %s", disk->name,
                                         dict_string(disk->spec, "reason", "its content is not complete"));

        DL_FOREACH2(disk->users, user, other_next) {
                if (streq(user->vm->id, vm_id))
                        return sd_bus_error_setf(error, RHV_ERROR_ALREADY_EXISTS, "The disk %s is attached already",
                                                 disk->name);
                if (dict_boolean(disk->spec, "shareable", false))
                        continue;
                if (!read_only && !dict_boolean(user->spec, "read_only", false))
                        return sd_bus_error_setf(error, RHV_ERROR_IN_USE,
                                                 "The disk %s belongs to the VM %s: attach it read-only, or detach it "
                                                 "there first",
                                                 disk->name, user->vm->name);
                if (read_only != dict_boolean(user->spec, "read_only", false))
                        return sd_bus_error_setf(error, RHV_ERROR_IN_USE,
                                                 "The disk %s is used by the VM %s: a disk that one VM writes cannot be "
                                                 "read by another, unless it is shareable",
                                                 disk->name, user->vm->name);
        }
        return 0;
}

static int put_vm_disk(const Plan *plan, const char *vm_id, Object *scope, const json_t *given, Change *change,
                       sd_bus_error *error) {
        _cleanup_json_ json_t *spec = json_copy((json_t *)given);
        Object *disk = model_resolve(plan->model, KIND_DISK, dict_string(given, "disk", ""), scope, error);
        bool read_only = dict_boolean(given, "read_only", false);
        int r;

        if (!spec)
                return -ENOMEM;
        if (!disk)
                return -ENOENT;
        r = disk_check_no_iso(disk, "attached: the VM's \"cdrom\" names it", error);
        if (r >= 0)
                r = check_disk_use(disk, vm_id, read_only, error);
        if (r < 0)
                return r;
        if (read_only && streq(dict_string(given, "bus", "virtio"), "sata"))
                return sd_bus_error_setf(error, RHV_ERROR_INVALID_ARGUMENT,
                                         "The disk %s cannot be read-only on a SATA bus", disk->name);

        (void) json_object_del(spec, "disk");
        (void) json_object_del(spec, "request_id");
        if (!json_object_get(spec, "bus") && json_object_set_new(spec, "bus", json_string("virtio")) < 0)
                return -ENOMEM;
        return change_put(change, "vm_disk", json_pack("{s:s, s:s, s:O}", "vm", vm_id, "id", disk->id, "spec", spec));
}

static bool nic_id_in_use(const Plan *plan, const Change *change, const char *id) {
        json_t *entry;
        size_t i;

        for (const Object *vm = model_first(plan->model, KIND_VM); vm; vm = vm->next)
                if (link_find(vm->nics, id))
                        return true;
        json_array_foreach(change->rows, i, entry)
                if (streq(dict_string(entry, "table", ""), "vm_nic") &&
                    streq_ptr(dict_string(json_object_get(entry, "row"), "id", NULL), id))
                        return true;
        return false;
}

static int put_vm_nic(const Plan *plan, const char *vm_id, Object *cluster, const json_t *given, Change *change,
                      sd_bus_error *error) {
        Object *network, *profile;
        const char *wanted = dict_string(given, "mac", NULL), *given_id = dict_string(given, "id", NULL);
        char id[UUID_STRING_MAX], mac[MAC_STRING_MAX];
        json_t *spec;
        int r;

        r = plan_resolve_nic(plan, given, cluster->parent, &network, &profile, error);
        if (r < 0)
                return r;
        if (!dict_boolean(network->spec, "bridged", true))
                return sd_bus_error_setf(error, RHV_ERROR_INVALID_ARGUMENT,
                                         "The network %s has no bridge: VMs cannot use it", network->name);
        if (vnic_profile_passes(profile) && !dict_boolean(given, "link", true))
                return sd_bus_error_setf(error, RHV_ERROR_INVALID_ARGUMENT, "The vNIC profile %s passes the NIC through: its link cannot be down", profile->name);
        if (given_id && nic_id_in_use(plan, change, given_id))
                return sd_bus_error_setf(error, RHV_ERROR_ALREADY_EXISTS, "A NIC with id %s exists already", given_id);
        r = wanted ? plan_check_mac(plan, cluster, vm_id, change, wanted, error) : plan_take_mac(plan, cluster, change, mac, error);
        if (r >= 0 && !given_id)
                r = uuid_generate(id);
        if (r < 0)
                return r;

        change->mirrors = change->mirrors || vnic_profile_mirrors(profile);
        spec = json_pack("{s:s, s:b, s:s*, s:I}", "model", dict_string(given, "model", "virtio"), "link",
                         dict_boolean(given, "link", true), "profile", profile ? profile->id : NULL, "boot_order",
                         (json_int_t)dict_integer(given, "boot_order", 0));
        return change_put(change, "vm_nic",
                          json_pack("{s:s, s:s, s:s, s:s, s:o}", "vm", vm_id, "id", given_id ?: id, "network",
                                    network->id, "mac", wanted ?: mac, "spec", spec));
}

/* With what it has (vm may be NULL) and what the change adds to it. */
static int check_devices(const Object *vm, const Change *change, sd_bus_error *error) {
        _cleanup_json_ json_t *disks = json_array(), *nics = json_array();
        const Link *link;
        json_t *entry;
        size_t i;

        if (!disks || !nics)
                return -ENOMEM;
        for (link = vm ? vm->disks : NULL; link; link = link->next)
                if (json_array_append(disks, link->spec) < 0)
                        return -ENOMEM;
        for (link = vm ? vm->nics : NULL; link; link = link->next)
                if (json_array_append(nics, link->spec) < 0)
                        return -ENOMEM;
        json_array_foreach(change->rows, i, entry) {
                const char *table = dict_string(entry, "table", "");
                json_t *list = streq(table, "vm_disk") ? disks : streq(table, "vm_nic") ? nics : NULL;

                if (list && json_array_append(list, json_object_get(json_object_get(entry, "row"), "spec")) < 0)
                        return -ENOMEM;
        }
        return vm_devices_check(disks, nics, error);
}

static int put_vm_devices(const Plan *plan, const char *vm_id, Object *cluster, const json_t *description,
                          Change *change, sd_bus_error *error) {
        const json_t *disks = json_object_get(description, "disks"), *nics = json_object_get(description, "nics");
        json_t *entry;
        size_t i;
        int r;

        json_array_foreach((json_t *)disks, i, entry) {
                size_t before = json_array_size(change->rows);

                r = put_vm_disk(plan, vm_id, cluster->parent, entry, change, error);
                if (r < 0)
                        return r;
                for (size_t k = 0; k < before; k++) {
                        const json_t *other = json_array_get(change->rows, k);
                        const json_t *mine = json_array_get(change->rows, before);

                        if (streq(dict_string(other, "table", ""), "vm_disk") &&
                            json_equal(json_object_get(json_object_get(other, "row"), "id"),
                                       json_object_get(json_object_get(mine, "row"), "id")))
                                return sd_bus_error_set(error, RHV_ERROR_INVALID_ARGUMENT,
                                                        "VM: the same disk is listed twice");
                }
        }
        json_array_foreach((json_t *)nics, i, entry) {
                r = put_vm_nic(plan, vm_id, cluster, entry, change, error);
                if (r < 0)
                        return r;
        }
        r = check_devices(NULL, change, error);
        return r < 0 ? r : plan_warn_mac_pool(plan, cluster, change);
}

static json_t *vm_row(const char *id, const char *name, const Object *cluster, bool autostart, json_t *spec) {
        return json_pack("{s:s, s:s, s:s, s:s, s:i, s:O}", "id", id, "name", name, "cluster", cluster->id,
                         "data_center", cluster->parent->id, "autostart", autostart ? 1 : 0, "spec", spec);
}

int plan_create_vm(const Plan *plan, const json_t *description, Change *change, sd_bus_error *error) {
        _cleanup_json_ json_t *spec = spec_strip(description);
        const char *name = dict_string(description, "name", "");
        char id[UUID_STRING_MAX];
        Object *cluster;
        int r;

        if (!spec)
                return -ENOMEM;
        r = plan_new_id(plan, KIND_VM, description, id, error);
        if (r < 0)
                return r;
        cluster = plan_container(plan, KIND_CLUSTER, description, error);
        if (!cluster)
                return -EINVAL;
        r = plan_check_name(plan, KIND_VM, name, cluster->parent, NULL, error);
        if (r < 0)
                return r;
        r = vm_spec_complete(spec, error);
        if (r >= 0)
                r = plan_resolve_cdrom(plan, cluster->parent, spec, error);
        if (r < 0)
                return r;

        r = change_put(change, "vm", vm_row(id, name, cluster, dict_boolean(description, "autostart", false), spec));
        if (r < 0)
                return r;
        r = change_put(change, "vm_run", json_pack("{s:s, s:s}", "vm", id, "boot", plan->boot_id));
        if (r < 0)
                return r;
        r = put_vm_devices(plan, id, cluster, description, change, error);
        if (r < 0)
                return r;
        return plan_created(plan, change, KIND_VM, id, name);
}

int plan_check_vm_still(const Object *vm, const char *what, sd_bus_error *error) {
        int r;

        if (vm->job[0])
                return sd_bus_error_setf(error, RHV_ERROR_BUSY, "The VM %s is busy with job %s", vm->name, vm->job);
        if (vm_is_down(vm))
                return 0;
        r = check_known(vm, error);
        if (r < 0)
                return r;
        return sd_bus_error_setf(error, RHV_ERROR_INVALID_STATE, "The VM %s is %s: shut it down before %s", vm->name,
                                 vm_state(vm), what);
}

int plan_attach_disk(const Plan *plan, const Object *vm, const char *disk, const json_t *options, Change *change,
                     sd_bus_error *error) {
        _cleanup_json_ json_t *given = json_copy((json_t *)options);
        int r;

        if (!given || json_object_set_new(given, "disk", json_string(disk)) < 0)
                return -ENOMEM;
        r = plan_check_vm_still(vm, "attaching a disk", error);
        if (r < 0)
                return r;
        r = put_vm_disk(plan, vm->id, object_data_center((Object *)vm), given, change, error);
        if (r >= 0)
                r = check_devices(vm, change, error);
        if (r < 0)
                return r;
        return event_add(change, &plan->actor, EVENT_NORMAL, "disk-attached", EVENT_OBJECTS(vm->path),
                         "The disk %s was attached to the VM %s", disk, vm->name);
}

static Link *find_link(Link *links, const char *reference) {
        Link *link;

        DL_FOREACH(links, link)
                if (streq(dict_string(link->row, "id", ""), reference) || streq(link->other->name, reference))
                        return link;
        return NULL;
}

int plan_detach_disk(const Plan *plan, const Object *vm, const char *disk, Change *change, sd_bus_error *error) {
        Link *link = find_link(vm->disks, disk);
        int r;

        r = plan_check_vm_still(vm, "detaching a disk", error);
        if (r < 0)
                return r;
        if (!link)
                return sd_bus_error_setf(error, RHV_ERROR_NOT_FOUND, "The VM %s has no disk '%s'", vm->name, disk);
        r = plan_check_no_snapshot(plan->model, link->other, "detaching it", error);
        if (r < 0)
                return r;

        r = change_delete(change, "vm_disk", json_pack("{s:s, s:s}", "vm", vm->id, "id", link->other->id));
        if (r < 0)
                return r;
        if (json_object_get(vm->addresses, link->other->id)) {
                r = change_delete(change, "vm_address", json_pack("{s:s, s:s}", "vm", vm->id, "device", link->other->id));
                if (r < 0)
                        return r;
        }
        return event_add(change, &plan->actor, EVENT_NORMAL, "disk-detached", EVENT_OBJECTS(vm->path, link->other->path),
                         "The disk %s was detached from the VM %s", link->other->name, vm->name);
}

int plan_add_nic(const Plan *plan, const Object *vm, const json_t *nic, Change *change, sd_bus_error *error) {
        const json_t *row;
        int r;

        r = plan_check_vm_still(vm, "adding a NIC", error);
        if (r < 0)
                return r;
        r = put_vm_nic(plan, vm->id, vm->parent, nic, change, error);
        if (r >= 0)
                r = check_devices(vm, change, error);
        if (r >= 0)
                r = plan_warn_mac_pool(plan, vm->parent, change);
        if (r < 0)
                return r;

        row = json_object_get(json_array_get(change->rows, 0), "row");
        r = change_outcome(change, "nic", json_incref(json_object_get(row, "id")));
        if (r < 0)
                return r;
        return event_add(change, &plan->actor, EVENT_NORMAL, "nic-added", EVENT_OBJECTS(vm->path),
                         "The NIC %s was added to the VM %s", dict_string(row, "mac", ""), vm->name);
}

/* A profile alone is looked for on the NIC's own network first: names of profiles are unique only there. */
static int resolve_nic_update(const Plan *plan, const Link *link, const json_t *changes, Object **network, Object **profile, sd_bus_error *error) {
        const char *reference = dict_string(changes, "profile", NULL);
        Object *found;

        if (!json_object_get(changes, "network") && !reference)
                return 0;
        found = !json_object_get(changes, "network") ? model_resolve(plan->model, KIND_VNIC_PROFILE, reference, link->other, NULL) : NULL;
        if (!found)
                return plan_resolve_nic(plan, changes, link->vm->parent->parent, network, profile, error);
        *profile = found;
        *network = found->parent;
        return 0;
}

static json_t *updated_nic_row(const Link *link, const json_t *changes, const Object *network, const Object *profile) {
        _cleanup_json_ json_t *row = json_copy(link->row), *spec = json_copy(link->spec);
        int r = 0;

        if (!row || !spec)
                return NULL;
        if (profile)
                r |= json_object_set_new(spec, "profile", json_string(profile->id));
        else
                (void) json_object_del(spec, "profile");
        if (json_object_get(changes, "link"))
                r |= json_object_set(spec, "link", json_object_get(changes, "link"));
        r |= json_object_set_new(row, "network", json_string(network->id));
        r |= json_object_set(row, "spec", spec);
        return r == 0 ? TAKE_PTR(row) : NULL;
}

int plan_update_nic(const Plan *plan, const Object *vm, const char *nic, const json_t *changes, Change *change, sd_bus_error *error) {
        Link *link = link_find(vm->nics, nic);
        Object *network, *profile;
        int r;

        if (!link)
                return sd_bus_error_setf(error, RHV_ERROR_NOT_FOUND, "The VM %s has no NIC '%s'", vm->name, nic);
        if (vm->job[0])
                return sd_bus_error_setf(error, RHV_ERROR_BUSY, "The VM %s is busy with job %s", vm->name, vm->job);
        network = link->other;
        profile = link->profile;
        r = vm_is_down(vm) ? 0 : check_known(vm, error);
        if (r >= 0)
                r = resolve_nic_update(plan, link, changes, &network, &profile, error);
        if (r < 0)
                return r;
        if (!dict_boolean(network->spec, "bridged", true))
                return sd_bus_error_setf(error, RHV_ERROR_INVALID_ARGUMENT, "The network %s has no bridge: VMs cannot use it", network->name);
        if (vnic_profile_passes(profile) && !dict_boolean(changes, "link", dict_boolean(link->spec, "link", true)))
                return sd_bus_error_setf(error, RHV_ERROR_INVALID_ARGUMENT, "The vNIC profile %s passes the NIC through: its link cannot be down", profile->name);
        if (!vm_is_down(vm) && (vnic_profile_passes(profile) || vnic_profile_passes(link->profile)))
                return sd_bus_error_setf(error, RHV_ERROR_INVALID_STATE, "The VM %s is %s: shut it down before a pass-through NIC is changed", vm->name, vm_state(vm));
        if (!vm_is_down(vm) && vnic_profile_mirrors(profile) != vnic_profile_mirrors(link->profile))
                return sd_bus_error_setf(error, RHV_ERROR_INVALID_STATE, "The VM %s is %s: shut it down before port mirroring is changed", vm->name, vm_state(vm));

        change->mirrors = profile != link->profile && vnic_profile_mirrors(profile);
        r = change_put(change, "vm_nic", updated_nic_row(link, changes, network, profile));
        if (r < 0)
                return r;
        return event_add(change, &plan->actor, EVENT_NORMAL, "nic-updated", EVENT_OBJECTS(vm->path), "The NIC %s of the VM %s was changed",
                         dict_string(link->row, "mac", ""), vm->name);
}

int plan_remove_nic(const Plan *plan, const Object *vm, const char *nic, Change *change, sd_bus_error *error) {
        Link *link = link_find(vm->nics, nic);
        int r;

        r = plan_check_vm_still(vm, "removing a NIC", error);
        if (r < 0)
                return r;
        if (!link)
                return sd_bus_error_setf(error, RHV_ERROR_NOT_FOUND, "The VM %s has no NIC '%s'", vm->name, nic);

        r = change_delete(change, "vm_nic", json_pack("{s:s, s:s}", "vm", vm->id, "id", nic));
        if (r < 0)
                return r;
        if (json_object_get(vm->addresses, nic)) {
                r = change_delete(change, "vm_address", json_pack("{s:s, s:s}", "vm", vm->id, "device", nic));
                if (r < 0)
                        return r;
        }
        return event_add(change, &plan->actor, EVENT_NORMAL, "nic-removed", EVENT_OBJECTS(vm->path),
                         "The NIC %s was removed from the VM %s", dict_string(link->row, "mac", ""), vm->name);
}

/* ---- start ---- */

int plan_check_start(const Object *vm, sd_bus_error *error) {
        const Link *link, *user;
        int r;

        if (vm->job[0])
                return sd_bus_error_setf(error, RHV_ERROR_BUSY, "The VM %s is busy with job %s", vm->name, vm->job);
        r = check_known(vm, error);
        if (r < 0)
                return r;
        if (!vm_is_down(vm))
                return sd_bus_error_setf(error, RHV_ERROR_INVALID_STATE, "The VM %s is %s already", vm->name,
                                         vm_state(vm));

        DL_FOREACH(vm->disks, link) {
                const Object *disk = link->other;

                if (!streq(disk->state, "ok"))
                        return sd_bus_error_setf(error, RHV_ERROR_INVALID_STATE, "The disk %s of the VM %s is %s: %s",
                                                 disk->name, vm->name, disk->state,
                                                 dict_string(disk->spec, "reason", "a job works on it"));
                DL_FOREACH2(disk->users, user, other_next)
                        if (user->vm != vm && !vm_is_down(user->vm) && !dict_boolean(disk->spec, "shareable", false) &&
                            !dict_boolean(link->spec, "read_only", false))
                                return sd_bus_error_setf(error, RHV_ERROR_IN_USE, "The disk %s is in use by the VM %s",
                                                         disk->name, user->vm->name);
        }
        return 0;
}
