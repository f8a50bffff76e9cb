/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Disks as udisks2 knows them, and what is told of one that both it and the system's own records know. Pure; udisks.c asks it.
 *
 * udisks2 knows what a disk is: names and numbers of the drive, in the spelling that all of its users show. What it says of contents and sizes are copies of udev's record, made some time
 * later; those are read where they come from. Source: udisks2, data/org.freedesktop.UDisks2.xml (Block, Drive).
 */

#include <jansson.h>

#include "macro.h"

/* What a disk says of itself. Strings are borrowed; empty: not known. */
typedef struct DeviceIdentity {
        const char *wwn, *serial, *vendor, *model, *revision;
} DeviceIdentity;

/* What udisks2 says of one disk. */
typedef struct UdisksDisk {
        const char *path; /* of its block object; empty: udisks2 does not know it */
        DeviceIdentity identity;
} UdisksDisk;

/* objects: its answer to GetManagedObjects, as value_read() makes it; NULL: it did not answer. device: the kernel's name of it, "/dev/sda". What is not of the shape that is
 * documented is passed over. ret: borrowed from objects. Return: whether it is known. */
bool udisks_find(const json_t *objects, const char *device, UdisksDisk *ret);

/* What udisks2 knows, and what it does not from the system's records, one by one. All strings of ret are there. */
void device_identity_merge(const DeviceIdentity *udisks, const DeviceIdentity *system, DeviceIdentity *ret);
