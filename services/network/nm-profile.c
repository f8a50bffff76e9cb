/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "nm-profile.h"

#include "device-options.h"
#include "dict.h"
#include "vlan-set.h"

/* Notes in the profile's user data. Their presence is what makes a profile ours. */
#define USER_OWNER "org.rhv.owner"
#define USER_NETWORK "org.rhv.network"
/* Of many networks, in pieces of what a value may hold: org.rhv.networks.0 and so on. */
#define USER_NETWORKS "org.rhv.networks."
#define NOTE_BYTES_MAX 8000U
#define USER_BOND "org.rhv.bond"
#define USER_NIC "org.rhv.nic"
#define OWNER "rhv-networkd"

/* NetworkManager's words and ours for the same IP method. */
typedef struct MethodWord {
        const char *nm, *word;
} MethodWord;

static const MethodWord methods4[] = {
        { NM_SETTING_IP4_CONFIG_METHOD_DISABLED, "none" },
        { NM_SETTING_IP4_CONFIG_METHOD_AUTO, "dhcp" },
        { NM_SETTING_IP4_CONFIG_METHOD_MANUAL, "static" },
};
static const MethodWord methods6[] = {
        { NM_SETTING_IP6_CONFIG_METHOD_DISABLED, "none" },
        { NM_SETTING_IP6_CONFIG_METHOD_AUTO, "auto" },
        { NM_SETTING_IP6_CONFIG_METHOD_DHCP, "dhcp" },
        { NM_SETTING_IP6_CONFIG_METHOD_MANUAL, "static" },
        { NM_SETTING_IP6_CONFIG_METHOD_LINK_LOCAL, "link-local" },
};

static const char *method_to_nm(const MethodWord *words, size_t n, const char *word) {
        for (size_t i = 0; i < n; i++)
                if (streq(words[i].word, word))
                        return words[i].nm;
        return word;
}

static const char *method_from_nm(const MethodWord *words, size_t n, const char *nm) {
        for (size_t i = 0; i < n; i++)
                if (streq(words[i].nm, nm))
                        return words[i].word;
        return nm;
}

/* ---- building ---- */

static const char *nm_type(const char *kind) {
        return streq(kind, "bridge") ? NM_SETTING_BRIDGE_SETTING_NAME
               : streq(kind, "bond") ? NM_SETTING_BOND_SETTING_NAME
               : streq(kind, "vlan") ? NM_SETTING_VLAN_SETTING_NAME
                                     : NM_SETTING_WIRED_SETTING_NAME;
}

static void add_connection(NMConnection *connection, const char *uuid, const json_t *spec) {
        const char *iface = dict_string(spec, "iface", ""), *kind = dict_string(spec, "kind", ""),
                   *master = dict_string(spec, "master", NULL);
        bool controller = streq(kind, "bridge") || streq(kind, "bond");
        NMSetting *s = nm_setting_connection_new();
        char id[64];

        g_snprintf(id, sizeof id, "rhv-%s", iface);
        g_object_set(s, NM_SETTING_CONNECTION_ID, id, NM_SETTING_CONNECTION_UUID, uuid, NM_SETTING_CONNECTION_TYPE,
                     nm_type(kind), NM_SETTING_CONNECTION_INTERFACE_NAME, iface, NM_SETTING_CONNECTION_AUTOCONNECT, (gboolean)!dict_boolean(spec, "parked", false),
                     NM_SETTING_CONNECTION_AUTOCONNECT_PRIORITY, NM_PROFILE_PRIORITY, NULL);
        if (streq(kind, "nic")) /* to be told the switch and its port */
                g_object_set(s, NM_SETTING_CONNECTION_LLDP, NM_SETTING_CONNECTION_LLDP_ENABLE_RX, NULL);
        if (controller) /* who takes the bridge up by hand gets its ports with it */
                g_object_set(s, NM_SETTING_CONNECTION_AUTOCONNECT_SLAVES, NM_SETTING_CONNECTION_AUTOCONNECT_SLAVES_YES, NULL);
        if (master)
                g_object_set(s, NM_SETTING_CONNECTION_MASTER, master, NM_SETTING_CONNECTION_SLAVE_TYPE,
                             dict_string(spec, "port", NM_SETTING_BRIDGE_SETTING_NAME), NULL);
        nm_connection_add_setting(connection, s);
}

