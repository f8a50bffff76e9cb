/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The lease of a volume, taken by a program that works on its data and hands the connection on to its tools. Blocks. */

#include "layout.h"

/* Where the lease is lost, sanlock kills the whole control group of the caller. Return: the connection to sanlock, which holds it while any
 * process has it open (close-on-exec here); or negative with error set. */
int volume_lease_take(const DomainPlace *place, const char *image, const char *volume, sd_bus_error *error);
