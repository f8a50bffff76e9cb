/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "layout.h"

#include <stdio.h>

#include "bus-error.h"
#include "dict.h"
#include "view.h"
#include "vlan-set.h"
#include "wish.h"

#define NETWORKS(wishes) json_object_get(wishes, "networks")
#define INVALID(error, ...) sd_bus_error_setf(error, RHV_ERROR_INVALID_ARGUMENT, __VA_ARGS__)

/* ---- what was asked for ---- */

static int check_words(const json_t *layouts, sd_bus_error *error) {
        const char *uplink;
        json_t *word;

        json_object_foreach((json_t *)layouts, uplink, word) {
                const char *text = json_string_value(word) ?: "";

                if (!device_name_is_valid(uplink))
                        return INVALID(error, "layouts: '%.40s' is no NIC or bond", uplink);
                if (!streq(text, LAYOUT_CLASSIC) && !streq(text, LAYOUT_AWARE))
                        return INVALID(error, "layouts: '%.40s' is no layout for %s: " LAYOUT_CLASSIC " or " LAYOUT_AWARE, text, uplink);
        }
        return 0;
}

static bool layout_of(const json_t *layouts, const json_t *before, const char *uplink) {
        const char *asked = dict_string(layouts, uplink, NULL), *name;
        json_t *wish;

        if (asked)
                return streq(asked, LAYOUT_AWARE);
        json_object_foreach(NETWORKS(before), name, wish)
                if (streq_ptr(network_wish_base(wish), uplink))
                        return network_wish_is_aware(wish);
        return false;
}

static int set_layout(json_t *wish, bool aware) {
        if (aware)
                return json_object_set_new(wish, "layout", json_string(LAYOUT_AWARE));
        (void) json_object_del(wish, "layout");
        return 0;
}

/* Also the networks that the request does not name. */
static int move_networks(const char *uplink, bool aware, const json_t *before, const json_t *after, json_t *touched, json_t *touched_before, sd_bus_error *error) {
        const char *name;
        bool any = false;
        json_t *wish;

        json_object_foreach(NETWORKS(after), name, wish) {
                json_t *then = json_object_get(NETWORKS(before), name);

                if (!streq_ptr(network_wish_base(wish), uplink))
                        continue;
                any = true;
                if (network_wish_is_aware(wish) == aware)
                        continue;
                if (set_layout(wish, aware) < 0 || json_object_set(NETWORKS(touched), name, wish) < 0 || (then && json_object_set(NETWORKS(touched_before), name, then) < 0))
                        return -ENOMEM;
        }
        return any ? 0 : sd_bus_error_setf(error, RHV_ERROR_NOT_FOUND, "layouts: no network lies on %s after this request", uplink);
}

int layout_apply(const json_t *layouts, const json_t *before, const json_t *after, json_t *touched, json_t *touched_before, sd_bus_error *error) {
        const char *name, *uplink;
        json_t *wish, *word;
        int r;

        r = check_words(layouts, error);
        if (r < 0)
                return r;
        json_object_foreach(NETWORKS(touched), name, wish)
                if (network_wish_base(wish) && set_layout(wish, layout_of(layouts, before, network_wish_base(wish))) < 0)
                        return -ENOMEM;
        json_object_foreach((json_t *)layouts, uplink, word) {
                r = move_networks(uplink, streq(json_string_value(word), LAYOUT_AWARE), before, after, touched, touched_before, error);
                if (r < 0)
                        return r;
        }
        return 0;
}

/* ---- what must hold ---- */

static int check_one(const char *name, const json_t *wish, sd_bus_error *error) {
        const char *base = network_wish_base(wish);

        if (strlen(AWARE_BRIDGE_PREFIX) + strlen(base) > NETWORK_NAME_MAX)
                return INVALID(error, "Network %s: the bridge's name " AWARE_BRIDGE_PREFIX "%s would be longer than %u characters", name, base, NETWORK_NAME_MAX);
        return 0;
}