static void add_wired(NMConnection *connection, const json_t *spec) {
        NMSetting *s = nm_setting_wired_new();

        g_object_set(s, NM_SETTING_WIRED_MTU, (guint)dict_integer(spec, "mtu", 0), NULL);
        if (json_object_get(spec, "mac"))
                g_object_set(s, NM_SETTING_WIRED_CLONED_MAC_ADDRESS, dict_string(spec, "mac", NULL), NULL);
        nm_connection_add_setting(connection, s);
}

static const char *const router_words[] = { "disabled", "auto", "enabled" };

static void set_bridge_option(NMSetting *s, const BridgeOption *option, guint64 value) {
        switch (option->type) {
        case BRIDGE_OPTION_SECONDS:
                g_object_set(s, option->property, (guint)(value / 100), NULL);
                break;
        case BRIDGE_OPTION_NUMBER:
                g_object_set(s, option->property, (guint)value, NULL);
                break;
        case BRIDGE_OPTION_LONG:
                g_object_set(s, option->property, value, NULL);
                break;
        case BRIDGE_OPTION_FLAG:
                g_object_set(s, option->property, (gboolean)value, NULL);
                break;
        case BRIDGE_OPTION_ROUTER:
                g_object_set(s, option->property, router_words[value], NULL);
        }
}

static guint64 get_bridge_option(NMSetting *s, const BridgeOption *option) {
        g_autofree char *word = NULL;
        guint64 wide = 0;
        guint value = 0;

        if (option->type == BRIDGE_OPTION_LONG) {
                g_object_get(s, option->property, &wide, NULL);
                return wide;
        }
        if (option->type == BRIDGE_OPTION_ROUTER) {
                g_object_get(s, option->property, &word, NULL);
                for (guint i = 0; i < ELEMENTSOF(router_words); i++)
                        if (streq_ptr(word, router_words[i]))
                                return i;
                return option->fallback;
        }
        g_object_get(s, option->property, &value, NULL); /* a gboolean has the size of a guint */
        return option->type == BRIDGE_OPTION_SECONDS ? (guint64)value * 100 : value;
}

static void add_bridge_vlan(NMSetting *s, NMBridgeVlan *vlan) {
        nm_setting_bridge_add_vlan(NM_SETTING_BRIDGE(s), vlan);
}

static void add_port_vlan(NMSetting *s, NMBridgeVlan *vlan) {
        nm_setting_bridge_port_add_vlan(NM_SETTING_BRIDGE_PORT(s), vlan);
}

static void add_vlans(const json_t *spec, NMSetting *s, void (*add)(NMSetting *, NMBridgeVlan *)) {
        g_auto(GStrv) words = g_strsplit(dict_string(spec, "vlans", ""), ", ", -1);

        for (char **word = words; *word; word++) {
                NMBridgeVlan *vlan = **word ? nm_bridge_vlan_from_str(*word, NULL) : NULL;

                if (!vlan)
                        continue;
                add(s, vlan);
                nm_bridge_vlan_unref(vlan);
        }
}

static void add_port(NMConnection *connection, const json_t *spec) {
        NMSetting *s = nm_setting_bridge_port_new();

        add_vlans(spec, s, add_port_vlan);
        nm_connection_add_setting(connection, s);
}

static void add_bridge(NMConnection *connection, const json_t *spec) {
        const json_t *options = json_object_get(spec, "bridge_options");
        NMSetting *s = nm_setting_bridge_new();

        for (const BridgeOption *option = bridge_options; option->name; option++) {
                const char *value = dict_string(options, option->name, NULL);

                if (value)
                        set_bridge_option(s, option, g_ascii_strtoull(value, NULL, 10));
        }

        if (dict_boolean(spec, "vlan_aware", false)) { /* a port that comes is in no VLAN until it is put into one */
                g_object_set(s, NM_SETTING_BRIDGE_VLAN_FILTERING, TRUE, NM_SETTING_BRIDGE_VLAN_DEFAULT_PVID, 0U, NULL);
                add_vlans(spec, s, add_bridge_vlan);
        }

        /* NetworkManager's default is STP with 15 s of forward delay: no traffic for half a minute */
        g_object_set(s, NM_SETTING_BRIDGE_STP, (gboolean)dict_boolean(spec, "stp", false), NULL);
        nm_connection_add_setting(connection, s);
}

