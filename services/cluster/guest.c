/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * VMs as Compute sees them. Compute decides what a guest's state is; here it is mirrored, told as events, and the addresses of its
 * devices are kept for the next start. A guest that the store does not know is left alone and said once.
 */

#include <stdio.h>

#include "description.h"
#include "dict.h"
#include "log.h"
#include "manager.h"

static const struct {
        const char *property, *fact, *ours;
} mirrored[] = {
        { "State", "state", "State" },
        { "StateReason", "state_reason", "StateReason" },
        { "ExitMessage", "exit_message", "ExitMessage" },
        { "GuestAddresses", "guest_addresses", "GuestAddresses" },
        { "AgentState", "agent_state", "AgentState" },
        { "GuestHostname", "guest_hostname", "GuestHostname" },
        { "StartedAt", "started_at", "StartedAt" },
        { "Devices", "devices", NULL },
};

static bool guest_id(Manager *manager, const char *path, char ret[static 37]) {
        _cleanup_free_ char *id = NULL;

        if (bus_object_id(path, "/org/rhv/Compute/vm", &id) <= 0)
                return false;
        (void) snprintf(ret, 37, "%s", id);
        return true;
}

static int on_forgotten(sd_bus_message *message, void *userdata, sd_bus_error *ret_error) {
        return 0; /* when it failed it is tried again at the next listing */
}

static void send_forget(Manager *manager, const char *id) {
        _cleanup_free_ char *path = bus_object_path("/vm", id);
        _cleanup_message_ sd_bus_message *message = NULL;
        Backend *compute = manager->backends[BACKEND_COMPUTE];

        if (path && backend_message(compute, path, "Compute.Vm", "Forget", &message) >= 0 &&
            sd_bus_message_append(message, "a{sv}", 0) >= 0)
                (void) backend_send(compute, message, on_forgotten, NULL, NULL);
}

void guest_forget(Manager *manager, const char *id) {
        if (!manager->ended)
                manager->ended = json_object();
        if (manager->ended && json_object_set_new(manager->ended, id, json_true()) >= 0)
                manager_events_later(manager);
}

void guest_forget_ended(Manager *manager) {
        _cleanup_json_ json_t *ended = TAKE_PTR(manager->ended);
        const char *id;
        json_t *value;

        json_object_foreach(ended, id, value)
                send_forget(manager, id);
}

static void keep_addresses(Manager *manager, Object *vm) {
        _cleanup_json_ json_t *fresh = vm_new_addresses(vm, json_object_get(vm->facts, "devices"));
        Change *change;

        if (!fresh)
                return;
        change = change_new();
        if (change && plan_addresses(vm, fresh, change) >= 0)
                manager_commit(manager, change, "the addresses of a VM's devices");
        else
                change_free(change);
}

static void clear_run(Manager *manager, Object *vm) {
        static const char *const words[] = { "agent_state", "guest_hostname" };

        if (object_set_fact(vm, "guest_addresses", json_array()))
                manager_changed(manager, vm, "GuestAddresses");
        for (size_t i = 0; i < ELEMENTSOF(words); i++)
                (void) object_set_fact(vm, words[i], json_string(""));
        manager_changed(manager, vm, "AgentState");
        manager_changed(manager, vm, "GuestHostname");
        if (object_set_fact(vm, "started_at", json_integer(0)))
                manager_changed(manager, vm, "StartedAt");
}

/* Compute's words for an end that nobody asked for and the guest did not choose; see VM_REASON_... in services/compute/vm-state.h. */
static bool end_is_bad(const char *state, const char *reason) {
        static const char *const bad[] = { "crashed", "failed", "start-failed", "lost" };

        if (streq(state, "crashed"))
                return true;
        for (size_t i = 0; i < ELEMENTSOF(bad); i++)
                if (streq(reason, bad[i]))
                        return true;
        return false;
}

static void state_moved(Manager *manager, Object *vm, const char *before) {
        const char *now = vm_state(vm);
        const Object *host = manager_host(manager);
        const char *reason = dict_string(vm->facts, "state_reason", ""), *message = dict_string(vm->facts, "exit_message", "");

        manager_changed(manager, vm, "Host");
        host_refresh(manager);
        if (vm_is_down(vm)) {
                clear_run(manager, vm);
                /* a person who asked for it hears of it from the job */
                manager_event(manager, end_is_bad(now, reason) ? EVENT_ERROR : EVENT_NORMAL, "vm-down",
                              EVENT_OBJECTS(vm->path), "The VM %s is %s%s%s%s%s", vm->name, now, isempty(reason) ? "" : ": ",
                              reason, isempty(message) ? "" : ": ", message);
        } else if (streq(before, "") || streq(before, "down") || streq(before, "starting")) {
                if (streq(now, "running"))
                        manager_event(manager, EVENT_NORMAL, "vm-running",
                                      EVENT_OBJECTS(vm->path, host ? host->path : NULL), "The VM %s runs on %s",
                                      vm->name, host ? host->name : "this host");
        } else
                log_debug("The VM %s went from %s to %s", vm->name, before, now);
}

