/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plan.h"

#include <stdio.h>

#include "bus-error.h"
#include "check.h"
#include "dict.h"
#include "differences.h"
#include "layers.h"
#include "layout.h"
#include "plan-internal.h"
#include "resolve.h"
#include "view.h"
#include "virtual-functions.h"
#include "warnings.h"
#include "wish.h"

#define NETWORKS(wishes) json_object_get(wishes, "networks")
#define BONDS(wishes) json_object_get(wishes, "bonds")
#define NICS(wishes) json_object_get(wishes, "nics")

/* Everything between reading the request and writing the plan. */
typedef struct Planner {
        const json_t *view;
        json_t *before, *after;  /* wishes */
        json_t *touched;         /* wishes of after the request names */
        json_t *touched_before;  /* and of before */
        json_t *inherit;         /* network -> uuid */
        json_t *plan;
        bool changed;
} Planner;

static void planner_done(Planner *p) {
        json_decref(p->before);
        json_decref(p->after);
        json_decref(p->touched);
        json_decref(p->touched_before);
        json_decref(p->inherit);
        json_decref(p->plan);
}
#define _cleanup_planner_ _cleanup_(planner_done)

static int planner_init(Planner *p, const json_t *view) {
        *p = (Planner){
                .view = view,
                .before = view_wishes(view),
                .touched = json_pack("{s:{}, s:{}, s:{}}", "networks", "bonds", "nics"),
                .touched_before = json_pack("{s:{}, s:{}, s:{}}", "networks", "bonds", "nics"),
                .inherit = json_object(),
                .plan = json_pack("{s:[], s:[], s:[], s:[], s:{}}", "profiles", "deactivate", "devices", "expect", "warnings"),
        };
        p->after = json_deep_copy(p->before);
        return p->before && p->after && p->touched && p->touched_before && p->inherit && p->plan ? 0 : -ENOMEM;
}

/* ---- reading ---- */

static int note_before(Planner *p, const char *kind, const char *name) {
        json_t *wish = json_object_get(json_object_get(p->before, kind), name);

        return wish ? json_object_set(json_object_get(p->touched_before, kind), name, wish) : 0;
}

static int read_entry(Planner *p, const char *kind, const char *name, const json_t *entry, sd_bus_error *error) {
        bool is_bond = streq(kind, "bonds");
        json_t *wish = NULL, *after = json_object_get(p->after, kind);
        int r;

        if (!json_is_object(entry))
                return sd_bus_error_setf(error, RHV_ERROR_INVALID_ARGUMENT, "'%.40s' must be a dictionary", name);
        r = is_bond ? bond_wish_read(name, entry, &wish, error) : network_wish_read(name, entry, &wish, error);
        if (r < 0)
                return r;
        if (r == 0) {
                if (!json_object_get(after, name))
                        return sd_bus_error_setf(error, RHV_ERROR_NOT_FOUND, "There is no %s %s to remove", is_bond ? "bond" : "network",
                                                 name);
                (void) json_object_del(after, name);
        } else if (json_object_set_new(after, name, wish) < 0 || json_object_set(json_object_get(p->touched, kind), name, wish) < 0)
                return -ENOMEM;

        return note_before(p, kind, name);
}

static int read_entries(Planner *p, const char *kind, const json_t *entries, sd_bus_error *error) {
        const char *name;
        json_t *entry;

        json_object_foreach((json_t *)entries, name, entry) {
                int r = read_entry(p, kind, name, entry, error);

                if (r < 0)
                        return r;
        }
        return 0;
}

static int check_bond_removal(const Planner *p, sd_bus_error *error) {
        const char *name;
        json_t *wish;

        json_object_foreach(NETWORKS(p->after), name, wish) {
                const char *bond = dict_string(wish, "bonding", NULL);

                if (bond && !json_object_get(BONDS(p->after), bond) && json_object_get(BONDS(p->before), bond))
                        return sd_bus_error_setf(error, RHV_ERROR_IN_USE, "Bond %s cannot be removed: network %s lies on it", bond,
                                                 name);
        }
        return 0;
}

