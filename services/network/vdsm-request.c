/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "vdsm-request.h"

#include <arpa/inet.h>
#include <stdio.h>

#include "bus-error.h"
#include "dict.h"
#include "ip-text.h"
#include "wish.h"

#define OPTIONS_TEXT_MAX 1024U
#define FAILED(error, ...) sd_bus_error_setf(error, RHV_ERROR_HOOK_FAILED, __VA_ARGS__)

/* The same in both. */
static const char *const plain[][2] = {
        { "nic", "nic" }, { "bonding", "bonding" }, { "vlan", "vlan" }, { "bridged", "bridged" }, { "mtu", "mtu" }, { "stp", "stp" }, { "defaultRoute", "default_route" },
        { "remove", "remove" },
};

/* ---- "k=v k=v" ---- */

static json_t *join_options(const json_t *options) {
        char text[OPTIONS_TEXT_MAX] = "";
        const char *key;
        json_t *value;
        size_t n = 0;

        json_object_foreach((json_t *)options, key, value) {
                int k = snprintf(text + n, sizeof text - n, "%s%s=%s", n ? " " : "", key, json_string_value(value) ?: "");

                if (k < 0 || (size_t)k >= sizeof text - n)
                        break;
                n += (size_t)k;
        }
        text[n] = 0;
        return json_string(text);
}

static json_t *split_options(const char *text) {
        json_t *options = json_object();

        while (options && *text) {
                size_t length = strcspn(text, " "), key = strcspn(text, "= ");

                if (key > 0 && key < length) {
                        _cleanup_free_ char *name = strndup(text, key);

                        if (name)
                                (void) json_object_set_new(options, name, json_stringn(text + key + 1, length - key - 1));
                }
                text += length;
                text += strspn(text, " ");
        }
        return options;
}

/* ---- addresses ---- */

static void netmask_of(unsigned length, char ret[static INET_ADDRSTRLEN]) {
        struct in_addr mask = { .s_addr = htonl(length == 0 ? 0 : UINT32_MAX << (32 - length)) };

        if (!inet_ntop(AF_INET, &mask, ret, INET_ADDRSTRLEN))
                ret[0] = 0;
}

/* Return: the length, or -EINVAL for what is no mask. */
static int length_of(const char *netmask) {
        struct in_addr mask;
        uint32_t bits;
        int length = 0;

        if (inet_pton(AF_INET, netmask, &mask) != 1)
                return -EINVAL;
        bits = ntohl(mask.s_addr);
        while (length < 32 && (bits & (UINT32_C(1) << (31 - length))))
                length++;
        return length == 32 || (bits << length) == 0 ? length : -EINVAL;
}

static void make_ipv4(json_t *out, const json_t *ip) {
        const char *address = json_string_value(json_array_get(json_object_get(ip, "addresses"), 0));
        char mask[INET_ADDRSTRLEN], bare[IP_TEXT_MAX];
        IpPrefix prefix;

        (void) json_object_set_new(out, "bootproto", json_string(streq(dict_string(ip, "method", ""), "dhcp") ? "dhcp" : "none"));
        if (ip_prefix_parse(address, AF_INET, false, &prefix) >= 0) {
                ip_prefix_format(&prefix, true, bare);
                netmask_of(prefix.length, mask);
                (void) json_object_set_new(out, "ipaddr", json_string(bare));
                (void) json_object_set_new(out, "netmask", json_string(mask));
        }
        if (json_object_get(ip, "gateway"))
                (void) json_object_set(out, "gateway", json_object_get(ip, "gateway"));
}

static void make_ipv6(json_t *out, const json_t *ip) {
        json_t *address = json_array_get(json_object_get(ip, "addresses"), 0);
        const char *method = dict_string(ip, "method", "");

        (void) json_object_set_new(out, "ipv6autoconf", json_boolean(streq(method, "auto")));
        (void) json_object_set_new(out, "dhcpv6", json_boolean(streq(method, "dhcp")));
        if (address)
                (void) json_object_set(out, "ipv6addr", address);
        if (json_object_get(ip, "gateway"))
                (void) json_object_set(out, "ipv6gateway", json_object_get(ip, "gateway"));
}

/* ---- making ---- */

