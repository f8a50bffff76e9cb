/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The part of rhv-data in a wipe: zeroes over volumes that are to be removed (layout-block-remove.c), the chain of the work, each under its own lease. */

#include "data-steps.h"

/* One that somebody else has wiped meanwhile is passed over. Blocks. Return: 0: all hold nothing but zeroes; or negative with a named error: InUse where another host
 * wipes one, Aborted, BackendFailed. */
int data_wipe(const DataRun *run, sd_bus_error *error);

/* Of one open device or file: bytes [0, size). Tells its progress as part of the run's. done_bytes: of the volumes before; moves. */
typedef int (*data_zero_t)(int fd, uint64_t offset_bytes, uint64_t bytes);
int data_wipe_fd(const DataRun *run, int fd, uint64_t size_bytes, data_zero_t zero, uint64_t *done_bytes, sd_bus_error *error);
