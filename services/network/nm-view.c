/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What libnm's objects say, as the view of view.h. Reads caches only, asks nobody. */

#include "dict.h"
#include "nm-internal.h"
#include "nm-profile.h"

static void set_string(json_t *object, const char *key, const char *value) {
        if (!isempty(value))
                (void) json_object_set_new(object, key, json_string(value));
}

static void set_mac(json_t *object, const char *key, const char *value) {
        g_autofree char *lower = value ? g_ascii_strdown(value, -1) : NULL;

        set_string(object, key, lower);
}

static const char *device_kind(NMDevice *device) {
        switch (nm_device_get_device_type(device)) {
        case NM_DEVICE_TYPE_ETHERNET:
                return "nic";
        case NM_DEVICE_TYPE_VETH: /* a container's NIC; the others belong to somebody's name spaces and are unmanaged */
                return nm_device_get_state(device) > NM_DEVICE_STATE_UNMANAGED ? "nic" : "other";
        case NM_DEVICE_TYPE_BRIDGE:
                return "bridge";
        case NM_DEVICE_TYPE_BOND:
                return "bond";
        case NM_DEVICE_TYPE_VLAN:
                return "vlan";
        default:
                return "other";
        }
}

static const char *state_word(NMDeviceState state) {
        if (state <= NM_DEVICE_STATE_UNKNOWN)
                return "unknown";
        if (state <= NM_DEVICE_STATE_UNMANAGED)
                return "unmanaged";
        if (state <= NM_DEVICE_STATE_UNAVAILABLE)
                return "unavailable";
        if (state <= NM_DEVICE_STATE_DISCONNECTED)
                return "disconnected";
        if (state < NM_DEVICE_STATE_ACTIVATED)
                return "activating";
        if (state == NM_DEVICE_STATE_ACTIVATED)
                return "activated";
        return state == NM_DEVICE_STATE_DEACTIVATING ? "deactivating" : "failed";
}

/* Those with a gateway: the rest follow from the addresses. */
static void view_routes(json_t *device, NMIPConfig *config, const char *key) {
        GPtrArray *routes = config ? nm_ip_config_get_routes(config) : NULL;
        json_t *list = json_array();

        for (guint i = 0; list && routes && i < routes->len; i++) {
                const char *via = nm_ip_route_get_next_hop(routes->pdata[i]);

                if (via && nm_ip_route_get_prefix(routes->pdata[i]) > 0)
                        (void) json_array_append_new(list, json_pack("{s:o, s:s}", "to", json_sprintf("%s/%u", nm_ip_route_get_dest(routes->pdata[i]),
                                                                                                     nm_ip_route_get_prefix(routes->pdata[i])), "via", via));
        }
        (void) json_object_set_new(device, key, list);
}

static void view_ip(json_t *device, NMIPConfig *config, const char *addresses_key, const char *gateway_key) {
        GPtrArray *addresses = config ? nm_ip_config_get_addresses(config) : NULL;
        json_t *list = json_array();

        for (guint i = 0; list && addresses && i < addresses->len; i++) {
                NMIPAddress *address = addresses->pdata[i];

                (void) json_array_append_new(list, json_sprintf("%s/%u", nm_ip_address_get_address(address),
                                                                nm_ip_address_get_prefix(address)));
        }
        (void) json_object_set_new(device, addresses_key, list);
        if (config)
                set_string(device, gateway_key, nm_ip_config_get_gateway(config));
}

static void view_active(json_t *view, NMDevice *device) {
        NMActiveConnection *active = nm_device_get_active_connection(device);
        NMDevice *master;

        if (!active)
                return;
        set_string(view, "profile", nm_active_connection_get_uuid(active));
        master = nm_active_connection_get_master(active);
        if (master)
                set_string(view, "master", nm_device_get_iface(master));
        if (nm_active_connection_get_default(active) || nm_active_connection_get_default6(active))
                (void) json_object_set_new(view, "default_route", json_true());
}

/* More neighbours than that on one link are a hub's or a liar's. */
#define LLDP_NEIGHBOURS_MAX 16U

/* Attributes that are text or numbers, "system-name" as system_name. */
static json_t *view_neighbour(NMLldpNeighbor *neighbour) {
        char **names = nm_lldp_neighbor_get_attr_names(neighbour);
        json_t *entry = json_object();

        for (char **name = names; entry && name && *name; name++) {
                GVariant *value = nm_lldp_neighbor_get_attr_value(neighbour, *name);
                g_autofree char *key = g_strdelimit(g_strdup(*name), "-", '_');

                if (value && g_variant_is_of_type(value, G_VARIANT_TYPE_STRING))
                        (void) json_object_set_new(entry, key, json_string(g_variant_get_string(value, NULL)));
                else if (value && g_variant_is_of_type(value, G_VARIANT_TYPE_UINT32))
                        (void) json_object_set_new(entry, key, json_integer(g_variant_get_uint32(value)));
        }
        g_strfreev(names);
        return entry;
}

