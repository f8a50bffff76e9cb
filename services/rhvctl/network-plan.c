/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "network-plan.h"

#include "dict.h"
#include "kind.h"

static const Column network_plan_columns[] = {
        { "DEVICE", "device", FORMAT_TEXT, true },
        { "ACTION", "action", FORMAT_TEXT, false },
        { "THE DEVICE IS", "effect", FORMAT_TEXT, false },
        { "FIELD", "field", FORMAT_TEXT, false },
        { "FROM", "from", FORMAT_TEXT, false },
        { "TO", "to", FORMAT_TEXT, false },
        {},
};

static const char *effect_words(const char *effect) {
        return streq(effect, "activate") ? "taken down and up" : streq(effect, "reapply") ? "changed while up" : "left alone";
}

static int add_row(json_t *rows, const char *device, const char *action, const char *effect, const json_t *change) {
        return json_array_append_new(rows, json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "device", device, "action", action, "effect", effect, "field",
                                                     dict_string(change, "field", ""), "from", dict_string(change, "from", ""), "to",
                                                     dict_string(change, "to", "")));
}

json_t *network_plan_rows(const json_t *steps) {
        _cleanup_json_ json_t *rows = json_array();
        const json_t *step, *change;
        size_t i, k;

        json_array_foreach(steps, i, step) {
                const json_t *changes = json_object_get(step, "changes");
                const char *device = dict_string(step, "device", ""), *action = dict_string(step, "action", ""),
                           *effect = streq(action, "remove") || streq(action, "warning") ? "" : effect_words(dict_string(step, "effect", ""));

                if (!rows || add_row(rows, device, action, effect, json_array_get(changes, 0)) < 0)
                        return NULL;
                json_array_foreach(changes, k, change)
                        if (k > 0 && add_row(rows, "", "", "", change) < 0)
                                return NULL;
        }
        return TAKE_PTR(rows);
}

static int read_steps(sd_bus_message *reply, json_t *steps) {
        int r;

        r = sd_bus_message_enter_container(reply, 'a', "a{sv}");
        while (r >= 0 && (r = sd_bus_message_at_end(reply, false)) == 0) {
                json_t *step = NULL;

                r = dict_read(reply, &step, NULL);
                if (r >= 0 && json_array_append_new(steps, step) < 0)
                        r = -ENOMEM;
        }
        return r < 0 ? r : 0;
}

int network_plan_print(Client *client, sd_bus_message *reply) {
        _cleanup_json_ json_t *steps = json_array(), *rows = NULL;
        int r;

        r = steps ? read_steps(reply, steps) : -ENOMEM;
        if (r < 0)
                return client_fail(client, "the plan cannot be understood: %s", strerror(-r));
        if (client->settings->json)
                return client_print_json(client, steps);
        if (json_array_size(steps) == 0) {
                client_say(client, "nothing to do: all is as asked for");
                return 0;
        }
        rows = network_plan_rows(steps);
        return rows ? client_print_rows(client, rows, network_plan_columns, NULL) : client_no_memory(client);
}
