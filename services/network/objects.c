/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "objects.h"

#include <stdio.h>

#include "dict.h"
#include "differences.h"
#include "labels.h"
#include "view.h"
#include "virtual-functions.h"
#include "warnings.h"
#include "wish.h"

static json_t *device_addresses(const json_t *device) {
        json_t *joined = json_array(), *element;
        static const char *const keys[] = { "addresses", "addresses6" };
        size_t i;

        for (size_t k = 0; joined && k < ELEMENTSOF(keys); k++)
                json_array_foreach(json_object_get(device, keys[k]), i, element)
                        (void) json_array_append(joined, element);
        return joined;
}

/* ---- networks ---- */

typedef struct Verdict {
        const char *state;
        char reason[256];
} Verdict;

static void judge_device(Verdict *verdict, const char *name, const json_t *device) {
        const char *state = dict_string(device, "state", "absent"), *reason = dict_string(device, "reason", "none");

        if (streq(state, "activated"))
                return;
        verdict->state = streq(state, "activating") ? "activating" : "failed";
        (void) snprintf(verdict->reason, sizeof verdict->reason, "%s is %s%s%s", name, state, streq(reason, "none") ? "" : ": ",
                        streq(reason, "none") ? "" : reason);
}

static void judge_network(Verdict *verdict, const json_t *view, const json_t *wish, const json_t *differences) {
        char uplink_buffer[NETWORK_NAME_MAX + 1], top_buffer[NETWORK_NAME_MAX + 1];
        const char *uplink, *top;

        *verdict = (Verdict){ .state = "active" };
        uplink = network_wish_uplink(wish, uplink_buffer);
        top = network_wish_top(wish, top_buffer);

        judge_device(verdict, top, view_device(view, top));
        if (uplink && !streq(uplink, top) && !streq(verdict->state, "failed"))
                judge_device(verdict, uplink, view_device(view, uplink));
        if (uplink && streq(verdict->state, "active") && !dict_boolean(view_device(view, uplink), "carrier", false)) {
                verdict->state = "failed";
                (void) snprintf(verdict->reason, sizeof verdict->reason, "%s has no carrier", uplink);
        }
        if (streq(verdict->state, "active") && json_array_size(differences) > 0) {
                _cleanup_free_ char *text = differences_text(differences);

                verdict->state = "out-of-sync";
                (void) snprintf(verdict->reason, sizeof verdict->reason, "%s", text ?: "");
        }
}

static json_t *network_object(const json_t *view, const json_t *wishes, const json_t *wish, json_t *differences) {
        char uplink_buffer[NETWORK_NAME_MAX + 1], top_buffer[NETWORK_NAME_MAX + 1];
        const char *uplink = network_wish_uplink(wish, uplink_buffer), *top = network_wish_top(wish, top_buffer);
        const json_t *device = view_device(view, top);
        bool aware = network_wish_is_aware(wish), bridged = dict_boolean(wish, "bridged", true);
        char bridge_buffer[NETWORK_NAME_MAX + 1];
        const char *bridge = network_wish_bridge(wish, bridge_buffer);
        int vlan = network_wish_vlan(wish);
        Verdict verdict;

        judge_network(&verdict, view, wish, differences);
        return json_pack("{s:o, s:s, s:s, s:i, s:s, s:O*, s:s, s:s, s:b, s:s, s:i, s:I, s:b, s:o, s:s, s:s, s:s, s:b, s:b, s:s, s:s, s:O, s:o}", "FreeVfs",
                         functions_free(view, wishes, dict_string(wish, "nic", "")), "Layout",
                         aware ? LAYOUT_AWARE : LAYOUT_CLASSIC, "Bridge", bridged && bridge ? bridge : "", "PortVlan", aware && bridged ? network_wish_bridge_vlan(wish) : 0, "Label", dict_string(wish, "label", ""), "Roles", json_object_get(wish, "roles"), "Name", dict_string(wish, "name", ""),
                         "Device", top, "Bridged", bridged, "Uplink", uplink ?: "", "Vlan", vlan == VLAN_NONE ? 0 : vlan,
                         "Mtu", (json_int_t)dict_integer(wish, "mtu", MTU_DEFAULT), "Stp", dict_boolean(wish, "stp", false), "Addresses",
                         device_addresses(device), "Gateway", dict_string(device, "gateway", dict_string(device, "gateway6", "")), "Ipv4Method",
                         dict_string(json_object_get(wish, "ipv4"), "method", "none"), "Ipv6Method",
                         dict_string(json_object_get(wish, "ipv6"), "method", "none"), "Management", dict_boolean(wish, "management", false),
                         "DefaultRoute", dict_boolean(wish, "default_route", false), "State", verdict.state, "StateReason", verdict.reason,
                         "Differences", differences, "Warnings", warnings_network(view, wish));
}

