/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "layers.h"

#include <stdio.h>
#include <stdlib.h>

#include "dict.h"
#include "view.h"
#include "vlan-set.h"
#include "wish.h"

static json_t *layer_get(json_t *layers, const char *iface, const char *kind) {
        json_t *spec = json_object_get(layers, iface);

        if (spec)
                return spec;

        spec = json_pack("{s:s, s:s, s:i}", "iface", iface, "kind", kind, "mtu", 0);
        if (!spec || json_object_set_new(layers, iface, spec) < 0)
                return NULL;
        return spec;
}

static int raise_mtu(json_t *spec, int64_t mtu) {
        if (dict_integer(spec, "mtu", 0) >= mtu)
                return 0;
        return json_object_set_new(spec, "mtu", json_integer(mtu));
}

static int set_string(json_t *spec, const char *key, const char *value) {
        return value ? json_object_set_new(spec, key, json_string(value)) : 0;
}

/* port: the word NetworkManager has for ports of that kind of controller as well. */
static int set_master(json_t *spec, const char *master, const char *port) {
        return set_string(spec, "master", master) | set_string(spec, "port", port);
}

static int set_copy(json_t *to, const char *key, const json_t *value) {
        return value ? json_object_set((json_t *)to, key, (json_t *)value) : 0;
}

static int set_top(json_t *spec, const json_t *wish) {
        int r = set_copy(spec, "ipv4", json_object_get(wish, "ipv4"));

        r |= set_copy(spec, "ipv6", json_object_get(wish, "ipv6"));
        r |= set_copy(spec, "network", wish);
        r |= json_object_set_new(spec, "default_route", json_boolean(dict_boolean(wish, "default_route", false)));
        return r;
}

static int add_bridge(json_t *layers, const json_t *wish, const char *name, int64_t mtu) {
        json_t *spec = layer_get(layers, name, "bridge");
        int r;

        if (!spec)
                return -1;
        r = raise_mtu(spec, mtu);
        r |= json_object_set_new(spec, "stp", json_boolean(dict_boolean(wish, "stp", false)));
        r |= set_copy(spec, "bridge_options", json_object_get(wish, "bridge_options"));
        r |= set_string(spec, "mac", dict_string(wish, "mac", NULL));
        r |= set_top(spec, wish);
        return r;
}

static int add_vlan(json_t *layers, const json_t *wish, const char *iface, int64_t mtu) {
        json_t *spec = layer_get(layers, iface, "vlan");
        int r;

        if (!spec)
                return -1;
        r = raise_mtu(spec, mtu);
        r |= set_string(spec, "parent", network_wish_base(wish));
        r |= json_object_set_new(spec, "vlan", json_integer(network_wish_vlan(wish)));
        return r;
}

/* Of all networks on one NIC together; that they do not contradict one another is checked (check.c). */
static int add_ethtool(json_t *spec, const json_t *options) {
        json_t *all = json_object_get(spec, "ethtool_options");

        if (json_object_size(options) == 0)
                return 0;
        if (!all) {
                all = json_object();
                if (!all || json_object_set_new(spec, "ethtool_options", all) < 0)
                        return -1;
        }
        return json_object_update(all, (json_t *)options);
}

/* ---- one bridge for all ---- */

/* Until all networks have been seen: {vid: flags}, the number as text. */
#define GATHERED "gathered"

static int gather_vlan(json_t *spec, const json_t *wish) {
        json_t *gathered = json_object_get(spec, GATHERED);
        char key[8];

        if (!gathered) {
                gathered = json_object();
                if (!gathered || json_object_set_new(spec, GATHERED, gathered) < 0)
                        return -1;
        }
        (void) snprintf(key, sizeof key, "%d", network_wish_bridge_vlan(wish));
        return json_object_set_new(gathered, key, json_integer(network_wish_vlan(wish) == VLAN_NONE ? VLAN_PORT : VLAN_PRESENT));
}

static int finish_vlans(json_t *spec) {
        json_t *gathered = json_object_get(spec, GATHERED), *flags;
        _cleanup_free_ char *text = NULL;
        const char *key;
        VlanSet set = {};
        int r;

        if (!gathered)
                return 0;
        json_object_foreach(gathered, key, flags)
                set.flags[strtoul(key, NULL, 10) % VLAN_SET_SIZE] = (uint8_t)json_integer_value(flags);
        text = vlan_set_format(&set);
        r = text ? json_object_set_new(spec, "vlans", json_string(text)) : -1;
        (void) json_object_del(spec, GATHERED);
        return r;
}

