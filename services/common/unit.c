/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "unit.h"

#include <stdio.h>

#include "log.h"

#define SYSTEMD "org.freedesktop.systemd1"
#define SYSTEMD_MANAGER "org.freedesktop.systemd1.Manager"
#define SYSTEMD_UNIT "org.freedesktop.systemd1.Unit"
#define SYSTEMD_SERVICE "org.freedesktop.systemd1.Service"
#define UNIT_CALL_USEC (25 * USEC_PER_SEC)
/* systemd that does not answer (it may be loading its units anew) is asked again after this. */
#define UNIT_ASK_AGAIN_USEC (1 * USEC_PER_SEC)

/* ---- starting ---- */

typedef struct UnitStart {
        unit_started_t started;
        void *userdata;
} UnitStart;

static void unit_start_destroy(void *userdata) {
        free(userdata);
}

static int on_started(sd_bus_message *reply, void *userdata, sd_bus_error *error) {
        const UnitStart *start = userdata;
        const sd_bus_error *e = sd_bus_message_get_error(reply);

        start->started(e ? -sd_bus_message_get_errno(reply) : 0, e, start->userdata);
        return 1;
}

static int append_exec(sd_bus_message *call, const char *const *argv) {
        int r;

        r = sd_bus_message_open_container(call, 'r', "sv");
        if (r >= 0)
                r = sd_bus_message_append(call, "s", "ExecStart");
        if (r >= 0)
                r = sd_bus_message_open_container(call, 'v', "a(sasb)");
        if (r >= 0)
                r = sd_bus_message_open_container(call, 'a', "(sasb)");
        if (r >= 0)
                r = sd_bus_message_open_container(call, 'r', "sasb");
        if (r >= 0)
                r = sd_bus_message_append(call, "s", argv[0]);
        if (r >= 0)
                r = sd_bus_message_append_strv(call, (char **)argv);
        if (r >= 0)
                r = sd_bus_message_append(call, "b", false);
        for (int i = 0; r >= 0 && i < 4; i++)
                r = sd_bus_message_close_container(call);
        return r;
}

static int append_environment(sd_bus_message *call, const char *const *environment) {
        int r;

        r = sd_bus_message_open_container(call, 'r', "sv");
        if (r >= 0)
                r = sd_bus_message_append(call, "s", "Environment");
        if (r >= 0)
                r = sd_bus_message_open_container(call, 'v', "as");
        if (r >= 0)
                r = sd_bus_message_append_strv(call, (char **)environment);
        for (int i = 0; r >= 0 && i < 2; i++)
                r = sd_bus_message_close_container(call);
        return r;
}

static int append_properties(sd_bus_message *call, const UnitSpec *spec) {
        int r;

        r = sd_bus_message_append(call, "(sv)(sv)(sv)", "Description", "s", spec->description, "Type", "s", "exec",
                                  "CollectMode", "s", "inactive");
        if (r >= 0 && spec->slice)
                r = sd_bus_message_append(call, "(sv)", "Slice", "s", spec->slice);
        if (r >= 0 && spec->user)
                r = sd_bus_message_append(call, "(sv)", "User", "s", spec->user);
        if (r >= 0 && spec->group)
                r = sd_bus_message_append(call, "(sv)", "Group", "s", spec->group);
        if (r >= 0 && spec->stdin_fd > 2)
                r = sd_bus_message_append(call, "(sv)", "StandardInputFileDescriptor", "h", spec->stdin_fd);
        if (r >= 0 && spec->stdout_fd > 2)
                r = sd_bus_message_append(call, "(sv)", "StandardOutputFileDescriptor", "h", spec->stdout_fd);
        if (r >= 0 && spec->environment)
                r = append_environment(call, spec->environment);
        if (r >= 0)
                r = append_exec(call, spec->argv);

        for (const char *const *p = spec->properties; r >= 0 && p && p[0]; p += 2) {
                if (streq(p[1], "yes") || streq(p[1], "no"))
                        r = sd_bus_message_append(call, "(sv)", p[0], "b", streq(p[1], "yes"));
                else
                        r = sd_bus_message_append(call, "(sv)", p[0], "s", p[1]);
        }
        return r;
}

