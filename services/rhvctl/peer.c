/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The other hosts: who is a member, and how one becomes a member. A token is a secret: it goes to stdout and comes from a file or stdin. */

#include <stdio.h>

#include "commands.h"
#include "console.h"
#include "dict.h"
#include "kind.h"
#include "object.h"

#define CLUSTER_PATH "/org/rhv/Cluster"
#define CLUSTER_INTERFACE "org.rhv.Cluster"
#define TOKEN_BYTES_MAX 1024

static int peer_run_token(Client *client, const Invocation *invocation) {
        static const char what[] = "Making a token for a host to join";
        _cleanup_message_ sd_bus_message *call = NULL, *reply = NULL;
        const char *token;
        uint64_t expires;
        int r;

        r = client_new_call(client, CLUSTER_PATH, CLUSTER_INTERFACE, "CreateJoinToken", &call);
        if (r < 0)
                return r;
        r = dict_append(call, invocation->call);
        if (r < 0)
                return client_fail(client, "%s: %s", what, strerror(-r));
        r = client_call(client, call, what, false, &reply);
        if (r < 0)
                return r;
        r = sd_bus_message_read(reply, "st", &token, &expires);
        if (r < 0)
                return client_fail(client, "%s: the answer has no token", what);
        if (client->settings->json) {
                _cleanup_json_ json_t *answer = json_pack("{s:s, s:I}", "token", token, "expires", (json_int_t)expires);

                return answer ? client_print_json(client, answer) : client_no_memory(client);
        }
        puts(token);
        return 0;
}

/* file: "-" or NULL for stdin. */
static int read_token(Client *client, const char *file, char ret[static TOKEN_BYTES_MAX + 2]) {
        FILE *source = file && !streq(file, "-") ? fopen(file, "re") : stdin;
        bool got;

        if (!source)
                return client_fail(client, "Cannot read %s: %s", file, strerror(errno));
        if (source == stdin && client->stdin_tty)
                fprintf(stderr, "Token (rhvctl peer token on a member prints one): ");
        got = fgets(ret, TOKEN_BYTES_MAX + 2, source) != NULL;
        if (source != stdin)
                (void) fclose(source);
        if (!got)
                return client_fail(client, "There is no token to be read");
        ret[strcspn(ret, "\r\n")] = 0;
        return 0;
}

static int peer_run_join(Client *client, const Invocation *invocation) {
        static const char what[] = "Joining";
        _cleanup_message_ sd_bus_message *call = NULL, *reply = NULL;
        _cleanup_json_ json_t *member = NULL;
        char token[TOKEN_BYTES_MAX + 2];
        const char *path;
        int r;

        r = read_token(client, local_string(invocation, "token-file"), token);
        if (r >= 0)
                r = client_new_call(client, CLUSTER_PATH, CLUSTER_INTERFACE, "Join", &call);
        if (r < 0)
                return r;
        r = sd_bus_message_append_basic(call, 's', token);
        if (r >= 0)
                r = dict_append(call, invocation->call);
        explicit_bzero(token, sizeof token);
        if (r < 0)
                return client_fail(client, "%s: %s", what, strerror(-r));
        r = client_call(client, call, what, false, &reply);
        if (r < 0)
                return r;
        r = sd_bus_message_read_basic(reply, 'o', &path);
        if (r < 0)
                return client_fail(client, "%s: the answer has no member", what);
        r = client_get_all(client, path, kind_peer.interface, what, &member);
        if (r < 0)
                return r;
        if (client->settings->json)
                return client_print_json(client, member);
        client_say(client, "This host is a member, with the host '%s'", dict_string(member, "Name", ""));
        return 0;
}