/* A name libnm does not know is refused by the verification of the whole. */
static void add_ethtool(NMConnection *connection, const json_t *options) {
        NMSetting *s;
        const char *name;
        json_t *value;

        if (json_object_size(options) == 0)
                return;
        s = nm_setting_ethtool_new();
        json_object_foreach((json_t *)options, name, value) {
                const char *text = json_string_value(value);

                if (streq(text, "on") || streq(text, "off"))
                        nm_setting_option_set_boolean(s, name, streq(text, "on"));
                else
                        nm_setting_option_set_uint32(s, name, (guint32)g_ascii_strtoull(text, NULL, 10));
        }
        nm_connection_add_setting(connection, s);
}

static void add_bond(NMConnection *connection, const json_t *spec) {
        NMSettingBond *s = NM_SETTING_BOND(nm_setting_bond_new());
        const char *key;
        json_t *value;

        json_object_foreach(json_object_get(spec, "options"), key, value)
                nm_setting_bond_add_option(s, key, json_string_value(value));
        nm_connection_add_setting(connection, NM_SETTING(s));
}

/* Their drivers are bound as the kernel does by default. */
static void add_sriov(NMConnection *connection, const json_t *spec) {
        NMSetting *s = nm_setting_sriov_new();

        g_object_set(s, NM_SETTING_SRIOV_TOTAL_VFS, (guint)dict_integer(spec, "vfs", 0), NULL);
        nm_connection_add_setting(connection, s);
}

static void add_vlan(NMConnection *connection, const json_t *spec) {
        NMSetting *s = nm_setting_vlan_new();

        g_object_set(s, NM_SETTING_VLAN_PARENT, dict_string(spec, "parent", NULL), NM_SETTING_VLAN_ID,
                     (guint)dict_integer(spec, "vlan", 0), NM_SETTING_VLAN_FLAGS, NM_VLAN_FLAG_REORDER_HEADERS, NULL);
        nm_connection_add_setting(connection, s);
}

static void add_route(NMSettingIPConfig *s, const json_t *entry, int family) {
        g_auto(GStrv) parts = g_strsplit(dict_string(entry, "to", ""), "/", 2);
        NMIPRoute *route = nm_ip_route_new(family, parts[0] ?: "", (guint)g_ascii_strtoull(parts[0] && parts[1] ? parts[1] : "", NULL, 10),
                                           dict_string(entry, "via", NULL), dict_integer(entry, "metric", -1), NULL);

        if (!route)
                return;
        nm_setting_ip_config_add_route(s, route);
        nm_ip_route_unref(route);
}

static void add_addresses(NMSettingIPConfig *s, const json_t *ip, int family) {
        json_t *element;
        size_t i;

        json_array_foreach(json_object_get(ip, "addresses"), i, element) {
                g_auto(GStrv) parts = g_strsplit(json_string_value(element), "/", 2);
                NMIPAddress *address = nm_ip_address_new(family, parts[0], (guint)g_ascii_strtoull(parts[1] ?: "", NULL, 10), NULL);

                if (!address)
                        continue;
                nm_setting_ip_config_add_address(s, address);
                nm_ip_address_unref(address);
        }
        json_array_foreach(json_object_get(ip, "nameservers"), i, element)
                nm_setting_ip_config_add_dns(s, json_string_value(element));
        json_array_foreach(json_object_get(ip, "search"), i, element)
                nm_setting_ip_config_add_dns_search(s, json_string_value(element));
        json_array_foreach(json_object_get(ip, "routes"), i, element)
                add_route(s, element, family);
        if (json_object_get(ip, "gateway"))
                g_object_set(s, NM_SETTING_IP_CONFIG_GATEWAY, dict_string(ip, "gateway", NULL), NULL);
}

static NMSetting *new_ip4(const json_t *ip) {
        const char *word = dict_string(ip, "method", "none");
        NMSetting *s = nm_setting_ip4_config_new();

        g_object_set(s, NM_SETTING_IP_CONFIG_METHOD, method_to_nm(methods4, ELEMENTSOF(methods4), word), NULL);
        if (streq(word, "dhcp")) /* wait for as long as it takes, and be the same client for the server on every host */
                g_object_set(s, NM_SETTING_IP_CONFIG_DHCP_TIMEOUT, G_MAXINT32, NM_SETTING_IP4_CONFIG_DHCP_CLIENT_ID, "mac", NULL);
        add_addresses(NM_SETTING_IP_CONFIG(s), ip, AF_INET);
        return s;
}

