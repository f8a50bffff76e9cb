/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "port-mirrors.h"

#include "dict.h"
#include "link-facts.h"
#include "mirror-program.h"
#include "vlan-set.h"

static const char *const hooks[] = { "ingress", "egress" };

bool port_name_mirrors(const char *name) {
        size_t digits;

        if (name[0] != 'm')
                return false;
        digits = strspn(name + 1, "0123456789");
        if (name[1 + digits] != '-' || (vlan_of_port_name(name) == 0 && (digits != 1 || name[1] != '0')))
                return false;
        name += 1 + digits + 1;
        return strlen(name) == 8 && strspn(name, "0123456789abcdef") == 8;
}

/* ---- what shall be ---- */

/* The VLAN a port is in is what the kernel says, not its name: in none it reads nobody. Return: 1, 0 for none, or a negative errno. */
static int find_tags(const json_t *links, const char *port, const char *bridge, MirrorWish *wish) {
        VlanSet of_port, of_bridge;

        if (!link_facts_filter(links, bridge))
                return 1;
        if (vlan_set_parse(dict_string(json_object_get(links, port), "vlans", ""), &of_port) < 0 ||
            vlan_set_parse(dict_string(json_object_get(links, bridge), "vlans", ""), &of_bridge) < 0)
                return 0;
        for (unsigned vid = 1; vid < VLAN_SET_SIZE && wish->vlan == 0; vid++)
                if (of_port.flags[vid] & VLAN_PVID)
                        wish->vlan = vid;
        wish->tags = of_bridge.flags[wish->vlan] & VLAN_UNTAGGED ? MIRROR_UNTAGGED : MIRROR_TAGGED;
        return wish->vlan > 0;
}

/* {port: program} of the ports of a bridge that mirror. */
static json_t *wanted_of(const json_t *links, const char *bridge) {
        _cleanup_json_ json_t *wanted = json_object();
        const char *port;
        json_t *facts;

        json_object_foreach((json_t *)links, port, facts) {
                MirrorWish wish = { .mac = dict_string(facts, "address", NULL) };
                _cleanup_free_ char *program = NULL;

                if (!port_name_mirrors(port) || !streq(dict_string(facts, "master", ""), bridge) || find_tags(links, port, bridge, &wish) == 0)
                        continue;
                program = mirror_program(&wish);
                if (!program || json_object_set_new(wanted, port, json_string(program)) < 0)
                        return NULL;
        }
        return TAKE_PTR(wanted);
}

/* ---- what is ---- */

static const json_t *find_mirror(const json_t *mirrors, const char *hook, const char *sink) {
        json_t *mirror;
        size_t i;

        json_array_foreach((json_t *)mirrors, i, mirror)
                if (streq(dict_string(mirror, "hook", ""), hook) && streq(dict_string(mirror, "sink", ""), sink))
                        return mirror;
        return NULL;
}

static bool is_right(const json_t *mirrors, const char *hook, const char *sink, const char *program) {
        const json_t *mirror = find_mirror(mirrors, hook, sink);

        return mirror && streq(dict_string(mirror, "program", ""), program);
}

static const json_t *mirrors_of(const json_t *links, const char *bridge) {
        return json_object_get(json_object_get(json_object_get(links, bridge), "filters"), "mirrors");
}

bool port_mirrors_is_on(const json_t *links, const char *port) {
        const char *bridge = dict_string(json_object_get(links, port), "master", "");
        _cleanup_json_ json_t *wanted = wanted_of(links, bridge);
        const char *program = dict_string(wanted, port, NULL);

        for (size_t i = 0; program && i < ELEMENTSOF(hooks); i++)
                if (!is_right(mirrors_of(links, bridge), hooks[i], port, program))
                        return false;
        return program && dict_boolean(json_object_get(json_object_get(links, bridge), "filters"), "promiscuous", false);
}

/* ---- the difference ---- */

