/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "complete-run.h"

#include <stdio.h>

#include "client.h"
#include "complete.h"
#include "dict.h"
#include "kind.h"
#include "parse-util.h"
#include "services.h"

/* A person waits with a finger on the key. */
#define COMPLETE_USEC (2 * USEC_PER_SEC)

static void offer(const char *word, const char *prefix) {
        /* a name with blanks cannot be completed by the shell without quoting; the id can be typed */
        if (!isempty(word) && startswith(word, prefix) && !strpbrk(word, " \t\n"))
                puts(word);
}

static json_t *objects_of(Client *client, const char *service) {
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        json_t *objects = NULL;

        return client_try_get_objects(client, service, &objects, &error) < 0 ? NULL : objects;
}

static void offer_objects(Client *client, const char *service, const char *interface, const char *property,
                          const char *prefix) {
        _cleanup_json_ json_t *objects = objects_of(client, service), *rows = NULL;
        json_t *row;
        size_t i;

        rows = objects ? objects_list(objects, interface) : NULL;
        json_array_foreach(rows, i, row)
                offer(dict_string(row, property, ""), prefix);
}

static void offer_agents(Client *client, const char *prefix) {
        _cleanup_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_message_ sd_bus_message *reply = NULL;
        const char *agent;

        if (sd_bus_call_method(client->bus, "org.rhv.Fence", "/org/rhv/Fence", "org.rhv.Fence", "ListAgents", &error,
                               &reply, "a{sv}", 0) < 0 ||
            sd_bus_message_enter_container(reply, 'a', "s") < 0)
                return;
        while (sd_bus_message_read_basic(reply, 's', &agent) > 0)
                offer(agent, prefix);
}

static void ask(const Completion *completion) {
        const Kind *kind = kind_of_source(completion->source);
        Settings settings = { .no_ask_password = true, .quiet = true };
        Client client;

        client_init(&client, &settings);
        if (sd_bus_open_system(&client.bus) >= 0) {
                (void) sd_bus_set_method_call_timeout(client.bus, COMPLETE_USEC);
                if (kind)
                        offer_objects(&client, "Cluster", kind->interface, "Name", completion->prefix);
                else if (completion->source == COMPLETE_AGENT)
                        offer_agents(&client, completion->prefix);
                else if (completion->source == COMPLETE_JOB)
                        for (size_t i = 0; service_names[i]; i++)
                                if (service_is_running(&client, service_names[i]) > 0)
                                        offer_objects(&client, service_names[i], "org.rhv.Job", "Id", completion->prefix);
        }
        client_done(&client);
}

int complete_run(int argc, char **argv) {
        Completion completion;
        uint32_t cword;

        if (argc < 1 || parse_u32(argv[0], &cword) < 0 || cword > ARGUMENTS_MAX ||
            complete_line((const char *const *)argv + 1, argc - 1, (int)cword, &completion) < 0)
                return EXIT_FAILURE;

        switch (completion.source) {
        case COMPLETE_DONE:
                for (size_t i = 0; completion.words && completion.words[i]; i++)
                        printf("%s%s\n", completion.options ? "--" : "", completion.words[i]);
                break;
        case COMPLETE_FILE:
                puts(":file");
                break;
        case COMPLETE_DIRECTORY:
                puts(":directory");
                break;
        case COMPLETE_NOTHING:
        case COMPLETE_WORDS:
                break;
        default:
                ask(&completion);
        }

        completion_done(&completion);
        return EXIT_SUCCESS;
}
