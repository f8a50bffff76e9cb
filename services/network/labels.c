/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "labels.h"

#include "bus-error.h"
#include "dict.h"
#include "view.h"
#include "wish.h"

#define DEVICES(labels) json_object_get(labels, "devices")
#define NETWORKS(labels) json_object_get(labels, "networks")
#define INVALID(error, ...) sd_bus_error_setf(error, RHV_ERROR_INVALID_ARGUMENT, __VA_ARGS__)

typedef struct Expansion {
        const json_t *view, *bonds; /* bonds: of the request */
        json_t *before;             /* networks that are on the host: wishes */
        json_t *host_bonds;         /* and bonds */
        json_t *labels;             /* afterwards */
        json_t *concerned;          /* labels whose device changes, as keys */
        json_t *networks;           /* the request's, expanded */
} Expansion;

static void expansion_done(Expansion *e) {
        json_decref(e->before);
        json_decref(e->host_bonds);
        json_decref(e->labels);
        json_decref(e->concerned);
        json_decref(e->networks);
}

json_t *labels_new(void) {
        return json_pack("{s:{}, s:{}}", "devices", "networks");
}

bool labels_is_valid(const json_t *labels) {
        const char *name;
        json_t *value;

        if (!json_is_object(DEVICES(labels)) || !json_is_object(NETWORKS(labels)))
                return false;
        json_object_foreach(DEVICES(labels), name, value)
                if (!device_name_is_valid(name) || !nic_label_is_valid(json_string_value(value)))
                        return false;
        json_object_foreach(NETWORKS(labels), name, value)
                if (!network_name_is_valid(name) || !nic_label_is_valid(dict_string(value, "label", NULL)))
                        return false;
        return true;
}

const char *labels_device(const json_t *labels, const char *label) {
        const char *device;
        json_t *value;

        json_object_foreach(DEVICES(labels), device, value)
                if (streq_ptr(json_string_value(value), label))
                        return device;
        return NULL;
}

json_t *labels_waiting(const json_t *labels) {
        _cleanup_json_ json_t *waiting = json_array();
        const char *name;
        json_t *entry;

        json_object_foreach(NETWORKS(labels), name, entry)
                if (!labels_device(labels, dict_string(entry, "label", "")) && (!waiting || json_array_append_new(waiting, json_string(name)) < 0))
                        return NULL;
        return TAKE_PTR(waiting);
}

/* ---- devices ---- */

/* The bonds there are after the request. */
static bool is_bond(const Expansion *e, const char *device) {
        const json_t *asked = json_object_get(e->bonds, device);

        if (asked)
                return !dict_boolean(asked, "remove", false);
        return json_object_get(e->host_bonds, device);
}

static const char *bond_of(const Expansion *e, const char *nic) {
        const char *name;
        json_t *bond;

        json_object_foreach((json_t *)e->bonds, name, bond)
                if (json_array_has(json_object_get(bond, "nics"), nic))
                        return name;
        json_object_foreach(e->host_bonds, name, bond)
                if (!json_object_get(e->bonds, name) && json_array_has(json_object_get(bond, "nics"), nic))
                        return name;
        return NULL;
}

static int check_labelled(const Expansion *e, const char *device, const char *label, sd_bus_error *error) {
        const json_t *there = view_device(e->view, device);
        const char *bond = bond_of(e, device);

        if (is_bond(e, device))
                return 0;
        if (!there)
                return sd_bus_error_setf(error, RHV_ERROR_NOT_FOUND, "There is no NIC or bond %.40s that could have the label %.40s", device, label);
        if (!view_device_is(there, "nic") || device_is_hidden(device))
                return INVALID(error, "%s cannot have a label: it is no NIC and no bond made here", device);
        if (bond)
                return sd_bus_error_setf(error, RHV_ERROR_IN_USE, "NIC %s cannot have the label %.40s: it is a port of %s, which could have it", device, label, bond);
        return 0;
}

static int concern(Expansion *e, const char *label) {
        return label ? json_object_set_new(e->concerned, label, json_true()) : 0;
}

static int change_labels(Expansion *e, const json_t *changes, sd_bus_error *error) {
        const char *device;
        json_t *value;

        json_object_foreach((json_t *)changes, device, value) {
                const char *label = json_string_value(value), *before = dict_string(DEVICES(e->labels), device, NULL);

                if (!isempty(label) && !nic_label_is_valid(label))
                        return INVALID(error, "'%.40s' is no label: letters, digits, '_' and '-', at most %u", label, LABEL_MAX);
                if (isempty(label) && !before && !view_device(e->view, device))
                        return sd_bus_error_setf(error, RHV_ERROR_NOT_FOUND, "There is no device %.40s", device);
                if (concern(e, before) < 0 || concern(e, isempty(label) ? NULL : label) < 0)
                        return -ENOMEM;
                (void) json_object_del(DEVICES(e->labels), device);
        }
        json_object_foreach((json_t *)changes, device, value) {
                const char *label = json_string_value(value), *other = isempty(label) ? NULL : labels_device(e->labels, label);

                if (other)
                        return sd_bus_error_setf(error, RHV_ERROR_ALREADY_EXISTS, "%s has the label %s already: it can be on one device only", other, label);
                if (!isempty(label) && json_object_set(DEVICES(e->labels), device, value) < 0)
                        return -ENOMEM;
        }
        return 0;
}