static json_t *make_network(const json_t *entry) {
        const json_t *servers = json_object_get(json_object_get(entry, "ipv4"), "nameservers") ?: json_object_get(json_object_get(entry, "ipv6"), "nameservers");
        json_t *out = json_object(), *custom;

        for (size_t i = 0; out && i < ELEMENTSOF(plain); i++)
                if (json_object_get(entry, plain[i][1]))
                        (void) json_object_set(out, plain[i][0], json_object_get(entry, plain[i][1]));
        if (!out || json_object_set(out, "rhv", (json_t *)entry) < 0 || dict_boolean(entry, "remove", false))
                return out;
        if (!json_object_get(out, "bridged"))
                (void) json_object_set_new(out, "bridged", json_true());
        if (!json_object_get(out, "mtu"))
                (void) json_object_set_new(out, "mtu", json_integer(MTU_DEFAULT));
        (void) json_object_set_new(out, "switch", json_string("legacy"));
        make_ipv4(out, json_object_get(entry, "ipv4"));
        make_ipv6(out, json_object_get(entry, "ipv6"));
        if (servers)
                (void) json_object_set(out, "nameservers", (json_t *)servers);
        custom = json_object_get(entry, "custom") ? json_deep_copy(json_object_get(entry, "custom")) : json_object();
        if (json_object_size(json_object_get(entry, "bridge_options")) > 0)
                (void) json_object_set_new(custom, "bridge_opts", join_options(json_object_get(entry, "bridge_options")));
        (void) json_object_set_new(out, "custom", custom);
        return out;
}

static json_t *make_bond(const json_t *entry) {
        json_t *out = json_pack("{s:O*, s:O*, s:s}", "nics", json_object_get(entry, "nics"), "remove", json_object_get(entry, "remove"), "switch", "legacy");

        if (out && json_object_get(entry, "options"))
                (void) json_object_set_new(out, "options", join_options(json_object_get(entry, "options")));
        return out;
}

json_t *vdsm_request_make(const json_t *networks, const json_t *bonds) {
        _cleanup_json_ json_t *request = json_pack("{s:{s:{}, s:{}, s:{}}}", "request", "networks", "bondings", "options");
        json_t *inner = json_object_get(request, "request"), *entry;
        const char *name;

        if (!request)
                return NULL;
        json_object_foreach((json_t *)networks, name, entry)
                if (json_object_set_new(json_object_get(inner, "networks"), name, make_network(entry)) < 0)
                        return NULL;
        json_object_foreach((json_t *)bonds, name, entry)
                if (json_object_set_new(json_object_get(inner, "bondings"), name, make_bond(entry)) < 0)
                        return NULL;
        return TAKE_PTR(request);
}

/* ---- reading ---- */

static bool changed(const json_t *sent, const json_t *left, const char *key) {
        json_t *a = json_object_get(sent, key), *b = json_object_get(left, key);

        return a != b && !(a && b && json_equal(a, b));
}

static bool any_changed(const json_t *sent, const json_t *left, const char *const *keys) {
        for (; *keys; keys++)
                if (changed(sent, left, *keys))
                        return true;
        return false;
}

/* value NULL or null: away with it. */
static void put(json_t *entry, const char *key, json_t *value) {
        if (value && !json_is_null(value))
                (void) json_object_set(entry, key, value);
        else
                (void) json_object_del(entry, key);
}

static int take_ipv4(const char *name, json_t *entry, const json_t *left, sd_bus_error *error) {
        const char *address = dict_string(left, "ipaddr", ""), *netmask = dict_string(left, "netmask", NULL);
        int64_t prefix = dict_integer(left, "prefix", netmask ? length_of(netmask) : -1);
        json_t *ip = json_object();

        if (!ip || json_object_set_new(entry, "ipv4", ip) < 0)
                return -ENOMEM;
        if (streq(dict_string(left, "bootproto", ""), "dhcp"))
                return json_object_set_new(ip, "method", json_string("dhcp"));
        if (isempty(address))
                return json_object_set_new(ip, "method", json_string("none"));
        if (prefix < 0 || prefix > 32)
                return FAILED(error, "Network %.40s: the address %.40s that a hook gave has no netmask", name, address);
        (void) json_object_set_new(ip, "addresses", json_pack("[o]", json_sprintf("%s/%d", address, (int)prefix)));
        put(ip, "gateway", json_object_get(left, "gateway"));
        return 0;
}

static int take_ipv6(json_t *entry, const json_t *left) {
        json_t *ip = json_object(), *address = json_object_get(left, "ipv6addr");
        bool automatic = dict_boolean(left, "ipv6autoconf", false), dhcp = dict_boolean(left, "dhcpv6", false);

        if (!ip || json_object_set_new(entry, "ipv6", ip) < 0)
                return -ENOMEM;
        if (json_is_string(address)) {
                (void) json_object_set_new(ip, "addresses", json_pack("[O]", address));
                put(ip, "gateway", json_object_get(left, "ipv6gateway"));
                return 0;
        }
        return json_object_set_new(ip, "method", json_string(automatic ? "auto" : dhcp ? "dhcp" : "none"));
}

