/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Between the files that make a plan and tell it. */

#include "macro.h"

/* Keys in which two specs differ. Return: new array of strings, NULL when out of memory. */
json_t *plan_spec_diff(const json_t *is, const json_t *wanted);