static NMSetting *new_ip6(const json_t *ip) {
        const char *word = dict_string(ip, "method", "none");
        NMSetting *s = nm_setting_ip6_config_new();

        g_object_set(s, NM_SETTING_IP_CONFIG_METHOD, method_to_nm(methods6, ELEMENTSOF(methods6), word),
                     NM_SETTING_IP6_CONFIG_ADDR_GEN_MODE, NM_SETTING_IP6_CONFIG_ADDR_GEN_MODE_EUI64, NULL);
        add_addresses(NM_SETTING_IP_CONFIG(s), ip, AF_INET6);
        return s;
}

static void add_ip(NMConnection *connection, const json_t *spec, NMConnection *inherit) {
        NMSetting *inherited4 = inherit ? NM_SETTING(nm_connection_get_setting_ip4_config(inherit)) : NULL,
                  *inherited6 = inherit ? NM_SETTING(nm_connection_get_setting_ip6_config(inherit)) : NULL;
        NMSetting *ip4 = inherited4 ? nm_setting_duplicate(inherited4) : new_ip4(json_object_get(spec, "ipv4")),
                  *ip6 = inherited6 ? nm_setting_duplicate(inherited6) : new_ip6(json_object_get(spec, "ipv6"));
        gboolean never = !dict_boolean(spec, "default_route", false);

        g_object_set(ip4, NM_SETTING_IP_CONFIG_NEVER_DEFAULT, never, NULL);
        g_object_set(ip6, NM_SETTING_IP_CONFIG_NEVER_DEFAULT, never, NULL);
        if (never && !inherit) { /* only the network of the default route tells the host its name servers */
                g_object_set(ip4, NM_SETTING_IP_CONFIG_IGNORE_AUTO_DNS, TRUE, NULL);
                g_object_set(ip6, NM_SETTING_IP_CONFIG_IGNORE_AUTO_DNS, TRUE, NULL);
        }
        nm_connection_add_setting(connection, ip4);
        nm_connection_add_setting(connection, ip6);
}

static gboolean set_note(NMSettingUser *s, const char *key, const json_t *note, GError **error) {
        _cleanup_free_ char *text = note ? json_dumps(note, JSON_COMPACT | JSON_SORT_KEYS) : NULL;

        return !text || nm_setting_user_set_data(s, key, text, error);
}

static gboolean set_long_note(NMSettingUser *s, const char *prefix, const json_t *note, GError **error) {
        _cleanup_free_ char *text = note ? json_dumps(note, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENSURE_ASCII) : NULL;
        size_t length = text ? strlen(text) : 0;

        for (size_t n = 0; n * NOTE_BYTES_MAX < length; n++) {
                g_autofree char *key = g_strdup_printf("%s%zu", prefix, n), *piece = g_strndup(text + n * NOTE_BYTES_MAX, NOTE_BYTES_MAX);

                if (!nm_setting_user_set_data(s, key, piece, error))
                        return FALSE;
        }
        return TRUE;
}

static gboolean add_user(NMConnection *connection, const json_t *spec, GError **error) {
        NMSettingUser *s = NM_SETTING_USER(nm_setting_user_new());

        nm_connection_add_setting(connection, NM_SETTING(s));
        return nm_setting_user_set_data(s, USER_OWNER, OWNER, error) &&
               set_note(s, USER_NETWORK, json_object_get(spec, "network"), error) && set_long_note(s, USER_NETWORKS, json_object_get(spec, "networks"), error) &&
               set_note(s, USER_BOND, json_object_get(spec, "bond"), error) && set_note(s, USER_NIC, json_object_get(spec, "nic"), error);
}

