/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the engine writes into the description of a volume: {"DiskAlias":…,"DiskDescription":…}, with what is not ASCII in hex. Pure. Source: ovirt-engine, MetadataDiskDescriptionHandler. */

#include "macro.h"

/* Bytes, with the braces. */
#define DISK_ALIAS_BYTES_MAX 210U

/* A disk's name: the alias its description tells, else plain text that it is, else its id. Return: new, NULL when out of memory. */
char *disk_alias_read(const char *description, const char *image);
/* A description that does not fit is left out, and then the alias. Return: new, NULL when out of memory. */
char *disk_alias_write(const char *alias, const char *description);
