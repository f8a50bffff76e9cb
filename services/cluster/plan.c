/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plan.h"

#include <utlist.h>

#include "bus-error.h"
#include "bus-object.h"
#include "dict.h"
#include "mac.h"
#include "parse-util.h"
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

/* ---- what all creations share ---- */

static int new_id(const Plan *plan, ObjectKind kind, const json_t *description, char ret[static UUID_STRING_MAX],
                  sd_bus_error *error) {
        const char *given = dict_string(description, "id", NULL);

        if (model_count(plan->model, kind) >= OBJECTS_MAX)
                return sd_bus_error_setf(error, RHV_ERROR_LIMIT_EXCEEDED, "There are %u objects of kind %s already",
                                         OBJECTS_MAX, object_kind_to_string(kind));
        if (!given)
                return uuid_generate(ret);

        for (ObjectKind k = 0; k < _KIND_MAX; k++)
                if (model_find(plan->model, k, given))
                        return sd_bus_error_setf(error, RHV_ERROR_ALREADY_EXISTS, "The id %s belongs to a %s already",
                                                 given, object_kind_noun(k));
        (void) memcpy(ret, given, UUID_STRING_MAX);
        return 0;
}

/* No other object of the kind below scope (NULL: anywhere) may have the name. */
static int check_name(const Plan *plan, ObjectKind kind, const char *name, const Object *scope, const Object *self,
                      sd_bus_error *error) {
        for (Object *object = model_first(plan->model, kind); object; object = object->next) {
                const Object *up = object;

                while (scope && up && up != scope)
                        up = up->parent;
                if (object != self && (!scope || up) && streq(object->name, name))
                        return sd_bus_error_setf(error, RHV_ERROR_ALREADY_EXISTS, "A %s named '%s' exists already",
                                                 object_kind_noun(kind), name);
        }
        return 0;
}

/* Where names of a kind must be unique. */
static const Object *name_scope(ObjectKind kind, Object *parent) {
        switch (kind) {
        case KIND_NETWORK:
        case KIND_VM:
                return object_data_center(parent);
        case KIND_DISK:
                return parent;
        default:
                return NULL;
        }
}

/* The container a description names, or the only one there is. */
static Object *container(const Plan *plan, ObjectKind kind, const json_t *description, sd_bus_error *error) {
        const char *reference = dict_string(description, object_kind_to_string(kind), NULL);
        Object *first = model_first(plan->model, kind);

        if (reference)
                return model_resolve(plan->model, kind, reference, NULL, error);
        if (!first || first->next) {
                (void) sd_bus_error_setf(error, RHV_ERROR_INVALID_ARGUMENT, first ? "Say in which %s: there are several"
                                                                                  : "There is no %s yet",
                                         object_kind_noun(kind));
                return NULL;
        }
        return first;
}

static int put_outcome(Change *change, ObjectKind kind, const char *id) {
        _cleanup_free_ char *path = bus_object_path(object_kind_prefix(kind), id);

        return path ? change_outcome(change, "object", json_string(path)) : -ENOMEM;
}

static int created(const Plan *plan, Change *change, ObjectKind kind, const char *id, const char *name) {
        _cleanup_free_ char *path = bus_object_path(object_kind_prefix(kind), id);
        char code[64];
        int r;

        if (!path)
                return -ENOMEM;
        r = put_outcome(change, kind, id);
        if (r < 0)
                return r;
        (void) snprintf(code, sizeof code, "%s-created", object_kind_to_string(kind));
        return event_add(change, &plan->actor, EVENT_NORMAL, code, EVENT_OBJECTS(path), "The %s %s was created",
                         object_kind_noun(kind), name);
}

/* ---- containers, networks, domains, disks ---- */

