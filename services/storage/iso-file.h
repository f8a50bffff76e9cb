/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The files of an ISO domain: which names there may be, and which of what lies there can be used. Pure. Source: VDSM, lib/vdsm/storage/fileSD.py
 * (getFileList) and fileUtils.py (validateQemuReadable); ovirt-engine, which takes .iso as CD-ROMs and .vfd as floppies.
 */

#include <sys/stat.h>

#include "parse-util.h"

/* Of a file name on any file system. */
#define ISO_NAME_MAX 255U

/* One component of a path: UTF-8 that a person can read, not hidden, ending in ".iso" or ".vfd" in either case. */
bool iso_name_is_valid(const char *name);
/* "cdrom" or "floppy", by the end of a valid name. */
const char *iso_name_kind(const char *name);

/* Why a guest cannot be given it; NULL: it can. QEMU reads as a member of group 36. */
const char *iso_file_problem(const struct stat *st);

/* A file being uploaded: hidden, with the host that does it and its job. host: 32 hex digits. Return: new string, NULL when out of memory. */
char *iso_upload_name(const char *host, const char *job);
/* Is it such a name of that host? ret_job: its job. */
bool iso_upload_job(const char *name, const char *host, char ret_job[static UUID_STRING_MAX]);
