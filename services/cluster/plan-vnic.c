/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "plan-vnic.h"

#include <utlist.h>

#include "bus-error.h"
#include "dict.h"
#include "nic-options.h"
#include "plan-internal.h"
#include "spec.h"

static const char *const directions[] = { "inbound", "outbound" };

Object *vnic_profile_find(const Model *model, const char *network, const char *name) {
        for (Object *profile = model_first(model, KIND_VNIC_PROFILE); profile; profile = profile->next)
                if (streq(profile->name, name) && streq(profile->parent->name, network))
                        return profile;
        return NULL;
}

bool vnic_profile_mirrors(const Object *profile) {
        return profile && dict_boolean(profile->spec, "port_mirroring", false);
}

bool vnic_profile_passes(const Object *profile) {
        return profile && dict_boolean(profile->spec, "passthrough", false);
}

int vnic_profile_describe(const Object *profile, const json_t *filters, json_t *nic) {
        static const char *const copied[] = { "inbound", "outbound", "custom" };
        const char *filter = profile && !vnic_profile_passes(profile) ? dict_string(profile->spec, "filter", "default") : "none";

        if (streq(filter, "default"))
                filter = json_array_has(filters, NIC_FILTER_SPOOFING) ? NIC_FILTER_SPOOFING : "none";
        if (!streq(filter, "none") && json_object_set_new(nic, "filter", json_string(filter)) < 0)
                return -ENOMEM;
        if (vnic_profile_mirrors(profile) && json_object_set_new(nic, "mirror", json_true()) < 0)
                return -ENOMEM;
        for (size_t i = 0; profile && i < ELEMENTSOF(copied); i++) {
                json_t *value = json_object_get(profile->spec, copied[i]);

                if (json_object_size(value) > 0 && json_object_set(nic, copied[i], value) < 0)
                        return -ENOMEM;
        }
        return 0;
}

/* ---- rows ---- */

static const Link *find_user(const Object *profile) {
        const Link *nic;

        DL_FOREACH2(profile->parent->users, nic, other_next)
                if (nic->profile == profile)
                        return nic;
        return NULL;
}

/* A virtual function is no port of a bridge: nothing on the host sees what goes through it. */
static int check_passthrough(const Object *profile, const json_t *changes, sd_bus_error *error) {
        _cleanup_json_ json_t *after = json_object();
        const char *filter;

        if (!after || (profile && json_object_update(after, profile->spec) < 0) || json_object_update(after, (json_t *)changes) < 0)
                return -ENOMEM;
        if (!dict_boolean(after, "passthrough", false))
                return 0;
        filter = dict_string(after, "filter", "default");
        if (!streq(filter, "default") && !streq(filter, "none"))
                return sd_bus_error_set(error, RHV_ERROR_INVALID_ARGUMENT, "A pass-through NIC has no filter");
        if (dict_boolean(after, "port_mirroring", false))
                return sd_bus_error_set(error, RHV_ERROR_INVALID_ARGUMENT, "A pass-through NIC cannot mirror");
        for (size_t i = 0; i < ELEMENTSOF(directions); i++)
                if (json_object_size(json_object_get(after, directions[i])) > 0)
                        return sd_bus_error_setf(error, RHV_ERROR_INVALID_ARGUMENT, "A pass-through NIC has no limit: '%s'", directions[i]);
        return 0;
}

/* Mirroring and pass-through stay as they are while a NIC has the profile, as in oVirt: who gave the NIC to its VM was asked by what it was then, and the name of a guest's port says
 * it. */
int plan_check_vnic_profile_update(const Object *profile, const json_t *changes, sd_bus_error *error) {
        const Link *user = profile ? find_user(profile) : NULL;
        int r;

        r = check_passthrough(profile, changes, error);
        if (r < 0)
                return r;
        if (user && dict_boolean(changes, "passthrough", vnic_profile_passes(profile)) != vnic_profile_passes(profile))
                return sd_bus_error_setf(error, RHV_ERROR_IN_USE, "The VM %s uses the vNIC profile %s: whether it passes a NIC through cannot be changed", user->vm->name, profile->name);
        if (user && dict_boolean(changes, "port_mirroring", vnic_profile_mirrors(profile)) != vnic_profile_mirrors(profile))
                return sd_bus_error_setf(error, RHV_ERROR_IN_USE, "The VM %s uses the vNIC profile %s: its port mirroring cannot be changed", user->vm->name, profile->name);
        for (size_t i = 0; i < ELEMENTSOF(directions); i++) {
                const json_t *limit = json_object_get(changes, directions[i]);
                /* an empty one takes the limit away */
                r = json_object_size(limit) > 0 ? nic_limit_check(limit, directions[i], error) : 0;
                if (r < 0)
                        return r;
        }
        return nic_custom_check(json_object_get(changes, "custom"), error);
}

