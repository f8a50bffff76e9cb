/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What a caller asks of a device, checked against what the agent says of itself, and the agent's input made of it. Pure.
 *
 * A device is a dictionary:
 *
 *     agent     the agent's name, "fence_ipmilan"
 *     address   host name or IP address of the device      -> the agent's "ip"
 *     port      its TCP or UDP port                        -> "ipport"
 *     plug      outlet, slot or machine of a shared device -> "plug"
 *     username                                             -> "username"
 *     options   any other parameter of the agent by its own name, as strings
 *
 * (What RHV's form called "slot" is plug here; its "port" is port.) Old agents that know a parameter only by its old name get that.
 */

#include "dict.h"
#include "secrets.h"
#include "sequence.h"

#define REQUEST_VALUE_MAX 1024U
/* No real timing parameter is longer; a larger one would outlast every deadline here. */
#define REQUEST_SECONDS_MAX 3600U

extern const DictField request_device_fields[];

/* Checks the device (already checked against request_device_fields) against the agent's metadata, and lists what the agent gets,
 * secrets apart: ret is a new object of agent parameter -> string. Return: 0, or a negative errno with UnknownOption,
 * InvalidArgument or NotSupported (the agent cannot do the action, or cannot say the status that must confirm it). */
int request_resolve(const json_t *device, FenceAction action, const json_t *metadata, json_t **ret, sd_bus_error *error);

/* Checks the secrets against the metadata and the resolved parameters, renames them to the agent's names, and checks that nothing the
 * agent requires is missing. Return: 0, or a negative errno with UnknownOption or InvalidArgument set; no value reaches error. */
int request_check_secrets(const char *agent, const json_t *metadata, const json_t *parameters, Secrets *secrets,
                          sd_bus_error *error);

/* The bytes for the agent's stdin: `key=value` lines. Return: 0 with ret (new, to be freed with secret_free()) or -ENOMEM. */
int request_input(FenceAction run, const json_t *parameters, const Secrets *secrets, char **ret,
                  size_t *ret_size);

/* How long one run of the agent may take by its own timing parameters, given or default, with room to spare. */
uint64_t request_run_limit(const json_t *metadata, const json_t *parameters);

/* What is fenced, for people and rules: address and plug as "10.0.0.1", "10.0.0.1/3", "web1"; never empty. Return: new string or NULL. */
char *request_describe(const json_t *device);
/* Which device has to be spoken to by one run at a time: outlets of one power strip share its few sessions. Return: new string or NULL. */
char *request_queue_key(const json_t *device);
