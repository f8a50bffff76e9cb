/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "cluster-options.h"
#include "daemon.h"
#include "manager.h"
#include "object-bus.h"

int main(int argc, char **argv) {
        static const DaemonInfo info = {
                .program = "rhv-clusterd",
                .service = "Cluster",
                .objects = cluster_bus_objects,
                .start = manager_start,
                .stop = manager_stop,
                .options = cluster_options,
        };

        return daemon_main(&info, argc, argv);
}
