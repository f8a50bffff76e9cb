/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "job-wait.h"

#include <signal.h>
#include <stdio.h>
#include <sys/ioctl.h>

#include "clock-util.h"
#include "dict.h"
#include "progress.h"

#define JOB_INTERFACE "org.rhv.Job"

/* The bar turns this often; and however many signals are lost, the job is looked at again after the second. */
#define TURN_USEC (250 * USEC_PER_MSEC)
#define LOOK_USEC (2 * USEC_PER_SEC)
/* A restarting service finds its jobs again within this. */
#define SERVICE_GONE_USEC (60 * USEC_PER_SEC)
/* Where nobody watches, one line for this many percent is enough. */
#define LINE_PERCENT 10

typedef struct JobWait {
        Client *client;
        const char *path, *doing;
        char *id;
        sd_bus_slot *changed_slot;
        json_t *job;             /* as last seen, or NULL */
        bool look;               /* it may have changed */
        uint64_t begun_usec, looked_usec, gone_usec;
        Progress progress;
        int percent_said;
        bool bar_shown;
} JobWait;

static volatile sig_atomic_t interrupted;

static void on_interrupt(int number) {
        interrupted = 1;
}

bool job_state_ended(const char *state) {
        return streq(state, "done") || streq(state, "failed") || streq(state, "aborted");
}

/* ---- showing ---- */

static size_t stderr_width(void) {
        struct winsize size;

        return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) >= 0 && size.ws_col > 0 ? size.ws_col : 80;
}

static void clear_bar(JobWait *wait) {
        if (wait->bar_shown)
                fputs("\r\033[K", stderr);
        wait->bar_shown = false;
}

static void show(JobWait *wait) {
        Progress *progress = &wait->progress;
        _cleanup_free_ char *text = NULL;
        int percent;

        if (wait->client->settings->quiet || !wait->job)
                return;

        *progress = (Progress){
                .what = wait->doing,
                .state = dict_string(wait->job, "State", "pending"),
                .valid = dict_boolean(wait->job, "ProgressValid", false),
                .fraction = json_number_value(json_object_get(wait->job, "Progress")),
                .done = (uint64_t)dict_integer(wait->job, "BytesDone", 0),
                .total = (uint64_t)dict_integer(wait->job, "BytesTotal", 0),
                .elapsed_usec = monotonic_usec() - wait->begun_usec,
                .turn = progress->turn + 1,
        };

        if (wait->client->stderr_tty) {
                text = progress_bar(progress, stderr_width() - 1);
                if (text)
                        fprintf(stderr, "\r%s\033[K", text);
                wait->bar_shown = true;
                return;
        }

        percent = progress_percent(progress);
        if (percent < wait->percent_said + LINE_PERCENT && !(percent == 100 && wait->percent_said < 100))
                return;
        text = progress_line(progress);
        if (text)
                fprintf(stderr, "%s\n", text);
        wait->percent_said = percent;
}

/* ---- looking ---- */

static int on_changed(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        JobWait *wait = userdata;

        wait->look = true;
        return 0;
}

static bool is_service_gone(const sd_bus_error *error) {
        return sd_bus_error_has_name(error, SD_BUS_ERROR_NO_REPLY) ||
               sd_bus_error_has_name(error, SD_BUS_ERROR_TIMEOUT) ||
               sd_bus_error_has_name(error, SD_BUS_ERROR_NAME_HAS_NO_OWNER) ||
               (error->name && startswith(error->name, "org.freedesktop.systemd1.")) ||
               (error->name && startswith(error->name, "org.freedesktop.DBus.Error.Spawn."));
}

