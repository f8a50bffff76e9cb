/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* `event`: what happened, and what happens. */

#include <signal.h>
#include <stdio.h>

#include "commands.h"
#include "dict.h"
#include "kind.h"
#include "text.h"
#include "units.h"
#include "value.h"

#define CLUSTER_PATH "/org/rhv/Cluster"
#define CLUSTER_INTERFACE "org.rhv.Cluster"

#define EVENTS_DEFAULT 50

static const Column event_columns[] = {
        { "TIME", "time", FORMAT_TIME, false },
        { "SEVERITY", "severity", FORMAT_TEXT, false },
        { "USER", "user", FORMAT_TEXT, true },
        { "MESSAGE", "message", FORMAT_TEXT, true },
        {},
};

static void print_line(Client *client, const json_t *event) {
        _cleanup_free_ char *message = NULL, *user = NULL;
        char when[UNITS_TEXT_MAX];

        if (client->settings->json) {
                (void) json_dumpf(event, stdout, JSON_COMPACT);
                putchar('\n');
        } else {
                message = text_escape(dict_string(event, "message", ""));
                user = text_escape(dict_string(event, "user", ""));
                printf("%s  %-7s  %s%s%s\n", format_time((uint64_t)dict_integer(event, "time", 0), when),
                       dict_string(event, "severity", ""), message ?: "", isempty(user) ? "" : "  by ", user ?: "");
        }
        fflush(stdout);
}

typedef struct Follow {
        Client *client;
        const char *severity; /* only this one; NULL: all */
} Follow;

static const char *const severities[] = { "normal", "warning", "error", "alert", NULL };

static int on_event(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        Follow *follow = userdata;
        _cleanup_json_ json_t *event = NULL;

        if (value_read(message, &event) < 0)
                return 0;
        if (!follow->severity || streq(dict_string(event, "severity", ""), follow->severity))
                print_line(follow->client, event);
        return 0;
}

static int follow_loop(Client *client) {
        int r;

        for (;;) {
                r = sd_bus_process(client->bus, NULL);
                if (r > 0)
                        continue;
                if (r >= 0)
                        r = sd_bus_wait(client->bus, UINT64_MAX);
                if (r < 0 && r != -EINTR)
                        return client_fail(client, "lost the connection to the bus: %s", strerror(-r));
                if (ferror(stdout))
                        return -EPIPE;
        }
}

static int event_run_list(Client *client, const Invocation *invocation) {
        Follow follow = { .client = client, .severity = dict_string(invocation->call, "severity", NULL) };
        _cleanup_json_ json_t *events = NULL;
        bool go_on = local_flag(invocation, "follow");
        json_t *event;
        size_t i;
        int r;

        if (!json_object_get(invocation->call, "limit") &&
            json_object_set_new(invocation->call, "limit", json_integer(EVENTS_DEFAULT)) < 0)
                return client_no_memory(client);

        /* listen before reading: nothing falls between */
        if (go_on) {
                r = sd_bus_match_signal(client->bus, NULL, NULL, CLUSTER_PATH, CLUSTER_INTERFACE, "EventAdded", on_event,
                                        &follow);
                if (r < 0)
                        return client_fail(client, "cannot listen for events: %s", strerror(-r));
        }

        r = client_query(client, CLUSTER_PATH, CLUSTER_INTERFACE, "ListEvents", &events, "@", invocation->call);
        if (r < 0)
                return r;
        if (!go_on)
                return client_print_rows(client, events, event_columns, NULL);

        json_array_foreach(events, i, event)
                print_line(client, event);
        return follow_loop(client);
}

static const Parameter event_options[] = {
        { "limit", "N", PARAMETER_COUNT, PLACE_CALL, .help = "The last N (50)" },
        { "after", "ID", PARAMETER_COUNT, PLACE_CALL, .help = "Only events after the one with this number" },
        { "severity", "WORD", PARAMETER_WORD, PLACE_CALL, .complete = COMPLETE_WORDS, .words = severities,
          .help = "Only this severity: normal, warning, error or alert" },
        { "follow", .type = PARAMETER_FLAG, .help = "Go on with those to come" },
        {},
};

const Command event_commands[] = {
        { "event", "list", "List what happened, the oldest first", NULL, event_options, event_run_list, 0 },
        {},
};
