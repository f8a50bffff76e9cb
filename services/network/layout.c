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

/* What one network alone may have, and which has it: with hundreds of networks each against each takes longer than all the rest of the plan. Return: the name of another one that has it, or NULL with r of
 * 0 or -ENOMEM. */
static const char *claim(json_t *claims, const char *key, const char *name, int *r) {
        const char *other = json_string_value(json_object_get(claims, key));

        *r = other || json_object_set_new(claims, key, json_string(name)) >= 0 ? 0 : -ENOMEM;
        return other;
}

/* The networks of one uplink are of one layout. */
static int check_layout(json_t *claims, const char *name, const json_t *wish, sd_bus_error *error) {
        bool aware = network_wish_is_aware(wish);
        char key[NETWORK_NAME_MAX + 20];
        const char *base = network_wish_base(wish), *other;
        int r;

        (void) snprintf(key, sizeof key, "%s %s", aware ? LAYOUT_CLASSIC : LAYOUT_AWARE, base);
        other = json_string_value(json_object_get(claims, key));
        if (other)
                return INVALID(error, "Networks %s and %s cannot share %s: one is " LAYOUT_CLASSIC " and one " LAYOUT_AWARE, other, name, base);
        (void) snprintf(key, sizeof key, "%s %s", aware ? LAYOUT_AWARE : LAYOUT_CLASSIC, base);
        (void) claim(claims, key, name, &r);
        return r;
}

static int check_vlan(json_t *claims, const char *name, const json_t *wish, sd_bus_error *error) {
        char key[NETWORK_NAME_MAX + 20];
        const char *other;
        int r;

        (void) snprintf(key, sizeof key, "vlan %s %d", network_wish_base(wish), network_wish_bridge_vlan(wish));
        other = claim(claims, key, name, &r);
        if (other)
                return INVALID(error, "Networks %s and %s would both be VLAN %d of the bridge of %s, which is that of frames without a tag", other, name,
                               network_wish_bridge_vlan(wish), network_wish_base(wish));
        return r;
}

/* The first that asks for an option says what it is. */
static int check_options(json_t *claims, const json_t *networks, const char *name, const json_t *wish, sd_bus_error *error) {
        const char *option;
        json_t *value;

        json_object_foreach(json_object_get(wish, "bridge_options"), option, value) {
                _cleanup_free_ char *key = NULL;
                const char *other;
                int r;

                if (asprintf(&key, "option %s %s", network_wish_base(wish), option) < 0) {
                        key = NULL;
                        return -ENOMEM;
                }
                other = claim(claims, key, name, &r);
                if (other && !json_equal(json_object_get(json_object_get(json_object_get(networks, other), "bridge_options"), option), value))
                        return INVALID(error, "Networks %s and %s ask for different %s of the one bridge of %s", other, name, option, network_wish_base(wish));
                if (r < 0)
                        return r;
        }
        return 0;
}

/* VLAN devices are named after their networks, and not by the whole name of a long one; those of one uplink differ by their VLAN. */
static int check_device_name(json_t *claims, const char *name, const json_t *wish, sd_bus_error *error) {
        char bridge[NETWORK_NAME_MAX + 1], buffer[NETWORK_NAME_MAX + 1], key[NETWORK_NAME_MAX + 20];
        const char *top = network_wish_top(wish, buffer), *other;
        int r;

        if (streq(top, network_wish_bridge(wish, bridge)))
                return 0;
        (void) snprintf(key, sizeof key, "device %s", top);
        other = claim(claims, key, name, &r);
        return other ? INVALID(error, "Networks %s and %s would have the same VLAN device %s: their names differ too late", other, name, top) : r;
}

int layout_check(const json_t *after, sd_bus_error *error) {
        _cleanup_json_ json_t *claims = json_object();
        const char *name;
        json_t *wish;

        if (!claims)
                return -ENOMEM;
        json_object_foreach(NETWORKS(after), name, wish) {
                int r = network_wish_base(wish) ? check_layout(claims, name, wish, error) : 0;

                if (r >= 0 && network_wish_is_aware(wish)) {
                        r = check_one(name, wish, error);
                        if (r >= 0)
                                r = check_vlan(claims, name, wish, error);
                        if (r >= 0)
                                r = check_options(claims, NETWORKS(after), name, wish, error);
                        if (r >= 0)
                                r = check_device_name(claims, name, wish, error);
                }
                if (r < 0)
                        return r;
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
