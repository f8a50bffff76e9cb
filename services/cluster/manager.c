/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "manager.h"

#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>
#include <systemd/sd-id128.h>

#include "bus-error.h"
#include "cluster-options.h"
#include "dict.h"
#include "domain-connection.h"
#include "domain-keep.h"
#include "domain-life.h"
#include "lease-keep.h"
#include "log-ids.h"
#include "log.h"
#include "object-bus.h"
#include "parse-util.h"
#include "ovf-keep.h"
#include "peer-bus.h"
#include "plan-mac.h"
#include "plan-vnic.h"
#include "remote.h"
#include "steps.h"
#include "state-file.h"

#define STORE_FILE "cluster.db"
#define BOOT_FILE_VERSION 1
#define SETTING_MAC_PREFIX "mac-prefix"
#define SETTING_VNIC_PROFILES "vnic-profiles"

/* ---- what changed, to the bus ---- */

static void on_added(Object *object, void *userdata) {
        Manager *manager = userdata;
        int r = manager->started ? sd_bus_emit_object_added(manager->bus, object->path) : 0;

        if (r < 0)
                log_warning_errno(r, "Cannot announce %s", object->path);
        ovf_keep_note(manager, object, false);
        lease_keep_later(manager);
}

static void on_changed(Object *object, bool links_only, void *userdata) {
        Manager *manager = userdata;

        if (!links_only || object->kind == KIND_VM)
                object_bus_changed(manager, object);
        else if (object->kind == KIND_DISK)
                manager_changed(manager, object, "Vms");
        ovf_keep_note(manager, object, false);
        lease_keep_later(manager);
}

static void on_removed(Object *object, void *userdata) {
        Manager *manager = userdata;
        int r;

        bus_changes_forget(manager->daemon->changes, object->path);
        r = manager->started ? sd_bus_emit_object_removed(manager->bus, object->path) : 0;
        if (r < 0)
                log_warning_errno(r, "Cannot announce the end of %s", object->path);
        ovf_keep_note(manager, object, true);
        lease_keep_later(manager);
}

static void on_event(const json_t *event, void *userdata) {
        Manager *manager = userdata;
        _cleanup_message_ sd_bus_message *signal = NULL;

        event_log(event);
        if (sd_bus_message_new_signal(manager->bus, &signal, CLUSTER_ROOT, CLUSTER_INTERFACE, "EventAdded") >= 0 &&
            dict_append(signal, event) >= 0)
                (void) sd_bus_send(manager->bus, signal, NULL);
}

static const ModelListener listener = {
        .added = on_added,
        .changed = on_changed,
        .removed = on_removed,
        .event = on_event,
};

void manager_changed(Manager *manager, const Object *object, const char *property) {
        bus_changed(manager->daemon->changes, object->path, object_kind_interface(object->kind), property);
}

/* ---- events that nobody asked for ---- */

static int on_events(sd_event_source *source, void *userdata) {
        Manager *manager = userdata;
        Change *change = TAKE_PTR(manager->events);

        manager->events_source = sd_event_source_disable_unref(manager->events_source);
        if (change)
                manager_commit(manager, change, "events");
        guest_forget_ended(manager);
        return 0;
}

void manager_events_later(Manager *manager) {
        if (!manager->events_source &&
            sd_event_add_defer(manager->daemon->event, &manager->events_source, on_events, manager) >= 0)
                (void) sd_event_source_set_priority(manager->events_source, SD_EVENT_PRIORITY_NORMAL + 20);
}

void manager_event(Manager *manager, EventSeverity severity, const char *code, const char *const *objects,
                   const char *format, ...) {
        char message[EVENT_MESSAGE_BYTES_MAX];
        va_list arguments;

        va_start(arguments, format);
        (void) vsnprintf(message, sizeof message, format, arguments);
        va_end(arguments);

        if (!manager->events)
                manager->events = change_new();
        if (!manager->events || event_add(manager->events, &actor_system, severity, code, objects, "%s", message) < 0)
                return;
        manager_events_later(manager);
}

void manager_commit(Manager *manager, Change *change, const char *what) {
        _cleanup_(change_freep) Change *owned = change;
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        json_t *event;
        size_t i;

        if (store_commit(manager->store, NULL, NULL, owned, NULL, &error) >= 0)
                return;
        log_warning("Cannot keep %s: %s", what, error.message ?: "no reason was given");
        /* the journal hears of it all the same */
        json_array_foreach(owned->events, i, event)
                event_log(event);
}