static int resolve(Planner *p, const json_t *layouts, sd_bus_error *error) {
        const char *name;
        json_t *wish;
        int r;

        json_object_foreach(BONDS(p->touched), name, wish) {
                r = resolve_bond(p->view, p->before, wish);
                if (r < 0)
                        return r;
        }
        json_object_foreach(NETWORKS(p->touched), name, wish) {
                r = resolve_base(p->view, p->before, wish, error);
                if (r < 0)
                        return r;
        }
        r = layout_apply(layouts, p->before, p->after, p->touched, p->touched_before, error);
        if (r < 0)
                return r;
        json_object_foreach(NETWORKS(p->touched), name, wish) {
                const char *uuid;

                r = resolve_network(p->view, p->before, BONDS(p->after), wish, &uuid, error);
                if (r < 0)
                        return r;
                if (uuid && json_object_set_new(p->inherit, name, json_string(uuid)) < 0)
                        return -ENOMEM;
        }
        return 0;
}

/* ---- comparing ---- */

json_t *plan_spec_diff(const json_t *is, const json_t *wanted) {
        static const char *const keys[] = { "kind", "master", "port", "mtu", "mac", "vlan", "parent", "stp", "vlan_aware", "vlans", "bridge_options", "options",
                                            "ethtool_options", "default_route", "ipv4", "ipv6", "vfs", "network", "networks", "bond", "nic" };
        _cleanup_json_ json_t *differing = json_array();

        for (size_t i = 0; differing && i < ELEMENTSOF(keys); i++) {
                json_t *a = json_object_get(is, keys[i]), *b = json_object_get(wanted, keys[i]);

                if (a != b && !json_equal(a, b) && json_array_append_new(differing, json_string(keys[i])) < 0)
                        return NULL;
        }
        return TAKE_PTR(differing);
}

static bool only_of(const json_t *differing, const char *const *keys) {
        json_t *element;
        size_t i;

        json_array_foreach((json_t *)differing, i, element) {
                const char *const *k = keys;

                while (*k && !streq(*k, json_string_value(element)))
                        k++;
                if (!*k)
                        return false;
        }
        return true;
}

static const char *how_to_apply(const json_t *differing, bool active) {
        /* which VLANs a device is in is told to the kernel as soon as the profile says so (port-vlans.h) */
        static const char *const notes[] = { "network", "networks", "bond", "nic", "vlans", NULL };
        static const char *const live[] = { "network", "networks", "bond", "nic", "vlans", "ipv4", "ipv6", "mtu", "stp", "bridge_options", "ethtool_options", "default_route", NULL };

        if (!active)
                return "activate";
        if (only_of(differing, notes))
                return "none";
        return only_of(differing, live) ? "reapply" : "activate";
}

static bool is_active_with(const json_t *view, const char *iface, const char *uuid) {
        const json_t *device = view_device(view, iface);

        return device && view_device_is_active(device) && streq_ptr(dict_string(device, "profile", NULL), uuid);
}

/* ---- writing the plan ---- */

static int plan_device(Planner *p, const char *iface) {
        json_t *devices = json_object_get(p->plan, "devices");

        if (!view_device(p->view, iface) || json_array_has(devices, iface))
                return 0;
        return json_array_append_new(devices, json_string(iface)) < 0 ? -ENOMEM : 0;
}

