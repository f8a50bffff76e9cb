/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "resolve.h"

#include "bus-error.h"
#include "dict.h"
#include "view.h"
#include "wish.h"

static bool wish_is_over(const json_t *wish, const json_t *bonds, const char *device) {
        const char *base = network_wish_base(wish);
        const json_t *bond;

        if (streq_ptr(base, device))
                return true;
        bond = base ? json_object_get(bonds, base) : NULL;
        return bond && json_array_has(json_object_get(bond, "nics"), device);
}

static const json_t *current_network(const json_t *before, const char *name) {
        return json_object_get(json_object_get(before, "networks"), name);
}

/* management without nic: the layers it has already, else the NIC that holds the management address. */
int resolve_base(const json_t *view, const json_t *before, json_t *wish, sd_bus_error *error) {
        static const char *const keys[] = { "nic", "bonding", "vlan" };
        const char *name = dict_string(wish, "name", ""), *device;
        const json_t *current = current_network(before, name) ?: wishes_management(json_object_get(before, "networks"));

        if (network_wish_base(wish) || !dict_boolean(wish, "management", false))
                return 0;

        if (current) {
                for (size_t i = 0; i < ELEMENTSOF(keys); i++) {
                        json_t *value = json_object_get(current, keys[i]);

                        if (value && !json_object_get(wish, keys[i]) && json_object_set(wish, keys[i], value) < 0)
                                return -ENOMEM;
                }
                return 0;
        }

        device = view_management_device(view, error);
        if (!device)
                return -ESTALE;
        if (!view_device_is(view_device(view, device), "nic"))
                return sd_bus_error_setf(error, RHV_ERROR_INVALID_STATE,
                                         "The management address is on %s, which is no NIC: name nic or bonding of network %s, or move the address to a NIC first",
                                         device, name);
        return json_object_set_new(wish, "nic", json_string(device)) < 0 ? -ENOMEM : 0;
}

static int take_addresses(json_t *wish, const json_t *from, const char *what, sd_bus_error *error) {
        static const char *const keys[] = { "ipv4", "ipv6" };
        bool any = false;

        for (size_t i = 0; i < ELEMENTSOF(keys); i++) {
                json_t *ip = json_object_get(from, keys[i]);

                if (!ip)
                        continue;
                if (streq(dict_string(ip, "method", ""), "shared"))
                        return sd_bus_error_setf(error, RHV_ERROR_NOT_SUPPORTED,
                                                 "%s shares its connection with others; a network cannot inherit that", what);
                any = any || !streq(dict_string(ip, "method", "none"), "none");
                if (json_object_set(wish, keys[i], ip) < 0)
                        return -ENOMEM;
        }
        if (!any)
                return sd_bus_error_setf(error, RHV_ERROR_INVALID_STATE, "%s has no addresses to inherit", what);
        return 0;
}

/* The addresses move with all that belongs to them, from our own profile or from the one now active on the device. */
static int resolve_addresses(const json_t *view, const json_t *before, const json_t *bonds, json_t *wish,
                             const char **ret_inherit, sd_bus_error *error) {
        const char *name = dict_string(wish, "name", ""), *device, *uuid;
        const json_t *current = current_network(before, name), *profile;
        char buffer[NETWORK_NAME_MAX + 1];

        if (!dict_boolean(wish, "inherit", false))
                return 0;

        current = current ?: wishes_management(json_object_get(before, "networks"));
        if (current) {
                profile = view_own_profile(view, network_wish_top(current, buffer) ?: "", &uuid);
                if (profile)
                        *ret_inherit = uuid;
                return take_addresses(wish, current, dict_string(current, "name", ""), error);
        }

        device = view_management_device(view, error);
        if (!device)
                return -ESTALE;
        if (!wish_is_over(wish, bonds, device))
                return sd_bus_error_setf(error, RHV_ERROR_INVALID_STATE,
                                         "The management address is on %s, but network %s is to lie on %s: give ipv4 or ipv6, or name %s",
                                         device, name, network_wish_base(wish), device);

        uuid = dict_string(view_device(view, device), "profile", NULL);
        profile = uuid ? json_object_get(json_object_get(view, "profiles"), uuid) : NULL;
        if (!profile)
                return sd_bus_error_setf(error, RHV_ERROR_INVALID_STATE,
                                         "NetworkManager has no profile for %s whose addresses could be inherited", device);
        *ret_inherit = uuid;
        return take_addresses(wish, json_object_get(profile, "spec"), device, error);
}

