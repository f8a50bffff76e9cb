/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What a fence agent says of itself: the XML that `fence_x -o metadata` prints, as checked values. Pure.
 *
 * Shape (parameters are shown on the bus as they are here):
 *
 *     { "summary": s,
 *       "actions": [ "on", "off", … ],
 *       "parameters": [ { "name": s, "type": "string"|"integer"|"second"|"boolean"|"select", "required": b,
 *                         "default": s (absent: none), "description": s, "secret": b, "reserved": b,
 *                         "deprecated": b, "replaces": s (absent: none), "options": [ s, … ] } ] }
 *
 * Source of the format: FenceAgentAPI of the ClusterLabs fence-agents project and the output of its 4.12.1 agents.
 */

#include "macro.h"

/* The largest real document has 11 kB and 44 parameters. */
#define AGENT_METADATA_BYTES_MAX (256 * KIB)
#define AGENT_PARAMETERS_MAX 256U
#define AGENT_ACTIONS_MAX 64U
#define AGENT_OPTIONS_MAX 64U
#define AGENT_WORD_MAX 64U   /* bytes of a parameter's or action's name */
#define AGENT_TEXT_MAX 4096U /* bytes of a description or default */

/* Return: 0 with ret (new); -EBADMSG: not well-formed or not agent metadata; -E2BIG: beyond the limits above; -ENOMEM. */
int agent_metadata_parse(const char *bytes, size_t size, json_t **ret);

/* A parameter by its exact name, borrowed, or NULL. */
const json_t *agent_metadata_find(const json_t *metadata, const char *name);
/* The name under which a parameter is known today: that of the one that replaces it, else its own. Borrowed. */
const char *agent_metadata_canonical(const json_t *metadata, const char *name);
bool agent_metadata_has_action(const json_t *metadata, const char *action);

/* By name alone, since agents do not say: does its value let somebody in? */
bool agent_parameter_is_secret(const char *name);
/* Parameters that callers may not set: they name a program to run or a file to write as root, change what is printed (and
 * with it what we read or log), choose the action, or turn "not there" into "off". */
bool agent_parameter_is_reserved(const char *name);
