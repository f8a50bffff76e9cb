/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Where a storage domain is, in the words org.rhv.Storage has for it: a type, and "path", "remote" (what is to be mounted) or "devices" with what belongs to
 * each. They are about the domain: every host that opens it says the same. Pure.
 */

#include "dict.h"

extern const char *const domain_types[]; /* NULL-terminated */
#define DOMAIN_DEVICES_MAX 300

/* The keys of a connection, for tables of fields. "type" is none of them. */
extern const DictField domain_device_element;
bool domain_path_is_valid(const char *s);
bool domain_remote_is_valid(const char *s);
bool domain_mount_options_are_valid(const char *s);
bool domain_vfs_type_is_valid(const char *s);
extern const char *const domain_nfs_versions[];
#define FIELDS_DOMAIN_CONNECTION                                                                                                       \
        { "type", DICT_STRING, DICT_REQUIRED, .words = domain_types },                                                                 \
        { "path", DICT_STRING, .valid = domain_path_is_valid, .expected = "an absolute path without '.' and '..'" },                    \
        { "remote", DICT_STRING, .valid = domain_remote_is_valid, .expected = "what is to be mounted: \"server:/path\", a device, …" }, \
        { "mount_options", DICT_STRING, .valid = domain_mount_options_are_valid, .expected = "options between commas, without spaces" }, \
        { "nfs_version", DICT_STRING, .words = domain_nfs_versions },                                                                  \
        { "vfs_type", DICT_STRING, .valid = domain_vfs_type_is_valid, .expected = "a type of file system" },                            \
        { "devices", DICT_ARRAY, .min = 1, .max = DOMAIN_DEVICES_MAX, .element = &domain_device_element }

/* Do several hosts use domains of that type, under sanlock's leases? */
bool domain_type_is_shared(const char *type) _pure_;
bool domain_type_is_block(const char *type) _pure_;

/* The allocation that a volume of that format has on a domain of that spec, where another is not asked for: raw ones on devices are preallocated. Borrowed. */
const char *domain_volume_allocation(const json_t *spec, const char *format, const char *allocation);

/* What must hold among the words of a checked description, also with its class. Return: 0, or negative with InvalidArgument or NotSupported set. */
int domain_connection_check(const json_t *description, sd_bus_error *error);
/* Of a description or a domain's spec, what OpenDomain of Storage takes. Return: new reference, NULL when out of memory. */
json_t *domain_connection(const json_t *spec);
/* Are they in the same place, or parts of it? */
bool domain_connection_meets(const json_t *a, const json_t *b);
/* The place for people: the path, what is mounted, or the devices between commas. Return: new string, NULL when out of memory. */
char *domain_connection_place(const json_t *spec);
