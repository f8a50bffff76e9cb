/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The change of a NIC while its guest runs: where it is plugged in and what goes through it, never what the guest sees as its hardware. */

#include "vm.h"

/* The description with that NIC in place of the one with its id. What would be another piece of hardware is refused, and what the name of the host's port says: its VLAN, and whether it
 * mirrors. A NIC without an address (mac, address) keeps that of before. Pure. Return: 0 with ret (new); or negative with NotFound, NotSupported or InvalidArgument set. */
int vm_nic_change(const json_t *description, const json_t *nic, json_t **ret, sd_bus_error *error);

/* Has libvirt change it, and keep the new description with the guest: it goes with it to another host. description: of vm_nic_change(), borrowed. The call is parked and answered
 * later. Return: 1, or negative. */
int vm_nic_update(Vm *vm, const json_t *description, const char *id, sd_bus_message *message, sd_bus_error *error);
