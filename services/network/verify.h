/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Has what was planned come true? Asked again at each change until it has or time is up. Pure. */

#include "macro.h"

/* expect: the plan's list. Return: 1 all holds; 0 not yet, with ret_reason saying what is missing (new string); or -ENOMEM. */
int verify_expectations(const json_t *expect, const json_t *view, char **ret_reason);
/* The same of the plan's numbers of virtual functions. */
int verify_functions(const json_t *functions, const json_t *view, char **ret_reason);