Plan manager_plan(Manager *manager, const Actor *actor) {
        return (Plan){ .model = manager->model,
                       .actor = *actor,
                       .mac_cursors = &manager->mac_cursors,
                       .boot_id = manager->boot_id };
}

/* ---- the other services ---- */

static int backend_index(const Manager *manager, const Backend *backend) {
        for (int i = 0; i < _BACKENDS_MAX; i++)
                if (manager->backends[i] == backend)
                        return i;
        return -1;
}

static void backend_listing(Backend *backend, void *userdata) {
        Manager *manager = userdata;

        json_decref(manager->listed);
        manager->listed = json_object();
        if (backend_index(manager, backend) == BACKEND_NETWORK)
                (void) json_object_clear(manager->host_networks);
}

/* Return: the name, new; NULL for another object. */
static char *note_network(json_t *networks, const char *path, const char *prefix, const json_t *properties) {
        char *name = NULL;
        json_t *known;

        if (bus_object_id(path, prefix, &name) <= 0)
                return NULL;
        known = json_object_get(networks, name);
        if (known)
                (void) json_object_update(known, (json_t *)properties);
        else
                (void) json_object_set_new(networks, name, json_deep_copy(properties));
        return name;
}

static void network_object(Manager *manager, const char *path, const json_t *properties) {
        _cleanup_free_ char *name = note_network(manager->host_networks, path, "/org/rhv/Network/network", properties);

        if (name)
                host_refresh(manager);
}

static void virtual_network_object(Manager *manager, const char *path, const json_t *properties) {
        _cleanup_free_ char *name = note_network(manager->virtual_networks, path, COMPUTE_NETWORK_PREFIX, properties);

        if (!name)
                return;
        /* a path is no guest's id */
        if (manager->listed)
                (void) json_object_set_new(manager->listed, path, json_true());
        host_refresh(manager);
}

/* Without its libvirt Compute knows of none: then those of before are kept, and said to be "unknown". */
static void virtual_networks_listed(Manager *manager) {
        const char *name;
        json_t *value;
        void *next;

        if (!manager->guests_known)
                return;
        json_object_foreach_safe(manager->virtual_networks, next, name, value) {
                _cleanup_free_ char *path = bus_object_path(COMPUTE_NETWORK_PREFIX, name);

                if (path && !json_object_get(manager->listed, path))
                        (void) json_object_del(manager->virtual_networks, name);
        }
}

typedef struct Mirrored {
        const char *property, *fact, *ours;
} Mirrored;

static const Mirrored domain_mirrored[] = {
        { "State", "state", "State" },
        { "StateReason", "state_reason", "StateReason" },
        { "TotalBytes", "total_bytes", "TotalBytes" },
        { "FreeBytes", "free_bytes", "FreeBytes" },
        { "FormatVersion", "format_version", "FormatVersion" },
        { "Class", "class", "Class" },
        { "Path", "path", NULL },
        { "DataCenters", "data_centers", "StateReason" },
        { NULL },
};

/* State and StateReason follow from these and from what the domain says of itself. */
static const Mirrored lockspace_mirrored[] = {
        { "State", "lockspace_state", "LockspaceState" },
        { "StateReason", "lockspace_reason", NULL },
        { "HostId", "lockspace_host", NULL },
        { "LeaseState", "lease_state", "LeaseState" },
        { "LeaseVersion", "lease_version", "LeaseVersion" },
        { NULL },
};

static void domain_object(Manager *manager, const char *path, const Mirrored *mirrored, const json_t *properties) {
        _cleanup_free_ char *id = NULL;
        Object *domain;

        if (bus_object_id(path, "/org/rhv/Storage/domain", &id) <= 0)
                return;
        if (manager->listed)
                (void) json_object_set_new(manager->listed, id, json_true());
        domain = model_find(manager->model, KIND_STORAGE_DOMAIN, id);
        if (!domain)
                return;
        for (; mirrored->property; mirrored++) {
                json_t *value = json_object_get(properties, mirrored->property);

                if (!value || !object_set_fact(domain, mirrored->fact, json_incref(value)))
                        continue;
                if (mirrored->ours)
                        manager_changed(manager, domain, mirrored->ours);
                domain_keep_later(manager);
                if (storage_domain_is_leased(domain)) {
                        manager_changed(manager, domain, "State");
                        manager_changed(manager, domain, "StateReason");
                        lease_keep_later(manager);
                }
        }
        host_refresh(manager);
}