/* drift: differences_device(), or NULL. */
static int plan_profile(Planner *p, json_t *spec, const char *uuid, const char *how, json_t *drift) {
        const char *iface = dict_string(spec, "iface", ""), *network, *inherit;
        json_t *networks = json_object_get(spec, "networks"), *wish;
        json_t *entry = json_pack("{s:s, s:O, s:s, s:s*, s:O*}", "iface", iface, "spec", spec, "how", how, "uuid", uuid, "drift", drift);

        if (!entry || json_array_append_new(json_object_get(p->plan, "profiles"), entry) < 0)
                return -ENOMEM;

        network = dict_string(json_object_get(spec, "network"), "name", NULL);
        inherit = network ? dict_string(p->inherit, network, NULL) : NULL;
        json_object_foreach(networks, network, wish)
                if (network_wish_vlan(wish) == VLAN_NONE)
                        inherit = dict_string(p->inherit, network, NULL);
        if (inherit && json_object_set_new(entry, "inherit", json_string(inherit)) < 0)
                return -ENOMEM;

        p->changed = true;
        return plan_device(p, iface);
}

/* What is right in the profile and not on the device is applied again. NetworkManager reapplies addresses and routes; a device that lost its place or its options is
 * activated anew. */
static const char *how_to_restore(const json_t *drift) {
        json_t *entry;
        size_t i;

        json_array_foreach((json_t *)drift, i, entry) {
                const char *field = dict_string(entry, "field", "");

                if (!startswith(field, "ipv4.") && !startswith(field, "ipv6."))
                        return "activate";
        }
        return "reapply";
}

static int plan_layer(Planner *p, json_t *spec) {
        const char *iface = dict_string(spec, "iface", ""), *uuid = NULL;
        const json_t *profile = view_own_profile(p->view, iface, &uuid);
        _cleanup_json_ json_t *differing = NULL, *drift = NULL;
        bool active;

        if (!profile)
                return plan_profile(p, spec, NULL, "activate", NULL);

        differing = plan_spec_diff(json_object_get(profile, "spec"), spec);
        drift = differences_device(p->view, iface, json_object_get(profile, "spec"));
        if (!differing || !drift)
                return -ENOMEM;
        active = is_active_with(p->view, iface, uuid);
        if (json_array_size(differing) > 0 || !active)
                return plan_profile(p, spec, uuid, how_to_apply(differing, active), NULL);
        if (json_array_size(drift) > 0)
                return plan_profile(p, spec, uuid, how_to_restore(drift), drift);
        return dict_boolean(profile, "saved", true) ? 0 : plan_profile(p, spec, uuid, "none", NULL);
}

static int compare_rank(const void *a, const void *b) {
        const json_t *x = *(json_t *const *)a, *y = *(json_t *const *)b;
        int rank = layer_rank(x) - layer_rank(y);

        return rank ?: strcmp(dict_string(x, "iface", ""), dict_string(y, "iface", ""));
}

/* The specs of {iface: spec} by rank, borrowed. New array of n, NULL when out of memory. */
static json_t **sort_layers(const json_t *layers, size_t *ret_n) {
        json_t **sorted = calloc(json_object_size(layers) + 1, sizeof *sorted);
        const char *iface;
        json_t *spec;
        size_t n = 0;

        if (!sorted)
                return NULL;
        json_object_foreach((json_t *)layers, iface, spec)
                sorted[n++] = spec;
        qsort(sorted, n, sizeof *sorted, compare_rank);
        *ret_n = n;
        return sorted;
}

static int plan_layers(Planner *p, const json_t *wanted, const json_t *touched) {
        _cleanup_free_ json_t **sorted = NULL;
        size_t n;

        sorted = sort_layers(wanted, &n);
        if (!sorted)
                return -ENOMEM;

        for (size_t i = 0; i < n; i++)
                if (json_object_get(touched, dict_string(sorted[i], "iface", ""))) {
                        int r = plan_layer(p, sorted[i]);

                        if (r < 0)
                                return r;
                }
        return 0;
}

/* The profile until it is deleted, which is when all is verified: a port of nothing, without addresses, so that a controller that comes up anew does not pull it up (autoconnect of
 * ports), which would join two NICs by one bridge. */
