/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A file whose blocks of zeroes become holes. Not a byte of it changes, whatever its format and whenever this is cut off; what is freed is what the guest has
 * overwritten with zeroes.
 */

#include "data-steps.h"

/* The volume of the work. Blocks. Return: 0, or negative with a named error: Aborted, BackendFailed, NotSupported where the file system has no holes. */
int data_sparsify(const DataRun *run, sd_bus_error *error);
/* Of one open file. */
int data_sparsify_fd(const DataRun *run, int fd, sd_bus_error *error);
