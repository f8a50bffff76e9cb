/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "network.h"

#include "bus-error.h"
#include "log-ids.h"
#include "log.h"
#include "manager.h"
#include "network-bus.h"
#include "vm-description.h"
#include "vm-function.h"

/* ---- the objects ---- */

Network *networks_find(const Manager *manager, const char *name) {
        Network *network;

        HASH_FIND(by_name, manager->networks, name, (unsigned)strlen(name), network);
        return network;
}

size_t networks_count(const Manager *manager) {
        return HASH_CNT(by_name, manager->networks);
}

static void network_free(Network *network) {
        HASH_DELETE(by_name, network->manager->networks, network);
        free(network->path);
        free(network->reason);
        free(network);
}

void networks_free_all(Manager *manager) {
        Network *network, *next;

        HASH_ITER(by_name, manager->networks, network, next) {
                network_free(network);
        }
}

static Network *network_new(Manager *manager, const VirtualNetwork *is) {
        Network *network;

        if (networks_count(manager) >= NETWORKS_MAX) {
                log_warning("Network %s is not shown: there are more than %u", is->name, NETWORKS_MAX);
                return NULL;
        }
        network = calloc(1, sizeof(Network));
        if (!network)
                return NULL;
        *network = (Network){ .manager = manager, .is = *is, .path = bus_object_path(COMPUTE_NETWORK_PREFIX, is->name) };
        if (!network->path) {
                free(network);
                return NULL;
        }
        HASH_ADD_KEYPTR(by_name, manager->networks, network->is.name, strlen(network->is.name), network);
        return network;
}

static void changed(const Network *network, const char *property) {
        bus_changed(network->manager->daemon->changes, network->path, COMPUTE_NETWORK_INTERFACE, property);
}

static void set_state(Network *network, bool active, const char *reason) {
        if (active != network->active) {
                network->active = active;
                changed(network, "State");
                log_info("Network %s %s", network->is.name, active ? "is active" : "is not active any more");
        }
        if (!streq_ptr(reason, network->reason)) {
                free(network->reason);
                network->reason = reason ? strdup(reason) : NULL;
                changed(network, "StateReason");
        }
}

Network *networks_apply(Manager *manager, const VirtNetwork *said) {
        static const char *const described[] = { "Mode", "Subnet", "Address", "Dhcp" };
        Network *network = networks_find(manager, said->network.name);

        if (!network) {
                network = network_new(manager, &said->network);
                if (!network)
                        return NULL;
                network->active = said->active;
                bus_changes_forget(manager->daemon->changes, network->path);
                (void) sd_bus_emit_object_added(manager->daemon->bus, network->path);
                return network;
        }
        if (!virtual_network_equal(&network->is, &said->network)) {
                network->is = said->network; /* the key stays: it has the same name */
                for (size_t i = 0; i < ELEMENTSOF(described); i++)
                        changed(network, described[i]);
        }
        set_state(network, said->active, said->active ? NULL : network->reason);
        return network;
}

static void forget(Network *network) {
        bus_changes_forget(network->manager->daemon->changes, network->path);
        (void) sd_bus_emit_object_removed(network->manager->daemon->bus, network->path);
        network_free(network);
}

void networks_gone(Manager *manager, const char *name) {
        Network *network = networks_find(manager, name);

        if (network)
                forget(network);
}

/* ---- what libvirt says ---- */

static void on_put_right(const VirtOutcome *outcome, void *context, void *userdata) {
        Manager *manager = userdata;
        Network *network = networks_find(manager, outcome->id);

        if (outcome->r >= 0 && outcome->n_networks > 0)
                (void) networks_apply(manager, &outcome->networks[0]);
        else if (network && !network->active) {
                log_full(LOG_WARNING, MESSAGE_ID_NETWORK_FAILED, LOG_FIELDS("RHV_NETWORK", network->is.name), "Network %s cannot be started: %s",
                         network->is.name, outcome->error->message ?: "no reason was given");
                set_state(network, false, outcome->error->message);
        }
}

