/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The host id of a host that is off becomes free, and with it every lease that it held, long before sanlock counts it as dead: it is for whoever has just
 * cut that host's power and read back that it is off. A word alone is not believed:
 *
 *     slot read ── 3 T: a host that lives and reaches the storage has renewed by then ── slot read again ── the same: freed ── read: free
 *                                                                   └── not the same: refused, it lives (the power of another one was cut)
 *
 * The host must stay off until this has ended: what it took anew meanwhile would be freed as well. Source of how: sanlock, src/direct.c, delta_lease.c.
 */

#include <fcntl.h>
#include <inttypes.h>
#include <sanlock.h>
#include <stdio.h>

#include "bus-error.h"
#include "domain-lockspace.h"
#include "lease-clock.h"
#include "lockspace-bus.h"
#include "lockspace-slot.h"
#include "manager.h"
#include "request.h"
#include "storage-identity.h"

#define RELEASE_TOOL_USEC (30 * USEC_PER_SEC)

static void after_watch(Task *task, Io *io, int r, const sd_bus_error *error);

static int read_slot(Task *task, task_then_t then, sd_bus_error *error) {
        const Domain *domain = task_domain(task);
        Io *io;

        if (!domain)
                return sd_bus_error_set(error, RHV_ERROR_ABORTED, "The storage domain was closed");
        io = io_new("read a host's slot", io_lockspace_slot, &domain->place);
        if (!io)
                return -ENOMEM;
        io->host_id = task->release.host_id;
        return task_run(task, io, 0, DOMAIN_IO_USEC, then, error);
}

static void step(Task *task, int r, sd_bus_error *error) {
        if (r < 0)
                task_fail(task, r, error);
}

/* ---- freed ---- */

static void after_release(Task *task, Io *io, int r, const sd_bus_error *error) {
        _cleanup_error_ sd_bus_error failure = SD_BUS_ERROR_NULL;

        if (r >= 0 && io->slot.timestamp_sec != 0) {
                r = sd_bus_error_setf(&failure, RHV_ERROR_BACKEND_FAILED, "Host id %u is not free after it was freed", task->release.host_id);
                error = &failure;
        }
        if (r < 0)
                task_fail(task, r, error);
        else
                task_done(task, json_pack("{s:b}", "released", 1));
}

static void on_released(Child *child, const ChildResult *result, void *userdata) {
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        Task *task = userdata;
        int r;

        task->child = NULL; /* freed by who calls us */
        r = child_result_error(result, "sanlock direct release_id", &error);
        if (r >= 0)
                r = read_slot(task, after_release, &error);
        step(task, r, &error);
}

static int release(Task *task, sd_bus_error *error) {
        const Domain *domain = task_domain(task);
        const char *argv[STORAGE_IDENTITY_ARGUMENTS + 8];
        ChildSpec spec = { .argv = argv, .deadline_usec = RELEASE_TOOL_USEC, .done = on_released, .userdata = task };
        _cleanup_free_ char *ids = NULL, *lockspace = NULL;
        char path[SANLK_PATH_LEN];
        size_t n;

        if (!domain)
                return sd_bus_error_set(error, RHV_ERROR_ABORTED, "The storage domain was closed");
        ids = domain->place.type->layout->special_path(&domain->place, "ids");
        if (!ids || sanlock_path_export(path, ids, sizeof(path)) == 0)
                return -ENAMETOOLONG;
        if (asprintf(&lockspace, "%s:%u:%s:0", domain->place.id, task->release.host_id, path) < 0) {
                lockspace = NULL;
                return -ENOMEM;
        }
        n = storage_identity_argv(argv, geteuid() == 0);
        argv[n++] = "sanlock";
        argv[n++] = "direct";
        argv[n++] = "release_id";
        argv[n++] = "-s";
        argv[n++] = lockspace;
        argv[n] = NULL;
        return child_start(task->manager->event, &spec, &task->child);
}

/* ---- watched ---- */

static int on_watched(sd_event_source *source, uint64_t usec, void *userdata) {
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        Task *task = userdata;

        task->release.timer = sd_event_source_unref(task->release.timer);
        step(task, read_slot(task, after_watch, &error), &error);
        return 0;
}

