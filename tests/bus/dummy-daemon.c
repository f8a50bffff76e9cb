/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The smallest service on the common room: what test-daemon.c starts, asks, and ends in every way. */

#include "bus-error.h"
#include "daemon.h"
#include "dict.h"
#include "work.h"

static bool busy;
static const char *greeting = "none";

static int method_busy(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        int value, r;

        r = sd_bus_message_read(message, "b", &value);
        if (r < 0)
                return r;
        busy = value;
        return sd_bus_reply_method_return(message, NULL);
}

static int method_job(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        Daemon *daemon = userdata;
        const JobSpec spec = { .kind = "dummy", .uid = 0 };
        Job *job;
        int r;

        r = dict_read_empty(message, error);
        if (r < 0)
                return r;
        r = job_new(daemon->jobs, &spec, &job, error);
        if (r < 0)
                return r;
        job_start(job);
        return sd_bus_reply_method_return(message, "o", job_path(job));
}

/* Asks polkit, which asks a person. */
static int method_ask(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        Daemon *daemon = userdata;
        int r;

        r = auth_check(daemon->auth, message, "org.rhv.dummy.operate", AUTH_DETAILS("verb", "ask"), error);
        if (r <= 0)
                return r < 0 ? r : 1;
        return sd_bus_reply_method_return(message, NULL);
}

static int property_greeting(sd_bus *bus, const char *path, const char *interface, const char *property,
                             sd_bus_message *reply, void *userdata, sd_bus_error *error) {
        return sd_bus_message_append(reply, "s", greeting);
}

static const sd_bus_vtable vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_METHOD("SetBusy", "b", NULL, method_busy, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("Work", "a{sv}", "o", method_job, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("Ask", NULL, NULL, method_ask, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_PROPERTY("Greeting", "s", property_greeting, 0, SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_VTABLE_END,
};

static int start(Daemon *daemon, void **ret_manager) {
        *ret_manager = daemon;
        job_manager_recover(daemon->jobs, NULL, NULL);
        return 0;
}

static bool is_idle(void *manager) {
        return !busy;
}

static const BusObject objects[] = {
        { "/org/rhv/Dummy", "org.rhv.Dummy", vtable, NULL, NULL },
        { NULL },
};

static const DaemonOption options[] = {
        { "greeting", "what the property says", &greeting },
        { NULL },
};

static const DaemonInfo info = {
        .program = "dummy-daemon",
        .service = "Dummy",
        .objects = objects,
        .start = start,
        .idle = is_idle,
        .options = options,
};

int main(int argc, char **argv) {
        return daemon_main(&info, argc, argv);
}
