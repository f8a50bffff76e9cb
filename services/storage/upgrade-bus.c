/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A domain gets a higher version, only when somebody asks for it. */

#include "upgrade-bus.h"

#include "bus-error.h"
#include "domain-bus.h"
#include "domain-lease.h"
#include "domain-lockspace.h"
#include "lockspace-bus.h"
#include "manager.h"
#include "request.h"

/* Nobody may write metadata in the old version after it, on the way to whom the domain has one already. */
static int check_quiet(const Domain *domain, sd_bus_error *error) {
        if (!image_lock_any(domain->manager->locks, domain->place.id) && !domain->ovf_task)
                return 0;
        sd_bus_error_setf(error, RHV_ERROR_BUSY, "A job works on an image of storage domain %s", domain->place.id);
        return -EBUSY;
}

static int check_version(const Domain *domain, uint32_t version, sd_bus_error *error) {
        if (domain->place.class != DOMAIN_DATA) {
                sd_bus_error_setf(error, RHV_ERROR_NOT_SUPPORTED, "Domain %s is no data domain: ISO and export domains have one version for ever", domain->place.id);
                return -EOPNOTSUPP;
        }
        if (version > DOMAIN_VERSION_MAX || version < DOMAIN_VERSION_MIN) {
                sd_bus_error_setf(error, RHV_ERROR_INVALID_ARGUMENT, "A domain has version %u to %u, not %u", DOMAIN_VERSION_MIN, DOMAIN_VERSION_MAX, version);
                return -EINVAL;
        }
        if (version >= domain->place.version)
                return 0;
        sd_bus_error_setf(error, RHV_ERROR_INVALID_ARGUMENT, "Domain %s has version %u; there is no way back to %u", domain->place.id, domain->place.version,
                          version);
        return -EINVAL;
}

static void on_upgraded(Task *task, Io *io, int r, const sd_bus_error *error) {
        Domain *domain = task_domain(task);

        if (domain) {
                domain_set_version(domain, r >= 0 ? io->upgrade_version : domain->place.version);
                domain_reopen(domain);
        }
        if (r < 0)
                task_fail(task, r, error);
        else
                task_done(task, json_pack("{s:i, s:i}", "version", (int)io->upgrade_version, "skipped", (int)io->skipped));
}

static int begin(Domain *domain, const Job *job, uint32_t version, sd_bus_error *error) {
        Task *task;
        Io *io;
        int r;

        r = task_structural_new(domain, job, "upgrade a domain", io_domain_upgrade, &task, &io);
        if (r < 0)
                return r;
        io->upgrade_version = version;
        io->host_id = domain->lockspace ? domain->lockspace->host_id : 0;
        domain_hold(domain);
        r = task_run(task, io, domain->lane, DOMAIN_LONG_IO_USEC, on_upgraded, error);
        if (r < 0) {
                domain_reopen(domain);
                task_free(task);
        }
        return r;
}

int upgrade_method(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        _cleanup_json_ json_t *options = NULL, *arguments = NULL;
        Domain *domain = userdata;
        uint32_t version;
        Job *job;
        int r;

        r = sd_bus_message_read(message, "u", &version);
        if (r >= 0)
                r = dict_read_checked(message, request_structural, "options", &options, error);
        if (r < 0)
                return r;
        r = domain_wait_active(domain, message, error);
        if (r <= 0)
                return r < 0 ? r : 1;
        arguments = json_pack("{s:s, s:i}", "domain", domain->place.id, "version", (int)version);
        r = lockspace_job_begin(domain, message, "upgrade-domain", ACTION_CONFIGURE, options, arguments, &job, error);
        if (r <= 0)
                return r < 0 ? r : 1;
        r = check_version(domain, version, error);
        if (r >= 0)
                r = check_quiet(domain, error);
        if (r >= 0)
                r = domain_lease_check(domain, (uint64_t)dict_integer(options, "lease", 0), error);
        if (r >= 0)
                r = begin(domain, job, version, error);
        return lockspace_job_answer(message, job, r);
}
