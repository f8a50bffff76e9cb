/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "io-queue.h"

/* What the kernel and multipathd do with I/O to these devices (absolute paths between commas) that is not answered: of the device that waits longest. From udev's
 * records and sysfs; the devices themselves are not touched. Blocks while multipathd is asked. Return: 0, also where it is not known of one of them, or a negative
 * errno. */
int block_queue(const char *devices, IoQueue *ret);
