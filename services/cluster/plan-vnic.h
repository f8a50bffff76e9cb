/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* vNIC profiles: what a NIC gets beside its network. Rows, and which one a NIC has. Errors are set and negative, as in plan.h. Pure. */

#include "plan.h"

/* The network's profile of that name; NULL: none. */
Object *vnic_profile_find(const Model *model, const char *network, const char *name);
/* Whether a NIC with it gets a copy of all that goes through its network. profile: may be NULL. */
bool vnic_profile_mirrors(const Object *profile) _pure_;
/* Whether a NIC with it is a virtual function of the host's NIC, and no port of a bridge. profile: may be NULL. */
bool vnic_profile_passes(const Object *profile) _pure_;
/* What a NIC with it is to have, put into the NIC of a description for Compute. profile: may be NULL. filters: names that the host's libvirt
 * has, for the filter that is taken where nobody chose one. Return: 0 or -ENOMEM. */
int vnic_profile_describe(const Object *profile, const json_t *filters, json_t *nic);

int plan_create_vnic_profile(const Plan *plan, const json_t *description, Change *change, sd_bus_error *error);
/* profile: NULL for a new one. */
int plan_check_vnic_profile_update(const Object *profile, const json_t *changes, sd_bus_error *error);
int plan_check_vnic_profile_remove(const Object *profile, sd_bus_error *error);
/* Every network VMs can use has one of its own name from the beginning. */
int plan_put_network_profile(const char *network_id, const char *network_name, Change *change);
/* Deletes all of a network, which no NIC uses. */
int plan_delete_network_profiles(const Plan *plan, const Object *network, Change *change);
/* For a store made before there were profiles: every network gets its own. */
int plan_default_vnic_profiles(const Plan *plan, Change *change);
/* The network and the profile a NIC names: either or both; a network alone stands for its profile of the same name, if there is one.
 * ret_profile: may become NULL. */
int plan_resolve_nic(const Plan *plan, const json_t *nic, const Object *scope, Object **ret_network, Object **ret_profile, sd_bus_error *error);