NMConnection *nm_profile_build(const char *uuid, const json_t *spec, NMConnection *inherit, GError **error) {
        g_autoptr(NMConnection) connection = nm_simple_connection_new();
        const char *kind = dict_string(spec, "kind", "");

        add_connection(connection, uuid, spec);
        add_wired(connection, spec);
        if (streq(kind, "bridge"))
                add_bridge(connection, spec);
        else if (streq(kind, "bond"))
                add_bond(connection, spec);
        else if (streq(kind, "vlan"))
                add_vlan(connection, spec);
        if (json_object_get(spec, "vfs"))
                add_sriov(connection, spec);
        add_ethtool(connection, json_object_get(spec, "ethtool_options"));
        if (json_object_get(spec, "master") && json_object_get(spec, "vlans"))
                add_port(connection, spec);
        if (!json_object_get(spec, "master"))
                add_ip(connection, spec, inherit);

        if (!add_user(connection, spec, error) || !nm_connection_normalize(connection, NULL, NULL, error))
                return NULL;
        return g_steal_pointer(&connection);
}

/* ---- reading ---- */

static void set_string(json_t *spec, const char *key, const char *value) {
        if (!isempty(value))
                (void) json_object_set_new(spec, key, json_string(value));
}

static void read_search(NMSettingIPConfig *s, json_t *ip) {
        guint n = nm_setting_ip_config_get_num_dns_searches(s);
        json_t *list = n > 0 ? json_array() : NULL;

        for (guint i = 0; list && i < n; i++)
                (void) json_array_append_new(list, json_string(nm_setting_ip_config_get_dns_search(s, (int)i)));
        if (list)
                (void) json_object_set_new(ip, "search", list);
}

static void read_routes(NMSettingIPConfig *s, json_t *ip) {
        guint n = nm_setting_ip_config_get_num_routes(s);
        json_t *list = n > 0 ? json_array() : NULL;

        for (guint i = 0; list && i < n; i++) {
                NMIPRoute *route = nm_setting_ip_config_get_route(s, (int)i);
                gint64 metric = nm_ip_route_get_metric(route);
                json_t *entry = json_pack("{s:o, s:s*}", "to", json_sprintf("%s/%u", nm_ip_route_get_dest(route), nm_ip_route_get_prefix(route)), "via",
                                          nm_ip_route_get_next_hop(route));

                if (entry && metric >= 0)
                        (void) json_object_set_new(entry, "metric", json_integer(metric));
                (void) json_array_append_new(list, entry);
        }
        if (list)
                (void) json_object_set_new(ip, "routes", list);
}

static json_t *read_ip(NMSettingIPConfig *s, const MethodWord *words, size_t n) {
        const char *method = s ? nm_setting_ip_config_get_method(s) : NULL;
        json_t *ip = json_pack("{s:s}", "method", method ? method_from_nm(words, n, method) : "none");
        guint addresses = s ? nm_setting_ip_config_get_num_addresses(s) : 0, servers = s ? nm_setting_ip_config_get_num_dns(s) : 0;
        json_t *list;

        if (addresses > 0 && (list = json_array())) {
                for (guint i = 0; i < addresses; i++) {
                        NMIPAddress *address = nm_setting_ip_config_get_address(s, (int)i);

                        (void) json_array_append_new(list, json_sprintf("%s/%u", nm_ip_address_get_address(address),
                                                                        nm_ip_address_get_prefix(address)));
                }
                (void) json_object_set_new(ip, "addresses", list);
        }
        if (servers > 0 && (list = json_array())) {
                for (guint i = 0; i < servers; i++)
                        (void) json_array_append_new(list, json_string(nm_setting_ip_config_get_dns(s, (int)i)));
                (void) json_object_set_new(ip, "nameservers", list);
        }
        if (s) {
                set_string(ip, "gateway", nm_setting_ip_config_get_gateway(s));
                read_search(s, ip);
                read_routes(s, ip);
        }
        return ip;
}

static void read_note(NMConnection *connection, const char *key, json_t *spec, const char *name) {
        NMSettingUser *s = NM_SETTING_USER(nm_connection_get_setting(connection, NM_TYPE_SETTING_USER));
        const char *text = s ? nm_setting_user_get_data(s, key) : NULL;
        json_t *note = text ? json_loads(text, JSON_REJECT_DUPLICATES, NULL) : NULL;

        if (json_is_object(note))
                (void) json_object_set_new(spec, name, note);
        else
                json_decref(note);
}

