/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The disks of this host, with what they are used for. They are not opened here: udisks2 is asked, and multipathd of multipath devices; udev and sysfs are read, and LVM is asked by rhv-lvm, once for all of them. Where a
 * device does not answer that hangs: after DEVICE_LVM_USEC those with I/O under way are told as silent, and the rest is asked about once more. What hangs is
 * not asked again before it has come back, so that it never holds more than two processes. Every function blocks and belongs in a worker thread, one
 * at a time (task_lane("devices")).
 */

#include <jansson.h>

#include "lvm-report.h"

#define DEVICE_LVM_USEC (10 * USEC_PER_SEC)
/* multipathd, where there are multipath devices; its client waits for 4 s by itself. */
#define DEVICE_MULTIPATHD_USEC (5 * USEC_PER_SEC)
/* Two questions, udisks2, multipathd, and udev's records. */
#define DEVICE_LIST_USEC (41 * USEC_PER_SEC)

/* loops: also loop devices that have a file. ret: new reference to an array of objects, as ListDevices answers. Return: 0 or a negative errno. */
int device_list(bool loops, json_t **ret);

/* The disks that are of a volume group, by the names that stay, between commas: however they were called before. uuid: LVM's id of the group; empty: not known. Copies of LUNs have the
 * same name, and so where only that is known it must be the only one. LVM is asked about all at once, and waited for. ret: new string. Return: 0; -ENODEV where there is none;
 * -ENOTUNIQ; another negative errno with error set. */
int device_search(const char *group, const char *uuid, char **ret, sd_bus_error *error);

/* Of the group with that id of LVM: is a disk of this host a copy of one of its devices, byte by byte, which LVM could take in its place? devices: as LVM told them, with their names. The others are known by
 * udev's records: nothing is read from them. Several paths of one LUN are no copies. Return: 0; -ENOTUNIQ with BadFormat set, which names both; another negative errno. */
int device_check_copies(const LvmDevices *devices, const char *group_uuid, sd_bus_error *error);
