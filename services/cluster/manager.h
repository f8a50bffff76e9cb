/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The Manager owns everything of a running Cluster: store, model, the backends, the jobs followed there. One thread, one loop.
 */

#include <uthash.h>

#include "backend.h"
#include "daemon.h"
#include "event.h"
#include "model.h"
#include "peers.h"
#include "plan.h"
#include "spec.h"

/* Where Compute has its NAT and isolated networks. */
#define COMPUTE_NETWORK_PREFIX "/org/rhv/Compute/network"

#define ACTION_OPERATE "org.rhv.cluster.operate"
#define ACTION_CONFIGURE "org.rhv.cluster.configure"
#define ACTION_DESTROY "org.rhv.cluster.destroy"
#define ACTION_MANAGE_HOST "org.rhv.cluster.manage-host"
#define ACTION_MANAGE_PEERS "org.rhv.cluster.manage-peers"

/* Host statistics are as old as this at most (the engine's rate: every fifth pulse of 3 s). */
#define STATS_INTERVAL_USEC (15 * USEC_PER_SEC)

/* The end of a job that the store did not take is settled as interrupted work, when it takes changes again. */
#define SETTLE_RETRY_USEC (10 * USEC_PER_SEC)

/* NetworkManager is a second late at boot; nobody waits for less. */
#define MANAGEMENT_RETRY_USEC (2 * USEC_PER_SEC)

enum { BACKEND_COMPUTE, BACKEND_STORAGE, BACKEND_NETWORK, _BACKENDS_MAX };

typedef struct Remote Remote;

typedef struct Manager {
        Daemon *daemon;
        sd_bus *bus;
        Store *store;
        Model *model;
        Backend *backends[_BACKENDS_MAX];

        /* this installation and this host */
        char host_id[37], boot_id[33];
        MacCursors mac_cursors;
        bool management_wanted; /* the switch in cluster.conf */

        /* the other hosts */
        Peers *peers;
        struct PeerWord *peer_words; /* calls that wait for another host */
        size_t n_peer_words;
        struct OvfKeep *ovf; /* definitions of VMs on the domains */
        struct LeaseKeep *leases; /* of VMs on shared domains */
        struct PeerServe *serves; /* calls of other hosts */
        size_t n_serves;
        struct PeerMigration *migrations; /* of guests that leave */
        struct PeerDownload *downloads;   /* of disks of other hosts */

        /* from the backends */
        json_t *capabilities;   /* Compute's, NULL before they are read */
        json_t *host_networks;  /* {name: properties} of Network */
        json_t *virtual_networks; /* the same of Compute: NAT and isolated ones */
        bool networks_known;
        unsigned network_facts; /* the last that Network told about this host, with NetworkManager behind it */
        char network_detail[NAME_BYTES_MAX + 1];
        bool guests_known;      /* Compute told all its guests, after its libvirt was there */
        bool guests_told;       /* it did so once: a host does not fall back to "installing" when its libvirt restarts */
        json_t *unmanaged;      /* {guest id: true} in Compute and not in the store */
        json_t *ended;          /* {guest id: true} Compute may forget, once the events of their end are kept */
        json_t *listed;         /* ids seen in the listing under way */

        /* being done */
        Remote *remotes;        /* hash by job id */
        struct StepsRun *steps; /* hash by job id: of those with several */
        Change *events;         /* told by the loop when it is idle: facts nobody asked for */
        sd_event_source *events_source, *stats_timer, *autostart_timer, *management_timer, *settle_timer, *refresh, *domains_timer;
        sd_bus_slot *stats_call;
        bool management_failed;
        char *management_error;
        bool management_running;
        uint64_t autostart_until; /* monotonic; 0: not begun */
        bool autostart_done;
        bool recovered;
        bool started; /* on the bus: changes are announced */
} Manager;

int manager_start(Daemon *daemon, void **ret);
void manager_stop(void *manager);

Object *manager_host(const Manager *manager); /* this host; NULL while there is no store */
Plan manager_plan(Manager *manager, const Actor *actor);

/* An event for what happened by itself: written with others when the loop is idle. objects: paths. */
void manager_event(Manager *manager, EventSeverity severity, const char *code, const char *const *objects,
                   const char *format, ...) _printf_(5, 6);
/* Has what is told so written, also when nothing is. */
void manager_events_later(Manager *manager);
/* A change nobody waits for; failure is logged, and told in no other way. Takes change. */
void manager_commit(Manager *manager, Change *change, const char *what);
/* A job ended and the store could not be told. */
void manager_settle_later(Manager *manager);
void manager_changed(Manager *manager, const Object *object, const char *property);

/* host.c: what the host is, from all that is known; call after any fact moved. Runs when the loop is idle. */
void host_refresh(Manager *manager);
/* The management network could not be begun: again after MANAGEMENT_RETRY_USEC. */
void host_management_later(Manager *manager);
void host_start_stats(Manager *manager);
uint64_t host_pending_bytes(const Manager *manager, unsigned *ret_cpus);
int host_first_start(Manager *manager);
extern const BackendInfo backend_infos[_BACKENDS_MAX];

/* guest.c: VMs as Compute sees them. */
void guest_object(Manager *manager, const char *path, const json_t *properties);
void guest_removed(Manager *manager, const char *path);
void guest_listed(Manager *manager);
/* Before Compute has told, nobody knows what runs. */
void guest_unknown_all(Manager *manager);
/* Compute keeps the record of a guest that ended until somebody has seen it: it may go when the events of its end are in the store. */
void guest_forget(Manager *manager, const char *id);
void guest_forget_ended(Manager *manager);

/* autostart.c */
void autostart_begin(Manager *manager);
