/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The Manager of rhv-networkd: owns the connection to NetworkManager, the one set-up that may run, and what the objects on the bus say. */

#include "daemon.h"
#include "guest-ports.h"
#include "link-stats.h"
#include "link-watch.h"
#include "nm.h"
#include "setup-hooks.h"
#include "setup.h"

#define NETWORK_ROOT "/org/rhv/Network"
#define NETWORK_INTERFACE "org.rhv.Network"
#define NETWORK_NETWORK_PREFIX "/org/rhv/Network/network"
#define NETWORK_NETWORK_INTERFACE "org.rhv.Network.Network"
#define NETWORK_NIC_PREFIX "/org/rhv/Network/nic"
#define NETWORK_NIC_INTERFACE "org.rhv.Network.Nic"
#define ACTION_NETWORK_CONFIGURE "org.rhv.network.configure"

/* More calls than that in the first moment are refused. */
#define WAITING_MAX 64U

typedef struct Manager {
        Daemon *daemon;
        sd_bus_slot *filter; /* of calls that come before it is known what there is */
        Nm *nm;
        Setup *setup;
        SetupHooksRun *hooks;
        json_t *asked;           /* {networks, bonds} of the set-up that runs, for the hooks after it; NULL: they hear nothing of it */
        LinkStats *stats;
        LinkWatch *links;
        GuestPorts *ports;
        json_t *networks, *nics; /* objects.h: what is on the bus now */
        json_t *labels;          /* labels.h: the truth is the file */
        json_t *losses;          /* link-loss.h: which networks are lost */
        sd_event_source *loss_timer;
        bool vlans_failed;       /* ports could not be put into their VLANs, which was said */
        bool mirrors_failed;     /* ports do not get their copies, which was said */
        bool looked;             /* the networks have been seen since the start */
        bool jobs_recovered;
        NmState seen;            /* of NetworkManager, when last looked at */
        sd_bus_message *waiting[WAITING_MAX]; /* calls that came before its first answer */
        size_t n_waiting;
} Manager;

int manager_new(Daemon *daemon, Manager **ret);
Manager *manager_free(Manager *manager);
DEFINE_CLEANUP(Manager *, manager_free)
bool manager_is_idle(const Manager *manager);

/* The view, fresh from the cache. NULL with BackendUnavailable set. Borrowed, until the loop turns. */
const json_t *manager_view(Manager *manager, sd_bus_error *error);

/* Whoever starts this service by a call comes before NetworkManager's first answer: the call waits for that, and is then handled from its top
 * again. Return: 1 it waits: return 1 from the handler at once; 0 go on. */
int manager_wait(Manager *manager, sd_bus_message *message);

/* Makes the objects on the bus what the view says. */
void manager_show(Manager *manager);
/* What is known of labels from now on, on disk as well. Return: 0 or a negative errno; then all is as before. */
int manager_keep_labels(Manager *manager, const json_t *labels);

/* setup-bus.c */
int setup_method_setup(sd_bus_message *message, void *userdata, sd_bus_error *error);
int setup_method_sync(sd_bus_message *message, void *userdata, sd_bus_error *error);
int setup_method_plan(sd_bus_message *message, void *userdata, sd_bus_error *error);
/* The hooks before a set-up have run: it begins, or its job ends. */
void setup_on_hooks(void *userdata, const char *job, int r, const json_t *networks, const json_t *bonds, const json_t *options, const sd_bus_error *error);
int setup_method_confirm(sd_bus_message *message, void *userdata, sd_bus_error *error);

extern const BusObject network_bus_objects[];
extern const sd_bus_vtable network_vtable[], nic_vtable[];
int network_bus_find(sd_bus *bus, const char *path, const char *interface, void *userdata, void **ret, sd_bus_error *error);
int network_bus_enumerate(sd_bus *bus, const char *prefix, void *userdata, char ***ret, sd_bus_error *error);
int nic_bus_find(sd_bus *bus, const char *path, const char *interface, void *userdata, void **ret, sd_bus_error *error);
int nic_bus_enumerate(sd_bus *bus, const char *prefix, void *userdata, char ***ret, sd_bus_error *error);
