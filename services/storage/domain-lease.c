/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "domain-lease.h"

#include <stdio.h>
#include <sys/inotify.h>

#include "bus-error.h"
#include "child.h"
#include "config.h"
#include "domain-lockspace.h"
#include "lease-request.h"
#include "log-ids.h"
#include "log.h"
#include "manager.h"
#include "state-file.h"
#include "unit.h"

#define SANLOCK_STATUS_USEC (20 * USEC_PER_SEC)

static const char *const domain_lease_state_table[_DOMAIN_LEASE_STATE_MAX] = {
                [DOMAIN_LEASE_NONE] = "none",
                [DOMAIN_LEASE_ACQUIRING] = "acquiring",
                [DOMAIN_LEASE_HELD] = "held",
                [DOMAIN_LEASE_RELEASING] = "releasing",
};
DEFINE_STRING_TABLE(domain_lease_state, DomainLeaseState, _DOMAIN_LEASE_STATE_MAX)

struct DomainLease {
        Domain *domain;
        DomainLeaseState state;
        uint64_t version;
        char *directory, *unit;
        char job[UUID_STRING_MAX]; /* that waits for the end of acquiring or releasing */
        bool wait;
        Child *child; /* asks sanlock whether a watchdog guards it */
        sd_bus_slot *start;
        UnitWatch *watch;
        sd_event_source *inotify; /* for the state file */
};

DomainLeaseState domain_lease_state(const DomainLease *lease) {
        return lease ? lease->state : DOMAIN_LEASE_NONE;
}

uint64_t domain_lease_version(const DomainLease *lease) {
        return lease && lease->state == DOMAIN_LEASE_HELD ? lease->version : 0;
}

const char *domain_lease_directory(const DomainLease *lease) {
        return lease->directory;
}

int domain_lease_check(const Domain *domain, uint64_t version, sd_bus_error *error) {
        if (!domain->lease && version == 0)
                return 0;
        if (!domain->lease) {
                sd_bus_error_setf(error, RHV_ERROR_INVALID_ARGUMENT, "Domain %s is not shared and has no lease", domain->place.id);
                return -EINVAL;
        }
        if (version != 0 && domain_lease_version(domain->lease) == version)
                return 0;
        sd_bus_error_setf(error, RHV_ERROR_INVALID_STATE,
                          version == 0 ? "Domain %s is shared: name the version of the lease you hold as option \"lease\""
                                       : "This host does not hold the lease of domain %s under that version",
                          domain->place.id);
        return -ESTALE;
}

int sanlock_status_watchdog(const char *text) {
        const char *value = strstr(text, "use_watchdog=");

        if (!value)
                return -EBADMSG;
        value += strlen("use_watchdog=");
        return *value == '1' ? 1 : *value == '0' ? 0 : -EBADMSG;
}

/* ---- state ---- */

static void set_state(DomainLease *lease, DomainLeaseState state, uint64_t version) {
        const Domain *domain = lease->domain;

        if (lease->state == state && lease->version == version)
                return;
        log_full(LOG_INFO, NULL, LOG_FIELDS("RHV_DOMAIN", domain->place.id), "Lease of domain %s: %s -> %s", domain->place.id,
                 domain_lease_state_to_string(lease->state), domain_lease_state_to_string(state));
        lease->state = state;
        lease->version = version;
        bus_changed(domain->manager->changes, domain->object_path, LOCKSPACE_INTERFACE, "LeaseState");
        bus_changed(domain->manager->changes, domain->object_path, LOCKSPACE_INTERFACE, "LeaseVersion");
}

static void finish_job(DomainLease *lease, int r, const sd_bus_error *error) {
        Job *job = lease->job[0] ? job_find(lease->domain->manager->jobs, lease->job) : NULL;

        lease->job[0] = '\0';
        if (job)
                job_finish(job, r, error, r < 0 ? NULL : json_pack("{s:I}", "version", (json_int_t)lease->version));
}

/* It never began. */
static void fail(DomainLease *lease, int r, const sd_bus_error *error) {
        set_state(lease, DOMAIN_LEASE_NONE, 0);
        finish_job(lease, r, error);
}

/* ---- the unit ---- */