static int add_missing(json_t *add, const json_t *mirrors, const json_t *wanted) {
        const char *sink;
        json_t *program;

        json_object_foreach((json_t *)wanted, sink, program)
                for (size_t i = 0; i < ELEMENTSOF(hooks); i++)
                        if (!is_right(mirrors, hooks[i], sink, json_string_value(program)) &&
                            json_array_append_new(add, json_pack("{s:s, s:s, s:O}", "hook", hooks[i], "sink", sink, "program", program)) < 0)
                                return -ENOMEM;
        return 0;
}

/* One whose port is gone has no sink; a second one for a port is one too many. */
static int add_stale(json_t *remove, const json_t *mirrors, const json_t *wanted) {
        json_t *mirror;
        size_t i;

        json_array_foreach((json_t *)mirrors, i, mirror) {
                const char *hook = dict_string(mirror, "hook", ""), *sink = dict_string(mirror, "sink", "");
                const char *program = dict_string(wanted, sink, NULL);

                if (program && find_mirror(mirrors, hook, sink) == mirror && is_right(mirrors, hook, sink, program))
                        continue;
                if (json_array_append_new(remove, json_pack("{s:s, s:I}", "hook", hook, "handle", (json_int_t)dict_integer(mirror, "handle", 0))) < 0)
                        return -ENOMEM;
        }
        return 0;
}

/* Return: new, or NULL when there is nothing to do (*r 0) or memory is out. */
static json_t *bridge_changes(const json_t *links, const char *bridge, int *r) {
        const json_t *filters = json_object_get(json_object_get(links, bridge), "filters"), *mirrors = json_object_get(filters, "mirrors");
        _cleanup_json_ json_t *wanted = wanted_of(links, bridge),
                              *change = json_pack("{s:s, s:[], s:[], s:b}", "bridge", bridge, "remove", "add", "bare", 0);
        bool promiscuous = dict_boolean(filters, "promiscuous", false), none;

        *r = -ENOMEM;
        if (!wanted || !change || add_stale(json_object_get(change, "remove"), mirrors, wanted) < 0 || add_missing(json_object_get(change, "add"), mirrors, wanted) < 0)
                return NULL;
        none = json_object_size(wanted) == 0;
        /* where no filter of ours is, who made it promiscuous was not us */
        if (none ? promiscuous && json_array_size(mirrors) > 0 : !promiscuous)
                (void) json_object_set_new(change, "promiscuous", json_boolean(!none));
        if (none && json_array_size(mirrors) > 0 && !dict_boolean(filters, "foreign", false))
                (void) json_object_set_new(change, "bare", json_true());
        *r = 0;
        if (json_array_size(json_object_get(change, "remove")) == 0 && json_array_size(json_object_get(change, "add")) == 0 && !json_object_get(change, "promiscuous"))
                return NULL;
        return TAKE_PTR(change);
}

/* {bridge: true} of those with a port that mirrors: with hundreds of bridges and ports most have none. */
static json_t *mirrored_bridges(const json_t *links) {
        json_t *bridges = json_object(), *facts;
        const char *port;

        json_object_foreach((json_t *)links, port, facts)
                if (bridges && port_name_mirrors(port))
                        (void) json_object_set_new(bridges, dict_string(facts, "master", ""), json_true());
        return bridges;
}

json_t *port_mirrors_changes(const json_t *links) {
        _cleanup_json_ json_t *list = json_array(), *mirrored = mirrored_bridges(links);
        const char *bridge;
        json_t *facts;

        if (!list || !mirrored)
                return NULL;
        json_object_foreach((json_t *)links, bridge, facts) {
                json_t *change;
                int r;

                if (!json_object_get(facts, "bridge") || (!json_object_get(facts, "filters") && !json_object_get(mirrored, bridge)))
                        continue;
                change = bridge_changes(links, bridge, &r);
                if (r < 0 || (change && json_array_append_new(list, change) < 0))
                        return NULL;
        }
        return TAKE_PTR(list);
}
