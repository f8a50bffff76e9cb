/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "check.h"

#include <stdio.h>

#include "bond-options.h"
#include "bus-error.h"
#include "dict.h"
#include "ip-text.h"
#include "layers.h"
#include "layout.h"
#include "view.h"
#include "wish.h"

#define NETWORKS(wishes) json_object_get(wishes, "networks")
#define BONDS(wishes) json_object_get(wishes, "bonds")
#define INVALID(error, ...) sd_bus_error_setf(error, RHV_ERROR_INVALID_ARGUMENT, __VA_ARGS__)

/* ---- among the wishes ---- */

/* One untagged network and one of each tag on every base. */
static int check_sharing(const json_t *networks, sd_bus_error *error) {
        _cleanup_json_ json_t *seen = json_object();
        const char *name;
        json_t *wish;

        if (!seen)
                return -ENOMEM;
        json_object_foreach((json_t *)networks, name, wish) {
                const char *base = network_wish_base(wish), *other;
                char key[40];

                if (!base)
                        continue;
                (void) snprintf(key, sizeof key, "%s.%d", base, network_wish_vlan(wish));
                other = json_string_value(json_object_get(seen, key));
                if (other && network_wish_vlan(wish) == VLAN_NONE)
                        return INVALID(error, "Networks %s and %s are both untagged on %s", other, name, base);
                if (other)
                        return INVALID(error, "Networks %s and %s both have VLAN %d on %s", other, name,
                                       network_wish_vlan(wish), base);
                if (json_object_set_new(seen, key, json_string(name)) < 0)
                        return -ENOMEM;
        }
        return 0;
}

static int check_single(const json_t *networks, const char *flag, sd_bus_error *error) {
        const char *name, *first = NULL;
        json_t *wish;

        json_object_foreach((json_t *)networks, name, wish) {
                if (!dict_boolean(wish, flag, false))
                        continue;
                if (first)
                        return INVALID(error, "Networks %s and %s cannot both have %s", first, name, flag);
                first = name;
        }
        return 0;
}

static int check_address_twice(const json_t *networks, sd_bus_error *error) {
        static const char *const keys[] = { "ipv4", "ipv6" };
        _cleanup_json_ json_t *seen = json_object();
        const char *name;
        json_t *wish, *address;
        size_t i;

        if (!seen)
                return -ENOMEM;
        json_object_foreach((json_t *)networks, name, wish)
                for (size_t k = 0; k < ELEMENTSOF(keys); k++)
                        json_array_foreach(json_object_get(json_object_get(wish, keys[k]), "addresses"), i, address) {
                                char text[64];

                                (void) snprintf(text, sizeof text, "%s", json_string_value(address));
                                text[strcspn(text, "/")] = 0;
                                if (json_object_get(seen, text))
                                        return INVALID(error, "The address %s is given twice, to network %s and network %s", text,
                                                       json_string_value(json_object_get(seen, text)), name);
                                if (json_object_set_new(seen, text, json_string(name)) < 0)
                                        return -ENOMEM;
                        }
        return 0;
}

/* An address that another device already has: of others, or taken by hand. What this set-up moves is on a device of ours or on the one that is inherited from. */
static int check_address_there(const json_t *view, const json_t *touched, sd_bus_error *error) {
        static const char *const keys[][2] = { { "ipv4", "addresses" }, { "ipv6", "addresses6" } };
        const char *name, *holder = view_management_device(view, NULL), *other;
        json_t *wish, *address, *device;
        size_t i;

        json_object_foreach(NETWORKS(touched), name, wish)
                for (size_t k = 0; k < ELEMENTSOF(keys); k++)
                        json_array_foreach(json_object_get(json_object_get(wish, keys[k][0]), "addresses"), i, address)
                                json_object_foreach(json_object_get(view, "devices"), other, device) {
                                        bool moves = streq_ptr(network_wish_base(wish), other) || view_own_profile(view, other, NULL) ||
                                                     (dict_boolean(wish, "management", false) && streq_ptr(holder, other));

                                        if (!moves && json_array_has(json_object_get(device, keys[k][1]), json_string_value(address)))
                                                return sd_bus_error_setf(error, RHV_ERROR_ALREADY_EXISTS, "Network %s: %s already has the address %s", name, other,
                                                                         json_string_value(address));
                                }
        return 0;
}