static json_t *parked_spec(const json_t *spec) {
        static const char *const place[] = { "master", "port", "network", "networks", "bond", "nic", "vlans", "vfs" }, *const families[] = { "ipv4", "ipv6" };
        _cleanup_json_ json_t *parked = json_deep_copy(spec);

        for (size_t i = 0; parked && i < ELEMENTSOF(place); i++)
                (void) json_object_del(parked, place[i]);
        for (size_t i = 0; i < ELEMENTSOF(families); i++)
                if (!parked || json_object_set_new(parked, families[i], json_pack("{s:s}", "method", "none")) < 0)
                        return NULL;
        return json_object_set_new(parked, "parked", json_true()) < 0 ? NULL : TAKE_PTR(parked);
}

static int plan_delete(Planner *p, const json_t *spec) {
        const char *iface = dict_string(spec, "iface", ""), *uuid;
        json_t *profiles = json_object_get(p->plan, "profiles"), *parked;
        const json_t *profile = view_own_profile(p->view, iface, &uuid);

        if (!profile)
                return 0;
        parked = parked_spec(json_object_get(profile, "spec"));
        if (!parked ||
            json_array_append_new(profiles, json_pack("{s:s, s:s, s:s, s:o}", "iface", iface, "uuid", uuid, "how", "delete", "parked", parked)) < 0 ||
            json_array_append_new(json_object_get(p->plan, "deactivate"), json_pack("{s:s, s:s, s:i}", "iface", iface, "uuid", uuid, "rank", layer_rank(spec))) < 0)
                return -ENOMEM;

        p->changed = true;
        return plan_device(p, iface);
}

/* What the touched networks and bonds had and nothing needs any more: tops first, NICs last. */
static int plan_deletions(Planner *p, const json_t *touched, const json_t *wanted) {
        static const int order[] = { 2, 4, 0, 3, 1 }; /* bridges, VLANs, bonds, NICs: see layer_rank() */
        _cleanup_free_ json_t **sorted = NULL;
        size_t n;

        sorted = sort_layers(touched, &n);
        if (!sorted)
                return -ENOMEM;

        for (size_t k = 0; k < ELEMENTSOF(order); k++)
                for (size_t i = 0; i < n; i++) {
                        int r;

                        if (layer_rank(sorted[i]) != order[k] || json_object_get(wanted, dict_string(sorted[i], "iface", "")))
                                continue;
                        r = plan_delete(p, sorted[i]);
                        if (r < 0)
                                return r;
                }
        return 0;
}

/* Devices below a network that had a carrier must have one afterwards. */
static int expect_carrier(const Planner *p, const json_t *wish, json_t *expect) {
        const char *base = network_wish_base(wish);

        if (!base || !dict_boolean(view_device(p->view, base), "carrier", false))
                return 0;
        return json_object_set_new(expect, "carrier", json_string(base)) < 0 ? -ENOMEM : 0;
}

static int expect_addresses(const Planner *p, const json_t *wish, json_t *expect) {
        static const char *const keys[][2] = { { "ipv4", "addresses" }, { "ipv6", "addresses6" } };
        const char *holder = view_management_device(p->view, NULL);
        bool inherit = dict_boolean(wish, "inherit", false);

        for (size_t i = 0; i < ELEMENTSOF(keys); i++) {
                const json_t *ip = json_object_get(wish, keys[i][0]);
                const char *method = dict_string(ip, "method", "none");
                json_t *addresses = json_object_get(ip, "addresses");

                /* a leased management address must be the same one again: that is where our callers are */
                if (inherit && i == 0 && streq(method, "dhcp") && holder)
                        addresses = json_object_get(view_device(p->view, holder), keys[i][1]);
                if (json_array_size(addresses) > 0 && json_object_set(expect, keys[i][1], addresses) < 0)
                        return -ENOMEM;
                if (i == 0 && streq(method, "dhcp") && json_object_set_new(expect, "dhcp", json_true()) < 0)
                        return -ENOMEM;
                if (json_object_get(ip, "routes") && json_object_set(expect, i == 0 ? "routes" : "routes6", json_object_get(ip, "routes")) < 0)
                        return -ENOMEM;
                if (json_object_get(ip, "gateway") &&
                    json_object_set(expect, i == 0 ? "gateway" : "gateway6", json_object_get(ip, "gateway")) < 0)
                        return -ENOMEM;
        }
        return 0;
}