static void view_neighbours(json_t *view, NMDevice *device) {
        GPtrArray *neighbours = nm_device_get_lldp_neighbors(device);
        json_t *list = json_array();

        for (guint i = 0; list && neighbours && i < neighbours->len && i < LLDP_NEIGHBOURS_MAX; i++)
                (void) json_array_append_new(list, view_neighbour(neighbours->pdata[i]));
        (void) json_object_set_new(view, "lldp", list);
}

static json_t *view_device_make(NMDevice *device) {
        NMDeviceState state = nm_device_get_state(device);
        json_t *view = json_pack("{s:s, s:I, s:b, s:b, s:s}", "kind", device_kind(device), "mtu",
                                 (json_int_t)nm_device_get_mtu(device), "carrier",
                                 !!(nm_device_get_interface_flags(device) & NM_DEVICE_INTERFACE_FLAG_CARRIER), "managed",
                                 state > NM_DEVICE_STATE_UNMANAGED, "state", state_word(state));

        if (!view)
                return NULL;

        set_mac(view, "mac", nm_device_get_hw_address(device));
        set_string(view, "driver", nm_device_get_driver(device));
        if (NM_IS_DEVICE_ETHERNET(device)) {
                set_mac(view, "permanent_mac", nm_device_ethernet_get_permanent_hw_address(NM_DEVICE_ETHERNET(device)));
                (void) json_object_set_new(view, "speed", json_integer(nm_device_ethernet_get_speed(NM_DEVICE_ETHERNET(device))));
        }
        if (streq(device_kind(device), "nic")) {
                view_neighbours(view, device);
                (void) json_object_set_new(view, "sriov", json_boolean(!!(nm_device_get_capabilities(device) & NM_DEVICE_CAP_SRIOV)));
        }
        if (NM_IS_DEVICE_VLAN(device)) {
                NMDevice *parent = nm_device_vlan_get_parent(NM_DEVICE_VLAN(device));

                (void) json_object_set_new(view, "vlan", json_integer(nm_device_vlan_get_vlan_id(NM_DEVICE_VLAN(device))));
                if (parent)
                        set_string(view, "parent", nm_device_get_iface(parent));
        }
        if (state != NM_DEVICE_STATE_ACTIVATED) {
                g_autofree char *reason = nm_utils_enum_to_str(NM_TYPE_DEVICE_STATE_REASON, (int)nm_device_get_state_reason(device));

                set_string(view, "reason", reason);
        }
        view_active(view, device);
        view_ip(view, nm_device_get_ip4_config(device), "addresses", "gateway");
        view_ip(view, nm_device_get_ip6_config(device), "addresses6", "gateway6");
        view_routes(view, nm_device_get_ip4_config(device), "routes");
        view_routes(view, nm_device_get_ip6_config(device), "routes6");
        return view;
}

static json_t *view_profile_make(NMRemoteConnection *remote) {
        NMConnection *connection = NM_CONNECTION(remote);
        NMSettingsConnectionFlags flags = nm_remote_connection_get_flags(remote);
        json_t *view = json_pack("{s:b, s:b, s:o}", "ours", nm_profile_is_ours(connection), "saved",
                                 !(flags & NM_SETTINGS_CONNECTION_FLAG_UNSAVED), "spec", nm_profile_read(connection));

        if (!view)
                return NULL;
        set_string(view, "id", nm_connection_get_id(connection));
        set_string(view, "iface", nm_connection_get_interface_name(connection));
        return view;
}

static json_t *view_nameservers(NMClient *client) {
        const GPtrArray *entries = nm_client_get_dns_configuration(client);
        json_t *list = json_array();

        for (guint i = 0; list && entries && i < entries->len; i++) {
                const char *const *servers = nm_dns_entry_get_nameservers(entries->pdata[i]);

                for (; servers && *servers; servers++)
                        (void) json_array_append_new(list, json_string(*servers));
        }
        return list;
}

json_t *nm_view_make(NMClient *client) {
        json_t *view = json_pack("{s:{}, s:{}, s:o, s:b}", "devices", "profiles", "nameservers", view_nameservers(client), "starting", nm_client_get_startup(client));
        const GPtrArray *devices = nm_client_get_devices(client), *profiles = nm_client_get_connections(client);

        for (guint i = 0; view && i < devices->len; i++) {
                const char *name = nm_device_get_iface(devices->pdata[i]);

                if (!isempty(name))
                        (void) json_object_set_new(json_object_get(view, "devices"), name, view_device_make(devices->pdata[i]));
        }
        for (guint i = 0; view && i < profiles->len; i++) {
                const char *uuid = nm_connection_get_uuid(profiles->pdata[i]);

                if (!isempty(uuid))
                        (void) json_object_set_new(json_object_get(view, "profiles"), uuid, view_profile_make(profiles->pdata[i]));
        }
        return view;
}
