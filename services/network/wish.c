/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "wish.h"

#include <stdio.h>

#include "bond-options.h"
#include "bus-error.h"
#include "device-options.h"
#include "dict.h"
#include "ip-text.h"

static bool is_word_character(char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

bool network_name_is_valid(const char *name) {
        /* names below /proc/sys/net, /sys/class/net and the loopback device */
        static const char *const taken[] = { "all", "default", "lo", "bonding_masters" };

        if (isempty(name) || strlen(name) > NETWORK_NAME_MAX || name[0] == '-')
                return false;
        for (const char *p = name; *p; p++)
                if (!is_word_character(*p) && *p != '-')
                        return false;
        for (size_t i = 0; i < ELEMENTSOF(taken); i++)
                if (streq(name, taken[i]))
                        return false;

        return true;
}

bool device_name_is_valid(const char *name) {
        if (isempty(name) || strlen(name) > NETWORK_NAME_MAX || streq(name, ".") || streq(name, ".."))
                return false;
        for (const char *p = name; *p; p++)
                if ((unsigned char)*p <= ' ' || (unsigned char)*p >= 0x7f || *p == '/' || *p == ':')
                        return false;

        return true;
}

bool bond_name_is_valid(const char *name) {
        const char *rest = name ? startswith(name, "bond") : NULL;

        if (isempty(rest) || strlen(name) > NETWORK_NAME_MAX)
                return false;
        for (; *rest; rest++)
                if (!is_word_character(*rest))
                        return false;

        return true;
}

bool nic_label_is_valid(const char *label) {
        if (isempty(label) || strlen(label) > LABEL_MAX)
                return false;
        for (; *label; label++)
                if (!is_word_character(*label) && *label != '-')
                        return false;

        return true;
}

/* A name by which hosts are searched for: labels of letters, digits and '-', joined by dots. */
static bool domain_is_valid(const char *name) {
        size_t length = 0;

        if (isempty(name) || strlen(name) > 253)
                return false;
        for (const char *p = name; *p; p++) {
                length = *p == '.' ? 0 : length + 1;
                if (length > 63 || (*p == '.' ? p == name || p[-1] == '.' : !is_word_character(*p) && *p != '-'))
                        return false;
        }
        return length > 0;
}

/* ---- the tables ---- */

static const char *const methods4[] = { "none", "dhcp", "static", NULL };
static const char *const methods6[] = { "none", "auto", "dhcp", "static", "link-local", NULL };

static const DictField cidr4 = { "an address", DICT_STRING, .valid = ip4_host_prefix_is_valid,
                                 .expected = "a host address with prefix, like 192.0.2.5/24" };
static const DictField cidr6 = { "an address", DICT_STRING, .valid = ip6_host_prefix_is_valid,
                                 .expected = "a host address with prefix, like 2001:db8::5/64" };
static const DictField server = { "a name server", DICT_STRING, .valid = ip_address_is_valid, .expected = "an IP address" };
static const DictField nic_name = { "a NIC", DICT_STRING, .valid = device_name_is_valid, .expected = "a device name" };

static const DictField search_domain = { "a search domain", DICT_STRING, .valid = domain_is_valid, .expected = "a domain" };
static const char *const role_words[] = { "display", "migration", "gluster", NULL };
static const DictField role = { "a role", DICT_STRING, .words = role_words };
static const DictField route4_fields[] = {
        { "to", DICT_STRING, DICT_REQUIRED, .valid = ip4_network_is_valid, .expected = "a network like 192.0.2.0/24" },
        { "via", DICT_STRING, DICT_REQUIRED, .valid = ip4_address_is_valid, .expected = "an IPv4 address" },
        { "metric", DICT_INTEGER, .min = 1, .max = UINT32_MAX },
        { NULL },
};
static const DictField route6_fields[] = {
        { "to", DICT_STRING, DICT_REQUIRED, .valid = ip6_network_is_valid, .expected = "a network like 2001:db8::/64" },
        { "via", DICT_STRING, DICT_REQUIRED, .valid = ip6_address_is_valid, .expected = "an IPv6 address" },
        { "metric", DICT_INTEGER, .min = 1, .max = UINT32_MAX },
        { NULL },
};
static const DictField route4 = { "a route", DICT_OBJECT, .fields = route4_fields };
static const DictField route6 = { "a route", DICT_OBJECT, .fields = route6_fields };

static const DictField ipv4_fields[] = {
        { "method", DICT_STRING, .words = methods4 },
        { "addresses", DICT_ARRAY, .min = 0, .max = ADDRESSES_MAX, .element = &cidr4 },
        { "routes", DICT_ARRAY, .min = 0, .max = ROUTES_MAX, .element = &route4 },
        { "search", DICT_ARRAY, .min = 0, .max = SEARCH_MAX, .element = &search_domain },
        { "gateway", DICT_STRING, .valid = ip4_address_is_valid, .expected = "an IPv4 address" },
        { "nameservers", DICT_ARRAY, .min = 0, .max = 8, .element = &server },
        { NULL },
};
static const DictField ipv6_fields[] = {
        { "method", DICT_STRING, .words = methods6 },
        { "addresses", DICT_ARRAY, .min = 0, .max = ADDRESSES_MAX, .element = &cidr6 },
        { "routes", DICT_ARRAY, .min = 0, .max = ROUTES_MAX, .element = &route6 },
        { "search", DICT_ARRAY, .min = 0, .max = SEARCH_MAX, .element = &search_domain },
        { "gateway", DICT_STRING, .valid = ip6_address_is_valid, .expected = "an IPv6 address" },
        { "nameservers", DICT_ARRAY, .min = 0, .max = 8, .element = &server },
        { NULL },
};
static const DictField network_fields[] = {
        { "nic", DICT_STRING, .valid = device_name_is_valid, .expected = "a device name" },
        { "bonding", DICT_STRING, .valid = bond_name_is_valid, .expected = "a bond's name (bond and letters or digits)" },
        { "vlan", DICT_INTEGER, .min = VLAN_MIN, .max = VLAN_MAX },
        { "bridged", DICT_BOOLEAN },
        { "stp", DICT_BOOLEAN },
        { "mtu", DICT_INTEGER, .min = MTU_MIN, .max = MTU_MAX },
        { "management", DICT_BOOLEAN },
        { "default_route", DICT_BOOLEAN },
        { "label", DICT_STRING, .valid = nic_label_is_valid, .expected = "letters, digits, '_' or '-'" },
        { "roles", DICT_ARRAY, .min = 0, .max = 3, .element = &role },
        { "bridge_options", DICT_STRING_MAP },
        { "ethtool_options", DICT_STRING_MAP },
        { "custom", DICT_STRING_MAP },
        { "ipv4", DICT_OBJECT, .fields = ipv4_fields },
        { "ipv6", DICT_OBJECT, .fields = ipv6_fields },
        { NULL },
};
static const DictField bond_fields[] = {
        { "nics", DICT_ARRAY, DICT_REQUIRED, .min = 1, .max = BOND_NICS_MAX, .element = &nic_name },
        { "options", DICT_STRING_MAP },
        { NULL },
};
static const DictField remove_fields[] = {
        { "remove", DICT_BOOLEAN },
        { NULL },
};

#define INVALID(error, ...) sd_bus_error_setf(error, RHV_ERROR_INVALID_ARGUMENT, __VA_ARGS__)

/* Return: 1 if it asks for removal (and for nothing else), 0 if not, or negative. */
static int read_remove(const char *what, const json_t *request, sd_bus_error *error) {
        int r;

        if (!json_is_true(json_object_get(request, "remove")))
                return 0;
        r = dict_check(request, remove_fields, what, NULL);
        if (r < 0)
                return INVALID(error, "%s: nothing may stand beside remove", what);
        return 1;
}

/* ---- addresses ---- */

/* The gateway must be in one of the static networks: nothing else would make it reachable. */
static int check_gateway(const char *what, const json_t *ip, int family, sd_bus_error *error) {
        const char *text = dict_string(ip, "gateway", NULL);
        IpPrefix gateway, address;
        json_t *element;
        size_t i;

        if (!text)
                return 0;
        if (!streq(dict_string(ip, "method", ""), "static"))
                return INVALID(error, "%s: a gateway needs static addresses", what);
        if (ip_prefix_parse(text, family, true, &gateway) < 0)
                return INVALID(error, "%s: '%s' is no gateway", what, text);
        if (family == AF_INET6 && ip_is_link_local(text))
                return 0;

        json_array_foreach(json_object_get(ip, "addresses"), i, element)
                if (ip_prefix_parse(json_string_value(element), family, false, &address) >= 0 &&
                    ip_prefix_covers(&address, &gateway)) {
                        if (memcmp(address.bytes, gateway.bytes, sizeof address.bytes) == 0)
                                return INVALID(error, "%s: the gateway %s is the host's own address", what, text);
                        return 0;
                }

        return INVALID(error, "%s: the gateway %s is in none of the networks of its addresses", what, text);
}

static int copy_canonical(const json_t *from, const char *key, int family, bool bare, json_t *to) {
        const json_t *array = json_object_get(from, key);
        json_t *copy, *element;
        size_t i;

        if (json_array_size(array) == 0)
                return 0;
        copy = json_array();
        if (!copy || json_object_set_new(to, key, copy) < 0)
                return -ENOMEM;

        json_array_foreach((json_t *)array, i, element) {
                const char *text = json_string_value(element);
                char canonical[IP_TEXT_MAX];
                IpPrefix prefix;
                int k = family ?: strchr(text, ':') ? AF_INET6 : AF_INET;

                if (ip_prefix_parse(text, k, bare, &prefix) < 0)
                        return -EINVAL;
                ip_prefix_format(&prefix, bare, canonical);
                if (json_array_append_new(copy, json_string(canonical)) < 0)
                        return -ENOMEM;
        }
        return 0;
}

/* Each by a machine that one of the static networks reaches. */
static int check_route(const char *what, const json_t *ip, const json_t *route, int family, sd_bus_error *error) {
        const char *to = dict_string(route, "to", ""), *via = dict_string(route, "via", ""), *method = dict_string(ip, "method", "");
        IpPrefix gateway, address;
        json_t *element;
        size_t i;

        if (streq(method, "none") || streq(method, "link-local"))
                return INVALID(error, "%s: the route to %s needs an address", what, to);
        if (!streq(method, "static") || (family == AF_INET6 && ip_is_link_local(via)))
                return 0;
        if (ip_prefix_parse(via, family, true, &gateway) < 0)
                return INVALID(error, "%s: '%s' is no address", what, via);
        json_array_foreach(json_object_get(ip, "addresses"), i, element)
                if (ip_prefix_parse(json_string_value(element), family, false, &address) >= 0 && ip_prefix_covers(&address, &gateway))
                        return 0;
        return INVALID(error, "%s: %s, by which the route to %s goes, is in none of the networks of its addresses", what, via, to);
}

static int read_routes(const char *what, const json_t *given, int family, json_t *ip, sd_bus_error *error) {
        const json_t *routes = json_object_get(given, "routes");
        json_t *list, *route;
        size_t i;

        if (json_array_size(routes) == 0)
                return 0;
        list = json_array();
        if (!list || json_object_set_new(ip, "routes", list) < 0)
                return -ENOMEM;
        json_array_foreach((json_t *)routes, i, route) {
                char to[IP_TEXT_MAX], via[IP_TEXT_MAX];
                IpPrefix prefix;
                int r;

                r = check_route(what, ip, route, family, error);
                if (r < 0)
                        return r;
                if (ip_prefix_parse(dict_string(route, "to", ""), family, false, &prefix) < 0)
                        return -EINVAL;
                ip_prefix_format(&prefix, false, to);
                if (ip_prefix_parse(dict_string(route, "via", ""), family, true, &prefix) < 0)
                        return -EINVAL;
                ip_prefix_format(&prefix, true, via);
                if (json_array_append_new(list, json_pack("{s:s, s:s, s:O*}", "to", to, "via", via, "metric", json_object_get(route, "metric"))) < 0)
                        return -ENOMEM;
        }
        return 0;
}

static int read_ip(const char *name, const json_t *request, const char *key, int family, json_t *wish,
                   sd_bus_error *error) {
        const json_t *given = json_object_get(request, key);
        const char *method = dict_string(given, "method", json_array_size(json_object_get(given, "addresses")) ? "static" : "none");
        bool is_static = streq(method, "static");
        char what[64];
        json_t *ip;
        int r;

        (void) snprintf(what, sizeof what, "network %s, %s", name, key);

        if (is_static != (json_array_size(json_object_get(given, "addresses")) > 0))
                return is_static ? INVALID(error, "%s: method static needs addresses", what)
                                 : INVALID(error, "%s: addresses and method %s exclude one another", what, method);

        ip = json_pack("{s:s}", "method", method);
        if (!ip || json_object_set_new(wish, key, ip) < 0)
                return -ENOMEM;
        r = copy_canonical(given, "addresses", family, false, ip);
        if (r >= 0)
                r = copy_canonical(given, "nameservers", 0, true, ip);
        if (r < 0)
                return r;

        if (json_object_get(given, "gateway")) {
                char canonical[IP_TEXT_MAX];
                IpPrefix gateway;

                if (ip_prefix_parse(dict_string(given, "gateway", ""), family, true, &gateway) < 0)
                        return INVALID(error, "%s: no gateway", what);
                ip_prefix_format(&gateway, true, canonical);
                if (json_object_set_new(ip, "gateway", json_string(canonical)) < 0)
                        return -ENOMEM;
        }

        if (json_array_size(json_object_get(given, "search")) > 0 && json_object_set(ip, "search", json_object_get(given, "search")) < 0)
                return -ENOMEM;
        r = check_gateway(what, ip, family, error);
        return r < 0 ? r : read_routes(what, given, family, ip, error);
}

static int check_addresses(const char *name, const json_t *wish, sd_bus_error *error) {
        const json_t *ipv4 = json_object_get(wish, "ipv4"), *ipv6 = json_object_get(wish, "ipv6");
        bool gateway = json_object_get(ipv4, "gateway") || json_object_get(ipv6, "gateway");
        bool servers = json_object_get(ipv4, "nameservers") || json_object_get(ipv6, "nameservers") || json_object_get(ipv4, "search") ||
                       json_object_get(ipv6, "search");

        if ((gateway || servers) && !dict_boolean(wish, "default_route", false))
                return INVALID(error, "network %s: %s belong to the network with default_route", name,
                               gateway ? "gateways" : "name servers");
        if (!streq(dict_string(ipv6, "method", "none"), "none") && dict_integer(wish, "mtu", MTU_DEFAULT) < MTU_MIN_IPV6)
                return INVALID(error, "network %s: IPv6 needs an MTU of at least %d", name, MTU_MIN_IPV6);

        if (json_array_size(json_object_get(wish, "roles")) > 0 && !dict_boolean(wish, "inherit", false) &&
            streq(dict_string(ipv4, "method", "none"), "none") && streq(dict_string(ipv6, "method", "none"), "none"))
                return INVALID(error, "network %s: a network with a role needs an address", name);

        return 0;
}

/* ---- options ---- */

static int set_unless_empty(json_t *wish, const char *key, json_t *value) {
        if (json_object_size(value) + json_array_size(value) == 0)
                return 0;
        return json_object_set(wish, key, value) < 0 ? -ENOMEM : 0;
}

static int read_options(const char *name, const json_t *request, json_t *wish, sd_bus_error *error) {
        const json_t *bridge = json_object_get(request, "bridge_options"), *ethtool = json_object_get(request, "ethtool_options");
        _cleanup_json_ json_t *bridge_read = NULL, *ethtool_read = NULL;
        int r;

        if (json_object_size(bridge) > 0 && !dict_boolean(wish, "bridged", true))
                return INVALID(error, "network %s: bridge options are for bridged networks", name);
        if (json_object_size(ethtool) > 0 && !network_wish_base(wish) && !dict_boolean(wish, "management", false))
                return INVALID(error, "network %s: ethtool options need nic or bonding", name);
        if (json_object_size(json_object_get(request, "custom")) > CUSTOM_MAX)
                return INVALID(error, "network %s: more than %u custom properties", name, CUSTOM_MAX);
        r = bridge_options_read(name, bridge, dict_boolean(wish, "stp", false), &bridge_read, error);
        if (r >= 0)
                r = ethtool_options_read(name, ethtool, &ethtool_read, error);
        if (r >= 0)
                r = set_unless_empty(wish, "bridge_options", bridge_read);
        if (r >= 0)
                r = set_unless_empty(wish, "ethtool_options", ethtool_read);
        if (r >= 0)
                r = set_unless_empty(wish, "custom", json_object_get(request, "custom"));
        return r < 0 ? r : set_unless_empty(wish, "roles", json_object_get(request, "roles"));
}

/* ---- networks and bonds ---- */

static int check_layers(const char *name, const json_t *wish, sd_bus_error *error) {
        const char *base = network_wish_base(wish);
        int vlan = network_wish_vlan(wish);

        if (json_object_get(wish, "nic") && json_object_get(wish, "bonding"))
                return INVALID(error, "network %s: nic and bonding exclude one another", name);
        if (base && streq(base, "lo"))
                return INVALID(error, "network %s: the loopback device carries no network", name);
        /* the management network may leave the base out: it then takes the NIC that holds the address */
        if (base || dict_boolean(wish, "management", false)) {
                if (base && vlan != VLAN_NONE && (size_t)snprintf(NULL, 0, "%s.%d", base, vlan) > NETWORK_NAME_MAX)
                        return INVALID(error, "network %s: the device name %s.%d would be longer than %u characters", name,
                                       base, vlan, NETWORK_NAME_MAX);
                if (base && streq(base, name) && dict_boolean(wish, "bridged", true))
                        return INVALID(error, "network %s: its bridge cannot have the name of its own NIC", name);
                return 0;
        }
        if (vlan != VLAN_NONE)
                return INVALID(error, "network %s: a VLAN needs nic or bonding", name);
        if (!dict_boolean(wish, "bridged", true))
                return INVALID(error, "network %s: without nic and bonding it must be bridged", name);

        return 0;
}

int network_wish_read(const char *name, const json_t *request, json_t **ret, sd_bus_error *error) {
        _cleanup_json_ json_t *wish = NULL, *rest = json_copy((json_t *)request);
        static const char *const as_given[] = { "nic", "bonding", "vlan", "mtu", "label" };
        bool management, inherit;
        char what[40];
        int r;

        if (!network_name_is_valid(name))
                return INVALID(error, "'%.40s' is no name for a network: 1 to %u letters, digits, '_' or '-', not beginning with '-'",
                               name, NETWORK_NAME_MAX);
        (void) snprintf(what, sizeof what, "network %s", name);

        r = read_remove(what, request, error);
        if (r != 0)
                return r < 0 ? r : 0;
        if (!rest)
                return -ENOMEM;
        if (json_is_false(json_object_get(rest, "remove")))
                (void) json_object_del(rest, "remove");
        r = dict_check(rest, network_fields, what, error);
        if (r < 0)
                return r;

        management = dict_boolean(rest, "management", false);
        inherit = management && !json_object_get(rest, "ipv4") && !json_object_get(rest, "ipv6");
        wish = json_pack("{s:s, s:b, s:b, s:b, s:b}", "name", name, "bridged", dict_boolean(rest, "bridged", true), "stp",
                         dict_boolean(rest, "stp", false), "management", management, "default_route",
                         dict_boolean(rest, "default_route", management));
        if (!wish)
                return -ENOMEM;
        for (size_t i = 0; i < ELEMENTSOF(as_given); i++) {
                json_t *value = json_object_get(rest, as_given[i]);

                if (value && json_object_set(wish, as_given[i], value) < 0)
                        return -ENOMEM;
        }
        if (inherit && json_object_set_new(wish, "inherit", json_true()) < 0)
                return -ENOMEM;

        r = check_layers(name, wish, error);
        if (r >= 0)
                r = read_options(name, rest, wish, error);
        if (r >= 0)
                r = read_ip(name, rest, "ipv4", AF_INET, wish, error);
        if (r >= 0)
                r = read_ip(name, rest, "ipv6", AF_INET6, wish, error);
        if (r >= 0)
                r = check_addresses(name, wish, error);
        if (r < 0)
                return r;

        *ret = TAKE_PTR(wish);
        return 1;
}

int bond_wish_read(const char *name, const json_t *request, json_t **ret, sd_bus_error *error) {
        _cleanup_json_ json_t *wish = NULL, *rest = json_copy((json_t *)request), *options = NULL;
        const json_t *nics;
        char what[40];
        int r;

        if (!bond_name_is_valid(name))
                return INVALID(error, "'%.40s' is no name for a bond: 'bond' and letters, digits or '_', at most %u in all", name,
                               NETWORK_NAME_MAX);
        (void) snprintf(what, sizeof what, "bond %s", name);

        r = read_remove(what, request, error);
        if (r != 0)
                return r < 0 ? r : 0;
        if (!rest)
                return -ENOMEM;
        if (json_is_false(json_object_get(rest, "remove")))
                (void) json_object_del(rest, "remove");
        r = dict_check(rest, bond_fields, what, error);
        if (r < 0)
                return r;

        nics = json_object_get(rest, "nics");
        for (size_t i = 0; i < json_array_size(nics); i++)
                for (size_t j = 0; j < i; j++)
                        if (json_equal(json_array_get(nics, i), json_array_get(nics, j)))
                                return INVALID(error, "bond %s: NIC %s is named twice", name,
                                               json_string_value(json_array_get(nics, i)));

        r = bond_options_read(name, json_object_get(rest, "options"), &options, error);
        if (r < 0)
                return r;
        wish = json_pack("{s:s, s:O, s:O}", "name", name, "nics", nics, "options", options);
        if (!wish)
                return -ENOMEM;

        *ret = TAKE_PTR(wish);
        return 1;
}

/* ---- questions ---- */

const char *network_wish_base(const json_t *wish) {
        return dict_string(wish, "nic", dict_string(wish, "bonding", NULL));
}

int network_wish_vlan(const json_t *wish) {
        return (int)dict_integer(wish, "vlan", VLAN_NONE);
}

const char *network_wish_uplink(const json_t *wish, char buffer[static NETWORK_NAME_MAX + 1]) {
        const char *base = network_wish_base(wish);
        int vlan = network_wish_vlan(wish);

        if (!base || vlan == VLAN_NONE || network_wish_is_aware(wish))
                return base;
        (void) snprintf(buffer, NETWORK_NAME_MAX + 1, "%s.%d", base, vlan);
        return buffer;
}

bool network_wish_is_aware(const json_t *wish) {
        return streq(dict_string(wish, "layout", LAYOUT_CLASSIC), LAYOUT_AWARE) && network_wish_base(wish);
}

bool network_wish_is_addressed(const json_t *wish) {
        return dict_boolean(wish, "inherit", false) || !streq(dict_string(json_object_get(wish, "ipv4"), "method", "none"), "none") ||
               !streq(dict_string(json_object_get(wish, "ipv6"), "method", "none"), "none");
}

int network_wish_bridge_vlan(const json_t *wish) {
        int vlan = network_wish_vlan(wish);

        return vlan == VLAN_NONE ? VLAN_NATIVE : vlan;
}

const char *network_wish_bridge(const json_t *wish, char buffer[static NETWORK_NAME_MAX + 1]) {
        if (!network_wish_is_aware(wish))
                return dict_boolean(wish, "bridged", true) ? dict_string(wish, "name", NULL) : NULL;
        (void) snprintf(buffer, NETWORK_NAME_MAX + 1, AWARE_BRIDGE_PREFIX "%s", network_wish_base(wish));
        return buffer;
}

const char *network_wish_top(const json_t *wish, char buffer[static NETWORK_NAME_MAX + 1]) {
        if (network_wish_is_aware(wish)) {
                bool above = network_wish_vlan(wish) != VLAN_NONE && (network_wish_is_addressed(wish) || !dict_boolean(wish, "bridged", true));

                if (!above)
                        return network_wish_bridge(wish, buffer);
                /* not the name of the network's bridge in the other layout: a device cannot become one of another kind */
                (void) snprintf(buffer, NETWORK_NAME_MAX + 1, "%d.%.10s", network_wish_vlan(wish), dict_string(wish, "name", ""));
                return buffer;
        }
        return dict_boolean(wish, "bridged", true) ? dict_string(wish, "name", NULL) : network_wish_uplink(wish, buffer);
}
