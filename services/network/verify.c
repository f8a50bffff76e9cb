/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "verify.h"

#include <stdarg.h>
#include <stdio.h>
#include <sys/socket.h>

#include "dict.h"
#include "view.h"
#include "vlan-set.h"

/* Return: 0 with reason, or -ENOMEM. */
_printf_(2, 3) static int missing(char **ret_reason, const char *format, ...) {
        va_list arguments;
        int r;

        va_start(arguments, format);
        r = vasprintf(ret_reason, format, arguments);
        va_end(arguments);
        if (r < 0) {
                *ret_reason = NULL;
                return -ENOMEM;
        }
        return 0;
}

static int verify_addresses(const json_t *expect, const json_t *device, const char *iface, char **ret_reason) {
        static const char *const keys[] = { "addresses", "addresses6" };
        json_t *address;
        size_t i;

        for (size_t k = 0; k < ELEMENTSOF(keys); k++)
                json_array_foreach(json_object_get(expect, keys[k]), i, address)
                        if (!json_array_has(json_object_get(device, keys[k]), json_string_value(address)))
                                return missing(ret_reason, "%s does not have the address %s", iface, json_string_value(address));

        if (dict_boolean(expect, "dhcp", false) && json_array_size(json_object_get(device, "addresses")) == 0)
                return missing(ret_reason, "%s has no address from DHCP", iface);
        return 1;
}

static int verify_links(const json_t *expect, const json_t *view, char **ret_reason) {
        const char *uplink = dict_string(expect, "uplink", NULL), *carrier = dict_string(expect, "carrier", NULL);
        const char *bridge = dict_string(expect, "bridge", dict_string(expect, "iface", ""));

        if (uplink && !view_device_is_active(view_device(view, uplink)))
                return missing(ret_reason, "%s is not active (%s)", uplink, dict_string(view_device(view, uplink), "state", "absent"));
        if (uplink && !streq(dict_string(view_device(view, uplink), "master", ""), bridge))
                return missing(ret_reason, "%s is no port of %s", uplink, bridge);
        if (carrier && !dict_boolean(view_device(view, carrier), "carrier", false))
                return missing(ret_reason, "%s has lost its carrier", carrier);
        return 1;
}

static int verify_routes(const json_t *expect, const json_t *device, const char *iface, char **ret_reason) {
        static const char *const keys[] = { "gateway", "gateway6" };
        json_t *route;
        size_t n;

        for (size_t i = 0; i < ELEMENTSOF(keys); i++) {
                const char *gateway = dict_string(expect, keys[i], NULL);

                if (gateway && !streq(dict_string(device, keys[i], ""), gateway))
                        return missing(ret_reason, "%s has no route by the gateway %s", iface, gateway);
                json_array_foreach(json_object_get(expect, i == 0 ? "routes" : "routes6"), n, route)
                        if (!view_has_route(device, i == 0 ? AF_INET : AF_INET6, route))
                                return missing(ret_reason, "%s has no route to %s by %s", iface, dict_string(route, "to", ""), dict_string(route, "via", ""));
        }
        return 1;
}

/* In the kernel, while it can be asked at all. */
static int verify_vlan(const json_t *expect, const json_t *view, char **ret_reason) {
        const char *uplink = dict_string(expect, "uplink", ""), *bridge = dict_string(expect, "bridge", "");
        const json_t *links = json_object_get(view, "links"), *facts = json_object_get(links, uplink);
        int64_t vlan = dict_integer(expect, "vlan", 0);
        VlanSet set;

        if (vlan == 0 || !links)
                return 1;
        if (!streq(dict_string(json_object_get(json_object_get(links, bridge), "bridge"), "vlan_filtering", ""), "1"))
                return missing(ret_reason, "%s does not filter VLANs", bridge);
        if (vlan_set_parse(dict_string(facts, "vlans", ""), &set) < 0 || !set.flags[vlan % VLAN_SET_SIZE])
                return missing(ret_reason, "%s is not in VLAN %lld of %s", uplink, (long long)vlan, bridge);
        return 1;
}

static int verify_network(const json_t *expect, const json_t *view, char **ret_reason) {
        const char *iface = dict_string(expect, "iface", "");
        const json_t *device = view_device(view, iface);
        int64_t mtu = dict_integer(expect, "mtu", 0);
        int r;

        if (!device)
                return missing(ret_reason, "there is no device %s", iface);
        if (!view_device_is_active(device))
                return missing(ret_reason, "%s is not active (%s)", iface, dict_string(device, "state", "unknown"));
        if (dict_integer(device, "mtu", 0) != mtu)
                return missing(ret_reason, "%s has MTU %lld in place of %lld", iface, (long long)dict_integer(device, "mtu", 0),
                               (long long)mtu);

        r = verify_links(expect, view, ret_reason);
        if (r > 0)
                r = verify_vlan(expect, view, ret_reason);
        if (r > 0)
                r = verify_addresses(expect, device, iface, ret_reason);
        if (r > 0)
                r = verify_routes(expect, device, iface, ret_reason);
        return r;
}

int verify_functions(const json_t *functions, const json_t *view, char **ret_reason) {
        const json_t *links = json_object_get(view, "links");
        json_t *entry;
        size_t i;

        json_array_foreach((json_t *)functions, i, entry) {
                const char *nic = dict_string(entry, "nic", "");
                int64_t wanted = dict_integer(entry, "vfs", 0), is = dict_integer(json_object_get(links, nic), "vfs", 0);

                if (wanted > 0 && !view_device_is_active(view_device(view, nic)))
                        return missing(ret_reason, "%s is not active (%s)", nic, dict_string(view_device(view, nic), "state", "absent"));
                if (links && is != wanted) /* where the kernel cannot be asked NetworkManager's word must do */
                        return missing(ret_reason, "%s has %lld virtual functions in place of %lld", nic, (long long)is, (long long)wanted);
        }
        return 1;
}

int verify_expectations(const json_t *expect, const json_t *view, char **ret_reason) {
        json_t *entry;
        size_t i;

        json_array_foreach((json_t *)expect, i, entry) {
                int r = verify_network(entry, view, ret_reason);

                if (r <= 0)
                        return r;
        }
        return 1;
}