/* NetworkManager is away: what was true may still be. */
static json_t *repeat_unknown(const json_t *previous) {
        json_t *copy = json_deep_copy(previous), *object;
        const char *name;

        if (!copy)
                return json_object();
        json_object_foreach(copy, name, object)
                if (json_object_set_new(object, "State", json_string("unknown")) < 0 ||
                    json_object_set_new(object, "StateReason", json_string("NetworkManager is not there")) < 0) {
                        json_decref(copy);
                        return NULL;
                }
        return copy;
}

json_t *objects_networks(const json_t *view, const json_t *previous) {
        _cleanup_json_ json_t *wishes = NULL, *differences = NULL, *objects = json_object();
        const char *name;
        json_t *wish;

        if (!view)
                return repeat_unknown(previous);
        wishes = view_wishes(view);
        differences = wishes ? differences_all(view, wishes) : NULL;
        if (!differences || !objects)
                return NULL;
        json_object_foreach(json_object_get(wishes, "networks"), name, wish)
                if (json_object_set_new(objects, name, network_object(view, wishes, wish, json_object_get(json_object_get(differences, "networks"), name))) < 0)
                        return NULL;
        return TAKE_PTR(objects);
}

/* ---- NICs ---- */

/* Notes that the network lies on base. */
static int note_base(json_t *bases, const char *base, const char *network) {
        json_t *list = json_object_get(bases, base);

        if (!list) {
                list = json_array();
                if (!list || json_object_set_new(bases, base, list) < 0)
                        return -ENOMEM;
        }
        return json_array_append_new(list, json_string(network)) < 0 ? -ENOMEM : 0;
}

/* Names of the networks that lie on each NIC, by itself or through its bond: {nic: [name]}. New, NULL when out of memory. */
static json_t *nics_networks(const json_t *wishes) {
        _cleanup_json_ json_t *bases = json_object();
        json_t *wish, *nic;
        const char *name;
        size_t i;

        json_object_foreach(json_object_get(wishes, "networks"), name, wish) {
                const char *base = network_wish_base(wish);
                const json_t *bond = base ? json_object_get(json_object_get(wishes, "bonds"), base) : NULL;

                if (!bases || (base && !bond && note_base(bases, base, name) < 0))
                        return NULL;
                json_array_foreach(json_object_get(bond, "nics"), i, nic)
                        if (note_base(bases, json_string_value(nic), name) < 0)
                                return NULL;
        }
        return TAKE_PTR(bases);
}

static const json_t *device_facts(const json_t *view, const char *name) {
        return json_object_get(json_object_get(view, "links"), name);
}

/* A port of a bond shows the bond's MAC as its own; the bond remembers which it had. */
static const char *permanent_mac(const json_t *device, const json_t *facts) {
        return dict_string(device, "permanent_mac", dict_string(json_object_get(facts, "bond_port"), "permanent_mac", ""));
}

/* networks: nics_networks(). */
static json_t *nic_object(const json_t *view, const json_t *wishes, const json_t *networks, const json_t *labels, const char *name, const json_t *device) {
        const char *state = dict_string(device, "state", "unknown");
        const json_t *facts = device_facts(view, name);
        int64_t speed = dict_integer(device, "speed", 0) ?: dict_integer(facts, "speed", 0);

        return json_pack("{s:I, s:s, s:s, s:s, s:s, s:s, s:I, s:I, s:b, s:s, s:s, s:b, s:I, s:I, s:s, s:s, s:s, s:o, s:o, s:O*, s:s}", "VfsWanted",
                         (json_int_t)dict_integer(json_object_get(json_object_get(wishes, "nics"), name), "vfs", 0), "Name", name, "Mac", dict_string(device, "mac", ""),
                         "PermanentMac", permanent_mac(device, facts), "Driver", dict_string(facts, "driver", dict_string(device, "driver", "")), "Duplex",
                         dict_string(facts, "duplex", ""), "VfsTotal", (json_int_t)dict_integer(facts, "vfs_total", 0), "Vfs",
                         (json_int_t)dict_integer(facts, "vfs", 0), "VfsSettable", dict_boolean(device, "sriov", false), "VfParent",
                         dict_string(facts, "vf_of", ""), "PciAddress", dict_string(facts, "pci", ""), "Carrier",
                         dict_boolean(device, "carrier", false), "SpeedMbps", (json_int_t)(speed < UINT32_MAX ? speed : 0), "Mtu",
                         (json_int_t)dict_integer(device, "mtu", 0), "State", state, "StateReason",
                         streq(dict_string(device, "reason", "none"), "none") ? "" : dict_string(device, "reason", ""), "Master",
                         dict_string(device, "master", ""), "Addresses", device_addresses(device), "Networks", json_incref(json_object_get(networks, name)) ?: json_array(), "Lldp",
                         json_object_get(device, "lldp"), "Label", dict_string(json_object_get(labels, "devices"), name, ""));
}

