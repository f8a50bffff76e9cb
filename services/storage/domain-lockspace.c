/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "domain-lockspace.h"

#include <fcntl.h>
#include <stdio.h>

#include "bus-error.h"
#include "domain-lease.h"
#include "lease-clock.h"
#include "log-ids.h"
#include "log.h"
#include "manager.h"
#include "unit.h"

/* Beyond what sanlock itself takes at most, for a machine that is slow. */
#define LOCKSPACE_MARGIN_USEC (60 * USEC_PER_SEC)

static const char *const lockspace_state_table[_LOCKSPACE_STATE_MAX] = {
                [LOCKSPACE_NONE] = "none",       [LOCKSPACE_JOINING] = "joining", [LOCKSPACE_HELD] = "held",
                [LOCKSPACE_LEAVING] = "leaving", [LOCKSPACE_LOST] = "lost",
};
DEFINE_STRING_TABLE(lockspace_state, LockspaceState, _LOCKSPACE_STATE_MAX)

int domain_lockspace_new(Domain *domain, DomainLockspace **ret) {
        DomainLockspace *lockspace = calloc(1, sizeof(*lockspace));

        if (!lockspace)
                return -ENOMEM;
        lockspace->domain = domain;
        lockspace->reason = strdup("");
        if (!lockspace->reason) {
                free(lockspace);
                return -ENOMEM;
        }
        *ret = lockspace;
        return 0;
}

DomainLockspace *domain_lockspace_free(DomainLockspace *lockspace) {
        if (!lockspace)
                return NULL;
        free(lockspace->reason);
        free(lockspace);
        return NULL;
}

/* ---- state ---- */

static void changed(const DomainLockspace *lockspace, const char *property) {
        const Domain *domain = lockspace->domain;

        bus_changed(domain->manager->changes, domain->object_path, LOCKSPACE_INTERFACE, property);
}

/* That sanlock has run since boot: a file that goes with the reboot. Return: true where it had not been noted before. */
static bool note_sanlock(const Manager *manager) {
        _cleanup_free_ char *path = NULL;
        _cleanup_close_ int fd = -EBADF;

        if (asprintf(&path, "%s/sanlock-ran", manager->runtime_directory) < 0)
                return false;
        fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
        return fd >= 0;
}

/* A lost host id is an error. One that was asked for and not given is the asker's matter, and one that is tried again and again by itself does
 * not fill the journal. */
static int loudness(const DomainLockspace *lockspace, LockspaceState next) {
        if (next == LOCKSPACE_LOST && lockspace->state == LOCKSPACE_HELD)
                return LOG_ERR;
        if ((lockspace->state == LOCKSPACE_LOST && next == LOCKSPACE_JOINING) || next == LOCKSPACE_LOST)
                return LOG_DEBUG;
        return LOG_INFO;
}

/* The only writer of state and reason. */
static void set_state(DomainLockspace *lockspace, LockspaceState state, const char *reason) {
        const Domain *domain = lockspace->domain;
        const int level = loudness(lockspace, state);
        char *copy;

        if (lockspace->state == state && streq(lockspace->reason, reason))
                return;
        copy = strdup(reason);
        if (copy) {
                free(lockspace->reason);
                lockspace->reason = copy;
        }
        if (lockspace->state != state)
                log_full(level, level == LOG_ERR ? MESSAGE_ID_HOST_ID_LOST : NULL,
                         LOG_FIELDS("RHV_DOMAIN", domain->place.id), "Lockspace %s, host id %u: %s -> %s%s%s", domain->place.id,
                         lockspace->host_id, lockspace_state_to_string(lockspace->state), lockspace_state_to_string(state),
                         *reason ? ": " : "", reason);
        if (state == LOCKSPACE_HELD)
                (void) note_sanlock(domain->manager);
        lockspace->state = state;
        changed(lockspace, "State");
        changed(lockspace, "StateReason");
}

