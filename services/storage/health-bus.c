/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* GetHealth: the history of renewals is asked of sanlock's own tool, since its library does not have it. */

#include "bus-error.h"
#include "clock-util.h"
#include "dict.h"
#include "domain-lockspace.h"
#include "lease-health.h"
#include "lockspace-bus.h"
#include "manager.h"

#define RENEWAL_USEC (20 * USEC_PER_SEC)

static const char *const verdicts[] = {
                [IO_QUEUE_GOOD] = "good",
                [IO_QUEUE_UNKNOWN] = "unknown",
                [IO_QUEUE_LATE] = "late",
                [IO_QUEUE_OUTLIVES] = "outlives",
};

static json_t *report(const IoQueue *queue, const LeaseHealth *health, const LeaseTimes *times) {
        json_t *warnings = lease_health_warnings(health, times, queue, monotonic_usec() / USEC_PER_SEC);

        if (!warnings)
                return NULL;
        return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:s, s:I, s:o}", "renewals", (json_int_t)health->renewals, "median",
                         (json_int_t)health->median_usec, "longest", (json_int_t)health->longest_usec, "longest_gap",
                         (json_int_t)health->longest_gap_usec, "timeouts", (json_int_t)health->timeouts, "errors",
                         (json_int_t)health->errors, "margin_used", (json_int_t)health->margin_used_percent, "io_queue",
                         verdicts[io_queue_check(queue, times)], "io_limit", (json_int_t)io_queue_limit_usec(queue),
                         "warnings", warnings);
}

static void on_renewals(Child *child, const ChildResult *result, void *userdata) {
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_json_ json_t *answer = NULL;
        Task *task = userdata;
        Domain *domain = task_domain(task);
        LeaseHealth health;
        int r;

        task->child = NULL; /* freed by who calls us */
        r = child_result_error(result, "sanlock client renewal", &error);
        if (r >= 0 && (!domain || !domain->lockspace))
                r = -ENOENT;
        if (r >= 0) {
                const LeaseTimes times = lease_times(domain->io_timeout_sec);

                r = lease_health_parse(result->out, &times, &health, &error);
                answer = r >= 0 ? report(&task->queue, &health, &times) : NULL;
                if (r >= 0 && !answer)
                        r = -ENOMEM;
        }
        task_answer(task, r, &error, dict_append, answer);
}

/* What is below is known; now how the renewals went. */
static void on_queue(Task *task, Io *io, int r, const sd_bus_error *error) {
        const char *const argv[] = {"sanlock", "client", "renewal", "-s", task->domain, NULL};
        const ChildSpec spec = {
                        .argv = argv,
                        .deadline_usec = RENEWAL_USEC,
                        .done = on_renewals,
                        .userdata = task,
        };

        if (r >= 0) {
                task->queue = io->queue;
                r = child_start(task->manager->event, &spec, &task->child);
        }
        if (r < 0)
                task_fail(task, r, error);
}

int health_method_get(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        Domain *domain = userdata;
        Task *task;
        Io *io;
        int r;

        r = dict_read_empty(message, error);
        if (r < 0)
                return r;
        if (domain->lockspace->state != LOCKSPACE_HELD && domain->lockspace->state != LOCKSPACE_LOST)
                return sd_bus_error_setf(error, RHV_ERROR_INVALID_STATE, "This host is not in the lockspace of domain %s", domain->place.id);
        task = task_new(domain->manager, domain, message);
        io = io_new("look at what queues below a lockspace", io_lockspace_queue, &domain->place);
        if (!task || !io) {
                if (io)
                        io_free(io);
                task_free(task);
                return -ENOMEM;
        }
        r = task_run(task, io, 0, DOMAIN_IO_USEC, on_queue, error);
        if (r < 0)
                task_fail(task, r, error);
        return 1;
}
