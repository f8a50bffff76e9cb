/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "peer-restart.h"

#include "bus-error.h"
#include "clock-util.h"

#define CALL_USEC (25 * USEC_PER_SEC)

typedef struct Restart {
        const char *unit;
        char *job;    /* path of systemd's job, once it is known */
        char *ended;  /* path of the last job of the unit that ended: the signal may come before the reply */
        char *result;
} Restart;

static int on_job_removed(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        Restart *restart = userdata;
        const char *path, *unit, *result;
        uint32_t id;

        if (sd_bus_message_read(message, "uoss", &id, &path, &unit, &result) < 0 || !streq(unit, restart->unit))
                return 0;
        free(restart->ended);
        free(restart->result);
        restart->ended = strdup(path);
        restart->result = strdup(result);
        return 0;
}

static int wait_for_job(sd_bus *bus, const Restart *restart, sd_bus_error *error) {
        uint64_t end = monotonic_usec() + PEER_RESTART_USEC;
        int r;

        while (!streq_ptr(restart->job, restart->ended)) {
                uint64_t now = monotonic_usec();

                if (now >= end) {
                        (void) sd_bus_error_setf(error, RHV_ERROR_TIMEOUT, "%s was not restarted in time", restart->unit);
                        return -ETIMEDOUT;
                }
                r = sd_bus_process(bus, NULL);
                if (r == 0)
                        r = sd_bus_wait(bus, end - now);
                if (r < 0 && r != -EINTR)
                        return bus_error_errno(error, r, "systemd went away");
        }
        if (!streq_ptr(restart->result, "done")) {
                (void) sd_bus_error_setf(error, RHV_ERROR_BACKEND_FAILED, "The restart of %s ended as \"%s\"", restart->unit,
                                         restart->result ?: "");
                return -EIO;
        }
        return 0;
}

static int restart_on(sd_bus *bus, Restart *restart, sd_bus_error *error) {
        static const char manager[] = "org.freedesktop.systemd1.Manager", path[] = "/org/freedesktop/systemd1";
        _cleanup_error_ sd_bus_error cause = SD_BUS_ERROR_NULL;
        _cleanup_message_ sd_bus_message *reply = NULL;
        const char *job;
        int r;

        r = sd_bus_set_method_call_timeout(bus, CALL_USEC);
        if (r >= 0)
                r = sd_bus_match_signal(bus, NULL, "org.freedesktop.systemd1", path, manager, "JobRemoved", on_job_removed, restart);
        if (r < 0)
                return bus_error_errno(error, r, "Cannot watch systemd");
        r = sd_bus_call_method(bus, "org.freedesktop.systemd1", path, manager, "Subscribe", &cause, NULL, "");
        if (r >= 0)
                r = sd_bus_call_method(bus, "org.freedesktop.systemd1", path, manager, "RestartUnit", &cause, &reply, "ss",
                                       restart->unit, "replace");
        if (r < 0) {
                if (sd_bus_error_has_names(&cause, SD_BUS_ERROR_ACCESS_DENIED, SD_BUS_ERROR_INTERACTIVE_AUTHORIZATION_REQUIRED)) {
                        (void) sd_bus_error_setf(error, RHV_ERROR_ACCESS_DENIED, "polkit does not let %s be restarted: %s", restart->unit,
                                                 cause.message ?: "");
                        return -EACCES;
                }
                return bus_error_forward(error, &cause, "Cannot restart %s", restart->unit);
        }
        r = sd_bus_message_read(reply, "o", &job);
        if (r < 0)
                return r;
        restart->job = strdup(job);
        return restart->job ? wait_for_job(bus, restart, error) : -ENOMEM;
}

int peer_restart(const char *unit, sd_bus_error *error) {
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
        Restart restart = { .unit = unit };
        int r;

        r = sd_bus_open_system(&bus);
        if (r < 0)
                return bus_error_errno(error, r, "Cannot connect to the system bus");
        r = restart_on(bus, &restart, error);
        free(restart.job);
        free(restart.ended);
        free(restart.result);
        return r;
}
