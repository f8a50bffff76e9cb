/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <stdio.h>

#include "client.h"
#include "complete-run.h"
#include "config.h"
#include "text.h"

static int show_help(Client *client, const Invocation *invocation) {
        const char *noun = local_string(invocation, "noun");
        _cleanup_free_ char *text = noun ? noun_help(noun) : command_help(invocation->command);

        if (!text)
                return client_no_memory(client);
        fputs(text, stdout);
        return 0;
}

static int run(Client *client, const Settings *settings, const Invocation *invocation) {
        int r;

        if (settings->version) {
                puts("rhvctl " RHV_VERSION);
                return 0;
        }
        if (settings->help)
                return show_help(client, invocation);

        r = client_connect(client, invocation->command->flags);
        return r < 0 ? r : invocation->command->run(client, invocation);
}

int main(int argc, char **argv) {
        _cleanup_free_ char *message = NULL;
        Invocation invocation;
        Settings settings;
        Client client;
        int r;

        text_init();
        if (argc > 1 && streq(argv[1], "--complete"))
                return complete_run(argc - 2, argv + 2);

        client_init(&client, &settings);
        r = arguments_parse(argc, argv, &settings, &invocation, &message);
        if (r >= 0)
                (void) run(&client, &settings, &invocation);
        else if (message)
                (void) client_usage(&client, "%s", message);
        else
                (void) client_no_memory(&client);

        if (fflush(stdout) != 0 && client.exit_status == EXIT_SUCCESS)
                (void) client_fail(&client, "cannot write: %s", strerror(errno));
        invocation_done(&invocation);
        client_done(&client);
        return client.exit_status;
}