static const char *const services[] = { "cluster", "compute", "fence", "network", "storage", NULL };
static const Parameter peer_arguments[] = { ARGUMENT_OBJECT("PEER", COMPLETE_PEER), {} };
static const Parameter restart_arguments[] = {
        ARGUMENT_OBJECT("PEER", COMPLETE_PEER),
        { "SERVICE", .type = PARAMETER_WORD, .complete = COMPLETE_WORDS, .words = services },
        {},
};
#define ARGUMENT_ID(name, text) { name, .type = PARAMETER_TEXT, .help = text }
static const Parameter migrate_arguments[] = { ARGUMENT_OBJECT("PEER", COMPLETE_PEER), ARGUMENT_ID("VM", "The id of a VM that runs here"), {} };
static const Parameter migrate_options[] = {
        { "bandwidth", "MIB", PARAMETER_COUNT, PLACE_CALL, .help = "MiB a second; no limit if not given" },
        { "auto-converge", "on|off", PARAMETER_SWITCH, PLACE_CALL, "auto_converge", .help = "Slow it down when it writes faster than its memory is sent" },
        {},
};
static const Parameter console_arguments[] = { ARGUMENT_OBJECT("PEER", COMPLETE_PEER), ARGUMENT_ID("VM", "The id of a VM that runs there"), {} };
static const Parameter console_options[] = {
        { "expect", "TEXT", PARAMETER_TEXT, .help = "Leave as soon as this has been printed" },
        {},
};
static const Parameter download_arguments[] = {
        ARGUMENT_OBJECT("PEER", COMPLETE_PEER),
        ARGUMENT_ID("DOMAIN", "The id of its storage domain"),
        ARGUMENT_ID("IMAGE", "The disk's id"),
        ARGUMENT_ID("VOLUME", "The volume's id"),
        { "FILE", .type = PARAMETER_TEXT, .complete = COMPLETE_FILE, .help = "A new file, or - for stdout" },
        {},
};
#define OPTION_ADDRESS(text) { "address", "ADDRESS", PARAMETER_TEXT, PLACE_CALL, .help = text }
#define OPTION_PORT { "port", "PORT", PARAMETER_COUNT, PLACE_CALL, .help = "Port of its sshd; 22 if not given" }
static const Parameter token_options[] = {
        OPTION_ADDRESS("Where the new host reaches this one; its name if not given"),
        OPTION_PORT,
        { "lifetime", "DURATION", PARAMETER_DURATION, PLACE_CALL, .help = "How long it may be used; 15 minutes if not given" },
        {},
};
static const Parameter join_options[] = {
        { "token-file", "FILE", PARAMETER_TEXT, .complete = COMPLETE_FILE, .help = "Take the token from the first line of a file; stdin if not given" },
        OPTION_ADDRESS("Where the member reaches this host; where it sees it come from if not given"),
        OPTION_PORT,
        {},
};

const Command peer_commands[] = {
        { "peer", "list", "List the other hosts that are members", NULL, NULL, object_run_list, 0, &kind_peer },
        { "peer", "show", "Show one with everything known about it", peer_arguments, NULL, object_run_show, 0, &kind_peer },
        { "peer", "token", "Make a token with which one host can join", NULL, token_options, peer_run_token, COMMAND_CHANGES },
        { "peer", "join", "Make this host a member, by a token of a member", NULL, join_options, peer_run_join, COMMAND_CHANGES },
        { "peer", "restart", "Restart a service over there", restart_arguments, NULL, object_run_method, COMMAND_CHANGES, &kind_peer,
          "RestartService", "sc", "Restarting a service of", "has restarted it" },
        { "peer", "migrate", "Move a VM of org.rhv.Compute that runs here to it, live", migrate_arguments, migrate_options, object_run_method,
          COMMAND_CHANGES, &kind_peer, "MigrateVm", "sc", "Migrating a VM to", "has the VM" },
        { "peer", "console", "The serial console of a VM over there on this terminal", console_arguments, console_options, peer_run_console,
          COMMAND_CHANGES | COMMAND_FD, &kind_peer },
        { "peer", "download", "Read a volume over there", download_arguments, NULL, peer_run_download, COMMAND_CHANGES | COMMAND_FD, &kind_peer },
        { "peer", "remove", "Take it out: its key and its connections end at once", peer_arguments, NULL, object_run_method, COMMAND_CHANGES,
          &kind_peer, "Remove", "c", "Removing", "removed" },
        {},
};