/* A NIC has one setting of each kind, whoever asks for it. */
static int check_ethtool(const json_t *networks, sd_bus_error *error) {
        _cleanup_json_ json_t *seen = json_object();
        const char *name, *option;
        json_t *wish, *value;

        if (!seen)
                return -ENOMEM;
        json_object_foreach((json_t *)networks, name, wish)
                json_object_foreach(json_object_get(wish, "ethtool_options"), option, value) {
                        char key[128];
                        json_t *other;

                        (void) snprintf(key, sizeof key, "%s %s", network_wish_base(wish) ?: "", option);
                        other = json_object_get(seen, key);
                        if (other && !json_equal(json_array_get(other, 0), value))
                                return INVALID(error, "Networks %s and %s ask for different %s of %s", json_string_value(json_array_get(other, 1)), name, option,
                                               network_wish_base(wish));
                        if (json_object_set_new(seen, key, json_pack("[O, s]", value, name)) < 0)
                                return -ENOMEM;
                }
        return 0;
}

static int check_bond_use(const json_t *after, sd_bus_error *error) {
        const char *name;
        json_t *wish;

        json_object_foreach(NETWORKS(after), name, wish) {
                const char *bond = dict_string(wish, "bonding", NULL), *mode;
                const json_t *found = bond ? json_object_get(BONDS(after), bond) : NULL;

                if (!bond)
                        continue;
                if (!found)
                        return sd_bus_error_setf(error, RHV_ERROR_NOT_FOUND, "Network %s: there is no bond %s after this request",
                                                 name, bond);
                mode = dict_string(json_object_get(found, "options"), "mode", "");
                if ((dict_boolean(wish, "bridged", true) || network_wish_is_aware(wish)) && !bond_mode_fits_bridge(mode))
                        return INVALID(error, "Network %s: guests cannot be bridged over a bond of mode %s (use 1, 2, 3 or 4)", name,
                                       mode);
        }
        return 0;
}

static int check_bond_nics(const json_t *after, sd_bus_error *error) {
        _cleanup_json_ json_t *seen = json_object();
        const char *name;
        json_t *wish, *nic;
        size_t i;

        if (!seen)
                return -ENOMEM;
        json_object_foreach(BONDS(after), name, wish)
                json_array_foreach(json_object_get(wish, "nics"), i, nic) {
                        const char *other = json_string_value(json_object_get(seen, json_string_value(nic)));

                        if (other)
                                return sd_bus_error_setf(error, RHV_ERROR_IN_USE, "NIC %s cannot be in bond %s and in bond %s",
                                                         json_string_value(nic), other, name);
                        if (json_object_set_new(seen, json_string_value(nic), json_string(name)) < 0)
                                return -ENOMEM;
                }

        json_object_foreach(NETWORKS(after), name, wish) {
                const char *base = dict_string(wish, "nic", NULL);
                const char *bond = base ? json_string_value(json_object_get(seen, base)) : NULL;

                if (bond)
                        return sd_bus_error_setf(error, RHV_ERROR_IN_USE, "NIC %s cannot carry network %s and be a port of bond %s",
                                                 base, name, bond);
        }
        return 0;
}

/* Devices that networks lie on, and a network that does: {device: network}. New, NULL when out of memory. */
static json_t *devices_below(const json_t *networks) {
        json_t *below = json_object(), *wish;
        const char *name;
        int r = below ? 0 : -1;

        json_object_foreach((json_t *)networks, name, wish) {
                char uplink[NETWORK_NAME_MAX + 1], bridge[NETWORK_NAME_MAX + 1];
                const char *devices[] = { network_wish_base(wish), network_wish_uplink(wish, uplink), network_wish_is_aware(wish) ? network_wish_bridge(wish, bridge) : NULL };

                for (size_t i = 0; i < ELEMENTSOF(devices); i++)
                        if (r == 0 && devices[i] && !json_object_get(below, devices[i]))
                                r = json_object_set_new(below, devices[i], json_string(name));
        }
        if (r < 0) {
                json_decref(below);
                return NULL;
        }
        return below;
}

/* Every bridge, bond and VLAN needs a name of its own. */
static int check_names(const json_t *after, sd_bus_error *error) {
        _cleanup_json_ json_t *below = devices_below(NETWORKS(after));
        const char *name;
        json_t *wish;

        if (!below)
                return -ENOMEM;
        json_object_foreach(NETWORKS(after), name, wish) {
                const char *other = json_string_value(json_object_get(below, name));

                if (!dict_boolean(wish, "bridged", true) && !network_wish_is_aware(wish))
                        continue;
                if (json_object_get(BONDS(after), name))
                        return INVALID(error, "Network %s and bond %s would have the same device name", name, name);
                if (other)
                        return INVALID(error, "Network %s: its bridge would have the name of a device that network %s lies on", name, other);
        }
        return 0;
}

