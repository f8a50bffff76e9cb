/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The one door to libvirt. No libvirt type passes it, and no call waits in it.
 *
 *   loop thread   owns the Virt, hears callbacks, makes requests
 *   event thread  runs libvirt's event loop and nothing else; posts what it hears to the loop
 *   call threads  one pool for calls on guests, a second for guest agents, so that an agent that hangs delays no start; a third for
 *                 migrations, which take minutes
 *
 * A lost or hung libvirt is a state here (connecting, ready, failed with a reason), not an error of the service: it is tried again
 * for ever, and after each connect the complete inventory is told once.
 *
 * Which comes first, the end of a call or the event it caused, is not promised. Every outcome and the inventory carry the serial
 * that was current when the question left; an event heard since then (larger serial) knows better.
 */

#include "host-info.h"
#include "macro.h"
#include "operation.h"
#include "parse-util.h"
#include "virt-state.h"
#include "virt-stats.h"
#include "virtual-network.h"
#include "vm-live.h"

typedef struct Virt Virt;

typedef enum VirtBackend {
        VIRT_CONNECTING,
        VIRT_READY,
        VIRT_FAILED,
        _VIRT_BACKEND_MAX,
        _VIRT_BACKEND_INVALID = -EINVAL,
} VirtBackend;
DECLARE_STRING_TABLE(virt_backend, VirtBackend);

/* What libvirt said about one guest. */
typedef struct VirtDomain {
        char id[UUID_STRING_MAX];
        char *name;
        VirtStateWords words;
        bool active;     /* it has a process */
        bool persistent; /* libvirt keeps its definition */
        VmLive live;
} VirtDomain;
void virt_domain_done(VirtDomain *domain);

typedef enum VirtEventKind {
        VIRT_EVENT_LIFECYCLE, /* words */
        VIRT_EVENT_REBOOT,
        VIRT_EVENT_AGENT,     /* channel */
        VIRT_EVENT_DEVICES,   /* a device came or went */
        VIRT_EVENT_IO_ERROR,  /* text: the reason word libvirt gave */
        VIRT_EVENT_NETWORK,   /* text: the name of the network that came, went, was started or stopped */
} VirtEventKind;

typedef struct VirtEvent {
        VirtEventKind kind;
        char id[UUID_STRING_MAX];
        VirtEventWords words;
        VmChannel channel;
        char text[64];
        uint64_t serial;
} VirtEvent;

/* A NAT or isolated network of ours. */
typedef struct VirtNetwork {
        VirtualNetwork network;
        bool active;
} VirtNetwork;

typedef struct VirtCallbacks {
        void (*backend)(void *userdata);                                                   /* state or reason changed */
        /* all there is, after a connect */
        void (*inventory)(const VirtDomain *domains, size_t n, const VirtNetwork *networks, size_t n_networks, uint64_t serial, void *userdata);
        void (*event)(const VirtEvent *event, void *userdata);
} VirtCallbacks;

/* uri: copied. callbacks: static. userdata: borrowed. Starts to connect at once; nothing is called from inside. */
int virt_new(sd_event *event, const char *uri, const VirtCallbacks *callbacks, void *userdata, Virt **ret);
/* Ends the event thread. What was asked is forgotten: no callback comes any more. */
Virt *virt_free(Virt *virt);
DEFINE_CLEANUP(Virt *, virt_free)

VirtBackend virt_backend(const Virt *virt) _pure_;
const char *virt_backend_reason(const Virt *virt) _pure_; /* "" while ready */
/* Return: 0, or -EAGAIN with BackendUnavailable set and the reason in it. */
int virt_check_ready(const Virt *virt, sd_bus_error *error);
/* What the last connect found; NULL before. Borrowed. */
const HostVirt *virt_host(const Virt *virt) _pure_;
const HostNode *virt_node(const Virt *virt) _pure_;
/* "QEMU 7.2.15", "TEST 2.0.0"; "" before. */
const char *virt_hypervisor(const Virt *virt) _pure_;