static void on_ended(UnitWatch *watch, const UnitResult *result, void *userdata) {
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_(lease_state_clear) LeaseState state = {};
        DomainLease *lease = userdata;
        const DomainLeaseState before = lease->state;
        const bool told = lease_state_load(lease->directory, &state) >= 0 && state.error_name;

        lease->watch = unit_watch_free(lease->watch);
        (void) unit_release(lease->domain->manager->bus, lease->unit);
        if (before == DOMAIN_LEASE_HELD)
                log_full(LOG_ERR, MESSAGE_ID_LEASE_LOST, LOG_FIELDS("RHV_DOMAIN", lease->domain->place.id),
                         "The lease of domain %s is lost", lease->domain->place.id);
        set_state(lease, DOMAIN_LEASE_NONE, 0);
        if (before == DOMAIN_LEASE_RELEASING) {
                finish_job(lease, 0, NULL);
                return;
        }
        if (told)
                (void) sd_bus_error_set(&error, state.error_name, state.error_message);
        else
                (void) sd_bus_error_setf(&error, RHV_ERROR_BACKEND_FAILED, "rhv-lease did not start or ended (%s)", result->known ? result->result : "gone");
        finish_job(lease, -EIO, &error);
}

/* What the state file says; it is replaced once the lease is held. */
static void read_state(DomainLease *lease) {
        _cleanup_(lease_state_clear) LeaseState state = {};

        if (lease_state_load(lease->directory, &state) < 0 || state.version == 0 || !lease->watch)
                return;
        if (lease->state != DOMAIN_LEASE_ACQUIRING && lease->state != DOMAIN_LEASE_NONE)
                return;
        set_state(lease, DOMAIN_LEASE_HELD, state.version);
        finish_job(lease, 0, NULL);
        domain_clean(lease->domain);
}

static int on_file(sd_event_source *source, const struct inotify_event *event, void *userdata) {
        read_state(userdata);
        return 0;
}

static int watch_unit(DomainLease *lease) {
        return unit_watch_new(lease->domain->manager->bus, lease->unit, on_ended, lease, &lease->watch);
}

static void on_started(int r, const sd_bus_error *error, void *userdata) {
        DomainLease *lease = userdata;

        lease->start = sd_bus_slot_unref(lease->start);
        /* systemd that did not answer may still start it: it is over when systemd says so, not before. */
        if (r < 0) {
                log_warning_errno(r, "Cannot start %s: %s", lease->unit, error && error->message ? error->message : "unknown");
                (void) unit_stop(lease->domain->manager->bus, lease->unit);
        }
        r = watch_unit(lease);
        if (r < 0) {
                fail(lease, r, NULL);
                return;
        }
        read_state(lease);
}

/* The old state would be taken for the new one's. */
static int forget_state(const DomainLease *lease) {
        _cleanup_free_ char *path = NULL;

        if (asprintf(&path, "%s/" LEASE_STATE_FILE, lease->directory) < 0)
                return -ENOMEM;
        return state_file_remove(path);
}

static int start_unit(DomainLease *lease) {
        const Domain *domain = lease->domain;
        const char *const argv[] = {RHV_LIBEXEC_DIR "/rhv-lease", "hold", lease->directory, NULL};
        const UnitSpec spec = {
                        .name = lease->unit,
                        .description = "RHV lease of a storage domain",
                        .slice = "rhv-spm.slice",
                        .argv = argv,
        };
        _cleanup_free_ char *path = NULL;
        LeaseRequest request = {
                        .lease = {
                                        .name = DOMAIN_LEASE_NAME,
                                        .offset_bytes = domain->place.alignment_bytes,
                                        .alignment_bytes = domain->place.alignment_bytes,
                                        .block_size_bytes = domain->place.block_size_bytes,
                        },
                        .wait = lease->wait,
        };
        int r;

        path = domain->place.type->layout->special_path(&domain->place, "leases");
        if (!path)
                return -ENOMEM;
        request.lease.path = path;
        memcpy(request.lease.lockspace, domain->place.id, UUID_STRING_MAX);
        r = forget_state(lease);
        if (r >= 0 || r == -ENOENT)
                r = lease_request_save(lease->directory, &request);
        if (r < 0)
                return r;
        return unit_start(domain->manager->bus, &spec, on_started, lease, &lease->start);
}

/* ---- the watchdog ---- */

