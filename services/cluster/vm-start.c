/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "vm-start.h"

#include <utlist.h>

#include "bus-error.h"
#include "dict.h"
#include "domain-life.h"
#include "plan-cd.h"
#include "plan-snapshot.h"
#include "plan-vnic.h"
#include "scheduler.h"
#include "spec.h"

typedef struct Names {
        const char **names;
        size_t n;
        json_t *keep; /* holds the strings */
} Names;

static void names_done(Names *names) {
        free(names->names);
        json_decref(names->keep);
}

static int names_add(Names *names, const char *name) {
        const char **grown;

        if (!names->keep)
                names->keep = json_object();
        if (json_object_get(names->keep, name))
                return 0;
        grown = reallocarray(names->names, names->n + 1, sizeof *grown);
        if (!grown)
                return -ENOMEM;
        names->names = grown;
        if (json_object_set_new(names->keep, name, json_true()) < 0)
                return -ENOMEM;
        names->names[names->n++] = json_object_iter_key(json_object_iter_at(names->keep, name));
        return 0;
}

static int vm_needs(const Object *vm, Names *networks, Names *domains) {
        const Link *link;
        int r = 0;

        DL_FOREACH(vm->nics, link) {
                _cleanup_free_ char *name = network_host_name(link->other->name, link->other->id);

                if (r >= 0)
                        r = name ? names_add(networks, name) : -ENOMEM;
        }
        DL_FOREACH(vm->disks, link)
                if (r >= 0)
                        r = names_add(domains, link->other->parent->id);
        return r;
}

/* {network: how many pass-through NICs}. New, NULL when out of memory. */
static json_t *needed_functions(const Object *vm) {
        _cleanup_json_ json_t *needed = json_object();
        const Link *link;

        DL_FOREACH(vm->nics, link) {
                _cleanup_free_ char *name = vnic_profile_passes(link->profile) ? network_host_name(link->other->name, link->other->id) : NULL;

                if (!needed || (vnic_profile_passes(link->profile) && (!name || json_object_set_new(needed, name, json_integer(dict_integer(needed, name, 0) + 1)) < 0)))
                        return NULL;
        }
        return TAKE_PTR(needed);
}

/* {network: how many virtual functions are free}. New, NULL when out of memory. */
static json_t *free_functions(const json_t *networks) {
        _cleanup_json_ json_t *found = json_object();
        const char *name;
        json_t *properties;

        json_object_foreach((json_t *)networks, name, properties)
                if (!found || json_object_set_new(found, name, json_integer((json_int_t)json_array_size(json_object_get(properties, "FreeVfs")))) < 0)
                        return NULL;
        return TAKE_PTR(found);
}

static int add_active(Names *networks, const json_t *offered) {
        const char *name;
        json_t *properties;
        int r = 0;

        json_object_foreach((json_t *)offered, name, properties) {
                const char *state = dict_string(properties, "State", "");

                if (r >= 0 && (streq(state, "active") || streq(state, "out-of-sync")))
                        r = names_add(networks, name);
        }
        return r;
}

static int host_offers(const Manager *manager, Names *networks, Names *domains) {
        int r;

        r = add_active(networks, manager->host_networks);
        if (r >= 0)
                r = add_active(networks, manager->virtual_networks);
        for (const Object *domain = model_first(manager->model, KIND_STORAGE_DOMAIN); domain; domain = domain->next)
                if (r >= 0 && storage_domain_is_active(domain))
                        r = names_add(domains, domain->id);
        schedule_sort(networks->names, networks->n);
        schedule_sort(domains->names, domains->n);
        return r;
}

static uint64_t committed_bytes(const Manager *manager) {
        uint64_t bytes = 0;

        for (const Object *vm = model_first(manager->model, KIND_VM); vm; vm = vm->next)
                if (!vm_is_down(vm) && !streq(dict_string(vm->facts, "doing", ""), "start"))
                        bytes += vm_footprint_bytes((uint64_t)dict_integer(vm->spec, "memory", 0),
                                                    (unsigned)dict_integer(vm->spec, "cpus", 1));
        return bytes;
}

