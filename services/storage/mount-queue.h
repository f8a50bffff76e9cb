/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "io-queue.h"

/* What the file system at path does with I/O that is not answered, from the kernel's tables of mounts; the storage itself is not touched.
 * Return: 0 or a negative errno. */
int mount_queue(const char *path, IoQueue *ret);
