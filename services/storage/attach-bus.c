/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* To which data center a domain belongs, as it says itself. */

#include "attach-bus.h"

#include "bus-error.h"
#include "domain-bus.h"
#include "domain-lease.h"
#include "lockspace-bus.h"
#include "manager.h"
#include "request.h"
#include "storage-word.h"

static void on_attached(Task *task, Io *io, int r, const sd_bus_error *error) {
        Domain *domain = task_domain(task);

        if (r < 0) {
                task_fail(task, r, error);
                return;
        }
        if (domain)
                domain_set_data_centers(domain, io->data_centers);
        task_done(task, json_object());
}

static int begin(Domain *domain, const Job *job, const DomainAttach *attach, sd_bus_error *error) {
        Task *task;
        Io *io;
        int r;

        r = task_structural_new(domain, job, attach->detach ? "detach a domain" : "attach a domain", io_domain_attach, &task, &io);
        if (r < 0)
                return r;
        io->attach = *attach;
        r = task_run(task, io, domain->lane, DOMAIN_IO_USEC, on_attached, error);
        if (r < 0)
                task_free(task);
        return r;
}

static int attach_method(sd_bus_message *message, Domain *domain, bool detach, sd_bus_error *error) {
        _cleanup_json_ json_t *options = NULL, *arguments = NULL;
        DomainAttach attach = {.detach = detach};
        const char *data_center;
        Job *job;
        int r;

        r = sd_bus_message_read(message, "s", &data_center);
        if (r >= 0)
                r = dict_read_checked(message, detach ? request_structural : request_attach, "options", &options, error);
        if (r < 0)
                return r;
        if (!uuid_is_valid(data_center) || streq(data_center, BLANK_UUID))
                return sd_bus_error_setf(error, RHV_ERROR_INVALID_ARGUMENT, "data_center: %.40s is no id of one", data_center);
        memcpy(attach.data_center, data_center, UUID_STRING_MAX);
        attach.take_over = json_is_true(json_object_get(options, "take_over"));
        r = domain_wait_active(domain, message, error);
        if (r <= 0)
                return r < 0 ? r : 1;
        arguments = json_pack("{s:s, s:s, s:b}", "domain", domain->place.id, "data_center", data_center, "take_over", (int)attach.take_over);
        r = lockspace_job_begin(domain, message, detach ? "detach-domain" : "attach-domain", ACTION_CONFIGURE, options, arguments, &job, error);
        if (r <= 0)
                return r < 0 ? r : 1;
        r = domain_lease_check(domain, (uint64_t)dict_integer(options, "lease", 0), error);
        if (r >= 0)
                r = begin(domain, job, &attach, error);
        return lockspace_job_answer(message, job, r);
}

int attach_method_attach(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        return attach_method(message, userdata, false, error);
}

int attach_method_detach(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        return attach_method(message, userdata, true, error);
}
