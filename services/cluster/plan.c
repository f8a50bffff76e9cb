/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Change and removal. */

#include "plan-internal.h"

#include <utlist.h>

#include "bus-error.h"
#include "dict.h"
#include "plan-cd.h"
#include "plan-host.h"
#include "plan-mac.h"
#include "plan-network.h"
#include "plan-vnic.h"
#include "spec.h"

/* Only networks VMs can use have profiles. */
static int change_profiles(const Plan *plan, const Object *network, const char *name, bool bridged, Change *change) {
        if (!bridged)
                return plan_delete_network_profiles(plan, network, change);
        return network->children == 0 ? plan_put_network_profile(network->id, name, change) : 0;
}

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
                r = plan_check_name(plan, object->kind, name, plan_name_scope(object->kind, object->parent), object, error);
                if (r < 0)
                        return r;
                if (json_object_set_new(row, "name", json_string(name)) < 0)
                        return -ENOMEM;
        }
        if (object->kind == KIND_NETWORK) {
                r = plan_check_mtu(changes, error);
                if (r < 0)
                        return r;
                if (object->users && !dict_boolean(changes, "bridged", true))
                        return sd_bus_error_setf(error, RHV_ERROR_IN_USE, "The VM %s uses the network %s through its bridge",
                                                 object->users->vm->name, object->name);
        }
        if (object->kind == KIND_VNIC_PROFILE) {
                r = plan_check_vnic_profile_update(object, changes, error);
                if (r < 0)
                        return r;
        }
        if (object->kind == KIND_HOST) {
                r = plan_check_host_update(plan, object, changes, error);
                if (r < 0)
                        return r;
        }
        if (object->kind == KIND_MAC_POOL) {
                r = plan_check_mac_pool_update(plan, object, changes, error);
                if (r < 0)
                        return r;
        }
        if (object->kind == KIND_CLUSTER) {
                r = plan_resolve_mac_pool(plan, object, given, error);
                if (r < 0)
                        return r;
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
        if (object->kind == KIND_NETWORK) {
                r = plan_check_network_mode_update(object, name, spec, error);
                if (r < 0)
                        return r;
        }
        if (object->kind == KIND_VM) {
                r = vm_spec_complete(spec, error);
                /* what is in the drive already may have gone meanwhile */
                if (r >= 0 && json_object_get(given, "cdrom"))
                        r = plan_resolve_cdrom(plan, object->parent->parent, spec, error);
                if (r < 0)
                        return r;
                r = plan_touch(plan, object, change);
                if (r < 0)
                        return r;
        }

        if (json_object_set(row, "spec", spec) < 0)
                return -ENOMEM;
        r = change_put(change, object_kind_to_string(object->kind), json_incref(row));
        if (r >= 0 && object->kind == KIND_NETWORK && json_object_get(changes, "bridged"))
                r = change_profiles(plan, object, name ?: object->name, dict_boolean(changes, "bridged", true), change);
        if (r < 0)
                return r;
        (void) snprintf(code, sizeof code, "%s-updated", object_kind_to_string(object->kind));
        return event_add(change, &plan->actor, EVENT_NORMAL, code, EVENT_OBJECTS(object->path), "The %s %s was changed",
                         object_kind_noun(object->kind), name ?: object->name);
}

