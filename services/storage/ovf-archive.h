/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The members of an OVF store's tar, as they are. Pure. */

#include "macro.h"

typedef struct OvfMember {
        char *name;
        char *data; /* with a 0 behind it */
        size_t size;
} OvfMember;

typedef struct OvfArchive {
        OvfMember *members;
        size_t n;
} OvfArchive;

void ovf_archive_clear(OvfArchive *archive);
/* data: copied. Replaces a member of that name. Return: 0, -ENOMEM, -E2BIG. */
int ovf_archive_put(OvfArchive *archive, const char *name, const void *data, size_t size);
OvfMember *ovf_archive_find(const OvfArchive *archive, const char *name) _pure_;
void ovf_archive_remove(OvfArchive *archive, const char *name);

/* Return: 0 with every regular member that is an "<id>.ovf" or ends in ".json"; or negative with BadFormat set. */
int ovf_archive_read(const void *tar, size_t size, OvfArchive *ret, sd_bus_error *error);
/* ret: new. Return: 0; -ENOMEM; -ENOSPC with NoSpace set where it does not fit into a store. */
int ovf_archive_write(const OvfArchive *archive, uint64_t now_sec, void **ret, size_t *ret_size, sd_bus_error *error);

/* "<id>.ovf", also with "./" before it. Return: false for any other name. */
bool ovf_member_id(const char *path, char ret[static 37]);