typedef enum VirtVerb {
        VIRT_FETCH,          /* → domain */
        VIRT_CREATE,         /* xml, paused → domain */
        VIRT_DESTROY,        /* gracefully, then by force */
        VIRT_SHUTDOWN_AGENT,
        VIRT_SHUTDOWN_ACPI,
        VIRT_REBOOT_AGENT,
        VIRT_REBOOT_ACPI,
        VIRT_SUSPEND,
        VIRT_RESUME,
        VIRT_GRAPHICS,       /* → fd */
        VIRT_STATS,          /* ids, NULL: all that run → stats */
        VIRT_AGENT,          /* → agent */
        VIRT_PING,
        VIRT_UPDATE_NIC,     /* xml of the device, metadata → domain */
        VIRT_UPDATE_CD,      /* likewise, of a drive: what is in it comes out although the guest has locked it */
        VIRT_MIGRATE,        /* migration */
        VIRT_MIGRATE_STATS,  /* → progress */
        VIRT_MIGRATE_ABORT,
        VIRT_NETWORK_LIST,   /* → networks */
        VIRT_NETWORK_FETCH,  /* network.name → networks */
        VIRT_NETWORK_SETUP,  /* network → networks: made, changed or started, as it needs */
        VIRT_NETWORK_REMOVE, /* network.name */
        VIRT_NETWORK_LEASES, /* network.name → leases */
        _VIRT_VERB_MAX,
} VirtVerb;

/* What the guest's agent told, cleaned: it is the guest's word, not ours. */
#define VIRT_AGENT_ADDRESSES_MAX 64U
typedef struct VirtAgent {
        char *addresses[VIRT_AGENT_ADDRESSES_MAX + 1]; /* NULL-terminated */
        char *hostname;                                /* NULL: not told */
} VirtAgent;

/* Where a guest goes, and how. */
typedef struct VirtMigration {
        char *libvirt_uri, *memory_uri;
        uint64_t bandwidth_mib; /* per second; 0: no limit */
        bool auto_converge;     /* slow the guest down when it writes faster than its memory is sent */
} VirtMigration;
/* The URIs for these sockets. Return: 0 or -ENOMEM; virt_migration_done() in either case. */
int virt_migration_init(VirtMigration *migration, const char *libvirt_socket, const char *memory_socket);
int virt_migration_copy(VirtMigration *to, const VirtMigration *from);
void virt_migration_done(VirtMigration *migration);

/* How far a migration is. */
typedef struct VirtProgress {
        bool active; /* there is one */
        uint64_t done_bytes, left_bytes;
} VirtProgress;

typedef struct VirtRequest {
        VirtVerb verb;
        const char *id;         /* of the guest; copied */
        uint64_t lane;          /* calls of one lane run in order; 0: none */
        const char *xml;        /* copied */
        const char *metadata;   /* copied */
        bool paused;
        const char *const *ids; /* NULL-terminated; copied */
        const VirtMigration *migration; /* copied */
        const VirtualNetwork *network;  /* copied */
} VirtRequest;

typedef struct VirtOutcome {
        VirtVerb verb;
        const char *id;           /* of the guest, or the network's name */
        uint64_t serial;          /* when the question left */
        int r;                    /* 0, or negative with error set */
        const sd_bus_error *error;
        bool undecided;           /* it failed so that it may have happened all the same */
        VirtDomain *domain;       /* may be taken apart by the callback; NULL on failure */
        int *fd;                  /* TAKE_FD() it to keep it */
        VirtStats *stats;
        VirtAgent *agent;
        const VirtProgress *progress;
        const VirtNetwork *networks; /* n_networks of them */
        size_t n_networks;
        const json_t *leases;     /* [{address, mac, hostname, expires_at}]; NULL on failure */
} VirtOutcome;

typedef void (*virt_done_t)(const VirtOutcome *outcome, void *context, void *userdata);

/* Asks. done is called once from the loop with the userdata of virt_new(); context is borrowed unless context_free is given: then it
 * is taken (also on failure) and freed after done, or with the Virt. Return: 0, or negative with BackendUnavailable set (done is not called). */
int virt_call(Virt *virt, const VirtRequest *request, virt_done_t done, void *context, void (*context_free)(void *), sd_bus_error *error);
/* The same for a method call that is answered by the outcome: parks it, and done gets an Operation ** as context, which it must answer.
 * Return: 1 as a handler returns it, or negative (nothing is parked). */
int virt_call_parked(Virt *virt, const VirtRequest *request, virt_done_t done, sd_bus_message *message, sd_bus_error *error);
/* Questions not answered yet. */
size_t virt_pending(const Virt *virt) _pure_;