/* Where the bridge is shared by all networks of the uplink. */
static int expect_vlan(const json_t *wish, json_t *expect) {
        char bridge[NETWORK_NAME_MAX + 1];

        if (!network_wish_is_aware(wish))
                return 0;
        if (json_object_set_new(expect, "uplink", json_string(network_wish_base(wish))) < 0 ||
            json_object_set_new(expect, "bridge", json_string(network_wish_bridge(wish, bridge))) < 0)
                return -ENOMEM;
        return json_object_set_new(expect, "vlan", json_integer(network_wish_bridge_vlan(wish))) < 0 ? -ENOMEM : 0;
}

/* wanted: layers_make() of all. */
static int plan_expectation(Planner *p, const json_t *wanted, const char *name, const json_t *wish) {
        char top_buffer[NETWORK_NAME_MAX + 1], uplink[NETWORK_NAME_MAX + 1];
        bool bridged = dict_boolean(wish, "bridged", true), inherit = dict_boolean(wish, "inherit", false);
        const char *top = network_wish_top(wish, top_buffer);
        int64_t mtu = dict_integer(network_wish_is_aware(wish) ? json_object_get(wanted, top) : wish, "mtu", MTU_DEFAULT);
        json_t *expect = json_pack("{s:s, s:s, s:I, s:b, s:b}", "network", name, "iface", top, "mtu", (json_int_t)mtu, "management",
                                   dict_boolean(wish, "management", false), "inherit", inherit);
        int r;

        if (!expect || json_array_append_new(json_object_get(p->plan, "expect"), expect) < 0)
                return -ENOMEM;
        if (bridged && network_wish_base(wish) &&
            json_object_set_new(expect, "uplink", json_string(network_wish_uplink(wish, uplink))) < 0)
                return -ENOMEM;

        if (json_object_get(NETWORKS(p->touched), name)) {
                json_t *warnings = warnings_wish(wish);

                if (!warnings || json_object_set_new(json_object_get(p->plan, "warnings"), name, warnings) < 0)
                        return -ENOMEM;
        }
        r = expect_vlan(wish, expect);
        if (r >= 0)
                r = expect_carrier(p, wish, expect);
        return r < 0 ? r : expect_addresses(p, wish, expect);
}

/* The networks asked for, and always the management network: whatever was asked, it must be there afterwards. */
static int plan_expectations(Planner *p, const json_t *wanted) {
        const char *name;
        json_t *wish;

        json_object_foreach(NETWORKS(p->after), name, wish) {
                int r;

                if (!json_object_get(NETWORKS(p->touched), name) && !dict_boolean(wish, "management", false))
                        continue;
                r = plan_expectation(p, wanted, name, wish);
                if (r < 0)
                        return r;
        }
        return 0;
}

/* Inherited addresses come from a device that changes as well: it must be under the checkpoint. */
static int plan_inherited_devices(Planner *p) {
        const char *name, *device;
        json_t *profile, *uuid;

        json_object_foreach(p->inherit, name, uuid)
                json_object_foreach(json_object_get(p->view, "devices"), device, profile)
                        if (streq_ptr(dict_string(profile, "profile", NULL), json_string_value(uuid))) {
                                int r = plan_device(p, device);

                                if (r < 0)
                                        return r;
                        }
        return 0;
}

