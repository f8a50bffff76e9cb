/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plan-mac.h"

#include <inttypes.h>
#include <utlist.h>

#include "bus-error.h"
#include "dict.h"
#include "plan-internal.h"
#include "spec.h"

Object *mac_pool_default(const Model *model) {
        for (Object *pool = model_first(model, KIND_MAC_POOL); pool; pool = pool->next)
                if (dict_boolean(pool->spec, "default", false))
                        return pool;
        return NULL;
}

Object *mac_pool_of(const Model *model, const Object *cluster) {
        const char *id = dict_string(cluster->spec, "mac_pool", NULL);

        return id ? model_find(model, KIND_MAC_POOL, id) : mac_pool_default(model);
}

/* Those a NIC can have an address of. Return: how many. */
static size_t read_ranges(const json_t *texts, MacRange ret[static MAC_POOL_RANGES_MAX]) {
        const json_t *text;
        size_t i, n = 0;

        json_array_foreach((json_t *)texts, i, text)
                if (n < MAC_POOL_RANGES_MAX && mac_range_parse(json_string_value(text), &ret[n]) >= 0) {
                        ret[n] = mac_range_usable(ret[n]);
                        n++;
                }
        return n;
}

static size_t pool_ranges(const Object *pool, MacRange ret[static MAC_POOL_RANGES_MAX]) {
        return read_ranges(json_object_get(pool->spec, "ranges"), ret);
}

static bool ranges_contain(const MacRange *ranges, size_t n, const char *mac) {
        for (size_t i = 0; i < n; i++)
                if (mac_range_contains(ranges[i], mac))
                        return true;
        return false;
}

uint64_t mac_pool_total(const Object *pool) {
        MacRange ranges[MAC_POOL_RANGES_MAX];
        size_t n = pool_ranges(pool, ranges);
        uint64_t total = 0;

        for (size_t i = 0; i < n; i++)
                total += mac_range_count(ranges[i]);
        return total;
}

typedef struct InRanges {
        const MacRange *ranges;
        size_t n;
        uint64_t used;
} InRanges;

static void count_used(const char *mac, void *userdata) {
        InRanges *in = userdata;

        in->used += ranges_contain(in->ranges, in->n, mac);
}

uint64_t mac_pool_free(const Model *model, const Object *pool) {
        MacRange ranges[MAC_POOL_RANGES_MAX];
        InRanges in = { .ranges = ranges, .n = pool_ranges(pool, ranges) };
        uint64_t total = mac_pool_total(pool);

        model_macs(model, count_used, &in);
        return in.used < total ? total - in.used : 0;
}

/* ---- pools ---- */

/* Not with each other, not with those of another pool: an address has one pool at most. self: may be NULL. */
static int check_ranges(const Plan *plan, const json_t *texts, const Object *self, sd_bus_error *error) {
        MacRange ranges[MAC_POOL_RANGES_MAX], others[MAC_POOL_RANGES_MAX];
        size_t n = read_ranges(texts, ranges), m;

        for (size_t i = 0; i < n; i++)
                for (size_t k = 0; k < i; k++)
                        if (mac_ranges_overlap(ranges[i], ranges[k]))
                                return sd_bus_error_setf(error, RHV_ERROR_INVALID_ARGUMENT, "MAC pool: the ranges %s and %s overlap",
                                                         json_string_value(json_array_get(texts, k)),
                                                         json_string_value(json_array_get(texts, i)));
        for (const Object *pool = model_first(plan->model, KIND_MAC_POOL); pool; pool = pool->next) {
                if (pool == self)
                        continue;
                m = pool_ranges(pool, others);
                for (size_t i = 0; i < n; i++)
                        for (size_t k = 0; k < m; k++)
                                if (mac_ranges_overlap(ranges[i], others[k]))
                                        return sd_bus_error_setf(error, RHV_ERROR_ALREADY_EXISTS,
                                                                 "The range %s overlaps one of the MAC pool %s",
                                                                 json_string_value(json_array_get(texts, i)), pool->name);
        }
        return 0;
}

static int put_pool(const char *id, const char *name, json_t *spec, Change *change) {
        return change_put(change, "mac_pool", json_pack("{s:s, s:s, s:o}", "id", id, "name", name, "spec", spec));
}

