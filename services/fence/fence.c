/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* org.rhv.Fence: power devices, through the installed fence agents. */

#include "agent-list.h"
#include "manager.h"

static const char *agent_directory = AGENT_DIRECTORY;

static int start(Daemon *daemon, void **ret_manager) {
        const char *cache = getenv("CACHE_DIRECTORY");

        return manager_new(daemon, agent_directory, cache ?: "/var/cache/rhv/fence", (Manager **)ret_manager);
}

static void stop(void *manager) {
        manager_free(manager);
}

static bool idle(void *manager) {
        return manager_is_idle(manager);
}

static const DaemonOption options[] = {
        { "agent-directory", "where the fence agents are, in place of " AGENT_DIRECTORY, &agent_directory },
        { 0 },
};

static const DaemonInfo info = {
        .program = "rhv-fenced",
        .service = "Fence",
        .objects = fence_bus_objects,
        .start = start,
        .stop = stop,
        .idle = idle,
        .options = options,
};

int main(int argc, char **argv) {
        return daemon_main(&info, argc, argv);
}
