/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "port-vlans.h"

#include <stdio.h>

#include "dict.h"
#include "layers.h"
#include "view.h"
#include "vlan-set.h"
#include "wish.h"

static int add_wrong(json_t *list, const char *device, bool bridge, const char *is, const char *wanted) {
        if (streq(is, wanted))
                return 0;
        return json_array_append_new(list, json_pack("{s:s, s:b, s:s, s:s}", "device", device, "bridge", bridge, "is", is, "wanted", wanted)) < 0 ? -ENOMEM : 0;
}

/* Networks for guests, by their bridge and VLAN, "br-eth1 100": only these may guests' ports be in. */
static json_t *guests_vlans(const json_t *networks) {
        json_t *all = json_object(), *wish;
        const char *name;

        json_object_foreach((json_t *)networks, name, wish) {
                char buffer[NETWORK_NAME_MAX + 1], key[40];

                if (!network_wish_is_aware(wish) || !dict_boolean(wish, "bridged", true))
                        continue;
                (void) snprintf(key, sizeof key, "%s %d", network_wish_bridge(wish, buffer), network_wish_bridge_vlan(wish));
                if (all)
                        (void) json_object_set_new(all, key, json_true());
        }
        return all;
}

static int check_guest_port(json_t *list, const json_t *guests, const char *port, const char *bridge, const char *is) {
        unsigned vlan = vlan_of_port_name(port);
        char key[40], wanted[40] = "";

        if (vlan == 0)
                return 0;
        (void) snprintf(key, sizeof key, "%s %u", bridge, vlan);
        if (json_object_get(guests, key))
                (void) snprintf(wanted, sizeof wanted, "%u pvid untagged", vlan);
        return add_wrong(list, port, false, is, wanted);
}

/* What the device's profile says, where the device runs it: that is what it gets when it comes up, too. */
static const json_t *own_spec(const json_t *view, const char *device) {
        const char *uuid = NULL;
        const json_t *profile = view_own_profile(view, device, &uuid);

        return profile && streq_ptr(dict_string(view_device(view, device), "profile", NULL), uuid) ? json_object_get(profile, "spec") : NULL;
}

json_t *port_vlans_wrong(const json_t *view) {
        _cleanup_json_ json_t *list = json_array(), *wishes = view_wishes(view), *guests = wishes ? guests_vlans(json_object_get(wishes, "networks")) : NULL;
        const char *device;
        json_t *facts;

        if (!list || !guests)
                return NULL;
        json_object_foreach(json_object_get(view, "links"), device, facts) {
                const char *master = dict_string(facts, "master", ""), *is = dict_string(facts, "vlans", NULL);
                const json_t *spec;
                int r = 0;

                if (!is)
                        continue;
                spec = own_spec(view, device);
                if (dict_boolean(spec, "vlan_aware", false) || (spec && streq(dict_string(spec, "master", ""), master) && json_object_get(spec, "vlans")))
                        r = add_wrong(list, device, json_object_get(facts, "bridge") != NULL, is, dict_string(spec, "vlans", ""));
                else if (!spec && dict_boolean(own_spec(view, master), "vlan_aware", false))
                        r = check_guest_port(list, guests, device, master, is);
                if (r < 0)
                        return NULL;
        }
        return TAKE_PTR(list);
}
