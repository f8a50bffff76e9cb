/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* org.rhv.Storage.Lockspace on the bus: this host in it, who else is, and the vtable. Leases are in lease-bus.c. */

#include "bus-error.h"
#include "domain-bus.h"
#include "domain-lease.h"
#include "domain-lockspace.h"
#include "lease-clock.h"
#include "lockspace-bus.h"
#include "manager.h"
#include "request.h"

/* ---- properties ---- */

static int get_host_id(sd_bus *bus, const char *path, const char *interface, const char *property, sd_bus_message *reply,
                       void *userdata, sd_bus_error *error) {
        const Domain *domain = userdata;

        return sd_bus_message_append(reply, "u", domain->lockspace->host_id);
}

static int get_state(sd_bus *bus, const char *path, const char *interface, const char *property, sd_bus_message *reply, void *userdata,
                     sd_bus_error *error) {
        const Domain *domain = userdata;

        return sd_bus_message_append(reply, "s", lockspace_state_to_string(domain->lockspace->state));
}

static int get_reason(sd_bus *bus, const char *path, const char *interface, const char *property, sd_bus_message *reply, void *userdata,
                      sd_bus_error *error) {
        const Domain *domain = userdata;

        return sd_bus_message_append(reply, "s", domain->lockspace->reason);
}

static int get_times(sd_bus *bus, const char *path, const char *interface, const char *property, sd_bus_message *reply, void *userdata,
                     sd_bus_error *error) {
        const Domain *domain = userdata;
        const LeaseTimes times = lease_times(domain->io_timeout_sec);
        _cleanup_json_ json_t *object = lease_times_to_json(&times);
        const char *key;
        json_t *value;
        int r;

        if (!object)
                return -ENOMEM;
        r = sd_bus_message_open_container(reply, 'a', "{st}");
        json_object_foreach(object, key, value)
                if (r >= 0)
                        r = sd_bus_message_append(reply, "{st}", key, (uint64_t)json_integer_value(value));
        return r < 0 ? r : sd_bus_message_close_container(reply);
}

static int get_lease_state(sd_bus *bus, const char *path, const char *interface, const char *property, sd_bus_message *reply,
                           void *userdata, sd_bus_error *error) {
        const Domain *domain = userdata;

        return sd_bus_message_append(reply, "s", domain_lease_state_to_string(domain_lease_state(domain->lease)));
}

static int get_lease_version(sd_bus *bus, const char *path, const char *interface, const char *property, sd_bus_message *reply,
                             void *userdata, sd_bus_error *error) {
        const Domain *domain = userdata;

        return sd_bus_message_append(reply, "t", domain_lease_version(domain->lease));
}

/* ---- jobs ---- */

int lockspace_job_begin(Domain *domain, sd_bus_message *message, const char *kind, const char *action, const json_t *options,
                        const json_t *arguments, Job **ret, sd_bus_error *error) {
        int r;

        if (!arguments)
                return -ENOMEM;
        r = auth_check(domain->manager->auth, message, action,
                       AUTH_DETAILS("verb", kind, "domain", domain->place.id, "name", domain->name), error);
        if (r <= 0)
                return r;
        r = domain_job_make(domain, message, kind, options, arguments, ret, error);
        if (r != 0)
                return r;
        r = sd_bus_reply_method_return(message, "o", job_path(*ret));
        return r < 0 ? r : 0;
}

int lockspace_job_answer(sd_bus_message *message, Job *job, int begun) {
        if (begun < 0) {
                job_drop(job);
                return begun;
        }
        job_start(job);
        return sd_bus_reply_method_return(message, "o", job_path(job));
}

int lockspace_job_method(sd_bus_message *message, Domain *domain, const char *kind, lockspace_begin_t begin, sd_bus_error *error) {
        _cleanup_json_ json_t *options = NULL, *arguments = NULL;
        Job *job;
        int r;

        r = dict_read_checked(message, request_options_job, "options", &options, error);
        if (r < 0)
                return r;
        arguments = json_pack("{s:s}", "domain", domain->place.id);
        r = lockspace_job_begin(domain, message, kind, ACTION_CONFIGURE, options, arguments, &job, error);
        if (r <= 0)
                return r < 0 ? r : 1;
        return lockspace_job_answer(message, job, begin(domain, job, error));
}

/* ---- the lockspace ---- */