static void read_long_note(NMConnection *connection, const char *prefix, json_t *spec, const char *name) {
        NMSettingUser *s = NM_SETTING_USER(nm_connection_get_setting(connection, NM_TYPE_SETTING_USER));
        g_autoptr(GString) text = g_string_new(NULL);
        json_t *note;

        for (unsigned n = 0; s; n++) {
                g_autofree char *key = g_strdup_printf("%s%u", prefix, n);
                const char *piece = nm_setting_user_get_data(s, key);

                if (!piece)
                        break;
                g_string_append(text, piece);
        }
        note = text->len > 0 ? json_loads(text->str, JSON_REJECT_DUPLICATES, NULL) : NULL;
        if (json_is_object(note))
                (void) json_object_set_new(spec, name, note);
        else
                json_decref(note);
}

static void read_wired(NMConnection *connection, json_t *spec) {
        NMSettingWired *s = nm_connection_get_setting_wired(connection);
        const char *mac = s ? nm_setting_wired_get_cloned_mac_address(s) : NULL;

        (void) json_object_set_new(spec, "mtu", json_integer(s ? nm_setting_wired_get_mtu(s) : 0));
        if (mac) {
                g_autofree char *lower = g_ascii_strdown(mac, -1);

                set_string(spec, "mac", lower);
        }
}

static const char *read_kind(const char *type) {
        return streq(type, NM_SETTING_BRIDGE_SETTING_NAME) ? "bridge"
               : streq(type, NM_SETTING_BOND_SETTING_NAME) ? "bond"
               : streq(type, NM_SETTING_VLAN_SETTING_NAME) ? "vlan"
               : streq(type, NM_SETTING_WIRED_SETTING_NAME) ? "nic"
                                                            : "other";
}

/* Those that are not NetworkManager's default. */
static void read_bridge_options(NMSetting *s, json_t *spec) {
        json_t *options = json_object();

        for (const BridgeOption *option = bridge_options; options && option->name; option++) {
                guint64 value = get_bridge_option(s, option);

                if (value != option->fallback)
                        (void) json_object_set_new(options, option->name, json_sprintf("%" G_GUINT64_FORMAT, value));
        }
        if (json_object_size(options) > 0)
                (void) json_object_set(spec, "bridge_options", options);
        json_decref(options);
}

static void read_ethtool(NMSetting *s, json_t *spec) {
        const char *const *names = nm_setting_option_get_all_names(s, NULL);
        json_t *options = json_object();

        for (; options && names && *names; names++) {
                gboolean flag;
                guint32 number;

                if (nm_setting_option_get_boolean(s, *names, &flag))
                        (void) json_object_set_new(options, *names, json_string(flag ? "on" : "off"));
                else if (nm_setting_option_get_uint32(s, *names, &number))
                        (void) json_object_set_new(options, *names, json_sprintf("%u", number));
        }
        if (json_object_size(options) > 0)
                (void) json_object_set(spec, "ethtool_options", options);
        json_decref(options);
}

/* In the order of their numbers and one by one, as vlan_set_format() has it. */
static void read_vlans(NMSetting *s, const char *property, json_t *spec) {
        _cleanup_free_ char *text = NULL;
        GPtrArray *vlans = NULL;
        VlanSet set = {};

        g_object_get(s, property, &vlans, NULL);
        for (guint i = 0; vlans && i < vlans->len; i++) {
                guint16 from = 0, to = 0;

                nm_bridge_vlan_get_vid_range(vlans->pdata[i], &from, &to);
                for (unsigned vid = from; vid <= to && vid < VLAN_SET_SIZE; vid++)
                        set.flags[vid] = (uint8_t)(VLAN_PRESENT | (nm_bridge_vlan_is_pvid(vlans->pdata[i]) ? VLAN_PVID : 0) |
                                                   (nm_bridge_vlan_is_untagged(vlans->pdata[i]) ? VLAN_UNTAGGED : 0));
        }
        if (vlans)
                g_ptr_array_unref(vlans);
        text = vlan_set_format(&set);
        set_string(spec, "vlans", text);
}

