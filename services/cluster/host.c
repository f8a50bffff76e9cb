/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* This host: first start, what it can, what it is, its management network. */

#include <stdio.h>
#include <systemd/sd-id128.h>
#include <unistd.h>
#include <utlist.h>

#include "bus-error.h"
#include "dict.h"
#include "host-state.h"
#include "log.h"
#include "manager.h"
#include "parse-util.h"
#include "plan-network.h"
#include "remote.h"
#include "scheduler.h"
#include "spec.h"
#include "work.h"

/* Our own id from machine-id, so that a host keeps it for life and machine-id itself is not shown (machine-id(5)). */
#define HOST_APPLICATION_ID SD_ID128_MAKE(2f, 4e, 0d, 61, 8b, 1c, 4a, 7e, 9d, 03, 55, c2, 7e, 10, b6, a4)

static void id_to_uuid(sd_id128_t id, char ret[static 37]) {
        (void) sd_id128_to_uuid_string(id, ret);
}

int host_first_start(Manager *manager) {
        _cleanup_(change_freep) Change *change = change_new();
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        char name[NAME_BYTES_MAX + 1];
        sd_id128_t id;
        Plan plan;
        int r;

        r = sd_id128_get_machine_app_specific(HOST_APPLICATION_ID, &id);
        if (r < 0)
                return log_error_errno(r, "Cannot read the machine's id");
        id_to_uuid(id, manager->host_id);
        if (store_state(manager->store) != STORE_READY)
                return 0;

        if (gethostname(name, sizeof name) < 0 || !memchr(name, 0, sizeof name) || !name_is_valid(name, NAME_BYTES_MAX))
                (void) snprintf(name, sizeof name, "host-%.8s", manager->host_id);
        if (!change)
                return -ENOMEM;
        plan = manager_plan(manager, &actor_system);
        r = plan_first_start(&plan, manager->host_id, name, change, &error);
        if (r >= 0 && !change_is_empty(change))
                r = store_commit(manager->store, NULL, NULL, change, NULL, &error);
        if (r < 0)
                log_error("Cannot add this host: %s", error.message ?: strerror(-r));
        return 0;
}

Object *manager_host(const Manager *manager) {
        return model_find(manager->model, KIND_HOST, manager->host_id);
}

/* ---- load ---- */

uint64_t host_pending_bytes(const Manager *manager, unsigned *ret_cpus) {
        uint64_t bytes = 0;
        unsigned cpus = 0;

        for (const Object *vm = model_first(manager->model, KIND_VM); vm; vm = vm->next) {
                unsigned n = (unsigned)dict_integer(vm->spec, "cpus", 1);

                if (!streq(dict_string(vm->facts, "doing", ""), "start"))
                        continue;
                cpus += n;
                bytes += vm_footprint_bytes((uint64_t)dict_integer(vm->spec, "memory", 0), n);
        }

        if (ret_cpus)
                *ret_cpus = cpus;
        return bytes;
}

/* ---- state ---- */

static const json_t *host_network(const Manager *manager, const Object *network) {
        _cleanup_free_ char *name = network_host_name(network->name, network->id);

        return name ? json_object_get(manager->host_networks, name) : NULL;
}

/* Out of sync is not as asked for, and carries traffic all the same. */
static bool is_active(const json_t *properties) {
        const char *state = dict_string(properties, "State", "");

        return streq(state, "active") || streq(state, "out-of-sync");
}

/* Network says after a grace that one is lost: a link that flaps is no reason to take the host out. */
static bool is_lost(const json_t *properties) {
        return !properties || (!is_active(properties) && dict_boolean(properties, "Lost", true));
}

/* Before NetworkManager is there Network knows of none, which does not mean that there is none. */
static bool networks_known(const Manager *manager) {
        return manager->networks_known && !backend_inner_pending(manager->backends[BACKEND_NETWORK]);
}

static void note_operational(Manager *manager, const Object *network) {
        Change *change;

        if (dict_boolean(network->spec, "operational", false))
                return;
        change = change_new();
        if (change && plan_set_spec(network, "operational", json_true(), change) >= 0)
                manager_commit(manager, change, "that a network is operational");
        else
                change_free(change);
}

