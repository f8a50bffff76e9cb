/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Which fence agents are installed: programs of one directory whose names follow the agents' pattern. */

#include <sys/stat.h>

#include "macro.h"

#define AGENT_DIRECTORY "/usr/sbin"
#define AGENT_NAME_MAX 64U
/* Debian has 84. */
#define AGENT_LIST_MAX 512U

/* "fence_" and then lower-case letters, digits and '_': never a path. Programs that are known to share the prefix without being
 * agents (daemons, a tool for people) are not valid names either. Pure. */
bool agent_name_is_valid(const char *name) _pure_;

/* The installed agents, sorted: a new array of strings. Return: 0 or a negative errno; a directory that is not there is -ENOENT. */
int agent_list(const char *directory, json_t **ret);

/* The program of an agent (a valid name) and its stat, following links (ilo4 is ipmilan). Return: 0 with ret_path (new), -ENOENT when
 * it is not there or no program, or another negative errno. */
int agent_find(const char *directory, const char *name, char **ret_path, struct stat *ret_stat);
