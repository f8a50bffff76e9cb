/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What is mounted where, for domains on NFS and other file systems: oVirt's mount points and options. Pure. Source: VDSM,
 * lib/vdsm/storage/storageServer.py and fileUtils.py.
 */

#include "parse-util.h"

#define MOUNT_ROOT "/rhev/data-center/mnt"
#define MOUNT_TEXT_MAX 1024U

/* "server:/export" (also "[2001:db8::1]:/export"), without control characters and not beginning with '-'. */
bool mount_source_is_nfs(const char *what);
/* Of any file system: a device, "server:/path", …; without control characters and not beginning with '-'. */
bool mount_source_is_valid(const char *what);
/* Words between commas: letters, digits and what options are made of; may be empty. */
bool mount_options_are_valid(const char *options) _pure_;
/* nfs4, ceph, … */
bool mount_type_is_valid(const char *type) _pure_;

/* The source as oVirt writes it: doubled and trailing slashes of its path are gone. Return: new string, NULL when out of memory. */
char *mount_source_normal(const char *what);
/* <MOUNT_ROOT>/<source>, '_' doubled, then '/' as '_'. what: normal. Return: new string, NULL when out of memory. */
char *mount_point_of(const char *what);
/* The options of an NFS mount: those VDSM always uses, which end a request that is not answered; version ("3", "4.2"; NULL: as server and client agree);
 * then the caller's, which win. Return: new string, NULL when out of memory. */
char *mount_nfs_options(const char *version, const char *options);
/* As systemd names the unit of a mount point (systemd.unit(5), "string escaping"). Return: new string, NULL when out of memory. */
char *mount_unit_name(const char *where);
