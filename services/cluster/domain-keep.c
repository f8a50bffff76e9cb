/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "domain-keep.h"

#include "bus-error.h"
#include "dict.h"
#include "domain-life.h"
#include "log.h"
#include "parse-util.h"
#include "plan-host.h"
#include "remote.h"
#include "steps.h"

/* Facts of a domain: how often in a row it was refused, and when it is tried again (monotonic usec). */
#define FACT_REFUSED "life_refused"
#define FACT_AGAIN "life_again"

static uint64_t monotonic_now(const Manager *manager) {
        uint64_t now = 0;

        (void) sd_event_now(manager->daemon->event, CLOCK_MONOTONIC, &now);
        return now;
}

static void begin(Manager *manager, Object *domain, json_t *steps, uid_t uid) {
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_json_ json_t *arguments = json_pack("{s:s, s:s, s:O}", "kind", object_kind_to_string(KIND_STORAGE_DOMAIN), "id", domain->id, "steps", steps);
        char id[UUID_STRING_MAX];
        Job *job;

        if (!arguments || uuid_generate(id) < 0)
                return;
        if (remote_job_new(manager, "attach-storage-domain", id, domain, uid, arguments, &job, &error) <= 0) {
                log_warning("Cannot begin to attach the storage domain %s: %s", domain->name, error.message ?: "no reason was given");
                return;
        }
        steps_begin(manager, job);
}

/* Of a domain of this host's data center; of others nothing. */
static json_t *steps_of(const Manager *manager, const Object *domain) {
        const Object *host = manager_host(manager);

        return host && domain->parent == object_data_center((Object *)host) ? domain_life_steps(domain, host_lockspace_id(host)) : NULL;
}

void domain_keep_begin(Manager *manager, Object *domain, uid_t uid) {
        _cleanup_json_ json_t *steps = steps_of(manager, domain);

        if (json_array_size(steps) > 0 && !domain->job[0])
                begin(manager, domain, steps, uid);
}

/* Storage, which finds a domain by its id, is asked for it by these where it forgot it. */
static void keep_devices(Manager *manager, const Object *domain) {
        json_t *devices = domain_devices_moved(domain);
        Change *change = devices ? change_new() : NULL;

        if (!change)
                json_decref(devices);
        else if (plan_set_spec(domain, "devices", devices, change) >= 0)
                manager_commit(manager, change, "the devices of a storage domain");
        else
                change_free(change);
}

static int on_look(sd_event_source *source, uint64_t usec, void *userdata) {
        Manager *manager = userdata;
        uint64_t now = monotonic_now(manager), next = 0;

        manager->domains_timer = sd_event_source_disable_unref(manager->domains_timer);
        if (backend_state(manager->backends[BACKEND_STORAGE]) != BACKEND_READY || store_state(manager->store) != STORE_READY)
                return 0; /* looked at when that is told */
        for (Object *domain = model_first(manager->model, KIND_STORAGE_DOMAIN); domain; domain = domain->next) {
                _cleanup_json_ json_t *steps = steps_of(manager, domain);
                const uint64_t again = (uint64_t)dict_integer(domain->facts, FACT_AGAIN, 0);

                keep_devices(manager, domain);
                if (json_array_size(steps) == 0 || domain->job[0])
                        continue;
                if (again <= now)
                        begin(manager, domain, steps, 0);
                else if (next == 0 || again < next)
                        next = again;
        }
        if (next > 0 && !manager->domains_timer)
                (void) sd_event_add_time(manager->daemon->event, &manager->domains_timer, CLOCK_MONOTONIC, next, 0, on_look, manager);
        return 0;
}

void domain_keep_later(Manager *manager) {
        manager->domains_timer = sd_event_source_disable_unref(manager->domains_timer);
        if (sd_event_add_time_relative(manager->daemon->event, &manager->domains_timer, CLOCK_MONOTONIC, 0, 0, on_look, manager) >= 0)
                /* after whatever else the loop has to take in first */
                (void) sd_event_source_set_priority(manager->domains_timer, SD_EVENT_PRIORITY_NORMAL + 10);
}

void domain_keep_stop(Manager *manager) {
        manager->domains_timer = sd_event_source_disable_unref(manager->domains_timer);
}

void domain_keep_ended(Manager *manager, Object *domain, const char *reason) {
        const unsigned refused = reason ? (unsigned)dict_integer(domain->facts, FACT_REFUSED, 0) + 1 : 0;

        (void) object_set_fact(domain, FACT_REFUSED, json_integer(refused));
        (void) object_set_fact(domain, FACT_AGAIN, json_integer(refused > 0 ? (json_int_t)(monotonic_now(manager) + domain_life_pause_usec(refused)) : 0));
        if (object_set_fact(domain, "life_error", json_string(reason ?: "")))
                manager_changed(manager, domain, "StateReason");
        domain_keep_later(manager);
}