int unit_start(sd_bus *bus, const UnitSpec *spec, unit_started_t started, void *userdata, sd_bus_slot **slot) {
        _cleanup_(sd_bus_slot_unrefp) sd_bus_slot *pending = NULL;
        _cleanup_message_ sd_bus_message *call = NULL;
        UnitStart *start;
        int r;

        r = sd_bus_message_new_method_call(bus, &call, SYSTEMD, "/org/freedesktop/systemd1", SYSTEMD_MANAGER,
                                           "StartTransientUnit");
        if (r >= 0)
                r = sd_bus_message_append(call, "ss", spec->name, "fail");
        if (r >= 0)
                r = sd_bus_message_open_container(call, 'a', "(sv)");
        if (r >= 0)
                r = append_properties(call, spec);
        if (r >= 0)
                r = sd_bus_message_close_container(call);
        if (r >= 0)
                r = sd_bus_message_append(call, "a(sa(sv))", 0);
        if (r < 0)
                return r;

        start = malloc(sizeof *start);
        if (!start)
                return -ENOMEM;
        *start = (UnitStart){ .started = started, .userdata = userdata };
        r = sd_bus_call_async(bus, &pending, call, on_started, start, UNIT_CALL_USEC);
        if (r < 0) {
                free(start);
                return r;
        }
        (void) sd_bus_slot_set_destroy_callback(pending, unit_start_destroy);

        if (slot)
                *slot = TAKE_PTR(pending);
        else
                (void) sd_bus_slot_set_floating(pending, true);
        return 0;
}

/* ---- watching ---- */

struct UnitWatch {
        sd_bus *bus;
        char *name, *path;
        unit_ended_t ended;
        void *userdata;
        sd_bus_slot *match, *query;
        sd_event_source *retry;
        bool again; /* something moved while we were asking */
        int exit_status;
        char result[64];
};

static int watch_query(UnitWatch *watch);
static void ask_again(UnitWatch *watch);

static void watch_end(UnitWatch *watch, bool known) {
        UnitResult result = {
                .known = known,
                .exit_status = watch->exit_status,
                .result = watch->result,
        };

        watch->match = sd_bus_slot_unref(watch->match);
        watch->query = sd_bus_slot_unref(watch->query);
        watch->retry = sd_event_source_disable_unref(watch->retry);
        watch->ended(watch, &result, watch->userdata);
}

static int on_retry(sd_event_source *source, uint64_t usec, void *userdata) {
        UnitWatch *watch = userdata;

        if (watch_query(watch) < 0)
                ask_again(watch);
        return 0;
}

/* No answer says nothing about the unit: it may be at work, so its end is not told. */
static void ask_again(UnitWatch *watch) {
        int r;

        watch->retry = sd_event_source_disable_unref(watch->retry);
        r = sd_event_add_time_relative(sd_bus_get_event(watch->bus), &watch->retry, CLOCK_MONOTONIC, UNIT_ASK_AGAIN_USEC,
                                       0, on_retry, watch);
        if (r < 0)
                log_warning_errno(r, "The end of %s may not be seen", watch->name);
}

/* One a{sv} of Service properties: what the main process left. */
static int read_service(UnitWatch *watch, sd_bus_message *reply) {
        int r;

        r = sd_bus_message_enter_container(reply, 'a', "{sv}");
        while (r >= 0 && (r = sd_bus_message_enter_container(reply, 'e', "sv")) > 0) {
                const char *key, *word;

                r = sd_bus_message_read(reply, "s", &key);
                if (r < 0)
                        break;
                if (streq(key, "ExecMainStatus"))
                        r = sd_bus_message_read(reply, "v", "i", &watch->exit_status);
                else if (streq(key, "Result")) {
                        r = sd_bus_message_read(reply, "v", "s", &word);
                        if (r >= 0)
                                (void) snprintf(watch->result, sizeof watch->result, "%s", word);
                } else
                        r = sd_bus_message_skip(reply, "v");
                if (r >= 0)
                        r = sd_bus_message_exit_container(reply);
        }
        return r;
}

static int on_service(sd_bus_message *reply, void *userdata, sd_bus_error *error) {
        UnitWatch *watch = userdata;

        watch->query = sd_bus_slot_unref(watch->query);
        if (!sd_bus_message_is_method_error(reply, NULL) && read_service(watch, reply) < 0)
                log_debug("Cannot read how %s ended", watch->name);
        watch_end(watch, watch->result[0] != 0);
        return 1;
}

/* One a{sv} of Unit properties. A unit that is inactive with a job has only not started yet. */
static int read_unit(sd_bus_message *reply, char state[static 64], uint32_t *ret_job) {
        int r;

        r = sd_bus_message_enter_container(reply, 'a', "{sv}");
        while (r >= 0 && (r = sd_bus_message_enter_container(reply, 'e', "sv")) > 0) {
                const char *key, *word, *path;

                r = sd_bus_message_read(reply, "s", &key);
                if (r < 0)
                        break;
                if (streq(key, "ActiveState")) {
                        r = sd_bus_message_read(reply, "v", "s", &word);
                        if (r >= 0)
                                (void) snprintf(state, 64, "%s", word);
                } else if (streq(key, "Job"))
                        r = sd_bus_message_read(reply, "v", "(uo)", ret_job, &path);
                else
                        r = sd_bus_message_skip(reply, "v");
                if (r >= 0)
                        r = sd_bus_message_exit_container(reply);
        }
        return r;
}

