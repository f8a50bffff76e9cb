/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Asking a guest's agent: when guest-agent.c says so, in the agents' own threads, one question at a time for each guest. */

#include "clock-util.h"
#include "log.h"
#include "manager.h"

static void set_agent(Vm *vm, AgentState state) {
        if (vm->agent == state)
                return;
        vm->agent = state;
        vm_changed(vm, "AgentState");
}

static bool same_addresses(char *const *a, char *const *b) {
        static char *const none[] = { NULL };

        a = a ?: none;
        b = b ?: none;
        for (; *a && *b; a++, b++)
                if (!streq(*a, *b))
                        return false;
        return !*a && !*b;
}

static void set_addresses(Vm *vm, char **addresses) {
        bool same = same_addresses(vm->addresses, addresses);

        for (char **address = vm->addresses; address && *address; address++)
                free(*address);
        free(vm->addresses);
        vm->addresses = addresses;
        if (!same)
                vm_changed(vm, "GuestAddresses");
}

static void set_hostname(Vm *vm, char *hostname) {
        bool same = streq_ptr(vm->hostname, hostname);

        free(vm->hostname);
        vm->hostname = hostname;
        if (!same)
                vm_changed(vm, "GuestHostname");
}

static void take_answer(Vm *vm, VirtAgent *answer) {
        size_t n = 0;
        char **addresses;

        while (answer->addresses[n])
                n++;
        addresses = calloc(n + 1, sizeof(char *));
        for (size_t i = 0; addresses && i < n; i++)
                addresses[i] = TAKE_PTR(answer->addresses[i]);
        /* Taken apart: what is left in the answer must still end at its first entry. */
        set_addresses(vm, addresses);
        set_hostname(vm, TAKE_PTR(answer->hostname));
}

static void ask_later(Vm *vm);

static void on_answer(const VirtOutcome *outcome, void *context, void *userdata) {
        Manager *manager = userdata;
        Vm *vm = manager_find(manager, outcome->id);

        if (!vm)
                return;
        vm->agent_asking = false;
        if (!vm->agent_connected)
                return;
        if (outcome->r >= 0) {
                vm->agent_failures = 0;
                take_answer(vm, outcome->agent);
                set_agent(vm, AGENT_UP);
        } else if (vm->agent_failures++ == 0 && vm->agent == AGENT_UP) {
                /* One lost answer of an agent that was well is no news yet. */
                log_full(LOG_DEBUG, NULL, LOG_FIELDS("RHV_VM", vm->id), "VM %s: %s", vm->name, outcome->error->message);
        } else
                set_agent(vm, AGENT_FAILED);
        ask_later(vm);
}

static int on_ask(sd_event_source *source, uint64_t usec, void *userdata) {
        Vm *vm = userdata;
        VirtRequest request = { .verb = VIRT_AGENT, .id = vm->id, .lane = vm->lane };

        vm->agent_timer = sd_event_source_unref(vm->agent_timer);
        if (vm->agent_asking || !vm->agent_connected)
                return 0;
        if (virt_call(vm->manager->virt, &request, on_answer, NULL, NULL, NULL) >= 0)
                vm->agent_asking = true;
        else
                ask_later(vm);
        return 0;
}

static void ask_later(Vm *vm) {
        uint64_t now = realtime_usec(), usec;

        usec = guest_agent_next_usec(vm->agent_connected, vm->addresses && vm->addresses[0], vm->agent_failures,
                                     now > vm->started_usec ? now - vm->started_usec : 0);
        vm->agent_timer = sd_event_source_disable_unref(vm->agent_timer);
        if (usec != USEC_INFINITY)
                (void) sd_event_add_time_relative(vm->manager->daemon->event, &vm->agent_timer, CLOCK_MONOTONIC, usec, usec / 10, on_ask, vm);
}

void vm_agent_channel(Vm *vm, VmChannel channel) {
        bool connected = channel == VM_CHANNEL_CONNECTED;

        if (channel == VM_CHANNEL_ABSENT) {
                vm_agent_forget(vm);
                set_agent(vm, AGENT_ABSENT);
                return;
        }
        if (vm->agent == AGENT_ABSENT || (!connected && vm->agent_connected))
                set_agent(vm, AGENT_CONNECTING);
        if (connected && !vm->agent_connected) {
                vm->agent_connected = true;
                vm->agent_failures = 0;
                /* At once: somebody waits for the address. */
                vm->agent_timer = sd_event_source_disable_unref(vm->agent_timer);
                (void) sd_event_add_time_relative(vm->manager->daemon->event, &vm->agent_timer, CLOCK_MONOTONIC, 0, 0, on_ask, vm);
        } else if (!connected) {
                vm->agent_connected = false;
                vm->agent_timer = sd_event_source_disable_unref(vm->agent_timer);
        }
}

void vm_agent_forget(Vm *vm) {
        vm->agent_connected = false;
        vm->agent_failures = 0;
        vm->agent_timer = sd_event_source_disable_unref(vm->agent_timer);
        set_addresses(vm, NULL);
        set_hostname(vm, NULL);
        if (vm->agent != AGENT_ABSENT)
                set_agent(vm, AGENT_CONNECTING);
}