int plan_create_data_center(const Plan *plan, const json_t *description, Change *change, sd_bus_error *error) {
        const char *name = dict_string(description, "name", "");
        char id[UUID_STRING_MAX], network[UUID_STRING_MAX];
        int r;

        r = new_id(plan, KIND_DATA_CENTER, description, id, error);
        if (r < 0)
                return r;
        r = check_name(plan, KIND_DATA_CENTER, name, NULL, NULL, error);
        if (r < 0)
                return r;
        r = uuid_generate(network);
        if (r < 0)
                return r;

        r = change_put(change, "data_center",
                       json_pack("{s:s, s:s, s:o}", "id", id, "name", name, "spec", spec_strip(description)));
        if (r < 0)
                return r;
        /* NET-02: every data center has its management network */
        r = change_put(change, "network",
                       json_pack("{s:s, s:s, s:s, s:{s:b, s:b, s:b, s:s}}", "id", network, "name", "ovirtmgmt",
                                 "data_center", id, "spec", "management", 1, "required", 1, "bridged", 1, "description",
                                 "Management network"));
        if (r < 0)
                return r;
        return created(plan, change, KIND_DATA_CENTER, id, name);
}

int plan_create_cluster(const Plan *plan, const json_t *description, Change *change, sd_bus_error *error) {
        const char *name = dict_string(description, "name", "");
        char id[UUID_STRING_MAX];
        Object *parent;
        int r;

        r = new_id(plan, KIND_CLUSTER, description, id, error);
        if (r < 0)
                return r;
        parent = container(plan, KIND_DATA_CENTER, description, error);
        if (!parent)
                return -EINVAL;
        r = check_name(plan, KIND_CLUSTER, name, NULL, NULL, error);
        if (r < 0)
                return r;

        r = change_put(change, "cluster",
                       json_pack("{s:s, s:s, s:s, s:o}", "id", id, "name", name, "data_center", parent->id, "spec",
                                 spec_strip(description)));
        if (r < 0)
                return r;
        return created(plan, change, KIND_CLUSTER, id, name);
}

static int check_mtu(const json_t *description, sd_bus_error *error) {
        int64_t mtu = dict_integer(description, "mtu", 0);

        /* RFC 791: every module forwards 68 octets */
        if (mtu > 0 && mtu < 68)
                return sd_bus_error_set(error, RHV_ERROR_INVALID_ARGUMENT,
                                        "network: mtu must be 0 (the default) or at least 68");
        return 0;
}

int plan_create_network(const Plan *plan, const json_t *description, Change *change, sd_bus_error *error) {
        const char *name = dict_string(description, "name", "");
        char id[UUID_STRING_MAX];
        Object *parent;
        int r;

        r = new_id(plan, KIND_NETWORK, description, id, error);
        if (r < 0)
                return r;
        r = check_mtu(description, error);
        if (r < 0)
                return r;
        parent = container(plan, KIND_DATA_CENTER, description, error);
        if (!parent)
                return -EINVAL;
        r = check_name(plan, KIND_NETWORK, name, parent, NULL, error);
        if (r < 0)
                return r;

        r = change_put(change, "network",
                       json_pack("{s:s, s:s, s:s, s:o}", "id", id, "name", name, "data_center", parent->id, "spec",
                                 spec_strip(description)));
        if (r < 0)
                return r;
        return created(plan, change, KIND_NETWORK, id, name);
}

int plan_create_storage_domain(const Plan *plan, const json_t *description, Change *change, sd_bus_error *error) {
        const char *name = dict_string(description, "name", ""), *path = dict_string(description, "path", "");
        char id[UUID_STRING_MAX];
        Object *parent;
        int r;

        r = new_id(plan, KIND_STORAGE_DOMAIN, description, id, error);
        if (r < 0)
                return r;
        parent = container(plan, KIND_DATA_CENTER, description, error);
        if (!parent)
                return -EINVAL;
        if (json_object_get(description, "host") &&
            !model_resolve(plan->model, KIND_HOST, dict_string(description, "host", ""), parent, error))
                return -ENOENT;
        r = check_name(plan, KIND_STORAGE_DOMAIN, name, NULL, NULL, error);
        if (r < 0)
                return r;
        for (Object *other = model_first(plan->model, KIND_STORAGE_DOMAIN); other; other = other->next)
                if (streq(dict_string(other->spec, "path", ""), path))
                        return sd_bus_error_setf(error, RHV_ERROR_ALREADY_EXISTS, "The storage domain %s is at %s",
                                                 other->name, path);

        r = change_put(change, "storage_domain",
                       json_pack("{s:s, s:s, s:s, s:s, s:o}", "id", id, "name", name, "data_center", parent->id,
                                 "state", "creating", "spec", spec_strip(description)));
        if (r < 0)
                return r;
        return put_outcome(change, KIND_STORAGE_DOMAIN, id);
}