static void on_status(Child *child, const ChildResult *result, void *userdata) {
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        DomainLease *lease = userdata;
        int r;

        lease->child = NULL; /* freed by who calls us */
        r = child_result_error(result, "sanlock client status", &error);
        if (r >= 0) {
                r = sanlock_status_watchdog(result->out);
                if (r == 0) {
                        sd_bus_error_set(&error, RHV_ERROR_INVALID_STATE,
                                         "No watchdog guards this host (sanlock runs with -w 0): it cannot hold the lease of a domain");
                        r = -EPERM;
                } else if (r < 0)
                        sd_bus_error_set(&error, RHV_ERROR_BACKEND_FAILED, "sanlock does not tell whether a watchdog guards this host");
        }
        if (r >= 0)
                r = start_unit(lease);
        if (r < 0)
                fail(lease, r, &error);
}

static int ask_watchdog(DomainLease *lease) {
        static const char *const argv[] = {"sanlock", "client", "status", "-D", NULL};
        const ChildSpec spec = {
                        .argv = argv,
                        .deadline_usec = SANLOCK_STATUS_USEC,
                        .done = on_status,
                        .userdata = lease,
        };

        return child_start(lease->domain->manager->event, &spec, &lease->child);
}

/* ---- by hand ---- */

int domain_lease_acquire(DomainLease *lease, bool wait, const Job *job, sd_bus_error *error) {
        int r;

        if (lease->domain->lockspace->state != LOCKSPACE_HELD) {
                sd_bus_error_setf(error, RHV_ERROR_INVALID_STATE, "This host has no host id in domain %s; join it first",
                                  lease->domain->place.id);
                return -ESTALE;
        }
        if (lease->state != DOMAIN_LEASE_NONE) {
                sd_bus_error_setf(error, RHV_ERROR_INVALID_STATE, "The lease of domain %s is %s here", lease->domain->place.id,
                                  domain_lease_state_to_string(lease->state));
                return -EBUSY;
        }
        lease->wait = wait;
        r = ask_watchdog(lease);
        if (r < 0)
                return r;
        (void) snprintf(lease->job, sizeof(lease->job), "%s", job_id(job));
        set_state(lease, DOMAIN_LEASE_ACQUIRING, 0);
        return 0;
}

int domain_lease_release(DomainLease *lease, const Job *job, sd_bus_error *error) {
        int r;

        if (lease->state != DOMAIN_LEASE_HELD) {
                sd_bus_error_setf(error, RHV_ERROR_INVALID_STATE, "The lease of domain %s is %s here", lease->domain->place.id,
                                  domain_lease_state_to_string(lease->state));
                return -EBUSY;
        }
        r = unit_stop(lease->domain->manager->bus, lease->unit);
        if (r < 0)
                return r;
        (void) snprintf(lease->job, sizeof(lease->job), "%s", job_id(job));
        set_state(lease, DOMAIN_LEASE_RELEASING, lease->version);
        return 0;
}

/* ---- life ---- */

int domain_lease_new(Domain *domain, DomainLease **ret) {
        _cleanup_(lease_state_clear) LeaseState state = {};
        DomainLease *lease = calloc(1, sizeof(*lease));
        Manager *manager = domain->manager;
        int r;

        if (!lease)
                return -ENOMEM;
        lease->domain = domain;
        if (asprintf(&lease->directory, "%s/%s", manager->leases_directory, domain->place.id) < 0)
                lease->directory = NULL;
        /* Work on block domains needs devices and LVM: a sandbox of its own, by the unit's prefix. */
        if (asprintf(&lease->unit, "%s-%s.service", domain_type_is_block(domain->place.type) ? "rhv-blocklease" : "rhv-lease", domain->place.id) < 0)
                lease->unit = NULL;
        r = lease->directory && lease->unit ? make_directory(lease->directory, 0700) : -ENOMEM;
        if (r >= 0)
                r = sd_event_add_inotify(manager->event, &lease->inotify, lease->directory, IN_MOVED_TO, on_file, lease);
        if (r >= 0 && lease_state_load(lease->directory, &state) >= 0 && state.version > 0) {
                r = watch_unit(lease); /* an end it had meanwhile is told at once */
                set_state(lease, DOMAIN_LEASE_HELD, state.version);
        }
        if (r < 0) {
                domain_lease_free(lease);
                return r;
        }
        *ret = lease;
        return 0;
}

DomainLease *domain_lease_free(DomainLease *lease) {
        if (!lease)
                return NULL;
        lease->child = child_free(lease->child);
        sd_bus_slot_unref(lease->start);
        unit_watch_free(lease->watch);
        sd_event_source_disable_unref(lease->inotify);
        free(lease->directory);
        free(lease->unit);
        free(lease);
        return NULL;
}