/* No host is at fault for one: it cannot be required. */
static void look_at_virtual(Manager *manager, Object *network) {
        const json_t *properties = json_object_get(manager->virtual_networks, network->name);
        bool known = manager->guests_known && !backend_inner_failure(manager->backends[BACKEND_COMPUTE]);

        if (object_set_fact(network, "state", json_string(known ? network_virtual_state(network, properties) : "unknown")))
                manager_changed(manager, network, "State");
        if (object_set_fact(network, "device", json_string(dict_string(properties, "Device", ""))))
                manager_changed(manager, network, "Device");
        if (known && properties && streq(dict_string(properties, "State", ""), "active"))
                note_operational(manager, network);
}

/* Mirrors each network's state; gathers bits. The detail is a network's name. */
static unsigned look_at_networks(Manager *manager, const Object *host, char *detail, size_t size) {
        const Object *data_center = object_data_center((Object *)host);
        unsigned facts = 0;

        for (Object *network = model_first(manager->model, KIND_NETWORK); network; network = network->next) {
                const json_t *properties = host_network(manager, network);
                const char *state = properties ? dict_string(properties, "State", "unknown") : "absent";

                if (network->parent != data_center)
                        continue;
                if (network_is_virtual(network)) {
                        look_at_virtual(manager, network);
                        continue;
                }
                if (object_set_fact(network, "state", json_string(networks_known(manager) ? state : "unknown")))
                        manager_changed(manager, network, "State");
                if (object_set_fact(network, "device", json_string(dict_string(properties, "Device", ""))))
                        manager_changed(manager, network, "Device");
                if (!networks_known(manager))
                        continue;
                if (is_active(properties))
                        note_operational(manager, network);

                if (dict_boolean(network->spec, "management", false)) {
                        if (is_active(properties))
                                facts |= HOST_FACT_MANAGEMENT;
                        else if (properties && !manager->management_running)
                                facts |= HOST_FACT_MANAGEMENT_FAILED;
                } else if (is_lost(properties) && dict_boolean(network->spec, "required", false) &&
                           dict_boolean(network->spec, "operational", false)) {
                        facts |= HOST_FACT_REQUIRED_MISSING;
                        (void) snprintf(detail, size, "%s", network->name);
                }
        }
        return facts;
}

/* Network leaves when it is idle and asks NetworkManager anew when it is called again: until it knows, what it knew last holds. */
static unsigned network_facts(Manager *manager, const Object *host, char *detail, size_t size) {
        char name[sizeof manager->network_detail] = "";
        unsigned facts = look_at_networks(manager, host, name, sizeof name);

        if (networks_known(manager)) {
                manager->network_facts = facts | HOST_FACT_NETWORKS_KNOWN;
                memcpy(manager->network_detail, name, sizeof name);
        }
        if (manager->network_detail[0])
                (void) snprintf(detail, size, "%s", manager->network_detail);
        return manager->network_facts;
}

/* A host without an ISO or export domain runs its VMs all the same. */
static unsigned domain_facts(Manager *manager, const Object *host, char *detail, size_t size) {
        const Object *data_center = object_data_center((Object *)host);

        for (Object *domain = model_first(manager->model, KIND_STORAGE_DOMAIN); domain; domain = domain->next)
                if (domain->parent == data_center && streq(domain->state, "attached") && storage_domain_is_data(domain) &&
                    streq(dict_string(domain->facts, "state", ""), "failed")) {
                        (void) snprintf(detail, size, "%s: %s", domain->name, dict_string(domain->facts, "state_reason", ""));
                        return HOST_FACT_DOMAIN_FAILED;
                }
        return 0;
}

static bool any_vm_runs(const Manager *manager) {
        for (const Object *vm = model_first(manager->model, KIND_VM); vm; vm = vm->next)
                if (!vm_is_down(vm) && !streq(vm_state(vm), "unknown"))
                        return true;
        return false;
}

