/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The first words of a command line that runs a tool as the owner of storage, with nothing else. Pure. */

#include "macro.h"

#define STORAGE_IDENTITY_ARGUMENTS 6U

/* Fills argv from its beginning. privileged: false when there is nothing to give up. Return: how many words, 0 or
 * STORAGE_IDENTITY_ARGUMENTS. */
size_t storage_identity_argv(const char **argv, bool privileged);
