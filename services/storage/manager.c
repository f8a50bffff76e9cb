/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <stdio.h>
#include <utlist.h>

#include "domain-lockspace.h"
#include "log.h"
#include "manager.h"
#include "state-file.h"

static int on_monitor(sd_event_source *source, uint64_t usec, void *userdata) {
        Manager *manager = userdata;

        domain_monitor_all(manager);
        (void) sd_event_source_set_time_relative(source, MONITOR_USEC);
        return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

static int make_directories(Manager *manager, const ManagerParts *parts) {
        int r;

        manager->state_directory = strdup(parts->state_directory);
        manager->runtime_directory = strdup(parts->runtime_directory);
        if (!manager->state_directory || !manager->runtime_directory)
                return -ENOMEM;
        if (asprintf(&manager->domains_directory, "%s/domains", parts->state_directory) < 0 ||
            asprintf(&manager->users_directory, "%s/users", parts->runtime_directory) < 0 ||
            asprintf(&manager->transfers_directory, "%s/transfers", parts->runtime_directory) < 0 ||
            asprintf(&manager->leases_directory, "%s/leases", parts->runtime_directory) < 0)
                return -ENOMEM;
        r = make_directory(manager->domains_directory, 0700);
        if (r >= 0)
                r = make_directory(manager->users_directory, 0700);
        if (r >= 0)
                r = make_directory(manager->leases_directory, 0700);
        /* rhv-transfer walks through it as 36:36. */
        if (r >= 0)
                r = make_directory(manager->transfers_directory, 0711);
        return r;
}

int manager_new(const ManagerParts *parts, Manager **ret) {
        _cleanup_(manager_freep) Manager *manager = NULL;
        int r;

        manager = calloc(1, sizeof(*manager));
        if (!manager)
                return -ENOMEM;
        manager->event = sd_event_ref(parts->event);
        manager->bus = sd_bus_ref(parts->bus);
        manager->changes = parts->changes;
        manager->auth = parts->auth;
        manager->jobs = parts->jobs;

        r = make_directories(manager, parts);
        if (r < 0)
                return log_error_errno(r, "Cannot make the directories of the service");
        r = work_pool_new(manager->event, MANAGER_THREADS, MANAGER_THREADS_CEILING, &manager->pool);
        if (r >= 0)
                r = work_pool_new(manager->event, MANAGER_PATIENT_THREADS, MANAGER_PATIENT_CEILING, &manager->patient_pool);
        if (r >= 0)
                r = sd_event_add_time_relative(manager->event, &manager->monitor, CLOCK_MONOTONIC, MONITOR_USEC,
                                               USEC_PER_SEC, on_monitor, manager);
        if (r < 0)
                return r;
        r = domain_load_all(manager);
        if (r < 0)
                return log_error_errno(r, "Cannot read %s", manager->domains_directory);
        transfer_recover(manager);
        *ret = TAKE_PTR(manager);
        return 0;
}

Manager *manager_free(Manager *manager) {
        Domain *domain, *next_domain;
        Task *task, *next_task;

        if (!manager)
                return NULL;
        manager->pool = work_pool_free(manager->pool);
        manager->patient_pool = work_pool_free(manager->patient_pool);
        transfer_free_all(manager);
        DL_FOREACH_SAFE(manager->tasks, task, next_task)
                task_free(task);
        HASH_ITER(hh, manager->domains, domain, next_domain)
                domain_free(domain);
        image_lock_clear(&manager->locks);
        sd_event_source_disable_unref(manager->monitor);
        sd_event_source_disable_unref(manager->poll);
        sd_bus_unref(manager->bus);
        sd_event_unref(manager->event);
        free(manager->state_directory);
        free(manager->runtime_directory);
        free(manager->domains_directory);
        free(manager->users_directory);
        free(manager->transfers_directory);
        free(manager->leases_directory);
        free(manager);
        return NULL;
}

bool manager_is_idle(const Manager *manager) {
        if (manager->tasks || manager->transfers)
                return false;
        for (const Domain *domain = manager->domains; domain; domain = domain->hh.next)
                if (domain->state == DOMAIN_OPENING || image_users_any(domain->users) ||
                    (domain->lockspace && domain->lockspace->host_id != 0))
                        return false;
        return true;
}
