/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Pass-through NICs: a guest's NIC that is a virtual function (SR-IOV) of one of the host's, and no port of a bridge. Pure.
 *
 * The description of such a NIC names the functions that may be taken ("vfs": what org.rhv.Network shows as free); which it got stands in the guest's own description, alone. So what
 * is taken is read from the guests there are, also after this service was killed.
 */

#include "macro.h"

/* Of a PCI device: domain:bus:device.function, "0000:03:10.1". */
bool pci_address_is_valid(const char *address) _pure_;
bool vm_nic_is_passthrough(const json_t *nic) _pure_;
/* That it asks for nothing that only a port of a bridge has. number: of the NIC, for the message. Return: 0, or negative with InvalidArgument set. */
int vm_function_check(const json_t *nic, size_t number, sd_bus_error *error);
/* The same without which functions may be taken: what a repeated request must be equal in. New, NULL when out of memory. */
json_t *vm_functions_forget(const json_t *description);
/* Adds to taken, {address: guest}, what a guest of that name has. Return: 0 or -ENOMEM. */
int vm_functions_note(const json_t *description, const char *guest, json_t *taken);
/* Gives each pass-through NIC the first of its functions that no other has. ret: the description with one for each (new; a reference where there is no such NIC). Return: 0, or negative
 * with InUse set. */
int vm_functions_choose(const json_t *description, const json_t *taken, json_t **ret, sd_bus_error *error);
