/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Text that the kernel makes as it is read: files of /proc and /sys tell no size. */

#include "macro.h"

/* At most 4 MiB of it. Return: new string; NULL where there is nothing to read, or no memory. */
char *proc_read(const char *path);
