/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A file or device whose blocks of zeroes are given back. Not a byte of it changes, whatever its format and whenever this is cut off; what is freed is what the guest has
 * overwritten with zeroes. A device is told to forget the blocks only where it will read as zeroes there, which the kernel knows.
 */

#include "data-steps.h"

/* The volume of the work. A qcow2 image on a device: data-sparsify-clusters.h. Blocks. Return: 0, or negative with a named error: Aborted, BackendFailed, NotSupported where the file
 * system or the device cannot. */
int data_sparsify(const DataRun *run, sd_bus_error *error);
/* Of one open file or device. */
int data_sparsify_fd(const DataRun *run, int fd, sd_bus_error *error);

/* size: above 0 */
bool data_is_zero(const uint8_t *bytes, size_t size) _pure_;
/* After read_bytes of done_bytes of total_bytes: tells the progress, and waits as long as the bandwidth wants. Return: 0, or -ECANCELED with Aborted set. */
int data_sparsify_pause(const DataRun *run, uint64_t begin_usec, uint64_t read_bytes, uint64_t done_bytes, uint64_t total_bytes, sd_bus_error *error);
