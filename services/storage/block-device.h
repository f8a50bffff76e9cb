/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Block devices as udev and sysfs know them. The service, whose sandbox has no devices, looks them up by name there; the devices are not touched. */

#include <limits.h>
#include <systemd/sd-device.h>

#include "macro.h"

static inline void block_device_unref(sd_device **device) {
        (void) sd_device_unref(*device);
}
#define _cleanup_device_ _cleanup_(block_device_unref)

/* path: one of its names below /dev. Of a name that a multipath device shares with its paths it is that device's, as it is below /dev. Return: 0 and a new reference, -ENODEV, or another negative errno. */
int block_device_find(const char *path, sd_device **ret);
/* The same of n names, with one look through udev's records. ret: n of them, NULL before, which are set where there is one; also after a failure to be unreferenced. Return: 0 or a
 * negative errno. */
int block_devices_find(const char *const *paths, size_t n, sd_device **ret);
/* Is that one of its names below /dev? */
bool block_device_is_called(sd_device *device, const char *path);
/* Calls each for every device of a subsystem ("block", "iscsi_session"), until it returns what is not 0. Return: that, 0, or a negative errno. */
int device_each(const char *subsystem, int (*each)(sd_device *device, void *userdata), void *userdata);
/* Of a multipath device: calls each for its paths, likewise. Another device is its own only path. */
int block_device_paths(sd_device *device, int (*each)(sd_device *path, void *userdata), void *userdata);
bool block_device_is_multipath(sd_device *device);
/* The multipath device it is a path of. ret: new reference. Return: false where it is of none. */
bool block_device_multipath_of(sd_device *path, sd_device **ret);
/* Of the directories above it in sysfs, the first whose name begins so ("session", "rport-"): what it came over. Return: false where there is none. */
bool block_device_above(sd_device *device, const char *prefix, char path[static PATH_MAX]);
/* The name that stays: by the disk's own id. Return: borrowed from device; its kernel's name where there is no better one, NULL where it has none. */
const char *block_device_name(sd_device *device);
