/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the files of the plan share. Errors are set and negative, as in plan.h. */

#include "parse-util.h"
#include "plan.h"

/* The id a description gives, which nobody may have yet, or a new one. */
int plan_new_id(const Plan *plan, ObjectKind kind, const json_t *description, char ret[static UUID_STRING_MAX],
                sd_bus_error *error);
/* No other object of the kind below scope (NULL: anywhere) may have the name. self: may have it, may be NULL. */
int plan_check_name(const Plan *plan, ObjectKind kind, const char *name, const Object *scope, const Object *self,
                    sd_bus_error *error);
/* Can a volume of that format be allocated so on the domain? allocation: NULL where nobody asks. */
int plan_check_allocation(const Object *domain, const char *format, const char *allocation, sd_bus_error *error);
/* Where names of a kind must be unique; parent: of the object. NULL: everywhere. */
const Object *plan_name_scope(ObjectKind kind, Object *parent);
/* The container a description names, or the only one there is. */
Object *plan_container(const Plan *plan, ObjectKind kind, const json_t *description, sd_bus_error *error);
/* The outcome and the event of a creation. */
int plan_created(const Plan *plan, Change *change, ObjectKind kind, const char *id, const char *name);
/* The outcome alone: "object", its path. */
int plan_put_outcome(Change *change, ObjectKind kind, const char *id);
/* Between mtu and bridged of a network. */
int plan_check_mtu(const json_t *description, sd_bus_error *error);
/* The VM does not run and no job works on it. what: "removing it". */
int plan_check_vm_still(const Object *vm, const char *what, sd_bus_error *error);
/* Puts the row of object with another spec (taken) and, unless NULL, another state. */
int plan_put_row(const Object *object, const char *state, json_t *spec, Change *change);
