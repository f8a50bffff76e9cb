/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "manager.h"

#include "agent-list.h"
#include "intake.h"
#include "log.h"
#include "run.h"

int manager_list_agents(Manager *manager, json_t **ret) {
        _cleanup_json_ json_t *list = NULL;
        int r;

        r = agent_list(agent_store_directory(manager->agents), &list);
        if (r < 0 && r != -ENOENT)
                return r;
        if (!list)
                list = json_array();
        if (!list)
                return -ENOMEM;

        if (manager->agents_there != (json_array_size(list) > 0)) {
                manager->agents_there = !manager->agents_there;
                bus_changed(manager->daemon->changes, FENCE_PATH, FENCE_INTERFACE, "Backends");
        }
        *ret = TAKE_PTR(list);
        return 0;
}

int manager_new(Daemon *daemon, const char *agent_directory, const char *cache_directory, Manager **ret) {
        _cleanup_(manager_freep) Manager *manager = calloc(1, sizeof(Manager));
        _cleanup_json_ json_t *list = NULL;
        int r;

        if (!manager)
                return -ENOMEM;
        manager->daemon = daemon;
        r = agent_store_new(daemon->event, agent_directory, cache_directory, &manager->agents);
        if (r < 0)
                return r;
        r = manager_list_agents(manager, &list);
        if (r < 0)
                log_warning_errno(r, "Cannot list the fence agents in %s", agent_directory);

        /* What ran when the last process ended died with it, and only the device knows how far it came: nothing to adopt. */
        job_manager_recover(daemon->jobs, NULL, NULL);

        *ret = TAKE_PTR(manager);
        return 0;
}

Manager *manager_free(Manager *manager) {
        if (!manager)
                return NULL;
        manager->stopping = true;
        manager->agents = agent_store_free(manager->agents); /* who waits for it hears so, and goes */
        while (manager->intakes)
                intake_abort(manager->intakes);
        while (manager->runs)
                fence_run_free(manager->runs);
        free(manager);
        return NULL;
}

bool manager_is_idle(const Manager *manager) {
        return !manager->runs && !manager->intakes && !agent_store_is_busy(manager->agents);
}