static void after_watch(Task *task, Io *io, int r, const sd_bus_error *error) {
        _cleanup_error_ sd_bus_error failure = SD_BUS_ERROR_NULL;

        if (r < 0) {
                task_fail(task, r, error);
                return;
        }
        switch (lockspace_slot_compare(&task->release.slot, &io->slot)) {
        case SLOT_FREE:
                task_done(task, json_pack("{s:b}", "released", 0));
                return;
        case SLOT_ALIVE:
                r = sd_bus_error_setf(&failure, RHV_ERROR_IN_USE, "Host %u (%s) has renewed its host id: it is not off, whatever was said",
                                      task->release.host_id, io->slot.owner);
                break;
        case SLOT_SILENT:
                r = release(task, &failure);
                break;
        }
        step(task, r, &failure);
}

static void after_first(Task *task, Io *io, int r, const sd_bus_error *error) {
        const Domain *domain = task_domain(task);
        _cleanup_error_ sd_bus_error failure = SD_BUS_ERROR_NULL;
        LeaseTimes times;

        if (r < 0) {
                task_fail(task, r, error);
                return;
        }
        if (lockspace_slot_compare(&io->slot, &io->slot) == SLOT_FREE) {
                task_done(task, json_pack("{s:b}", "released", 0));
                return;
        }
        if (!domain || !streq(io->slot.lockspace, domain->place.id))
                r = sd_bus_error_setf(&failure, RHV_ERROR_BAD_FORMAT, "The slot of host %u is of another lockspace", task->release.host_id);
        else {
                task->release.slot = io->slot;
                times = lease_times(io->slot.io_timeout_sec ?: domain->io_timeout_sec);
                r = sd_event_add_time_relative(task->manager->event, &task->release.timer, CLOCK_MONOTONIC, times.watch_usec, 0, on_watched, task);
        }
        step(task, r, &failure);
}

/* ---- the method ---- */

static int begin(const Domain *domain, const Job *job, unsigned host_id, sd_bus_error *error) {
        Task *task = task_new(domain->manager, domain, NULL);
        int r;

        if (!task)
                return -ENOMEM;
        memcpy(task->job, job_id(job), UUID_STRING_MAX);
        task->release.host_id = host_id;
        task->patient = true;
        r = read_slot(task, after_first, error);
        if (r < 0)
                task_free(task);
        return r;
}

static int check(const Domain *domain, unsigned host_id, const json_t *options, sd_bus_error *error) {
        if (host_id < 1 || host_id > HOST_ID_MAX)
                return sd_bus_error_setf(error, RHV_ERROR_INVALID_ARGUMENT, "A host id is 1 to %u, not %u", HOST_ID_MAX, host_id);
        if (host_id == domain->lockspace->host_id)
                return sd_bus_error_setf(error, RHV_ERROR_INVALID_ARGUMENT, "Host id %u is that of this host, which is not off", host_id);
        if (!dict_boolean(options, "power_off_confirmed", false))
                return sd_bus_error_set(error, RHV_ERROR_INVALID_ARGUMENT,
                                        "power_off_confirmed must be true: the host's power was cut, its power device says it is off, and it stays off");
        return 0;
}

int host_method_release(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        _cleanup_json_ json_t *options = NULL, *arguments = NULL;
        Domain *domain = userdata;
        uint32_t host_id;
        Job *job;
        int r;

        r = sd_bus_message_read(message, "u", &host_id);
        if (r >= 0)
                r = dict_read_checked(message, request_host_release, "options", &options, error);
        if (r >= 0)
                r = check(domain, host_id, options, error);
        if (r < 0)
                return r;
        r = domain_wait_active(domain, message, error);
        if (r <= 0)
                return r < 0 ? r : 1;
        arguments = json_pack("{s:s, s:i}", "domain", domain->place.id, "host_id", (int)host_id);
        r = lockspace_job_begin(domain, message, "release-host", ACTION_DESTROY, options, arguments, &job, error);
        if (r <= 0)
                return r < 0 ? r : 1;
        return lockspace_job_answer(message, job, begin(domain, job, host_id, error));
}
