/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "link-facts.h"

#include "dict.h"
#include "parse-util.h"

/* A device without such a file, or a number that is none, has no such fact. */
static int set_number(json_t *facts, const char *key, const json_t *files, const char *file) {
        uint64_t number;

        if (parse_u64(dict_string(files, file, ""), &number) < 0 || number > INT64_MAX)
                return 0;
        return json_object_set_new(facts, key, json_integer((json_int_t)number));
}

static int set_text(json_t *facts, const char *key, const json_t *files, const char *file) {
        json_t *text = json_object_get(files, file);

        return json_is_string(text) && !isempty(json_string_value(text)) ? json_object_set(facts, key, text) : 0;
}

/* The first word: "802.3ad 4" is the mode 802.3ad. */
static int set_word(json_t *facts, const char *key, const json_t *files, const char *file) {
        const char *text = dict_string(files, file, "");
        size_t length = strcspn(text, " ");

        return length > 0 ? json_object_set_new(facts, key, json_stringn(text, length)) : 0;
}

/* All files of a directory, by their names. */
static json_t *directory(const json_t *files, const char *prefix) {
        json_t *all = json_object(), *text;
        const char *file;

        json_object_foreach((json_t *)files, file, text) {
                const char *name = startswith(file, prefix);

                if (all && !isempty(name) && json_is_string(text))
                        (void) json_object_set(all, name, text);
        }
        return all;
}

/* ---- bonds ---- */

json_t *link_lacp_state(int64_t bits) {
        static const char *const words[] = { "activity", "timeout", "aggregation", "synchronization", "collecting", "distributing", "defaulted", "expired" };
        json_t *list = json_array();

        for (size_t i = 0; list && i < ELEMENTSOF(words); i++)
                if (bits & (INT64_C(1) << i))
                        (void) json_array_append_new(list, json_string(words[i]));
        return list;
}

bool link_option_is(const char *text, const char *value) {
        size_t length = strlen(value);

        while (*text) {
                size_t word = strcspn(text, " ");

                if (word == length && word > 0 && memcmp(text, value, word) == 0)
                        return true;
                text += word;
                text += strspn(text, " ");
        }
        return false;
}

static int add_lacp(json_t *bond, const json_t *files) {
        json_t *lacp;
        int r;

        if (!streq(dict_string(bond, "mode", ""), "802.3ad"))
                return 0;
        lacp = json_object();
        if (!lacp || json_object_set_new(bond, "lacp", lacp) < 0)
                return -1;
        r = set_number(lacp, "aggregator", files, "bonding/ad_aggregator");
        r |= set_number(lacp, "ports", files, "bonding/ad_num_ports");
        r |= set_number(lacp, "actor_key", files, "bonding/ad_actor_key");
        r |= set_number(lacp, "partner_key", files, "bonding/ad_partner_key");
        return r | set_text(lacp, "partner_mac", files, "bonding/ad_partner_mac");
}

static int add_bond(json_t *facts, const json_t *files) {
        json_t *bond, *options;
        int r;

        if (!json_object_get(files, "bonding/mode"))
                return 0;
        bond = json_object();
        options = directory(files, "bonding/");
        if (!bond || json_object_set_new(facts, "bond", bond) < 0 || !options) {
                json_decref(options);
                return -1;
        }
        r = json_object_set_new(bond, "options", options);
        r |= set_word(bond, "mode", files, "bonding/mode");
        r |= set_text(bond, "active", files, "bonding/active_slave");
        return r | add_lacp(bond, files);
}

static int add_lacp_state(json_t *port, const char *key, const json_t *files, const char *file) {
        uint64_t bits;

        if (parse_u64(dict_string(files, file, ""), &bits) < 0 || bits > UINT8_MAX)
                return 0;
        return json_object_set_new(port, key, link_lacp_state((int64_t)bits));
}