json_t *objects_nics(const json_t *view, const json_t *labels, const json_t *previous) {
        _cleanup_json_ json_t *wishes = NULL, *networks = NULL, *objects = json_object();
        const char *name;
        json_t *device;

        if (!view)
                return repeat_unknown(previous);
        wishes = view_wishes(view);
        networks = wishes ? nics_networks(wishes) : NULL;
        if (!networks || !objects)
                return NULL;
        json_object_foreach(json_object_get(view, "devices"), name, device)
                if (view_device_is(device, "nic") && !device_is_hidden(name) &&
                    json_object_set_new(objects, name, nic_object(view, wishes, networks, labels, name, device)) < 0)
                        return NULL;
        return TAKE_PTR(objects);
}

/* ---- capabilities ---- */

static int add_array(json_t *object, const char *key, json_t *array) {
        return array && json_object_set_new(object, key, array) >= 0 ? 0 : -ENOMEM;
}

static json_t *device_ports(const json_t *view, const char *name) {
        json_t *ports = json_array(), *other;
        const char *port;

        json_object_foreach(json_object_get(view, "devices"), port, other)
                if (streq(view_master(view, port), name))
                        (void) json_array_append_new(ports, json_string(port));
        return ports;
}

/* Of a bond: its ports as the kernel sees them, [{name, ...}] of link-facts.h. */
static json_t *bond_ports(const json_t *view, const char *name) {
        json_t *ports = json_array(), *facts;
        const char *port;

        json_object_foreach(json_object_get(view, "links"), port, facts) {
                json_t *entry = streq(dict_string(facts, "master", ""), name) ? json_deep_copy(json_object_get(facts, "bond_port")) : NULL;

                if (!entry)
                        continue;
                (void) json_object_set_new(entry, "name", json_string(port));
                (void) json_object_set_new(entry, "carrier", json_incref(json_object_get(facts, "carrier")));
                (void) json_array_append_new(ports, entry);
        }
        return ports;
}

/* The sum of the ports that carry traffic; of the active one, or the slowest, where only one does or all carry the same (oVirt's rule). Mb/s. */
static int64_t bond_speed(const json_t *view, const char *name, const json_t *bond) {
        const char *mode = dict_string(bond, "mode", ""), *active = dict_string(bond, "active", NULL), *port;
        int64_t aggregator = dict_integer(json_object_get(bond, "lacp"), "aggregator", 0), sum = 0, least = 0;
        json_t *facts;

        json_object_foreach(json_object_get(view, "links"), port, facts) {
                int64_t speed = dict_integer(facts, "speed", 0);

                if (!streq(dict_string(facts, "master", ""), name) || !dict_boolean(facts, "carrier", false) ||
                    (streq(mode, "active-backup") && !streq_ptr(active, port)) ||
                    (aggregator > 0 && dict_integer(json_object_get(facts, "bond_port"), "aggregator", 0) != aggregator))
                        continue;
                sum += speed;
                least = least == 0 || speed < least ? speed : least;
        }
        return streq(mode, "broadcast") ? least : sum;
}

static int add_bond_facts(json_t *entry, const json_t *view, const json_t *wishes, const char *name) {
        const json_t *bond = json_object_get(device_facts(view, name), "bond");
        int r = add_array(entry, "differences",
                          json_object_get(json_object_get(wishes, "bonds"), name) ? differences_bond(view, wishes, name) : json_array());

        if (!bond || r < 0)
                return r;
        r = json_object_update(entry, (json_t *)bond);
        r |= add_array(entry, "bond_ports", bond_ports(view, name));
        r |= json_object_set_new(entry, "speed", json_integer(bond_speed(view, name, bond)));
        return r == 0 ? 0 : -ENOMEM;
}