/* Options of the bridge are those of all networks on it together, as with ethtool. */
static int add_aware_bridge(json_t *spec, const json_t *wish, int64_t mtu) {
        json_t *options = json_object_get(wish, "bridge_options"), *all = json_object_get(spec, "bridge_options");
        bool stp = dict_boolean(wish, "stp", false) || dict_boolean(spec, "stp", false);
        int r = raise_mtu(spec, mtu);

        r |= json_object_set_new(spec, "vlan_aware", json_true());
        r |= json_object_set_new(spec, "stp", json_boolean(stp));
        r |= set_string(spec, "mac", dict_string(wish, "mac", NULL));
        if (json_object_size(options) > 0 && !all) {
                all = json_object();
                r |= all ? json_object_set_new(spec, "bridge_options", all) : -1;
        }
        return r | (json_object_size(options) > 0 ? json_object_update(all, options) : 0);
}

/* A network without a device of its own is noted in the bridge's profile. */
static int note_network(json_t *bridge, const json_t *wish) {
        json_t *networks = json_object_get(bridge, "networks");

        if (!networks) {
                networks = json_object();
                if (!networks || json_object_set_new(bridge, "networks", networks) < 0)
                        return -1;
        }
        return json_object_set(networks, dict_string(wish, "name", ""), (json_t *)wish);
}

static int set_aware_top(json_t *bridge, const json_t *wish) {
        int r = note_network(bridge, wish);

        if (network_wish_vlan(wish) != VLAN_NONE)
                return r;
        r |= set_copy(bridge, "ipv4", json_object_get(wish, "ipv4"));
        r |= set_copy(bridge, "ipv6", json_object_get(wish, "ipv6"));
        r |= json_object_set_new(bridge, "default_route", json_boolean(dict_boolean(wish, "default_route", false)));
        return network_wish_is_addressed(wish) ? r | gather_vlan(bridge, wish) : r;
}

static int add_aware_vlan(json_t *layers, json_t *bridge, const json_t *wish, const char *iface, int64_t mtu) {
        json_t *spec = layer_get(layers, iface, "vlan");
        int r;

        if (!spec)
                return -1;
        r = raise_mtu(spec, mtu);
        r |= set_string(spec, "parent", dict_string(bridge, "iface", NULL));
        r |= json_object_set_new(spec, "vlan", json_integer(network_wish_vlan(wish)));
        return r | set_top(spec, wish) | gather_vlan(bridge, wish);
}

static int add_aware_network(json_t *layers, const json_t *wish) {
        int64_t mtu = dict_integer(wish, "mtu", MTU_DEFAULT);
        char buffer[NETWORK_NAME_MAX + 1], top_buffer[NETWORK_NAME_MAX + 1];
        const char *name = network_wish_bridge(wish, buffer), *top = network_wish_top(wish, top_buffer);
        json_t *base = layer_get(layers, network_wish_base(wish), json_object_get(wish, "bonding") ? "bond" : "nic"), *bridge = layer_get(layers, name, "bridge");
        int r;

        if (!base || !bridge)
                return -1;
        r = raise_mtu(base, mtu);
        if (json_object_get(wish, "nic"))
                r |= add_ethtool(base, json_object_get(wish, "ethtool_options"));
        r |= set_master(base, name, "bridge");
        r |= gather_vlan(base, wish);
        r |= add_aware_bridge(bridge, wish, mtu);
        return r | (streq(top, name) ? set_aware_top(bridge, wish) : add_aware_vlan(layers, bridge, wish, top, mtu));
}

/* ---- a stack for each ---- */

static int add_network(json_t *layers, const json_t *wish) {
        const char *name = dict_string(wish, "name", ""), *base = network_wish_base(wish), *uplink;
        int64_t mtu = dict_integer(wish, "mtu", MTU_DEFAULT);
        char buffer[NETWORK_NAME_MAX + 1];
        json_t *spec;
        int r = 0;

        if (network_wish_is_aware(wish))
                return add_aware_network(layers, wish);
        uplink = network_wish_uplink(wish, buffer);
        if (base) {
                spec = layer_get(layers, base, json_object_get(wish, "bonding") ? "bond" : "nic");
                if (!spec)
                        return -1;
                r |= raise_mtu(spec, mtu);
                if (json_object_get(wish, "nic"))
                        r |= add_ethtool(spec, json_object_get(wish, "ethtool_options"));
                if (network_wish_vlan(wish) != VLAN_NONE)
                        r |= add_vlan(layers, wish, uplink, mtu);
        }

        if (!dict_boolean(wish, "bridged", true))
                return r | set_top(json_object_get(layers, uplink), wish);

        r |= add_bridge(layers, wish, name, mtu);
        if (uplink)
                r |= set_master(json_object_get(layers, uplink), name, "bridge");
        return r;
}

