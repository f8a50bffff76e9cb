/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "daemon.h"

#include <getopt.h>
#include <stdio.h>
#include <systemd/sd-daemon.h>

#include "bus-error.h"
#include "config.h"
#include "log-control.h"
#include "log-ids.h"
#include "log.h"
#include "loop.h"
#include "parse-util.h"


typedef struct Arguments {
        uint64_t idle_usec;
        bool introspect;
} Arguments;

static int help(const DaemonInfo *info) {
        printf("%s [OPTION…]\n\n"
               "The service org.rhv.%s, started by the system bus.\n\n"
               "      --introspect        print its interfaces as XML and leave\n"
               "      --idle-seconds=N    leave after N seconds without work; 0: never\n"
               "      --log-level=WORD    debug, info, notice, warning, err\n"
               "  -h, --help              print this and leave\n"
               "      --version           print the version and leave\n",
               info->program, info->service);
        for (const DaemonOption *option = info->options; option && option->name; option++)
                printf("      --%s=VALUE    %s\n", option->name, option->help);
        return 0;
}

/* Return: 1 go on, 0 leave with success, negative: leave with failure. */
static int parse_arguments(const DaemonInfo *info, int argc, char **argv, Arguments *arguments) {
        enum { ARG_VERSION = 0x100, ARG_INTROSPECT, ARG_IDLE, ARG_LOG_LEVEL, ARG_OWN };
        struct option options[6 + DAEMON_OPTIONS_MAX] = {
                { "help", no_argument, NULL, 'h' },
                { "version", no_argument, NULL, ARG_VERSION },
                { "introspect", no_argument, NULL, ARG_INTROSPECT },
                { "idle-seconds", required_argument, NULL, ARG_IDLE },
                { "log-level", required_argument, NULL, ARG_LOG_LEVEL },
        };
        uint64_t seconds;
        int c, level;

        for (int i = 0; info->options && info->options[i].name && i < (int)DAEMON_OPTIONS_MAX; i++)
                options[5 + i] = (struct option){ info->options[i].name, required_argument, NULL, ARG_OWN + i };

        while ((c = getopt_long(argc, argv, "h", options, NULL)) >= 0) {
                switch (c) {
                case 'h':
                        return help(info);
                case ARG_VERSION:
                        printf("%s %s\n", info->program, RHV_VERSION);
                        return 0;
                case ARG_INTROSPECT:
                        arguments->introspect = true;
                        break;
                case ARG_IDLE:
                        if (parse_u64(optarg, &seconds) < 0 || seconds > 86400)
                                return log_error_errno(-EINVAL, "--idle-seconds=%s", optarg);
                        arguments->idle_usec = seconds * USEC_PER_SEC;
                        break;
                case ARG_LOG_LEVEL:
                        level = log_level_from_string(optarg);
                        if (level < 0)
                                return log_error_errno(level, "--log-level=%s", optarg);
                        log_set_level(level);
                        break;
                default:
                        if (c < ARG_OWN || !info->options)
                                return -EINVAL;
                        *info->options[c - ARG_OWN].value = optarg;
                }
        }
        if (optind < argc)
                return log_error_errno(-EINVAL, "Unexpected argument '%s'", argv[optind]);

        return 1;
}

static int introspect(const DaemonInfo *info) {
        int r;

        r = bus_objects_introspect(stdout, info->objects);
        if (r < 0)
                return log_error_errno(r, "Cannot print the interfaces");
        return 0;
}

static char *directory_for(const char *variable, const char *fallback, const char *service) {
        const char *given = getenv(variable);
        char *path;

        if (given)
                return strdup(given);
        if (asprintf(&path, "%s/%s", fallback, service) < 0)
                return NULL;
        for (char *p = path + strlen(fallback); *p; p++)
                if (*p >= 'A' && *p <= 'Z')
                        *p = (char)(*p + ('a' - 'A'));
        return path;
}

static void daemon_done(Daemon *daemon) {
        if (daemon->info->stop && daemon->manager)
                daemon->info->stop(daemon->manager);
        auth_free(daemon->auth);
        job_manager_free(daemon->jobs);
        bus_changes_free(daemon->changes);
        sd_bus_close_unref(daemon->bus);
        sd_event_unref(daemon->event);
        free(daemon->root);
        free(daemon->state_directory);
        free(daemon->runtime_directory);
}
#define _cleanup_daemon_ _cleanup_(daemon_done)

static int on_disconnected(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        const Daemon *daemon = userdata;

        log_full(LOG_ERR, MESSAGE_ID_BUS_LOST, NULL, "The system bus is gone");
        (void) sd_event_exit(daemon->event, EXIT_FAILURE);
        return 0;
}

static int connect_bus(Daemon *daemon) {
        int r;

        r = sd_bus_open_system_with_description(&daemon->bus, daemon->info->program);
        if (r < 0)
                return log_error_errno(r, "Cannot connect to the system bus");
        (void) sd_bus_set_exit_on_disconnect(daemon->bus, false);
        r = sd_bus_attach_event(daemon->bus, daemon->event, SD_EVENT_PRIORITY_NORMAL);
        if (r >= 0)
                r = sd_bus_match_signal_async(daemon->bus, NULL, NULL, "/org/freedesktop/DBus/Local",
                                              "org.freedesktop.DBus.Local", "Disconnected", on_disconnected, NULL,
                                              daemon);
        return r < 0 ? log_error_errno(r, "Cannot watch the system bus") : 0;
}