static int method_join(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        _cleanup_json_ json_t *options = NULL, *arguments = NULL;
        Domain *domain = userdata;
        uint32_t host_id;
        Job *job;
        int r;

        r = sd_bus_message_read(message, "u", &host_id);
        if (r >= 0)
                r = dict_read_checked(message, request_options_job, "options", &options, error);
        if (r < 0)
                return r;
        if (host_id < 1 || host_id > HOST_ID_MAX)
                return sd_bus_error_setf(error, RHV_ERROR_INVALID_ARGUMENT, "A host id is 1 to %u, not %u", HOST_ID_MAX, host_id);
        r = domain_wait_active(domain, message, error);
        if (r <= 0)
                return r < 0 ? r : 1;
        arguments = json_pack("{s:s, s:i}", "domain", domain->place.id, "host_id", (int)host_id);
        r = lockspace_job_begin(domain, message, "join", ACTION_CONFIGURE, options, arguments, &job, error);
        if (r <= 0)
                return r < 0 ? r : 1;
        return lockspace_job_answer(message, job, domain_lockspace_join(domain->lockspace, host_id, job, error));
}

static int begin_leave(Domain *domain, Job *job, sd_bus_error *error) {
        return domain_lockspace_leave(domain->lockspace, job, error);
}

static int method_leave(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        return lockspace_job_method(message, userdata, "leave", begin_leave, error);
}

/* ---- reading ---- */

/* What a reading of `run` becomes. */
static int append_hosts(sd_bus_message *reply, const Io *io) {
        int r;

        r = sd_bus_message_open_container(reply, 'a', "a{sv}");
        for (size_t i = 0; r >= 0 && i < io->n_hosts; i++) {
                const HostStatus *host = &io->hosts[i];
                _cleanup_json_ json_t *one = json_pack("{s:I, s:s, s:I, s:I, s:I}", "host_id", (json_int_t)host->host_id, "state",
                                                       host->state, "generation", (json_int_t)host->generation, "timestamp",
                                                       (json_int_t)host->timestamp_sec * (json_int_t)USEC_PER_SEC, "io_timeout",
                                                       (json_int_t)(host->io_timeout_sec * USEC_PER_SEC));

                r = one ? dict_append(reply, one) : -ENOMEM;
        }
        return r < 0 ? r : sd_bus_message_close_container(reply);
}

static int append_leases(sd_bus_message *reply, const Io *io) {
        int r;

        r = sd_bus_message_open_container(reply, 'a', "a{sv}");
        for (size_t i = 0; r >= 0 && i < io->n_leases; i++) {
                _cleanup_json_ json_t *one = json_pack("{s:s, s:I}", "id", io->leases[i].id, "offset",
                                                       (json_int_t)io->leases[i].offset_bytes);

                r = one ? dict_append(reply, one) : -ENOMEM;
        }
        return r < 0 ? r : sd_bus_message_close_container(reply);
}

static int append_owner(sd_bus_message *reply, const Io *io) {
        _cleanup_json_ json_t *one = json_pack("{s:I, s:I, s:I, s:b}", "host_id", (json_int_t)io->owner.host_id, "generation",
                                               (json_int_t)io->owner.generation, "version", (json_int_t)io->owner.version, "held",
                                               io->owner.held);

        return one ? dict_append(reply, one) : -ENOMEM;
}

static void on_read(Task *task, Io *io, int r, const sd_bus_error *error) {
        _cleanup_message_ sd_bus_message *reply = NULL;

        if (r >= 0)
                r = sd_bus_message_new_method_return(operation_message(task->operation), &reply);
        if (r >= 0)
                r = io->run == io_lockspace_hosts ? append_hosts(reply, io)
                    : io->run == io_lease_list    ? append_leases(reply, io)
                                                  : append_owner(reply, io);
        if (r < 0) {
                task_fail(task, r, error);
                return;
        }
        task->operation = operation_reply_message(task->operation, reply);
        task_free(task);
}

static int read_later(Domain *domain, sd_bus_message *message, int (*run)(Io *), const char *lease, sd_bus_error *error) {
        Task *task = task_new(domain->manager, domain, message);
        Io *io = io_new("read leases", run, &domain->place);
        int r;

        if (!task || !io) {
                if (io)
                        io_free(io);
                task_free(task);
                return task ? 1 : -ENOMEM;
        }
        memcpy(io->lease, lease, strlen(lease) + 1);
        task->patient = true; /* it is sanlock's storage threads that we wait for */
        r = task_run(task, io, 0, DOMAIN_IO_USEC, on_read, error);
        if (r < 0)
                task_fail(task, r, error);
        return 1;
}

static int method_get_hosts(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        Domain *domain = userdata;
        int r;

        r = dict_read_empty(message, error);
        if (r < 0)
                return r;
        if (domain->lockspace->state != LOCKSPACE_HELD)
                return sd_bus_error_setf(error, RHV_ERROR_INVALID_STATE, "This host is not in the lockspace of domain %s: it sees nobody there",
                                         domain->place.id);
        return read_later(domain, message, io_lockspace_hosts, "", error);
}