/* Of any two. */
static int check_device_names(const char *name, const json_t *wish, const char *other, const json_t *with, sd_bus_error *error) {
        char bridge[NETWORK_NAME_MAX + 1], top_buffer[NETWORK_NAME_MAX + 1], other_buffer[NETWORK_NAME_MAX + 1];
        const char *top = network_wish_top(wish, top_buffer);

        if (!network_wish_is_aware(with) || streq(top, network_wish_bridge(wish, bridge)) || !streq(top, network_wish_top(with, other_buffer)))
                return 0;
        return INVALID(error, "Networks %s and %s would have the same VLAN device %s: their names differ too late", name, other, top);
}

/* Of two networks of one uplink. */
static int check_two(const char *name, const json_t *wish, const char *other, const json_t *with, sd_bus_error *error) {
        const char *base = network_wish_base(wish), *option;
        json_t *value;

        if (!streq_ptr(network_wish_base(with), base))
                return check_device_names(name, wish, other, with, error);
        if (network_wish_is_aware(wish) != network_wish_is_aware(with))
                return INVALID(error, "Networks %s and %s cannot share %s: one is " LAYOUT_CLASSIC " and one " LAYOUT_AWARE, name, other, base);
        if (network_wish_bridge_vlan(wish) == network_wish_bridge_vlan(with))
                return INVALID(error, "Networks %s and %s would both be VLAN %d of the bridge of %s, which is that of frames without a tag", name, other,
                               network_wish_bridge_vlan(wish), base);
        json_object_foreach(json_object_get(wish, "bridge_options"), option, value) {
                const json_t *theirs = json_object_get(json_object_get(with, "bridge_options"), option);

                if (theirs && !json_equal(theirs, value))
                        return INVALID(error, "Networks %s and %s ask for different %s of the one bridge of %s", name, other, option, base);
        }
        return 0;
}

int layout_check(const json_t *after, sd_bus_error *error) {
        const char *name, *other;
        json_t *wish, *with;
        int r;

        json_object_foreach(NETWORKS(after), name, wish) {
                if (!network_wish_is_aware(wish))
                        continue;
                r = check_one(name, wish, error);
                if (r < 0)
                        return r;
                json_object_foreach(NETWORKS(after), other, with) {
                        r = wish != with ? check_two(name, wish, other, with, error) : 0;
                        if (r < 0)
                                return r;
                }
        }
        return 0;
}

/* A port that is neither ours nor NetworkManager's to bring up. NULL if there is none. */
static const char *guest_port(const json_t *view, const json_t *wish) {
        char buffer[NETWORK_NAME_MAX + 1];
        const char *bridge = network_wish_bridge(wish, buffer), *device;
        json_t *facts;

        json_object_foreach(json_object_get(view, "links"), device, facts) {
                if (!streq_ptr(dict_string(facts, "master", NULL), bridge) || view_own_profile(view, device, NULL))
                        continue;
                if (!network_wish_is_aware(wish) || (int)vlan_of_port_name(device) == network_wish_bridge_vlan(wish))
                        return device;
        }
        return NULL;
}

int layout_check_guests(const json_t *view, const json_t *before, const json_t *touched, sd_bus_error *error) {
        const char *name;
        json_t *wish;

        json_object_foreach(NETWORKS(touched), name, wish) {
                const json_t *then = json_object_get(NETWORKS(before), name);
                bool aware = network_wish_is_aware(wish) || network_wish_is_aware(then);
                char buffer[NETWORK_NAME_MAX + 1], then_buffer[NETWORK_NAME_MAX + 1];
                const char *port;

                if (!then || !aware || (streq_ptr(network_wish_bridge(wish, buffer), network_wish_bridge(then, then_buffer)) &&
                                        network_wish_bridge_vlan(wish) == network_wish_bridge_vlan(then)))
                        continue;
                port = guest_port(view, then);
                if (port)
                        return sd_bus_error_setf(error, RHV_ERROR_IN_USE, "Network %s: the guest behind %s would lose it: unplug or stop it first", name, port);
        }
        return 0;
}
