/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The files of an ISO domain: which names there may be, and which of what lies there can be used. Pure. Source: VDSM, lib/vdsm/storage/fileSD.py
 * (getFileList, which looks into directories as well) and fileUtils.py (validateQemuReadable); ovirt-engine, which takes .iso as CD-ROMs and .vfd as floppies.
 */

#include <sys/stat.h>

#include "parse-util.h"

/* Of a file name on any file system; with directories before it too, since others keep such a name in as much room. */
#define ISO_NAME_MAX 255U
/* Components of a name: more directories than these, one in another, are not looked into. */
#define ISO_DEPTH_MAX 8U

/* A path below the domain's directory of files: components of UTF-8 that a person can read, none hidden, which leaves out "." and ".."; the last ends in ".iso" or ".vfd" in either case. */
bool iso_name_is_valid(const char *name);
/* The same of a directory that is looked into. */
bool iso_directory_is_valid(const char *path);
/* "cdrom" or "floppy", by the end of a valid name. */
const char *iso_name_kind(const char *name);

/* Why a guest cannot be given it; NULL: it can. QEMU reads as a member of group 36. */
const char *iso_file_problem(const struct stat *st);

/* A file being uploaded: hidden, with the host that does it and its job. host: 32 hex digits. Return: new string, NULL when out of memory. */
char *iso_upload_name(const char *host, const char *job);
/* Is it such a name of that host? ret_job: its job. */
bool iso_upload_job(const char *name, const char *host, char ret_job[static UUID_STRING_MAX]);