json_t *plan_touched_layers(const json_t *touched, const json_t *all) {
        _cleanup_json_ json_t *wishes = json_pack("{s:O, s:o, s:O*}", "networks", NETWORKS(touched), "bonds",
                                                  json_copy(BONDS(touched)), "nics", NICS(touched));
        const char *name;
        json_t *wish;

        if (!wishes)
                return NULL;
        json_object_foreach(NETWORKS(touched), name, wish) {
                const char *bond = dict_string(wish, "bonding", NULL);
                json_t *found = bond ? json_object_get(BONDS(all), bond) : NULL;

                if (found && json_object_set(BONDS(wishes), bond, found) < 0)
                        return NULL;
        }
        return layers_make(wishes);
}

static int write_plan(Planner *p) {
        _cleanup_json_ json_t *wanted = layers_make(p->after), *now = plan_touched_layers(p->touched, p->after),
                              *then = plan_touched_layers(p->touched_before, p->before);
        int r;

        if (!wanted || !now || !then || json_object_update(now, then) < 0)
                return -ENOMEM;

        r = plan_layers(p, wanted, now);
        if (r >= 0)
                r = plan_deletions(p, now, wanted);
        if (r >= 0 && p->changed)
                r = plan_inherited_devices(p);
        if (r >= 0)
                r = plan_expectations(p, wanted);
        if (r >= 0 && json_object_set_new(p->plan, "functions", functions_expect(p->touched, p->touched_before)) < 0)
                r = -ENOMEM;
        return r;
}

/* Everything touched is known: may it be, and how. Return: did anything change, or negative. */
static int finish(Planner *p, const json_t *view, json_t **ret, sd_bus_error *error) {
        int r;

        r = check_wishes(view, p->before, p->after, p->touched, error);
        if (r >= 0)
                r = write_plan(p);
        if (r >= 0)
                r = functions_check(view, p->before, p->after, p->plan, error);
        if (r < 0)
                return r;

        *ret = TAKE_PTR(p->plan);
        return p->changed;
}

int plan_make(const json_t *view, const json_t *networks, const json_t *bonds, const json_t *options, json_t **ret, sd_bus_error *error) {
        _cleanup_planner_ Planner p;
        int r;

        r = planner_init(&p, view);
        if (r >= 0)
                r = read_entries(&p, "bonds", bonds, error);
        if (r >= 0)
                r = read_entries(&p, "networks", networks, error);
        if (r >= 0)
                r = check_bond_removal(&p, error);
        if (r >= 0)
                r = functions_apply(view, json_object_get(options, "vfs"), p.before, p.after, p.touched, p.touched_before, error);
        if (r >= 0)
                r = resolve(&p, json_object_get(options, "layouts"), error);
        return r < 0 ? r : finish(&p, view, ret, error);
}

/* ---- putting right ---- */

/* Only what NetworkManager and the kernel have is put right; the wishes stay. */
static int touch_again(Planner *p, const char *name, sd_bus_error *error) {
        static const char *const kinds[] = { "networks", "bonds", "nics" };
        bool found = false;

        for (size_t i = 0; i < ELEMENTSOF(kinds); i++) {
                json_t *wish = json_object_get(json_object_get(p->after, kinds[i]), name);

                found = found || wish;
                if (wish && json_object_set(json_object_get(p->touched, kinds[i]), name, wish) < 0)
                        return -ENOMEM;
        }
        return found ? 0 : sd_bus_error_setf(error, RHV_ERROR_NOT_FOUND, "There is no network or bond %.40s", name);
}

int plan_sync(const json_t *view, const json_t *names, json_t **ret, sd_bus_error *error) {
        _cleanup_planner_ Planner p;
        json_t *name;
        size_t i;
        int r;

        r = planner_init(&p, view);
        json_array_foreach((json_t *)names, i, name)
                if (r >= 0)
                        r = touch_again(&p, json_string_value(name), error);
        return r < 0 ? r : finish(&p, view, ret, error);
}