static void finish_job(DomainLockspace *lockspace, int r, const sd_bus_error *error) {
        Job *job = lockspace->job[0] ? job_find(lockspace->domain->manager->jobs, lockspace->job) : NULL;

        lockspace->job[0] = '\0';
        if (job)
                job_finish(job, r, error, r < 0 ? NULL : json_pack("{s:i}", "host_id", (int)lockspace->host_id));
}

static int set_intent(DomainLockspace *lockspace, unsigned host_id, sd_bus_error *error) {
        unsigned before = lockspace->host_id;
        int r;

        lockspace->host_id = host_id;
        r = domain_remember(lockspace->domain);
        if (r < 0) {
                lockspace->host_id = before;
                return bus_error_errno(error, r, "Cannot remember the host id");
        }
        if (before != host_id)
                changed(lockspace, "HostId");
        return 0;
}

/* ---- asking sanlock ---- */

static int submit(DomainLockspace *lockspace, const char *name, int (*run)(Io *), bool patient, task_then_t then, sd_bus_error *error) {
        Domain *domain = lockspace->domain;
        const LeaseTimes times = lease_times(lockspace->domain->io_timeout_sec);
        Task *task = task_new(domain->manager, domain, NULL);
        Io *io = io_new(name, run, &domain->place);
        int r;

        if (!task || !io) {
                if (io)
                        io_free(io);
                task_free(task);
                return -ENOMEM;
        }
        io->host_id = lockspace->host_id;
        io->io_timeout_sec = lockspace->domain->io_timeout_sec;
        task->patient = patient;
        r = task_run(task, io, 0, patient ? times.join_other_usec + LOCKSPACE_MARGIN_USEC : DOMAIN_IO_USEC, then, error);
        if (r < 0) {
                task_free(task);
                return r;
        }
        lockspace->asking = true;
        return 0;
}

static DomainLockspace *answered(const Task *task) {
        Domain *domain = task_domain(task);

        if (!domain || !domain->lockspace)
                return NULL;
        domain->lockspace->asking = false;
        return domain->lockspace;
}

static void on_joined(Task *task, Io *io, int r, const sd_bus_error *error) {
        DomainLockspace *lockspace = answered(task);

        if (lockspace && r >= 0) {
                set_state(lockspace, LOCKSPACE_HELD, "");
                finish_job(lockspace, 0, NULL);
        } else if (lockspace && r == -EINPROGRESS) {
                set_state(lockspace, LOCKSPACE_JOINING, ""); /* begun by the service's last life; asked again */
        } else if (lockspace && lockspace->job[0]) {
                /* Who asked hears why, and it is not tried again. */
                (void) set_intent(lockspace, 0, NULL);
                set_state(lockspace, LOCKSPACE_NONE, error->message ?: "unknown");
                finish_job(lockspace, r, error);
        } else if (lockspace)
                set_state(lockspace, LOCKSPACE_LOST, error->message ?: "unknown");
        task_free(task);
}

/* Started by whom needs it, since a host with local domains only has no armed watchdog; but once in each boot, never after it died. A sanlock that
 * comes back takes the host id anew, and that frees what the old one's leases guarded, while a writer of theirs may hang in the kernel. Such a host is the
 * watchdog's. */
static void start_sanlock(const Manager *manager) {
        if (note_sanlock(manager))
                (void) unit_begin(manager->bus, "sanlock.service");
}

static int join(DomainLockspace *lockspace, sd_bus_error *error) {
        int r;

        start_sanlock(lockspace->domain->manager);
        r = submit(lockspace, "join a lockspace", io_lockspace_join, true, on_joined, error);
        if (r >= 0)
                set_state(lockspace, LOCKSPACE_JOINING, "");
        return r;
}

static void on_left(Task *task, Io *io, int r, const sd_bus_error *error) {
        DomainLockspace *lockspace = answered(task);

        if (lockspace && r >= 0) {
                set_state(lockspace, LOCKSPACE_NONE, "");
                r = set_intent(lockspace, 0, NULL);
                finish_job(lockspace, r, NULL);
        } else if (lockspace) {
                set_state(lockspace, LOCKSPACE_HELD, "");
                finish_job(lockspace, r, error);
        }
        task_free(task);
}

