/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Live migration, peer to peer: this host's libvirt speaks to the other's by itself and the call returns at the end. Both of its connections are
 * unix sockets (migration-place.h), so nothing listens on a network.
 */

#include <stdio.h>

#include "virt-call.h"

/* Disk errors end a migration rather than follow the guest; a client that goes away does not end it. */
#define MIGRATE_FLAGS (VIR_MIGRATE_LIVE | VIR_MIGRATE_PEER2PEER | VIR_MIGRATE_ABORT_ON_ERROR)

int virt_run_migrate(VirtCall *call, virDomainPtr domain) {
        const VirtMigration *migration = &call->migration;
        unsigned flags = MIGRATE_FLAGS | (migration->auto_converge ? VIR_MIGRATE_AUTO_CONVERGE : 0);
        virTypedParameterPtr parameters = NULL;
        int n = 0, room = 0, r;

        r = virTypedParamsAddString(&parameters, &n, &room, VIR_MIGRATE_PARAM_URI, migration->memory_uri);
        if (r >= 0 && migration->bandwidth_mib > 0)
                r = virTypedParamsAddULLong(&parameters, &n, &room, VIR_MIGRATE_PARAM_BANDWIDTH, migration->bandwidth_mib);
        if (r >= 0)
                r = virDomainMigrateToURI3(domain, migration->libvirt_uri, parameters, (unsigned)n, flags);
        if (r < 0)
                r = virt_error_set(&call->error, &call->undecided, "Guest %s was not migrated", call->id);
        virTypedParamsFree(parameters, n);
        return r;
}

int virt_run_migrate_stats(VirtCall *call, virDomainPtr domain) {
        virDomainJobInfo info;

        if (virDomainGetJobInfo(domain, &info) < 0)
                return virt_error_set(&call->error, &call->undecided, "Cannot read how far the migration of guest %s is", call->id);
        call->progress = (VirtProgress){
                .active = info.type == VIR_DOMAIN_JOB_BOUNDED || info.type == VIR_DOMAIN_JOB_UNBOUNDED,
                .done_bytes = info.dataProcessed,
                .left_bytes = info.dataRemaining,
        };
        return 0;
}

int virt_run_migrate_abort(VirtCall *call, virDomainPtr domain) {
        if (virDomainAbortJob(domain) >= 0)
                return 0;
        return virt_error_set(&call->error, &call->undecided, "The migration of guest %s cannot be stopped", call->id);
}

static char *uri_of(const char *prefix, const char *path) {
        char *uri;

        return asprintf(&uri, "%s%s", prefix, path) < 0 ? NULL : uri;
}

int virt_migration_init(VirtMigration *migration, const char *libvirt_socket, const char *memory_socket) {
        migration->libvirt_uri = uri_of("qemu+unix:///system?socket=", libvirt_socket);
        migration->memory_uri = uri_of("unix://", memory_socket);
        return migration->libvirt_uri && migration->memory_uri ? 0 : -ENOMEM;
}

int virt_migration_copy(VirtMigration *to, const VirtMigration *from) {
        *to = *from;
        to->libvirt_uri = strdup(from->libvirt_uri);
        to->memory_uri = strdup(from->memory_uri);
        return to->libvirt_uri && to->memory_uri ? 0 : -ENOMEM;
}

void virt_migration_done(VirtMigration *migration) {
        free(migration->libvirt_uri);
        free(migration->memory_uri);
        *migration = (VirtMigration){};
}