static unsigned gather(Manager *manager, const Object *host, char *detail, size_t size) {
        const Backend *compute = manager->backends[BACKEND_COMPUTE], *network = manager->backends[BACKEND_NETWORK];
        unsigned facts = 0;

        facts |= domain_facts(manager, host, detail, size);
        facts |= network_facts(manager, host, detail, size);
        if (backend_state(network) == BACKEND_FAILED) {
                facts |= HOST_FACT_NETWORK_FAILED;
                (void) snprintf(detail, size, "%s", backend_reason(network));
        }
        if (manager->management_wanted)
                facts |= HOST_FACT_MANAGEMENT_WANTED;
        if (manager->management_failed || (facts & HOST_FACT_MANAGEMENT_FAILED)) {
                facts |= HOST_FACT_MANAGEMENT_FAILED;
                (void) snprintf(detail, size, "%s", manager->management_error ?: "it is not active");
        }
        if (manager->capabilities)
                facts |= HOST_FACT_CAPABILITIES;
        if (dict_boolean(manager->capabilities, "kvm", false))
                facts |= HOST_FACT_KVM;
        else if (dict_boolean(host->parent->spec, "require_kvm", false)) {
                facts |= HOST_FACT_KVM_REQUIRED;
                (void) snprintf(detail, size, "%s", dict_string(manager->capabilities, "kvm_reason", "no reason is known"));
        }
        if (backend_inner_failure(compute)) {
                facts |= HOST_FACT_HYPERVISOR_FAILED;
                (void) snprintf(detail, size, "%s", backend_inner_failure(compute));
        }
        if (backend_state(compute) == BACKEND_FAILED) {
                facts |= HOST_FACT_COMPUTE_FAILED;
                (void) snprintf(detail, size, "%s", backend_reason(compute));
        }
        if (dict_boolean(host->spec, "maintenance", false))
                facts |= HOST_FACT_MAINTENANCE;
        if (any_vm_runs(manager))
                facts |= HOST_FACT_VMS;
        if (manager->guests_told)
                facts |= HOST_FACT_GUESTS_KNOWN;
        return facts;
}

static int on_management_timer(sd_event_source *source, uint64_t usec, void *userdata) {
        Manager *manager = userdata;

        manager->management_timer = sd_event_source_disable_unref(manager->management_timer);
        host_refresh(manager);
        return 0;
}

void host_management_later(Manager *manager) {
        if (!manager->management_timer)
                (void) sd_event_add_time_relative(manager->daemon->event, &manager->management_timer, CLOCK_MONOTONIC,
                                                  MANAGEMENT_RETRY_USEC, 0, on_management_timer, manager);
}

static void management_begin(Manager *manager, Object *host) {
        _cleanup_json_ json_t *networks = NULL, *bonds = json_object(), *arguments = NULL;
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        char id[UUID_STRING_MAX];
        Job *job;

        networks = json_pack("{s:{s:b, s:b}}", "ovirtmgmt", "management", 1, "bridged", 1);
        arguments = json_pack("{s:s, s:s}", "kind", "host", "id", host->id);
        if (!networks || !bonds || !arguments || uuid_generate(id) < 0)
                return;
        if (remote_job_new(manager, "management-network", id, host, 0, arguments, &job, &error) <= 0) {
                log_warning("Cannot begin to make the management network: %s", error.message ?: "no reason was given");
                return;
        }
        manager->management_running = true;
        log_info("Making the management network ovirtmgmt over the NIC that holds the management address");
        work_networks(manager, job, networks, bonds, NULL);
}

static void set_host_state(Manager *manager, Object *host, HostState state, const char *reason, const char *text) {
        const char *before = dict_string(host->facts, "state", "");
        const char *word = host_state_to_string(state);
        bool moved = !streq(before, word), first = isempty(before);

        if (object_set_fact(host, "state_reason", json_string(text)))
                manager_changed(manager, host, "StateReason");
        (void) object_set_fact(host, "state_code", json_string(reason));
        if (!moved)
                return;

        (void) object_set_fact(host, "state", json_string(word));
        manager_changed(manager, host, "State");
        if (first && state == HOST_INSTALLING)
                return;
        manager_event(manager,
                      state == HOST_UP || state == HOST_MAINTENANCE || state == HOST_PREPARING || state == HOST_INSTALLING
                              ? EVENT_NORMAL
                              : EVENT_WARNING,
                      state == HOST_UP ? "host-up" : "host-state-changed", EVENT_OBJECTS(host->path),
                      "The host %s is %s%s%s", host->name, word, isempty(text) ? "" : ": ", text);
        if (state == HOST_UP && !dict_boolean(manager->capabilities, "kvm", false))
                manager_event(manager, EVENT_WARNING, "host-without-kvm", EVENT_OBJECTS(host->path),
                              "The host %s has no hardware virtualization, guests are emulated: %s", host->name,
                              dict_string(manager->capabilities, "kvm_reason", "no reason is known"));
}

