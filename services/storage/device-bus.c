/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "device-bus.h"

#include "block-map.h"
#include "bus-error.h"
#include "device-list.h"
#include "dict.h"
#include "domain-lease.h"
#include "lockspace-bus.h"
#include "manager.h"
#include "request.h"

static int io_devices(Io *io) {
        return device_list(io->loops, &io->report);
}

static void on_listed(Task *task, Io *io, int r, const sd_bus_error *error) {
        task_answer(task, r, error, dict_append_array, io ? io->report : NULL);
}

int device_method_list(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        _cleanup_json_ json_t *options = NULL;
        char nowhere[] = "";
        Manager *manager = userdata;
        Task *task;
        Io *io;
        int r;

        r = dict_read_checked(message, request_devices, "options", &options, error);
        if (r < 0)
                return r;
        task = task_new(manager, NULL, message);
        io = io_new("list devices", io_devices, &(DomainPlace){ .path = nowhere });
        if (!task || !io) {
                if (io)
                        io_free(io);
                task_free(task);
                return -ENOMEM;
        }
        io->loops = dict_boolean(options, "loops", false);
        r = task_run(task, io, task_lane("devices"), DEVICE_LIST_USEC, on_listed, error);
        if (r < 0)
                task_fail(task, r, error);
        return 1;
}

/* ---- a domain gets more ---- */

static void on_added(Task *task, Io *io, int r, const sd_bus_error *error) {
        Domain *domain = task_domain(task);
        _cleanup_free_ char *path = r >= 0 && domain ? block_devices_join(domain->place.path, io->devices) : NULL;

        /* Where it cannot be remembered it is found when the domain is opened. */
        if (path && !streq(path, domain->place.path))
                (void) domain_set_path(domain, path);
        if (domain && domain->state == DOMAIN_ACTIVE)
                domain_look(domain);
        if (r < 0)
                task_fail(task, r, error);
        else
                task_done(task, json_pack("{s:s}", "devices", domain ? domain->place.path : ""));
}

static int add_begin(Domain *domain, const Job *job, const char *devices, sd_bus_error *error) {
        Task *task;
        Io *io;
        int r;

        r = task_structural_new(domain, job, "add devices", io_devices_add, &task, &io);
        if (r < 0)
                return r;
        io->io_timeout_sec = domain->io_timeout_sec;
        io->devices = strdup(devices);
        if (!io->devices) {
                io_free(io);
                task_free(task);
                return -ENOMEM;
        }
        r = task_run(task, io, domain->lane, DOMAIN_GROUP_USEC, on_added, error);
        if (r < 0)
                task_free(task);
        return r;
}

int device_method_add(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        _cleanup_json_ json_t *options = NULL, *arguments = NULL;
        _cleanup_free_ char *devices = NULL;
        Domain *domain = userdata;
        Job *job;
        int r;

        r = request_read_devices(message, &devices, error);
        if (r >= 0)
                r = dict_read_checked(message, request_structural, "options", &options, error);
        if (r < 0)
                return r;
        r = domain_wait_active(domain, message, error);
        if (r <= 0)
                return r < 0 ? r : 1;
        arguments = json_pack("{s:s, s:s}", "domain", domain->place.id, "devices", devices);
        r = lockspace_job_begin(domain, message, "add-devices", ACTION_CONFIGURE, options, arguments, &job, error);
        if (r <= 0)
                return r < 0 ? r : 1;
        r = domain->place.type->layout->devices_add ? 0 : sd_bus_error_setf(error, RHV_ERROR_NOT_SUPPORTED, "Storage domain %s is not on block devices", domain->place.id);
        if (r >= 0)
                r = domain_lease_check(domain, (uint64_t)dict_integer(options, "lease", 0), error);
        if (r >= 0)
                r = add_begin(domain, job, devices, error);
        return lockspace_job_answer(message, job, r);
}
