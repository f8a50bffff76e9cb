/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "view.h"

#include <sys/socket.h>

#include "bus-error.h"
#include "dict.h"
#include "ip-text.h"
#include "virtual-functions.h"
#include "wish.h"

const json_t *view_device(const json_t *view, const char *name) {
        return name ? json_object_get(json_object_get(view, "devices"), name) : NULL;
}

const char *view_master(const json_t *view, const char *name) {
        const json_t *facts = json_object_get(json_object_get(view, "links"), name);

        return facts ? dict_string(facts, "master", "") : dict_string(view_device(view, name), "master", "");
}

bool view_device_is(const json_t *device, const char *kind) {
        return streq(dict_string(device, "kind", ""), kind);
}

bool view_device_is_active(const json_t *device) {
        return streq(dict_string(device, "state", ""), "activated");
}

const json_t *view_own_profile(const json_t *view, const char *iface, const char **ret_uuid) {
        const char *uuid;
        json_t *profile;

        json_object_foreach(json_object_get(view, "profiles"), uuid, profile)
                if (dict_boolean(profile, "ours", false) && streq(dict_string(profile, "iface", ""), iface)) {
                        if (ret_uuid)
                                *ret_uuid = uuid;
                        return profile;
                }

        return NULL;
}

json_t *view_own_uuids(const json_t *view) {
        _cleanup_json_ json_t *uuids = json_object();
        const char *uuid;
        json_t *profile;

        json_object_foreach(json_object_get(view, "profiles"), uuid, profile) {
                const char *iface = dict_string(profile, "iface", "");

                if (dict_boolean(profile, "ours", false) && !json_object_get(uuids, iface) && json_object_set_new(uuids, iface, json_string(uuid)) < 0)
                        return NULL;
        }
        return TAKE_PTR(uuids);
}

/* A note that somebody damaged is no wish; its devices then are only devices. */
static int add_wish(json_t *wishes, const char *kind, const json_t *wish) {
        const char *name = dict_string(wish, "name", NULL);
        bool is_bond = streq(kind, "bonds"), valid;
        char buffer[NETWORK_NAME_MAX + 1];

        if (streq(kind, "nics"))
                valid = functions_wish_is_valid(wish);
        else
                valid = is_bond ? bond_name_is_valid(name) : network_name_is_valid(name) && network_wish_top(wish, buffer);
        return valid ? json_object_set(json_object_get(wishes, kind), name, (json_t *)wish) : 0;
}

json_t *view_wishes(const json_t *view) {
        _cleanup_json_ json_t *wishes = json_pack("{s:{}, s:{}, s:{}}", "networks", "bonds", "nics");
        const char *uuid, *name;
        json_t *profile, *wish;

        if (!wishes)
                return NULL;

        json_object_foreach(json_object_get(view, "profiles"), uuid, profile) {
                const json_t *spec = json_object_get(profile, "spec");

                if (!dict_boolean(profile, "ours", false))
                        continue;
                if (add_wish(wishes, "networks", json_object_get(spec, "network")) < 0 ||
                    add_wish(wishes, "bonds", json_object_get(spec, "bond")) < 0 || add_wish(wishes, "nics", json_object_get(spec, "nic")) < 0)
                        return NULL;
                json_object_foreach(json_object_get(spec, "networks"), name, wish)
                        if (add_wish(wishes, "networks", wish) < 0)
                                return NULL;
        }

        return TAKE_PTR(wishes);
}

const json_t *wishes_management(const json_t *networks) {
        const char *name;
        json_t *wish;

        json_object_foreach((json_t *)networks, name, wish)
                if (dict_boolean(wish, "management", false))
                        return wish;

        return NULL;
}

bool device_is_hidden(const char *name) {
        return name[0] == 'w' || startswith(name, "usb");
}

const char *device_first_address(const json_t *device) {
        static const char *const keys[] = { "addresses", "addresses6" };
        json_t *address;
        size_t i;

        for (size_t k = 0; k < ELEMENTSOF(keys); k++)
                json_array_foreach(json_object_get(device, keys[k]), i, address)
                        if (!ip_is_link_local(json_string_value(address)))
                                return json_string_value(address);
        return NULL;
}

const char *view_management_device(const json_t *view, sd_bus_error *error) {
        const char *name, *only = NULL;
        unsigned count = 0;
        json_t *device;

        json_object_foreach(json_object_get(view, "devices"), name, device)
                if (dict_boolean(device, "default_route", false))
                        return name;

        json_object_foreach(json_object_get(view, "devices"), name, device) {
                if (streq(name, "lo") || view_device_is(device, "other") || !device_first_address(device))
                        continue;
                only = name;
                count++;
        }
        if (count == 1)
                return only;

        (void) sd_bus_error_setf(error, RHV_ERROR_INVALID_STATE,
                                 count == 0 ? "No device holds an address that could be the host's management address: name the NIC and the addresses"
                                            : "There is no default route, and %u devices hold addresses: name the NIC of the management network and its addresses",
                                 count);
        return NULL;
}

bool view_has_route(const json_t *device, int family, const json_t *route) {
        json_t *other;
        size_t i;

        json_array_foreach(json_object_get(device, family == AF_INET ? "routes" : "routes6"), i, other)
                if (streq(dict_string(other, "to", ""), dict_string(route, "to", "")) && streq(dict_string(other, "via", ""), dict_string(route, "via", "")))
                        return true;

        return false;
}