int plan_create_disk(const Plan *plan, const json_t *description, Change *change, sd_bus_error *error) {
        _cleanup_json_ json_t *spec = NULL;
        const char *name = dict_string(description, "name", "");
        char id[UUID_STRING_MAX], volume[UUID_STRING_MAX];
        Object *domain;
        int r;

        r = new_id(plan, KIND_DISK, description, id, error);
        if (r < 0)
                return r;
        domain = container(plan, KIND_STORAGE_DOMAIN, description, error);
        if (!domain)
                return -EINVAL;
        if (!streq(domain->state, "attached"))
                return sd_bus_error_setf(error, RHV_ERROR_INVALID_STATE, "The storage domain %s is being %s",
                                         domain->name, streq(domain->state, "creating") ? "created" : "removed");
        r = check_name(plan, KIND_DISK, name, domain, NULL, error);
        if (r < 0)
                return r;
        if (dict_boolean(description, "shareable", false) && streq(dict_string(description, "format", "raw"), "qcow2"))
                return sd_bus_error_set(error, RHV_ERROR_INVALID_ARGUMENT, "disk: only a raw disk can be shareable");
        r = uuid_generate(volume);
        if (r < 0)
                return r;

        spec = spec_strip(description);
        if (!spec || json_object_set_new(spec, "image", json_string(id)) < 0 ||
            json_object_set_new(spec, "volume", json_string(volume)) < 0 ||
            (!json_object_get(spec, "format") && json_object_set_new(spec, "format", json_string("raw")) < 0) ||
            (!json_object_get(spec, "allocation") &&
             json_object_set_new(spec, "allocation", json_string("sparse")) < 0))
                return -ENOMEM;
        r = change_put(change, "disk",
                       json_pack("{s:s, s:s, s:s, s:s, s:O}", "id", id, "name", name, "storage_domain", domain->id,
                                 "state", "locked", "spec", spec));
        if (r < 0)
                return r;
        return put_outcome(change, KIND_DISK, id);
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

typedef struct MacUse {
        const Model *model;
        const Change *change; /* what this request gives out already */
} MacUse;

static bool mac_in_use(const char *mac, void *userdata) {
        const MacUse *use = userdata;
        json_t *entry;
        size_t i;

        if (model_mac_in_use(use->model, mac))
                return true;
        json_array_foreach(use->change->rows, i, entry)
                if (streq_ptr(dict_string(json_object_get(entry, "row"), "mac", NULL), mac))
                        return true;
        return false;
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

static int put_vm_nic(const Plan *plan, const char *vm_id, Object *scope, const json_t *given, Change *change,
                      sd_bus_error *error) {
        MacUse use = { plan->model, change };
        Object *network = model_resolve(plan->model, KIND_NETWORK, dict_string(given, "network", ""), scope, error);
        const char *wanted = dict_string(given, "mac", NULL), *given_id = dict_string(given, "id", NULL);
        char id[UUID_STRING_MAX], mac[MAC_STRING_MAX];
        json_t *spec;
        int r;

        if (!network)
                return -ENOENT;
        if (!dict_boolean(network->spec, "bridged", true))
                return sd_bus_error_setf(error, RHV_ERROR_INVALID_ARGUMENT,
                                         "The network %s has no bridge: VMs cannot use it", network->name);
        if (given_id && nic_id_in_use(plan, change, given_id))
                return sd_bus_error_setf(error, RHV_ERROR_ALREADY_EXISTS, "A NIC with id %s exists already", given_id);
        if (wanted && mac_in_use(wanted, &use))
                return sd_bus_error_setf(error, RHV_ERROR_ALREADY_EXISTS, "The address %s belongs to another NIC",
                                         wanted);

        r = given_id ? 0 : uuid_generate(id);
        if (r < 0)
                return r;
        if (!wanted) {
                uint16_t cursor = *plan->mac_cursor;

                r = mac_allocate(plan->mac_prefix, mac_in_use, &use, &cursor, mac);
                if (r < 0)
                        return sd_bus_error_setf(error, RHV_ERROR_LIMIT_EXCEEDED,
                                                 "No address is left in the range %s:00:00", plan->mac_prefix);
                *plan->mac_cursor = cursor;
        }

        spec = json_pack("{s:s, s:b, s:I}", "model", dict_string(given, "model", "virtio"), "link",
                         dict_boolean(given, "link", true), "boot_order",
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

static int put_vm_devices(const Plan *plan, const char *vm_id, Object *scope, const json_t *description,
                          Change *change, sd_bus_error *error) {
        const json_t *disks = json_object_get(description, "disks"), *nics = json_object_get(description, "nics");
        json_t *entry;
        size_t i;
        int r;

        json_array_foreach((json_t *)disks, i, entry) {
                size_t before = json_array_size(change->rows);

                r = put_vm_disk(plan, vm_id, scope, entry, change, error);
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
                r = put_vm_nic(plan, vm_id, scope, entry, change, error);
                if (r < 0)
                        return r;
        }
        return check_devices(NULL, change, error);
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
        r = new_id(plan, KIND_VM, description, id, error);
        if (r < 0)
                return r;
        cluster = container(plan, KIND_CLUSTER, description, error);
        if (!cluster)
                return -EINVAL;
        r = check_name(plan, KIND_VM, name, cluster->parent, NULL, error);
        if (r < 0)
                return r;
        r = vm_spec_complete(spec, error);
        if (r < 0)
                return r;

        r = change_put(change, "vm", vm_row(id, name, cluster, dict_boolean(description, "autostart", false), spec));
        if (r < 0)
                return r;
        r = change_put(change, "vm_run", json_pack("{s:s, s:s}", "vm", id, "boot", plan->boot_id));
        if (r < 0)
                return r;
        r = put_vm_devices(plan, id, cluster->parent, description, change, error);
        if (r < 0)
                return r;
        return created(plan, change, KIND_VM, id, name);
}

static int check_vm_still(const Object *vm, const char *what, sd_bus_error *error) {
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
        r = check_vm_still(vm, "attaching a disk", error);
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

        r = check_vm_still(vm, "detaching a disk", error);
        if (r < 0)
                return r;
        if (!link)
                return sd_bus_error_setf(error, RHV_ERROR_NOT_FOUND, "The VM %s has no disk '%s'", vm->name, disk);

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

        r = check_vm_still(vm, "adding a NIC", error);
        if (r < 0)
                return r;
        r = put_vm_nic(plan, vm->id, object_data_center((Object *)vm), nic, change, error);
        if (r >= 0)
                r = check_devices(vm, change, error);
        if (r < 0)
                return r;

        row = json_object_get(json_array_get(change->rows, 0), "row");
        r = change_outcome(change, "nic", json_incref(json_object_get(row, "id")));
        if (r < 0)
                return r;
        return event_add(change, &plan->actor, EVENT_NORMAL, "nic-added", EVENT_OBJECTS(vm->path),
                         "The NIC %s was added to the VM %s", dict_string(row, "mac", ""), vm->name);
}

int plan_remove_nic(const Plan *plan, const Object *vm, const char *nic, Change *change, sd_bus_error *error) {
        Link *link = link_find(vm->nics, nic);
        int r;

        r = check_vm_still(vm, "removing a NIC", error);
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

/* ---- change and removal ---- */

int plan_update(const Plan *plan, const Object *object, const json_t *changes, Change *change, sd_bus_error *error) {
        _cleanup_json_ json_t *row = json_copy(object->row), *spec = json_copy(object->spec),
                              *given = spec_strip(changes);
        const char *name = dict_string(changes, "name", NULL);
        char code[64];
        int r;

        if (!row || !spec || !given)
                return -ENOMEM;
        if (name && !streq(name, object->name)) {
                if (object->kind == KIND_NETWORK && dict_boolean(object->spec, "management", false))
                        return sd_bus_error_set(error, RHV_ERROR_INVALID_ARGUMENT,
                                                "The management network keeps its name");
                if (object->kind == KIND_NETWORK && object->users)
                        return sd_bus_error_setf(error, RHV_ERROR_IN_USE, "The VM %s uses the network %s",
                                                 object->users->vm->name, object->name);
                r = check_name(plan, object->kind, name, name_scope(object->kind, object->parent), object, error);
                if (r < 0)
                        return r;
                if (json_object_set_new(row, "name", json_string(name)) < 0)
                        return -ENOMEM;
        }
        if (object->kind == KIND_NETWORK) {
                r = check_mtu(changes, error);
                if (r < 0)
                        return r;
                if (object->users && !dict_boolean(changes, "bridged", true))
                        return sd_bus_error_setf(error, RHV_ERROR_IN_USE, "The VM %s uses the network %s through its bridge",
                                                 object->users->vm->name, object->name);
        }
        if (object->kind == KIND_VM) {
                bool cpus = false, parts = false;

                if (json_object_get(changes, "autostart") &&
                    json_object_set_new(row, "autostart", json_integer(dict_boolean(changes, "autostart", false))) < 0)
                        return -ENOMEM;
                /* a new topology is worked out from what was said, not against the old one */
                cpus = json_object_get(given, "cpus");
                parts = json_object_get(given, "sockets") || json_object_get(given, "cores") ||
                        json_object_get(given, "threads");
                if (cpus || parts) {
                        (void) json_object_del(spec, "cpus");
                        (void) json_object_del(spec, "sockets");
                        if (cpus && !parts) {
                                (void) json_object_del(spec, "cores");
                                (void) json_object_del(spec, "threads");
                        }
                }
        }
        if (json_object_update(spec, given) < 0)
                return -ENOMEM;
        if (object->kind == KIND_VM) {
                r = vm_spec_complete(spec, error);
                if (r < 0)
                        return r;
                r = plan_touch(plan, object, change);
                if (r < 0)
                        return r;
        }

        if (json_object_set(row, "spec", spec) < 0)
                return -ENOMEM;
        r = change_put(change, object_kind_to_string(object->kind), json_incref(row));
        if (r < 0)
                return r;
        (void) snprintf(code, sizeof code, "%s-updated", object_kind_to_string(object->kind));
        return event_add(change, &plan->actor, EVENT_NORMAL, code, EVENT_OBJECTS(object->path), "The %s %s was changed",
                         object_kind_noun(object->kind), name ?: object->name);
}

static int check_removable(const Object *object, sd_bus_error *error) {
        if (object->job[0])
                return sd_bus_error_setf(error, RHV_ERROR_BUSY, "The %s %s is busy with job %s",
                                         object_kind_noun(object->kind), object->name, object->job);
        if (object->kind == KIND_NETWORK && dict_boolean(object->spec, "management", false))
                return sd_bus_error_set(error, RHV_ERROR_INVALID_ARGUMENT, "The management network cannot be removed");
        if (object->users)
                return sd_bus_error_setf(error, RHV_ERROR_IN_USE, "The VM %s uses the %s %s", object->users->vm->name,
                                         object_kind_noun(object->kind), object->name);
        if (object->kind == KIND_VM)
                return check_vm_still(object, "removing it", error);
        /* a data center's own management network goes with it */
        if (object->children > (object->kind == KIND_DATA_CENTER ? 1U : 0U))
                return sd_bus_error_setf(error, RHV_ERROR_IN_USE, "The %s %s is not empty",
                                         object_kind_noun(object->kind), object->name);
        return 0;
}

static int delete_vm_rows(const Object *vm, Change *change) {
        const char *device;
        const Link *link;
        json_t *value;
        int r = 0;

        DL_FOREACH(vm->disks, link)
                if (r >= 0)
                        r = change_delete(change, "vm_disk", json_pack("{s:s, s:s}", "vm", vm->id, "id", link->other->id));
        DL_FOREACH(vm->nics, link)
                if (r >= 0)
                        r = change_delete(change, "vm_nic",
                                          json_pack("{s:s, s:s}", "vm", vm->id, "id", dict_string(link->row, "id", "")));
        json_object_foreach(vm->addresses, device, value)
                if (r >= 0)
                        r = change_delete(change, "vm_address", json_pack("{s:s, s:s}", "vm", vm->id, "device", device));
        if (r >= 0 && vm->boot[0])
                r = change_delete(change, "vm_run", json_pack("{s:s}", "vm", vm->id));
        return r;
}

int plan_remove(const Plan *plan, const Object *object, Change *change, sd_bus_error *error) {
        char code[64];
        int r;

        r = check_removable(object, error);
        if (r < 0)
                return r;

        if (object->kind == KIND_VM)
                r = delete_vm_rows(object, change);
        if (r >= 0 && object->kind == KIND_DATA_CENTER)
                for (const Object *network = model_first(plan->model, KIND_NETWORK); network; network = network->next)
                        if (network->parent == object)
                                r = change_delete(change, "network", json_pack("{s:s}", "id", network->id));
        if (r >= 0)
                r = change_delete(change, object_kind_to_string(object->kind), json_pack("{s:s}", "id", object->id));
        if (r < 0)
                return r;

        (void) snprintf(code, sizeof code, "%s-removed", object_kind_to_string(object->kind));
        return event_add(change, &plan->actor, EVENT_NORMAL, code, EVENT_OBJECTS(object->path), "The %s %s was removed",
                         object_kind_noun(object->kind), object->name);
}

static int put_spec_row(const Object *object, const char *state, json_t *spec, Change *change) {
        json_t *row = json_copy(object->row);

        if (!row || json_object_set_new(row, "spec", spec) < 0 ||
            (state && json_object_set_new(row, "state", json_string(state)) < 0)) {
                json_decref(row);
                return -ENOMEM;
        }
        return change_put(change, object_kind_to_string(object->kind), row);
}

int plan_set_state(const Object *object, const char *state, const char *reason, Change *change) {
        json_t *spec = json_copy(object->spec);

        if (!spec)
                return -ENOMEM;
        (void) json_object_del(spec, "reason");
        if (!isempty(reason) && json_object_set_new(spec, "reason", json_string(reason)) < 0) {
                json_decref(spec);
                return -ENOMEM;
        }
        return put_spec_row(object, state, spec, change);
}

int plan_set_spec(const Object *object, const char *key, json_t *value, Change *change) {
        json_t *spec = json_copy(object->spec);

        if (!spec || !value || json_object_set_new(spec, key, value) < 0) {
                json_decref(spec);
                return -ENOMEM;
        }
        return put_spec_row(object, NULL, spec, change);
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

/* ---- a new installation ---- */

int plan_first_start(const Plan *plan, const char *host_id, const char *host_name, Change *change,
                     sd_bus_error *error) {
        const Object *cluster = model_first(plan->model, KIND_CLUSTER);
        char cluster_id[UUID_STRING_MAX];
        _cleanup_free_ char *path = NULL;
        int r;

        if (model_find(plan->model, KIND_HOST, host_id))
                return 0;

        if (!cluster) {
                _cleanup_json_ json_t *description = json_pack("{s:s}", "name", "Default");
                const json_t *data_center;

                r = uuid_generate(cluster_id);
                if (r < 0)
                        return r;
                r = description ? plan_create_data_center(plan, description, change, error) : -ENOMEM;
                if (r < 0)
                        return r;
                data_center = json_object_get(json_array_get(change->rows, 0), "row");
                r = change_put(change, "cluster",
                               json_pack("{s:s, s:s, s:s, s:{}}", "id", cluster_id, "name", "Default", "data_center",
                                         dict_string(data_center, "id", ""), "spec"));
                if (r < 0)
                        return r;
        } else
                (void) memcpy(cluster_id, cluster->id, sizeof cluster_id);

        r = change_put(change, "host",
                       json_pack("{s:s, s:s, s:s, s:{}}", "id", host_id, "name", host_name, "cluster", cluster_id,
                                 "spec"));
        if (r < 0)
                return r;
        path = bus_object_path(object_kind_prefix(KIND_HOST), host_id);
        if (!path)
                return -ENOMEM;
        return event_add(change, &plan->actor, EVENT_NORMAL, "host-added", EVENT_OBJECTS(path),
                         "The host %s was added to the cluster", host_name);
}