static void put_right(Network *network) {
        Manager *manager = network->manager;
        VirtRequest request = { .verb = VIRT_NETWORK_SETUP, .network = &network->is, .lane = manager->network_lane };

        (void) virt_call(manager->virt, &request, on_put_right, NULL, NULL, NULL);
}

/* What is not among them is gone. */
static void take_all(Manager *manager, const VirtNetwork *networks, size_t n) {
        Network *network, *next;

        HASH_ITER(by_name, manager->networks, network, next) {
                network->listed = false;
        }
        for (size_t i = 0; i < n; i++) {
                network = networks_apply(manager, &networks[i]);
                if (network)
                        network->listed = true;
        }
        HASH_ITER(by_name, manager->networks, network, next) {
                if (!network->listed)
                        forget(network);
        }
}

static void on_list(const VirtOutcome *outcome, void *context, void *userdata) {
        Manager *manager = userdata;
        Network *network, *next;

        if (outcome->r < 0)
                return;
        take_all(manager, outcome->networks, outcome->n_networks);
        HASH_ITER(by_name, manager->networks, network, next) {
                if (!network->active)
                        put_right(network);
        }
}

void networks_inventory(Manager *manager, const VirtNetwork *networks, size_t n) {
        VirtRequest request = { .verb = VIRT_NETWORK_LIST, .lane = manager->network_lane };

        take_all(manager, networks, n);
        (void) virt_call(manager->virt, &request, on_list, NULL, NULL, NULL);
}

static void on_fetched(const VirtOutcome *outcome, void *context, void *userdata) {
        bool is_new = !networks_find(userdata, outcome->id);
        Network *network;

        if (outcome->r >= 0 && outcome->n_networks > 0) {
                network = networks_apply(userdata, &outcome->networks[0]);
                /* libvirt defined it for a process before this one, which did not live to start it */
                if (network && is_new && !network->active)
                        put_right(network);
        } else if (outcome->r == -ENOENT)
                networks_gone(userdata, outcome->id);
}

void networks_event(Manager *manager, const char *name) {
        VirtualNetwork wanted = {};
        VirtRequest request = { .verb = VIRT_NETWORK_FETCH, .network = &wanted, .lane = manager->network_lane };

        /* one of another name is none of ours */
        if (!virtual_network_name_is_valid(name))
                return;
        memcpy(wanted.name, name, strlen(name) + 1);
        (void) virt_call(manager->virt, &request, on_fetched, NULL, NULL, NULL);
}

/* ---- who is on it ---- */

static bool has_nic_on(const Vm *vm, const char *bridge) {
        const json_t *nic;
        size_t i;

        json_array_foreach(json_object_get(vm->description, "nics"), i, nic)
                if (streq_ptr(vm_nic_bridge(nic), bridge))
                        return true;
        /* guests of others have no description */
        json_array_foreach(vm->devices, i, nic)
                if (streq(dict_string(nic, "bridge", ""), bridge))
                        return true;
        return false;
}

const char *networks_user(const Manager *manager, const char *bridge) {
        Vm *vm, *next;

        HASH_ITER(by_id, manager->vms_by_id, vm, next) {
                if ((vm->observed != VM_DOWN || vm_is_busy(vm)) && has_nic_on(vm, bridge))
                        return vm->name;
        }
        return NULL;
}

int networks_check_leave(const Manager *manager, const char *guest, const json_t *description, sd_bus_error *error) {
        const json_t *nic;
        size_t i;

        json_array_foreach(json_object_get(description, "nics"), i, nic) {
                const char *bridge = vm_nic_bridge(nic);

                if (vm_nic_is_passthrough(nic))
                        return sd_bus_error_setf(error, RHV_ERROR_NOT_SUPPORTED, "NIC %zu of VM %s is passed through: it cannot leave the host while it runs", i + 1, guest);
                if (bridge && networks_find(manager, bridge))
                        return sd_bus_error_setf(error, RHV_ERROR_NOT_SUPPORTED,
                                                 "VM %s is on the %s network %s, which is on this host alone: it cannot leave it while it runs", guest,
                                                 virtual_mode_to_string(networks_find(manager, bridge)->is.mode), bridge);
        }
        return 0;
}