static void take_custom(json_t *entry, const json_t *left) {
        json_t *custom = json_object_get(left, "custom"), *copy = json_is_object(custom) ? json_deep_copy(custom) : json_object();

        if (json_object_get(copy, "bridge_opts")) {
                (void) json_object_set_new(entry, "bridge_options", split_options(dict_string(copy, "bridge_opts", "")));
                (void) json_object_del(copy, "bridge_opts");
        } else
                (void) json_object_del(entry, "bridge_options");
        put(entry, "custom", json_object_size(copy) > 0 ? copy : NULL);
        json_decref(copy);
}

static int read_network(const char *name, const json_t *sent, const json_t *left, json_t **ret, sd_bus_error *error) {
        static const char *const ipv4_keys[] = { "bootproto", "ipaddr", "netmask", "prefix", "gateway", NULL },
                          *const ipv6_keys[] = { "ipv6addr", "ipv6gateway", "ipv6autoconf", "dhcpv6", NULL };
        _cleanup_json_ json_t *entry = NULL;
        int r = 0;

        if (!json_is_object(left))
                return FAILED(error, "Network %.40s: a hook left no description of it", name);
        entry = json_is_object(json_object_get(left, "rhv")) ? json_deep_copy(json_object_get(left, "rhv")) : json_object();
        if (!entry)
                return -ENOMEM;
        for (size_t i = 0; i < ELEMENTSOF(plain); i++)
                if (changed(sent, left, plain[i][0]))
                        put(entry, plain[i][1], json_object_get(left, plain[i][0]));
        if (any_changed(sent, left, ipv4_keys))
                r = take_ipv4(name, entry, left, error);
        if (r >= 0 && any_changed(sent, left, ipv6_keys))
                r = take_ipv6(entry, left);
        if (r < 0)
                return r;
        if (changed(sent, left, "nameservers") && json_object_get(entry, "ipv4"))
                put(json_object_get(entry, "ipv4"), "nameservers", json_object_get(left, "nameservers"));
        if (changed(sent, left, "custom"))
                take_custom(entry, left);
        *ret = TAKE_PTR(entry);
        return 0;
}

static int read_bond(const char *name, const json_t *sent, const json_t *left, const json_t *given, json_t **ret, sd_bus_error *error) {
        _cleanup_json_ json_t *entry = given ? json_deep_copy(given) : json_object();

        if (!json_is_object(left))
                return FAILED(error, "Bond %.40s: a hook left no description of it", name);
        if (!entry)
                return -ENOMEM;
        if (changed(sent, left, "nics"))
                put(entry, "nics", json_object_get(left, "nics"));
        if (changed(sent, left, "remove"))
                put(entry, "remove", json_object_get(left, "remove"));
        if (changed(sent, left, "options"))
                (void) json_object_set_new(entry, "options", split_options(dict_string(left, "options", "")));
        *ret = TAKE_PTR(entry);
        return 0;
}

int vdsm_request_read(const json_t *sent, const char *text, const json_t *bonds, json_t **ret_networks, json_t **ret_bonds, sd_bus_error *error) {
        _cleanup_json_ json_t *left = json_loads(text, JSON_REJECT_DUPLICATES, NULL), *new_networks = json_object(), *new_bonds = json_object();
        const json_t *before = json_object_get(sent, "request"), *after = json_object_get(left, "request");
        json_t *value;
        const char *name;
        int r = 0;

        if (!new_networks || !new_bonds)
                return -ENOMEM;
        if (!json_is_object(json_object_get(after, "networks")) || !json_is_object(json_object_get(after, "bondings")))
                return FAILED(error, "What the hooks left is no request: an object with request, and networks and bondings in it");
        json_object_foreach(json_object_get(after, "networks"), name, value) {
                json_t *entry = NULL;

                r = read_network(name, json_object_get(json_object_get(before, "networks"), name), value, &entry, error);
                if (r < 0 || json_object_set_new(new_networks, name, entry) < 0)
                        return r < 0 ? r : -ENOMEM;
        }
        json_object_foreach(json_object_get(after, "bondings"), name, value) {
                json_t *entry = NULL;

                r = read_bond(name, json_object_get(json_object_get(before, "bondings"), name), value, json_object_get(bonds, name), &entry, error);
                if (r < 0 || json_object_set_new(new_bonds, name, entry) < 0)
                        return r < 0 ? r : -ENOMEM;
        }
        *ret_networks = TAKE_PTR(new_networks);
        *ret_bonds = TAKE_PTR(new_bonds);
        return 0;
}