static void fill_host(const Manager *manager, const Object *host, const Names *networks, const json_t *functions, const Names *domains,
                      ScheduleHost *ret) {
        bool own = streq(host->id, manager->host_id);

        *ret = (ScheduleHost){
                .id = host->id,
                .name = host->name,
                /* another host's services are not reached yet: only this one can start a guest */
                .up = own && streq(dict_string(host->facts, "state", ""), "up"),
                .state = own ? dict_string(host->facts, "state", "not known yet") : "not reachable from here",
                .why = own ? dict_string(host->facts, "state_reason", "") : "",
        };
        if (!own)
                return;

        ret->cpus = (unsigned)dict_integer(manager->capabilities, "cpus", 0);
        ret->memory_bytes = (uint64_t)dict_integer(host->facts, "memory_total",
                                                   dict_integer(manager->capabilities, "memory", 0));
        ret->free_bytes = (uint64_t)dict_integer(host->facts, "memory_free", (int64_t)ret->memory_bytes);
        ret->pending_bytes = host_pending_bytes(manager, &ret->pending_cpus);
        ret->committed_bytes = committed_bytes(manager);
        ret->cpu_percent = json_number_value(json_object_get(host->facts, "cpu_percent"));
        ret->overcommit_percent = 100;
        ret->networks = networks->names;
        ret->n_networks = networks->n;
        ret->functions = functions;
        ret->domains = domains->names;
        ret->n_domains = domains->n;
}

static int choose(Manager *manager, const Object *vm, const Object *wanted, sd_bus_error *error) {
        _cleanup_(names_done) Names need_networks = { NULL }, need_domains = { NULL }, networks = { NULL },
                                    domains = { NULL };
        _cleanup_free_ ScheduleHost *hosts = calloc(model_count(manager->model, KIND_HOST) + 1, sizeof *hosts);
        _cleanup_json_ json_t *need_functions = needed_functions(vm), *functions = free_functions(manager->host_networks);
        _cleanup_free_ char *reasons = NULL;
        ScheduleVm need;
        size_t n = 0, chosen;
        int r;

        r = hosts && need_functions && functions ? vm_needs(vm, &need_networks, &need_domains) : -ENOMEM;
        if (r >= 0)
                r = host_offers(manager, &networks, &domains);
        if (r < 0)
                return r;
        for (const Object *host = model_first(manager->model, KIND_HOST); host; host = host->next)
                if (host->parent == vm->parent)
                        fill_host(manager, host, &networks, functions, &domains, &hosts[n++]);

        need = (ScheduleVm){ .memory_bytes = (uint64_t)dict_integer(vm->spec, "memory", 0),
                             .cpus = (unsigned)dict_integer(vm->spec, "cpus", 1),
                             .networks = need_networks.names,
                             .n_networks = need_networks.n,
                             .functions = need_functions,
                             .domains = need_domains.names,
                             .n_domains = need_domains.n };
        r = schedule(&need, hosts, n, wanted ? wanted->id : NULL, &chosen, &reasons);
        if (r < 0)
                return r;
        if (r == 0)
                return sd_bus_error_setf(error, RHV_ERROR_NO_HOST, "No host can run the VM %s: %s", vm->name,
                                         reasons ?: "its cluster has no host");
        return 0;
}

int vm_start_check(Manager *manager, const Object *vm, const char *wanted, sd_bus_error *error) {
        const Backend *compute = manager->backends[BACKEND_COMPUTE];
        const Object *host = NULL;
        int r;

        r = store_check_writable(manager->store, error);
        if (r < 0)
                return r;
        r = plan_check_start(vm, error);
        if (r >= 0)
                r = plan_check_cdrom(manager->model, vm, error);
        if (r >= 0)
                r = plan_check_snapshots(manager->model, vm, error);
        if (r < 0)
                return r;
        if (wanted) {
                host = model_resolve(manager->model, KIND_HOST, wanted, vm->parent, error);
                if (!host)
                        return -ENOENT;
        }
        r = backend_check(compute, error);
        if (r < 0)
                return r;
        if (!manager->guests_known || backend_inner_failure(compute))
                return sd_bus_error_setf(error, RHV_ERROR_BACKEND_UNAVAILABLE, "The hypervisor of this host does not answer: %s",
                                         backend_inner_failure(compute) ?: "it is not known yet what runs");
        return choose(manager, vm, host, error);
}