static int method_list_leases(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        Domain *domain = userdata;
        int r;

        r = dict_read_empty(message, error);
        if (r < 0)
                return r;
        r = domain_wait_active(domain, message, error);
        if (r <= 0)
                return r < 0 ? r : 1;
        return read_later(domain, message, io_lease_list, "", error);
}

static int method_get_lease_owner(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        Domain *domain = userdata;
        const char *lease;
        int r;

        r = sd_bus_message_read(message, "s", &lease);
        if (r >= 0)
                r = dict_read_empty(message, error);
        if (r >= 0 && !streq(lease, DOMAIN_LEASE_NAME))
                r = request_check_id("the lease", lease, error);
        if (r < 0)
                return r;
        r = domain_wait_active(domain, message, error);
        if (r <= 0)
                return r < 0 ? r : 1;
        return read_later(domain, message, io_lease_owner, lease, error);
}

/* ---- vtable ---- */

#define CHANGES SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE

extern const sd_bus_vtable lockspace_vtable[];
const sd_bus_vtable lockspace_vtable[] = {
                SD_BUS_VTABLE_START(0),
                SD_BUS_PROPERTY("HostId", "u", get_host_id, 0, CHANGES),
                SD_BUS_PROPERTY("State", "s", get_state, 0, CHANGES),
                SD_BUS_PROPERTY("StateReason", "s", get_reason, 0, CHANGES),
                SD_BUS_PROPERTY("Times", "a{st}", get_times, 0, CHANGES),
                SD_BUS_PROPERTY("LeaseState", "s", get_lease_state, 0, CHANGES),
                SD_BUS_PROPERTY("LeaseVersion", "t", get_lease_version, 0, CHANGES),
                SD_BUS_METHOD_WITH_ARGS("Join", SD_BUS_ARGS("u", host_id, "a{sv}", options), SD_BUS_RESULT("o", job), method_join,
                                        SD_BUS_VTABLE_UNPRIVILEGED),
                SD_BUS_METHOD_WITH_ARGS("Leave", SD_BUS_ARGS("a{sv}", options), SD_BUS_RESULT("o", job), method_leave,
                                        SD_BUS_VTABLE_UNPRIVILEGED),
                SD_BUS_METHOD_WITH_ARGS("GetHosts", SD_BUS_ARGS("a{sv}", options), SD_BUS_RESULT("aa{sv}", hosts), method_get_hosts,
                                        SD_BUS_VTABLE_UNPRIVILEGED),
                SD_BUS_METHOD_WITH_ARGS("ReleaseHost", SD_BUS_ARGS("u", host_id, "a{sv}", options), SD_BUS_RESULT("o", job), host_method_release,
                                        SD_BUS_VTABLE_UNPRIVILEGED),
                SD_BUS_METHOD_WITH_ARGS("ListLeases", SD_BUS_ARGS("a{sv}", options), SD_BUS_RESULT("aa{sv}", leases), method_list_leases,
                                        SD_BUS_VTABLE_UNPRIVILEGED),
                SD_BUS_METHOD_WITH_ARGS("GetLeaseOwner", SD_BUS_ARGS("s", lease, "a{sv}", options), SD_BUS_RESULT("a{sv}", owner),
                                        method_get_lease_owner, SD_BUS_VTABLE_UNPRIVILEGED),
                SD_BUS_METHOD_WITH_ARGS("GetHealth", SD_BUS_ARGS("a{sv}", options), SD_BUS_RESULT("a{sv}", health), health_method_get,
                                        SD_BUS_VTABLE_UNPRIVILEGED),
                SD_BUS_METHOD_WITH_ARGS("AcquireLease", SD_BUS_ARGS("a{sv}", options), SD_BUS_RESULT("o", job), lease_method_acquire,
                                        SD_BUS_VTABLE_UNPRIVILEGED),
                SD_BUS_METHOD_WITH_ARGS("ReleaseLease", SD_BUS_ARGS("a{sv}", options), SD_BUS_RESULT("o", job), lease_method_release,
                                        SD_BUS_VTABLE_UNPRIVILEGED),
                SD_BUS_METHOD_WITH_ARGS("CreateLease", SD_BUS_ARGS("s", id, "a{sv}", options), SD_BUS_RESULT("o", job), lease_method_create,
                                        SD_BUS_VTABLE_UNPRIVILEGED),
                SD_BUS_METHOD_WITH_ARGS("DeleteLease", SD_BUS_ARGS("s", id, "a{sv}", options), SD_BUS_RESULT("o", job), lease_method_delete,
                                        SD_BUS_VTABLE_UNPRIVILEGED),
                SD_BUS_METHOD_WITH_ARGS("RebuildLeases", SD_BUS_ARGS("a{sv}", options), SD_BUS_RESULT("o", job), lease_method_rebuild,
                                        SD_BUS_VTABLE_UNPRIVILEGED),
                SD_BUS_VTABLE_END,
};