static void compute_root(Manager *manager, const json_t *properties) {
        Backend *compute = manager->backends[BACKEND_COMPUTE];
        json_t *capabilities = json_object_get(properties, "Capabilities");
        Object *host = manager_host(manager);

        if (!manager->guests_known && compute && !backend_inner_pending(compute) && !backend_inner_failure(compute))
                backend_relist(compute);

        if (json_object_size(capabilities) > 0) {
                json_decref(manager->capabilities);
                manager->capabilities = json_incref(capabilities);
                if (host && object_set_fact(host, "capabilities", json_incref(capabilities)))
                        manager_changed(manager, host, "Capabilities");
                if (host && !json_object_get(host->facts, "memory_total") &&
                    object_set_fact(host, "memory_total", json_incref(json_object_get(capabilities, "memory"))))
                        manager_changed(manager, host, "MemoryTotal");
        }
        host_refresh(manager);
}

static void backend_object(Backend *backend, const char *path, const char *interface, const json_t *properties,
                           void *userdata) {
        Manager *manager = userdata;

        if (streq(interface, "Compute.Vm"))
                guest_object(manager, path, properties);
        else if (streq(interface, "Compute.Network"))
                virtual_network_object(manager, path, properties);
        else if (streq(interface, "Compute"))
                compute_root(manager, properties);
        else if (streq(interface, "Network.Network"))
                network_object(manager, path, properties);
        else if (streq(interface, "Storage.Domain"))
                domain_object(manager, path, domain_mirrored, properties);
        else if (streq(interface, "Storage.Lockspace"))
                domain_object(manager, path, lockspace_mirrored, properties);
        else if (streq(interface, "Job"))
                remote_object(manager, path, properties);
        else
                host_refresh(manager);
}

static void backend_removed(Backend *backend, const char *path, void *userdata) {
        Manager *manager = userdata;
        _cleanup_free_ char *id = NULL;

        if (startswith(path, "/org/rhv/Compute/vm/"))
                guest_removed(manager, path);
        else if (bus_object_id(path, "/org/rhv/Network/network", &id) > 0)
                (void) json_object_del(manager->host_networks, id);
        else if (bus_object_id(path, COMPUTE_NETWORK_PREFIX, &id) > 0)
                (void) json_object_del(manager->virtual_networks, id);
        else if (bus_object_id(path, "/org/rhv/Storage/domain", &id) > 0) {
                Object *domain = model_find(manager->model, KIND_STORAGE_DOMAIN, id);

                if (domain) {
                        (void) json_object_clear(domain->facts);
                        object_bus_changed(manager, domain);
                }
        }
        host_refresh(manager);
}

/* What was begun and whose job did not survive (a reboot takes jobs away): told by what Storage has. */
static void settle_domain(Manager *manager, Object *domain) {
        Change *change;
        int r;

        if (streq(domain->state, "attached") || domain->job[0])
                return;
        change = change_new();
        if (!change)
                return;
        if (json_object_get(manager->listed, domain->id))
                r = plan_set_state(domain, "attached", NULL, change);
        else
                r = change_delete(change, "storage_domain", json_pack("{s:s}", "id", domain->id));
        if (r >= 0)
                r = event_add(change, &actor_system, EVENT_WARNING, "storage-domain-interrupted",
                              EVENT_OBJECTS(domain->path), "Work on the storage domain %s was interrupted", domain->name);
        if (r >= 0)
                manager_commit(manager, change, "the end of interrupted work");
        else
                change_free(change);
}

/* No job is about it. */
static bool is_left(const Manager *manager, const Object *disk) {
        return streq(disk->state, "locked") && !disk->job[0] && !remote_makes_image(manager, dict_string(disk->spec, "image", disk->id));
}

static void settle_disks(Manager *manager) {
        for (Object *disk = model_first(manager->model, KIND_DISK); disk; disk = disk->next) {
                Change *change;

                if (!is_left(manager, disk))
                        continue;
                change = change_new();
                if (change && plan_set_state(disk, "illegal", "work on it was interrupted", change) >= 0 &&
                    event_add(change, &actor_system, EVENT_WARNING, "disk-interrupted", EVENT_OBJECTS(disk->path),
                              "Work on the disk %s was interrupted", disk->name) >= 0)
                        manager_commit(manager, change, "the end of interrupted work");
                else
                        change_free(change);
        }
}