/* All that have a label when the request is done, also those it does not name: a NIC must not vanish into a bond, nor a bond at all, with a label. */
static int check_devices(const Expansion *e, const json_t *changes, sd_bus_error *error) {
        const char *device;
        json_t *label;

        json_object_foreach(DEVICES(e->labels), device, label) {
                bool removed = dict_boolean(json_object_get(e->bonds, device), "remove", false);
                const char *bond = bond_of(e, device);
                int r;

                if (json_object_get(changes, device)) {
                        r = check_labelled(e, device, json_string_value(label), error);
                        if (r < 0)
                                return r;
                } else if (removed || (bond && json_object_get(e->bonds, bond)))
                        return sd_bus_error_setf(error, RHV_ERROR_IN_USE, "%s has the label %s: take it away in the same request", device, json_string_value(label));
        }
        return 0;
}

/* ---- networks ---- */

/* Role networks get an address by DHCP wherever their label brings them, unless they were given one. */
static int add_role_address(json_t *entry) {
        if (json_array_size(json_object_get(entry, "roles")) == 0 || json_object_get(entry, "ipv4") || json_object_get(entry, "ipv6"))
                return 0;
        return json_object_set_new(entry, "ipv4", json_pack("{s:s}", "method", "dhcp"));
}

/* Where a labelled network belongs now: on the device with its label, or off the host. always: also where it is there already. */
static int place_network(Expansion *e, const char *name, const json_t *entry, bool always) {
        const char *device = labels_device(e->labels, dict_string(entry, "label", ""));
        const json_t *before = json_object_get(e->before, name);
        json_t *placed;

        if (!device)
                return before ? json_object_set_new(e->networks, name, json_pack("{s:b}", "remove", 1)) : 0;
        if (!always && before && streq_ptr(network_wish_base(before), device))
                return 0;
        placed = json_deep_copy(entry);
        if (!placed || json_object_set_new(e->networks, name, placed) < 0)
                return -ENOMEM;
        if (json_object_set_new(placed, is_bond(e, device) ? "bonding" : "nic", json_string(device)) < 0)
                return -ENOMEM;
        return add_role_address(placed) < 0 ? -ENOMEM : 0;
}

static int take_network(Expansion *e, const char *name, json_t *entry, sd_bus_error *error) {
        const char *label = dict_string(entry, "label", NULL);
        bool known = json_object_get(NETWORKS(e->labels), name);

        if (!label) {
                (void) json_object_del(NETWORKS(e->labels), name);
                /* the removal of one that only waits is done with that */
                if (known && dict_boolean(entry, "remove", false) && !json_object_get(e->before, name))
                        return 0;
                return json_object_set(e->networks, name, entry) < 0 ? -ENOMEM : 0;
        }
        if (json_object_get(entry, "nic") || json_object_get(entry, "bonding"))
                return INVALID(error, "network %.40s: its label says where it lies: nic and bonding exclude it", name);
        if (!nic_label_is_valid(label))
                return INVALID(error, "network %.40s: '%.40s' is no label: letters, digits, '_' and '-', at most %u", name, label, LABEL_MAX);
        if (!network_name_is_valid(name))
                return INVALID(error, "'%.40s' is no name for a network", name);
        if (json_object_set(NETWORKS(e->labels), name, entry) < 0)
                return -ENOMEM;
        if (json_object_size(NETWORKS(e->labels)) > LABELLED_NETWORKS_MAX)
                return sd_bus_error_setf(error, RHV_ERROR_LIMIT_EXCEEDED, "A host knows at most %u networks with labels", LABELLED_NETWORKS_MAX);
        return place_network(e, name, entry, true);
}

/* A network that only waits is never planned; what is wrong with it must be said now all the same. */
static int check_waiting(const Expansion *e, const char *name, const json_t *entry, sd_bus_error *error) {
        _cleanup_json_ json_t *placed = json_deep_copy(entry), *wish = NULL;

        if (!placed || json_object_set_new(placed, "nic", json_string("none0")) < 0 || add_role_address(placed) < 0)
                return -ENOMEM;
        return network_wish_read(name, placed, &wish, error);
}

static int expand_networks(Expansion *e, const json_t *networks, sd_bus_error *error) {
        const char *name;
        json_t *entry;

        json_object_foreach((json_t *)networks, name, entry) {
                int r = take_network(e, name, entry, error);

                if (r >= 0 && json_object_get(entry, "label") && !json_object_get(e->networks, name))
                        r = check_waiting(e, name, entry, error);
                if (r < 0)
                        return r;
        }
        json_object_foreach(NETWORKS(e->labels), name, entry)
                if (!json_object_get(networks, name) && json_object_get(e->concerned, dict_string(entry, "label", "")) &&
                    place_network(e, name, entry, false) < 0)
                        return -ENOMEM;
        return 0;
}

int labels_expand(const json_t *view, const json_t *labels, const json_t *changes, const json_t *networks, const json_t *bonds, json_t **ret_networks,
                  json_t **ret_labels, sd_bus_error *error) {
        _cleanup_json_ json_t *wishes = view_wishes(view);
        _cleanup_(expansion_done) Expansion e = {
                .view = view,
                .bonds = bonds,
                .before = json_incref(json_object_get(wishes, "networks")),
                .host_bonds = json_incref(json_object_get(wishes, "bonds")),
                .labels = json_deep_copy(labels),
                .concerned = json_object(),
                .networks = json_object(),
        };
        int r;

        if (!e.before || !e.host_bonds || !e.labels || !e.concerned || !e.networks)
                return -ENOMEM;
        r = change_labels(&e, changes, error);
        if (r >= 0)
                r = check_devices(&e, changes, error);
        if (r >= 0)
                r = expand_networks(&e, networks, error);
        if (r < 0)
                return r;
        *ret_networks = TAKE_PTR(e.networks);
        *ret_labels = TAKE_PTR(e.labels);
        return 0;
}
