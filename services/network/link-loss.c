/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "link-loss.h"

#include "dict.h"

typedef enum Condition {
        CONDITION_WELL,
        CONDITION_BAD,
        CONDITION_UNKNOWN,
} Condition;

static Condition condition(const json_t *network) {
        const char *state = dict_string(network, "State", "unknown");

        if (streq(state, "unknown"))
                return CONDITION_UNKNOWN;
        return streq(state, "active") || streq(state, "out-of-sync") ? CONDITION_WELL : CONDITION_BAD;
}

bool link_loss_is_lost(const json_t *known, const char *network) {
        return dict_boolean(json_object_get(known, network), "lost", false);
}

static int add_event(json_t *events, const char *name, bool lost, const json_t *network) {
        return json_array_append_new(events, json_pack("{s:s, s:b, s:s}", "network", name, "lost", lost, "reason", dict_string(network, "StateReason", "")));
}

/* What is bad when the service starts has been so before; a network that is being made has not been lost. */
static json_t *first_seen(json_t *known, const char *name, Condition now, LossMoment moment) {
        if (json_object_set_new(known, name, json_pack("{s:b, s:b}", "lost", moment == LOSS_STARTING && now == CONDITION_BAD, "new", moment == LOSS_MAKING)) < 0)
                return NULL;
        return json_object_get(known, name);
}

static bool is_being_made(json_t *entry, LossMoment moment) {
        if (moment != LOSS_MAKING)
                (void) json_object_del(entry, "new");
        return dict_boolean(entry, "new", false);
}

static int step_network(json_t *entry, const char *name, const json_t *network, uint64_t now_usec, json_t *events, uint64_t *next) {
        bool lost = dict_boolean(entry, "lost", false);
        Condition now = condition(network), moving = lost ? CONDITION_WELL : CONDITION_BAD;
        uint64_t patience = lost ? LOSS_HOLD_USEC : LOSS_GRACE_USEC, since;

        if (now != moving) {
                (void) json_object_del(entry, "since");
                return 0;
        }
        since = (uint64_t)dict_integer(entry, "since", (int64_t)now_usec);
        if (now_usec < since + patience) {
                *next = since + patience < *next ? since + patience : *next;
                return json_object_set_new(entry, "since", json_integer((json_int_t)since));
        }
        (void) json_object_del(entry, "since");
        if (json_object_set_new(entry, "lost", json_boolean(!lost)) < 0)
                return -ENOMEM;
        return add_event(events, name, !lost, network);
}

int link_loss_step(json_t *known, const json_t *networks, LossMoment moment, uint64_t now_usec, json_t **ret_events, uint64_t *ret_next) {
        _cleanup_json_ json_t *events = json_array();
        uint64_t next = USEC_INFINITY;
        json_t *network, *entry;
        const char *name;
        void *following;

        if (!events)
                return -ENOMEM;
        json_object_foreach_safe(known, following, name, entry)
                if (!json_object_get(networks, name))
                        (void) json_object_del(known, name);
        json_object_foreach((json_t *)networks, name, network) {
                entry = json_object_get(known, name);
                if (!entry && condition(network) == CONDITION_UNKNOWN)
                        continue;
                entry = entry ?: first_seen(known, name, condition(network), moment);
                if (!entry)
                        return -ENOMEM;
                if (!is_being_made(entry, moment) && step_network(entry, name, network, now_usec, events, &next) < 0)
                        return -ENOMEM;
        }
        *ret_events = TAKE_PTR(events);
        *ret_next = next;
        return 0;
}