/* What was being done to it, and can be done again, stands in the row. */
static void settle_snapshots(Manager *manager) {
        for (Object *snapshot = model_first(manager->model, KIND_SNAPSHOT); snapshot; snapshot = snapshot->next) {
                Change *change;

                if (!streq(snapshot->state, "locked") || snapshot->parent->job[0])
                        continue;
                change = change_new();
                if (change && plan_set_state(snapshot, "broken", "work on it was interrupted", change) >= 0 &&
                    event_add(change, &actor_system, EVENT_WARNING, "snapshot-interrupted", EVENT_OBJECTS(snapshot->path, snapshot->parent->path),
                              "Work on the snapshot %s of the VM %s was interrupted", snapshot->name, snapshot->parent->name) >= 0)
                        manager_commit(manager, change, "the end of interrupted work");
                else
                        change_free(change);
        }
}

static void settle_templates(Manager *manager) {
        for (Object *found = model_first(manager->model, KIND_TEMPLATE); found; found = found->next) {
                Change *change;

                /* the job that makes one is its VM's */
                if (!streq(found->state, "locked") || found->job[0] || job_manager_active(manager->daemon->jobs) > 0)
                        continue;
                change = change_new();
                if (change && plan_set_state(found, "illegal", "work on it was interrupted; remove it", change) >= 0 &&
                    event_add(change, &actor_system, EVENT_WARNING, "template-interrupted", EVENT_OBJECTS(found->path),
                              "Work on the template %s was interrupted", found->name) >= 0)
                        manager_commit(manager, change, "the end of interrupted work");
                else
                        change_free(change);
        }
}

static bool is_unsettled(const Manager *manager) {
        for (const Object *disk = model_first(manager->model, KIND_DISK); disk; disk = disk->next)
                if (is_left(manager, disk))
                        return true;
        for (const Object *snapshot = model_first(manager->model, KIND_SNAPSHOT); snapshot; snapshot = snapshot->next)
                if (streq(snapshot->state, "locked") && !snapshot->parent->job[0])
                        return true;
        for (const Object *found = model_first(manager->model, KIND_TEMPLATE); found; found = found->next)
                if (streq(found->state, "locked") && !found->job[0])
                        return true;
        for (const Object *domain = model_first(manager->model, KIND_STORAGE_DOMAIN); domain; domain = domain->next)
                if (!streq(domain->state, "attached") && !domain->job[0])
                        return true;
        return false;
}

static int on_settle_timer(sd_event_source *source, uint64_t usec, void *userdata) {
        Manager *manager = userdata;

        manager->settle_timer = sd_event_source_disable_unref(manager->settle_timer);
        settle_disks(manager);
        settle_snapshots(manager);
        settle_templates(manager);
        if (!is_unsettled(manager))
                return 0;
        backend_relist(manager->backends[BACKEND_STORAGE]); /* settles domains */
        manager_settle_later(manager);
        return 0;
}

void manager_settle_later(Manager *manager) {
        if (!manager->settle_timer)
                (void) sd_event_add_time_relative(manager->daemon->event, &manager->settle_timer, CLOCK_MONOTONIC,
                                                  SETTLE_RETRY_USEC, USEC_PER_SEC, on_settle_timer, manager);
}

static int on_domain_opened(sd_bus_message *message, void *userdata, sd_bus_error *ret_error) {
        const sd_bus_error *error = sd_bus_message_get_error(message);

        if (error)
                log_warning("A storage domain of the cluster cannot be opened: %s", error->message ?: error->name);
        return 0;
}

/* Domains are remembered by Storage; one it forgot is given to it again. */
static void domains_listed(Manager *manager) {
        Backend *storage = manager->backends[BACKEND_STORAGE];

        for (Object *domain = model_first(manager->model, KIND_STORAGE_DOMAIN), *next; domain; domain = next) {
                _cleanup_message_ sd_bus_message *message = NULL;
                _cleanup_json_ json_t *connection = NULL;

                next = domain->next;
                if (!streq(domain->state, "attached")) {
                        settle_domain(manager, domain);
                        continue;
                }
                if (json_object_get(manager->listed, domain->id))
                        continue;
                if (json_object_clear(domain->facts) >= 0)
                        object_bus_changed(manager, domain);
                connection = domain_connection(domain->spec);
                if (connection && backend_message(storage, "", "Storage", "OpenDomain", &message) >= 0 && dict_append(message, connection) >= 0 &&
                    sd_bus_message_append(message, "a{sv}", 0) >= 0)
                        (void) backend_send(storage, message, on_domain_opened, manager, NULL);
        }
        domain_keep_later(manager);
}

