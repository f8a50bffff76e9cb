/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the faces of the Manager and of a guest share. */

#include "manager.h"

/* A job about a guest, asked by the message's sender; see job_new(). */
int vm_bus_new_job(Vm *vm, sd_bus_message *message, const char *kind, const char *given_id, json_t *arguments,
                   int (*cancel)(Job *, void *, sd_bus_error *), Job **ret, sd_bus_error *error);
