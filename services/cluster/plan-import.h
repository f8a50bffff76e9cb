/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * VMs and templates that lie on an export domain become ones of the cluster: their disks are copied, each as one volume, into a data domain under new ids,
 * and stay where they are. Pure, as plan.h; report: what Storage saw there (InspectForeign).
 */

#include "plan.h"

/* given: vm_import_fields. steps: the copies. ret_id: the new object, locked disks and all; the VM keeps its id and the addresses of its NICs unless
 * given says "clone". Return: 0, or negative with NotFound, AlreadyExists, InvalidState (an image that is not usable, with its first problem), NotSupported or
 * InvalidArgument set. */
int plan_import_vm(const Plan *plan, const Object *source, const json_t *report, const char *vm, const json_t *given, Change *change, json_t **ret_steps,
                   char ret_id[static 37], sd_bus_error *error);
int plan_import_template(const Plan *plan, const Object *source, const json_t *report, const char *template_id, const json_t *given, uint64_t now_usec,
                         Change *change, json_t **ret_steps, char ret_id[static 37], sd_bus_error *error);
