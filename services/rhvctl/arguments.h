/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* argv → which command, with which values. Pure: prints nothing, asks nobody. */

#include "command.h"

typedef struct Settings {
        const char *host;      /* -H: [user@]host, NULL for this one */
        bool json;
        bool no_wait;
        bool quiet;
        bool no_legend;
        bool full;             /* cut nothing */
        bool no_ask_password;
        uint64_t timeout_usec; /* for all waiting; USEC_INFINITY: none */
        bool help, version;
} Settings;

/* No command line is longer. */
#define ARGUMENTS_MAX 1024

/* argv[0] is skipped. ret: its members are new. settings->host borrows from argv. ret_message: on -EINVAL a new string with what
 * is wrong and the way out, without "rhvctl:". With --help or --version, command may be NULL or without values.
 * Return: 0, -EINVAL (wrong usage) or -ENOMEM. */
int arguments_parse(int argc, char **argv, Settings *settings, Invocation *ret, char **ret_message);
void invocation_done(Invocation *invocation);

/* One value by its parameter: added to object (arrays and maps grow). what: "--memory". */
int parameter_convert(const Parameter *parameter, const char *what, const char *text, json_t *object, char **ret_message);

/* Borrowed, for local values. */
const char *local_string(const Invocation *invocation, const char *key);
bool local_flag(const Invocation *invocation, const char *key);