static int check_removable(const Plan *plan, const Object *object, sd_bus_error *error) {
        if (object->job[0])
                return sd_bus_error_setf(error, RHV_ERROR_BUSY, "The %s %s is busy with job %s",
                                         object_kind_noun(object->kind), object->name, object->job);
        if (object->kind == KIND_NETWORK && dict_boolean(object->spec, "management", false))
                return sd_bus_error_set(error, RHV_ERROR_INVALID_ARGUMENT, "The management network cannot be removed");
        if (object->kind == KIND_VNIC_PROFILE)
                return plan_check_vnic_profile_remove(object, error);
        if (object->kind == KIND_MAC_POOL)
                return plan_check_mac_pool_remove(plan, object, error);
        if (object->users)
                return sd_bus_error_setf(error, RHV_ERROR_IN_USE, "The VM %s uses the %s %s", object->users->vm->name,
                                         object_kind_noun(object->kind), object->name);
        if (object->kind == KIND_VM && object->children > 0)
                return sd_bus_error_setf(error, RHV_ERROR_IN_USE, "The VM %s has %u snapshots: remove them first", object->name,
                                         object->children);
        if (object->kind == KIND_VM)
                return plan_check_vm_still(object, "removing it", error);
        if (object->kind == KIND_NETWORK) /* its profiles go with it */
                return plan_check_network_remove(object, error);
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

static int delete_network(const Plan *plan, const Object *network, Change *change) {
        int r = plan_delete_network_profiles(plan, network, change);

        return r < 0 ? r : change_delete(change, "network", json_pack("{s:s}", "id", network->id));
}

int plan_remove(const Plan *plan, const Object *object, Change *change, sd_bus_error *error) {
        int r;

        r = check_removable(plan, object, error);
        return r < 0 ? r : plan_take_back(plan, object, change);
}

int plan_take_back(const Plan *plan, const Object *object, Change *change) {
        char code[64];
        int r = 0;

        if (object->kind == KIND_VM)
                r = delete_vm_rows(object, change);
        if (object->kind == KIND_NETWORK)
                r = plan_delete_network_profiles(plan, object, change);
        if (r >= 0 && object->kind == KIND_DATA_CENTER)
                for (const Object *network = model_first(plan->model, KIND_NETWORK); network; network = network->next)
                        if (network->parent == object)
                                r = delete_network(plan, network, change);
        if (r >= 0)
                r = change_delete(change, object_kind_to_string(object->kind), json_pack("{s:s}", "id", object->id));
        if (r < 0)
                return r;

        (void) snprintf(code, sizeof code, "%s-removed", object_kind_to_string(object->kind));
        return event_add(change, &plan->actor, EVENT_NORMAL, code, EVENT_OBJECTS(object->path), "The %s %s was removed",
                         object_kind_noun(object->kind), object->name);
}

const char *storage_domain_class(const Object *domain) {
        return dict_string(domain->spec, "class", STORAGE_CLASS_DATA);
}

bool storage_domain_is_data(const Object *domain) {
        return streq(storage_domain_class(domain), STORAGE_CLASS_DATA);
}

int storage_domain_check_data(const Object *domain, sd_bus_error *error) {
        if (storage_domain_is_data(domain))
                return 0;
        return sd_bus_error_setf(error, RHV_ERROR_NOT_SUPPORTED, "The storage domain %s is %s: no disk of the cluster is on it", domain->name,
                                 streq(storage_domain_class(domain), STORAGE_CLASS_ISO) ? "an ISO domain" : "an export domain");
}

int plan_put_row(const Object *object, const char *state, json_t *spec, Change *change) {
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
        return plan_put_row(object, state, spec, change);
}

int plan_set_spec(const Object *object, const char *key, json_t *value, Change *change) {
        json_t *spec = json_copy(object->spec);

        if (!spec || !value || json_object_set_new(spec, key, value) < 0) {
                json_decref(spec);
                return -ENOMEM;
        }
        return plan_put_row(object, NULL, spec, change);
}

int plan_unset_spec(const Object *object, const char *key, Change *change) {
        json_t *spec = json_copy(object->spec);

        if (!spec)
                return -ENOMEM;
        (void) json_object_del(spec, key);
        return plan_put_row(object, NULL, spec, change);
}

int plan_forget_domain(const Model *model, const Object *domain, Change *change) {
        int r = 0;

        for (const Object *disk = model_first(model, KIND_DISK); disk; disk = disk->next)
                if (r >= 0 && disk->parent == domain)
                        r = change_delete(change, "disk", json_pack("{s:s}", "id", disk->id));
        return r < 0 ? r : change_delete(change, "storage_domain", json_pack("{s:s}", "id", domain->id));
}