static int set_up(Daemon *daemon) {
        const DaemonInfo *info = daemon->info;
        _cleanup_free_ char *jobs_directory = NULL;
        int r;

        r = sd_bus_error_add_map(rhv_bus_errors);
        if (r < 0)
                return r;
        r = loop_new(&daemon->event);
        if (r < 0)
                return log_error_errno(r, "Cannot make the event loop");
        r = connect_bus(daemon);
        if (r < 0)
                return r;

        daemon->state_directory = directory_for("STATE_DIRECTORY", RHV_STATE_DIR, info->service);
        daemon->runtime_directory = directory_for("RUNTIME_DIRECTORY", "/run/rhv", info->service);
        if (!daemon->state_directory || !daemon->runtime_directory ||
            asprintf(&jobs_directory, "%s/jobs", daemon->runtime_directory) < 0 ||
            asprintf(&daemon->root, "/org/rhv/%s", info->service) < 0)
                return -ENOMEM;

        r = bus_changes_new(daemon->bus, &daemon->changes);
        if (r >= 0)
                r = auth_new_polkit(&daemon->auth);
        if (r >= 0)
                r = job_manager_new(daemon->bus, daemon->changes, info->service, jobs_directory, &daemon->jobs);
        if (r >= 0)
                r = job_manager_register(daemon->jobs, daemon->auth);
        if (r >= 0)
                r = log_control_register(daemon->bus, info->program);
        return r < 0 ? log_error_errno(r, "Cannot set up %s", info->program) : 0;
}

static int own_name(Daemon *daemon) {
        _cleanup_free_ char *name = NULL;
        int r;

        r = bus_objects_register(daemon->bus, daemon->root, daemon->info->objects, daemon->manager);
        if (r < 0)
                return log_error_errno(r, "Cannot register objects");
        if (asprintf(&name, "org.rhv.%s", daemon->info->service) < 0) {
                name = NULL;
                return -ENOMEM;
        }
        r = sd_bus_request_name(daemon->bus, name, 0);
        if (r < 0)
                return log_error_errno(r, "Cannot own the name %s", name);

        (void) sd_notify(false, "READY=1");
        log_debug("%s is ready", name);
        return 0;
}

/* ---- leaving when idle ---- */

typedef struct Idle {
        Daemon *daemon;
        uint64_t after_usec;
        sd_event_source *timer;
} Idle;

static bool daemon_is_idle(const Daemon *daemon) {
        return job_manager_active(daemon->jobs) == 0 && auth_waiting(daemon->auth) == 0 && daemon->info->idle(daemon->manager);
}

static int on_idle_timer(sd_event_source *source, uint64_t usec, void *userdata) {
        const Idle *idle = userdata;

        if (daemon_is_idle(idle->daemon)) {
                log_debug("Nothing to do, leaving");
                (void) sd_event_exit(idle->daemon->event, 0);
                return 0;
        }
        (void) sd_event_source_set_time_relative(source, idle->after_usec);
        return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

/* Every call puts the moment off: the filter sees each message before any handler. */
static int on_message(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        const Idle *idle = userdata;

        if (sd_bus_message_is_method_call(message, NULL, NULL) > 0)
                (void) sd_event_source_set_time_relative(idle->timer, idle->after_usec);
        return 0;
}

static int arm_idle(Idle *idle) {
        int r;

        if (!idle->daemon->info->idle || idle->after_usec == 0)
                return 0;

        r = sd_event_add_time_relative(idle->daemon->event, &idle->timer, CLOCK_MONOTONIC, idle->after_usec,
                                       USEC_PER_SEC, on_idle_timer, idle);
        if (r < 0)
                return r;
        return sd_bus_add_filter(idle->daemon->bus, NULL, on_message, idle);
}

/* Gives the name back first, so that a call that comes now starts a new process, then answers what is already here. */
static void drain(Daemon *daemon) {
        _cleanup_free_ char *name = NULL;

        (void) sd_notify(false, "STOPPING=1");
        if (asprintf(&name, "org.rhv.%s", daemon->info->service) < 0) {
                name = NULL;
                return;
        }
        if (sd_bus_release_name(daemon->bus, name) < 0)
                return;
        while (sd_bus_process(daemon->bus, NULL) > 0)
                ;
        bus_changes_flush(daemon->changes);
        (void) sd_bus_flush(daemon->bus);
}

int daemon_main(const DaemonInfo *info, int argc, char **argv) {
        Arguments arguments = { .idle_usec = DAEMON_IDLE_USEC };
        _cleanup_daemon_ Daemon daemon = { .info = info };
        Idle idle = { .daemon = &daemon };
        int r;

        log_open(info->program);
        r = parse_arguments(info, argc, argv, &arguments);
        if (r <= 0)
                return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
        if (arguments.introspect)
                return introspect(info) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;

        r = set_up(&daemon);
        if (r >= 0)
                r = info->start(&daemon, &daemon.manager);
        if (r >= 0)
                r = own_name(&daemon);
        if (r < 0)
                return EXIT_FAILURE;

        idle.after_usec = arguments.idle_usec;
        r = arm_idle(&idle);
        if (r >= 0)
                r = info->run ? info->run(daemon.event) : sd_event_loop(daemon.event);
        drain(&daemon);
        sd_event_source_disable_unref(idle.timer);
        if (r < 0)
                log_error_errno(r, "The event loop failed");
        return r < 0 ? EXIT_FAILURE : r;
}