/* ---- with the host ---- */

static bool is_own_device(const json_t *view, const char *name) {
        return view_own_profile(view, name, NULL);
}

static int check_nic(const json_t *view, const char *what, const char *nic, sd_bus_error *error) {
        const json_t *device = view_device(view, nic);
        const char *master = dict_string(device, "master", "");

        if (!device)
                return sd_bus_error_setf(error, RHV_ERROR_NOT_FOUND, "%s: there is no NIC %s", what, nic);
        if (!view_device_is(device, "nic") || device_is_hidden(nic))
                return INVALID(error, "%s: %s is no NIC that can carry a network", what, nic);
        if (!dict_boolean(device, "managed", false))
                return sd_bus_error_setf(error, RHV_ERROR_INVALID_STATE,
                                         "%s: NetworkManager does not manage %s (unmanaged by its configuration or by udev)", what,
                                         nic);
        if (!isempty(master) && !is_own_device(view, master))
                return sd_bus_error_setf(error, RHV_ERROR_IN_USE, "%s: NIC %s is a port of %s, which is not made by this service",
                                         what, nic, master);
        return 0;
}

static int check_touched_nics(const json_t *view, const json_t *touched, sd_bus_error *error) {
        const char *name;
        json_t *wish, *nic;
        char what[40];
        size_t i;
        int r;

        json_object_foreach(NETWORKS(touched), name, wish) {
                const char *base = dict_string(wish, "nic", NULL);

                (void) snprintf(what, sizeof what, "Network %s", name);
                r = base ? check_nic(view, what, base, error) : 0;
                if (r < 0)
                        return r;
        }
        json_object_foreach(json_object_get(touched, "nics"), name, wish) {
                r = check_nic(view, "vfs", name, error);
                if (r < 0)
                        return r;
        }
        json_object_foreach(BONDS(touched), name, wish) {
                (void) snprintf(what, sizeof what, "Bond %s", name);
                json_array_foreach(json_object_get(wish, "nics"), i, nic) {
                        r = check_nic(view, what, json_string_value(nic), error);
                        if (r < 0)
                                return r;
                }
        }
        return 0;
}

/* A bridge, bond or VLAN of that name that somebody else made is not taken over. */
static int check_foreign_names(const json_t *view, const json_t *touched, sd_bus_error *error) {
        _cleanup_json_ json_t *layers = layers_make(touched);
        const char *iface;
        json_t *spec;

        if (!layers)
                return -ENOMEM;
        json_object_foreach(layers, iface, spec) {
                if (streq(dict_string(spec, "kind", ""), "nic") || !view_device(view, iface) || is_own_device(view, iface))
                        continue;
                if (streq(dict_string(spec, "kind", ""), "bond") && !json_object_get(BONDS(touched), iface))
                        continue; /* a bond of ours the request did not name */
                return sd_bus_error_setf(error, RHV_ERROR_ALREADY_EXISTS,
                                         "There is already a device %s, and it is not made by this service", iface);
        }
        return 0;
}

static bool wish_takes(const json_t *wish, const json_t *bonds, const char *device) {
        const char *base = network_wish_base(wish);
        const json_t *bond = base ? json_object_get(bonds, base) : NULL;

        return streq_ptr(base, device) || (bond && json_array_has(json_object_get(bond, "nics"), device));
}

static bool holds_foreign_address(const json_t *view, const char *name) {
        const json_t *device = view_device(view, name);
        json_t *address;
        size_t i;

        json_array_foreach(json_object_get(device, "addresses"), i, address)
                if (!ip_is_link_local(json_string_value(address)))
                        return !is_own_device(view, name);
        json_array_foreach(json_object_get(device, "addresses6"), i, address)
                if (!ip_is_link_local(json_string_value(address)))
                        return !is_own_device(view, name);
        return false;
}

/* Without a default route and a management network nobody can tell which address is the one: none of others' is taken. */
static int check_any_address(const json_t *view, const json_t *after, const json_t *touched, sd_bus_error *error) {
        const json_t *management = wishes_management(NETWORKS(after));
        const char *name, *device;
        json_t *wish, *facts;

        json_object_foreach(NETWORKS(touched), name, wish)
                json_object_foreach(json_object_get(view, "devices"), device, facts)
                        if (wish_takes(wish, BONDS(after), device) && !dict_boolean(wish, "management", false) && holds_foreign_address(view, device) &&
                            !(management && wish_takes(management, BONDS(after), device)))
                                return sd_bus_error_setf(error, RHV_ERROR_INVALID_STATE,
                                                         "Network %s would take %s, which may be what holds the management address: make the management network first", name,
                                                         device);
        return 0;
}

