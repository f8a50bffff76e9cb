/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "warnings.h"

#include "dict.h"
#include "view.h"
#include "vlan-set.h"
#include "wish.h"

#define NO_PARTNER "00:00:00:00:00:00"

static const json_t *facts_of(const json_t *view, const char *device) {
        return json_object_get(json_object_get(view, "links"), device);
}

static int warn_filtered(json_t *list, const json_t *bridge, const char *name) {
        static const char *const keys[] = { "nf_call_iptables", "nf_call_ip6tables", "nf_call_arptables" };
        bool filtered = false;

        for (size_t i = 0; i < ELEMENTSOF(keys); i++)
                filtered = filtered || streq(dict_string(bridge, keys[i], "0"), "1");
        if (!filtered)
                return 0;
        return json_array_append_new(list, json_sprintf("filtered: the bridge %s hands its packets to the host's filter (nf_call is on)", name));
}

/* Of the ports on the network's bridge, where networks share one those in its VLAN. */
static int warn_mirrors(json_t *list, const json_t *view, const json_t *wish, const char *bridge) {
        const char *port;
        json_t *facts;

        json_object_foreach(json_object_get(view, "links"), port, facts) {
                const char *reason = dict_string(facts, "mirror_error", NULL);

                if (!reason || !streq(dict_string(facts, "master", ""), bridge) ||
                    (network_wish_is_aware(wish) && (int)vlan_of_port_name(port) != network_wish_bridge_vlan(wish)))
                        continue;
                if (json_array_append_new(list, json_sprintf("not-mirrored: the port %s gets no copies: %s", port, reason)) < 0)
                        return -1;
        }
        return 0;
}

/* The ports that carry something: one without a link has no speed. */
static int warn_bond(json_t *list, const json_t *view, const char *bond) {
        const json_t *lacp = json_object_get(json_object_get(facts_of(view, bond), "bond"), "lacp");
        const char *device, *driver = NULL, *other = NULL;
        int64_t speed = 0, other_speed = 0;
        json_t *facts;
        int r = 0;

        json_object_foreach(json_object_get(view, "links"), device, facts) {
                if (!streq(dict_string(facts, "master", ""), bond))
                        continue;
                if (driver && !streq(driver, dict_string(facts, "driver", "")))
                        other = dict_string(facts, "driver", "");
                driver = driver ?: dict_string(facts, "driver", "");
                if (speed > 0 && dict_integer(facts, "speed", 0) > 0 && dict_integer(facts, "speed", 0) != speed)
                        other_speed = dict_integer(facts, "speed", 0);
                speed = speed ?: dict_integer(facts, "speed", 0);
        }
        if (other)
                r |= json_array_append_new(list, json_sprintf("unlike-nics: NICs of %s have the drivers %s and %s", bond, driver, other));
        if (other_speed > 0)
                r |= json_array_append_new(list, json_sprintf("unlike-nics: NICs of %s have speeds of %lld and %lld Mb/s", bond, (long long)speed,
                                                              (long long)other_speed));
        if (lacp && streq(dict_string(lacp, "partner_mac", NO_PARTNER), NO_PARTNER))
                r |= json_array_append_new(list, json_sprintf("no-lacp-partner: nobody answers %s's LACP: is it configured at the switch?", bond));
        return r;
}

json_t *warnings_network(const json_t *view, const json_t *wish) {
        const char *bond = dict_string(wish, "bonding", NULL), *address;
        char top[NETWORK_NAME_MAX + 1], bridge_buffer[NETWORK_NAME_MAX + 1];
        const char *bridge = network_wish_bridge(wish, bridge_buffer);
        _cleanup_json_ json_t *list = json_array();
        int r = 0;

        if (!list)
                return NULL;
        address = device_first_address(view_device(view, network_wish_top(wish, top)));
        if (network_wish_is_aware(wish) && network_wish_vlan(wish) != VLAN_NONE && !network_wish_is_addressed(wish))
                address = NULL; /* the bridge's is that of the network without a tag */
        if (dict_boolean(wish, "bridged", true)) {
                if (address)
                        r |= json_array_append_new(list, json_sprintf("host-addressable: guests on it reach the host at %s", address));
                r |= warn_mirrors(list, view, wish, bridge);
                r |= warn_filtered(list, json_object_get(facts_of(view, bridge), "bridge"), bridge);
        }
        if (bond)
                r |= warn_bond(list, view, bond);
        return r == 0 ? TAKE_PTR(list) : NULL;
}

json_t *warnings_wish(const json_t *wish) {
        static const char *const keys[] = { "ipv4", "ipv6" };
        _cleanup_json_ json_t *list = json_array();
        bool addressed = false;

        for (size_t i = 0; i < ELEMENTSOF(keys); i++) {
                const char *method = dict_string(json_object_get(wish, keys[i]), "method", "none");

                addressed = addressed || (!streq(method, "none") && !streq(method, "link-local"));
        }
        if (list && addressed && dict_boolean(wish, "bridged", true) &&
            json_array_append_new(list, json_string("host-addressable: guests on it would reach the host at its address")) < 0)
                return NULL;
        return TAKE_PTR(list);
}