int plan_create_mac_pool(const Plan *plan, const json_t *description, Change *change, sd_bus_error *error) {
        const char *name = dict_string(description, "name", "");
        char id[UUID_STRING_MAX];
        int r;

        r = plan_new_id(plan, KIND_MAC_POOL, description, id, error);
        if (r < 0)
                return r;
        r = plan_check_name(plan, KIND_MAC_POOL, name, NULL, NULL, error);
        if (r < 0)
                return r;
        r = check_ranges(plan, json_object_get(description, "ranges"), NULL, error);
        if (r < 0)
                return r;

        r = put_pool(id, name, spec_strip(description), change);
        return r < 0 ? r : plan_created(plan, change, KIND_MAC_POOL, id, name);
}

int plan_default_mac_pool(const Plan *plan, const char *prefix, Change *change) {
        char id[UUID_STRING_MAX], range[MAC_RANGE_STRING_MAX];
        int r;

        if (mac_pool_default(plan->model))
                return 0;
        r = uuid_generate(id);
        if (r < 0)
                return r;
        mac_default_range(prefix, range);
        return put_pool(id, "Default", json_pack("{s:b, s:s, s:[s]}", "default", 1, "description", "Default MAC pool", "ranges", range), change);
}

static bool serves(const Model *model, const Object *pool, const Object *cluster) {
        return mac_pool_of(model, cluster) == pool;
}

/* A NIC in a cluster with the pool (or in that one cluster) that shares its address; NULL: none. */
static const Link *find_duplicate(const Model *model, const Object *pool, const Object *cluster) {
        const Link *nic;

        for (const Object *vm = model_first(model, KIND_VM); vm; vm = vm->next) {
                if (cluster ? vm->parent != cluster : !serves(model, pool, vm->parent))
                        continue;
                DL_FOREACH(vm->nics, nic)
                        if (model_mac_uses(model, dict_string(nic->row, "mac", "")) > 1)
                                return nic;
        }
        return NULL;
}

static int refuse_duplicate(const Link *nic, const char *pool, sd_bus_error *error) {
        return sd_bus_error_setf(error, RHV_ERROR_IN_USE, "The address %s of the VM %s belongs to another NIC too, which the MAC pool %s would not allow",
                                 dict_string(nic->row, "mac", ""), nic->vm->name, pool);
}

int plan_check_mac_pool_update(const Plan *plan, const Object *pool, const json_t *changes, sd_bus_error *error) {
        const json_t *ranges = json_object_get(changes, "ranges");
        const Link *nic = NULL;

        if (!dict_boolean(changes, "allow_duplicates", true))
                nic = find_duplicate(plan->model, pool, NULL);
        if (nic)
                return refuse_duplicate(nic, pool->name, error);
        return ranges ? check_ranges(plan, ranges, pool, error) : 0;
}

int plan_check_mac_pool_remove(const Plan *plan, const Object *pool, sd_bus_error *error) {
        if (dict_boolean(pool->spec, "default", false))
                return sd_bus_error_set(error, RHV_ERROR_INVALID_ARGUMENT, "The default MAC pool cannot be removed");
        for (const Object *cluster = model_first(plan->model, KIND_CLUSTER); cluster; cluster = cluster->next)
                if (serves(plan->model, pool, cluster))
                        return sd_bus_error_setf(error, RHV_ERROR_IN_USE, "The cluster %s uses the MAC pool %s", cluster->name, pool->name);
        return 0;
}

int plan_resolve_mac_pool(const Plan *plan, const Object *cluster, json_t *spec, sd_bus_error *error) {
        const char *reference = dict_string(spec, "mac_pool", NULL);
        const Link *nic = NULL;
        const Object *pool;

        if (!reference)
                return 0;
        pool = model_resolve(plan->model, KIND_MAC_POOL, reference, NULL, error);
        if (!pool)
                return -ENOENT;
        /* addresses stay as they are when a cluster gets another pool */
        if (cluster && !dict_boolean(pool->spec, "allow_duplicates", false))
                nic = find_duplicate(plan->model, pool, cluster);
        if (nic)
                return refuse_duplicate(nic, pool->name, error);
        return json_object_set_new(spec, "mac_pool", json_string(pool->id)) < 0 ? -ENOMEM : 0;
}

/* ---- addresses ---- */

