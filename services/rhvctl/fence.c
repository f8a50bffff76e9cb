/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* `fence`: power devices of hosts, through org.rhv.Fence. The password travels in a memory file. */

#include <stdio.h>

#include "commands.h"
#include "dict.h"
#include "job-wait.h"
#include "kind.h"
#include "object.h"
#include "secret.h"

#define FENCE_PATH "/org/rhv/Fence"
#define FENCE_INTERFACE "org.rhv.Fence"

static int fence_run_agents(Client *client, const Invocation *invocation) {
        _cleanup_json_ json_t *agents = NULL, *options = json_object();
        json_t *agent;
        size_t i;
        int r;

        r = client_query(client, FENCE_PATH, FENCE_INTERFACE, "ListAgents", &agents, "@", options);
        if (r < 0)
                return r;
        if (client->settings->json)
                return client_print_json(client, agents);

        json_array_foreach(agents, i, agent)
                puts(json_string_value(agent));
        return 0;
}

static int fence_run_parameters(Client *client, const Invocation *invocation) {
        static const Column columns[] = {
                { "PARAMETER", "name", FORMAT_TEXT, false },
                { "TYPE", "type", FORMAT_TEXT, false },
                { "REQUIRED", "required", FORMAT_TEXT, false },
                { "DEFAULT", "default", FORMAT_TEXT, true },
                { "DESCRIPTION", "description", FORMAT_TEXT, true },
                {},
        };
        _cleanup_json_ json_t *parameters = NULL;
        int r;

        r = client_query(client, FENCE_PATH, FENCE_INTERFACE, "GetAgentParameters", &parameters, "s",
                         local_string(invocation, "AGENT"));
        return r < 0 ? r : client_print_rows(client, parameters, columns, NULL);
}

static int open_secrets(Client *client, const Invocation *invocation) {
        _cleanup_free_ char *prompt = NULL;

        if (local_flag(invocation, "no-password"))
                return secret_open_empty(client);

        if (asprintf(&prompt, "Password of %s at %s", dict_string(invocation->spec, "username", "the device"),
                     dict_string(invocation->spec, "address", "?")) < 0)
                prompt = NULL;
        return secret_open(client, local_string(invocation, "password-file"), prompt ?: "Password");
}

static int call_run(Client *client, const Invocation *invocation, const char *action, int secrets, const char *what,
                    char **ret_job) {
        _cleanup_message_ sd_bus_message *message = NULL, *reply = NULL;
        const char *job;
        int r;

        r = client_new_call(client, FENCE_PATH, FENCE_INTERFACE, "Run", &message);
        if (r < 0)
                return r;

        r = sd_bus_message_append_basic(message, 's', action);
        if (r >= 0)
                r = dict_append(message, invocation->spec);
        if (r >= 0)
                r = sd_bus_message_append_basic(message, 'h', &secrets);
        if (r >= 0)
                r = dict_append(message, invocation->call);
        if (r < 0)
                return client_fail(client, "%s: %s", what, strerror(-r));

        r = client_call(client, message, what, true, &reply);
        if (r < 0)
                return r;
        r = object_read_job(client, reply, what, &job);
        if (r < 0)
                return r;
        *ret_job = strdup(job);
        return *ret_job ? 0 : client_no_memory(client);
}

static int fence_run_action(Client *client, const Invocation *invocation) {
        const char *action = invocation->command->verb, *address = dict_string(invocation->spec, "address", "");
        _cleanup_free_ char *what = NULL, *job = NULL;
        _cleanup_json_ json_t *finished = NULL;
        _cleanup_close_ int secrets = -EBADF;
        int r;

        if (asprintf(&what, "Fencing %s: %s", address, action) < 0) {
                what = NULL;
                return client_no_memory(client);
        }

        r = object_add_request(client, invocation->call, "job_id");
        if (r < 0)
                return r;
        secrets = open_secrets(client, invocation);
        if (secrets < 0)
                return secrets;
        r = call_run(client, invocation, action, secrets, what, &job);
        if (r < 0)
                return r;

        r = object_await(client, job, what, &finished);
        if (r <= 0)
                return r;
        if (client->settings->json)
                return client_print_json(client, finished);
        client_say(client, "%s is %s", address,
                   dict_string(json_object_get(finished, "Result"), "status", "in an unknown state"));
        return 0;
}

static const Parameter agent_arguments[] = { { "AGENT", .complete = COMPLETE_AGENT }, {} };
static const Parameter action_arguments[] = {
        { "AGENT", .place = PLACE_SPEC, .key = "agent", .complete = COMPLETE_AGENT },
        { "ADDRESS", .place = PLACE_SPEC, .key = "address" },
        {},
};
static const Parameter action_options[] = {
        { "port", "PORT", PARAMETER_COUNT, PLACE_SPEC, .help = "TCP or UDP port of the device" },
        { "plug", "NAME", PARAMETER_TEXT, PLACE_SPEC, .help = "Outlet, slot or machine of a shared device" },
        { "username", "NAME", PARAMETER_TEXT, PLACE_SPEC, .help = "Whom to log in as" },
        { "option", "KEY=VALUE", PARAMETER_MAP, PLACE_SPEC, "options",
          .help = "Any other parameter of the agent; may be repeated" },
        { "password-file", "FILE", PARAMETER_TEXT, .complete = COMPLETE_FILE,
          .help = "Take the password from the first line of a file ('-': stdin) instead of asking" },
        { "no-password", .type = PARAMETER_FLAG, .help = "The device needs none" },
        { "limit", "DURATION", PARAMETER_DURATION, PLACE_CALL, "timeout", .help = "How long the device may take" },
        {},
};

#define ACTION(word, text)                                                                                             \
        { "fence", word, text, action_arguments, action_options, fence_run_action, COMMAND_CHANGES | COMMAND_FD }

const Command fence_commands[] = {
        { "fence", "agents", "List the fence agents of the host", NULL, NULL, fence_run_agents, 0 },
        { "fence", "parameters", "List what an agent can be told", agent_arguments, NULL, fence_run_parameters, 0 },
        ACTION("status", "Ask a power device whether its machine is on"),
        ACTION("on", "Switch the machine on"),
        ACTION("off", "Switch the machine off, and see that it is"),
        ACTION("reboot", "Switch the machine off and on"),
        {},
};
