/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* rhv-storaged: storage domains, images and volumes of this host, as org.rhv.Storage. */

#include "daemon.h"
#include "lvm.h"
#include "manager.h"

static int storage_start(Daemon *daemon, void **ret_manager) {
        const ManagerParts parts = {
                        .event = daemon->event,
                        .bus = daemon->bus,
                        .changes = daemon->changes,
                        .auth = daemon->auth,
                        .jobs = daemon->jobs,
                        .state_directory = daemon->state_directory,
                        .runtime_directory = daemon->runtime_directory,
        };
        Manager *manager;
        int r;

        lvm_use_helper(LVM_SOCKET_PATH);
        r = manager_new(&parts, &manager);
        if (r < 0)
                return r;
        *ret_manager = manager;
        return 0;
}

static void storage_stop(void *manager) {
        manager_free(manager);
}

static bool storage_idle(void *manager) {
        return manager_is_idle(manager);
}

static const DaemonInfo info = {
                .program = "rhv-storaged",
                .service = "Storage",
                .objects = storage_bus_objects,
                .start = storage_start,
                .stop = storage_stop,
                .idle = storage_idle,
};

int main(int argc, char **argv) {
        return daemon_main(&info, argc, argv);
}
