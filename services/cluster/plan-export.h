/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * VMs and templates that are copied to an export domain, from where another cluster, or an oVirt, imports them. Each disk is one volume there, whatever its chain, in an
 * image of its own; the definition comes last, so that what is not complete is nothing. Pure, as plan.h; report: what Storage saw on the domain (InspectForeign).
 */

#include "plan.h"

/* object: a VM, which must be down, or a template. Shareable disks stay behind. steps: the copies, and the definition. Return: 0, or negative with AlreadyExists (the domain has
 * one of its id), InvalidState, Busy or NotSupported set. */
int plan_export(const Plan *plan, const Object *object, const Object *target, const json_t *report, Change *change, json_t **ret_steps, sd_bus_error *error);
/* What is defined there under the id goes, with those of its images that no other definition has. Return: 0, or negative with NotFound, Busy or NotSupported set. */
int plan_remove_exported(const Plan *plan, const Object *source, const char *id, const json_t *report, Change *change, json_t **ret_steps, sd_bus_error *error);
