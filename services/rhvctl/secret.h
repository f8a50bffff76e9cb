/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* A password on its way to a service: from a file or from a person, never from an argument, never into the environment. */

#include "client.h"

#define SECRET_BYTES_MAX 4096U

/* A memory file with the line "password=<secret>", positioned at its beginning, for a service that takes secrets by descriptor.
 * file: path of a file whose first line is the password, "-" for stdin, NULL: ask on the terminal with `prompt`.
 * Return: the descriptor or negative (line printed). */
int secret_open(Client *client, const char *file, const char *prompt);
/* The same without a secret: an empty file. */
int secret_open_empty(Client *client);