static void backend_listed(Backend *backend, void *userdata) {
        Manager *manager = userdata;
        int index = backend_index(manager, backend);

        if (index == BACKEND_COMPUTE) {
                guest_listed(manager);
                virtual_networks_listed(manager);
                host_start_stats(manager);
        } else if (index == BACKEND_STORAGE)
                domains_listed(manager);
        else if (index == BACKEND_NETWORK)
                manager->networks_known = true;
        json_decref(manager->listed);
        manager->listed = NULL;
        remote_backend_listed(manager, index);
        host_refresh(manager);
}

static void backend_moved(Backend *backend, void *userdata) {
        Manager *manager = userdata;

        bus_changed(manager->daemon->changes, CLUSTER_ROOT, CLUSTER_INTERFACE, "Backends");
        host_refresh(manager);
        domain_keep_later(manager);
}

static bool backend_needed(Backend *backend, void *userdata) {
        const Manager *manager = userdata;
        int index = backend_index(manager, backend);

        /* Compute watches guests and tells how the host is: always */
        return index == BACKEND_COMPUTE || remote_needs(manager, index);
}

#define BACKEND_INFO(name)                                                                                       \
        { .service = name, .listing = backend_listing, .object = backend_object, .removed = backend_removed,      \
          .listed = backend_listed, .state = backend_moved, .needed = backend_needed }
const BackendInfo backend_infos[_BACKENDS_MAX] = {
        [BACKEND_COMPUTE] = BACKEND_INFO("Compute"),
        [BACKEND_STORAGE] = BACKEND_INFO("Storage"),
        [BACKEND_NETWORK] = BACKEND_INFO("Network"),
};

/* ---- life ---- */

/* One is there from the first start on. A store made before there were pools kept the first octets of its only range as a setting. */
static int load_mac_pool(Manager *manager) {
        _cleanup_(change_freep) Change *change = NULL;
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_free_ char *kept = NULL;
        char prefix[MAC_STRING_MAX];
        Plan plan = manager_plan(manager, &actor_system);
        sd_id128_t random;
        int r;

        if (store_state(manager->store) != STORE_READY)
                return 0;
        r = sd_id128_randomize(&random);
        if (r < 0)
                return r;
        mac_default_prefix((uint16_t)(random.bytes[0] << 8 | random.bytes[1]), prefix);
        if (store_setting(manager->store, SETTING_MAC_PREFIX, &kept) >= 0)
                (void) snprintf(prefix, sizeof prefix, "%s", kept);

        change = change_new();
        r = change ? plan_default_mac_pool(&plan, prefix, change) : -ENOMEM;
        if (r >= 0 && !change_is_empty(change))
                r = store_commit(manager->store, NULL, NULL, change, NULL, &error);
        return r < 0 ? r : 0;
}

/* Once for a store: later somebody may have removed a network's only profile on purpose. */
static int load_vnic_profiles(Manager *manager) {
        _cleanup_(change_freep) Change *change = NULL;
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_free_ char *made = NULL;
        Plan plan = manager_plan(manager, &actor_system);
        int r;

        if (store_state(manager->store) != STORE_READY || store_setting(manager->store, SETTING_VNIC_PROFILES, &made) >= 0)
                return 0;
        change = change_new();
        r = change ? plan_default_vnic_profiles(&plan, change) : -ENOMEM;
        if (r >= 0)
                r = change_put(change, "setting", json_pack("{s:s, s:s}", "key", SETTING_VNIC_PROFILES, "value", "made"));
        if (r >= 0)
                r = store_commit(manager->store, NULL, NULL, change, NULL, &error);
        return r < 0 ? r : 0;
}

static int open_store(Manager *manager) {
        _cleanup_free_ char *path = NULL;
        int r;

        r = make_directory(manager->daemon->state_directory, 0700);
        if (r < 0)
                log_warning_errno(r, "Cannot make %s", manager->daemon->state_directory);
        if (asprintf(&path, "%s/" STORE_FILE, manager->daemon->state_directory) < 0)
                return -ENOMEM;
        r = store_open(path, &manager->store);
        if (r < 0)
                return log_error_errno(r, "Cannot open the store");
        if (store_state(manager->store) != STORE_READY)
                log_full(LOG_ERR, MESSAGE_ID_STORE_FAILED, LOG_FIELDS("RHV_STORE", path), "%s",
                         store_reason(manager->store));
        return 0;
}

/* Which boot of the host is this? /run is empty after each, so a word kept there tells one from the next, also in a container, where
 * the kernel's boot id is that of the machine below. */
