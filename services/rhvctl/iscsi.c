/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* `iscsi`: sessions of this host, through org.rhv.Storage. The password travels in a memory file. */

#include <stdio.h>

#include "commands.h"
#include "dict.h"
#include "kind.h"
#include "secret.h"
#include "value.h"

#define STORAGE_PATH "/org/rhv/Storage"
#define ISCSI_INTERFACE "org.rhv.Storage.Iscsi"
/* The service gives up before. */
#define ISCSI_USEC (150 * USEC_PER_SEC)

/* Sends it. Return: 0 with the answer, or negative (line printed). */
static int call(Client *client, sd_bus_message *message, const char *what, sd_bus_message **ret) {
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        int r;

        r = client_try_call(client, message, true, ISCSI_USEC, ret, &error);
        return r < 0 ? client_fail_bus(client, what, "org.rhv.Storage", &error, r) : 0;
}

/* Without a user nothing is asked for. */
static int open_secrets(Client *client, const Invocation *invocation, const char *portal) {
        const char *user = dict_string(invocation->call, "user", NULL);
        _cleanup_free_ char *prompt = NULL;

        if (!user)
                return secret_open_empty(client);
        if (asprintf(&prompt, "Password of %s at %s", user, portal) < 0)
                prompt = NULL;
        return secret_open(client, local_string(invocation, "password-file"), prompt ?: "Password");
}

static int run(Client *client, const Invocation *invocation, const char *member, bool secret, const char *what, sd_bus_message **ret) {
        const char *target = local_string(invocation, "TARGET"), *portal = local_string(invocation, "PORTAL");
        _cleanup_message_ sd_bus_message *message = NULL;
        _cleanup_close_ int secrets = -EBADF;
        int r;

        r = client_new_call(client, STORAGE_PATH, ISCSI_INTERFACE, member, &message);
        if (r < 0)
                return r;
        if (target)
                r = sd_bus_message_append_basic(message, 's', target);
        if (r >= 0)
                r = sd_bus_message_append_basic(message, 's', portal);
        if (r >= 0 && secret) {
                secrets = open_secrets(client, invocation, portal);
                if (secrets < 0)
                        return secrets;
                r = sd_bus_message_append_basic(message, 'h', &secrets);
        }
        if (r >= 0)
                r = dict_append(message, invocation->call);
        return r < 0 ? client_fail(client, "%s: %s", what, strerror(-r)) : call(client, message, what, ret);
}

static int iscsi_run_discover(Client *client, const Invocation *invocation) {
        static const Column columns[] = {
                { "TARGET", "target", FORMAT_TEXT, false },
                { "PORTAL", "portal", FORMAT_TEXT, false },
                { "GROUP", "group", FORMAT_TEXT, false, TABLE_RIGHT },
                {},
        };
        _cleanup_message_ sd_bus_message *reply = NULL;
        _cleanup_json_ json_t *targets = NULL;
        int r;

        r = run(client, invocation, "DiscoverTargets", true, "Asking the portal", &reply);
        if (r < 0)
                return r;
        r = value_read(reply, &targets);
        return r < 0 ? client_fail(client, "Asking the portal: the answer has no targets") : client_print_rows(client, targets, columns, NULL);
}

static int change(Client *client, const Invocation *invocation, const char *member, bool secret, const char *what, const char *done) {
        int r;

        r = run(client, invocation, member, secret, what, NULL);
        if (r >= 0)
                client_say(client, "%s %s at %s", done, local_string(invocation, "TARGET"), local_string(invocation, "PORTAL"));
        return r;
}

static int iscsi_run_login(Client *client, const Invocation *invocation) {
        return change(client, invocation, "Login", true, "Logging in", "logged in to");
}

static int iscsi_run_logout(Client *client, const Invocation *invocation) {
        return change(client, invocation, "Logout", false, "Logging out", "logged out of");
}

static int iscsi_run_sessions(Client *client, const Invocation *invocation) {
        static const Column columns[] = {
                { "TARGET", "target", FORMAT_TEXT, false },
                { "PORTAL", "portal", FORMAT_TEXT, false },
                { "STATE", "state", FORMAT_TEXT, false },
                { "RECOVERY", "recovery", FORMAT_DURATION, false, TABLE_RIGHT },
                { "DEVICES", "devices", FORMAT_AUTO, false },
                {},
        };
        _cleanup_json_ json_t *sessions = NULL, *options = json_object();
        int r;

        r = client_query(client, STORAGE_PATH, ISCSI_INTERFACE, "ListSessions", &sessions, "@", options);
        return r < 0 ? r : client_print_rows(client, sessions, columns, NULL);
}

static const Parameter portal_arguments[] = { { "PORTAL" }, {} };
static const Parameter target_arguments[] = { { "TARGET" }, { "PORTAL" }, {} };
#define OPTIONS_USER                                                                                                   \
        { "user", "NAME", PARAMETER_TEXT, PLACE_CALL, .help = "Whom to log in as, where CHAP is asked for" },          \
        { "password-file", "FILE", PARAMETER_TEXT, .complete = COMPLETE_FILE,                                          \
          .help = "Take the password from the first line of a file ('-': stdin) instead of asking" }
static const Parameter discover_options[] = { OPTIONS_USER, {} };
static const Parameter login_options[] = {
        OPTIONS_USER,
        { "recovery", "DURATION", PARAMETER_DURATION, PLACE_CALL, .help = "How long a lost session is waited for (20s)" },
        {},
};

const Command iscsi_commands[] = {
        { "iscsi", "discover", "List what a portal offers", portal_arguments, discover_options, iscsi_run_discover, COMMAND_CHANGES | COMMAND_FD },
        { "iscsi", "login", "Make a session with a target at a portal, also after every boot", target_arguments, login_options, iscsi_run_login,
          COMMAND_CHANGES | COMMAND_FD },
        { "iscsi", "logout", "End a session and forget it", target_arguments, NULL, iscsi_run_logout, COMMAND_CHANGES },
        { "iscsi", "sessions", "List the sessions of this host with their devices", NULL, NULL, iscsi_run_sessions, 0 },
        {},
};
