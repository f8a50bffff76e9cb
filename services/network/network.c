/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* rhv-networkd: bridges, bonds, VLANs and addresses of this host on the bus, all or nothing. */

#include "daemon.h"
#include "loop-glib.h"
#include "manager.h"

static int start(Daemon *daemon, void **ret_manager) {
        return manager_new(daemon, (Manager **)ret_manager);
}

static void stop(void *manager) {
        manager_free(manager);
}

static bool idle(void *manager) {
        return manager_is_idle(manager);
}

static const DaemonInfo info = {
        .program = "rhv-networkd",
        .service = "Network",
        .objects = network_bus_objects,
        .start = start,
        .stop = stop,
        .idle = idle,
        .run = loop_glib_run,
};

int main(int argc, char **argv) {
        return daemon_main(&info, argc, argv);
}