static int load_boot_id(Manager *manager) {
        _cleanup_free_ char *path = NULL;
        _cleanup_json_ json_t *state = NULL;
        sd_id128_t id;
        int r;

        if (asprintf(&path, "%s/boot.json", manager->daemon->runtime_directory) < 0)
                return -ENOMEM;
        r = state_file_load(path, BOOT_FILE_VERSION, &state);
        if (r >= 0 && strlen(dict_string(state, "id", "")) == 32) {
                (void) snprintf(manager->boot_id, sizeof manager->boot_id, "%s", dict_string(state, "id", ""));
                return 0;
        }

        r = sd_id128_randomize(&id);
        if (r < 0)
                return r;
        (void) sd_id128_to_string(id, manager->boot_id);
        json_decref(state);
        state = json_pack("{s:s}", "id", manager->boot_id);
        return state ? state_file_save(path, state, BOOT_FILE_VERSION) : -ENOMEM;
}

/* Where each backend's first listing comes later, jobs of the last process are taken up at once. */
static int load_all(Manager *manager) {
        int r;

        r = load_boot_id(manager);
        if (r < 0)
                return log_error_errno(r, "Cannot tell which boot this is");
        r = model_new(manager->store, &listener, manager, &manager->model);
        if (r < 0)
                return log_error_errno(r, "Cannot read the store");
        guest_unknown_all(manager);
        r = load_mac_pool(manager);
        if (r < 0)
                return log_error_errno(r, "Cannot make the default MAC pool");
        r = load_vnic_profiles(manager);
        if (r < 0)
                return log_error_errno(r, "Cannot make the vNIC profiles of the networks");
        r = host_first_start(manager);
        if (r < 0)
                return r;
        remote_recover(manager);
        settle_disks(manager);
        settle_snapshots(manager);
        settle_templates(manager);
        manager->recovered = true;
        return 0;
}

int manager_start(Daemon *daemon, void **ret) {
        Manager *manager = calloc(1, sizeof *manager);
        int r;

        if (!manager)
                return -ENOMEM;
        *ret = manager;
        manager->daemon = daemon;
        manager->bus = daemon->bus;
        manager->host_networks = json_object();
        manager->virtual_networks = json_object();
        manager->unmanaged = json_object();
        if (!manager->host_networks || !manager->virtual_networks || !manager->unmanaged)
                return -ENOMEM;
        r = cluster_options_management(&manager->management_wanted);
        if (r < 0)
                return r;

        r = open_store(manager);
        if (r >= 0)
                r = load_all(manager);
        if (r >= 0)
                r = peer_bus_start(manager);
        if (r >= 0)
                r = ovf_keep_start(manager);
        if (r >= 0)
                r = lease_keep_start(manager);
        if (r >= 0)
                r = sd_bus_add_filter(daemon->bus, NULL, replay_removed, manager);
        for (int i = 0; r >= 0 && i < _BACKENDS_MAX; i++)
                r = backend_new(daemon->bus, &backend_infos[i], manager, &manager->backends[i]);
        if (r < 0)
                return r;

        manager->started = true;
        host_refresh(manager);
        return 0;
}

void manager_stop(void *userdata) {
        Manager *manager = userdata;

        if (!manager)
                return;
        peer_bus_stop(manager);
        ovf_keep_stop(manager);
        domain_keep_stop(manager);
        lease_keep_stop(manager);
        if (manager->events && manager->store)
                (void) on_events(NULL, manager);
        remote_free_all(manager);
        for (int i = 0; i < _BACKENDS_MAX; i++)
                backend_free(manager->backends[i]);
        sd_event_source_disable_unref(manager->events_source);
        sd_event_source_disable_unref(manager->stats_timer);
        sd_event_source_disable_unref(manager->autostart_timer);
        sd_event_source_disable_unref(manager->management_timer);
        sd_event_source_disable_unref(manager->settle_timer);
        sd_event_source_disable_unref(manager->refresh);
        sd_bus_slot_unref(manager->stats_call);
        steps_free_all(manager);
        model_free(manager->model);
        mac_cursors_done(&manager->mac_cursors);
        store_close(manager->store);
        change_free(manager->events);
        json_decref(manager->capabilities);
        json_decref(manager->host_networks);
        json_decref(manager->virtual_networks);
        json_decref(manager->unmanaged);
        json_decref(manager->ended);
        json_decref(manager->listed);
        free(manager->management_error);
        free(manager);
}
