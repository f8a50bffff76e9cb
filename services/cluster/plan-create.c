/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* New objects, and what all creations share. */

#include "plan-internal.h"

#include "bus-error.h"
#include "bus-object.h"
#include "dict.h"
#include "domain-connection.h"
#include "parse-util.h"
#include "plan-host.h"
#include "plan-mac.h"
#include "plan-network.h"
#include "plan-vnic.h"
#include "spec.h"

/* ---- what all creations share ---- */

int plan_new_id(const Plan *plan, ObjectKind kind, const json_t *description, char ret[static UUID_STRING_MAX],
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

static const Object *find_named(const Plan *plan, ObjectKind kind, const char *name, const Object *scope, const Object *self) {
        for (Object *object = model_first(plan->model, kind); object; object = object->next) {
                const Object *up = object;

                while (scope && up && up != scope)
                        up = up->parent;
                if (object != self && (!scope || up) && streq(object->name, name))
                        return object;
        }
        return NULL;
}

bool plan_name_is_taken(const Plan *plan, ObjectKind kind, const char *name, const Object *scope) {
        return find_named(plan, kind, name, scope, NULL);
}

/* No other object of the kind below scope (NULL: anywhere) may have the name. */
int plan_check_name(const Plan *plan, ObjectKind kind, const char *name, const Object *scope, const Object *self,
                    sd_bus_error *error) {
        if (!find_named(plan, kind, name, scope, self))
                return 0;
        return sd_bus_error_setf(error, RHV_ERROR_ALREADY_EXISTS, "A %s named '%s' exists already", object_kind_noun(kind), name);
}

/* Where names of a kind must be unique. */
const Object *plan_name_scope(ObjectKind kind, Object *parent) {
        switch (kind) {
        case KIND_NETWORK:
        case KIND_VM:
        case KIND_TEMPLATE:
                return object_data_center(parent);
        case KIND_DISK:
        case KIND_VNIC_PROFILE:
        case KIND_SNAPSHOT:
                return parent;
        default:
                return NULL;
        }
}

/* The container a description names, or the only one there is. */
Object *plan_container(const Plan *plan, ObjectKind kind, const json_t *description, sd_bus_error *error) {
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

int plan_put_outcome(Change *change, ObjectKind kind, const char *id) {
        _cleanup_free_ char *path = bus_object_path(object_kind_prefix(kind), id);

        return path ? change_outcome(change, "object", json_string(path)) : -ENOMEM;
}

int plan_created(const Plan *plan, Change *change, ObjectKind kind, const char *id, const char *name) {
        _cleanup_free_ char *path = bus_object_path(object_kind_prefix(kind), id);
        char code[64];
        int r;

        if (!path)
                return -ENOMEM;
        r = plan_put_outcome(change, kind, id);
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

        r = plan_new_id(plan, KIND_DATA_CENTER, description, id, error);
        if (r < 0)
                return r;
        r = plan_check_name(plan, KIND_DATA_CENTER, name, NULL, NULL, error);
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
        if (r >= 0)
                r = plan_put_network_profile(network, "ovirtmgmt", change);
        if (r < 0)
                return r;
        return plan_created(plan, change, KIND_DATA_CENTER, id, name);
}

int plan_create_cluster(const Plan *plan, const json_t *description, Change *change, sd_bus_error *error) {
        _cleanup_json_ json_t *spec = NULL;
        const char *name = dict_string(description, "name", "");
        char id[UUID_STRING_MAX];
        Object *parent;
        int r;

        r = plan_new_id(plan, KIND_CLUSTER, description, id, error);
        if (r < 0)
                return r;
        parent = plan_container(plan, KIND_DATA_CENTER, description, error);
        if (!parent)
                return -EINVAL;
        r = plan_check_name(plan, KIND_CLUSTER, name, NULL, NULL, error);
        if (r < 0)
                return r;

        spec = spec_strip(description);
        r = spec ? plan_resolve_mac_pool(plan, NULL, spec, error) : -ENOMEM;
        if (r < 0)
                return r;

        r = change_put(change, "cluster",
                       json_pack("{s:s, s:s, s:s, s:O}", "id", id, "name", name, "data_center", parent->id, "spec", spec));
        if (r < 0)
                return r;
        return plan_created(plan, change, KIND_CLUSTER, id, name);
}

int plan_check_mtu(const json_t *description, sd_bus_error *error) {
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

        r = plan_new_id(plan, KIND_NETWORK, description, id, error);
        if (r < 0)
                return r;
        r = plan_check_mtu(description, error);
        if (r >= 0)
                r = plan_check_network_mode(name, description, error);
        if (r < 0)
                return r;
        parent = plan_container(plan, KIND_DATA_CENTER, description, error);
        if (!parent)
                return -EINVAL;
        r = plan_check_name(plan, KIND_NETWORK, name, parent, NULL, error);
        if (r < 0)
                return r;

        r = change_put(change, "network",
                       json_pack("{s:s, s:s, s:s, s:o}", "id", id, "name", name, "data_center", parent->id, "spec",
                                 spec_strip(description)));
        if (r >= 0 && dict_boolean(description, "bridged", true))
                r = plan_put_network_profile(id, name, change);
        if (r < 0)
                return r;
        return plan_created(plan, change, KIND_NETWORK, id, name);
}

int plan_create_storage_domain(const Plan *plan, const json_t *description, Change *change, sd_bus_error *error) {
        const char *name = dict_string(description, "name", "");
        char id[UUID_STRING_MAX];
        Object *parent;
        int r;

        r = domain_connection_check(description, error);
        if (r >= 0)
                r = plan_new_id(plan, KIND_STORAGE_DOMAIN, description, id, error);
        if (r < 0)
                return r;
        parent = plan_container(plan, KIND_DATA_CENTER, description, error);
        if (!parent)
                return -EINVAL;
        if (json_object_get(description, "host") &&
            !model_resolve(plan->model, KIND_HOST, dict_string(description, "host", ""), parent, error))
                return -ENOENT;
        r = plan_check_name(plan, KIND_STORAGE_DOMAIN, name, NULL, NULL, error);
        if (r < 0)
                return r;
        for (Object *other = model_first(plan->model, KIND_STORAGE_DOMAIN); other; other = other->next)
                if (domain_connection_meets(other->spec, description)) {
                        _cleanup_free_ char *place = domain_connection_place(other->spec);

                        return sd_bus_error_setf(error, RHV_ERROR_ALREADY_EXISTS, "The storage domain %s is at %s", other->name, place ?: "that place");
                }

        r = change_put(change, "storage_domain",
                       json_pack("{s:s, s:s, s:s, s:s, s:o}", "id", id, "name", name, "data_center", parent->id,
                                 "state", "creating", "spec", spec_strip(description)));
        if (r < 0)
                return r;
        return plan_put_outcome(change, KIND_STORAGE_DOMAIN, id);
}

int plan_check_allocation(const Object *domain, const char *format, const char *allocation, sd_bus_error *error) {
        if (!allocation || streq(domain_volume_allocation(domain->spec, format, allocation), allocation))
                return 0;
        return sd_bus_error_setf(error, RHV_ERROR_INVALID_ARGUMENT, "disk: a raw disk on the devices of the storage domain %s is preallocated; a qcow2 disk can be sparse", domain->name);
}

/* The row of a disk in that state, with its volume. */
static int put_disk(const Plan *plan, const json_t *description, const char *id, const char *volume, const char *state, Change *change,
                    sd_bus_error *error) {
        _cleanup_json_ json_t *spec = NULL;
        const char *name = dict_string(description, "name", ""), *format = dict_string(description, "format", "raw");
        Object *domain;
        int r;

        domain = plan_container(plan, KIND_STORAGE_DOMAIN, description, error);
        if (!domain)
                return -EINVAL;
        if (!streq(domain->state, "attached"))
                return sd_bus_error_setf(error, RHV_ERROR_INVALID_STATE, "The storage domain %s is being %s",
                                         domain->name, streq(domain->state, "creating") ? "created" : "removed");
        r = storage_domain_check_data(domain, error);
        if (r < 0)
                return r;
        r = plan_check_allocation(domain, format, dict_string(description, "allocation", NULL), error);
        if (r >= 0)
                r = plan_check_name(plan, KIND_DISK, name, domain, NULL, error);
        if (r < 0)
                return r;

        spec = spec_strip(description);
        if (!spec || json_object_set_new(spec, "image", json_string(id)) < 0 ||
            json_object_set_new(spec, "volume", json_string(volume)) < 0 ||
            (!json_object_get(spec, "format") && json_object_set_new(spec, "format", json_string("raw")) < 0) ||
            (!json_object_get(spec, "allocation") &&
             json_object_set_new(spec, "allocation", json_string(domain_volume_allocation(domain->spec, format, "sparse"))) < 0))
                return -ENOMEM;
        r = change_put(change, "disk",
                       json_pack("{s:s, s:s, s:s, s:s, s:O}", "id", id, "name", name, "storage_domain", domain->id,
                                 "state", state, "spec", spec));
        if (r < 0)
                return r;
        return plan_put_outcome(change, KIND_DISK, id);
}

int plan_create_disk(const Plan *plan, const json_t *description, Change *change, sd_bus_error *error) {
        char id[UUID_STRING_MAX], volume[UUID_STRING_MAX];
        int r;

        r = plan_new_id(plan, KIND_DISK, description, id, error);
        if (r < 0)
                return r;
        if (streq(dict_string(description, "content_type", ""), DISK_CONTENT_ISO) &&
            (streq(dict_string(description, "format", "raw"), "qcow2") || dict_boolean(description, "shareable", false)))
                return sd_bus_error_set(error, RHV_ERROR_INVALID_ARGUMENT, "disk: an ISO image is raw, and not shareable: nobody writes it, and all may read it");
        if (dict_boolean(description, "shareable", false) && streq(dict_string(description, "format", "raw"), "qcow2"))
                return sd_bus_error_set(error, RHV_ERROR_INVALID_ARGUMENT, "disk: only a raw disk can be shareable");
        r = uuid_generate(volume);
        if (r < 0)
                return r;
        return put_disk(plan, description, id, volume, "locked", change, error);
}

int plan_register_disk(const Plan *plan, const json_t *description, Change *change, sd_bus_error *error) {
        _cleanup_free_ char *path = NULL;
        char id[UUID_STRING_MAX];
        int r;

        r = plan_new_id(plan, KIND_DISK, description, id, error);
        if (r < 0)
                return r;
        r = put_disk(plan, description, id, dict_string(description, "volume", ""), "ok", change, error);
        if (r < 0)
                return r;
        path = bus_object_path(object_kind_prefix(KIND_DISK), id);
        if (!path)
                return -ENOMEM;
        return event_add(change, &plan->actor, EVENT_NORMAL, "disk-registered", EVENT_OBJECTS(path),
                         "The disk %s, which was on its storage domain, was registered", dict_string(description, "name", ""));
}

/* ---- a new installation ---- */

int plan_first_start(const Plan *plan, const char *host_id, const char *host_name, Change *change,
                     sd_bus_error *error) {
        const Object *cluster = model_first(plan->model, KIND_CLUSTER);
        char cluster_id[UUID_STRING_MAX];
        _cleanup_free_ char *path = NULL;
        unsigned lockspace_id;
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

        lockspace_id = cluster ? plan_free_lockspace_id(plan->model, cluster->parent, error) : 1;
        if (lockspace_id == 0)
                return -ENOSPC;
        r = change_put(change, "host",
                       json_pack("{s:s, s:s, s:s, s:{s:i}}", "id", host_id, "name", host_name, "cluster", cluster_id,
                                 "spec", "host_id", (int)lockspace_id));
        if (r < 0)
                return r;
        path = bus_object_path(object_kind_prefix(KIND_HOST), host_id);
        if (!path)
                return -ENOMEM;
        return event_add(change, &plan->actor, EVENT_NORMAL, "host-added", EVENT_OBJECTS(path),
                         "The host %s was added to the cluster", host_name);
}
