/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* rhv-computed: the guests of this host on the bus. */

#include "daemon.h"
#include "manager.h"

static const char *arg_libvirt_uri = "qemu:///system";

static int start(Daemon *daemon, void **ret_manager) {
        return manager_new(daemon, arg_libvirt_uri, (Manager **)ret_manager);
}

static void stop(void *manager) {
        manager_free(manager);
}

static bool idle(void *manager) {
        return manager_is_idle(manager);
}

static const DaemonOption options[] = {
        { "libvirt-uri", "which libvirt to use (qemu:///system)", &arg_libvirt_uri },
        {},
};

static const DaemonInfo info = {
        .program = "rhv-computed",
        .service = "Compute",
        .objects = compute_bus_objects,
        .start = start,
        .stop = stop,
        .idle = idle,
        .options = options,
};

int main(int argc, char **argv) {
        return daemon_main(&info, argc, argv);
}