static int add_bond_port(json_t *facts, const json_t *files) {
        json_t *port;
        int r;

        if (!json_object_get(files, "bonding_slave/state"))
                return 0;
        port = json_object();
        if (!port || json_object_set_new(facts, "bond_port", port) < 0)
                return -1;
        r = set_text(port, "state", files, "bonding_slave/state");
        r |= set_text(port, "mii_status", files, "bonding_slave/mii_status");
        r |= set_text(port, "permanent_mac", files, "bonding_slave/perm_hwaddr");
        r |= set_number(port, "failures", files, "bonding_slave/link_failure_count");
        r |= set_number(port, "aggregator", files, "bonding_slave/ad_aggregator_id");
        r |= add_lacp_state(port, "actor_state", files, "bonding_slave/ad_actor_oper_port_state");
        return r | add_lacp_state(port, "partner_state", files, "bonding_slave/ad_partner_oper_port_state");
}

/* ---- all ---- */

bool link_facts_filter(const json_t *links, const char *bridge) {
        const char *name;
        json_t *facts;

        if (bridge)
                return streq(dict_string(json_object_get(json_object_get(links, bridge), "bridge"), "vlan_filtering", ""), "1");
        json_object_foreach((json_t *)links, name, facts)
                if (link_facts_filter(links, name))
                        return true;
        return false;
}

static int add_bridge(json_t *facts, const json_t *files) {
        json_t *bridge;

        if (!json_object_get(files, "bridge/stp_state"))
                return 0;
        bridge = directory(files, "bridge/");
        return bridge ? json_object_set_new(facts, "bridge", bridge) : -1;
}

/* A link that is down has the speed -1 and the duplex "unknown". */
static int add_speed(json_t *facts, const json_t *files) {
        const char *duplex = dict_string(files, "duplex", "");
        uint64_t speed;
        int r = 0;

        if (parse_u64(dict_string(files, "speed", ""), &speed) >= 0 && speed > 0 && speed < UINT32_MAX)
                r |= json_object_set_new(facts, "speed", json_integer((json_int_t)speed));
        if (streq(duplex, "full") || streq(duplex, "half"))
                r |= json_object_set_new(facts, "duplex", json_string(duplex));
        return r;
}

json_t *link_facts_make(const json_t *files) {
        _cleanup_json_ json_t *facts = json_object();
        int r;

        if (!facts)
                return NULL;
        r = set_number(facts, "mtu", files, "mtu");
        r |= set_text(facts, "operstate", files, "operstate");
        r |= set_text(facts, "address", files, "address");
        r |= set_text(facts, "driver", files, "driver");
        r |= set_text(facts, "master", files, "master");
        r |= json_object_set_new(facts, "carrier", json_boolean(streq(dict_string(files, "carrier", ""), "1")));
        r |= set_number(facts, "vfs_total", files, "device/sriov_totalvfs");
        r |= set_number(facts, "vfs", files, "device/sriov_numvfs");
        if (json_array_size(json_object_get(files, "device/virtfn")) > 0)
                r |= json_object_set(facts, "functions", json_object_get(files, "device/virtfn"));
        if (json_object_get(files, "tun_flags"))
                r |= json_object_set_new(facts, "tap", json_true());
        r |= set_text(facts, "vf_of", files, "device/physfn/net");
        r |= set_text(facts, "pci", files, "device");
        r |= add_speed(facts, files);
        r |= add_bridge(facts, files);
        r |= add_bond(facts, files);
        r |= add_bond_port(facts, files);
        return r == 0 ? TAKE_PTR(facts) : NULL;
}

/* ---- which to read again ---- */

static bool is_restless(const json_t *facts) {
        return json_object_get(facts, "bond") || json_object_get(facts, "bond_port") || json_object_get(facts, "vfs_total") || json_object_get(facts, "vf_of");
}

json_t *link_facts_affected(const json_t *links, const json_t *names) {
        json_t *affected = json_object(), *facts;
        const char *name;
        int r = affected ? 0 : -1;

        json_object_foreach((json_t *)links, name, facts) {
                json_t *master = json_object_get(facts, "master");

                if (r == 0 && is_restless(facts))
                        r = json_object_set_new(affected, name, json_true());
                if (r == 0 && master && json_object_get(names, name))
                        r = json_object_set_new(affected, json_string_value(master), json_true());
        }
        json_object_foreach((json_t *)names, name, facts)
                if (r == 0)
                        r = json_object_set_new(affected, name, json_true());
        if (r < 0) {
                json_decref(affected);
                return NULL;
        }
        return affected;
}