static int add_bond(json_t *layers, const json_t *wish) {
        json_t *spec = layer_get(layers, dict_string(wish, "name", ""), "bond");
        int r;

        if (!spec)
                return -1;
        r = set_copy(spec, "options", json_object_get(wish, "options"));
        r |= set_string(spec, "mac", dict_string(wish, "mac", NULL));
        r |= set_copy(spec, "bond", wish);
        return r;
}

/* What the networks on a bond ask of its NICs. */
static int add_bond_ethtool(json_t *spec, const json_t *networks, const char *bond) {
        const char *name;
        json_t *wish;
        int r = 0;

        json_object_foreach((json_t *)networks, name, wish)
                if (streq(dict_string(wish, "bonding", ""), bond))
                        r |= add_ethtool(spec, json_object_get(wish, "ethtool_options"));
        return r;
}

/* The NICs of a bond follow its MTU. */
static int add_bond_nics(json_t *layers, const json_t *wish, const json_t *networks) {
        const char *name = dict_string(wish, "name", "");
        json_t *bond = json_object_get(layers, name), *nic;
        size_t i;

        if (raise_mtu(bond, dict_integer(bond, "mtu", 0) ?: MTU_DEFAULT) < 0)
                return -1;

        json_array_foreach(json_object_get(wish, "nics"), i, nic) {
                json_t *spec = layer_get(layers, json_string_value(nic), "nic");

                if (!spec || set_master(spec, name, "bond") < 0 || raise_mtu(spec, dict_integer(bond, "mtu", 0)) < 0 ||
                    add_bond_ethtool(spec, networks, name) < 0)
                        return -1;
        }
        return 0;
}

static int add_nic(json_t *layers, const json_t *wish) {
        json_t *spec = layer_get(layers, dict_string(wish, "name", ""), "nic");

        return spec ? set_copy(spec, "vfs", json_object_get(wish, "vfs")) | set_copy(spec, "nic", wish) : -1;
}

/* What carries no addresses has IP off, unless it is a port, which has no IP at all. */
static int finish_layer(json_t *spec) {
        static const char *const keys[] = { "ipv4", "ipv6" };

        if (finish_vlans(spec) < 0)
                return -1;
        if (json_object_get(spec, "master"))
                return 0;
        for (size_t i = 0; i < ELEMENTSOF(keys); i++)
                if (!json_object_get(spec, keys[i]) &&
                    json_object_set_new(spec, keys[i], json_pack("{s:s}", "method", "none")) < 0)
                        return -1;
        if (!json_object_get(spec, "default_route"))
                return json_object_set_new(spec, "default_route", json_false());
        return 0;
}

json_t *layers_make(const json_t *wishes) {
        _cleanup_json_ json_t *layers = json_object();
        json_t *wish;
        const char *name;

        if (!layers)
                return NULL;

        json_object_foreach(json_object_get(wishes, "bonds"), name, wish)
                if (add_bond(layers, wish) < 0)
                        return NULL;
        json_object_foreach(json_object_get(wishes, "networks"), name, wish)
                if (add_network(layers, wish) < 0)
                        return NULL;
        json_object_foreach(json_object_get(wishes, "bonds"), name, wish)
                if (add_bond_nics(layers, wish, json_object_get(wishes, "networks")) < 0)
                        return NULL;
        json_object_foreach(json_object_get(wishes, "nics"), name, wish)
                if (add_nic(layers, wish) < 0)
                        return NULL;
        json_object_foreach(layers, name, wish)
                if (finish_layer(wish) < 0)
                        return NULL;

        return TAKE_PTR(layers);
}

int layer_rank(const json_t *spec) {
        const char *kind = dict_string(spec, "kind", "");

        if (streq(kind, "bond"))
                return 0;
        if (streq(kind, "nic") && streq(dict_string(spec, "port", ""), "bond"))
                return 1;
        if (streq(kind, "bridge"))
                return 2;
        return streq(kind, "nic") ? 3 : 4;
}
