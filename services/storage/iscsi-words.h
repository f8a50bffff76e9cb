/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Names of iSCSI, and what open-iscsi's tool and its records say. Pure. Sources: RFC 7143 (4.2.7, names), iscsiadm(8), open-iscsi, usr/idbm.c (records).
 */

#include <jansson.h>

#include "macro.h"

#define ISCSI_NAME_MAX 223U
#define ISCSI_PORTAL_MAX 280U
#define ISCSI_PORT 3260U

/* "iqn.…", "eui.…" or "naa.…": lower case, digits, '.', '-' and ':'. */
bool iscsi_name_is_valid(const char *name) _pure_;
/* "address", "address:port", "[address of IPv6]:port", or a host's name in place of an address. */
bool iscsi_portal_is_valid(const char *portal) _pure_;
/* The same with its port. Return: new string, NULL when out of memory. */
char *iscsi_portal_full(const char *portal);
/* As iscsiadm names its directories: "address,port". portal: full. Return: new string, NULL when out of memory. */
char *iscsi_portal_record(const char *portal);

/* What `iscsiadm -m discovery` printed: a line "address:port,group name" for each target at each of its portals. Return: a new array of objects "target", "portal"
 * (s) and "group" (i); NULL for what is no such text, or without memory. */
json_t *iscsi_targets_parse(const char *text, size_t size);

typedef struct IscsiSetting {
        const char *name;
        const char *value; /* NULL: the line goes */
} IscsiSetting;

/* A node's or a discovery's record ("name = value" lines) with these settings in place of its own. What is new comes last. Return: new string, to be wiped like what
 * went into it; NULL when out of memory. */
char *iscsi_record_set(const char *text, const IscsiSetting *settings, size_t n);

/* From the last words of a tool of open-iscsi's that failed with r: AccessDenied for a refused password, BackendUnavailable for a portal that does not answer, NotFound,
 * or BackendFailed with the words. Return: -EACCES, -EHOSTDOWN, -ENOENT, -EISCONN for a session that is there already, or r. Source: iscsiadm(8), exit codes. */
int iscsi_failure(int r, const char *words, sd_bus_error *error);