static json_t *device_entry(const json_t *view, const char *name, const json_t *device) {
        return json_pack("{s:s, s:I, s:s, s:b, s:o, s:o, s:b, s:s, s:I, s:s}", "mac", dict_string(device, "mac", ""), "mtu",
                         (json_int_t)dict_integer(device, "mtu", 0), "state", dict_string(device, "state", ""), "carrier",
                         dict_boolean(device, "carrier", false), "ports", device_ports(view, name), "addresses", device_addresses(device), "ours",
                         view_own_profile(view, name, NULL) != NULL, "parent", dict_string(device, "parent", ""), "vlan",
                         (json_int_t)dict_integer(device, "vlan", 0), "master", dict_string(device, "master", ""));
}

static int add_devices(json_t *capabilities, const json_t *view, const json_t *wishes, const json_t *labels, const char *kind, const char *key) {
        json_t *list = json_object(), *device;
        const char *name;

        if (!list || json_object_set_new(capabilities, key, list) < 0)
                return -ENOMEM;
        json_object_foreach(json_object_get(view, "devices"), name, device) {
                json_t *entry, *bridge = json_object_get(device_facts(view, name), "bridge");

                if (!view_device_is(device, kind))
                        continue;
                entry = device_entry(view, name, device);
                if (!entry || json_object_set_new(list, name, entry) < 0)
                        return -ENOMEM;
                if (streq(kind, "bond") && (add_bond_facts(entry, view, wishes, name) < 0 ||
                                            json_object_set_new(entry, "label", json_string(dict_string(json_object_get(labels, "devices"), name, ""))) < 0))
                        return -ENOMEM;
                if (streq(kind, "bridge") && bridge && json_object_set(entry, "options", bridge) < 0)
                        return -ENOMEM;
        }
        return 0;
}

json_t *objects_differing(const json_t *view) {
        static const char *const kinds[] = { "networks", "bonds" };
        _cleanup_json_ json_t *wishes = view_wishes(view), *all = wishes ? differences_all(view, wishes) : NULL, *names = json_array();
        const char *name;
        json_t *differences;

        for (size_t i = 0; i < ELEMENTSOF(kinds); i++)
                json_object_foreach(json_object_get(all, kinds[i]), name, differences)
                        if (json_array_size(differences) > 0 && json_array_append_new(names, json_string(name)) < 0)
                                return NULL;
        return all ? TAKE_PTR(names) : NULL;
}

/* The guests' ends of bridges: NetworkManager leaves them alone, the kernel tells of them. */
static int add_vnics(json_t *capabilities, const json_t *view) {
        json_t *list = json_object(), *facts;
        const char *name;

        if (!list || json_object_set_new(capabilities, "vnics", list) < 0)
                return -ENOMEM;
        json_object_foreach(json_object_get(view, "links"), name, facts)
                if (dict_boolean(facts, "tap", false) &&
                    json_object_set_new(list, name, json_pack("{s:s, s:s, s:I, s:b, s:s}", "bridge", dict_string(facts, "master", ""), "mac", dict_string(facts, "address", ""), "mtu",
                                                              (json_int_t)dict_integer(facts, "mtu", 0), "carrier", dict_boolean(facts, "carrier", false), "state",
                                                              dict_string(facts, "operstate", "unknown"))) < 0)
                        return -ENOMEM;
        return 0;
}

json_t *objects_capabilities(const json_t *view, const json_t *labels) {
        _cleanup_json_ json_t *wishes = view_wishes(view), *capabilities = NULL;
        const json_t *management;
        const char *holder = view_management_device(view, NULL);

        if (!wishes)
                return NULL;
        management = wishes_management(json_object_get(wishes, "networks"));
        capabilities = json_pack("{s:o, s:o, s:o, s:s, s:s, s:o}", "waiting", labels_waiting(labels), "networks", objects_networks(view, NULL), "nics", objects_nics(view, labels, NULL),
                                 "management", dict_string(management, "name", ""), "management_device", holder ?: "", "nameservers",
                                 json_incref(json_object_get(view, "nameservers")) ?: json_array());
        if (!capabilities || add_devices(capabilities, view, wishes, labels, "bond", "bonds") < 0 || add_devices(capabilities, view, wishes, labels, "vlan", "vlans") < 0 ||
            add_devices(capabilities, view, wishes, labels, "bridge", "bridges") < 0 || add_vnics(capabilities, view) < 0)
                return NULL;
        return TAKE_PTR(capabilities);
}
