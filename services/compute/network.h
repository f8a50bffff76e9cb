/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The NAT and isolated networks of this host. libvirt keeps them, marked as ours in their metadata; here is what it said last:
 *
 *     connected ──> all are listed ──> one that does not run is started ──> its event ──> asked for again
 *                          one that was not known and does not run likewise ──┘
 *
 * All calls about networks are in one lane, so what is asked after an event tells what came of it, and two who set up the same one at once
 * come one after the other.
 */

#include <uthash.h>

#include "virt.h"

/* More than a lonely host has; each runs a dnsmasq. */
#define NETWORKS_MAX 64U

typedef struct Manager Manager;

typedef struct Network {
        Manager *manager;
        VirtualNetwork is; /* as libvirt has it defined */
        char *path;
        bool active;
        char *reason; /* why it is not active; NULL: not known */
        bool listed;  /* mark of a reconciliation */
        UT_hash_handle by_name;
} Network;

Network *networks_find(const Manager *manager, const char *name);
size_t networks_count(const Manager *manager);
void networks_free_all(Manager *manager);

/* After each connect: all that libvirt had then. They are listed once more, since what happened meanwhile was not heard, and what does not run is
 * started. */
void networks_inventory(Manager *manager, const VirtNetwork *networks, size_t n);
/* libvirt says that something happened to it. */
void networks_event(Manager *manager, const char *name);
/* What libvirt has said of one. Return: the object, or NULL when there are too many or no memory. */
Network *networks_apply(Manager *manager, const VirtNetwork *said);
void networks_gone(Manager *manager, const char *name);

/* The guest that has a NIC on that bridge, running or being started, or NULL. */
const char *networks_user(const Manager *manager, const char *bridge);
/* Such a network exists here alone. description: of a guest. Return: 0, or negative with NotSupported set. */
int networks_check_leave(const Manager *manager, const char *guest, const json_t *description, sd_bus_error *error);
