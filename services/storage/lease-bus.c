/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Leases of a shared domain on the bus: its own, and those of VMs. */

#include "bus-error.h"
#include "domain-lease.h"
#include "lockspace-bus.h"
#include "manager.h"
#include "request.h"

/* ---- the domain's lease ---- */

int lease_method_acquire(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        _cleanup_json_ json_t *options = NULL, *arguments = NULL;
        Domain *domain = userdata;
        bool wait;
        Job *job;
        int r;

        r = dict_read_checked(message, request_lease_acquire, "options", &options, error);
        if (r < 0)
                return r;
        r = domain_wait_active(domain, message, error);
        if (r <= 0)
                return r < 0 ? r : 1;
        wait = dict_boolean(options, "wait", true);
        arguments = json_pack("{s:s, s:b}", "domain", domain->place.id, "wait", wait);
        r = lockspace_job_begin(domain, message, "acquire-lease", ACTION_CONFIGURE, options, arguments, &job, error);
        if (r <= 0)
                return r < 0 ? r : 1;
        return lockspace_job_answer(message, job, domain_lease_acquire(domain->lease, wait, job, error));
}

static int begin_release(Domain *domain, Job *job, sd_bus_error *error) {
        return domain_lease_release(domain->lease, job, error);
}

int lease_method_release(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        return lockspace_job_method(message, userdata, "release-lease", begin_release, error);
}

/* ---- VM leases ---- */

static void on_lease_work(Task *task, Io *io, int r, const sd_bus_error *error) {
        if (r < 0)
                task_fail(task, r, error);
        else if (io->run == io_lease_rebuild)
                task_done(task, json_pack("{s:i}", "changed", (int)io->changed));
        else if (io->run == io_lease_create)
                task_done(task, json_pack("{s:s, s:I}", "id", io->lease, "offset", (json_int_t)io->offset_bytes));
        else
                task_done(task, NULL);
}

static int work_begin(Domain *domain, const Job *job, int (*run)(Io *), const char *lease, sd_bus_error *error) {
        Task *task;
        Io *io;
        int r;

        r = task_structural_new(domain, job, "work on leases", run, &task, &io);
        if (r < 0)
                return r;
        memcpy(io->lease, lease, strlen(lease) + 1);
        r = task_run(task, io, domain->lane, DOMAIN_LONG_IO_USEC, on_lease_work, error);
        if (r < 0)
                task_free(task);
        return r;
}

static int work_later(Domain *domain, sd_bus_message *message, const char *kind, const char *action, int (*run)(Io *), const char *lease,
                      const json_t *options, sd_bus_error *error) {
        _cleanup_json_ json_t *arguments = NULL;
        Job *job;
        int r;

        r = domain_wait_active(domain, message, error);
        if (r <= 0)
                return r < 0 ? r : 1;
        arguments = json_pack("{s:s, s:s}", "domain", domain->place.id, "lease", lease);
        r = lockspace_job_begin(domain, message, kind, action, options, arguments, &job, error);
        if (r <= 0)
                return r < 0 ? r : 1;
        r = domain_lease_check(domain, (uint64_t)dict_integer(options, "lease", 0), error);
        if (r >= 0)
                r = work_begin(domain, job, run, lease, error);
        return lockspace_job_answer(message, job, r);
}

static int read_lease_call(sd_bus_message *message, const char **ret_id, json_t **ret_options, sd_bus_error *error) {
        int r;

        r = sd_bus_message_read(message, "s", ret_id);
        if (r >= 0)
                r = dict_read_checked(message, request_structural, "options", ret_options, error);
        return r < 0 ? r : request_check_id("the lease", *ret_id, error);
}

int lease_method_create(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        _cleanup_json_ json_t *options = NULL;
        const char *id;
        int r;

        r = read_lease_call(message, &id, &options, error);
        if (r < 0)
                return r;
        return work_later(userdata, message, "create-lease", ACTION_CONFIGURE, io_lease_create, id, options, error);
}

int lease_method_delete(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        _cleanup_json_ json_t *options = NULL;
        const char *id;
        int r;

        r = read_lease_call(message, &id, &options, error);
        if (r < 0)
                return r;
        return work_later(userdata, message, "delete-lease", ACTION_DESTROY, io_lease_delete, id, options, error);
}

int lease_method_rebuild(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        _cleanup_json_ json_t *options = NULL;
        int r;

        r = dict_read_checked(message, request_structural, "options", &options, error);
        if (r < 0)
                return r;
        return work_later(userdata, message, "rebuild-leases", ACTION_CONFIGURE, io_lease_rebuild, "", options, error);
}