/* The NIC whose MAC and MTU a network takes over. */
static const json_t *first_device(const json_t *view, const json_t *bonds, const json_t *wish) {
        const char *base = network_wish_base(wish);
        const json_t *bond = base ? json_object_get(bonds, base) : NULL;

        if (bond)
                base = json_string_value(json_array_get(json_object_get(bond, "nics"), 0));
        return view_device(view, base);
}

static int resolve_mtu(const json_t *view, const json_t *before, const json_t *bonds, json_t *wish) {
        const json_t *current = current_network(before, dict_string(wish, "name", ""));
        int64_t mtu = MTU_DEFAULT;

        if (json_object_get(wish, "mtu"))
                return 0;
        /* a host in a tunnelled network has less than 1500 for a reason */
        if (dict_boolean(wish, "management", false))
                mtu = dict_integer(current, "mtu", dict_integer(first_device(view, bonds, wish), "mtu", 0) ?: MTU_DEFAULT);
        return json_object_set_new(wish, "mtu", json_integer(mtu)) < 0 ? -ENOMEM : 0;
}

/* Of the one bridge of an uplink, which is there already. */
static const char *aware_mac(const json_t *before, const char *base) {
        const char *name;
        json_t *wish;

        json_object_foreach(json_object_get(before, "networks"), name, wish)
                if (network_wish_is_aware(wish) && streq_ptr(network_wish_base(wish), base) && json_object_get(wish, "mac"))
                        return dict_string(wish, "mac", NULL);
        return NULL;
}

/* The bridge has its NIC's MAC: the DHCP lease, the neighbours' caches and the switch's port security stay as they are. */
static int resolve_mac(const json_t *view, const json_t *before, const json_t *bonds, json_t *wish) {
        const json_t *current = current_network(before, dict_string(wish, "name", ""));
        const char *base = network_wish_base(wish), *mac = NULL;

        if (!base || (!dict_boolean(wish, "bridged", true) && !network_wish_is_aware(wish)))
                return 0;
        if (network_wish_is_aware(wish))
                mac = aware_mac(before, base);
        if (!mac && current && streq_ptr(network_wish_base(current), base))
                mac = dict_string(current, "mac", NULL);
        if (!mac && json_object_get(bonds, base))
                mac = dict_string(json_object_get(bonds, base), "mac", NULL);
        if (!mac)
                mac = dict_string(first_device(view, bonds, wish), "mac", NULL);
        if (!mac)
                return 0;
        return json_object_set_new(wish, "mac", json_string(mac)) < 0 ? -ENOMEM : 0;
}

int resolve_network(const json_t *view, const json_t *before, const json_t *bonds, json_t *wish, const char **ret_inherit,
                    sd_bus_error *error) {
        int r;

        *ret_inherit = NULL;
        r = resolve_base(view, before, wish, error);
        if (r >= 0)
                r = resolve_addresses(view, before, bonds, wish, ret_inherit, error);
        if (r >= 0)
                r = resolve_mtu(view, before, bonds, wish);
        if (r >= 0)
                r = resolve_mac(view, before, bonds, wish);
        return r;
}

int resolve_bond(const json_t *view, const json_t *before, json_t *wish) {
        const char *name = dict_string(wish, "name", ""), *holder, *mac;
        const json_t *nics = json_object_get(wish, "nics"), *current, *first;

        current = json_object_get(json_object_get(before, "bonds"), name);
        holder = view_management_device(view, NULL);
        first = view_device(view, holder && json_array_has(nics, holder) ? holder : json_string_value(json_array_get(nics, 0)));
        mac = dict_string(current, "mac", dict_string(first, "permanent_mac", dict_string(first, "mac", NULL)));
        if (!mac)
                return 0;
        return json_object_set_new(wish, "mac", json_string(mac)) < 0 ? -ENOMEM : 0;
}
