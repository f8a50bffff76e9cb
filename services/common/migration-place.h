/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Where the two ends of a live migration meet: unix sockets in a directory of the guest, at the same path on both hosts, because libvirt hands one
 * URI to both (https://libvirt.org/migration.html, "Migration uses unix sockets").
 *
 *     source host                                                     destination host
 *     libvirtd ──connects──> <base>/<vm>/libvirt   Cluster ══ stream ══ Compute ──connects──> libvirtd's own socket
 *     libvirtd ──connects──> <base>/<vm>/memory    Cluster ══ stream ══ Compute ──connects──> <base>/<vm>/memory, made by QEMU
 */

#include "string-table.h"

typedef enum MigrationChannel {
        MIGRATION_LIBVIRT, /* what the two libvirt daemons say to each other */
        MIGRATION_MEMORY,  /* the guest's memory and the state of its devices */
        _MIGRATION_CHANNEL_MAX,
        _MIGRATION_CHANNEL_INVALID = -EINVAL,
} MigrationChannel;
DECLARE_STRING_TABLE(migration_channel, MigrationChannel);

/* The base for a service with this runtime directory (/run/rhv/compute: /run/rhv/migration). Return: new, or NULL. */
char *migration_base(const char *runtime_directory);
char *migration_directory(const char *base, const char *vm);
char *migration_socket(const char *base, const char *vm, MigrationChannel channel);

/* A new directory for that guest, for root alone; what an earlier migration left there is removed first. Return: 0 or a negative errno. */
int migration_place_make(const char *base, const char *vm);
void migration_place_remove(const char *base, const char *vm);
