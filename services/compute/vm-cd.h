/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Another medium in the CD-ROM drive of a guest that runs, or none:
 *
 *      the new file is prepared by Storage ─> libvirt puts it in ─> the former one's domain is given back
 *
 * A domain that one of the two needs beside the other is "held" in the record from before Storage is asked until it was given back: whatever dies in between,
 * it is given back with the guest's disks at its end.
 */

#include "vm.h"

/* The description with medium {domain, file} or {domain, image, volume} in its drive; an empty medium: nothing. ret_drive: its place among the disks. Pure. Return: 0 with ret (new); or negative with InvalidState
 * (the guest has no drive), InvalidArgument or UnknownOption set. */
int vm_cd_change(const json_t *description, const json_t *medium, json_t **ret, size_t *ret_drive, sd_bus_error *error);

/* Begins the change. description: of vm_cd_change(), borrowed. The call is parked and answered later. Return: 1, or negative. */
int vm_cd_begin(Vm *vm, const json_t *description, size_t drive, sd_bus_message *message, sd_bus_error *error);
/* The guest is gone: who waits for a change is told so. */
void vm_cd_end(Vm *vm);
