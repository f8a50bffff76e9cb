/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The devices of a block domain as its metadata tell them: PV0, PV1, … with pv:<name>,uuid:<LVM's id>,pestart:0,pecount:<extents>,mapoffset:<extents of those
 * before>. PV0 is the one that has LVM's metadata. All versions have these keys. Pure. Source: VDSM, lib/vdsm/storage/blockSD.py.
 */

#include "key-value.h"
#include "lvm-report.h"

/* Makes list say what devices (of LVM; those of other groups are passed over) are now. Devices that are told already keep their order, new ones follow. Return: 0; -ENOMEM;
 * -E2BIG. */
int block_map_refresh(KeyValueList *list, const LvmDevices *devices, const char *group);

/* Two lists of devices between commas as one, each name once. Return: new string, NULL when out of memory. */
char *block_devices_join(const char *devices, const char *more);
