/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A qcow2 image on a device: clusters that are full of zeroes leave it. Its tables say that they read as zeroes, so nothing of the volumes below it comes to light; the clusters are used
 * for what the guest writes next, and ReduceVolume gives back what is behind the last one. The device is told to forget them, which nobody reads.
 *
 * We look, QEMU (qemu-io) writes: its order of writes leaves the image whole at any moment, with clusters that belong to nobody at worst. Those of an earlier end go first (qemu-img
 * check -r leaks), which also says whether the image is whole. We look at some thousand clusters, then QEMU works, and so on.
 */

#include "data-steps.h"

/* fd: the volume of the work, its chain's first. Blocks. Return: 0, or negative with a named error: Aborted, BadFormat, BackendFailed, NotSupported (qcow2_table_read()). */
int data_sparsify_clusters(const DataRun *run, int fd, sd_bus_error *error);
