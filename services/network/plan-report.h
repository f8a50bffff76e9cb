/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What a plan would do, told before it is done. Pure. */

#include "macro.h"

/* Each step in order: {device, action, effect, changes: [{field, from, to}]}; then, if there are any, {device: network, action: "warning", changes: [{field: text}]}.
 *
 * action: "create", "change", "remove" a profile; effect: what happens to the device: "activate" (it goes down and up), "reapply" (changed while it is up), "none".
 * changes: the fields of a profile that is changed, as text; what is not there is "". plan: as plan_make() made it. Return: new array, NULL when out of
 * memory. */
json_t *plan_report(const json_t *view, const json_t *plan);
