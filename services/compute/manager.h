/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * All guests of this host, and what feeds them: libvirt's events and inventory, and the records of guests that we started.
 */

#include <uthash.h>

#include "console.h"
#include "daemon.h"
#include "guest-agent.h"
#include "host-info.h"
#include "network.h"
#include "virt.h"
#include "vm-state.h"
#include "vm.h"

#define COMPUTE_INTERFACE "org.rhv.Compute"
#define COMPUTE_ROOT "/org/rhv/Compute"
#define COMPUTE_VM_INTERFACE "org.rhv.Compute.Vm"
#define COMPUTE_VM_PREFIX "/org/rhv/Compute/vm"
#define COMPUTE_NETWORK_INTERFACE "org.rhv.Compute.Network"
#define COMPUTE_NETWORK_PREFIX "/org/rhv/Compute/network"

#define ACTION_COMPUTE_OPERATE "org.rhv.compute.operate"
#define ACTION_COMPUTE_CONSOLE "org.rhv.compute.console"
#define ACTION_COMPUTE_NETWORK "org.rhv.compute.configure-network"
#define ACTION_COMPUTE_CARRY "org.rhv.compute.carry-migration"

/* Guests known at one time, ended ones with a record among them; oVirt's largest hosts run hundreds. */
#define VMS_MAX 4096U
/* Starts under way: QEMU's start is heavy on CPU and disk. More are refused rather than queued. */
#define STARTS_MAX 64U
/* Guests that libvirt told about while the inventory was being read. */
#define LOOKS_MAX 4096U
/* Calls that wait for the first connect after activation, which ends one way or the other within OPEN_SILENT_USEC (virt.c). */
#define WAITING_MAX 256U

/* How the host's load is sampled: the figure of GetHostStats is over the time since the last sample but one. */
#define HOST_SAMPLE_USEC (15 * USEC_PER_SEC)

struct Manager {
        Daemon *daemon;
        Virt *virt;
        bool inventory_known; /* libvirt told all its guests at least once: what is not there is not there */
        bool jobs_recovered;

        Vm *vms_by_id, *vms_by_path; /* uthash */
        Network *networks; /* uthash */
        uint64_t network_lane;
        uint64_t next_lane;
        char **looks;
        size_t n_looks;
        sd_bus_message *waiting[WAITING_MAX];
        size_t n_waiting;

        HostCpu cpu;
        HostMemory memory;
        HostTicks ticks[2]; /* older, newer */
        sd_event_source *sample;

        json_t *starts_untold; /* {guest: how many starts of it libvirt has not told of yet} */
        char *record_directory, *console_directory, *migration_base;
};

int manager_new(Daemon *daemon, const char *libvirt_uri, Manager **ret);
Manager *manager_free(Manager *manager);
DEFINE_CLEANUP(Manager *, manager_free)
bool manager_is_idle(const Manager *manager);

/* libvirt was asked to start the guest and will tell once that it runs; it was told, or is not going to be. */
void manager_expect_start(Manager *manager, const char *id);
void manager_start_over(Manager *manager, const char *id);
/* What libvirt tells of a guest, in the order in which it happened. userdata: the manager. */
void manager_event(const VirtEvent *event, void *userdata);
Vm *manager_find(const Manager *manager, const char *id);
Vm *manager_find_path(const Manager *manager, const char *path);
/* The guest of that name that is alive or being started, or NULL. */
Vm *manager_find_name(const Manager *manager, const char *name);
size_t manager_count(const Manager *manager);
size_t manager_count_busy(const Manager *manager, VmActivity activity);
void manager_link(Manager *manager, Vm *vm);
void manager_unlink(Manager *manager, Vm *vm);

/* Every NIC's bridge is there. Return: 0, or negative with NotFound set. */
int manager_check_bridges(const json_t *description, sd_bus_error *error);
/* While the first connect to libvirt is under way a call waits for its end instead of being refused: who activated the service by that
 * call would be refused for nothing. Return: true: parked; the handler returns 1 at once and will be called again. */
bool manager_wait_for_backend(Manager *manager, sd_bus_message *message);
/* What decides about the XML of a guest of this host. Return: 0, or -EAGAIN with BackendUnavailable set. */
int manager_xml_host(const Manager *manager, VmXmlHost *ret, sd_bus_error *error);
/* The Capabilities property. Return: new object or NULL. */
json_t *manager_capabilities(const Manager *manager);
/* The answer of GetHostStats. Reads /proc. Return: new object or NULL. */
json_t *manager_host_stats(Manager *manager);

extern const BusObject compute_bus_objects[];
