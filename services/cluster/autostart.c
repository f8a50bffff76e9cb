/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Autostart is intent, kept in the store, not libvirt's: after a boot of the host every VM that wants it is started once, when
 * the host is up and the VM's domains are active. A VM that was started, changed or made by somebody in this boot has been
 * dealt with (vm_run.boot says so) and is left alone, so a VM that a person shut down stays down until the next boot.
 */

#include <utlist.h>

#include "bus-error.h"
#include "dict.h"
#include "log.h"
#include "manager.h"
#include "parse-util.h"
#include "remote.h"
#include "vm-start.h"
#include "work.h"

/* How long after the host came up VMs wait for what they need, and how often that is looked at. */
#define AUTOSTART_WINDOW_USEC (600 * USEC_PER_SEC)
#define AUTOSTART_INTERVAL_USEC (2 * USEC_PER_SEC)

static bool is_due(const Manager *manager, const Object *vm) {
        return dict_integer(vm->row, "autostart", 0) && !streq(vm->boot, manager->boot_id) && vm_is_down(vm) &&
               !vm->job[0];
}

static void settle_without_start(Manager *manager, const Object *vm, const char *why) {
        Change *change = change_new();
        Plan plan = manager_plan(manager, &actor_system);

        if (change && plan_touch(&plan, vm, change) >= 0 &&
            event_add(change, &actor_system, EVENT_ERROR, "vm-autostart-failed", EVENT_OBJECTS(vm->path),
                      "The VM %s was not started with the host: %s", vm->name, why) >= 0)
                manager_commit(manager, change, "the end of an autostart");
        else
                change_free(change);
}

/* Return: 1 begun, 0 not now (why says), negative error. */
static int try_start(Manager *manager, Object *vm, sd_bus_error *error) {
        _cleanup_(change_freep) Change *change = change_new();
        _cleanup_json_ json_t *arguments = NULL;
        Plan plan = manager_plan(manager, &actor_system);
        char id[UUID_STRING_MAX];
        Job *job;
        int r;

        r = vm_start_check(manager, vm, NULL, error);
        if (r < 0)
                return r;
        arguments = json_pack("{s:s, s:s, s:b}", "kind", "vm", "id", vm->id, "autostart", 1);
        if (!arguments || !change)
                return -ENOMEM;
        r = uuid_generate(id);
        if (r < 0)
                return r;
        r = remote_job_new(manager, "start", id, vm, 0, arguments, &job, error);
        if (r < 0)
                return r;

        r = plan_touch(&plan, vm, change);
        if (r >= 0)
                r = event_add(change, &actor_system, EVENT_NORMAL, "vm-autostart", EVENT_OBJECTS(vm->path),
                              "The VM %s is started with the host", vm->name);
        if (r >= 0)
                r = store_commit(manager->store, NULL, NULL, change, NULL, error);
        if (r < 0) {
                remote_fail(manager, job, error);
                return r;
        }
        work_start_vm(manager, job, vm, false);
        return 1;
}

static int on_autostart(sd_event_source *source, uint64_t usec, void *userdata) {
        Manager *manager = userdata;
        /* before Compute has told what runs, no VM is known to be down */
        bool expired = usec >= manager->autostart_until, waiting = !manager->guests_known && !expired;

        for (Object *vm = model_first(manager->model, KIND_VM), *next; vm; vm = next) {
                _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;

                next = vm->next;
                if (!is_due(manager, vm) || try_start(manager, vm, &error) >= 0)
                        continue;
                if (expired)
                        settle_without_start(manager, vm, error.message ?: "no reason is known");
                else
                        waiting = true;
        }

        manager->autostart_done = !waiting;
        manager->autostart_timer = sd_event_source_disable_unref(manager->autostart_timer);
        if (waiting)
                (void) sd_event_add_time_relative(manager->daemon->event, &manager->autostart_timer, CLOCK_MONOTONIC,
                                                  AUTOSTART_INTERVAL_USEC, 0, on_autostart, manager);
        return 0;
}

void autostart_begin(Manager *manager) {
        uint64_t now;

        if (manager->autostart_done || manager->autostart_timer || !manager->recovered ||
            store_state(manager->store) != STORE_READY ||
            sd_event_now(manager->daemon->event, CLOCK_MONOTONIC, &now) < 0)
                return;
        if (manager->autostart_until == 0)
                manager->autostart_until = now + AUTOSTART_WINDOW_USEC;
        (void) sd_event_add_time_relative(manager->daemon->event, &manager->autostart_timer, CLOCK_MONOTONIC, 0, 0,
                                          on_autostart, manager);
}