/* Return: 1 looked; 0 the service is away for the moment; negative: printed. */
static int look(JobWait *wait) {
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_free_ char *service = NULL;
        json_t *job = NULL;
        int r;

        wait->look = false;
        wait->looked_usec = monotonic_usec();

        r = client_try_get_all(wait->client, wait->path, JOB_INTERFACE, CALL_USEC, &job, &error);
        if (r >= 0) {
                json_decref(wait->job);
                wait->job = job;
                wait->gone_usec = 0;
                return 1;
        }

        if (wait->gone_usec == 0)
                wait->gone_usec = monotonic_usec();
        if (is_service_gone(&error) && monotonic_usec() - wait->gone_usec < SERVICE_GONE_USEC)
                return 0;

        clear_bar(wait);
        if (sd_bus_error_has_name(&error, SD_BUS_ERROR_UNKNOWN_OBJECT) ||
            sd_bus_error_has_name(&error, SD_BUS_ERROR_UNKNOWN_METHOD))
                return client_fail(wait->client, "%s: job %s is not known (any more); an outcome is kept for ten minutes",
                                   wait->doing, wait->id);
        (void) service_of_path(wait->path, &service);
        return client_fail_bus(wait->client, wait->doing, service ?: wait->path, &error, r);
}

/* Lets the bus move for at most one turn. */
static int turn(JobWait *wait) {
        int r;

        do {
                r = sd_bus_process(wait->client->bus, NULL);
                if (r < 0)
                        return client_fail(wait->client, "%s: lost the connection to the bus: %s", wait->doing, strerror(-r));
        } while (r > 0);

        if (wait->look)
                return 0;

        r = sd_bus_wait(wait->client->bus, TURN_USEC);
        return r < 0 && r != -EINTR ? client_fail(wait->client, "%s: %s", wait->doing, strerror(-r)) : 0;
}

static int wait_loop(JobWait *wait) {
        uint64_t timeout = wait->client->settings->timeout_usec;
        int r;

        for (;;) {
                if (wait->look || monotonic_usec() - wait->looked_usec >= LOOK_USEC) {
                        r = look(wait);
                        if (r < 0)
                                return r;
                }

                if (wait->job && job_state_ended(dict_string(wait->job, "State", "")))
                        return 0;

                show(wait);
                if (interrupted) {
                        clear_bar(wait);
                        return client_fail(wait->client, "interrupted; the job goes on: `rhvctl job wait %s` or `rhvctl job cancel %s`",
                                           wait->id, wait->id);
                }
                if (monotonic_usec() - wait->begun_usec >= timeout) {
                        clear_bar(wait);
                        return client_fail(wait->client, "%s: not ended in time, the job goes on: `rhvctl job wait %s`",
                                           wait->doing, wait->id);
                }

                r = turn(wait);
                if (r < 0)
                        return r;
        }
}

static int outcome(JobWait *wait) {
        const char *state = dict_string(wait->job, "State", "");
        const char *message = dict_string(wait->job, "ErrorMessage", ""), *name = dict_string(wait->job, "ErrorName", "");
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_free_ char *service = NULL;

        if (streq(state, "done"))
                return 0;

        if (isempty(message) || isempty(name))
                return client_fail(wait->client, "%s: %s", wait->doing, isempty(message) ? state : message);

        (void) service_of_path(wait->path, &service);
        (void) sd_bus_error_set(&error, name, message);
        return client_fail_bus(wait->client, wait->doing, service ?: wait->path, &error, -EIO);
}

int job_wait(Client *client, const char *path, const char *doing, json_t **ret) {
        struct sigaction action = { .sa_handler = on_interrupt }, old;
        JobWait wait = { .client = client, .path = path, .doing = doing, .look = true, .begun_usec = monotonic_usec(),
                         .percent_said = -LINE_PERCENT };
        int r;

        wait.id = id_of_path(path);
        if (!wait.id)
                return client_no_memory(client);
        interrupted = 0;
        (void) sigaction(SIGINT, &action, &old);

        /* any change of this path, also its removal; a service that comes back announces its jobs anew */
        r = sd_bus_match_signal(client->bus, &wait.changed_slot, NULL, path, "org.freedesktop.DBus.Properties",
                                "PropertiesChanged", on_changed, &wait);
        if (r < 0)
                r = client_fail(client, "%s: cannot watch the job: %s", doing, strerror(-r));
        else
                r = wait_loop(&wait);

        clear_bar(&wait);
        if (r >= 0)
                r = outcome(&wait);
        if (ret && wait.job) {
                (void) json_object_set_new(wait.job, "Path", json_string(path));
                *ret = json_incref(wait.job);
        }

        sd_bus_slot_unref(wait.changed_slot);
        free(wait.id);
        json_decref(wait.job);
        (void) sigaction(SIGINT, &old, NULL);
        return r;
}
