/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Files of sysfs by directory and name. */

#include <limits.h>

#include "macro.h"

#define SYSFS_NEVER (-1) /* "off", or below zero */

/* The first line. Return: new string, NULL where there is none. */
char *sysfs_text(const char *directory, const char *name);
/* A number, SYSFS_NEVER, or otherwise where there is no such file. */
int64_t sysfs_number(const char *directory, const char *name, int64_t otherwise);
/* The first entry of directory whose name begins so, as a path. */
bool sysfs_find(const char *directory, const char *prefix, char path[static PATH_MAX]);
/* The device of that class ("scsi_disk") which the one at directory has. path may be directory. */
bool sysfs_find_class(const char *directory, const char *class, char path[static PATH_MAX]);
