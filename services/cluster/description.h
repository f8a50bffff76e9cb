/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* From a VM of the model to what others hear about it. Pure. */

#include "model.h"
#include "scheduler.h"

/* The description Compute.CreateVm wants, with the guest addresses of earlier runs. host_networks: {name: properties} as org.rhv.Network of the host has them, or
 * NULL: which bridges and VLANs NICs are in. filters: names of those the host's libvirt has; NULL: none. Return: new reference or NULL. */
json_t *vm_description(const Model *model, const Object *vm, const json_t *host_networks, const json_t *filters);
/* One NIC of it, as it is with that row of vm_nic: what Compute.Vm.UpdateNic wants. Return: new reference or NULL. */
json_t *vm_nic_description(const Model *model, const Object *vm, const json_t *row, const json_t *host_networks, const json_t *filters);
/* The Spec property: all that can be configured, disks and NICs included. Return: new reference or NULL. */
json_t *vm_configuration(const Object *vm);
/* What Compute's Devices say that the model does not know yet: {device id: address} of our own disks and NICs.
 * Return: new reference, NULL when there is nothing new (or no memory). */
json_t *vm_new_addresses(const Object *vm, const json_t *devices);

/* Has anybody said which of its disks or NICs it boots from? Else the first disk is it. */
bool vm_has_boot_order(const Object *vm) _pure_;