static void refresh_counts(Manager *manager, Object *host) {
        unsigned running = 0;

        for (const Object *vm = model_first(manager->model, KIND_VM); vm; vm = vm->next)
                running += !vm_is_down(vm) && !streq(vm_state(vm), "unknown");
        if (object_set_fact(host, "vm_count", json_integer(running)))
                manager_changed(manager, host, "VmCount");
}

/* A text that holds %s gets the detail; texts are our own constants. */
static void fill_text(char *ret, size_t size, const char *text, const char *detail) {
        const char *mark = strstr(text, "%s");

        if (mark)
                (void) snprintf(ret, size, "%.*s%s", (int)(mark - text), text, detail);
        else
                (void) snprintf(ret, size, "%s", text);
}

static int on_refresh(sd_event_source *source, void *userdata) {
        Manager *manager = userdata;
        Object *host = manager_host(manager);
        char detail[512] = "", full[768];
        const char *reason, *text;
        HostState state;
        unsigned facts;

        if (!host)
                return 0;

        facts = gather(manager, host, detail, sizeof detail);
        state = host_state_decide(facts, &reason, &text);
        fill_text(full, sizeof full, text, detail);
        refresh_counts(manager, host);

        if (state == HOST_INSTALLING && streq(reason, "making-management-network") && !manager->management_running &&
            !manager->management_timer && backend_state(manager->backends[BACKEND_NETWORK]) == BACKEND_READY && manager->recovered && !host->job[0])
                management_begin(manager, host);
        set_host_state(manager, host, state, reason, full);
        if (state == HOST_UP)
                autostart_begin(manager);
        return 0;
}

void host_refresh(Manager *manager) {
        if (!manager->refresh) {
                if (sd_event_add_defer(manager->daemon->event, &manager->refresh, on_refresh, manager) < 0)
                        return;
                /* after whatever else the loop has to take in first */
                (void) sd_event_source_set_priority(manager->refresh, SD_EVENT_PRIORITY_NORMAL + 10);
        }
        (void) sd_event_source_set_enabled(manager->refresh, SD_EVENT_ONESHOT);
}

/* ---- statistics ---- */

static int on_stats(sd_bus_message *message, void *userdata, sd_bus_error *ret_error) {
        Manager *manager = userdata;
        Object *host = manager_host(manager);
        _cleanup_json_ json_t *stats = NULL;
        static const struct {
                const char *key, *property;
        } wanted[] = {
                { "cpu_percent", "CpuPercent" },
                { "memory_total", "MemoryTotal" },
                { "memory_free", "MemoryFree" },
        };

        manager->stats_call = sd_bus_slot_unref(manager->stats_call);
        if (!host || sd_bus_message_get_error(message) || dict_read(message, &stats, NULL) < 0)
                return 0;

        for (size_t i = 0; i < ELEMENTSOF(wanted); i++)
                if (object_set_fact(host, wanted[i].key, json_incref(json_object_get(stats, wanted[i].key))))
                        manager_changed(manager, host, wanted[i].property);
        return 0;
}

static void ask_stats(Manager *manager) {
        _cleanup_message_ sd_bus_message *message = NULL;
        Backend *compute = manager->backends[BACKEND_COMPUTE];

        if (manager->stats_call || backend_state(compute) != BACKEND_READY)
                return;
        if (backend_message(compute, "", "Compute", "GetHostStats", &message) >= 0 &&
            sd_bus_message_append(message, "a{sv}", 0) >= 0)
                (void) backend_send(compute, message, on_stats, manager, &manager->stats_call);
}

static int on_stats_timer(sd_event_source *source, uint64_t usec, void *userdata) {
        ask_stats(userdata);
        (void) sd_event_source_set_time_relative(source, STATS_INTERVAL_USEC);
        return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

void host_start_stats(Manager *manager) {
        if (manager->stats_timer) {
                ask_stats(manager);
                return;
        }
        (void) sd_event_add_time_relative(manager->daemon->event, &manager->stats_timer, CLOCK_MONOTONIC, 0,
                                          USEC_PER_SEC, on_stats_timer, manager);
}
