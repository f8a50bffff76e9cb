/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Between the files that make a plan and tell it, and what is there. */

#include "macro.h"

/* Keys in which two specs differ. Return: new array of strings, NULL when out of memory. */
json_t *plan_spec_diff(const json_t *is, const json_t *wanted);
/* {iface: spec} of the devices that wishes concern: of what they name, and of the bonds (of all) below that. New, NULL when out of memory. */
json_t *plan_touched_layers(const json_t *touched, const json_t *all);
/* A value as a person reads it: words and numbers as they are, the rest as JSON; "" for nothing. Return: new reference, NULL when out of memory. */
json_t *value_text(const json_t *value);