int plan_create_vnic_profile(const Plan *plan, const json_t *description, Change *change, sd_bus_error *error) {
        const Object *network = plan_container(plan, KIND_NETWORK, description, error);
        const char *name = dict_string(description, "name", "");
        char id[UUID_STRING_MAX];
        json_t *spec;
        int r;

        if (!network)
                return -EINVAL;
        r = plan_new_id(plan, KIND_VNIC_PROFILE, description, id, error);
        if (r < 0)
                return r;
        if (!dict_boolean(network->spec, "bridged", true))
                return sd_bus_error_setf(error, RHV_ERROR_INVALID_ARGUMENT, "The network %s has no bridge: VMs cannot use it", network->name);
        r = plan_check_name(plan, KIND_VNIC_PROFILE, name, network, NULL, error);
        if (r >= 0)
                r = plan_check_vnic_profile_update(NULL, description, error);
        if (r < 0)
                return r;

        spec = spec_strip(description);
        if (spec)
                (void) json_object_del(spec, "network");
        r = change_put(change, "vnic_profile", json_pack("{s:s, s:s, s:s, s:o}", "id", id, "name", name, "network", network->id, "spec", spec));
        return r < 0 ? r : plan_created(plan, change, KIND_VNIC_PROFILE, id, name);
}

int plan_check_vnic_profile_remove(const Object *profile, sd_bus_error *error) {
        const Link *user = find_user(profile);

        return user ? sd_bus_error_setf(error, RHV_ERROR_IN_USE, "The VM %s uses the vNIC profile %s", user->vm->name, profile->name) : 0;
}

int plan_put_network_profile(const char *network_id, const char *network_name, Change *change) {
        char id[UUID_STRING_MAX];
        int r = uuid_generate(id);

        return r < 0 ? r
                     : change_put(change, "vnic_profile",
                                  json_pack("{s:s, s:s, s:s, s:{}}", "id", id, "name", network_name, "network", network_id, "spec"));
}

int plan_delete_network_profiles(const Plan *plan, const Object *network, Change *change) {
        int r = 0;

        for (const Object *profile = model_first(plan->model, KIND_VNIC_PROFILE); profile && r >= 0; profile = profile->next)
                if (profile->parent == network)
                        r = change_delete(change, "vnic_profile", json_pack("{s:s}", "id", profile->id));
        return r;
}

int plan_default_vnic_profiles(const Plan *plan, Change *change) {
        int r = 0;

        for (const Object *network = model_first(plan->model, KIND_NETWORK); network && r >= 0; network = network->next)
                if (dict_boolean(network->spec, "bridged", true) && network->children == 0)
                        r = plan_put_network_profile(network->id, network->name, change);
        return r;
}

/* ---- NICs ---- */

int plan_resolve_nic(const Plan *plan, const json_t *nic, const Object *scope, Object **ret_network, Object **ret_profile, sd_bus_error *error) {
        const char *network_reference = dict_string(nic, "network", NULL), *profile_reference = dict_string(nic, "profile", NULL);
        Object *network = NULL, *profile = NULL;

        if (!network_reference && !profile_reference)
                return sd_bus_error_set(error, RHV_ERROR_INVALID_ARGUMENT, "NIC: a network or a profile is needed");
        if (network_reference) {
                network = model_resolve(plan->model, KIND_NETWORK, network_reference, scope, error);
                if (!network)
                        return -ENOENT;
                scope = network;
        }
        if (profile_reference) {
                profile = model_resolve(plan->model, KIND_VNIC_PROFILE, profile_reference, scope, error);
                if (!profile)
                        return -ENOENT;
                network = profile->parent;
        } else
                profile = model_resolve(plan->model, KIND_VNIC_PROFILE, network->name, network, NULL);

        *ret_network = network;
        *ret_profile = profile;
        return 0;
}
