/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * iSCSI as the service has it: what changes something is done by rhv-iscsi (iscsi-helper.c), which may talk to open-iscsi; what there is is read from sysfs. Every
 * function blocks and belongs in a worker thread.
 *
 * Requests to rhv-iscsi (helper-call.h), with the secrets as the file descriptor the caller passed: the service never reads them.
 *
 *      {"do": "discover", "portal": p, "user": u}                                          ->  a memory file with what iscsiadm printed
 *      {"do": "login", "target": t, "portal": p, "user": u, "recovery": s}     ->  a session is there
 *      {"do": "logout", "target": t, "portal": p}                                          ->  none is there, and none is made at the next boot
 */

#include <jansson.h>

#include "macro.h"

#define ISCSI_SOCKET_PATH "/run/rhv/iscsi"
#define ISCSI_HELPER "rhv-iscsi"
/* How long a lost session is waited for, where the caller says nothing: with five seconds each for a ping and its answer it fits an io_timeout of 10 s. */
#define ISCSI_RECOVERY_SEC 20U

typedef struct IscsiRequest {
        char *target, *portal; /* portal: with its port */
        char *user;            /* of CHAP; NULL: none */
        unsigned recovery_sec;
        int secrets_fd;
        json_t *domains; /* of a logout: id -> devices, of the block domains that are open */
} IscsiRequest;

IscsiRequest *iscsi_request_free(IscsiRequest *request);
DEFINE_CLEANUP(IscsiRequest *, iscsi_request_free)

/* ret: new reference to an array (iscsi_targets_parse()). Return: 0, or negative with AccessDenied, BackendUnavailable, BackendFailed set. */
int iscsi_discover(const IscsiRequest *request, json_t **ret, sd_bus_error *error);
int iscsi_login(const IscsiRequest *request, sd_bus_error *error);
int iscsi_logout(const IscsiRequest *request, sd_bus_error *error);

/* The sessions of this host. ret: new reference to an array of objects "target", "portal", "state" (s), "group" (i), "recovery" (I, microseconds; 0: none is set), "devices"
 * (array of s). Return: 0 or a negative errno. */
int iscsi_sessions(json_t **ret);
/* The session at that directory of sysfs ("/sys/devices/…/sessionN"). ret_target, ret_portal: new strings. Return: false for what is none any more. */
bool iscsi_session_names(const char *directory, char **ret_target, char **ret_portal);
/* Would one of these devices (absolute paths between commas) lose a path with the session to that portal? Return: 1, 0, or a negative errno. */
int iscsi_session_carries(const IscsiRequest *request, const char *devices);