static void unmanaged(Manager *manager, const char *id, const json_t *properties) {
        if (json_object_get(manager->unmanaged, id))
                return;
        (void) json_object_set_new(manager->unmanaged, id, json_true());
        manager_event(manager, EVENT_WARNING, "unmanaged-guest", NULL,
                      "The guest %s (%s) runs on this host and is not in the cluster; it is left alone",
                      dict_string(properties, "Name", "without a name"), id);
}

void guest_object(Manager *manager, const char *path, const json_t *properties) {
        char id[37], before[32];
        Object *vm;
        bool moved = false;

        if (!guest_id(manager, path, id))
                return;
        if (manager->listed)
                (void) json_object_set_new(manager->listed, id, json_true());
        vm = model_find(manager->model, KIND_VM, id);
        if (!vm) {
                unmanaged(manager, id, properties);
                return;
        }

        (void) snprintf(before, sizeof before, "%s", dict_string(vm->facts, "state", ""));
        for (size_t i = 0; i < ELEMENTSOF(mirrored); i++) {
                json_t *value = json_object_get(properties, mirrored[i].property);

                if (!value || !object_set_fact(vm, mirrored[i].fact, json_incref(value)))
                        continue;
                moved = moved || i == 0;
                if (mirrored[i].ours)
                        manager_changed(manager, vm, mirrored[i].ours);
        }

        if (json_object_get(properties, "Devices"))
                keep_addresses(manager, vm);
        if (moved)
                state_moved(manager, vm, before);
        if (moved && vm_is_down(vm) && !manager->listed)
                guest_forget(manager, id);
}

static void guest_gone(Manager *manager, Object *vm, bool lost) {
        char before[32];

        (void) snprintf(before, sizeof before, "%s", dict_string(vm->facts, "state", "down"));
        (void) object_set_fact(vm, "devices", json_array());
        if (streq(before, "down") || streq(before, "crashed") || streq(before, ""))
                return;
        if (streq(before, "unknown") && isempty(dict_string(vm->facts, "state_reason", ""))) {
                /* nobody had said that it runs: no news for anybody */
                (void) object_set_fact(vm, "state", json_string("down"));
                manager_changed(manager, vm, "State");
                manager_changed(manager, vm, "Host");
                return;
        }
        (void) object_set_fact(vm, "state_reason", json_string(lost ? "gone while nobody watched" : ""));
        (void) object_set_fact(vm, "state", json_string("down"));
        manager_changed(manager, vm, "State");
        manager_changed(manager, vm, "StateReason");
        state_moved(manager, vm, before);
}

void guest_removed(Manager *manager, const char *path) {
        char id[37];
        Object *vm;

        if (!guest_id(manager, path, id))
                return;
        (void) json_object_del(manager->unmanaged, id);
        vm = model_find(manager->model, KIND_VM, id);
        if (vm)
                guest_gone(manager, vm, false);
}

void guest_unknown_all(Manager *manager) {
        manager->guests_known = false;
        for (Object *vm = model_first(manager->model, KIND_VM); vm; vm = vm->next)
                if (!json_object_get(vm->facts, "state"))
                        (void) object_set_fact(vm, "state", json_string("unknown"));
}

void guest_listed(Manager *manager) {
        const Backend *compute = manager->backends[BACKEND_COMPUTE];
        const char *id;
        json_t *value;
        void *next;

        /* without its libvirt Compute cannot say what is not there; it is listed again when that has come */
        manager->guests_known = !backend_inner_pending(compute) && !backend_inner_failure(compute);
        if (!manager->guests_known)
                return;
        manager->guests_told = true;

        for (Object *vm = model_first(manager->model, KIND_VM); vm; vm = vm->next) {
                if (!json_object_get(manager->listed, vm->id))
                        guest_gone(manager, vm, true);
                else if (vm_is_down(vm))
                        guest_forget(manager, vm->id);
        }
        json_object_foreach_safe(manager->unmanaged, next, id, value)
                if (!json_object_get(manager->listed, id))
                        (void) json_object_del(manager->unmanaged, id);
}