static void on_asked(Task *task, Io *io, int r, const sd_bus_error *error) {
        DomainLockspace *lockspace = answered(task);

        if (lockspace && r >= 0 && io->joined)
                set_state(lockspace, LOCKSPACE_HELD, "");
        else if (lockspace && r >= 0 && lockspace->state == LOCKSPACE_HELD)
                set_state(lockspace, LOCKSPACE_LOST, "The host id could not be renewed in time, or was given up by hand");
        else if (lockspace && r < 0 && r != -EINPROGRESS && lockspace->state == LOCKSPACE_HELD)
                set_state(lockspace, LOCKSPACE_LOST, error->message ?: "unknown");
        task_free(task);
}

void domain_lockspace_look(DomainLockspace *lockspace) {
        const Domain *domain = lockspace->domain;

        if (lockspace->host_id == 0 || lockspace->asking || domain->state == DOMAIN_OPENING ||
            lockspace->domain->io_timeout_sec == 0)
                return;
        if (lockspace->state == LOCKSPACE_HELD)
                (void) submit(lockspace, "ask for a lockspace", io_lockspace_ask, false, on_asked, NULL);
        else
                (void) join(lockspace, NULL);
}

void domain_lockspace_found(DomainLockspace *lockspace) {
        set_state(lockspace, LOCKSPACE_HELD, "");
}

/* ---- by hand ---- */

int domain_lockspace_join(DomainLockspace *lockspace, unsigned host_id, const Job *job, sd_bus_error *error) {
        int r;

        if (lockspace->domain->io_timeout_sec == 0) {
                sd_bus_error_setf(error, RHV_ERROR_BAD_FORMAT, "The lockspace of domain %s cannot be read", lockspace->domain->place.id);
                return -EBADMSG;
        }
        if (lockspace->domain->io_timeout_sec < LEASE_IO_TIMEOUT_MIN_SEC) {
                sd_bus_error_setf(error, RHV_ERROR_NOT_SUPPORTED,
                                  "The lockspace of domain %s has an io_timeout of %u s; below %u s the watchdog resets hosts that are well",
                                  lockspace->domain->place.id, lockspace->domain->io_timeout_sec, LEASE_IO_TIMEOUT_MIN_SEC);
                return -EOPNOTSUPP;
        }
        if (lockspace->asking || (lockspace->host_id != 0 && lockspace->host_id != host_id)) {
                sd_bus_error_setf(error, RHV_ERROR_INVALID_STATE, "This host is %s there, with host id %u",
                                  lockspace_state_to_string(lockspace->state), lockspace->host_id);
                return -EBUSY;
        }
        r = set_intent(lockspace, host_id, error);
        if (r >= 0)
                r = join(lockspace, error);
        if (r >= 0)
                (void) snprintf(lockspace->job, sizeof(lockspace->job), "%s", job_id(job));
        return r;
}

int domain_lockspace_leave(DomainLockspace *lockspace, const Job *job, sd_bus_error *error) {
        int r;

        if (domain_lease_state(lockspace->domain->lease) != DOMAIN_LEASE_NONE) {
                sd_bus_error_setf(error, RHV_ERROR_IN_USE, "This host holds the lease of domain %s", lockspace->domain->place.id);
                return -EBUSY;
        }
        if (lockspace->asking || lockspace->host_id == 0) {
                sd_bus_error_setf(error, RHV_ERROR_INVALID_STATE, "This host is %s there", lockspace_state_to_string(lockspace->state));
                return -EBUSY;
        }
        r = submit(lockspace, "leave a lockspace", io_lockspace_leave, true, on_left, error);
        if (r < 0)
                return r;
        (void) snprintf(lockspace->job, sizeof(lockspace->job), "%s", job_id(job));
        set_state(lockspace, LOCKSPACE_LEAVING, "");
        return 0;
}