static int on_active_state(sd_bus_message *reply, void *userdata, sd_bus_error *error) {
        UnitWatch *watch = userdata;
        char state[64] = "";
        uint32_t job = 0;
        int r;

        watch->query = sd_bus_slot_unref(watch->query);
        r = sd_bus_message_is_method_error(reply, NULL) ? -EIO : read_unit(reply, state, &job);
        if (r < 0) {
                log_debug("systemd does not tell the state of %s, asking again", watch->name);
                ask_again(watch);
                return 1;
        }

        if ((!streq(state, "failed") && !streq(state, "inactive")) || job != 0) {
                if (watch->again && watch_query(watch) < 0)
                        ask_again(watch);
                return 1;
        }
        if (streq(state, "inactive")) {
                /* ended well and forgotten, or never there: systemd answers the same for both */
                watch_end(watch, false);
                return 1;
        }

        r = sd_bus_call_method_async(watch->bus, &watch->query, SYSTEMD, watch->path,
                                     "org.freedesktop.DBus.Properties", "GetAll", on_service, watch, "s",
                                     SYSTEMD_SERVICE);
        if (r < 0)
                watch_end(watch, false);
        return 1;
}

static int watch_query(UnitWatch *watch) {
        if (watch->query) {
                watch->again = true;
                return 0;
        }

        watch->again = false;
        return sd_bus_call_method_async(watch->bus, &watch->query, SYSTEMD, watch->path,
                                        "org.freedesktop.DBus.Properties", "GetAll", on_active_state, watch, "s",
                                        SYSTEMD_UNIT);
}

static int on_unit_changed(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        if (watch_query(userdata) < 0)
                ask_again(userdata);
        return 0;
}

/* systemd sends signals only while somebody has subscribed; a lost bus connection ends the subscription. */
static int subscribe(sd_bus *bus) {
        return sd_bus_call_method_async(bus, NULL, SYSTEMD, "/org/freedesktop/systemd1", SYSTEMD_MANAGER, "Subscribe",
                                        NULL, NULL, NULL);
}

int unit_watch_new(sd_bus *bus, const char *name, unit_ended_t ended, void *userdata, UnitWatch **ret) {
        _cleanup_(unit_watch_freep) UnitWatch *watch = NULL;
        int r;

        watch = calloc(1, sizeof *watch);
        if (!watch)
                return -ENOMEM;
        watch->bus = sd_bus_ref(bus);
        watch->ended = ended;
        watch->userdata = userdata;
        watch->exit_status = -1;
        watch->name = strdup(name);
        if (!watch->name)
                return -ENOMEM;
        r = sd_bus_path_encode("/org/freedesktop/systemd1/unit", name, &watch->path);
        if (r < 0)
                return r;

        r = subscribe(bus);
        if (r >= 0)
                r = sd_bus_match_signal_async(bus, &watch->match, SYSTEMD, watch->path,
                                              "org.freedesktop.DBus.Properties", "PropertiesChanged",
                                              on_unit_changed, NULL, watch);
        if (r >= 0)
                r = watch_query(watch);
        if (r < 0)
                return r;

        *ret = TAKE_PTR(watch);
        return 0;
}

UnitWatch *unit_watch_free(UnitWatch *watch) {
        if (!watch)
                return NULL;

        sd_bus_slot_unref(watch->match);
        sd_bus_slot_unref(watch->query);
        sd_event_source_disable_unref(watch->retry);
        sd_bus_unref(watch->bus);
        free(watch->name);
        free(watch->path);
        free(watch);
        return NULL;
}

const char *unit_watch_name(const UnitWatch *watch) {
        return watch->name;
}

static int call_manager(sd_bus *bus, const char *method, const char *name, const char *mode) {
        return mode ? sd_bus_call_method_async(bus, NULL, SYSTEMD, "/org/freedesktop/systemd1", SYSTEMD_MANAGER,
                                               method, NULL, NULL, "ss", name, mode)
                    : sd_bus_call_method_async(bus, NULL, SYSTEMD, "/org/freedesktop/systemd1", SYSTEMD_MANAGER,
                                               method, NULL, NULL, "s", name);
}

int unit_begin(sd_bus *bus, const char *name) {
        return call_manager(bus, "StartUnit", name, "replace");
}

int unit_stop(sd_bus *bus, const char *name) {
        return call_manager(bus, "StopUnit", name, "replace");
}

int unit_release(sd_bus *bus, const char *name) {
        return call_manager(bus, "ResetFailedUnit", name, NULL);
}