/* The rows of NICs the change puts. */
static const json_t *changed_nic(const json_t *entry) {
        return streq(dict_string(entry, "table", ""), "vm_nic") && streq(dict_string(entry, "op", ""), "put") ? json_object_get(entry, "row") : NULL;
}

typedef struct MacUse {
        const Model *model;
        const Change *change; /* what this request gives out already */
} MacUse;

static bool mac_in_use(const char *mac, void *userdata) {
        const MacUse *use = userdata;
        json_t *entry;
        size_t i;

        if (model_mac_uses(use->model, mac) > 0)
                return true;
        json_array_foreach(use->change->rows, i, entry)
                if (streq_ptr(dict_string(changed_nic(entry), "mac", NULL), mac))
                        return true;
        return false;
}

static bool vm_has_mac(const Plan *plan, const char *vm_id, const Change *change, const char *mac) {
        const Object *vm = model_find(plan->model, KIND_VM, vm_id);
        const Link *nic;
        json_t *entry;
        size_t i;

        if (vm)
                DL_FOREACH(vm->nics, nic)
                        if (streq(dict_string(nic->row, "mac", ""), mac))
                                return true;
        json_array_foreach(change->rows, i, entry)
                if (streq_ptr(dict_string(changed_nic(entry), "mac", NULL), mac) &&
                    streq_ptr(dict_string(changed_nic(entry), "vm", NULL), vm_id))
                        return true;
        return false;
}

int plan_check_mac(const Plan *plan, const Object *cluster, const char *vm_id, const Change *change, const char *mac, sd_bus_error *error) {
        MacUse use = { plan->model, change };
        const Object *pool = mac_pool_of(plan->model, cluster);

        if (vm_has_mac(plan, vm_id, change, mac))
                return sd_bus_error_setf(error, RHV_ERROR_ALREADY_EXISTS, "The address %s belongs to another NIC of the VM", mac);
        if (mac_in_use(mac, &use) && !(pool && dict_boolean(pool->spec, "allow_duplicates", false)))
                return sd_bus_error_setf(error, RHV_ERROR_ALREADY_EXISTS, "The address %s belongs to another NIC", mac);
        return 0;
}

int plan_take_mac(const Plan *plan, const Object *cluster, const Change *change, char ret[static MAC_STRING_MAX], sd_bus_error *error) {
        const Object *pool = mac_pool_of(plan->model, cluster);
        MacUse use = { plan->model, change };
        MacRange ranges[MAC_POOL_RANGES_MAX];
        int r;

        if (!pool)
                return sd_bus_error_setf(error, RHV_ERROR_INVALID_STATE, "The cluster %s has no MAC pool", cluster->name);
        r = mac_allocate(ranges, pool_ranges(pool, ranges), plan->mac_cursors, mac_in_use, &use, ret);
        if (r == -ENOSPC)
                return sd_bus_error_setf(error, RHV_ERROR_LIMIT_EXCEEDED, "No address is left in the MAC pool %s", pool->name);
        return r;
}

int plan_warn_mac_pool(const Plan *plan, const Object *cluster, Change *change) {
        const Object *pool = mac_pool_of(plan->model, cluster);
        MacRange ranges[MAC_POOL_RANGES_MAX];
        uint64_t left, given = 0;
        json_t *entry;
        size_t n, i;

        if (!pool)
                return 0;
        n = pool_ranges(pool, ranges);
        left = mac_pool_free(plan->model, pool);
        json_array_foreach(change->rows, i, entry) {
                const char *mac = dict_string(changed_nic(entry), "mac", NULL);

                given += mac && model_mac_uses(plan->model, mac) == 0 && ranges_contain(ranges, n, mac);
        }
        left = left > given ? left - given : 0;
        if (given == 0 || left > MAC_POOL_FEW)
                return 0;
        if (left == 0)
                return event_add(change, &plan->actor, EVENT_WARNING, "mac-pool-empty", EVENT_OBJECTS(pool->path),
                                 "The last address of the MAC pool %s was given out", pool->name);
        return event_add(change, &plan->actor, EVENT_WARNING, "mac-pool-almost-empty", EVENT_OBJECTS(pool->path),
                         "The MAC pool %s has only %" PRIu64 " addresses left", pool->name, left);
}
