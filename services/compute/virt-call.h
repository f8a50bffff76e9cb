/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * One call to libvirt as it runs in a thread: it owns copies of all it was asked with and everything it found, and touches nothing of
 * the daemon. Only virt.c and virt-call.c know of it.
 */

#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>

#include "virt.h"

typedef struct VirtCall {
        VirtVerb verb;
        virConnectPtr conn; /* a reference; given back in the thread, because the last one closes the connection and that may wait */
        char id[UUID_STRING_MAX];
        char *xml, *metadata;
        bool paused;
        char **ids;
        VirtMigration migration;
        VirtualNetwork network;

        sd_bus_error error;
        bool undecided;
        VirtDomain domain;
        bool has_domain;
        int fd;
        VirtStats *stats;
        VirtAgent agent;
        VirtProgress progress;
        VirtNetwork *networks;
        size_t n_networks;
        json_t *leases;
} VirtCall;

/* Return: new call with its own reference on conn, or NULL. */
VirtCall *virt_call_new(virConnectPtr conn, const VirtRequest *request);
/* In a thread. Return: 0, or negative with call->error set. */
int virt_call_run(void *call);
void virt_call_destroy(void *call);

/* Asks libvirt about one domain. In a thread. Return: 0 or a negative errno (libvirt's last error says more). */
int virt_domain_read(virDomainPtr domain, VirtDomain *ret);
void virt_agent_done(VirtAgent *agent);

/* Verbs of migration: virt-migrate.c. */
int virt_run_migrate(VirtCall *call, virDomainPtr domain);
int virt_run_migrate_stats(VirtCall *call, virDomainPtr domain);
int virt_run_migrate_abort(VirtCall *call, virDomainPtr domain);

/* libvirt's last error of this thread, named. undecided: see VirtOutcome. Return: a negative errno. */
int virt_error_set(sd_bus_error *error, bool *ret_undecided, const char *format, ...) _printf_(3, 4);
