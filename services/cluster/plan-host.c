/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plan-host.h"

#include "bus-error.h"
#include "dict.h"
#include "domain-life.h"

unsigned host_lockspace_id(const Object *host) {
        return (unsigned)dict_integer(host->spec, "host_id", 1);
}

static const Object *host_with_id(const Model *model, const Object *data_center, unsigned id) {
        for (Object *host = model_first(model, KIND_HOST); host; host = host->next)
                if (object_data_center(host) == data_center && host_lockspace_id(host) == id)
                        return host;
        return NULL;
}

unsigned plan_free_lockspace_id(const Model *model, const Object *data_center, sd_bus_error *error) {
        for (unsigned id = 1; id <= LOCKSPACE_HOSTS_MAX; id++)
                if (!host_with_id(model, data_center, id))
                        return id;
        (void) sd_bus_error_setf(error, RHV_ERROR_LIMIT_EXCEEDED, "The data center has %d hosts already, as many as there can be in a lockspace", LOCKSPACE_HOSTS_MAX);
        return 0;
}

int plan_check_host_update(const Plan *plan, const Object *host, const json_t *changes, sd_bus_error *error) {
        const Object *data_center = object_data_center((Object *)host), *other;
        const unsigned id = (unsigned)dict_integer(changes, "host_id", host_lockspace_id(host));

        if (id == host_lockspace_id(host))
                return 0;
        other = host_with_id(plan->model, data_center, id);
        if (other)
                return sd_bus_error_setf(error, RHV_ERROR_ALREADY_EXISTS, "The host %s has the host id %u", other->name, id);
        for (const Object *domain = model_first(plan->model, KIND_STORAGE_DOMAIN); domain; domain = domain->next)
                if (domain->parent == data_center && storage_domain_is_leased(domain))
                        return sd_bus_error_setf(error, RHV_ERROR_IN_USE, "The host %s is in the lockspace of the storage domain %s with its host id: detach that first", host->name,
                                                 domain->name);
        return 0;
}