static void read_layers(NMConnection *connection, json_t *spec) {
        NMSettingBridge *bridge = nm_connection_get_setting_bridge(connection);
        NMSettingVlan *vlan = nm_connection_get_setting_vlan(connection);
        NMSettingBond *bond = nm_connection_get_setting_bond(connection);
        NMSettingBridgePort *port = nm_connection_get_setting_bridge_port(connection);

        if (port)
                read_vlans(NM_SETTING(port), NM_SETTING_BRIDGE_PORT_VLANS, spec);
        if (bridge && nm_setting_bridge_get_vlan_filtering(bridge)) {
                /* with another default a guest's port would begin in somebody else's VLAN: then it is not as it was asked for */
                if (nm_setting_bridge_get_vlan_default_pvid(bridge) == 0)
                        (void) json_object_set_new(spec, "vlan_aware", json_true());
                read_vlans(NM_SETTING(bridge), NM_SETTING_BRIDGE_VLANS, spec);
        }
        if (bridge) {
                (void) json_object_set_new(spec, "stp", json_boolean(nm_setting_bridge_get_stp(bridge)));
                read_bridge_options(NM_SETTING(bridge), spec);
        }
        if (nm_connection_get_setting(connection, NM_TYPE_SETTING_SRIOV)) {
                guint total = nm_setting_sriov_get_total_vfs(NM_SETTING_SRIOV(nm_connection_get_setting(connection, NM_TYPE_SETTING_SRIOV)));

                if (total > 0)
                        (void) json_object_set_new(spec, "vfs", json_integer(total));
        }
        if (nm_connection_get_setting(connection, NM_TYPE_SETTING_ETHTOOL))
                read_ethtool(nm_connection_get_setting(connection, NM_TYPE_SETTING_ETHTOOL), spec);
        if (vlan) {
                (void) json_object_set_new(spec, "vlan", json_integer(nm_setting_vlan_get_id(vlan)));
                set_string(spec, "parent", nm_setting_vlan_get_parent(vlan));
        }
        if (bond) {
                json_t *options = json_object();

                for (guint i = 0; options && i < nm_setting_bond_get_num_options(bond); i++) {
                        const char *name, *value;

                        if (nm_setting_bond_get_option(bond, i, &name, &value))
                                set_string(options, name, value);
                }
                (void) json_object_set_new(spec, "options", options);
        }
}

json_t *nm_profile_read(NMConnection *connection) {
        NMSettingConnection *s = nm_connection_get_setting_connection(connection);
        NMSettingIPConfig *ip4 = nm_connection_get_setting_ip4_config(connection),
                          *ip6 = nm_connection_get_setting_ip6_config(connection);
        json_t *spec = json_object();

        if (!spec || !s)
                return spec;

        set_string(spec, "iface", nm_setting_connection_get_interface_name(s));
        set_string(spec, "kind", read_kind(nm_setting_connection_get_connection_type(s) ?: ""));
        set_string(spec, "master", nm_setting_connection_get_master(s));
        set_string(spec, "port", nm_setting_connection_get_slave_type(s));
        read_wired(connection, spec);
        read_layers(connection, spec);
        if (!nm_setting_connection_get_master(s)) {
                (void) json_object_set_new(spec, "ipv4", read_ip(ip4, methods4, ELEMENTSOF(methods4)));
                (void) json_object_set_new(spec, "ipv6", read_ip(ip6, methods6, ELEMENTSOF(methods6)));
                (void) json_object_set_new(spec, "default_route",
                                           json_boolean(ip4 && !nm_setting_ip_config_get_never_default(ip4)));
        }
        read_note(connection, USER_NETWORK, spec, "network");
        read_long_note(connection, USER_NETWORKS, spec, "networks");
        read_note(connection, USER_BOND, spec, "bond");
        read_note(connection, USER_NIC, spec, "nic");
        return spec;
}

bool nm_profile_is_ours(NMConnection *connection) {
        NMSettingUser *s = NM_SETTING_USER(nm_connection_get_setting(connection, NM_TYPE_SETTING_USER));

        return s && streq_ptr(nm_setting_user_get_data(s, USER_OWNER), OWNER);
}

/* ---- text ---- */

char *nm_profile_print(NMConnection *connection) {
        g_autoptr(GVariant) settings = g_variant_ref_sink(nm_connection_to_dbus(connection, NM_CONNECTION_SERIALIZE_NO_SECRETS));

        return g_variant_print(settings, TRUE);
}

GVariant *nm_profile_parse(const char *text, GError **error) {
        return g_variant_parse(G_VARIANT_TYPE("a{sa{sv}}"), text, NULL, NULL, error);
}
