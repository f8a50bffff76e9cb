/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "port-bridges.h"

#include <stdio.h>

#include "dict.h"
#include "parse-util.h"
#include "view.h"
#include "wish.h"

static int set_bridge(json_t *known, const char *key, const json_t *entry, const char *port, const char *bridge) {
        json_t *fresh = json_pack("{s:s, s:s}", "port", port, "bridge", bridge);

        if (json_equal(entry, fresh)) {
                json_decref(fresh);
                return 0;
        }
        return json_object_set_new(known, key, fresh) < 0 ? -ENOMEM : 1;
}

static int set_off(json_t *entry, const char *port) {
        bool was = dict_boolean(entry, "off", false);

        if (json_object_set_new(entry, "port", json_string(port)) < 0 || json_object_set_new(entry, "off", json_true()) < 0)
                return -ENOMEM;
        return !was;
}

int port_bridges_learn(json_t *known, const LinkMessage *message, const char *bridge, bool holds) {
        json_t *entry;
        char key[16];

        if (message->of_bridge)
                return 0;
        (void) snprintf(key, sizeof key, "%d", message->ifindex);
        entry = json_object_get(known, key);
        if (entry)
                (void) json_object_del(entry, "doubted");
        if (message->gone || !message->tap || (!message->master && !holds))
                return entry && json_object_del(known, key) == 0;
        if (!device_name_is_valid(message->name))
                return 0;
        if (message->master)
                return bridge ? set_bridge(known, key, entry, message->name, bridge) : 0; /* a bridge that has gone meanwhile: that is told next */
        return entry ? set_off(entry, message->name) : 0;
}

void port_bridges_doubt(json_t *known) {
        const char *key;
        json_t *entry;

        json_object_foreach(known, key, entry)
                (void) json_object_set_new(entry, "doubted", json_true());
}

static bool forget(json_t *known, const char *mark) {
        size_t before = json_object_size(known);
        const char *key;
        json_t *entry;
        void *next;

        json_object_foreach_safe(known, next, key, entry)
                if (dict_boolean(entry, mark, false))
                        (void) json_object_del(known, key);
        return json_object_size(known) != before;
}

bool port_bridges_sweep(json_t *known) {
        return forget(known, "doubted");
}

bool port_bridges_give_up(json_t *known) {
        return forget(known, "off");
}

bool port_bridges_has_off(const json_t *known) {
        const char *key;
        json_t *entry;

        json_object_foreach((json_t *)known, key, entry)
                if (dict_boolean(entry, "off", false))
                        return true;
        return false;
}

static bool is_our_bridge(const json_t *view, const char *name) {
        const json_t *device = view_device(view, name);
        const char *uuid = NULL;

        return streq(dict_string(device, "kind", ""), "bridge") && view_own_profile(view, name, &uuid) && streq_ptr(dict_string(device, "profile", NULL), uuid);
}

json_t *port_bridges_astray(const json_t *known, const json_t *view) {
        json_t *list = json_array(), *entry;
        const char *key;

        json_object_foreach((json_t *)known, key, entry) {
                const char *bridge = dict_string(entry, "bridge", "");
                int64_t ifindex = strtoll(key, NULL, 10);

                if (list && dict_boolean(entry, "off", false) && is_our_bridge(view, bridge) &&
                    json_array_append_new(list, json_pack("{s:I, s:s, s:s}", "ifindex", (json_int_t)ifindex, "port", dict_string(entry, "port", ""), "bridge", bridge)) < 0) {
                        json_decref(list);
                        return NULL;
                }
        }
        return list;
}

bool port_bridges_is_valid(const json_t *known) {
        const char *key;
        json_t *entry;

        if (!json_is_object(known))
                return false;
        json_object_foreach((json_t *)known, key, entry) {
                uint64_t ifindex;

                if (parse_u64(key, &ifindex) < 0 || ifindex == 0 || ifindex > INT32_MAX || !device_name_is_valid(dict_string(entry, "port", "")) ||
                    !device_name_is_valid(dict_string(entry, "bridge", "")))
                        return false;
        }
        return true;
}
