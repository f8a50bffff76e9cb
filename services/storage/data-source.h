/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The files a data job reads, and whether a tool may open them: what lies on a domain was written by others. Blocks. */

#include "data-work.h"

typedef struct DataPaths {
        char *of[VOLUME_CHAIN_MAX]; /* top first */
        size_t n;
} DataPaths;
void data_paths_clear(DataPaths *paths);

/* Pure: bytes, from the beginning of that volume. Return: 0; -EBADMSG with BadFormat naming the volume, where its reader would open another file, or it is encrypted, corrupt, larger than
 * any disk or not what it should be. */
int data_member_check(const char *volume, VolumeFormat format, const uint8_t *bytes, size_t size, sd_bus_error *error);

/* ret: to be cleared, also after a failure. Return: 0; -EBADMSG with BadFormat set for an image that would make its reader open another file, is
 * encrypted, corrupt or not what it should be; or as StorageLayout.volume_open(). */
int data_source_find(const DataWork *work, DataPaths *ret, sd_bus_error *error);