/* While the management address lies on a plain NIC, only the management network may take that NIC. */
static int check_management_nic(const json_t *view, const json_t *after, const json_t *touched, sd_bus_error *error) {
        const char *holder = view_management_device(view, NULL), *name;
        const json_t *management = wishes_management(NETWORKS(after));
        json_t *wish;

        if (!holder && !management)
                return check_any_address(view, after, touched, error);
        if (!holder || is_own_device(view, holder) || (management && wish_takes(management, BONDS(after), holder)))
                return 0;

        json_object_foreach(NETWORKS(touched), name, wish)
                if (wish_takes(wish, BONDS(after), holder))
                        return sd_bus_error_setf(error, RHV_ERROR_INVALID_STATE,
                                                 "Network %s would take %s, which holds the management address: make the management network over it first",
                                                 name, holder);
        json_object_foreach(BONDS(touched), name, wish)
                if (json_array_has(json_object_get(wish, "nics"), holder))
                        return sd_bus_error_setf(error, RHV_ERROR_INVALID_STATE,
                                                 "Bond %s would take %s, which holds the management address: ask for the management network over the bond in the same request",
                                                 name, holder);
        return 0;
}

static bool nic_is_taken(const json_t *wishes, const char *nic) {
        const char *name;
        json_t *wish;

        json_object_foreach(NETWORKS(wishes), name, wish)
                if (wish_takes(wish, BONDS(wishes), nic))
                        return true;
        json_object_foreach(BONDS(wishes), name, wish)
                if (json_array_has(json_object_get(wish, "nics"), nic))
                        return true;
        return false;
}

/* Our profile, which has the number of virtual functions, takes the place of the one that gave the address. */
static int check_functions_nics(const json_t *view, const json_t *after, const json_t *touched, sd_bus_error *error) {
        const char *nic;
        json_t *wish;

        json_object_foreach(json_object_get(touched, "nics"), nic, wish)
                if (!nic_is_taken(after, nic) && holds_foreign_address(view, nic))
                        return sd_bus_error_setf(error, RHV_ERROR_INVALID_STATE, "vfs: %s has an address by a profile of others, and would lose it: make a network over it first", nic);
        return 0;
}

static int check_management_kept(const json_t *before, const json_t *after, sd_bus_error *error) {
        const json_t *management = wishes_management(NETWORKS(before)), *now = wishes_management(NETWORKS(after));
        static const char *const keys[] = { "ipv4", "ipv6" };

        if (management && !now)
                return sd_bus_error_setf(error, RHV_ERROR_INVALID_STATE,
                                         "Network %s holds the host's management address: it can be changed or moved, not removed",
                                         dict_string(management, "name", ""));
        for (size_t i = 0; now && i < ELEMENTSOF(keys); i++)
                if (!streq(dict_string(json_object_get(now, keys[i]), "method", "none"), "none"))
                        return 0;
        if (now)
                return INVALID(error, "Network %s: the management network needs an address", dict_string(now, "name", ""));
        return 0;
}

int check_wishes(const json_t *view, const json_t *before, const json_t *after, const json_t *touched, sd_bus_error *error) {
        int r;

        if (json_object_size(NETWORKS(after)) > NETWORKS_MAX)
                return sd_bus_error_setf(error, RHV_ERROR_LIMIT_EXCEEDED, "A host has at most %u networks", NETWORKS_MAX);

        r = check_management_kept(before, after, error);
        if (r >= 0)
                r = check_sharing(NETWORKS(after), error);
        if (r >= 0)
                r = layout_check(after, error);
        if (r >= 0)
                r = layout_check_guests(view, before, touched, error);
        if (r >= 0)
                r = check_single(NETWORKS(after), "management", error);
        if (r >= 0)
                r = check_single(NETWORKS(after), "default_route", error);
        if (r >= 0)
                r = check_address_twice(NETWORKS(after), error);
        if (r >= 0)
                r = check_address_there(view, touched, error);
        if (r >= 0)
                r = check_ethtool(NETWORKS(after), error);
        if (r >= 0)
                r = check_bond_use(after, error);
        if (r >= 0)
                r = check_bond_nics(after, error);
        if (r >= 0)
                r = check_names(after, error);
        if (r >= 0)
                r = check_touched_nics(view, touched, error);
        if (r >= 0)
                r = check_foreign_names(view, touched, error);
        if (r >= 0)
                r = check_management_nic(view, after, touched, error);
        if (r >= 0)
                r = check_functions_nics(view, after, touched, error);
        return r;
}
